"""Device-hours and energy of a service, and the fleet provisioned for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(
    unit="kWh", equation="E_dev = R * L_out * E_step / B * r", source="carbonctl-serving-model"
)
def device_energy_kwh_from_steps(
    *,
    served_units: Num,
    output_tokens: Num,
    step_energy_j: Num,
    batch: Num,
    energy_residual: Num,
) -> Num:
    """Accelerator energy of all requests.

    Parameters
    ----------
    served_units
        Requests that reach the model. [1]
    output_tokens
        Mean output tokens of a request. [1]
    step_energy_j
        Energy of one decode step of one replica. [J]
    batch
        Sequences decoded together. [1]
    energy_residual
        Error of this model itself: 1, with a range. [1]

    Examples
    --------
    >>> device_energy_kwh_from_steps(served_units=3.6e6, output_tokens=100.0, step_energy_j=10.0,
    ...     batch=10.0, energy_residual=1.0)
    100.0
    """
    tokens = served_units * output_tokens
    return units.kwh_from_j(tokens * step_energy_j / batch) * energy_residual


@formula(unit="h", equation="t_busy = R * L_out * t_step * n / B", source="carbonctl-serving-model")
def busy_hours_from_steps(
    *,
    served_units: Num,
    output_tokens: Num,
    step_s: Num,
    replica_accelerators: Num,
    batch: Num,
) -> Num:
    """Device-hours of serving all requests at the operating point.

    Parameters
    ----------
    served_units
        Requests that reach the model. [1]
    output_tokens
        Mean output tokens of a request. [1]
    step_s
        Time of one decode step. [s]
    replica_accelerators
        Devices in one replica. [1]
    batch
        Sequences decoded together. [1]

    Examples
    --------
    >>> busy_hours_from_steps(served_units=3_600.0, output_tokens=100.0, step_s=0.1,
    ...     replica_accelerators=2.0, batch=10.0)
    2.0
    """
    tokens = served_units * output_tokens
    return units.hours_from_s(tokens * step_s * replica_accelerators / batch)


@formula(unit="h", equation="t_busy = R * L_out * n / q", source="carbonctl-serving-model")
def busy_hours_from_throughput(
    *, served_units: Num, output_tokens: Num, accelerators: Num, throughput_per_hour: Num
) -> Num:
    """Device-hours of serving all requests at a measured throughput.

    Parameters
    ----------
    served_units
        Requests that reach the model. [1]
    output_tokens
        Mean output tokens of a request. [1]
    accelerators
        Devices that reach the throughput together. [1]
    throughput_per_hour
        Output tokens per hour of those devices. [1/h]

    Examples
    --------
    >>> busy_hours_from_throughput(served_units=1_000.0, output_tokens=100.0, accelerators=8.0,
    ...     throughput_per_hour=1e5)
    8.0
    """
    return served_units * output_tokens * accelerators / throughput_per_hour


@formula(unit="h", equation="t_busy = R * F_1 / (peak * e)", source="carbonctl-serving-model")
def busy_hours_from_flop(
    *, served_units: Num, unit_flop: Num, peak_flop_per_s: Num, compute_efficiency: Num
) -> Num:
    """Device-hours of compute-bound serving.

    Parameters
    ----------
    served_units
        Images, clips or items that reach the model. [1]
    unit_flop
        Work of one. [FLOP]
    peak_flop_per_s
        Dense peak of one device in the number format used. [FLOP/s]
    compute_efficiency
        Reached over peak. [1]

    Examples
    --------
    >>> busy_hours_from_flop(served_units=3_600.0, unit_flop=1e14, peak_flop_per_s=1e15,
    ...     compute_efficiency=0.2)
    0.5
    """
    return units.hours_from_s(served_units * unit_flop / (peak_flop_per_s * compute_efficiency))


@formula(unit="h", equation="t_busy = R * t_1", source="carbonctl-serving-model")
def busy_hours_from_unit_time(*, served_units: Num, unit_s: Num) -> Num:
    """Device-hours of serving units that each hold one device for a time.

    Parameters
    ----------
    served_units
        Units that reach the model. [1]
    unit_s
        Time of one unit on one device at the operating point. [s]

    Examples
    --------
    >>> busy_hours_from_unit_time(served_units=3_600.0, unit_s=0.5)
    0.5
    """
    return units.hours_from_s(served_units * unit_s)


@formula(unit="h", equation="t_busy = t_0 * r", source="carbonctl-serving-model")
def busy_hours_by_residual(*, modeled_hours: Num, energy_residual: Num) -> Num:
    """Device-hours of serving with the error of the model itself.

    Parameters
    ----------
    modeled_hours
        Hours as the model gives them. [h]
    energy_residual
        1, with the range of the model's own error. [1]

    Examples
    --------
    >>> busy_hours_by_residual(modeled_hours=100.0, energy_residual=1.0)
    100.0
    """
    return modeled_hours * energy_residual


@formula(unit="h", equation="t = max(t_load, n_mem * T)", source="wu-2022-sustainable-ai")
def accelerator_hours_by_capacity(
    *, load_hours: Num, memory_devices: Num, period_hours: Num
) -> Num:
    """Provisioned hours when either load or memory capacity sets the fleet.

    Parameters
    ----------
    load_hours
        Hours that the load asks for. [h]
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
    """Busy over provisioned hours, as they came out.

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
    """Devices needed to hold tables in memory.

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
    """Hours that the load alone would ask for, before memory capacity is looked at.

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


@formula(unit="1", equation="u_mean = u / r", source="carbonctl-boundary-ladder")
def mean_busy_share(*, busy_share: Num, peak_to_mean: Num) -> Num:
    """Busy over provisioned hours, averaged over the load's ups and downs.

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
