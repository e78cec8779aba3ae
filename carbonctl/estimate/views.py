"""A result in other people's terms: ISO/IEC 21031 (SCI) and the scopes of the GHG Protocol.

Pure functions over the phases of a result; nothing is estimated again. What a standard asks for and
the result does not hold is a row that says so, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import numpy as np

from carbonctl.core.formula import part
from carbonctl.estimate.base import BASE
from carbonctl.formulas import allocation, carbon_metrics, scopes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from carbonctl.core.types import Num
    from carbonctl.estimate.results import Lifecycle, PhaseResult

T = TypeVar("T")
Viewpoint = Literal["own", "cloud"]
_HARDWARE = ("manufacturing", "transport", "end_of_life")
_AMORTIZED = "amortized here; the protocol books it whole in the year of purchase"
# stage of a result -> category of scope 3 for who owns the hardware
_OWNED = {
    "manufacturing": (2, "capital goods: hardware", _AMORTIZED),
    "construction": (2, "capital goods: buildings", _AMORTIZED),
    "transport": (4, "upstream transport", ""),
    "end_of_life": (5, "waste", ""),
}
_RENTED = {
    "operational_location": "cloud services: electricity",
    "manufacturing": "cloud services: hardware",
    "construction": "cloud services: buildings",
    "transport": "cloud services: transport",
    "end_of_life": "cloud services: end of life",
}


@dataclass(frozen=True, eq=False, repr=False)
class Sci:
    """Software carbon intensity: (O + M) / R, location based, idle hardware unallocated."""

    operational_kgco2e: Num
    embodied_kgco2e: Num
    functional_units: Num
    score_kgco2e: Num


@dataclass(frozen=True, eq=False, repr=False)
class Electricity(Generic[T]):
    """What Scope 2 needs to know of a phase's site; None where it is not known."""

    direct_kgco2e_per_kwh: T | None
    contracted_share: T | None
    lacking: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class ScopeRow:
    """One row of a GHG Protocol inventory; without a value it says why."""

    scope: int
    category: int | None
    label: str
    basis: str
    kgco2e: Num | None
    not_estimated: str = ""
    note: str = ""


def sci(phases: Sequence[PhaseResult], functional_units: Num) -> Sci | None:
    """The score of the phases inside the software boundary, per declared functional unit.

    None where no hardware is known: a score without its embodied part is none.
    """
    used = allocation.total_kgco2e(
        parts_kgco2e=tuple(r.operational_location_kgco2e for r in phases)
    )
    reserved = tuple(amount for r in phases for amount in _reserved(r))
    if not reserved:
        return None
    with part("reserved"):
        made = allocation.total_kgco2e(parts_kgco2e=reserved)
    score = carbon_metrics.sci_kgco2e(
        used_kgco2e=used, hardware_kgco2e=made, functional_units=functional_units
    )
    return Sci(used, made, functional_units, score)


def _reserved(r: PhaseResult) -> Iterator[Num]:
    """Hardware of a phase by reserved time alone: without what was raised for idle hours."""
    for stage in _HARDWARE:
        amount = getattr(r, f"{stage}_kgco2e")
        if amount is None:
            continue
        if r.allocation_rate is None:  # drives are charged by calendar time already
            yield amount
            continue
        with part(stage):
            yield carbon_metrics.reserved_kgco2e(
                amortized_kgco2e=amount, allocation_rate=r.allocation_rate
            )


def scope_view(
    result: Lifecycle, electricity: dict[str, Electricity[Num]], viewpoint: Viewpoint
) -> tuple[ScopeRow, ...]:
    """The inventory of who owns the hardware, or of who rents it; ``electricity`` by phase id.

    Rows but the one on the market basis add up to the total on the location basis, whatever basis
    the result is on. The recovery credit stands outside, as it does in the result.
    """
    rows = (
        [*_scope_1_and_2(result, electricity), *_owned(result)]
        if viewpoint == "own"
        else list(_rented(result))
    )
    base = next((line for line in result.lines if line.id == BASE), None)
    if base is not None:
        rows.append(ScopeRow(3, 1, "purchased services: base model", "", base.kgco2e))
    return tuple(rows)


