"""Device-hours and energy of a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


@formula(unit="h", equation="t_busy = R * t * n / B", source="carbonctl-serving-model")
def busy_hours_from_batches(
    *, served_units: Num, batch_s: Num, replica_accelerators: Num, batch: Num
) -> Num:
    """Device-hours of serving units that are generated in batches.

    Parameters
    ----------
    served_units
        Images, clips or samples that reach the model. [1]
    batch_s
        Time of one batch. [s]
    replica_accelerators
        Devices that share one batch. [1]
    batch
        Units made together. [1]

    Examples
    --------
    >>> busy_hours_from_batches(served_units=3_600.0, batch_s=2.0, replica_accelerators=2.0,
    ...     batch=4.0)
    1.0
    """
    return units.hours_from_s(served_units * batch_s * replica_accelerators / batch)


@formula(unit="kWh", equation="E_dev = R * E_B / B * r", source="carbonctl-serving-model")
def device_energy_kwh_from_batches(
    *, served_units: Num, batch_energy_j: Num, batch: Num, energy_residual: Num
) -> Num:
    """Accelerator energy of units that are generated in batches.

    Parameters
    ----------
    served_units
        Images, clips or samples that reach the model. [1]
    batch_energy_j
        Energy of one batch. [J]
    batch
        Units made together. [1]
    energy_residual
        Error of this model itself: 1, with a range. [1]

    Examples
    --------
    >>> device_energy_kwh_from_batches(served_units=3.6e6, batch_energy_j=4.0, batch=4.0,
    ...     energy_residual=1.0)
    1.0
    """
    return units.kwh_from_j(served_units * batch_energy_j / batch) * energy_residual


@formula(unit="h", equation="t_busy = R * t_1", source="carbonctl-serving-model")
def busy_hours_from_unit_time(*, served_units: Num, unit_s: Num) -> Num:
    """Device-hours of serving units, from the time of one unit on one device.

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
    """Device-hours of serving with the residual of the model.

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


@formula(unit="1", equation="e = e_q * s", source="carbonctl-serving-model")
def served_efficiency(*, queue_efficiency: Num, served_share: Num) -> Num:
    """Compute efficiency of online serving: that of a queue times the served share.

    Parameters
    ----------
    queue_efficiency
        Reached over peak, samples waiting in a queue. [1]
    served_share
        Throughput under a latency target over that from a queue. [1]

    Examples
    --------
    >>> served_efficiency(queue_efficiency=0.5, served_share=0.8)
    0.4
    """
    return queue_efficiency * served_share


@formula(unit="s", equation="t_1 = F_1 / (peak * e)", source="carbonctl-serving-model")
def unit_s_from_flop(*, unit_flop: Num, peak_flop_per_s: Num, compute_efficiency: Num) -> Num:
    """Time of one sample on one device that computes without pause.

    Parameters
    ----------
    unit_flop
        Work of one. [FLOP]
    peak_flop_per_s
        Dense peak of one device in the number format used. [FLOP/s]
    compute_efficiency
        Reached over peak. [1]

    Examples
    --------
    >>> unit_s_from_flop(unit_flop=1e14, peak_flop_per_s=1e15, compute_efficiency=0.2)
    0.5
    """
    return unit_flop / (peak_flop_per_s * compute_efficiency)


@formula(unit="kWh", equation="E_dev = E_0 * r_m", source="carbonctl-serving-model")
def device_energy_kwh_by_media(*, device_energy_kwh: Num, media_residual: Num) -> Num:
    """Accelerator energy of requests with images, video or audio.

    Parameters
    ----------
    device_energy_kwh
        As if all tokens were words. [kWh]
    media_residual
        What was measured with media over that. [1]

    Examples
    --------
    >>> device_energy_kwh_by_media(device_energy_kwh=10.0, media_residual=1.5)
    15.0
    """
    return device_energy_kwh * media_residual
