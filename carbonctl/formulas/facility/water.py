"""Operational water: evaporated on site, and in the power plants behind the grid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="L", equation="W = E_it * (WUE + PUE * EWIF)", source="li-2023-thirsty")
def water_l(*, it_energy_kwh: Num, pue: Num, wue_l_per_kwh: Num, ewif_l_per_kwh: Num) -> Num:
    """Water consumed on site and off site.

    Parameters
    ----------
    it_energy_kwh
        Energy of the IT equipment, before PUE. [kWh]
    pue
        Facility over IT energy; applied once, to the off-site part only. [1]
    wue_l_per_kwh
        On-site water per IT energy. [L/kWh] 0 to 2.8 seen
    ewif_l_per_kwh
        Water of electricity generation per energy at the meter. [L/kWh] 1 to 19 seen

    Notes
    -----
    Energy that already contains PUE must not enter: one well-known tool counts PUE twice here.

    References
    ----------
    Li, Yang, Islam and Ren, arXiv 2304.03271, section 3: GPT-3 training, 5.4 ML.

    Examples
    --------
    >>> water_l(it_energy_kwh=1_000.0, pue=1.25, wue_l_per_kwh=0.5, ewif_l_per_kwh=3.2)
    4500.0
    """
    return it_energy_kwh * (wue_l_per_kwh + pue * ewif_l_per_kwh)
