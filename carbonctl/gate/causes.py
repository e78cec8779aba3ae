"""What moves a number: inputs of a scenario by elasticity, and what changed since a baseline."""

from __future__ import annotations

from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from carbonctl.core.metrics import COST, TOTAL
from carbonctl.core.record import record, value_record
from carbonctl.estimate.inputs import bind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from carbonctl.core.errors import Mark
    from carbonctl.core.fact import Fact
    from carbonctl.core.types import Array, Num
    from carbonctl.estimate.results import Item, Lifecycle, Line

_STEP = 0.01
_COUNTED = {"period", "infer.horizon"}  # they say what is counted, not what drives it
_ALIKE = 2  # digits of an elasticity; inputs that agree in them move a number alike


@value_record
class Change:
    """An input that differs from the baseline, and what that moved; None where that is unknown."""

    fact: Fact
    baseline: float | None
    effect: float | None


@record
class Causes:
    """Inputs of one scenario that stand in its file, and how numbers follow them."""

    inputs: Any
    estimate: Callable[[Any], Lifecycle | Item]
    facts: dict[str, Fact]
    sections: dict[str, Mark] = field(default_factory=dict)

    @cached_property
    def placed(self) -> dict[str, Fact]:
        """Facts that a line of the file gives, or names."""
        return {
            key: fact
            for key, fact in self.facts.items()
            if fact.where is not None and fact.value and key not in _COUNTED
        }

    @cached_property
    def _values(self) -> dict[str, float]:
        return self._with({})

    @cached_property
    def _moved(self) -> dict[str, Array]:
        """Every number as a column: in each row another input is one percent higher."""
        rows = np.arange(len(self.placed))
        columns = {
            fact.key: np.where(rows == row, fact.value * (1 + _STEP), fact.value)
            for row, fact in enumerate(self.placed.values())
        }
        values = self._values_with(columns)
        return {name: np.broadcast_to(value, rows.shape) for name, value in values.items()}

    def _with(self, changed: dict[str, float]) -> dict[str, float]:
        return {name: float(value) for name, value in self._values_with(changed).items()}

    def _values_with(self, changed: Mapping[str, Num]) -> dict[str, Num]:
        """Every metric and line with some facts changed."""
        result = self.estimate(bind(self.inputs, lambda f: changed.get(f.key, f.value)))
        return dict(result.metrics) | dict(_lines(result.lines))

    def top(self, name: str) -> Fact | None:
        """The input that a number follows most; of several, one of its own section, then given."""
        of = TOTAL if name == COST else name
        base = self._values.get(of)
        if not base:
            return None
        phase = name.partition(".")[0]
        moved = np.abs(self._moved.get(of, np.full(len(self.placed), base)) / base - 1) / _STEP
        ranked = sorted(
            (
                -round(float(share), _ALIKE),
                not key.startswith(f"{phase}."),
                not fact.is_from_user,
                row,
            )
            for row, ((key, fact), share) in enumerate(zip(self.placed.items(), moved, strict=True))
        )
        return list(self.placed.values())[ranked[0][-1]] if ranked and ranked[0][0] < 0 else None

    def section(self, name: str) -> Mark | None:
        """Where the phase that a number is of stands in the file."""
        return self.sections.get(name.partition(".")[0])

    def changes(self, name: str, before: dict[str, Any]) -> list[Change]:
        """Inputs that differ from the facts of a baseline, the one that moved most first.

        What one line of the file brought with it (a region its grid, PUE and water) is one change.
        """
        of = TOTAL if name == COST else name
        pairs = _pairs(self.facts, before)
        groups: dict[Mark | None, list[tuple[Fact, float | None]]] = {}
        for fact, was in pairs:
            if fact.where is not None:
                groups.setdefault(fact.where, []).append((fact, was))
        made = [self._change(of, group) for group in groups.values()]
        return sorted(made, key=lambda c: -abs(c.effect or 0.0))

    def _change(self, of: str, group: list[tuple[Fact, float | None]]) -> Change:
        back = {fact.key: was for fact, was in group if was is not None}
        now = self._values.get(of)
        if now is None or not back:
            return Change(*group[0], None)
        ranked = sorted(group, key=lambda pair: -abs(self._effect(of, now, *pair)))
        return Change(*ranked[0], now - self._with(back).get(of, now))

    def _effect(self, of: str, now: float, fact: Fact, was: float | None) -> float:
        return 0.0 if was is None else now - self._with({fact.key: was}).get(of, now)


@record
class SavedCauses:
    """What a saved result still knows of its causes: shares of the variance, facts with places."""

    facts: dict[str, Fact]
    shares: dict[str, float]

    def top(self, name: str) -> Fact | None:
        """The placed input that decides most of the variance of the total, of one's own section."""
        phase = name.partition(".")[0]
        placed = [fact for fact in self.facts.values() if fact.where is not None]
        own = [fact for fact in placed if fact.key.startswith(f"{phase}.")] or placed
        return max(own, key=lambda f: (self.shares.get(f.key, 0.0), f.is_from_user), default=None)

    def section(self, _name: str) -> Mark | None:
        """A saved result has no sections."""
        return None

    def changes(self, _name: str, before: dict[str, Any]) -> list[Change]:
        """Inputs that differ from the facts of a baseline."""
        pairs = _pairs(self.facts, before)
        return [Change(fact, was, None) for fact, was in pairs if fact.where is not None]


def _lines(lines: Iterable[Line]) -> Iterable[tuple[str, Num]]:
    for line in lines:
        yield line.id, line.kgco2e
        yield f"{line.id}_kgco2e", line.kgco2e
        yield from _lines(line.children)


def _pairs(
    now: dict[str, Fact], before: dict[str, dict[str, Any]]
) -> list[tuple[Fact, float | None]]:
    """Facts that differ, each with its earlier value; another record's fact by its field."""
    pairs: list[tuple[Fact, float | None]] = [
        (fact, before[key]["value"])
        for key, fact in now.items()
        if key in before and before[key]["value"] != fact.value
    ]
    left: dict[str, list[float]] = {}
    for key, old in before.items():
        if key not in now:
            left.setdefault(_field(key), []).append(old["value"])
    for key, fact in now.items():
        if key not in before:
            others = left.get(_field(key), [])
            pairs.append((fact, others[0] if len(others) == 1 else None))
    return pairs


def _field(key: str) -> str:
    """A key without the record it is of: ``grid/IE:lifecycle`` is a grid's, whichever."""
    kind, slash, rest = key.partition("/")
    _, colon, name = rest.rpartition(":")
    return f"{kind}/*:{name}" if slash and colon else key
