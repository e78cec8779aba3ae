"""Construction of the datacenter, allocated by IT power."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="kgCO2e", equation="C = E_it / 8760 h * K", source="google-tpu-lca-2025")
def construction_kgco2e(*, it_energy_kwh: Num, construction_kgco2e_per_kw_year: Num) -> Num:
    """Share of datacenter construction that is allocated to this work.

    Parameters
    ----------
    it_energy_kwh
        Energy of the IT equipment; a kilowatt-year is 8,760 kWh. [kWh]
    construction_kgco2e_per_kw_year
        Construction per average IT kilowatt and year. [kgCO2e/kW/y] 9 to 115 seen

    Notes
    -----
    The factor is per IT power: PUE is inside it. Use it or the building's parts, never both.

    References
    ----------
    Schneider et al. 2025, arXiv 2502.01671: 59 and 109 kg per chip over six years at 1171 and
    2173 W per machine of eight chips, which agree on 67 kg per average kW and year.

    Examples
    --------
    >>> construction_kgco2e(it_energy_kwh=8_760.0, construction_kgco2e_per_kw_year=67.0)
    67.0
    """
    return units.kw_years_from_kwh(it_energy_kwh) * construction_kgco2e_per_kw_year


@formula(unit="kgCO2e", equation="C = P * u * L / 1000 / 8760 h * K", source="google-tpu-lca-2025")
def construction_kgco2e_by_power(
    *,
    it_power_w: Num,
    it_load: Num,
    lifetime_hours: Num,
    construction_kgco2e_per_kw_year: Num,
) -> Num:
    """Construction of a whole datacenter over its life, by its IT power.

    Parameters
    ----------
    it_power_w
        Design power of the IT equipment. [W]
    it_load
        Mean over design IT power. [1]
    lifetime_hours
        Life of the building. [h]
    construction_kgco2e_per_kw_year
        Construction per average IT kilowatt and year. [kgCO2e/kW/y]

    Examples
    --------
    >>> construction_kgco2e_by_power(it_power_w=1e6, it_load=0.5, lifetime_hours=175_200.0,
    ...     construction_kgco2e_per_kw_year=60.0)
    600000.0
    """
    it_energy_kwh = units.kwh_from_wh(it_power_w * it_load * lifetime_hours)
    return units.kw_years_from_kwh(it_energy_kwh) * construction_kgco2e_per_kw_year


@formula(unit="kgCO2e", equation="C = n * c * max(1, L / l)", source="conservation")
def plant_kgco2e(
    *, part_count: Num, unit_kgco2e: Num, lifetime_hours: Num, plant_lifetime_hours: Num
) -> Num:
    """Carbon of a part of the building and its replacements over the building's life.

    Parameters
    ----------
    part_count
        How much of it: square meters, kilowatts, kilowatt-hours. [1]
    unit_kgco2e
        Carbon of one. [kgCO2e]
    lifetime_hours, plant_lifetime_hours
        Life of the building and of the part. [h]

    Examples
    --------
    >>> plant_kgco2e(part_count=1_000.0, unit_kgco2e=40.0, lifetime_hours=175_200.0,
    ...     plant_lifetime_hours=87_600.0)
    80000.0
    """
    return part_count * unit_kgco2e * np.maximum(1.0, lifetime_hours / plant_lifetime_hours)
