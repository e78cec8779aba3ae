"""Carbon per device-hour, per EFLOP (CCI) and per functional unit (SCI)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="kgCO2e/h", equation="c = C / t", source="conservation")
def carbon_kgco2e_per_hour(*, carbon_kgco2e: Num, accelerator_hours: Num) -> Num:
    """Operational and embodied carbon per provisioned device-hour.

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
    """Work of a run that is repeated in the period.

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
    """Embodied carbon by reserved calendar time; idle time stays unallocated.

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


@formula(unit="1", equation="s = max(0, 1 - C_emb / C_op)", source="wu-2022-sustainable-ai")
def crossover_clean_share(*, embodied_kgco2e: Num, operational_kgco2e: Num) -> Num:
    """Carbon-free share of electricity above which embodied exceeds operational; 1 for never.

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
    ratio = embodied_kgco2e / np.where(operational_kgco2e > 0, operational_kgco2e, np.nan)
    unused = np.where(embodied_kgco2e > 0, 0, 1)
    return np.where(operational_kgco2e > 0, np.maximum(1 - ratio, 0), unused)
