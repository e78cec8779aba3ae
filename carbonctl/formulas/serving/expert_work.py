"""Mixture of experts (MoE) in a step: tokens and weights of experts on the busiest device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="1", equation="x = min((N - N_act)/(E - k), N/E)", source="carbonctl-serving-model")
def expert_params(
    *, total_params: Num, active_params: Num, experts: Num, experts_per_token: Num
) -> Num:
    """Parameters of one routed expert in all layers.

    Parameters
    ----------
    total_params, active_params
        All parameters, and those one token passes. [1]
    experts, experts_per_token
        Routed experts a layer, and how many a token takes. [1] experts > experts_per_token

    Examples
    --------
    >>> expert_params(total_params=10e9, active_params=4e9, experts=8.0, experts_per_token=2.0)
    1000000000.0
    """
    idle = (total_params - active_params) / (experts - experts_per_token)
    return np.minimum(idle, total_params / experts)


@formula(unit="1", equation="N_s = N - E*x", source="carbonctl-serving-model")
def shared_params_by_experts(*, total_params: Num, experts: Num, expert_params: Num) -> Num:
    """Parameters of an MoE outside of its routed experts.

    Parameters
    ----------
    total_params
        All parameters. [1]
    experts, expert_params
        Routed experts a layer, and parameters of one in all layers. [1]

    Examples
    --------
    >>> shared_params_by_experts(total_params=10e9, experts=8.0, expert_params=1e9)
    2000000000.0
    """
    return total_params - experts * expert_params


@formula(unit="1", equation="N_x = N - N_s", source="carbonctl-serving-model")
def routed_params(*, total_params: Num, shared_params: Num) -> Num:
    """Parameters of all routed experts of an MoE.

    Parameters
    ----------
    total_params, shared_params
        All parameters, and those outside of routed experts. [1]

    Examples
    --------
    >>> routed_params(total_params=10e9, shared_params=2e9)
    8000000000.0
    """
    return total_params - shared_params


@formula(unit="1", equation="v = 1 - (1 - k/E)^(T/p)", source="carbonctl-serving-model")
def touched_share(
    *, tokens: Num, pipeline_stages: Num, experts: Num, experts_per_token: Num
) -> Num:
    """Share of the experts of a layer that the tokens of a step take.

    Parameters
    ----------
    tokens
        Tokens of a step on all ranks. [1]
    pipeline_stages
        Stages of a replica: each has a part of the tokens at a time. [1]
    experts, experts_per_token
        Routed experts a layer, and how many a token takes. [1]

    Notes
    -----
    Experts are assumed to be chosen uniformly: at a batch of a few E/k nearly all are read, so a
    mixture of experts saves FLOP, not bytes.

    Examples
    --------
    >>> touched_share(tokens=1.0, pipeline_stages=1.0, experts=8.0, experts_per_token=2.0)
    0.25
    """
    return 1.0 - (1.0 - experts_per_token / experts) ** (tokens / pipeline_stages)


@formula(unit="1", equation="m = T/p * k/E", source="carbonctl-serving-model")
def expert_tokens(
    *, tokens: Num, pipeline_stages: Num, experts: Num, experts_per_token: Num
) -> Num:
    """Tokens that an expert gets in a step, on average.

    Parameters
    ----------
    tokens
        Tokens of a step on all ranks. [1]
    pipeline_stages
        Stages of a replica. [1]
    experts, experts_per_token
        Routed experts a layer, and how many a token takes. [1]

    Examples
    --------
    >>> expert_tokens(tokens=64.0, pipeline_stages=1.0, experts=8.0, experts_per_token=2.0)
    16.0
    """
    return tokens / pipeline_stages * experts_per_token / experts


@formula(unit="1", equation="r = max(v * tile, m + v * tile / 2)", source="vllm-fused-moe-2025")
def expert_rows(*, touched_share: Num, expert_tokens: Num, tile_rows: Num) -> Num:
    """Rows that the matrix products of an expert compute: its tokens, padded to whole tiles.

    Parameters
    ----------
    touched_share
        Share of experts with any token. [1]
    expert_tokens
        Tokens that an expert gets, on average. [1]
    tile_rows
        Rows of a tile. [1] 16; 64 where weights are quantized in blocks

    Notes
    -----
    An expert with tokens takes at least one tile, and half a tile more than its tokens on average.

    Examples
    --------
    >>> expert_rows(touched_share=0.5, expert_tokens=1.0, tile_rows=16.0)
    8.0
    """
    padding = touched_share * tile_rows
    return np.maximum(padding, expert_tokens + padding / 2.0)


@formula(
    unit="1",
    equation="z = min(e, 1 + s*(1 - 1/e) + sqrt(2 * ln(e) * e*p / (T*k)))",
    source="carbonctl-serving-model",
)
def expert_imbalance(
    *,
    tokens: Num,
    pipeline_stages: Num,
    experts_per_token: Num,
    expert_parallel: Num,
    uneven_routing: Num,
) -> Num:
    """Expert work of the busiest device over the mean of devices.

    Parameters
    ----------
    tokens
        Tokens of a step on all ranks. [1] > 0
    pipeline_stages
        Stages of a replica. [1]
    experts_per_token
        Experts that a token takes. [1]
    expert_parallel
        Devices over which whole experts are spread; 1 where each device has a slice of all. [1]
    uneven_routing
        What some experts are preferred, whatever the number of tokens. [1] 0 where it is balanced

    Notes
    -----
    The last term is the expected largest of e Poisson counts: it vanishes with many tokens.

    Examples
    --------
    >>> expert_imbalance(tokens=64.0, pipeline_stages=1.0, experts_per_token=2.0,
    ...     expert_parallel=1.0, uneven_routing=1.5)
    1.0
    """
    each = tokens * experts_per_token / (pipeline_stages * expert_parallel)
    chance = np.sqrt(2.0 * np.log(np.maximum(expert_parallel, 1.0)) / each)
    uneven = uneven_routing * (1.0 - 1.0 / expert_parallel)
    return np.minimum(expert_parallel, 1.0 + uneven + chance)


@formula(
    unit="FLOP",
    equation="F = 2 * E*x / (d*t) * r * z * a * (1 + w_0 * d*t / (w * e))",
    source="carbonctl-serving-model",
)
def device_flop_by_padded_experts(
    *,
    experts: Num,
    expert_params: Num,
    expert_rows: Num,
    expert_imbalance: Num,
    product_overhead: Num,
    lost_width: Num,
    expert_width: Num,
    tensor_parallel: Num,
    data_parallel: Num,
    expert_parallel: Num,
) -> Num:
    """Operations of the busiest device in the products of its experts, with what is wasted.

    Parameters
    ----------
    experts, expert_params
        Routed experts a layer, and parameters of one in all layers. [1]
    expert_rows, expert_imbalance
        Rows computed for each expert, and work of the busiest device over the mean. [1]
    product_overhead
        Time of products of many small matrices over that of one large. [1]
    lost_width, expert_width
        Columns that a slice of an expert wastes, and columns of a whole one. [1]
    tensor_parallel, data_parallel, expert_parallel
        Devices that share each layer, ranks, and devices over which whole experts are spread. [1]

    Examples
    --------
    >>> device_flop_by_padded_experts(experts=8.0, expert_params=1e9, expert_rows=16.0,
    ...     expert_imbalance=1.0, product_overhead=1.0, lost_width=0.0, expert_width=2_048.0,
    ...     tensor_parallel=2.0, data_parallel=1.0, expert_parallel=1.0)
    128000000000.0
    """
    devices = tensor_parallel * data_parallel
    narrow = 1.0 + lost_width * devices / (expert_width * expert_parallel)
    rows = expert_rows * expert_imbalance * product_overhead * narrow
    return 2.0 * experts * expert_params / devices * rows


@formula(unit="FLOP", equation="F = 2 * k*x * T / (d*t*p)", source="carbonctl-serving-model")
def device_flop_by_experts(
    *,
    tokens: Num,
    experts_per_token: Num,
    expert_params: Num,
    tensor_parallel: Num,
    data_parallel: Num,
    pipeline_stages: Num,
) -> Num:
    """Operations of one device in the products of its experts, without padding or imbalance.

    Parameters
    ----------
    tokens
        Tokens of a step on all ranks. [1]
    experts_per_token, expert_params
        Experts that a token takes, and parameters of one in all layers. [1]
    tensor_parallel, data_parallel, pipeline_stages
        Devices that share each layer, ranks, and stages. [1]

    Examples
    --------
    >>> device_flop_by_experts(tokens=64.0, experts_per_token=2.0, expert_params=1e9,
    ...     tensor_parallel=2.0, data_parallel=1.0, pipeline_stages=1.0)
    128000000000.0
    """
    devices = tensor_parallel * data_parallel * pipeline_stages
    return 2.0 * experts_per_token * expert_params * tokens / devices


@formula(unit="GB", equation="Y = b * E*x / (d*t) * v", source="carbonctl-serving-model")
def expert_read_gb(
    *,
    experts: Num,
    expert_params: Num,
    weight_bytes: Num,
    touched_share: Num,
    tensor_parallel: Num,
    data_parallel: Num,
) -> Num:
    """Weights of experts that a device reads in a step, on average.

    Parameters
    ----------
    experts, expert_params
        Routed experts a layer, and parameters of one in all layers. [1]
    weight_bytes
        Bytes per stored weight of the experts. [1]
    touched_share
        Share of experts with any token. [1]
    tensor_parallel, data_parallel
        Devices that share each layer, and ranks. [1]

    Examples
    --------
    >>> expert_read_gb(experts=8.0, expert_params=1e9, weight_bytes=1.0, touched_share=0.25,
    ...     tensor_parallel=1.0, data_parallel=1.0)
    2.0
    """
    held = units.gb_from_bytes(weight_bytes * experts * expert_params)
    return held / (tensor_parallel * data_parallel) * touched_share


@formula(unit="GB", equation="Y_z = Y * min(z, 1/v)", source="carbonctl-serving-model")
def expert_read_gb_by_imbalance(
    *, mean_read_gb: Num, touched_share: Num, expert_imbalance: Num
) -> Num:
    """Weights of experts that the busiest device reads in a step.

    Parameters
    ----------
    mean_read_gb
        Of a device on average. [GB]
    touched_share, expert_imbalance
        Share of experts with any token, and work of the busiest device over the mean; no device
        reads more than all of its experts. [1]

    Examples
    --------
    >>> expert_read_gb_by_imbalance(mean_read_gb=2.0, touched_share=0.25, expert_imbalance=8.0)
    8.0
    """
    return mean_read_gb * np.minimum(expert_imbalance, 1.0 / touched_share)
