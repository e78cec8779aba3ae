"""Totals of phases: electricity, and their share of hardware and buildings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import part
from carbonctl.formulas.decisions import allocation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.core.types import Num
    from carbonctl.estimate.results import PhaseResult


def phase_totals(results: list[PhaseResult], basis: str) -> dict[str, Num]:
    """Total carbon of every phase, and of kinds of phase with several runs [kgCO2e]."""
    named: dict[str, Num] = {}
    kinds: dict[str, list[Num]] = {}
    for result in results:
        with part(result.id):
            own = _sum(_parts(result, basis))
        named[f"{result.id}.total_kgco2e"] = own
        kinds.setdefault(result.kind, []).append(own)
    for kind, wholes in kinds.items():
        if len(wholes) > 1:
            with part(kind):
                named[f"{kind}.total_kgco2e"] = _sum(wholes)
    return named


def _parts(r: PhaseResult, basis: str) -> Iterable[Num]:
    stages = (
        getattr(r, f"operational_{basis}_kgco2e"),
        r.manufacturing_kgco2e,
        r.construction_kgco2e,
        r.transport_kgco2e,
        r.end_of_life_kgco2e,
    )
    return (stage for stage in stages if stage is not None)


def _sum(parts: Iterable[Num]) -> Num:
    return allocation.total_kgco2e(parts_kgco2e=tuple(parts))
