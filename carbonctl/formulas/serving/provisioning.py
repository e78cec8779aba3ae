"""Provisioned fleet of a load: peak, memory and busy share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="h", equation="t = max(t_load, n_mem * T)", source="wu-2022-sustainable-ai")
def accelerator_hours_by_capacity(
    *, load_hours: Num, memory_devices: Num, period_hours: Num
) -> Num:
    """Provisioned hours when either load or memory capacity sets the fleet.

    Parameters
    ----------
    load_hours
        Provisioned hours from the load alone. [h]
    memory_devices
        Devices needed to hold the tables at all. [1]
    period_hours
        Length of the period. [h]

    Examples
    --------
    >>> accelerator_hours_by_capacity(load_hours=100.0, memory_devices=2.0, period_hours=60.0)
    120.0
    """
    return np.maximum(load_hours, memory_devices * period_hours)


@formula(unit="1", equation="u = t_busy / t_prov", source="carbonctl-boundary-ladder")
def mean_busy_share_from_hours(*, busy_hours: Num, accelerator_hours: Num) -> Num:
    """Busy over provisioned hours, from both.

    Parameters
    ----------
    busy_hours
        Hours of work. [h]
    accelerator_hours
        Hours provisioned. [h]

    Examples
    --------
    >>> mean_busy_share_from_hours(busy_hours=30.0, accelerator_hours=120.0)
    0.25
    """
    return busy_hours / accelerator_hours


@formula(unit="1", equation="n = ceil(S / (f * M))", source="carbonctl-serving-model")
def memory_devices(*, table_gb: Num, device_memory_gb: Num, memory_share: Num) -> Num:
    """Devices that hold the tables in memory.

    Parameters
    ----------
    table_gb
        Bytes to hold. [GB]
    device_memory_gb
        Memory of one device. [GB]
    memory_share
        Share of it that may hold them. [1]

    Examples
    --------
    >>> memory_devices(table_gb=100.0, device_memory_gb=40.0, memory_share=0.9)
    3.0
    """
    return np.ceil(table_gb / (device_memory_gb * memory_share))


@formula(unit="h", equation="t_load = t_busy * r / u", source="carbonctl-boundary-ladder")
def accelerator_hours_from_load(*, busy_hours: Num, peak_to_mean: Num, busy_share: Num) -> Num:
    """Provisioned hours from the load, without the limit of memory capacity.

    Parameters
    ----------
    busy_hours
        Device-hours of actual work. [h]
    peak_to_mean
        Peak over mean load. [1] >= 1
    busy_share
        Busy over provisioned hours at the peak. [1] 0 to 1

    Examples
    --------
    >>> accelerator_hours_from_load(busy_hours=60.0, peak_to_mean=2.0, busy_share=0.6)
    200.0
    """
    return busy_hours * peak_to_mean / busy_share


@formula(unit="1", equation="n = t / T", source="carbonctl-boundary-ladder")
def charged_accelerators(*, accelerator_hours: Num, period_hours: Num) -> Num:
    """Devices charged to a service, on average over the period.

    Parameters
    ----------
    accelerator_hours
        Provisioned device-hours. [h]
    period_hours
        Length of the period. [h]

    Examples
    --------
    >>> charged_accelerators(accelerator_hours=150.0, period_hours=100.0)
    1.5
    """
    return accelerator_hours / period_hours


@formula(unit="1", equation="n_whole = ceil(n)", source="carbonctl-boundary-ladder")
def whole_accelerators(*, charged_accelerators: Num) -> Num:
    """Whole devices for a load that each serves alone.

    Parameters
    ----------
    charged_accelerators
        Devices that the load takes on average. [1]

    Examples
    --------
    >>> whole_accelerators(charged_accelerators=4.2)
    5.0
    """
    return np.ceil(charged_accelerators)


@formula(unit="1", equation="n_whole = ceil(n / r) * r", source="carbonctl-boundary-ladder")
def whole_accelerators_by_replica(*, charged_accelerators: Num, replica_accelerators: Num) -> Num:
    """Whole devices for a load, in whole replicas.

    Parameters
    ----------
    charged_accelerators
        Devices that the load takes on average. [1]
    replica_accelerators
        Devices of one replica. [1] >= 1

    Examples
    --------
    >>> whole_accelerators_by_replica(charged_accelerators=4.2, replica_accelerators=4.0)
    8.0
    """
    return np.ceil(charged_accelerators / replica_accelerators) * replica_accelerators


@formula(unit="1", equation="u_peak = u * r", source="carbonctl-boundary-ladder")
def peak_busy_share(*, mean_busy_share: Num, peak_to_mean: Num) -> Num:
    """Busy over provisioned hours at the peak of the load.

    Parameters
    ----------
    mean_busy_share
        Busy over provisioned hours, on average. [1] 0 to 1
    peak_to_mean
        Peak over mean load. [1] >= 1

    Examples
    --------
    >>> peak_busy_share(mean_busy_share=0.25, peak_to_mean=2.0)
    0.5
    """
    return mean_busy_share * peak_to_mean


@formula(unit="1", equation="u_mean = u / r", source="carbonctl-boundary-ladder")
def mean_busy_share(*, busy_share: Num, peak_to_mean: Num) -> Num:
    """Busy over provisioned hours, averaged over the variation of the load.

    Parameters
    ----------
    busy_share
        Busy share at the peak. [1]
    peak_to_mean
        Peak over mean load. [1] >= 1

    Examples
    --------
    >>> mean_busy_share(busy_share=0.6, peak_to_mean=2.0)
    0.3
    """
    return busy_share / peak_to_mean


@formula(unit="1", equation="r' = 1 + (r - 1) * (1 - s)", source="carbonctl-boundary-ladder")
def peak_to_mean_by_autoscaling(*, peak_to_mean: Num, switched_off_share: Num) -> Num:
    """Devices that are on over those needed at mean load, with autoscaling.

    Parameters
    ----------
    peak_to_mean
        Peak over mean load. [1] >= 1
    switched_off_share
        Share of the gap between them that is switched off. [1] 0 to 1

    Examples
    --------
    >>> peak_to_mean_by_autoscaling(peak_to_mean=3.0, switched_off_share=0.5)
    2.0
    """
    return 1.0 + (peak_to_mean - 1.0) * (1.0 - switched_off_share)


@formula(unit="h", equation="t = max(s * n * T, t_busy)", source="carbonctl-boundary-ladder")
def accelerator_hours_by_fleet_share(
    *, fleet_share: Num, accelerators: Num, period_hours: Num, busy_hours: Num
) -> Num:
    """Provisioned hours of one of several models that share a fleet.

    Parameters
    ----------
    fleet_share
        Share of the fleet that is charged to this model. [1] 0 to 1
    accelerators, period_hours
        Devices of the whole fleet, and how long they are kept on. [1], [h]
    busy_hours
        Device-hours of this model's work, which it carries in any case. [h]

    Examples
    --------
    >>> accelerator_hours_by_fleet_share(fleet_share=0.25, accelerators=8.0, period_hours=100.0,
    ...     busy_hours=50.0)
    200.0
    """
    return np.maximum(fleet_share * accelerators * period_hours, busy_hours)


@formula(unit="h", equation="t_on = t_busy / u_mean", source="carbonctl-boundary-ladder")
def accelerator_hours_from_mean_busy_share(*, busy_hours: Num, mean_busy_share: Num) -> Num:
    """Hours in which devices are on, from their busy share.

    Parameters
    ----------
    busy_hours
        Device-hours of actual work. [h]
    mean_busy_share
        Busy over hours in which they are on. [1]

    Examples
    --------
    >>> accelerator_hours_from_mean_busy_share(busy_hours=60.0, mean_busy_share=0.5)
    120.0
    """
    return busy_hours / mean_busy_share
