"""Facts of a saved result, with their positions in the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.errors import Mark
from carbonctl.core.fact import TIERS, Fact

if TYPE_CHECKING:
    from carbonctl.result.estimate import EstimateResult


def saved_facts(data: EstimateResult) -> dict[str, Fact]:
    """Facts of a saved result by key, with their positions in the scenario."""
    return {
        key: Fact(
            key,
            float(fact["value"]),
            fact["unit"],
            fact["source"],
            fact["origin"],
            tier=fact["tier"] if fact["tier"] in TIERS else "modeled",
            label=fact["label"],
            where=Mark.parse(fact["where"]),
        )
        for key, fact in data["facts"].items()
    }
