"""Energy of one step of a replica: streaming, what operations take beyond it, and idle power."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="W", equation="P_m = e_byte * BW", source="carbonctl-serving-model")
def streaming_power_w(*, energy_j_per_gb: Num, bandwidth_gb_per_s: Num) -> Num:
    """Dynamic power of a device that streams its memory, at full clocks.

    Parameters
    ----------
    energy_j_per_gb
        Energy per byte of peak bandwidth. [J/GB]
    bandwidth_gb_per_s
        Peak of one device. [GB/s]

    Examples
    --------
    >>> streaming_power_w(energy_j_per_gb=0.25, bandwidth_gb_per_s=2_000.0)
    500.0
    """
    return energy_j_per_gb * bandwidth_gb_per_s


@formula(
    unit="J/FLOP",
    equation="e_F = max(0, e_flop * s - P_m / (peak * e * q))",
    source="carbonctl-serving-model",
)
def extra_energy_j_per_flop(
    *,
    energy_j_per_flop: Num,
    format_energy_share: Num,
    streaming_power_w: Num,
    peak_flop_per_s: Num,
    matmul_efficiency: Num,
    kernel_quality: Num,
) -> Num:
    """Energy of an operation beyond what streaming takes in the same time.

    Parameters
    ----------
    energy_j_per_flop
        Energy of a 16-bit operation. [J/FLOP]
    format_energy_share
        Energy of an operation in the format used over that. [1]
    streaming_power_w
        Dynamic power of a device that streams its memory. [W]
    peak_flop_per_s, matmul_efficiency, kernel_quality
        Dense peak of the format, and the share of it reached. [FLOP/s], [1], [1]

    Notes
    -----
    A device that computes never draws less than one that streams, so the power of a busy replica
    does not fall as its batch rises.

    Examples
    --------
    >>> extra_energy_j_per_flop(energy_j_per_flop=2e-12, format_energy_share=1.0,
    ...     streaming_power_w=500.0, peak_flop_per_s=1e15, matmul_efficiency=0.5,
    ...     kernel_quality=1.0)
    1e-12
    """
    streamed = streaming_power_w / (peak_flop_per_s * matmul_efficiency * kernel_quality)
    return np.maximum(0.0, energy_j_per_flop * format_energy_share - streamed)


@formula(unit="J", equation="D_k = e_F * F", source="carbonctl-serving-model")
def operations_j(*, device_flop: Num, extra_energy_j_per_flop: Num) -> Num:
    """Energy of the operations of one kind of kernel on one device, beyond streaming.

    Parameters
    ----------
    device_flop, extra_energy_j_per_flop
        Operations of one device, and energy of each beyond streaming. [FLOP], [J/FLOP]

    Examples
    --------
    >>> operations_j(device_flop=1e12, extra_energy_j_per_flop=1e-12)
    1.0
    """
    return device_flop * extra_energy_j_per_flop


@formula(unit="J", equation="D = n * (P_m * t_a + sum(D_k))", source="carbonctl-serving-model")
def dynamic_energy_j(
    *,
    replica_accelerators: Num,
    streaming_power_w: Num,
    active_s: Num,
    parts_j: tuple[Num, ...],
) -> Num:
    """Dynamic energy of one step of a replica.

    Parameters
    ----------
    replica_accelerators
        Devices of the replica. [1]
    streaming_power_w
        Dynamic power of a device that streams its memory. [W]
    active_s
        Time in which devices draw dynamic power. [s]
    parts_j
        Energy of the operations of each kind of kernel on one device, beyond streaming. [J]

    Examples
    --------
    >>> dynamic_energy_j(replica_accelerators=2.0, streaming_power_w=500.0, active_s=0.01,
    ...     parts_j=(1.0,))
    12.0
    """
    beyond = sum(parts_j[1:], start=parts_j[0])
    return replica_accelerators * (streaming_power_w * active_s + beyond)


@formula(unit="FLOP", equation="F = f * F_c", source="carbonctl-serving-model")
def device_flop_by_chunk_share(*, chunk_flop: Num, chunk_share: Num) -> Num:
    """Operations of one device in prompt chunks, per step.

    Parameters
    ----------
    chunk_flop, chunk_share
        Of a chunk of prompt tokens, and chunks per step. [FLOP], [1]

    Examples
    --------
    >>> device_flop_by_chunk_share(chunk_flop=4e12, chunk_share=0.25)
    1000000000000.0
    """
    return chunk_share * chunk_flop


@formula(unit="J", equation="E = n * P * t", source="carbonctl-serving-model")
def step_energy_j(*, replica_accelerators: Num, device_power_w: Num, step_s: Num) -> Num:
    """Accelerator energy of one step of one replica.

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
