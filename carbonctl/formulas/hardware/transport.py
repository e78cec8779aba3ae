"""Transport of hardware to the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="kgCO2e", equation="C = m * k", source="eime-transport")
def transport_kgco2e(*, mass_kg: Num, transport_kgco2e_per_kg: Num) -> Num:
    """Transport of an item by a typical mix of modes.

    Parameters
    ----------
    mass_kg
        Shipped mass. [kg]
    transport_kgco2e_per_kg
        Carbon per shipped mass: about 0.3 by sea, 2.6 mixed, 8 by air. [kgCO2e/kg]

    Examples
    --------
    >>> transport_kgco2e(mass_kg=130.0, transport_kgco2e_per_kg=2.0)
    260.0
    """
    return mass_kg * transport_kgco2e_per_kg


@formula(unit="kgCO2e", equation="C = m * d * k", source="eime-transport")
def transport_kgco2e_by_distance(
    *, mass_kg: Num, distance_km: Num, transport_kgco2e_per_tkm: Num
) -> Num:
    """Transport of an item over a distance.

    Parameters
    ----------
    mass_kg
        Shipped mass. [kg]
    distance_km
        Length of the route. [km]
    transport_kgco2e_per_tkm
        Carbon per tonne-kilometer of the mode. [kgCO2e/t/km] sea 0.013, road 0.05, air 0.5 to 2.1

    Examples
    --------
    >>> transport_kgco2e_by_distance(
    ...     mass_kg=100.0, distance_km=10_000.0, transport_kgco2e_per_tkm=0.8)
    800.0
    """
    return units.t_from_kg(mass_kg) * distance_km * transport_kgco2e_per_tkm


@formula(
    unit="kgCO2e/t/km", equation="k = a * k_air + (1 - a) * k_surface", source="eime-transport"
)
def transport_kgco2e_per_tkm(
    *, air_share: Num, air_kgco2e_per_tkm: Num, surface_kgco2e_per_tkm: Num
) -> Num:
    """Carbon per tonne-kilometer of a route that is in part by air.

    Parameters
    ----------
    air_share
        Share of the tonne-kilometers flown. [1] 0 to 1
    air_kgco2e_per_tkm, surface_kgco2e_per_tkm
        Of the modes. [kgCO2e/t/km]

    Examples
    --------
    >>> transport_kgco2e_per_tkm(
    ...     air_share=0.5, air_kgco2e_per_tkm=1.0, surface_kgco2e_per_tkm=0.5)
    0.75
    """
    return air_share * air_kgco2e_per_tkm + (1.0 - air_share) * surface_kgco2e_per_tkm
