"""Electricity of a phase in the scopes of the GHG Protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core.formula import part
from carbonctl.formulas import scopes

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.inputs import Site
    from carbonctl.estimate.results import PhaseResult


def scopes_of_electricity(r: PhaseResult, site: Site[Num]) -> dict[str, Num]:
    """Scope 2 is what plants burn, on both bases; the rest of the life cycle is category 3.3.

    Nothing where the grid factor of the estimate lies below that of combustion: the two publishers
    do not mean the same electricity. No remainder where they are equal.
    """
    if site.direct_kgco2e_per_kwh is None:
        return {}
    with part(f"{r.id}.scopes"):
        burned = scopes.direct_kgco2e(
            facility_energy_kwh=r.use.facility_energy_kwh,
            direct_kgco2e_per_kwh=site.direct_kgco2e_per_kwh,
        )
        rest = scopes.upstream_kgco2e(
            lifecycle_kgco2e=r.operational_location_kgco2e, combustion_kgco2e=burned
        )
        middle = np.median(np.asarray(rest))  # draws of two publishers may cross
        if middle < 0:
            return {}
        named = {"scope_2_location_kgco2e": burned}
        if middle > 0:
            named["scope_3_3_kgco2e"] = rest
        if site.contracted_share is not None:
            named["scope_2_market_kgco2e"] = scopes.direct_kgco2e_by_contracts(
                direct_kgco2e=burned, contracted_share=site.contracted_share
            )
    return {f"{r.id}.{name}": value for name, value in named.items()}