def _scope_1_and_2(
    result: Lifecycle, electricity: dict[str, Electricity[Num]]
) -> Iterator[ScopeRow]:
    yield ScopeRow(
        1, None, "direct emissions", "", None, "generators and refrigerants are not estimated"
    )
    used = [r for r in result.phases if r.id in electricity]
    lacking = [electricity[r.id].lacking for r in result.phases if r.id in electricity]
    reason = next((text for text in lacking if text), "")
    if reason or len(used) < len(result.phases):
        reason = reason or "no direct combustion factor is known"
        for basis in ("location", "market"):
            yield ScopeRow(2, None, "purchased electricity", basis, None, reason)
        yield ScopeRow(3, 3, "fuel- and energy-related", "location", None, reason)
        return
    direct = _each(used, lambda r: _direct(r, electricity[r.id]))
    scope_2 = _summed("scope_2", direct)
    yield ScopeRow(2, None, "purchased electricity", "location", scope_2)
    yield _market(used, direct, electricity)
    yield _upstream(used, scope_2)


def _direct(r: PhaseResult, known: Electricity[Num]) -> Num:
    assert known.direct_kgco2e_per_kwh is not None  # noqa: S101 - else lacking says why
    return scopes.direct_kgco2e(
        facility_energy_kwh=r.use.facility_energy_kwh,
        direct_kgco2e_per_kwh=known.direct_kgco2e_per_kwh,
    )


def _each(phases: Sequence[PhaseResult], of: Callable[[PhaseResult], Num]) -> tuple[Num, ...]:
    made = []
    for r in phases:
        with part(r.id):
            made.append(of(r))
    return tuple(made)


def _market(
    phases: Sequence[PhaseResult],
    direct: tuple[Num, ...],
    electricity: dict[str, Electricity[Num]],
) -> ScopeRow:
    left = []
    for r, amount in zip(phases, direct, strict=True):
        share = electricity[r.id].contracted_share
        if share is None:
            reason = "no contract data: site.contracted_clean"
            return ScopeRow(2, None, "purchased electricity", "market", None, reason)
        with part(r.id):
            left.append(
                scopes.direct_kgco2e_by_contracts(direct_kgco2e=amount, contracted_share=share)
            )
    value = _summed("scope_2_market", tuple(left))
    return ScopeRow(2, None, "purchased electricity", "market", value)


def _upstream(phases: Sequence[PhaseResult], direct: Num) -> ScopeRow:
    """What a life-cycle factor holds beyond combustion."""
    whole = _summed("location", tuple(r.operational_location_kgco2e for r in phases))
    with part("scope_3_3"):
        rest = scopes.upstream_kgco2e(lifecycle_kgco2e=whole, combustion_kgco2e=direct)
    label = "fuel- and energy-related"
    if not np.median(np.asarray(rest)) > 0:  # draws of two publishers may cross
        reason = "the site's factor is not above the direct one: it holds no life cycle"
        return ScopeRow(3, 3, label, "location", None, reason)
    return ScopeRow(3, 3, label, "location", rest, note="life-cycle less direct factor")


def _owned(result: Lifecycle) -> Iterator[ScopeRow]:
    for stage, (category, label, note) in _OWNED.items():
        amount = _staged(result, stage)
        reason = "" if amount is not None else "not in the result"
        yield ScopeRow(3, category, label, "", amount, reason, note)


def _rented(result: Lifecycle) -> Iterator[ScopeRow]:
    """A cloud customer buys a service: everything is category 1 of scope 3."""
    for scope in (1, 2):
        reason = "none of one's own: the provider burns and buys"
        yield ScopeRow(scope, None, "direct emissions and electricity", "", None, reason)
    for stage, label in _RENTED.items():
        amount = _staged(result, stage)
        reason = "" if amount is not None else "not in the result"
        basis = "location" if stage == "operational_location" else ""
        yield ScopeRow(3, 1, label, basis, amount, reason)


def _staged(result: Lifecycle, stage: str) -> Num | None:
    amounts = tuple(getattr(r, f"{stage}_kgco2e") for r in result.phases)
    known = tuple(amount for amount in amounts if amount is not None)
    return _summed(stage, known) if known else None


def _summed(name: str, amounts: tuple[Num, ...]) -> Num:
    with part(f"scopes.{name}"):
        return allocation.total_kgco2e(parts_kgco2e=amounts)
