"""Electricity of a phase in the scopes of the GHG Protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import part
from carbonctl.formulas.facility import scopes

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.inputs import Site
    from carbonctl.estimate.results import PhaseResult


def scopes_of_electricity(r: PhaseResult, site: Site[Num]) -> dict[str, Num]:
    """Carbon of electricity in scope 2 and category 3.3 of scope 3, on both bases [kgCO2e].

    Scope 2 is combustion in power plants, category 3.3 the rest of the life cycle. There is no rest
    where the grid factor is one of combustion. Combustion is a share of the life cycle, so that the
    rest is never negative.
    """
    with part(f"{r.id}.scopes"):
        if site.direct_share is None:
            burned = scopes.direct_kgco2e(
                facility_energy_kwh=r.use.facility_energy_kwh,
                direct_kgco2e_per_kwh=site.ci_location_kgco2e_per_kwh,
            )
        else:
            burned = scopes.direct_kgco2e_by_share(
                lifecycle_kgco2e=r.operational_location_kgco2e, direct_share=site.direct_share
            )
        named = {"scope_2_location_kgco2e": burned}
        if site.contracted_share is not None:
            named["scope_2_market_kgco2e"] = scopes.direct_kgco2e_by_contracts(
                direct_kgco2e=burned, contracted_share=site.contracted_share
            )
        if site.direct_share is not None:
            named["scope_3_3_kgco2e"] = scopes.upstream_kgco2e(
                lifecycle_kgco2e=r.operational_location_kgco2e, combustion_kgco2e=burned
            )
            if r.operational_market_kgco2e is not None:
                with part("market"):
                    named["scope_3_3_market_kgco2e"] = scopes.upstream_kgco2e(
                        lifecycle_kgco2e=r.operational_market_kgco2e,
                        combustion_kgco2e=named["scope_2_market_kgco2e"],
                    )
    return {f"{r.id}.{name}": value for name, value in named.items()}
