"""Electricity of a phase in the scopes of the GHG Protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import part
from carbonctl.formulas import scopes

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.inputs import Site
    from carbonctl.estimate.results import PhaseResult


def scopes_of_electricity(r: PhaseResult, site: Site[Num]) -> dict[str, Num]:
    """Scope 2 is what plants burn, on both bases; the rest of the life cycle is category 3.3.

    Nothing where no combustion factor is known, and no rest where the factor in use is one.
    """
    direct = site.coverage == "direct"
    factor = site.ci_location_kgco2e_per_kwh if direct else site.direct_kgco2e_per_kwh
    if factor is None:
        return {}
    with part(f"{r.id}.scopes"):
        burned = scopes.direct_kgco2e(
            facility_energy_kwh=r.use.facility_energy_kwh, direct_kgco2e_per_kwh=factor
        )
        named = {"scope_2_location_kgco2e": burned}
        if site.contracted_share is not None:
            named["scope_2_market_kgco2e"] = scopes.direct_kgco2e_by_contracts(
                direct_kgco2e=burned, contracted_share=site.contracted_share
            )
        if not direct:
            named["scope_3_3_kgco2e"] = scopes.upstream_kgco2e(
                lifecycle_kgco2e=r.operational_location_kgco2e, combustion_kgco2e=burned
            )
    return {f"{r.id}.{name}": value for name, value in named.items()}
