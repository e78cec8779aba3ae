"""The envelope: a result as plain data, the contract of ``-f json`` and the input of renderers.

Names carry their unit, numbers are never formatted, null means unknown. Additive changes only
within one ``schema_version``.
"""

from __future__ import annotations

import math
from dataclasses import field
from typing import TYPE_CHECKING, Any, cast

from carbonctl import __version__
from carbonctl.core.formula import Step, Traced
from carbonctl.core.naming import unit_of
from carbonctl.core.record import value_record
from carbonctl.report.expected_error import expected_error
from carbonctl.report.facts import assumptions, data_version, fact_as_dict, replaced, used_facts
from carbonctl.report.numbers import printable
from carbonctl.report.provenance import provenance
from carbonctl.report.sensitivity import sensitivity
from carbonctl.report.trace import arguments, leaves, name_of, tier_of
from carbonctl.study.montecarlo import interval

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.errors import Problem
    from carbonctl.core.fact import Fact, Tier
    from carbonctl.core.types import Num
    from carbonctl.estimate.results import Line
    from carbonctl.report.facts import Result
    from carbonctl.result.estimate import (
        Accounting,
        BudgetLine,
        ChargedPhase,
        EstimateCommand,
        EstimateResult,
        Operational,
    )
    from carbonctl.result.facts import DriverRecord, Inputs
    from carbonctl.result.node import Line as LineRecord
    from carbonctl.result.node import Metric, MetricOrNull, Node, Total
    from carbonctl.result.problem import ProblemRecord
    from carbonctl.result.scalar import Unit

SCHEMA_VERSION = "1.0"


@value_record
class ResultMetadata:
    """What a result says beside its numbers."""

    name: str
    title: str
    period_hours: float | None
    not_estimated: dict[str, str]
    warnings: list[Problem]
    budget: dict[str, float] = field(default_factory=dict)
    period: Fact | None = None
    inputs: Inputs = field(default_factory=lambda: cast("Inputs", {}))
    charged: list[ChargedPhase] = field(default_factory=list)


def envelope(
    command: str,
    result: Result,
    catalog: Catalog,
    metadata: ResultMetadata,
) -> EstimateResult:
    """Everything a reader, a gate or a later report needs from one result."""
    point = result.point
    used = used_facts(result)
    total = total_of(result)
    whole = float(point.total_kgco2e)
    return {
        "schema_version": SCHEMA_VERSION,
        "command": cast("EstimateCommand", command),
        "tool": {"name": "carbonctl", "version": __version__},
        "data": data_version(result, catalog),
        "name": metadata.name,
        "title": printable(metadata.title).replace("\n", " "),
        "samples": result.samples,
        "seed": result.seed,
        "accounting": cast("Accounting", point.basis),
        "period_hours": metadata.period_hours,
        "total_kgco2e": whole,
        "total": total,
        "operational": _operational(result),
        "breakdown": breakdown(result),
        "expected_error": expected_error(getattr(point, "phases", ()), catalog),
        "metrics": cast("dict[str, Metric]", metrics_of(result)),  # none is null but of a refresh
        "drivers": drivers_of(result),
        "assumptions": assumptions(result, point.total_kgco2e),
        "sensitivity": sensitivity(result),
        "budget": _budget(metadata.budget, result),
        "facts": {key: fact_as_dict(fact) for key, fact in used.items()},
        "charged": metadata.charged,
        "coverage": {
            "included": [line.label for line in point.lines],
            "excluded": [],
            "not_estimated": metadata.not_estimated,
        },
        "warnings": warnings_of(metadata.warnings),
        "inputs": _inputs(metadata.inputs, used),
        "provenance": provenance(metadata.period),
    }


def warnings_of(problems: list[Problem]) -> list[ProblemRecord]:
    """Problems that a result is made in spite of."""
    found = (problem.as_dict(0) | {"level": "warning"} for problem in problems)
    return [cast("ProblemRecord", one) for one in found]


def drivers_of(result: Result) -> list[DriverRecord]:
    """The facts that the total follows most, each with its share of the variance."""
    return [
        {"key": d.fact.key, "label": d.fact.label, "variance_share": d.share}
        for d in result.drivers
    ]


def _inputs(given: Inputs, used: dict[str, Fact]) -> Inputs:
    """What the user gave, with the facts of hardware_db that given numbers stand in for."""
    rows = replaced(used)
    return {**given, "replaced": rows} if rows else given


def _of(result: Any, field: str) -> Num | None:
    return getattr(result, field) if result is not None else None


