"""One decode step: time from bytes, FLOP and overheads; energy from idle and dynamic power."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(
    unit="s",
    equation="t = W/(n*BW*e_w) + KV/(n*BW*e_kv) + F/(n*peak*e_c)",
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
) -> Num:
    """Memory and compute time of one decode step of a dense model.

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

    Notes
    -----
    The terms add rather than overlap: on measured configurations sums fit better than maxima.

    Examples
    --------
    >>> stream_s(weight_read_gb=10.0, kv_gb=0.0, step_flop=0.0, replica_accelerators=1.0,
    ...     bandwidth_gb_per_s=2_000.0, peak_flop_per_s=1e15, weight_efficiency=0.5,
    ...     kv_efficiency=1.0, matmul_efficiency=1.0)
    0.01
    """
    bandwidth = replica_accelerators * bandwidth_gb_per_s
    reading = weight_read_gb / weight_efficiency + kv_gb / kv_efficiency
    return reading / bandwidth + step_flop / (
        replica_accelerators * peak_flop_per_s * matmul_efficiency
    )


@formula(
    unit="s",
    equation="t = z*W/(n*BW*e_w) + KV/(n*BW*e_kv) + m*F/(n*peak*e_c)",
    source="carbonctl-serving-model",
)
def stream_s_by_experts(
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
    expert_imbalance: Num,
) -> Num:
    """Memory and compute time of one decode step of a mixture of experts.

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
        Loss of efficiency of an expert's small matrices. [1] 1.5 to 5
    expert_imbalance
        Experts of the busiest device over those of the mean one. [1]

    Examples
    --------
    >>> stream_s_by_experts(weight_read_gb=10.0, kv_gb=0.0, step_flop=0.0,
    ...     replica_accelerators=1.0, bandwidth_gb_per_s=2_000.0, peak_flop_per_s=1e15,
    ...     weight_efficiency=0.5, kv_efficiency=1.0, matmul_efficiency=1.0, expert_overhead=1.0,
    ...     expert_imbalance=2.0)
    0.02
    """
    bandwidth = replica_accelerators * bandwidth_gb_per_s
    reading = expert_imbalance * weight_read_gb / weight_efficiency + kv_gb / kv_efficiency
    return reading / bandwidth + expert_overhead * step_flop / (
        replica_accelerators * peak_flop_per_s * matmul_efficiency
    )


@formula(
    unit="s",
    equation="t = L * (t_layer + (t_x + c * 4*h*B*(1 + L_in/L_out) / link) * (n-1)/n)",
    source="carbonctl-serving-model",
)
def launch_s(
    *,
    layers: Num,
    layer_launch_s: Num,
    batch: Num,
    prompt_tokens: Num,
    output_tokens: Num,
    replica_accelerators: Num,
    hidden_size: Num,
    exchange_latency_s: Num,
    communication_factor: Num,
    link_gb_per_s: Num,
) -> Num:
    """Launch and communication time of one decode step.

    Parameters
    ----------
    layers, hidden_size
        Shape of the model. [1]
    layer_launch_s
        Cost per layer. [s]
    batch
        Sequences decoded together. [1]
    prompt_tokens, output_tokens
        Mean tokens of a request: prompts are exchanged between devices too. [1] output > 0
    replica_accelerators
        Devices in the parallel group. [1]
    exchange_latency_s
        Cost per layer of one exchange between many devices, whatever its size. [s]
    communication_factor
        Loss against the link's nominal speed. [1]
    link_gb_per_s
        Link speed of one device, both directions. [GB/s]

    Examples
    --------
    >>> launch_s(layers=100.0, layer_launch_s=1e-4, batch=1.0, prompt_tokens=1.0,
    ...     output_tokens=1.0, replica_accelerators=1.0, hidden_size=1.0,
    ...     exchange_latency_s=1.0, communication_factor=1.0, link_gb_per_s=1.0)
    0.01
    """
    moved_gb = units.gb_from_bytes(
        4.0 * hidden_size * batch * (1.0 + prompt_tokens / output_tokens)
    )
    share = (replica_accelerators - 1.0) / replica_accelerators
    exchange_s = exchange_latency_s + communication_factor * moved_gb / link_gb_per_s
    return layers * (layer_launch_s + share * exchange_s)


@formula(unit="s", equation="t = B * (t_seq + t_req / L_out)", source="carbonctl-serving-model")
def host_s(
    *, batch: Num, sequence_overhead_s: Num, request_overhead_s: Num, output_tokens: Num
) -> Num:
    """Host time of one decode step: scheduling, sampling, new requests.

    Parameters
    ----------
    batch
        Sequences decoded together. [1]
    sequence_overhead_s, request_overhead_s
        Cost per sequence and step, and per request. [s]
    output_tokens
        Mean tokens of an answer. [1] > 0

    Examples
    --------
    >>> host_s(batch=100.0, sequence_overhead_s=1e-5, request_overhead_s=1e-3,
    ...     output_tokens=100.0)
    0.002
    """
    return batch * (sequence_overhead_s + request_overhead_s / output_tokens)


@formula(unit="s", equation="t = t_stream + t_launch + t_host", source="carbonctl-serving-model")
def step_s(*, stream_s: Num, launch_s: Num, host_s: Num) -> Num:
    """Time of one decode step.

    Parameters
    ----------
    stream_s, launch_s, host_s
        Busy and waiting time. [s]

    Examples
    --------
    >>> step_s(stream_s=0.01, launch_s=0.004, host_s=0.001)
    0.015
    """
    return stream_s + launch_s + host_s


@formula(unit="J", equation="D = e_flop * F + e_byte * (W + KV)", source="carbonctl-serving-model")
def dynamic_energy_j(
    *,
    step_flop: Num,
    weight_read_gb: Num,
    kv_gb: Num,
    energy_j_per_flop: Num,
    energy_j_per_gb: Num,
) -> Num:
    """Dynamic energy of the FLOP and bytes of one decode step.

    Parameters
    ----------
    step_flop, weight_read_gb, kv_gb
        Work and bytes of the step. [FLOP], [GB], [GB]
    energy_j_per_flop, energy_j_per_gb
        Energy per operation and per byte moved, alike on all devices. [J/FLOP], [J/GB]

    Examples
    --------
    >>> dynamic_energy_j(step_flop=1e12, weight_read_gb=10.0, kv_gb=0.0, energy_j_per_flop=1e-12,
    ...     energy_j_per_gb=0.1)
    2.0
    """
    return energy_j_per_flop * step_flop + energy_j_per_gb * (weight_read_gb + kv_gb)


@formula(unit="J", equation="E = n * P * t", source="carbonctl-serving-model")
def step_energy_j(*, replica_accelerators: Num, device_power_w: Num, step_s: Num) -> Num:
    """Accelerator energy of one decode step of one replica.

    Parameters
    ----------
    replica_accelerators
        Devices in one replica. [1]
    device_power_w
        Mean power of one. [W]
    step_s
        Time of the step. [s]

    Examples
    --------
    >>> step_energy_j(replica_accelerators=2.0, device_power_w=400.0, step_s=0.01)
    8.0
    """
    return replica_accelerators * device_power_w * step_s


@formula(
    unit="1",
    equation="n = 2^ceil(log2(max(1, (W + KV) / (f * M))))",
    source="carbonctl-serving-model",
)
def replica_accelerators(
    *, weight_gb: Num, kv_gb: Num, device_memory_gb: Num, memory_share: Num
) -> Num:
    """Devices of one replica: the next power of two that holds the model.

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
