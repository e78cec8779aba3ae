"""A decode step of a language model: weights, KV cache and attention of one device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="1", equation="N_s = N - N_l", source="carbonctl-serving-model")
def shared_params_by_lookup(*, shared_params: Num, lookup_params: Num) -> Num:
    """Parameters that every token passes: without the embedding, which is only looked up.

    Parameters
    ----------
    shared_params, lookup_params
        All but routed experts, and those of the input embedding. [1]

    Examples
    --------
    >>> shared_params_by_lookup(shared_params=8e9, lookup_params=5e8)
    7500000000.0
    """
    return shared_params - lookup_params


@formula(unit="FLOP", equation="F = 2 * N_s * q / (t * p)", source="kaplan-2020-scaling")
def device_flop_by_shared_layers(
    *, shared_params: Num, tokens: Num, tensor_parallel: Num, pipeline_stages: Num
) -> Num:
    """Operations of one device in the matrices that every token passes.

    Parameters
    ----------
    shared_params
        Parameters that every token passes. [1]
    tokens
        Tokens of the step on one rank. [1]
    tensor_parallel, pipeline_stages
        Devices that share each layer, and stages. [1]

    Examples
    --------
    >>> device_flop_by_shared_layers(shared_params=1e9, tokens=100.0, tensor_parallel=2.0,
    ...     pipeline_stages=1.0)
    100000000000.0
    """
    return 2.0 * shared_params * tokens / (tensor_parallel * pipeline_stages)


@formula(unit="GB", equation="Y = b * N_s / t", source="carbonctl-serving-model")
def shared_read_gb(*, shared_params: Num, weight_bytes: Num, tensor_parallel: Num) -> Num:
    """Weights that one device reads in a step, of those that every token passes.

    Parameters
    ----------
    shared_params, weight_bytes
        Parameters that every token passes, and bytes of each. [1], [1]
    tensor_parallel
        Devices that share each layer. [1]

    Notes
    -----
    A stage reads its part once for each part of the batch, so stages read no less.

    Examples
    --------
    >>> shared_read_gb(shared_params=70e9, weight_bytes=2.0, tensor_parallel=2.0)
    70.0
    """
    return units.gb_from_bytes(shared_params * weight_bytes) / tensor_parallel


@formula(unit="GB", equation="Y = KV * c / (t * d * p)", source="pope-2022-inference")
def kv_read_gb(
    *,
    kv_gb: Num,
    cache_copies: Num,
    tensor_parallel: Num,
    data_parallel: Num,
    pipeline_stages: Num,
) -> Num:
    """KV cache that one device reads in a step.

    Parameters
    ----------
    kv_gb, cache_copies
        One copy of the cache of all sequences, and its copies. [GB], [1]
    tensor_parallel, data_parallel, pipeline_stages
        Devices that share each layer, ranks, and stages. [1]

    Examples
    --------
    >>> kv_read_gb(kv_gb=8.0, cache_copies=1.0, tensor_parallel=2.0, data_parallel=4.0,
    ...     pipeline_stages=1.0)
    1.0
    """
    return kv_gb * cache_copies / (tensor_parallel * data_parallel * pipeline_stages)


@formula(unit="FLOP", equation="F = B * f * A / (t * d * p)", source="kaplan-2020-scaling")
def device_flop_by_attention(
    *,
    batch: Num,
    look_flop: Num,
    attended_layer_tokens: Num,
    tensor_parallel: Num,
    data_parallel: Num,
    pipeline_stages: Num,
) -> Num:
    """Operations of one device in the attention of decoded tokens.

    Parameters
    ----------
    batch
        Tokens decoded together, on all ranks. [1]
    look_flop, attended_layer_tokens
        Attention FLOP per position and layer, and positions that a token attends to, summed over
        layers. [FLOP], [1]
    tensor_parallel, data_parallel, pipeline_stages
        Devices that share each layer, ranks, and stages. [1]

    Examples
    --------
    >>> device_flop_by_attention(batch=10.0, look_flop=1e4, attended_layer_tokens=1e5,
    ...     tensor_parallel=2.0, data_parallel=1.0, pipeline_stages=1.0)
    5000000000.0
    """
    devices = tensor_parallel * data_parallel * pipeline_stages
    return batch * look_flop * attended_layer_tokens / devices


@formula(unit="GB", equation="W = N * b", source="carbonctl-serving-model")
def weight_gb(*, total_params: Num, weight_bytes: Num) -> Num:
    """Memory of the weights.

    Parameters
    ----------
    total_params
        All parameters, experts included. [1]
    weight_bytes
        Bytes per stored weight. [1] 2 bf16, 1 fp8, about 0.55 int4 with scales

    Examples
    --------
    >>> weight_gb(total_params=70e9, weight_bytes=2.0)
    140.0
    """
    return units.gb_from_bytes(total_params * weight_bytes)


@formula(unit="1", equation="c = L_in + L_out * (1 + cv^2) / 2", source="carbonctl-serving-model")
def mean_context_tokens(*, prompt_tokens: Num, output_tokens: Num, output_cv: Num) -> Num:
    """Mean context of a decode step, over all steps.

    Parameters
    ----------
    prompt_tokens, output_tokens
        Mean tokens of a request. [1]
    output_cv
        Coefficient of variation of the output length: long answers hold more steps. [1]

    Examples
    --------
    >>> mean_context_tokens(prompt_tokens=500.0, output_tokens=300.0, output_cv=1.0)
    800.0
    """
    return prompt_tokens + output_tokens * (1.0 + output_cv**2) / 2.0


@formula(
    unit="1", equation="A = L_full * c + (L - L_full) * min(c, w)", source="beltagy-2020-longformer"
)
def attended_layer_tokens(
    *, layers: Num, full_layers: Num, window_tokens: Num, mean_context_tokens: Num
) -> Num:
    """Positions that one decode step of a sequence attends to, summed over layers.

    Parameters
    ----------
    layers, full_layers
        All layers, and those that see the whole context; the others see a window. [1]
    window_tokens
        Width of the window; 0 for layers without attention. [1]
    mean_context_tokens
        Context per sequence. [1]

    Examples
    --------
    >>> attended_layer_tokens(layers=48.0, full_layers=8.0, window_tokens=1_024.0,
    ...     mean_context_tokens=4_096.0)
    73728.0
    """
    windowed = np.minimum(mean_context_tokens, window_tokens)
    return full_layers * mean_context_tokens + (layers - full_layers) * windowed


@formula(unit="1", equation="A = L * c", source="carbonctl-serving-model")
def attended_layer_tokens_by_full_layers(*, layers: Num, mean_context_tokens: Num) -> Num:
    """Positions that one decode step of a sequence attends to, where all layers attend to all.

    Parameters
    ----------
    layers
        All layers. [1]
    mean_context_tokens
        Context per sequence. [1]

    Examples
    --------
    >>> attended_layer_tokens_by_full_layers(layers=80.0, mean_context_tokens=1_000.0)
    80000.0
    """
    return layers * mean_context_tokens


@formula(unit="1", equation="K = 2 * h_kv * d", source="shazeer-2019-mqa")
def cached_elements(*, kv_heads: Num, head_dim: Num) -> Num:
    """KV cache elements per token and layer: key and value of each KV head.

    Parameters
    ----------
    kv_heads, head_dim
        Shape of the attention; grouped-query attention has fewer key-value heads than heads. [1]

    Examples
    --------
    >>> cached_elements(kv_heads=8.0, head_dim=128.0)
    2048.0
    """
    return 2.0 * kv_heads * head_dim


@formula(unit="1", equation="K = r + d_rope", source="deepseek-v2-2024")
def cached_elements_by_latent(*, latent_rank: Num, rope_dim: Num) -> Num:
    """Cached elements per token and layer of multi-head latent attention (MLA).

    Parameters
    ----------
    latent_rank
        Width of the compressed key and value. [1]
    rope_dim
        Width of the part that carries positions. [1]

    Examples
    --------
    >>> cached_elements_by_latent(latent_rank=512.0, rope_dim=64.0)
    576.0
    """
    return latent_rank + rope_dim


@formula(unit="GB", equation="KV = B * b * K * A", source="shazeer-2019-mqa")
def kv_gb(*, cached_elements: Num, attended_layer_tokens: Num, batch: Num, kv_bytes: Num) -> Num:
    """KV cache that one decode step of a batch reads.

    Parameters
    ----------
    cached_elements
        Of one token in one layer. [1]
    attended_layer_tokens
        Positions that a sequence attends to, summed over layers. [1]
    batch
        Sequences decoded together. [1]
    kv_bytes
        Bytes per cached element. [1]

    Examples
    --------
    >>> kv_gb(cached_elements=2_000.0, attended_layer_tokens=50_000.0, batch=5.0, kv_bytes=2.0)
    1.0
    """
    return units.gb_from_bytes(cached_elements * attended_layer_tokens * batch * kv_bytes)


@formula(unit="GB", equation="KV = KV_0 + 2 * B * b * S", source="gu-2023-mamba")
def kv_gb_by_state(*, kv_gb: Num, state_elements: Num, batch: Num, state_bytes: Num) -> Num:
    """KV cache and recurrent state that one decode step of a batch reads.

    Parameters
    ----------
    kv_gb
        Key and value cache of the attention layers. [GB]
    state_elements
        State of one sequence in all state-space layers, read and written at each step. [1]
    batch
        Sequences decoded together. [1]
    state_bytes
        Bytes per element of the state. [1]

    Examples
    --------
    >>> kv_gb_by_state(kv_gb=0.5, state_elements=1e7, batch=10.0, state_bytes=2.5)
    1.0
    """
    return kv_gb + units.gb_from_bytes(2.0 * batch * state_bytes * state_elements)


@formula(unit="FLOP", equation="f = 4 * h * d", source="kaplan-2020-scaling")
def look_flop(*, heads: Num, head_dim: Num) -> Num:
    """Attention FLOP per attended position and layer: score and value.

    Parameters
    ----------
    heads, head_dim
        Shape of the attention. [1]

    Examples
    --------
    >>> look_flop(heads=32.0, head_dim=128.0)
    16384.0
    """
    return 4.0 * heads * head_dim


@formula(unit="FLOP", equation="f = 2 * h * (2*r + d_rope)", source="deepseek-v2-2024")
def look_flop_by_latent(*, heads: Num, latent_rank: Num, rope_dim: Num) -> Num:
    """Attention FLOP per attended position and layer of multi-head latent attention (MLA).

    Parameters
    ----------
    heads
        Attention heads. [1]
    latent_rank, rope_dim
        Width of the compressed key and value, and of the part that carries positions. [1]

    Notes
    -----
    A step reads the cache as it is stored, so each head weighs the whole latent: the absorbed
    form. A prompt expands its own keys and values instead, and uses plain attention.

    Examples
    --------
    >>> look_flop_by_latent(heads=128.0, latent_rank=512.0, rope_dim=64.0)
    278528.0
    """
    return 2.0 * heads * (2.0 * latent_rank + rope_dim)


@formula(unit="FLOP", equation="f = 2 * h * (d_k + d_v)", source="deepseek-v2-2024")
def look_flop_by_expanded_latent(*, heads: Num, key_dim: Num, value_dim: Num) -> Num:
    """Attention FLOP per position and layer of a prompt that expands its latents.

    Parameters
    ----------
    heads
        Attention heads. [1]
    key_dim, value_dim
        Width of an expanded key, its position among it, and of an expanded value. [1]

    Examples
    --------
    >>> look_flop_by_expanded_latent(heads=128.0, key_dim=192.0, value_dim=128.0)
    81920.0
    """
    return 2.0 * heads * (key_dim + value_dim)


@formula(
    unit="FLOP",
    equation="F = B * (2*N_act + f*A + (2*N_act*L_in + f_p*A_p) / L_out)",
    source="carbonctl-serving-model",
)
def step_flop(
    *,
    active_params: Num,
    look_flop: Num,
    attended_layer_tokens: Num,
    prompt_look_flop: Num,
    prompt_layer_tokens: Num,
    prompt_tokens: Num,
    output_tokens: Num,
    batch: Num,
) -> Num:
    """Work of one decode step of a batch, with its share of prefill.

    Parameters
    ----------
    active_params
        Parameters one token passes. [1]
    look_flop, attended_layer_tokens
        Attention FLOP per position and layer, and positions that a sequence attends to in a step,
        summed over layers. [FLOP], [1]
    prompt_look_flop, prompt_layer_tokens
        The same of a whole prompt, summed over its tokens too. [FLOP], [1]
    prompt_tokens, output_tokens
        Mean tokens of a request that are computed; prefill is spread over its output steps. [1]
        output > 0
    batch
        Sequences decoded together. [1]

    Examples
    --------
    >>> step_flop(active_params=1e9, look_flop=0.0, attended_layer_tokens=0.0,
    ...     prompt_look_flop=0.0, prompt_layer_tokens=0.0, prompt_tokens=100.0,
    ...     output_tokens=100.0, batch=10.0)
    40000000000.0
    """
    decode = 2.0 * active_params + look_flop * attended_layer_tokens
    prefill = 2.0 * active_params * prompt_tokens + prompt_look_flop * prompt_layer_tokens
    return batch * (decode + prefill / output_tokens)
