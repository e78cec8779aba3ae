"""Units of a service: per day, per 1,000 tokens, per second of video, break-even."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="1", equation="n = R * L_out / 1000", source="conservation")
def functional_units_by_thousand_tokens(*, functional_units: Num, output_tokens: Num) -> Num:
    """Thousands of output tokens.

    Parameters
    ----------
    functional_units
        Requests answered. [1]
    output_tokens
        Mean tokens of an answer. [1]

    Examples
    --------
    >>> functional_units_by_thousand_tokens(functional_units=1_000.0, output_tokens=300.0)
    300.0
    """
    return units.thousands(functional_units * output_tokens)


@formula(unit="1", equation="n = R / 1e6", source="conservation")
def functional_units_by_million(*, functional_units: Num) -> Num:
    """Millions of units served.

    Parameters
    ----------
    functional_units
        Units served. [1]

    Examples
    --------
    >>> functional_units_by_million(functional_units=3e6)
    3.0
    """
    return units.millions(functional_units)


@formula(unit="1", equation="n = R * f / fps", source="conservation")
def functional_units_by_video_second(
    *, functional_units: Num, frames: Num, frames_per_second: Num
) -> Num:
    """Seconds of generated video.

    Parameters
    ----------
    functional_units
        Clips made. [1]
    frames, frames_per_second
        Frames of one, and how many of them make a second. [1]

    Examples
    --------
    >>> functional_units_by_video_second(functional_units=10.0, frames=48.0, frames_per_second=24.0)
    20.0
    """
    return functional_units * frames / frames_per_second


@formula(unit="kgCO2e", equation="C_d = C * 24 h / T", source="conservation")
def per_day_kgco2e(*, carbon_kgco2e: Num, day_hours: Num, period_hours: Num) -> Num:
    """Carbon of a mean day.

    Parameters
    ----------
    carbon_kgco2e
        Of the period. [kgCO2e]
    day_hours, period_hours
        Length of a day, and of the period. [h]

    Examples
    --------
    >>> per_day_kgco2e(carbon_kgco2e=365.0, day_hours=24.0, period_hours=8_760.0)
    1.0
    """
    return carbon_kgco2e * day_hours / period_hours


@formula(unit="kWh", equation="E_d = E * 24 h / T", source="conservation")
def per_day_kwh(*, facility_energy_kwh: Num, day_hours: Num, period_hours: Num) -> Num:
    """Energy of a mean day at the utility meter.

    Parameters
    ----------
    facility_energy_kwh
        Of the period. [kWh]
    day_hours, period_hours
        Length of a day, and of the period. [h]

    Examples
    --------
    >>> per_day_kwh(facility_energy_kwh=730.0, day_hours=24.0, period_hours=8_760.0)
    2.0
    """
    return facility_energy_kwh * day_hours / period_hours


@formula(unit="Wh", equation="E_1 = E / n", source="iso-iec-21031-2024")
def per_unit_wh_by_boundary(*, boundary_kwh: Num, functional_units: Num) -> Num:
    """Energy of one functional unit at a boundary below the meter.

    Parameters
    ----------
    boundary_kwh
        Energy of the service on that rung. [kWh]
    functional_units
        Units served. [1]

    Examples
    --------
    >>> per_unit_wh_by_boundary(boundary_kwh=0.5, functional_units=1_000.0)
    0.5
    """
    return units.wh_from_kwh(boundary_kwh / functional_units)


@formula(unit="1", equation="n = C_train / C_1", source="conservation")
def break_even_units(*, training_kgco2e: Num, unit_kgco2e: Num) -> Num:
    """Units at which serving has emitted as much as training.

    Parameters
    ----------
    training_kgco2e
        All training runs, with their share of hardware and buildings. [kgCO2e]
    unit_kgco2e
        Serving of one unit, likewise. [kgCO2e]

    Examples
    --------
    >>> break_even_units(training_kgco2e=1_000.0, unit_kgco2e=0.001)
    1000000.0
    """
    return training_kgco2e / unit_kgco2e
