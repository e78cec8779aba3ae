"""Hardware and its replacement, resolved with the estimate of parts beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.embodied.part_carbon import good_share, part_carbon
from carbonctl.estimate.inputs import bind
from carbonctl.formulas.hardware import fab

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Document
    from carbonctl.estimate.embodied.bom import Die, Part, Piece, Wafer
    from carbonctl.scenario.resolve.hardware.embodied_target import ResolvedItem
    from carbonctl.scenario.resolve.refresh_inputs import ResolvedRefresh
    from carbonctl.scenario.schema.scenario_file import Scenario


class CentralPartModel:
    """The estimate of parts at the central values of their facts."""

    def part_kgco2e(self, part: Part[Fact] | Piece[Fact]) -> float:
        """Carbon of making one entry of a bill of materials [kgCO2e]."""
        return float(part_carbon(bind(part, _central)))

    def fab_yield(self, die: Die[Fact]) -> float:
        """Share of the dies that work [1]."""
        plain = bind(die, _central)
        return float(good_share(plain.good, plain.die_area_cm2))

    def dies_per_wafer(self, die: Die[Fact], wafer: Wafer[Fact]) -> float:
        """Whole dies that a wafer holds [1]."""
        plain = bind(wafer, _central)
        return float(
            fab.dies_per_wafer(
                die_area_cm2=die.die_area_cm2.value,
                wafer_cm=plain.wafer_cm,
                edge_cm=plain.edge_cm,
                kerf_cm=plain.kerf_cm,
            )
        )


def plan_item(scenario: Scenario, document: Document, catalog: Catalog) -> ResolvedItem:
    """Facts of whole machines; InputError with all problems when there are any."""
    from carbonctl.scenario.resolve.hardware.embodied_target import resolve_item

    return resolve_item(scenario, document, catalog, CentralPartModel())


def plan_refresh(scenario: Scenario, document: Document, catalog: Catalog) -> ResolvedRefresh:
    """Facts of a replacement; InputError with all problems when there are any."""
    from carbonctl.scenario.resolve.refresh_inputs import resolve_refresh

    return resolve_refresh(scenario, document, catalog, CentralPartModel())


def _central(fact: Fact) -> float:
    return fact.value
