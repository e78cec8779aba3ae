"""Split training into useful work and lost work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import part
from carbonctl.estimate.results import Line
from carbonctl.formulas.decisions import allocation

if TYPE_CHECKING:
    from carbonctl.estimate.results import PhaseResult


def useful_and_lost(result: PhaseResult, basis: str) -> tuple[Line, ...]:
    """Lines of useful and lost electricity of a run; empty where goodput is not known."""
    goodput = result.use.goodput
    if goodput is None:
        return ()
    whole = getattr(result, f"operational_{basis}_kgco2e")
    with part(result.id):
        useful = allocation.useful_kgco2e(run_kgco2e=whole, goodput=goodput)
        lost = allocation.lost_kgco2e(run_kgco2e=whole, goodput=goodput)
    shared = (result.kind, result.evidence, "facility")
    return (
        Line(f"{result.id}.useful_{basis}", "useful work", useful, *shared),
        Line(f"{result.id}.lost_{basis}", "lost work", lost, *shared),
    )
