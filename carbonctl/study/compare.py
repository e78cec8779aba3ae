"""Compare scenarios on common draws, so that differences have their own, narrower intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from carbonctl.estimate.inputs import bind
from carbonctl.study.montecarlo import central_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.fact import Fact
    from carbonctl.core.types import Array
    from carbonctl.estimate.inputs import LifecycleInputs
    from carbonctl.estimate.results import Lifecycle
    from carbonctl.study.montecarlo import Evaluated


@dataclass(frozen=True)
class Row:
    """One kind of line in every scenario (None where absent), and differences to the first."""

    kind: str
    label: str
    values: tuple[float | None, ...]
    differences: tuple[Array, ...]


@dataclass(frozen=True)
class TurningPoint:
    """The value of one input of the lower scenario at which both totals are equal."""

    fact: Fact
    value: float


@dataclass(frozen=True)
class Comparison:
    """Aligned rows and total, and each scenario beside the first and beside the least.

    ``less_than_first`` is the share of draws in which a scenario is below the first;
    ``above_least`` its total less that of the least central total, over draws [kgCO2e].
    """

    rows: tuple[Row, ...]
    total: Row
    less_than_first: tuple[float, ...]
    above_least: tuple[Array, ...]
    differing: tuple[tuple[Fact | None, Fact | None], ...]
    turning: TurningPoint | None


def compare(
    results: list[Evaluated[Lifecycle]],
    inputs: list[LifecycleInputs[Fact]],
    estimate: Callable[..., Lifecycle],
) -> Comparison:
    """Comparison of results, aligned by kind of line, with the first as the base."""
    labels: dict[str, str] = {}
    for result in results:
        for line in result.point.lines:
            labels.setdefault(line.kind, line.label)
    rows = tuple(_row(kind, label, results) for kind, label in labels.items())
    totals = [float(r.point.total_kgco2e) for r in results]
    drawn = [_total_over_draws(r, None) for r in results]
    total = Row("total", "total", tuple(totals), tuple(d - drawn[0] for d in drawn))
    fewer = tuple(float(np.mean(d < drawn[0])) for d in drawn)
    turning = _find_turning_point(results, inputs, estimate) if len(results) == 2 else None  # noqa: PLR2004
    least = drawn[totals.index(min(totals))]
    above = tuple(d - least for d in drawn)
    return Comparison(rows, total, fewer, above, _differing_inputs(results), turning)


def _row(kind: str, label: str, results: list[Evaluated[Lifecycle]]) -> Row:
    values = tuple(_value(r, kind) for r in results)
    drawn = [_total_over_draws(r, kind) for r in results]
    return Row(kind, label, values, tuple(d - drawn[0] for d in drawn))


def _value(result: Evaluated[Lifecycle], kind: str) -> float | None:
    found = [float(line.kgco2e) for line in result.point.lines if line.kind == kind]
    return math.fsum(found) if found else None


def _total_over_draws(result: Evaluated[Lifecycle], kind: str | None) -> Array:
    source = result.drawn if result.drawn is not None else result.point
    if kind is None:
        return np.asarray(source.total_kgco2e, dtype=float)
    found = [np.asarray(line.kgco2e, dtype=float) for line in source.lines if line.kind == kind]
    return sum(found[1:], start=found[0]) if found else np.zeros(())


def _differing_inputs(
    results: list[Evaluated[Lifecycle]],
) -> tuple[tuple[Fact | None, Fact | None], ...]:
    """Inputs that differ between the first two: matched by key, the others by label and unit."""
    first, second = (results[0].facts, results[1].facts)
    pairs: list[tuple[Fact | None, Fact | None]] = [
        (fact, second[key])
        for key, fact in first.items()
        if key in second and second[key].value != fact.value
    ]
    rest = {_kind(f): f for key, f in second.items() if key not in first}
    for key, fact in first.items():
        other = rest.pop(_kind(fact), None) if key not in second else None
        if other is not None and other.value != fact.value:
            pairs.append((fact, other))
    return tuple(pairs)


def _kind(fact: Fact) -> str:
    """Label (without device or place) and unit of a fact."""
    return f"{fact.label.split(',')[0]} {fact.unit}"


def _find_turning_point(
    results: list[Evaluated[Lifecycle]],
    inputs: list[LifecycleInputs[Fact]],
    estimate: Callable[..., Lifecycle],
) -> TurningPoint | None:
    """The grid factor of the lower side at which totals are equal; totals are linear in it."""
    totals = [float(r.point.total_kgco2e) for r in results]
    cheap = 0 if totals[0] < totals[1] else 1
    other = results[1 - cheap].facts
    for key, fact in results[cheap].facts.items():
        if fact.unit != "kgCO2e/kWh" or key in other:
            continue
        at_zero = _total_with(inputs[cheap], fact, 0.0, estimate)
        slope = (totals[cheap] - at_zero) / fact.value if fact.value else 0.0
        if slope > 0:
            return TurningPoint(fact, (totals[1 - cheap] - at_zero) / slope)
    return None


def _total_with(
    inputs: LifecycleInputs[Fact], fact: Fact, value: float, estimate: Callable[..., Lifecycle]
) -> float:
    changed = replace(fact, value=value)

    def lens(given: Fact) -> float:
        return central_value(changed if given.key == fact.key else given)

    return float(estimate(bind(inputs, lens)).total_kgco2e)
