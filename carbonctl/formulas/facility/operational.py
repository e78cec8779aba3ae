"""Electricity and its carbon, from the accelerator board to the utility meter.

The ladder of boundaries is ``gpu -> node -> it_system -> provisioned -> facility``. A name says
on which rung an energy stands: ``device_energy_kwh`` (boards only), ``it_energy_kwh`` (AC, with
host and network, before PUE), ``facility_energy_kwh`` (at the meter, PUE applied once).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="kWh", equation="E_dev = t * P_dev", source="si-energy-from-power")
def device_energy_kwh(*, accelerator_hours: Num, device_power_w: Num) -> Num:
    """Energy drawn by accelerator boards.

    Parameters
    ----------
    accelerator_hours
        Device-hours, not wall-clock hours. [h] >= 0
    device_power_w
        Mean board power over those hours, host and PUE outside. [W] > 0

    Examples
    --------
    >>> device_energy_kwh(accelerator_hours=1_000.0, device_power_w=700.0)
    700.0
    """
    return units.kwh_from_wh(accelerator_hours * device_power_w)


@formula(unit="kWh", equation="E_dev = t_busy * P_dev", source="si-energy-from-power")
def device_energy_kwh_from_busy_hours(*, busy_hours: Num, device_power_w: Num) -> Num:
    """Energy of accelerator boards over busy hours.

    Parameters
    ----------
    busy_hours
        Device-hours of work. [h] >= 0
    device_power_w
        Mean board power over those hours. [W] > 0

    Examples
    --------
    >>> device_energy_kwh_from_busy_hours(busy_hours=1_000.0, device_power_w=700.0)
    700.0
    """
    return units.kwh_from_wh(busy_hours * device_power_w)


@formula(unit="kWh", equation="E_it = E_dev * k_host", source="training-power-boundaries")
def it_energy_kwh_from_device_energy(*, device_energy_kwh: Num, host_power_factor: Num) -> Num:
    """Energy of the whole IT system, AC, with host and network.

    Parameters
    ----------
    device_energy_kwh
        Energy of the accelerator boards. [kWh]
    host_power_factor
        (accelerators + host + network) / accelerators; the only bridge between the two
        boundaries. [1] >= 1, 1.25 to 1.55 seen for 8-GPU nodes

    Examples
    --------
    >>> it_energy_kwh_from_device_energy(device_energy_kwh=100.0, host_power_factor=1.5)
    150.0
    """
    return device_energy_kwh * host_power_factor


@formula(unit="kWh", equation="E_it = t * P_it", source="si-energy-from-power")
def it_energy_kwh_from_hours(*, accelerator_hours: Num, it_power_w: Num) -> Num:
    """Energy of the whole IT system from a power that already includes host and network.

    Parameters
    ----------
    accelerator_hours
        Device-hours. [h] >= 0
    it_power_w
        Mean AC power per accelerator slot, before PUE. [W] > 0

    Examples
    --------
    >>> it_energy_kwh_from_hours(accelerator_hours=1_000.0, it_power_w=833.0)
    833.0
    """
    return units.kwh_from_wh(accelerator_hours * it_power_w)


@formula(unit="kWh", equation="E_it = E_fac / PUE", source="iso-iec-30134-2")
def it_energy_kwh_from_facility_energy(*, facility_energy_kwh: Num, pue: Num) -> Num:
    """Energy of the IT system, from energy at the facility meter.

    Parameters
    ----------
    facility_energy_kwh
        Energy at the meter. [kWh]
    pue
        Facility over IT energy. [1] >= 1

    Examples
    --------
    >>> it_energy_kwh_from_facility_energy(facility_energy_kwh=125.0, pue=1.25)
    100.0
    """
    return facility_energy_kwh / pue


@formula(unit="kWh", equation="E_fac = E_it * PUE", source="iso-iec-30134-2")
def facility_energy_kwh(*, it_energy_kwh: Num, pue: Num) -> Num:
    """Energy at the utility meter.

    Parameters
    ----------
    it_energy_kwh
        Energy of the IT equipment, AC, idle included where it is provisioned. [kWh]
    pue
        Power usage effectiveness of the site. [1] >= 1; 1.05 to 1.6 seen

    Examples
    --------
    >>> facility_energy_kwh(it_energy_kwh=1_000.0, pue=1.1)
    1100.0
    """
    return it_energy_kwh * pue


@formula(unit="kWh", equation="E_fac = t * P_fac", source="si-energy-from-power")
def facility_energy_kwh_from_hours(*, accelerator_hours: Num, facility_power_w: Num) -> Num:
    """Energy at the meter from a power per accelerator in which PUE is already counted.

    Parameters
    ----------
    accelerator_hours
        Device-hours. [h] >= 0
    facility_power_w
        Power per accelerator "adjusted for power usage efficiency". [W] > 0

    Notes
    -----
    Model cards of the Llama family print such watts. PUE is not applied again.

    Examples
    --------
    >>> facility_energy_kwh_from_hours(accelerator_hours=1_000.0, facility_power_w=400.0)
    400.0
    """
    return units.kwh_from_wh(accelerator_hours * facility_power_w)


@formula(unit="kgCO2e", equation="C = E_fac * CI", source="ghg-protocol-scope2-2015")
def operational_location_kgco2e(
    *, facility_energy_kwh: Num, ci_location_kgco2e_per_kwh: Num
) -> Num:
    """Location-based carbon of electricity, at the grid average.

    Parameters
    ----------
    facility_energy_kwh
        Energy at the meter. [kWh]
    ci_location_kgco2e_per_kwh
        Average carbon intensity of that grid. [kgCO2e/kWh] 0.02 (hydro) to 0.9 (coal) seen

    Examples
    --------
    >>> operational_location_kgco2e(facility_energy_kwh=1_000.0, ci_location_kgco2e_per_kwh=0.4)
    400.0
    """
    return facility_energy_kwh * ci_location_kgco2e_per_kwh


@formula(unit="kgCO2e", equation="C = E_fac * (1 - s) * CI", source="ghg-protocol-scope2-2015")
def operational_market_kgco2e(
    *, facility_energy_kwh: Num, contracted_share: Num, ci_location_kgco2e_per_kwh: Num
) -> Num:
    """Market-based carbon of electricity, after contracted clean supply.

    Parameters
    ----------
    facility_energy_kwh
        Energy at the meter. [kWh]
    contracted_share
        Share of that energy under clean contracts, matched over the year. [1] 0 to 1
    ci_location_kgco2e_per_kwh
        Intensity of the rest. [kgCO2e/kWh]

    Notes
    -----
    The rest should be priced at the residual mix. Few grids publish one, so the location average
    is used; it is lower than a residual mix where contracts are common. Contracts count as 0
    direct emissions: the claim is contractual, not physical.

    Examples
    --------
    >>> operational_market_kgco2e(
    ...     facility_energy_kwh=1_000.0, contracted_share=0.75, ci_location_kgco2e_per_kwh=0.4)
    100.0
    """
    return facility_energy_kwh * (1.0 - contracted_share) * ci_location_kgco2e_per_kwh


@formula(unit="kWh", equation="E = E_run * n", source="si-energy-from-power")
def measured_energy_kwh(*, run_energy_kwh: Num, repeats: Num) -> Num:
    """Energy of a run that is repeated in the period.

    Parameters
    ----------
    run_energy_kwh
        Energy of one run, on the boundary at which it was measured. [kWh]
    repeats
        How often it runs in the period. [1] > 0

    Examples
    --------
    >>> measured_energy_kwh(run_energy_kwh=10.0, repeats=4.0)
    40.0
    """
    return run_energy_kwh * repeats


@formula(unit="kWh", equation="E = s * E_train", source="wu-2022-sustainable-ai")
def it_energy_kwh_by_share(*, training_it_kwh: Num, share: Num) -> Num:
    """IT energy of experiments as a share of training.

    Parameters
    ----------
    training_it_kwh
        IT energy of all training runs. [kWh]
    share
        Experiments over training. [1]

    Examples
    --------
    >>> it_energy_kwh_by_share(training_it_kwh=200.0, share=0.5)
    100.0
    """
    return training_it_kwh * share
