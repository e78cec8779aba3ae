"""Work of language models: floating-point operations and bytes, training and serving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="FLOP", equation="F = 6 * N_act * D", source="kaplan-2020-scaling")
def train_flop(*, active_params: Num, train_tokens: Num) -> Num:
    """Model work of training a decoder, forward and backward.

    Parameters
    ----------
    active_params
        Parameters that one token passes: all of a dense model, the routed and shared experts of
        a mixture. [1]
    train_tokens
        Tokens seen, repeats included. [1]

    Notes
    -----
    Attention and logits are outside: below 1 B parameters or at long contexts this is low.
    Recomputation is no model work; it lowers the utilization instead.

    References
    ----------
    Kaplan et al., arXiv 2001.08361, section 2.1.

    Examples
    --------
    >>> train_flop(active_params=70e9, train_tokens=2e12)
    8.4e+23
    """
    return 6.0 * active_params * train_tokens


@formula(unit="GB", equation="W = N * b", source="carbonctl-serving-model")
def weight_gb(*, total_params: Num, weight_bytes: Num) -> Num:
    """Memory that the weights take.

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


@formula(unit="GB", equation="W_r = W", source="carbonctl-serving-model")
def weight_read_gb_by_dense(*, weight_gb: Num) -> Num:
    """Weights that one decode step of a dense model reads: all of them.

    Parameters
    ----------
    weight_gb
        Memory that the weights take. [GB]

    Examples
    --------
    >>> weight_read_gb_by_dense(weight_gb=140.0)
    140.0
    """
    return weight_gb


@formula(
    unit="GB",
    equation="W_r = b * (N - E*x + x * E * (1 - (1 - k/E)^B)), x = (N - N_act)/(E - k)",
    source="carbonctl-serving-model",
)
def weight_read_gb(
    *,
    total_params: Num,
    active_params: Num,
    experts: Num,
    experts_per_token: Num,
    batch: Num,
    weight_bytes: Num,
) -> Num:
    """Weights that one decode step of a mixture of experts reads.

    Parameters
    ----------
    total_params, active_params
        All parameters, and those one token passes. [1]
    experts, experts_per_token
        Routed experts a layer, and how many a token takes. [1] experts > experts_per_token
    batch
        Sequences decoded together. [1]
    weight_bytes
        Bytes per stored weight. [1]

    Notes
    -----
    Experts are assumed to be chosen uniformly: at a batch of a few E/k nearly all are read, so a
    mixture saves operations, not bytes.

    Examples
    --------
    >>> weight_read_gb(total_params=10e9, active_params=4e9, experts=8.0, experts_per_token=2.0,
    ...     batch=1.0, weight_bytes=1.0)
    4.0
    """
    expert_params = (total_params - active_params) / (experts - experts_per_token)
    touched = experts * (1.0 - (1.0 - experts_per_token / experts) ** batch)
    return units.gb_from_bytes(
        weight_bytes * (total_params - experts * expert_params + touched * expert_params)
    )


@formula(unit="1", equation="c = L_in + L_out * (1 + cv^2) / 2", source="carbonctl-serving-model")
def mean_context_tokens(*, prompt_tokens: Num, output_tokens: Num, output_cv: Num) -> Num:
    """Context that a decode step sees on average, counted over steps.

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


@formula(unit="GB", equation="KV = 2 * L * h_kv * d * c * B * b", source="shazeer-2019-mqa")
def kv_gb(
    *,
    layers: Num,
    kv_heads: Num,
    head_dim: Num,
    mean_context_tokens: Num,
    batch: Num,
    kv_bytes: Num,
) -> Num:
    """Key and value cache of all sequences in the batch.

    Parameters
    ----------
    layers, kv_heads, head_dim
        Shape of the model; grouped-query attention has fewer key-value heads than heads. [1]
    mean_context_tokens
        Context per sequence. [1]
    batch
        Sequences decoded together. [1]
    kv_bytes
        Bytes per cached element. [1]

    Examples
    --------
    >>> kv_gb(layers=50.0, kv_heads=10.0, head_dim=100.0, mean_context_tokens=1_000.0, batch=5.0,
    ...     kv_bytes=2.0)
    1.0
    """
    return units.gb_from_bytes(
        2.0 * layers * kv_heads * head_dim * mean_context_tokens * batch * kv_bytes
    )


@formula(
    unit="FLOP",
    equation="F = B * (2*N_act + 4*L*h*d*c + (2*N_act*L_in + 2*L*h*d*L_in^2) / L_out)",
    source="carbonctl-serving-model",
)
def step_flop(
    *,
    active_params: Num,
    layers: Num,
    heads: Num,
    head_dim: Num,
    mean_context_tokens: Num,
    prompt_tokens: Num,
    output_tokens: Num,
    batch: Num,
) -> Num:
    """Work of one decode step of a batch, with its share of prefill.

    Parameters
    ----------
    active_params
        Parameters one token passes. [1]
    layers, heads, head_dim
        Shape of the attention. [1]
    mean_context_tokens
        Context that a decode step sees. [1]
    prompt_tokens, output_tokens
        Mean tokens of a request; prefill is spread over its output steps. [1] output > 0
    batch
        Sequences decoded together. [1]

    Examples
    --------
    >>> step_flop(active_params=1e9, layers=0.0, heads=1.0, head_dim=1.0, mean_context_tokens=1.0,
    ...     prompt_tokens=100.0, output_tokens=100.0, batch=10.0)
    40000000000.0
    """
    width = layers * heads * head_dim
    decode = 2.0 * active_params + 4.0 * width * mean_context_tokens
    prefill = prompt_tokens * (2.0 * active_params + 2.0 * width * prompt_tokens)
    return batch * (decode + prefill / output_tokens)


@formula(unit="1", equation="R = r * T", source="si-energy-from-power")
def functional_units(*, rate_per_hour: Num, period_hours: Num) -> Num:
    """How many requests, images or items come in a period.

    Parameters
    ----------
    rate_per_hour
        Mean rate. [1/h]
    period_hours
        Length of the period. [h]

    Examples
    --------
    >>> functional_units(rate_per_hour=100.0, period_hours=24.0)
    2400.0
    """
    return rate_per_hour * period_hours


@formula(unit="1", equation="R_s = R * (1 - c)", source="wu-2022-sustainable-ai")
def served_units(*, functional_units: Num, cache_hit_share: Num) -> Num:
    """Units that reach the model; the others are answered from a cache.

    Parameters
    ----------
    functional_units
        All units. [1]
    cache_hit_share
        Share answered without the model. [1] 0 to 1

    Examples
    --------
    >>> served_units(functional_units=100.0, cache_hit_share=0.25)
    75.0
    """
    return functional_units * (1.0 - cache_hit_share)