def node_of(
    node_id: str, label: str, value: Num | None, drawn: Num | None, unit: str = "kgCO2e"
) -> Node:
    """A number with its interval, its formula and what stands under it."""
    node: Node = {
        "id": node_id,
        "label": label,
        "unit": cast("Unit", unit),
        "value": None,
        "p05": None,
        "p50": None,
        "p95": None,
        "tier": None,
        "assumed": None,
        "formula": None,
        "inputs": [],
        "source_ids": [],
    }
    if value is None:
        return node
    node["value"] = finite(value)
    ends = interval(drawn)
    if ends is not None:
        node["p05"], node["p50"], node["p95"] = map(finite, ends)
    assert isinstance(value, Traced)  # noqa: S101 - point estimates are traced
    facts = leaves(value)
    node["tier"] = tier_of(facts)
    node["assumed"] = any(fact.assumed for fact in facts.values())
    node["formula"] = _formula_of(value)
    node["inputs"] = _names_under(value)
    node["source_ids"] = sorted({fact.source for fact in facts.values()})
    return node


def finite(value: float | Num | None) -> float | None:
    """A number that JSON can hold: a time or a grid that is never reached is null."""
    return float(value) if value is not None and math.isfinite(float(value)) else None


def _names_under(value: Traced) -> list[str]:
    """Names of the arguments of the step that made a number, or of the fact that it is."""
    cause = value.cause
    if isinstance(cause, Step):
        return [name_of(item.cause) for _, item in arguments(cause)]
    return [name_of(cause)]


def _formula_of(value: Num | None) -> str | None:
    traced = isinstance(value, Traced) and isinstance(value.cause, Step)
    return value.cause.card.name if traced else None  # type: ignore[union-attr]


def sum_of(node_id: str, label: str, value: Num, drawn: Num | None) -> Total:
    """A sum of lines with its interval."""
    return cast("Total", node_of(node_id, label, value, drawn))  # it has a value


def total_of(result: Result) -> Total:
    """The total with its interval."""
    drawn = _of(result.drawn, "total_kgco2e")
    return sum_of("total", "total", result.point.total_kgco2e, drawn)


def breakdown(result: Result) -> list[LineRecord]:
    """The lines of a result with their intervals, each with the lines under it."""
    point, drawn = result.point, result.drawn
    whole = float(point.total_kgco2e)
    others = drawn.lines if drawn is not None else (None,) * len(point.lines)
    return [_line(line, other, whole) for line, other in zip(point.lines, others, strict=True)]


def _line(line: Line, drawn: Line | None, whole: float) -> LineRecord:
    node = sum_of(line.id, line.label, line.kgco2e, drawn.kgco2e if drawn else None)
    below = drawn.children if drawn else (None,) * len(line.children)
    return {
        **node,
        "tier": cast("Tier", node["tier"]),
        "assumed": bool(node["assumed"]),
        "share": float(line.kgco2e) / whole if whole else None,
        "kind": line.kind,
        "boundary": line.boundary,
        "evidence": line.evidence,
        "comparators": [
            {
                "label": c.label,
                "kgco2e": c.kgco2e,
                "gap": float(line.kgco2e) / c.kgco2e - 1.0,
                "source": c.source,
                "note": c.note,
            }
            for c in line.comparators
        ],
        "children": [
            _line(child, other, whole) for child, other in zip(line.children, below, strict=True)
        ],
    }


def _operational(result: Result) -> Operational:
    """Electricity of all phases on both bases; null on the market basis without contracts."""
    return {"location": _electricity("location", result), "market": _electricity("market", result)}


def _electricity(basis: str, result: Result) -> Node:
    """Electricity of all phases on one basis; null where the result is not on it."""
    drawn = result.drawn.metrics if result.drawn is not None else {}
    name = f"operational_{basis}"
    key = f"{name}_kgco2e"
    label = f"electricity, {basis} basis"
    return node_of(name, label, result.point.metrics.get(key), drawn.get(key))


def metrics_of(result: Result) -> dict[str, MetricOrNull]:
    """Every number that has a name, with its unit, interval and formula."""
    drawn = result.drawn.metrics if result.drawn is not None else {}
    metrics: dict[str, MetricOrNull] = {}
    for name, value in result.point.metrics.items():
        ends = interval(drawn.get(name)) or (None, None, None)
        metrics[name] = {
            "value": finite(value),
            "p05": finite(ends[0]),
            "p50": finite(ends[1]),
            "p95": finite(ends[2]),
            "unit": unit_of(name),
            "formula": _formula_of(value),
            "source_ids": sorted({f.source for f in leaves(value).values()})
            if isinstance(value, Traced)
            else [],
        }
    return metrics


def _budget(budget: dict[str, float], result: Result) -> list[BudgetLine]:
    """Each limit of the scenario beside the number it limits."""
    drawn = result.drawn.metrics if result.drawn is not None else {}
    held: list[BudgetLine] = []
    for metric, limit in budget.items():
        value = result.point.metrics.get(metric)
        ends = interval(drawn.get(metric))
        held.append(
            {
                "metric": metric,
                "source": "user",
                "formula": _formula_of(value),
                "max_kgco2e": limit,
                "value": None if value is None else float(value),
                "p95": None if ends is None else ends[2],
            }
        )
    return held
