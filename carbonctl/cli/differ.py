"""What ``carbonctl diff`` does: read two sides, make each change in turn, and say what it moved."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from carbonctl.cli.again import again, given, only_estimates
from carbonctl.cli.run import PHASES, PHASES_OF, load
from carbonctl.core.errors import InputError, Mark, Problem, gathered
from carbonctl.core.strict_yaml import Document
from carbonctl.estimate.inputs import bind, facts
from carbonctl.report import saved
from carbonctl.report.findings import results
from carbonctl.scenario.read import checked
from carbonctl.study.difference import (
    Difference,
    Side,
    changed,
    changes,
    contributions,
    together,
)
from carbonctl.study.montecarlo import Draws, central, interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_json import Json
    from carbonctl.core.types import Num
    from carbonctl.study.difference import Change

    Resolved = tuple[Any, Callable[[Any], Any]]  # inputs full of facts, and the estimate of them

# how much of a path says which changes go together, where they cannot be made one by one
_DEPTHS = (40, 3, 1, 0)
_NOTHING = 1e-9


def differ(files: tuple[str, str], flags: dict[str, Any]) -> Difference:
    """Read two files and attribute the difference of their totals."""
    read = gathered(partial(_read, file, flags) for file in files)
    command = _command(read)
    from carbonctl.catalog.read import Catalog  # noqa: PLC0415 - after good files

    catalog = Catalog.open(flags["hardware_db"])
    quick = {"samples": 0, "seed": flags["seed"]}

    def side(file: str, document: Document, result: dict[str, Any] | None) -> Side:
        made = result or again(command, document, catalog, quick)
        return Side(file, document, result, made)

    base, head = gathered(partial(side, *one) for one in read)
    between = Between(base, head, command, catalog)
    found, moved = _attributed(between)
    tool = head.total - base.total - sum(moved)
    if abs(tool) <= _NOTHING * max(abs(base.total), abs(head.total)):
        tool = 0.0
    ends = None if tool else between.interval(flags["samples"], flags["seed"])
    return Difference(base, head, found, between.data, moved, tool, ends)


def _read(file: str, flags: dict[str, Any]) -> tuple[str, Document, dict[str, Any] | None]:
    """A scenario, or a saved result with what was given to it."""
    raw = saved.raw_of(file)
    name = "<stdin>" if file == "-" else file
    if not saved.is_result(raw):
        return name, load(flags, file, raw)[1], None
    made = saved.parse(raw, name)
    only_estimates(made)
    found = results(made.data)
    if len(found) != 1:
        raise _not_one(made, "this holds several results; diff takes one a side")
    at = ("results", 0) if "results" in made.data else ()
    return name, given(made, at), found[0]


def _not_one(made: Json, message: str) -> InputError:
    return InputError([Problem("CC705", message, made.mark(()))], made.sources)


def _command(read: list[tuple[str, Document, dict[str, Any] | None]]) -> str:
    """The command whose estimates are compared: that of a saved result, else a whole life."""
    found = {result["command"]: document for _, document, result in read if result is not None}
    if len(found) > 1:
        first, second = found
        message = f'the base was made by "{first}" and the head by "{second}"'
        raise InputError([Problem("CC705", message, found[second].mark(()))])
    phases = any(document.data.get(name) for _, document, _ in read for name in PHASES)
    return next(iter(found), "lifecycle" if phases else "embodied")


class Between:
    """Every scenario that has some of the changes made, each resolved once."""

    def __init__(self, base: Side, head: Side, command: str, catalog: Catalog) -> None:
        self.base, self.head = base, head
        self.command, self.catalog = command, catalog
        self.inputs: list[Change] = changes(base.document.data, head.document.data)
        self.resolved: dict[frozenset[int], Resolved] = {}

    @cached_property
    def ends(self) -> tuple[Resolved, Resolved]:
        """Both sides resolved on the data of today."""
        return self._resolve(self.base.document), self._resolve(self.head.document)

    @cached_property
    def older(self) -> tuple[dict[str, Fact], dict[str, Fact]]:
        """Facts of each saved side that are others than those of today."""
        return _older(self.base, self.ends[0]), _older(self.head, self.ends[1])

    @cached_property
    def data(self) -> list[tuple[Fact, Fact]]:
        """Facts that differ between the sides although nobody gave them."""
        before, after = self.older
        today = facts(self.ends[0][0]) | facts(self.ends[1][0])
        pairs = [
            (before.get(key, today[key]), after.get(key, today[key]))
            for key in dict.fromkeys((*before, *after))
        ]
        return [(a, b) for a, b in pairs if _numbers(a) != _numbers(b)]

    def total(self, made: frozenset[int]) -> float:
        """The total with some changes made: inputs first, then facts."""
        count = len(self.inputs)
        inputs, estimate = self._between(frozenset(i for i in made if i < count))
        facts_ = self._stood_on(frozenset(i - count for i in made if i >= count))
        with self._finite():
            found = estimate(bind(inputs, lambda f: central(facts_.get(f.key, f))))
            return float(_finite(found.total_kgco2e))

    def interval(self, samples: int, seed: int) -> tuple[float, float, float] | None:
        """Of the difference, on draws that both sides share."""
        if not samples:
            return None
        draws = Draws(samples, seed)
        drawn: list[Num] = []
        for (inputs, estimate), own in zip(self.ends, self.older, strict=True):
            with self._finite(), np.errstate(all="ignore"):
                found = estimate(bind(inputs, partial(_drawn, draws, own)))
                drawn.append(_finite(found.total_kgco2e))
        return interval(np.asarray(drawn[1]) - np.asarray(drawn[0]))

    @contextmanager
    def _finite(self) -> Iterator[None]:
        """Facts that a result was edited to hold may be such that no total comes out."""
        try:
            yield
        except ArithmeticError:
            saved_ = self.base if self.base.result is not None else self.head
            message = "with the facts of this result the total is not finite"
            raise InputError([Problem("CC704", message, Mark(saved_.file))]) from None

    def _stood_on(self, made: frozenset[int]) -> dict[str, Fact]:
        before, after = self.older
        switched = {a.key: (b if i in made else a) for i, (a, b) in enumerate(self.data)}
        return before | after | switched

    def _between(self, made: frozenset[int]) -> Resolved:
        if not made:
            return self.ends[0]
        if len(made) == len(self.inputs):
            return self.ends[1]
        if made not in self.resolved:
            applied = [change for i, change in enumerate(self.inputs) if i in made]
            base, head = self.base.document, self.head.document
            data = changed(base.data, applied)
            mixed = Document(data, base.marks | head.marks, base.keys | head.keys)
            self.resolved[made] = self._resolve(mixed)
        return self.resolved[made]

    def _resolve(self, document: Document) -> Resolved:
        scenario = checked(document, self.catalog)
        if self.command == "embodied":
            from carbonctl.estimate.embodied import embodied  # noqa: PLC0415 - for items alone
            from carbonctl.scenario.item import resolve_item  # noqa: PLC0415

            return resolve_item(scenario, document, self.catalog).inputs, embodied
        from carbonctl.app.plan_scenario import plan_scenario  # noqa: PLC0415
        from carbonctl.estimate.lifecycle import lifecycle  # noqa: PLC0415

        inputs = plan_scenario(scenario, document, self.catalog, PHASES_OF[self.command]).inputs
        return inputs, partial(lifecycle, basis=scenario.accounting)


def _attributed(between: Between) -> tuple[list[Change], list[float]]:
    """Contributions of single changes, or of changes together where one alone cannot be made."""
    single = between.inputs
    for depth in _DEPTHS:
        between.inputs, between.resolved = together(single, depth), {}
        count = len(between.inputs) + len(between.data)
        try:
            return between.inputs, contributions(count, between.total)
        except InputError:
            if depth == _DEPTHS[-1]:
                raise
    raise AssertionError  # the last depth returns or raises


def _finite(value: Num) -> Any:
    if not np.all(np.isfinite(value)):
        raise ArithmeticError
    return value


def _drawn(draws: Draws, own: dict[str, Fact], fact: Fact) -> Num:
    return draws(own.get(fact.key, fact))


def _older(side: Side, resolved: Resolved) -> dict[str, Fact]:
    if side.result is None:
        return {}
    made = {}
    for key, fact in facts(resolved[0]).items():
        entry = side.result["facts"].get(key)
        if entry is None or fact.given or entry["origin"] in ("scenario", "cli"):
            continue
        kind = entry["range_kind"] or fact.range_kind
        ends = {"low": entry["low"], "high": entry["high"], "range_kind": kind}
        then = replace(fact, value=float(entry["value"]), source=entry["source"], **ends)
        if _numbers(then) != _numbers(fact):
            made[key] = then
    return made


def _numbers(fact: Fact) -> tuple[float | None, ...]:
    return fact.value, fact.low, fact.high
