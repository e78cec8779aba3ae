"""Attribute the difference of two totals to the changes between two scenarios."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Document, Path
    from carbonctl.result.estimate import EstimateResult

MISSING = object()
_MAX_SHAPLEY_CHANGES = 6  # 2**6 evaluations at most
# keys at the top that move no number
_KEYS_WITHOUT_NUMBERS = ("name", "schema", "budget")


@dataclass(frozen=True)
class Change:
    """One or several values of a scenario that change together, before and after."""

    path: Path
    edits: tuple[tuple[Path, Any, Any], ...]


@dataclass(frozen=True)
class Side:
    """One side of a comparison: its document and its result."""

    file: str
    document: Document
    result: EstimateResult | None
    data: EstimateResult

    @property
    def total(self) -> float:
        """Total of this side [kgCO2e], as saved where it is a saved result."""
        return float(self.data["total_kgco2e"])


@dataclass(frozen=True)
class Difference:
    """Two sides, the changes between them, and the contribution of each [kgCO2e]."""

    base: Side
    head: Side
    inputs: list[Change]
    data: list[tuple[Fact, Fact]]
    moved: list[float]
    tool: float
    ends: tuple[float, float, float] | None


def find_changes(base: dict[str, Any], head: dict[str, Any]) -> list[Change]:
    """Every value that differs and may move a number, each as its own change, in file order."""
    differing = find_edits(base, head)
    return [
        Change(path, ((path, a, b),))
        for path, a, b in differing
        if path[0] not in _KEYS_WITHOUT_NUMBERS
    ]


def find_edits(base: dict[str, Any], head: dict[str, Any]) -> list[tuple[Path, Any, Any]]:
    """Every value that differs: its path, its value before and its value after."""
    return list(_edits(base, head, ()))


def _edits(base: Any, head: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    if isinstance(base, dict) and isinstance(head, dict):
        for key in dict.fromkeys((*base, *head)):
            a, b = base.get(key, MISSING), head.get(key, MISSING)
            yield from _edits(a, b, (*path, key))
    elif isinstance(base, list) and isinstance(head, list) and len(base) == len(head):
        for place, (a, b) in enumerate(zip(base, head, strict=True)):
            yield from _edits(a, b, (*path, place))
    elif not _same(base, head):
        yield path, base, head


def _same(a: Any, b: Any) -> bool:
    return a is b or (a == b and isinstance(a, bool) == isinstance(b, bool))


def group_changes(changes: list[Change], depth: int) -> list[Change]:
    """Changes grouped by the first ``depth`` steps of their path; with 0, all in one group."""
    groups: dict[Path, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.path[:depth], []).append(change)
    return [
        members[0]
        if len(members) == 1
        else Change(path, tuple(edit for member in members for edit in member.edits))
        for path, members in groups.items()
    ]


def apply_changes(base: dict[str, Any], applied: list[Change]) -> dict[str, Any]:
    """The scenario after some changes."""
    changed = copy.deepcopy(base)
    for path, _, value in (edit for change in applied for edit in change.edits):
        here: Any = changed
        for step in path[:-1]:
            here = here[step]
        if value is MISSING:
            del here[path[-1]]
        else:
            here[path[-1]] = copy.deepcopy(value)
    return changed


def contributions(count: int, value: Callable[[frozenset[int]], float]) -> list[float]:
    """Contribution of each change to the difference of a value; they add up to the whole.

    Shapley values where changes are few, else the mean of applying them in order and in reverse.
    In one order alone, the result would depend on which change is applied first.
    """
    known = cache(value)
    if count <= _MAX_SHAPLEY_CHANGES:
        return [_shapley(place, count, known) for place in range(count)]
    orders = (list(range(count)), list(range(count))[::-1])
    moved = [_contributions_in_order(order, known) for order in orders]
    return [(a + b) / len(orders) for a, b in zip(*moved, strict=True)]


def attribution_method(count: int) -> str:
    """Name of the method by which contributions of this many changes are computed."""
    return "shapley" if count <= _MAX_SHAPLEY_CHANGES else "mean_of_both_orders"


def _shapley(place: int, count: int, value: Callable[[frozenset[int]], float]) -> float:
    others = [other for other in range(count) if other != place]
    terms = []
    for size in range(count):
        weight = 1.0 / (count * math.comb(count - 1, size))
        for members in combinations(others, size):
            before = frozenset(members)
            terms.append(weight * (value(before | {place}) - value(before)))
    return math.fsum(terms)


def _contributions_in_order(
    order: list[int], value: Callable[[frozenset[int]], float]
) -> list[float]:
    moved = [0.0] * len(order)
    applied: frozenset[int] = frozenset()
    for place in order:
        following = applied | {place}
        moved[place] = value(following) - value(applied)
        applied = following
    return moved
