"""Electricity in the GHG Protocol: scope 2 (combustion) and scope 3, category 3 (upstream)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="kgCO2e", equation="C_2 = E_fac * CI_direct", source="ghg-protocol-scope2-2015")
def direct_kgco2e(*, facility_energy_kwh: Num, direct_kgco2e_per_kwh: Num) -> Num:
    """Scope 2, location basis: combustion at the plants that feed the grid.

    Parameters
    ----------
    facility_energy_kwh
        Purchased electricity at the meter. [kWh]
    direct_kgco2e_per_kwh
        Direct combustion factor of the grid; a life-cycle factor would count upstream fuel twice,
        here and in category 3. [kgCO2e/kWh]

    Examples
    --------
    >>> direct_kgco2e(facility_energy_kwh=1_000.0, direct_kgco2e_per_kwh=0.25)
    250.0
    """
    return facility_energy_kwh * direct_kgco2e_per_kwh


@formula(unit="kgCO2e", equation="C_2 = C_life * d", source="ghg-protocol-scope2-2015")
def direct_kgco2e_by_share(*, lifecycle_kgco2e: Num, direct_share: Num) -> Num:
    """Scope 2, location basis, from a life-cycle factor.

    Parameters
    ----------
    lifecycle_kgco2e
        Purchased electricity on a life-cycle factor. [kgCO2e]
    direct_share
        Combustion at the plants over the life cycle of the same grid. [1] 0.27 (hydro) to 0.92

    Examples
    --------
    >>> direct_kgco2e_by_share(lifecycle_kgco2e=400.0, direct_share=0.75)
    300.0
    """
    return lifecycle_kgco2e * direct_share


@formula(unit="kgCO2e", equation="C_2m = C_2 * (1 - s)", source="ghg-protocol-scope2-2015")
def direct_kgco2e_by_contracts(*, direct_kgco2e: Num, contracted_share: Num) -> Num:
    """Scope 2, market basis: after contracted clean supply.

    Parameters
    ----------
    direct_kgco2e
        Scope 2 on the location basis. [kgCO2e]
    contracted_share
        Share of the energy under clean contracts. [1] 0 to 1

    Examples
    --------
    >>> direct_kgco2e_by_contracts(direct_kgco2e=250.0, contracted_share=0.5)
    125.0
    """
    return direct_kgco2e * (1.0 - contracted_share)


@formula(unit="kgCO2e", equation="C_3.3 = C_life - C_2", source="ghg-protocol-scope3-2011")
def upstream_kgco2e(*, lifecycle_kgco2e: Num, combustion_kgco2e: Num) -> Num:
    """Scope 3, category 3: fuel, plants and losses behind purchased electricity.

    Parameters
    ----------
    lifecycle_kgco2e
        The same electricity on a life-cycle factor. [kgCO2e]
    combustion_kgco2e
        Scope 2 on the location basis. [kgCO2e]

    Examples
    --------
    >>> upstream_kgco2e(lifecycle_kgco2e=400.0, combustion_kgco2e=250.0)
    150.0
    """
    return lifecycle_kgco2e - combustion_kgco2e
