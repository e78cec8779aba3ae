"""Latency limits of a replica: bandwidth floor, measured throughput."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="s", equation="t_min = Y / BW", source="carbonctl-serving-model")
def bandwidth_floor_s(*, device_gb: Num, bandwidth_gb_per_s: Num) -> Num:
    """Lower bound of inter-token latency: one read of the weights.

    Parameters
    ----------
    device_gb
        Weights that one device reads in a step at least. [GB]
    bandwidth_gb_per_s
        Peak bandwidth of one device. [GB/s]

    Examples
    --------
    >>> bandwidth_floor_s(device_gb=70.0, bandwidth_gb_per_s=3_500.0)
    0.02
    """
    return device_gb / bandwidth_gb_per_s


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
