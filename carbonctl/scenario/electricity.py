"""What the scopes of the GHG Protocol need to know of each site: direct factors and contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.catalog import grids
from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.estimate.views import Electricity

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.fact import Fact
    from carbonctl.estimate.inputs import LifecycleInputs, Site


def electricity(inputs: LifecycleInputs[Fact], catalog: Catalog) -> dict[str, Electricity[Fact]]:
    """By phase: the direct combustion factor of its grid, or why there is none."""
    return {phase.id: _of(phase.site, catalog) for phase in inputs.phases}


def _of(site: Site[Fact], catalog: Catalog) -> Electricity[Fact]:
    used = site.ci_location_kgco2e_per_kwh
    if used.key.endswith(":direct"):
        return Electricity(used, site.contracted_share)
    try:
        place = grids.find(catalog, site.name)
    except (UnknownName, AmbiguousName):
        reason = "a given grid factor does not say whether it is direct: name site.region"
        return Electricity(None, site.contracted_share, reason)
    band = catalog.default("grid_band").value
    fact = grids.intensity(catalog, place, "direct", band)
    reason = "" if fact is not None else f"no direct combustion factor is known for {site.name}"
    return Electricity(fact, site.contracted_share, reason)
