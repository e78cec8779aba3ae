"""Latency limits of a replica: bandwidth floor, prefill, measured throughput."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="s", equation="t_min = W_r / (n * BW)", source="carbonctl-serving-model")
def bandwidth_floor_s(
    *, weight_read_gb: Num, replica_accelerators: Num, bandwidth_gb_per_s: Num
) -> Num:
    """Lower bound of inter-token latency: one read of the weights.

    Parameters
    ----------
    weight_read_gb
        Weights read in a step. [GB]
    replica_accelerators, bandwidth_gb_per_s
        Devices of the replica, and peak bandwidth of one. [1], [GB/s]

    Examples
    --------
    >>> bandwidth_floor_s(weight_read_gb=140.0, replica_accelerators=2.0,
    ...     bandwidth_gb_per_s=3_500.0)
    0.02
    """
    return weight_read_gb / (replica_accelerators * bandwidth_gb_per_s)


@formula(
    unit="s",
    equation="t = (2*N_act*L_in + f_p*A_p) / (n * peak * e)",
    source="carbonctl-serving-model",
)
def prefill_s(
    *,
    active_params: Num,
    prompt_look_flop: Num,
    prompt_layer_tokens: Num,
    prompt_tokens: Num,
    replica_accelerators: Num,
    peak_flop_per_s: Num,
    matmul_efficiency: Num,
) -> Num:
    """Prefill time of one prompt, without queueing.

    Parameters
    ----------
    active_params
        Parameters one token passes. [1]
    prompt_look_flop, prompt_layer_tokens
        Attention FLOP per position and layer, and positions that prompt tokens attend to, summed
        over tokens and layers. [FLOP], [1]
    prompt_tokens
        Tokens that are not in a cache. [1]
    replica_accelerators, peak_flop_per_s, matmul_efficiency
        Devices of the replica, dense peak of one, and the share of it reached. [1], [FLOP/s], [1]

    Examples
    --------
    >>> prefill_s(active_params=1e9, prompt_look_flop=0.0, prompt_layer_tokens=0.0,
    ...     prompt_tokens=1_000.0, replica_accelerators=2.0, peak_flop_per_s=2e12,
    ...     matmul_efficiency=0.5)
    1.0
    """
    flop = 2.0 * active_params * prompt_tokens + prompt_look_flop * prompt_layer_tokens
    return flop / (replica_accelerators * peak_flop_per_s * matmul_efficiency)


@formula(unit="s", equation="t = B * N / (n * q)", source="carbonctl-serving-model")
def step_s_from_throughput(
    *, batch: Num, accelerators: Num, replica_accelerators: Num, throughput_per_hour: Num
) -> Num:
    """Time of one decode step, from a measured throughput.

    Parameters
    ----------
    batch
        Sequences decoded together on one replica. [1]
    accelerators
        Devices that reach the throughput together. [1]
    replica_accelerators
        Devices of one replica. [1]
    throughput_per_hour
        Output tokens per hour of all those devices. [1/h]

    Examples
    --------
    >>> step_s_from_throughput(batch=64.0, accelerators=8.0, replica_accelerators=2.0,
    ...     throughput_per_hour=3_600.0)
    256.0
    """
    hours = batch * accelerators / (replica_accelerators * throughput_per_hour)
    return units.s_from_hours(hours)
