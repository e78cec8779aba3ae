"""Replacing hardware: savings at equal work, and break-even of the new embodied carbon.

What made the old hardware is spent whether or not it runs on, so no formula of the decision
takes it; ``written_off_kgco2e`` is shown apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="kgCO2e", equation="C = n * c * f * t", source="carbonctl-refresh")
def spares_kgco2e(
    *, machines: Num, manufacturing_kgco2e: Num, spares_per_year: Num, service_hours: Num
) -> Num:
    """Embodied carbon of parts that replace failed ones.

    Parameters
    ----------
    machines
        Whole machines. [1]
    manufacturing_kgco2e
        Manufacturing of one. [kgCO2e]
    spares_per_year
        Share of a machine's parts, by carbon, that fails in a year. [1/y] 0 to 0.09; it rises
        with age
    service_hours
        Calendar hours. [h]

    Examples
    --------
    >>> spares_kgco2e(machines=2.0, manufacturing_kgco2e=5_000.0, spares_per_year=0.03,
    ...     service_hours=17_520.0)
    600.0
    """
    years = units.years_from_hours(service_hours)
    return machines * manufacturing_kgco2e * spares_per_year * years


@formula(unit="kgCO2e", equation="S = C_keep - C_replace", source="carbonctl-refresh")
def saved_kgco2e(*, kept_kgco2e: Num, replaced_kgco2e: Num) -> Num:
    """Carbon in service that new hardware saves over the horizon; may be negative.

    Parameters
    ----------
    kept_kgco2e
        Electricity and spares of the old hardware. [kgCO2e]
    replaced_kgco2e
        Electricity and spares of the new hardware for the same work. [kgCO2e]

    Examples
    --------
    >>> saved_kgco2e(kept_kgco2e=100.0, replaced_kgco2e=40.0)
    60.0
    """
    return kept_kgco2e - replaced_kgco2e


@formula(unit="kgCO2e/y", equation="s = S / T", source="carbonctl-refresh")
def saved_kgco2e_per_year(*, saved_kgco2e: Num, service_hours: Num) -> Num:
    """Carbon in service that new hardware saves per year.

    Parameters
    ----------
    saved_kgco2e
        Saved in service over ``service_hours``. [kgCO2e]
    service_hours
        The span in which that is saved, at a steady rate. [h]

    Notes
    -----
    A longer life is worth it while this stays below what a year of the new hardware costs to make
    (``embodied_kgco2e_per_year``). Spares of the old grow with age.

    Examples
    --------
    >>> saved_kgco2e_per_year(saved_kgco2e=1_000.0, service_hours=35_040.0)
    250.0
    """
    return saved_kgco2e / units.years_from_hours(service_hours)


@formula(unit="y", equation="t = T * (C_new / S if S > 0 else inf)", source="carbonctl-refresh")
def break_even_years(*, new_kgco2e: Num, saved_kgco2e: Num, service_hours: Num) -> Num:
    """Time after which savings equal the embodied carbon of the new hardware; inf for never.

    Parameters
    ----------
    new_kgco2e
        The new hardware, cradle to grave. [kgCO2e]
    saved_kgco2e
        Saved in service over ``service_hours``. [kgCO2e]
    service_hours
        The span in which that is saved, at a steady rate. [h]

    Notes
    -----
    The embodied carbon of the old hardware is sunk and stands nowhere here (Bashir et al. 2024,
    the sunk carbon fallacy).

    Examples
    --------
    >>> break_even_years(new_kgco2e=500.0, saved_kgco2e=1_000.0, service_hours=35_040.0)
    2.0
    """
    years = units.years_from_hours(service_hours)
    spans = new_kgco2e / np.where(saved_kgco2e > 0, saved_kgco2e, np.nan)
    return years * np.where(saved_kgco2e > 0, spans, np.inf)


@formula(
    unit="kgCO2e/kWh",
    equation="CI = (C_new + F_new - F_old) / (E_old - E_new) if E_old > E_new else inf",
    source="carbonctl-refresh",
)
def break_even_kgco2e_per_kwh(
    *,
    new_kgco2e: Num,
    new_spares_kgco2e: Num,
    old_spares_kgco2e: Num,
    old_facility_energy_kwh: Num,
    new_facility_energy_kwh: Num,
) -> Num:
    """Grid intensity above which replacing breaks even within the horizon; inf where none.

    Below zero, spares alone pay for the new hardware. Where the new draws as much or more, no
    dirtier grid makes it pay, even if spares pay for it on a clean one.

    Parameters
    ----------
    new_kgco2e
        The new hardware, cradle to grave. [kgCO2e] > 0, or spares are
    new_spares_kgco2e, old_spares_kgco2e
        Spares over the span. [kgCO2e]
    old_facility_energy_kwh, new_facility_energy_kwh
        Energy at the meter over the span, for the same work. [kWh]

    Examples
    --------
    >>> break_even_kgco2e_per_kwh(new_kgco2e=500.0, new_spares_kgco2e=50.0,
    ...     old_spares_kgco2e=50.0, old_facility_energy_kwh=15_000.0,
    ...     new_facility_energy_kwh=5_000.0)
    0.05
    """
    less = old_facility_energy_kwh - new_facility_energy_kwh
    made = new_kgco2e + new_spares_kgco2e
    ever = np.where(less > 0, made - old_spares_kgco2e, np.inf * (made + old_spares_kgco2e))
    return ever / np.where(less > 0, less, new_facility_energy_kwh)


@formula(
    unit="1",
    equation="q = C_replace / C_keep * g^(t / t_g) * (1 if C_keep > 0 else inf)",
    source="wu-2022-sustainable-ai",
)
def carbon_ratio(
    *,
    replaced_kgco2e: Num,
    kept_kgco2e: Num,
    growth_ratio: Num,
    growth_hours: Num,
    service_hours: Num,
) -> Num:
    """Carbon after replacement and growth of demand over the horizon, over that of today.

    Parameters
    ----------
    replaced_kgco2e, kept_kgco2e
        Carbon of the same work, with the new hardware and with the old. [kgCO2e]
    growth_ratio, growth_hours
        Demand grows by this ratio in this time, met by hardware of the new kind. [1], [h]
    service_hours
        The span. [h]

    References
    ----------
    Wu et al. 2022, figure 8: 20 % less every half year for two years, and demand 1.75 times as
    high, leave 0.715.

    Examples
    --------
    >>> carbon_ratio(replaced_kgco2e=50.0, kept_kgco2e=100.0, growth_ratio=1.5,
    ...     growth_hours=8_760.0, service_hours=17_520.0)
    1.125
    """
    ever = np.where(kept_kgco2e > 0, 1, np.inf)
    ratio = ever * replaced_kgco2e / np.where(kept_kgco2e > 0, kept_kgco2e, replaced_kgco2e)
    return ratio * growth_ratio ** (service_hours / growth_hours)


@formula(unit="1", equation="g = (C_keep / C_replace)^(t_g / t)", source="wu-2022-sustainable-ai")
def break_even_growth_ratio(
    *, kept_kgco2e: Num, replaced_kgco2e: Num, growth_hours: Num, service_hours: Num
) -> Num:
    """Growth of demand at which the carbon ratio is 1.

    Parameters
    ----------
    kept_kgco2e, replaced_kgco2e
        Carbon of the same work, with the old hardware and with the new. [kgCO2e]
    growth_hours
        The time in which demand grows by the ratio returned. [h]
    service_hours
        The span. [h]

    Examples
    --------
    >>> break_even_growth_ratio(kept_kgco2e=225.0, replaced_kgco2e=100.0, growth_hours=8_760.0,
    ...     service_hours=17_520.0)
    1.5
    """
    return (kept_kgco2e / replaced_kgco2e) ** (growth_hours / service_hours)
