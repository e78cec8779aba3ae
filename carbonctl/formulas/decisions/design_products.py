"""Products of carbon with delay or energy of a task, which rank designs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="1", equation="N = n * u * T / t", source="carbonctl-refresh")
def functional_units_by_busy_hours(
    *, machines: Num, busy_share: Num, service_hours: Num, task_hours: Num
) -> Num:
    """Tasks that machines finish over a horizon.

    Parameters
    ----------
    machines
        Whole machines. [1]
    busy_share
        Busy over all hours in service. [1]
    service_hours, task_hours
        The span, and the time of one task on one machine. [h]

    Examples
    --------
    >>> functional_units_by_busy_hours(
    ...     machines=2.0, busy_share=0.5, service_hours=1_000.0, task_hours=1.0)
    1000.0
    """
    return machines * busy_share * service_hours / task_hours


@formula(unit="kWh", equation="E_1 = E / N", source="conservation")
def task_energy_kwh(*, facility_energy_kwh: Num, functional_units: Num) -> Num:
    """Energy of one task at the utility meter, idle hours included.

    Parameters
    ----------
    facility_energy_kwh
        Energy of all tasks at the meter. [kWh]
    functional_units
        How many. [1] > 0

    Examples
    --------
    >>> task_energy_kwh(facility_energy_kwh=1_000.0, functional_units=500.0)
    2.0
    """
    return facility_energy_kwh / functional_units


@formula(unit="h", equation="D = t / r", source="act-2022")
def delay_hours(*, task_hours: Num, performance_ratio: Num) -> Num:
    """Time of a task on a machine of another performance.

    Parameters
    ----------
    task_hours
        Time on the machine that it is compared with. [h]
    performance_ratio
        Work of this machine over that of the other. [1] > 0

    Examples
    --------
    >>> delay_hours(task_hours=1.0, performance_ratio=4.0)
    0.25
    """
    return task_hours / performance_ratio


@formula(unit="kgCO2e*h", equation="CDP = C * D", source="act-2022")
def cdp_kgco2e_h(*, item_kgco2e: Num, delay_hours: Num) -> Num:
    """Carbon-delay product: embodied carbon times time of a task.

    Parameters
    ----------
    item_kgco2e
        Embodied carbon of the hardware. [kgCO2e]
    delay_hours
        Time of a task on it. [h]

    Examples
    --------
    >>> cdp_kgco2e_h(item_kgco2e=2.0, delay_hours=3.0)
    6.0
    """
    return item_kgco2e * delay_hours


@formula(unit="kgCO2e*kWh", equation="CEP = C * E", source="act-2022")
def cep_kgco2e_kwh(*, item_kgco2e: Num, task_energy_kwh: Num) -> Num:
    """Carbon-energy product: embodied carbon times energy of a task.

    Parameters
    ----------
    item_kgco2e
        Embodied carbon of the hardware. [kgCO2e]
    task_energy_kwh
        Energy of a task on it. [kWh]

    Examples
    --------
    >>> cep_kgco2e_kwh(item_kgco2e=2.0, task_energy_kwh=5.0)
    10.0
    """
    return item_kgco2e * task_energy_kwh


@formula(unit="kgCO2e2*kWh", equation="C2EP = C^2 * E", source="act-2022")
def c2ep_kgco2e2_kwh(*, item_kgco2e: Num, task_energy_kwh: Num) -> Num:
    """Carbon-energy product that weighs embodied carbon twice, for long-idle hardware.

    Parameters
    ----------
    item_kgco2e
        Embodied carbon of the hardware. [kgCO2e]
    task_energy_kwh
        Energy of a task on it. [kWh]

    Examples
    --------
    >>> c2ep_kgco2e2_kwh(item_kgco2e=2.0, task_energy_kwh=5.0)
    20.0
    """
    return item_kgco2e**2 * task_energy_kwh


@formula(unit="kgCO2e*kWh2", equation="CE2P = C * E^2", source="act-2022")
def ce2p_kgco2e_kwh2(*, item_kgco2e: Num, task_energy_kwh: Num) -> Num:
    """Carbon-energy product that weighs energy twice, for busy hardware.

    Parameters
    ----------
    item_kgco2e
        Embodied carbon of the hardware. [kgCO2e]
    task_energy_kwh
        Energy of a task on it. [kWh]

    Examples
    --------
    >>> ce2p_kgco2e_kwh2(item_kgco2e=2.0, task_energy_kwh=5.0)
    50.0
    """
    return item_kgco2e * task_energy_kwh**2


@formula(unit="kgCO2e*h", equation="tCDP = (O + M) * D", source="cordoba-2025")
def tcdp_kgco2e_h(*, operational_kgco2e: Num, hardware_kgco2e: Num, delay_hours: Num) -> Num:
    """Total carbon-delay product: use and amortized hardware, times time of a task.

    Parameters
    ----------
    operational_kgco2e
        Electricity of a task. [kgCO2e]
    hardware_kgco2e
        Hardware that the task carries. [kgCO2e]
    delay_hours
        Time of the task. [h]

    References
    ----------
    CORDOBA, HPCA 2025: ranks designs by it, over how long and where they run.

    Examples
    --------
    >>> tcdp_kgco2e_h(operational_kgco2e=3.0, hardware_kgco2e=1.0, delay_hours=2.0)
    8.0
    """
    return (operational_kgco2e + hardware_kgco2e) * delay_hours
