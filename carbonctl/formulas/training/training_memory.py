"""Memory of training, and the minimum number of devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="GB", equation="M = N * b", source="rajbhandari-2020-zero")
def state_gb(*, total_params: Num, state_bytes: Num) -> Num:
    """Weights, gradients and optimizer state of a fully trained model.

    Parameters
    ----------
    total_params
        All parameters, experts included. [1]
    state_bytes
        Bytes per parameter. [1] 16 for Adam in mixed precision: 2 + 2 + 12

    References
    ----------
    Rajbhandari et al., arXiv 1910.02054, section 3.1.

    Examples
    --------
    >>> state_gb(total_params=7e9, state_bytes=16.0)
    112.0
    """
    return units.gb_from_bytes(total_params * state_bytes)


@formula(unit="GB", equation="M = N * b + N_a * b_a", source="hu-2021-lora")
def state_gb_by_adapters(
    *, total_params: Num, frozen_bytes: Num, adapter_params: Num, state_bytes: Num
) -> Num:
    """Frozen weights, and the state of trained adapters.

    Parameters
    ----------
    total_params
        All frozen parameters. [1]
    frozen_bytes
        Bytes per frozen weight. [1] 2 for LoRA, about 0.55 for QLoRA
    adapter_params, state_bytes
        Trained parameters, and bytes of weights, gradients and optimizer for each. [1]

    Examples
    --------
    >>> state_gb_by_adapters(total_params=70e9, frozen_bytes=2.0, adapter_params=1e8,
    ...     state_bytes=16.0)
    141.6
    """
    return units.gb_from_bytes(total_params * frozen_bytes + adapter_params * state_bytes)


@formula(unit="GB", equation="M = N * b + N_r * b_r", source="shao-2024-grpo")
def state_gb_by_reference(
    *, total_params: Num, state_bytes: Num, reference_params: Num, frozen_bytes: Num
) -> Num:
    """State of a trained model and its frozen reference.

    Parameters
    ----------
    total_params, state_bytes
        Trained parameters, and bytes of weights, gradients and optimizer for each. [1]
    reference_params, frozen_bytes
        Parameters of the reference, and bytes per frozen weight. [1] 2 in 16 bits

    Notes
    -----
    Answers scored by the reference beforehand, or learned from without it, leave it out.

    References
    ----------
    Rafailov et al., arXiv 2305.18290 (DPO); Shao et al., arXiv 2402.03300 (GRPO), section 4.

    Examples
    --------
    >>> state_gb_by_reference(total_params=10e9, state_bytes=16.0, reference_params=10e9,
    ...     frozen_bytes=2.0)
    180.0
    """
    return units.gb_from_bytes(total_params * state_bytes + reference_params * frozen_bytes)


@formula(unit="GB", equation="M = (N + N_v) * b + (N_r + N_m) * b_r", source="shao-2024-grpo")
def state_gb_by_critic(
    *,
    total_params: Num,
    critic_params: Num,
    state_bytes: Num,
    reference_params: Num,
    reward_params: Num,
    frozen_bytes: Num,
) -> Num:
    """State of policy and critic, with a frozen reference and reward model.

    Parameters
    ----------
    total_params, critic_params, state_bytes
        Trained parameters, and bytes of weights, gradients and optimizer for each. [1]
    reference_params, reward_params, frozen_bytes
        Parameters that only read, and bytes per frozen weight. [1] 2 in 16 bits

    Notes
    -----
    All four at once; the engine that generates answers keeps its own weights and caches.

    References
    ----------
    Ouyang et al., arXiv 2203.02155, section 3.5; Shao et al., arXiv 2402.03300, section 4: a
    critic is about as large as its policy.

    Examples
    --------
    >>> state_gb_by_critic(total_params=10e9, critic_params=10e9, state_bytes=16.0,
    ...     reference_params=10e9, reward_params=10e9, frozen_bytes=2.0)
    360.0
    """
    trained = (total_params + critic_params) * state_bytes
    return units.gb_from_bytes(trained + (reference_params + reward_params) * frozen_bytes)


@formula(unit="GB", equation="M = T * R * (d * b + s)", source="mudigere-2022-zionex")
def state_gb_by_tables(
    *,
    tables: Num,
    table_rows: Num,
    embedding_dim: Num,
    embedding_bytes: Num,
    row_state_bytes: Num,
) -> Num:
    """Embedding tables with their optimizer state.

    Parameters
    ----------
    tables, table_rows, embedding_dim
        Shape of the tables. [1]
    embedding_bytes
        Bytes per element. [1]
    row_state_bytes
        Optimizer bytes per row. [1] 4 for row-wise AdaGrad

    Examples
    --------
    >>> state_gb_by_tables(tables=100.0, table_rows=1e6, embedding_dim=99.0, embedding_bytes=4.0,
    ...     row_state_bytes=4.0)
    40.0
    """
    row_bytes = embedding_dim * embedding_bytes + row_state_bytes
    return units.gb_from_bytes(tables * table_rows * row_bytes)


@formula(unit="GB", equation="A = L * s * b * h * c", source="korthikanti-2022-recompute")
def activation_gb(
    *,
    layers: Num,
    context_tokens: Num,
    micro_batch: Num,
    hidden_size: Num,
    activation_bytes: Num,
) -> Num:
    """Activations kept for the backward pass, without attention scores.

    Parameters
    ----------
    layers, hidden_size
        Layers of a transformer, and their width. [1]
    context_tokens, micro_batch
        Tokens of a sequence, and sequences that are in work at once. [1]
    activation_bytes
        Bytes kept per token, layer and unit of width. [1] 34 where scores are computed again or
        never stored; 2, the input of the layer in 16 bits, where all is computed again

    Notes
    -----
    Of one copy of the model, however many devices it is spread over. Dense layers four times as
    wide inside as outside; pipelines that hold several micro-batches keep more.

    References
    ----------
    Korthikanti et al., arXiv 2205.05198, sections 4 and 5.

    Examples
    --------
    >>> activation_gb(layers=10.0, context_tokens=1e3, micro_batch=1.0, hidden_size=1e4,
    ...     activation_bytes=34.0)
    3.4
    """
    return units.gb_from_bytes(
        layers * context_tokens * micro_batch * hidden_size * activation_bytes
    )


@formula(
    unit="GB",
    equation="A = L * s * b * (h * c + a * s * c_a)",
    source="korthikanti-2022-recompute",
)
def activation_gb_by_stored_scores(
    *,
    layers: Num,
    context_tokens: Num,
    micro_batch: Num,
    hidden_size: Num,
    activation_bytes: Num,
    heads: Num,
    score_bytes: Num,
) -> Num:
    """Activations kept for the backward pass without recomputation.

    Parameters
    ----------
    layers, hidden_size, heads
        Layers of a transformer, their width and heads. [1]
    context_tokens, micro_batch
        Tokens of a sequence, and sequences that are in work at once. [1]
    activation_bytes
        Bytes kept per token, layer and unit of width. [1] 34 in 16 bits
    score_bytes
        Bytes kept per pair of tokens, layer and head. [1] 5 in 16 bits

    References
    ----------
    Korthikanti et al., arXiv 2205.05198, section 4: s b h (34 + 5 a s / h) a layer.

    Examples
    --------
    >>> activation_gb_by_stored_scores(layers=10.0, context_tokens=1e3, micro_batch=1.0,
    ...     hidden_size=1e4, activation_bytes=34.0, heads=100.0, score_bytes=5.0)
    8.4
    """
    token_bytes = hidden_size * activation_bytes + heads * context_tokens * score_bytes
    return units.gb_from_bytes(layers * context_tokens * micro_batch * token_bytes)


@formula(unit="1", equation="n = ceil(M / (m * u))", source="rajbhandari-2020-zero")
def minimum_accelerators(*, state_gb: Num, device_memory_gb: Num, memory_share: Num) -> Num:
    """Devices that hold the state of training when it is spread over all of them.

    Parameters
    ----------
    state_gb
        Memory that training takes, activations left out where they are unknown. [GB]
    device_memory_gb, memory_share
        Memory of a device, and how much of it may be filled. [GB], [1]

    Examples
    --------
    >>> minimum_accelerators(state_gb=112.0, device_memory_gb=80.0, memory_share=0.9)
    2.0
    """
    return np.ceil(state_gb / (device_memory_gb * memory_share))


@formula(unit="1", equation="n = ceil((M + A) / (m * u))", source="korthikanti-2022-recompute")
def minimum_accelerators_by_activations(
    *, state_gb: Num, activation_gb: Num, device_memory_gb: Num, memory_share: Num
) -> Num:
    """Devices that hold the state of training and the activations of one copy of the model.

    Parameters
    ----------
    state_gb, activation_gb
        Memory of weights, gradients and optimizer, and of activations. [GB]
    device_memory_gb, memory_share
        Memory of a device, and how much of it may be filled. [GB], [1]

    Examples
    --------
    >>> minimum_accelerators_by_activations(state_gb=112.0, activation_gb=68.0,
    ...     device_memory_gb=80.0, memory_share=0.9)
    3.0
    """
    return np.ceil((state_gb + activation_gb) / (device_memory_gb * memory_share))
