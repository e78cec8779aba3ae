"""Carbon per unit of what hardware does: CCI, SCI, and the products that designs are ranked by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="kgCO2e/h", equation="c = C / t", source="conservation")
def carbon_kgco2e_per_hour(*, carbon_kgco2e: Num, accelerator_hours: Num) -> Num:
    """Electricity and hardware of a provisioned device-hour.

    Parameters
    ----------
    carbon_kgco2e
        Carbon of all of them. [kgCO2e]
    accelerator_hours
        Provisioned device-hours. [h] > 0

    Examples
    --------
    >>> carbon_kgco2e_per_hour(carbon_kgco2e=500.0, accelerator_hours=1_000.0)
    0.5
    """
    return carbon_kgco2e / accelerator_hours


@formula(unit="kgCO2e/EFLOP", equation="CCI = C / W", source="google-tpu-lca-2025")
def cci_kgco2e_per_eflop(*, carbon_kgco2e: Num, train_flop: Num) -> Num:
    """Compute carbon intensity: operational and embodied carbon per useful EFLOP.

    Parameters
    ----------
    carbon_kgco2e
        Electricity and hardware of the work. [kgCO2e]
    train_flop
        Model operations done, not the peak of the hours. [FLOP] > 0

    References
    ----------
    Schneider et al. 2025, arXiv 2502.01671: grams per EFLOP over six years.

    Examples
    --------
    >>> cci_kgco2e_per_eflop(carbon_kgco2e=100.0, train_flop=4e20)
    0.25
    """
    return carbon_kgco2e / units.eflop_from_flop(train_flop)


@formula(unit="FLOP", equation="W = W_run * n", source="conservation")
def train_flop_by_repeats(*, run_flop: Num, repeats: Num) -> Num:
    """Work of a run that is made several times in the period.

    Parameters
    ----------
    run_flop
        Model operations of one run. [FLOP]
    repeats
        Runs in the period. [1]

    Examples
    --------
    >>> train_flop_by_repeats(run_flop=1e20, repeats=4.0)
    4e+20
    """
    return run_flop * repeats


@formula(unit="kgCO2e", equation="M = C_a * a", source="iso-iec-21031-2024")
def reserved_kgco2e(*, amortized_kgco2e: Num, allocation_rate: Num) -> Num:
    """Hardware by the share of its calendar life that the work reserves; idle stays unallocated.

    Parameters
    ----------
    amortized_kgco2e
        Share of hardware that these hours carry. [kgCO2e]
    allocation_rate
        By which that share was raised for idle hours. [1] 0 to 1

    Examples
    --------
    >>> reserved_kgco2e(amortized_kgco2e=200.0, allocation_rate=0.5)
    100.0
    """
    return amortized_kgco2e * allocation_rate


@formula(unit="kgCO2e", equation="SCI = (O + M) / R", source="iso-iec-21031-2024")
def sci_kgco2e(*, used_kgco2e: Num, hardware_kgco2e: Num, functional_units: Num) -> Num:
    """Software carbon intensity of one functional unit.

    Parameters
    ----------
    used_kgco2e
        Energy times location-based intensity; contracts and offsets do not count. [kgCO2e]
    hardware_kgco2e
        Hardware by the share of its life that is reserved. [kgCO2e]
    functional_units
        How many of the declared unit. [1] > 0

    Examples
    --------
    >>> sci_kgco2e(used_kgco2e=4.0, hardware_kgco2e=1.0, functional_units=1_000.0)
    0.005
    """
    return (used_kgco2e + hardware_kgco2e) / functional_units


@formula(unit="1", equation="N = n * u * T / t", source="carbonctl-refresh")
def functional_units_by_busy_hours(
    *, machines: Num, busy_share: Num, service_hours: Num, task_hours: Num
) -> Num:
    """Tasks that machines finish in a span.

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
    """Time of a task on a machine that is faster by a ratio.

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


@formula(unit="1", equation="s = max(0, 1 - C_emb / C_op)", source="wu-2022-sustainable-ai")
def crossover_clean_share(*, embodied_kgco2e: Num, operational_kgco2e: Num) -> Num:
    """Carbon-free share of the electricity above which hardware outweighs use.

    Parameters
    ----------
    embodied_kgco2e
        Hardware and buildings. [kgCO2e]
    operational_kgco2e
        Electricity without carbon-free supply. [kgCO2e]

    References
    ----------
    Wu et al. 2022, section III-A: at 30 % embodied and 70 % operational this is 57 %.

    Examples
    --------
    >>> crossover_clean_share(embodied_kgco2e=30.0, operational_kgco2e=40.0)
    0.25
    """
    use = np.where(operational_kgco2e > 0, operational_kgco2e, embodied_kgco2e)
    return np.maximum(1 - embodied_kgco2e / use, 0)
