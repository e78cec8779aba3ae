"""Building the datacenter, charged to the IT power that it houses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="kgCO2e", equation="C = E_it / 8760 h * K", source="google-tpu-lca-2025")
def construction_kgco2e(*, it_energy_kwh: Num, construction_kgco2e_per_kw_year: Num) -> Num:
    """Share of datacenter construction carried by this work.

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
