"""Allocation of one-time emissions to the work that they enable, and sums and units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="h", equation="t_m = t_acc / n", source="carbonctl-boundary-ladder")
def machine_hours(*, accelerator_hours: Num, accelerators_per_machine: Num) -> Num:
    """Hours of whole machines behind accelerator-hours.

    Parameters
    ----------
    accelerator_hours
        Provisioned device-hours. [h]
    accelerators_per_machine
        Devices that share a host. [1] >= 1

    Examples
    --------
    >>> machine_hours(accelerator_hours=80.0, accelerators_per_machine=8.0)
    10.0
    """
    return accelerator_hours / accelerators_per_machine


@formula(unit="kgCO2e", equation="C_a = C * t / (L * a)", source="iso-iec-21031-2024")
def amortized_kgco2e(
    *, item_kgco2e: Num, machine_hours: Num, lifetime_hours: Num, allocation_rate: Num
) -> Num:
    """Share of a machine's carbon that is allocated to these hours.

    Parameters
    ----------
    item_kgco2e
        Carbon of one whole machine. [kgCO2e]
    machine_hours
        Provisioned hours of that machine. [h]
    lifetime_hours
        Calendar life. [h] 3 to 6 years seen
    allocation_rate
        Share of the life in which the machine is allocated to any work. [1] 0 to 1; 1 is the
        rule of ISO/IEC 21031, which leaves idle hours unallocated

    Examples
    --------
    >>> amortized_kgco2e(item_kgco2e=5_000.0, machine_hours=876.0, lifetime_hours=43_800.0,
    ...     allocation_rate=0.5)
    200.0
    """
    return item_kgco2e * machine_hours / (lifetime_hours * allocation_rate)


@formula(unit="kgCO2e/h", equation="c = C / (n * L * a)", source="iso-iec-21031-2024")
def embodied_kgco2e_per_hour(
    *,
    item_kgco2e: Num,
    accelerators_per_machine: Num,
    lifetime_hours: Num,
    allocation_rate: Num,
) -> Num:
    """Embodied carbon per accelerator-hour.

    Parameters
    ----------
    item_kgco2e
        Carbon of one whole machine. [kgCO2e]
    accelerators_per_machine
        Devices that share it; 1 for a machine without any. [1] >= 1
    lifetime_hours
        Calendar life. [h]
    allocation_rate
        Share of the life in which the machine is allocated to any work. [1] 0 to 1

    Examples
    --------
    >>> embodied_kgco2e_per_hour(item_kgco2e=7_008.0, accelerators_per_machine=8.0,
    ...     lifetime_hours=43_800.0, allocation_rate=0.5)
    0.04
    """
    return item_kgco2e / (accelerators_per_machine * lifetime_hours * allocation_rate)


@formula(unit="kgCO2e", equation="C_b = C_base / n", source="conservation")
def base_share_kgco2e(*, base_footprint_kgco2e: Num, downstream_uses: Num) -> Num:
    """Equal share of a base model's footprint for one model derived from it.

    Parameters
    ----------
    base_footprint_kgco2e
        Carbon of making the base model, electricity and hardware, as stated. [kgCO2e]
    downstream_uses
        Models made from it, over which its carbon is shared. [1] > 0

    Examples
    --------
    >>> base_share_kgco2e(base_footprint_kgco2e=300_000.0, downstream_uses=1_000.0)
    300.0
    """
    return base_footprint_kgco2e / downstream_uses


@formula(unit="kgCO2e", equation="C_useful = C * g", source="conservation")
def useful_kgco2e(*, run_kgco2e: Num, goodput: Num) -> Num:
    """Carbon of the useful part of a run.

    Parameters
    ----------
    run_kgco2e
        Carbon of all billed time. [kgCO2e]
    goodput
        Useful share of billed time. [1]

    Examples
    --------
    >>> useful_kgco2e(run_kgco2e=100.0, goodput=0.75)
    75.0
    """
    return run_kgco2e * goodput


@formula(unit="kgCO2e", equation="C_lost = C * (1 - g)", source="conservation")
def lost_kgco2e(*, run_kgco2e: Num, goodput: Num) -> Num:
    """Carbon of the lost part of a run: restarts, stalls and repeated work.

    Parameters
    ----------
    run_kgco2e
        Carbon of all billed time. [kgCO2e]
    goodput
        Useful share of billed time. [1]

    Examples
    --------
    >>> lost_kgco2e(run_kgco2e=100.0, goodput=0.75)
    25.0
    """
    return run_kgco2e * (1.0 - goodput)


@formula(unit="kgCO2e", equation="C = sum(C_i)", source="conservation")
def total_kgco2e(*, parts_kgco2e: tuple[Num, ...]) -> Num:
    """Sum of carbon over parts.

    Parameters
    ----------
    parts_kgco2e
        The parts, none counted twice. [kgCO2e]

    Examples
    --------
    >>> total_kgco2e(parts_kgco2e=(1.0, 2.0, 3.5))
    6.5
    """
    return sum(parts_kgco2e[1:], start=parts_kgco2e[0])


@formula(unit="kWh", equation="E = sum(E_i)", source="conservation")
def total_energy_kwh(*, parts_kwh: tuple[Num, ...]) -> Num:
    """Sum of energy over parts on one boundary.

    Parameters
    ----------
    parts_kwh
        The parts, all on the same boundary. [kWh]

    Examples
    --------
    >>> total_energy_kwh(parts_kwh=(1.0, 2.0))
    3.0
    """
    return sum(parts_kwh[1:], start=parts_kwh[0])


@formula(unit="h", equation="t = sum(t_i)", source="conservation")
def total_hours(*, parts_hours: tuple[Num, ...]) -> Num:
    """Sum of device-hours over runs.

    Parameters
    ----------
    parts_hours
        The runs. [h]

    Examples
    --------
    >>> total_hours(parts_hours=(1.0, 2.0))
    3.0
    """
    return sum(parts_hours[1:], start=parts_hours[0])


@formula(unit="L", equation="W = sum(W_i)", source="conservation")
def total_water_l(*, parts_l: tuple[Num, ...]) -> Num:
    """Sum of water over parts.

    Parameters
    ----------
    parts_l
        The parts. [L]

    Examples
    --------
    >>> total_water_l(parts_l=(1.0, 2.0))
    3.0
    """
    return sum(parts_l[1:], start=parts_l[0])


@formula(unit="kgCO2e", equation="C_1 = C / n", source="iso-iec-21031-2024")
def per_unit_kgco2e(*, carbon_kgco2e: Num, functional_units: Num) -> Num:
    """Carbon of one functional unit.

    Parameters
    ----------
    carbon_kgco2e
        Carbon of all of them. [kgCO2e]
    functional_units
        How many: requests, images, items. [1] > 0

    Examples
    --------
    >>> per_unit_kgco2e(carbon_kgco2e=500.0, functional_units=1_000.0)
    0.5
    """
    return carbon_kgco2e / functional_units


@formula(unit="Wh", equation="E_1 = E / n", source="iso-iec-21031-2024")
def per_unit_energy_wh(*, facility_energy_kwh: Num, functional_units: Num) -> Num:
    """Energy of one functional unit at the utility meter.

    Parameters
    ----------
    facility_energy_kwh
        Energy of all of them at the meter. [kWh]
    functional_units
        How many. [1] > 0

    Examples
    --------
    >>> per_unit_energy_wh(facility_energy_kwh=1.0, functional_units=500.0)
    2.0
    """
    return units.wh_from_kwh(facility_energy_kwh / functional_units)


@formula(unit="mL", equation="W_1 = W / n", source="iso-iec-21031-2024")
def per_unit_water_ml(*, water_l: Num, functional_units: Num) -> Num:
    """Water of one functional unit.

    Parameters
    ----------
    water_l
        Water of all of them. [L]
    functional_units
        How many. [1] > 0

    Examples
    --------
    >>> per_unit_water_ml(water_l=1.0, functional_units=500.0)
    2.0
    """
    return units.ml_from_l(water_l / functional_units)
