"""Stored data: energy and embodied carbon of its drives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="GB", equation="S = s * r * m", source="wu-2022-sustainable-ai")
def stored_gb(*, data_gb: Num, replicas: Num, mean_growth: Num) -> Num:
    """Bytes on drives, averaged over the period.

    Parameters
    ----------
    data_gb
        Unique data at the start. [GB]
    replicas
        Copies kept. [1] >= 1
    mean_growth
        Mean of the data over the period divided by the data at its start. [1]

    Examples
    --------
    >>> stored_gb(data_gb=100.0, replicas=3.0, mean_growth=1.0)
    300.0
    """
    return data_gb * replicas * mean_growth


@formula(unit="kWh", equation="E_it = S * p * t", source="ccf")
def it_energy_kwh_from_storage(*, stored_gb: Num, storage_w_per_gb: Num, period_hours: Num) -> Num:
    """Energy of drives over the period.

    Parameters
    ----------
    stored_gb
        Bytes on drives. [GB]
    storage_w_per_gb
        Power per stored byte, server share included. [W/GB] 0.00065 disk, 0.0012 flash
    period_hours
        How long. [h]

    Examples
    --------
    >>> it_energy_kwh_from_storage(stored_gb=1e6, storage_w_per_gb=0.001, period_hours=1_000.0)
    1000.0
    """
    return units.kwh_from_wh(stored_gb * storage_w_per_gb * period_hours)


@formula(unit="kgCO2e", equation="C = S * k * T / L", source="iso-iec-21031-2024")
def storage_embodied_kgco2e(
    *, stored_gb: Num, storage_kgco2e_per_gb: Num, period_hours: Num, lifetime_hours: Num
) -> Num:
    """Share of the drives' manufacturing that is allocated to the period.

    Parameters
    ----------
    stored_gb
        Bytes on drives. [GB]
    storage_kgco2e_per_gb
        Manufacturing per byte. [kgCO2e/GB]
    period_hours
        How long the bytes are kept. [h]
    lifetime_hours
        Life of a drive. [h]

    Examples
    --------
    >>> storage_embodied_kgco2e(stored_gb=1e6, storage_kgco2e_per_gb=0.002, period_hours=100.0,
    ...     lifetime_hours=1_000.0)
    200.0
    """
    return stored_gb * storage_kgco2e_per_gb * period_hours / lifetime_hours


@formula(
    unit="1",
    equation="m = (G - 1) / ln(G), G = g^(T/tau); 1 at G = 1",
    source="wu-2022-sustainable-ai",
)
def mean_growth(*, growth_ratio: Num, period_hours: Num, growth_hours: Num) -> Num:
    """Mean of an exponentially growing stock over a period, relative to its start.

    Parameters
    ----------
    growth_ratio
        Growth over ``growth_hours``. [1] > 0
    period_hours
        Length of the period. [h]
    growth_hours
        Time in which the stock grows by the ratio. [h]

    References
    ----------
    Wu et al., MLSys 2022, figure 2b: 2.4 times in two years.

    Examples
    --------
    >>> round(mean_growth(growth_ratio=2.4, period_hours=17_520.0, growth_hours=17_520.0), 4)
    1.5991
    """
    exponent = np.log(growth_ratio) * (period_hours / growth_hours)
    steady = exponent == 0.0
    return np.where(steady, 1.0, np.expm1(exponent) / np.where(steady, 1.0, exponent))
