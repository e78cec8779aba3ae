"""Attribute the difference of two totals to the changes between them."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from carbonctl.app.load import PHASES_OF, load_scenario
from carbonctl.app.outcome import Outcome, Quantity, quantity_from_node
from carbonctl.app.recompute import check_is_estimate, input_document, recompute
from carbonctl.core.errors import InputError, Mark, Problem, collect_or_raise
from carbonctl.core.phase_names import PHASES
from carbonctl.core.record import value_record
from carbonctl.core.strict_yaml import Document
from carbonctl.estimate.inputs import bind, collect_facts
from carbonctl.report import saved
from carbonctl.report.ci.findings import results
from carbonctl.scenario.read.read_scenario import check_scenario
from carbonctl.study.difference import (
    Difference,
    Side,
    apply_changes,
    contributions,
    find_changes,
    group_changes,
)
from carbonctl.study.montecarlo import Draws, central_value, interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_json import JsonDocument
    from carbonctl.core.types import Num
    from carbonctl.result.diff import ChangeRecord
    from carbonctl.result.diff import DiffResult as DiffRecord
    from carbonctl.result.estimate import EstimateResult
    from carbonctl.study.difference import Change

    Resolved = tuple[Any, Callable[[Any], Any]]  # inputs with facts, and the estimate function

# lengths of the path prefix by which changes are grouped, if single changes are invalid
_GROUPING_DEPTHS = (40, 3, 1, 0)
_RELATIVE_TOLERANCE = 1e-9


@value_record
class SideInput:
    """One side of a diff: its file, its scenario, and its saved result if it has one."""

    file: str
    document: Document
    result: EstimateResult | None = None


class DiffResult(Outcome):
    """The difference of two totals, and the contribution of each change."""

    module = "difference"
    data: DiffRecord

    @property
    def total(self) -> Quantity:
        """Head minus base in kgCO2e."""
        return quantity_from_node(self.data["total"], "difference_kgco2e", "kgCO2e")

    @property
    def changes(self) -> list[ChangeRecord]:
        """The changes, the largest contribution first."""
        return copy.deepcopy(self.data["changes"])

    @property
    def differs(self) -> bool:
        """Whether anything changed."""
        return bool(self.data["changes"] or self.data["total"]["difference_kgco2e"])

    def __repr__(self) -> str:
        count = len(self.data["changes"])
        return f"{count} change{'' if count == 1 else 's'}: {self.total}"


def diff(
    sides: Iterable[Callable[[], SideInput]], *, hardware_db: str | None, samples: int, seed: int
) -> DiffResult:
    """The difference between base and head; each of ``sides`` reads one of them."""
    from carbonctl.report.difference import diff_as_data

    difference = attribute(sides, hardware_db=hardware_db, samples=samples, seed=seed)
    return DiffResult(diff_as_data(difference, samples, seed))


def attribute(
    sides: Iterable[Callable[[], SideInput]], *, hardware_db: str | None, samples: int, seed: int
) -> Difference:
    """Read two sides, and attribute the difference of their totals to the changes."""
    read = collect_or_raise(sides)
    command = _common_command(read)
    from carbonctl.catalog.read import Catalog

    catalog = Catalog.open(hardware_db)

    def side(one: SideInput) -> Side:
        data = one.result
        if data is None:
            data = recompute(command, one.document, catalog, samples=0, seed=seed).data
        return Side(one.file, one.document, one.result, data)

    base, head = collect_or_raise(partial(side, one) for one in read)
    attribution = Attribution(base, head, command, catalog)
    changes, moved = _attribute_changes(attribution)
    tool = head.total - base.total - sum(moved)
    if abs(tool) <= _RELATIVE_TOLERANCE * max(abs(base.total), abs(head.total)):
        tool = 0.0
    ends = None if tool else attribution.interval(samples, seed)
    return Difference(base, head, changes, attribution.data, moved, tool, ends)


def read_side(file: str, hardware_db: str | None, root: str | None) -> SideInput:
    """The side of a file: a scenario, or a saved result with its scenario."""
    raw = saved.read_bytes(file)
    name = "<stdin>" if file == "-" else file
    if not saved.is_result(raw):
        from carbonctl.catalog.read import Catalog

        catalog = Catalog.open(hardware_db)
        return SideInput(name, load_scenario(file, (), catalog, raw=raw, root=root).document)
    return saved_side(saved.parse_result(raw, name))


def saved_side(saved_document: JsonDocument) -> SideInput:
    """The side of a parsed saved result; InputError if the file has several results."""
    check_is_estimate(saved_document)
    loaded = results(saved_document.data)
    if len(loaded) != 1:
        raise _several_results_error(
            saved_document, "this file has several results; diff compares one per side"
        )
    at = ("results", 0) if "results" in saved_document.data else ()
    return SideInput(saved_document.name, input_document(saved_document, at), loaded[0])


def _several_results_error(saved_document: JsonDocument, message: str) -> InputError:
    return InputError([Problem("CC705", message, saved_document.mark(()))], saved_document.sources)


def _common_command(read: list[SideInput]) -> str:
    """The command of both sides: that of a saved result, else ``lifecycle`` or ``embodied``."""
    documents = {one.result["command"]: one.document for one in read if one.result is not None}
    if len(documents) > 1:
        first, second = documents
        message = f'the base was made by "{first}" and the head by "{second}"'
        raise InputError([Problem("CC705", message, documents[second].mark(()))])
    phases = any(one.document.data.get(name) for one in read for name in PHASES)
    return next(iter(documents), "lifecycle" if phases else "embodied")


class Attribution:
    """Computes the total with any subset of the changes; caches resolved scenarios."""

    def __init__(self, base: Side, head: Side, command: str, catalog: Catalog) -> None:
        self.base, self.head = base, head
        self.command, self.catalog = command, catalog
        self.inputs: list[Change] = find_changes(base.document.data, head.document.data)
        self.resolved: dict[frozenset[int], Resolved] = {}

    @cached_property
    def ends(self) -> tuple[Resolved, Resolved]:
        """Both sides, resolved on the present data."""
        return self._resolve(self.base.document), self._resolve(self.head.document)

    @cached_property
    def changed_facts(self) -> tuple[dict[str, Fact], dict[str, Fact]]:
        """Facts of each saved side that differ from the present data."""
        return _changed_facts(self.base, self.ends[0]), _changed_facts(self.head, self.ends[1])

    @cached_property
    def data(self) -> list[tuple[Fact, Fact]]:
        """Facts of hardware_db that differ between the sides."""
        before, after = self.changed_facts
        today = collect_facts(self.ends[0][0]) | collect_facts(self.ends[1][0])
        pairs = [
            (before.get(key, today[key]), after.get(key, today[key]))
            for key in dict.fromkeys((*before, *after))
        ]
        return [(a, b) for a, b in pairs if _value_and_range(a) != _value_and_range(b)]

    def total(self, changes: frozenset[int]) -> float:
        """The total in kgCO2e with some changes applied; inputs are numbered before facts."""
        count = len(self.inputs)
        inputs, estimate = self._with_changes(frozenset(i for i in changes if i < count))
        facts_ = self.facts_used_by(frozenset(i - count for i in changes if i >= count))
        with self._finite():
            found = estimate(bind(inputs, lambda f: central_value(facts_.get(f.key, f))))
            return float(_require_finite(found.total_kgco2e))

    def interval(self, samples: int, seed: int) -> tuple[float, float, float] | None:
        """The p05, p50 and p95 of the difference on common draws; None without draws."""
        if not samples:
            return None
        draws = Draws(samples, seed)
        drawn: list[Num] = []
        for (inputs, estimate), own in zip(self.ends, self.changed_facts, strict=True):
            with self._finite(), np.errstate(all="ignore"):
                found = estimate(bind(inputs, partial(_draw_fact, draws, own)))
                drawn.append(_require_finite(found.total_kgco2e))
        return interval(np.asarray(drawn[1]) - np.asarray(drawn[0]))

    @contextmanager
    def _finite(self) -> Iterator[None]:
        """Context that turns an infinite total into an InputError, as of an edited result."""
        try:
            yield
        except ArithmeticError:
            saved_ = self.base if self.base.result is not None else self.head
            message = "the facts of this result give a total that is not finite"
            raise InputError([Problem("CC704", message, Mark(saved_.file))]) from None

    def facts_used_by(self, changes: frozenset[int]) -> dict[str, Fact]:
        """Facts by key, with some of the changed facts set to those of the head."""
        before, after = self.changed_facts
        switched = {a.key: (b if i in changes else a) for i, (a, b) in enumerate(self.data)}
        return before | after | switched

    def _with_changes(self, changes: frozenset[int]) -> Resolved:
        if not changes:
            return self.ends[0]
        if len(changes) == len(self.inputs):
            return self.ends[1]
        if changes not in self.resolved:
            applied = [change for i, change in enumerate(self.inputs) if i in changes]
            base, head = self.base.document, self.head.document
            data = apply_changes(base.data, applied)
            mixed = Document(data, base.marks | head.marks, base.keys | head.keys)
            self.resolved[changes] = self._resolve(mixed)
        return self.resolved[changes]

    def _resolve(self, document: Document) -> Resolved:
        scenario = check_scenario(document, self.catalog)
        if self.command == "embodied":
            from carbonctl.app.plan_hardware import plan_item
            from carbonctl.estimate.embodied.hardware import embodied

            return plan_item(scenario, document, self.catalog).inputs, embodied
        from carbonctl.app.plan_scenario import plan_scenario
        from carbonctl.estimate.lifecycle import lifecycle

        inputs = plan_scenario(scenario, document, self.catalog, PHASES_OF[self.command]).inputs
        return inputs, partial(lifecycle, basis=scenario.accounting)


def _attribute_changes(attribution: Attribution) -> tuple[list[Change], list[float]]:
    """Changes and their contributions; changes are grouped if single ones are invalid."""
    single = attribution.inputs
    for depth in _GROUPING_DEPTHS:
        attribution.inputs, attribution.resolved = group_changes(single, depth), {}
        count = len(attribution.inputs) + len(attribution.data)
        try:
            return attribution.inputs, contributions(count, attribution.total)
        except InputError:
            if depth == _GROUPING_DEPTHS[-1]:
                raise
    raise AssertionError  # the last depth returns or raises


def _require_finite(value: Num) -> Any:
    if not np.all(np.isfinite(value)):
        raise ArithmeticError
    return value


def _draw_fact(draws: Draws, own: dict[str, Fact], fact: Fact) -> Num:
    return draws(own.get(fact.key, fact))


def _changed_facts(side: Side, resolved: Resolved) -> dict[str, Fact]:
    if side.result is None:
        return {}
    changed = {}
    for key, fact in collect_facts(resolved[0]).items():
        entry = side.result["facts"].get(key)
        if entry is None or fact.is_from_user or entry["origin"] in ("scenario", "cli"):
            continue
        then = replace(
            fact,
            value=float(entry["value"]),
            source=entry["source"],
            low=entry["low"],
            high=entry["high"],
            range_kind=entry["range_kind"] or fact.range_kind,
        )
        if _value_and_range(then) != _value_and_range(fact):
            changed[key] = then
    return changed


def _value_and_range(fact: Fact) -> tuple[float | None, ...]:
    return fact.value, fact.low, fact.high
