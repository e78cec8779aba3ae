"""One decode step: time from bytes, work and waiting; energy from idle and dynamic power."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(
    unit="s",
    equation="t = W/(n*BW*e_w) + KV/(n*BW*e_kv) + m*F/(n*peak*e_c)",
    source="carbonctl-serving-model",
)
def stream_s(
    *,
    weight_read_gb: Num,
    kv_gb: Num,
    step_flop: Num,
    replica_accelerators: Num,
    bandwidth_gb_per_s: Num,
    peak_flop_per_s: Num,
    weight_efficiency: Num,
    kv_efficiency: Num,
    matmul_efficiency: Num,
    expert_overhead: Num,
) -> Num:
    """Time in which one decode step moves its bytes and does its work.

    Parameters
    ----------
    weight_read_gb, kv_gb
        Bytes read per step. [GB]
    step_flop
        Work per step. [FLOP]
    replica_accelerators
        Devices that hold one copy of the model. [1]
    bandwidth_gb_per_s, peak_flop_per_s
        Of one device. [GB/s], [FLOP/s]
    weight_efficiency, kv_efficiency, matmul_efficiency
        Reached over peak. [1]
    expert_overhead
        Loss of efficiency of a mixture's small matrices; 1 for a dense model. [1] 1.5 to 5

    Notes
    -----
    The terms add rather than overlap: on measured configurations sums fit better than maxima.

    Examples
    --------
    >>> stream_s(weight_read_gb=10.0, kv_gb=0.0, step_flop=0.0, replica_accelerators=1.0,
    ...     bandwidth_gb_per_s=2_000.0, peak_flop_per_s=1e15, weight_efficiency=0.5,
    ...     kv_efficiency=1.0, matmul_efficiency=1.0, expert_overhead=1.0)
    0.01
    """
    bandwidth = replica_accelerators * bandwidth_gb_per_s
    peak = replica_accelerators * peak_flop_per_s
    reading = weight_read_gb / (bandwidth * weight_efficiency) + kv_gb / (bandwidth * kv_efficiency)
    return reading + expert_overhead * step_flop / (peak * matmul_efficiency)


@formula(
    unit="s",
    equation="t = L * (t_layer + c * 4*h*B*(n-1)/n / link) + t_seq * B",
    source="carbonctl-serving-model",
)
def overhead_s(
    *,
    layers: Num,
    layer_launch_s: Num,
    sequence_overhead_s: Num,
    batch: Num,
    replica_accelerators: Num,
    hidden_size: Num,
    communication_factor: Num,
    link_gb_per_s: Num,
) -> Num:
    """Time of one decode step in which the device waits: launches, scheduling, communication.

    Parameters
    ----------
    layers, hidden_size
        Shape of the model. [1]
    layer_launch_s, sequence_overhead_s
        Cost per layer, and per sequence in the batch. [s]
    batch
        Sequences decoded together. [1]
    replica_accelerators
        Devices in the tensor-parallel group. [1]
    communication_factor
        Loss against the link's nominal speed. [1]
    link_gb_per_s
        Link speed of one device, both directions. [GB/s]

    Examples
    --------
    >>> overhead_s(layers=100.0, layer_launch_s=1e-4, sequence_overhead_s=0.0, batch=1.0,
    ...     replica_accelerators=1.0, hidden_size=1.0, communication_factor=1.0, link_gb_per_s=1.0)
    0.01
    """
    moved_gb = units.gb_from_bytes(4.0 * hidden_size * batch)
    share = (replica_accelerators - 1.0) / replica_accelerators
    communication_s = communication_factor * moved_gb * share / link_gb_per_s
    return layers * (layer_launch_s + communication_s) + sequence_overhead_s * batch


@formula(
    unit="J",
    equation="D = n * P_busy * t_stream + e_flop * F + e_byte * (W + KV)",
    source="carbonctl-serving-model",
)
def dynamic_energy_j(
    *,
    replica_accelerators: Num,
    busy_power_w: Num,
    stream_s: Num,
    step_flop: Num,
    weight_read_gb: Num,
    kv_gb: Num,
    energy_j_per_flop: Num,
    energy_j_per_gb: Num,
) -> Num:
    """Energy of one decode step above the resident idle power.

    Parameters
    ----------
    replica_accelerators
        Devices in one replica. [1]
    busy_power_w
        Extra power of a device whose units are switched on. [W]
    stream_s
        Time in which they are. [s]
    step_flop, weight_read_gb, kv_gb
        Work and bytes of the step. [FLOP], [GB], [GB]
    energy_j_per_flop, energy_j_per_gb
        Energy per operation and per byte moved. [J/FLOP], [J/GB]

    Examples
    --------
    >>> dynamic_energy_j(replica_accelerators=1.0, busy_power_w=0.0, stream_s=0.0, step_flop=1e12,
    ...     weight_read_gb=10.0, kv_gb=0.0, energy_j_per_flop=1e-12, energy_j_per_gb=0.1)
    2.0
    """
    moving = energy_j_per_flop * step_flop + energy_j_per_gb * (weight_read_gb + kv_gb)
    return replica_accelerators * busy_power_w * stream_s + moving


@formula(
    unit="s",
    equation="t = max(t_stream + t_over, D / (n * (TDP - P_idle)))",
    source="carbonctl-serving-model",
)
def step_s(
    *,
    stream_s: Num,
    overhead_s: Num,
    dynamic_energy_j: Num,
    replica_accelerators: Num,
    tdp_w: Num,
    resident_power_w: Num,
) -> Num:
    """Time of one decode step, stretched where rated power would be exceeded.

    Parameters
    ----------
    stream_s, overhead_s
        Busy and waiting time. [s]
    dynamic_energy_j
        Energy above the resident idle power. [J]
    replica_accelerators
        Devices in one replica. [1]
    tdp_w, resident_power_w
        Rated power, and power with the model resident and nothing to do. [W]

    Examples
    --------
    >>> step_s(stream_s=0.01, overhead_s=0.005, dynamic_energy_j=1.0, replica_accelerators=1.0,
    ...     tdp_w=700.0, resident_power_w=150.0)
    0.015
    """
    power_bound_s = dynamic_energy_j / (replica_accelerators * (tdp_w - resident_power_w))
    return np.maximum(stream_s + overhead_s, power_bound_s)


@formula(unit="J", equation="E = n * P_idle * t + D", source="carbonctl-serving-model")
def step_energy_j(
    *, replica_accelerators: Num, resident_power_w: Num, step_s: Num, dynamic_energy_j: Num
) -> Num:
    """Accelerator energy of one decode step of one replica.

    Parameters
    ----------
    replica_accelerators
        Devices in one replica. [1]
    resident_power_w
        Power with the model resident and nothing to do. [W]
    step_s
        Time of the step. [s]
    dynamic_energy_j
        Energy above that power. [J]

    Examples
    --------
    >>> step_energy_j(replica_accelerators=2.0, resident_power_w=150.0, step_s=0.01,
    ...     dynamic_energy_j=5.0)
    8.0
    """
    return replica_accelerators * resident_power_w * step_s + dynamic_energy_j


@formula(
    unit="1",
    equation="n = 2^ceil(log2(max(1, (W + KV) / (f * M))))",
    source="carbonctl-serving-model",
)
def replica_accelerators(
    *, weight_gb: Num, kv_gb: Num, device_memory_gb: Num, memory_share: Num
) -> Num:
    """Devices that one copy of a model takes: the next power of two that holds it.

    Parameters
    ----------
    weight_gb, kv_gb
        Weights and cache of one replica. [GB]
    device_memory_gb
        Memory of one device. [GB]
    memory_share
        Share of it that may hold them. [1]

    Examples
    --------
    >>> replica_accelerators(weight_gb=140.0, kv_gb=10.0, device_memory_gb=80.0, memory_share=0.9)
    4.0
    """
    needed = (weight_gb + kv_gb) / (device_memory_gb * memory_share)
    return 2.0 ** np.ceil(np.log2(np.maximum(needed, 1.0)))
