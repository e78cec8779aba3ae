"""Conversion of an estimate into plain data: the output of ``-f json``, input of all renderers.

Names end in their unit, numbers are not formatted, null means unknown. Within one
``schema_version`` keys are only added.
"""

from __future__ import annotations

import math
from dataclasses import field
from typing import TYPE_CHECKING, Any, cast

from carbonctl import __version__
from carbonctl.core.formula import Step, Traced
from carbonctl.core.naming import unit_of
from carbonctl.core.record import value_record
from carbonctl.report.expected_error import expected_errors
from carbonctl.report.facts import (
    assumption_records,
    data_version,
    fact_as_dict,
    replaced_facts,
    used_facts,
)
from carbonctl.report.numbers import printable
from carbonctl.report.provenance import estimate_provenance
from carbonctl.report.sensitivity import sensitivity
from carbonctl.report.trace_walk import cause_name, facts_under, named_arguments, weakest_tier_of
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
    from carbonctl.scenario.schema.shared_sections import Statistic

SCHEMA_VERSION = "1.0"


@value_record
class ResultMetadata:
    """Metadata of a result: name, title, period, warnings, budget, user inputs, charges."""

    name: str
    title: str
    period_hours: float | None
    not_estimated: dict[str, str]
    warnings: list[Problem]
    budget: dict[str, float] = field(default_factory=dict)
    budget_statistic: Statistic = "p50"
    period: Fact | None = None
    inputs: Inputs = field(default_factory=lambda: cast("Inputs", {}))
    charged: list[ChargedPhase] = field(default_factory=list)


def build_result(
    command: str,
    result: Result,
    catalog: Catalog,
    metadata: ResultMetadata,
) -> EstimateResult:
    """An estimate as plain data."""
    point = result.point
    used = used_facts(result)
    total = total_node(result)
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
        "breakdown": breakdown_lines(result),
        "expected_error": expected_errors(getattr(point, "phases", ()), catalog),
        "metrics": cast(
            "dict[str, Metric]", metric_records(result)
        ),  # only refresh has null metrics
        "drivers": driver_records(result),
        "assumptions": assumption_records(result, point.total_kgco2e),
        "sensitivity": sensitivity(result),
        "budget": _budget_lines(metadata, result),
        "facts": {key: fact_as_dict(fact) for key, fact in used.items()},
        "charged": metadata.charged,
        "coverage": {
            "included": [line.label for line in point.lines],
            "excluded": [],
            "not_estimated": metadata.not_estimated,
        },
        "warnings": warning_records(metadata.warnings),
        "inputs": _inputs(metadata.inputs, used),
        "provenance": estimate_provenance(metadata.period),
    }


def warning_records(problems: list[Problem]) -> list[ProblemRecord]:
    """Warnings of a result as records."""
    found = (problem.as_dict(0) | {"level": "warning"} for problem in problems)
    return [cast("ProblemRecord", one) for one in found]


def driver_records(result: Result) -> list[DriverRecord]:
    """Facts with their share of the variance of the total, largest first."""
    return [
        {"key": d.fact.key, "label": d.fact.label, "variance_share": d.share}
        for d in result.drivers
    ]


def _inputs(given: Inputs, used: dict[str, Fact]) -> Inputs:
    """The user's inputs, with the facts of hardware_db that they override."""
    rows = replaced_facts(used)
    return {**given, "replaced": rows} if rows else given


def _field_or_none(result: Any, field: str) -> Num | None:
    return getattr(result, field) if result is not None else None


def build_node(
    node_id: str, label: str, value: Num | None, drawn: Num | None, unit: str = "kgCO2e"
) -> Node:
    """A number as a node: interval, tier, formula, inputs and sources."""
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
    node["value"] = finite_or_none(value)
    ends = interval(drawn)
    if ends is not None:
        node["p05"], node["p50"], node["p95"] = map(finite_or_none, ends)
    assert isinstance(value, Traced)  # noqa: S101 - point estimates are traced
    facts = facts_under(value)
    node["tier"] = weakest_tier_of(facts)
    node["assumed"] = any(fact.assumed for fact in facts.values())
    node["formula"] = _formula_name(value)
    node["inputs"] = _input_names(value)
    node["source_ids"] = sorted({fact.source for fact in facts.values()})
    return node


def finite_or_none(value: float | Num | None) -> float | None:
    """A number for JSON; None if it is missing or infinite (never reached)."""
    return float(value) if value is not None and math.isfinite(float(value)) else None


def _input_names(value: Traced) -> list[str]:
    """Names of the inputs of the formula of a number, or of its fact."""
    cause = value.cause
    if isinstance(cause, Step):
        return [cause_name(item.cause) for _, item in named_arguments(cause)]
    return [cause_name(cause)]


def _formula_name(value: Num | None) -> str | None:
    traced = isinstance(value, Traced) and isinstance(value.cause, Step)
    return value.cause.card.name if traced else None  # type: ignore[union-attr]


def build_total_node(node_id: str, label: str, value: Num, drawn: Num | None) -> Total:
    """A sum of lines with its interval."""
    return cast("Total", build_node(node_id, label, value, drawn))  # it has a value


def total_node(result: Result) -> Total:
    """The total with its interval."""
    drawn = _field_or_none(result.drawn, "total_kgco2e")
    return build_total_node("total", "total", result.point.total_kgco2e, drawn)


def breakdown_lines(result: Result) -> list[LineRecord]:
    """The lines of a result with their intervals, each with the lines under it."""
    point, drawn = result.point, result.drawn
    whole = float(point.total_kgco2e)
    others = drawn.lines if drawn is not None else (None,) * len(point.lines)
    return [
        _line_record(line, other, whole) for line, other in zip(point.lines, others, strict=True)
    ]


def _line_record(line: Line, drawn: Line | None, whole: float) -> LineRecord:
    node = build_total_node(line.id, line.label, line.kgco2e, drawn.kgco2e if drawn else None)
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
            _line_record(child, other, whole)
            for child, other in zip(line.children, below, strict=True)
        ],
    }


def _operational(result: Result) -> Operational:
    """Carbon of electricity of all phases on both bases; market is null without contracts."""
    return {
        "location": _electricity_node("location", result),
        "market": _electricity_node("market", result),
    }


def _electricity_node(basis: str, result: Result) -> Node:
    """Carbon of electricity of all phases on one basis; null if it is not estimated."""
    drawn = result.drawn.metrics if result.drawn is not None else {}
    name = f"operational_{basis}"
    key = f"{name}_kgco2e"
    label = f"electricity, {basis} basis"
    return build_node(name, label, result.point.metrics.get(key), drawn.get(key))


def metric_records(result: Result) -> dict[str, MetricOrNull]:
    """All metrics with unit, interval, formula and sources."""
    drawn = result.drawn.metrics if result.drawn is not None else {}
    metrics: dict[str, MetricOrNull] = {}
    for name, value in result.point.metrics.items():
        ends = interval(drawn.get(name)) or (None, None, None)
        metrics[name] = {
            "value": finite_or_none(value),
            "p05": finite_or_none(ends[0]),
            "p50": finite_or_none(ends[1]),
            "p95": finite_or_none(ends[2]),
            "unit": unit_of(name),
            "formula": _formula_name(value),
            "source_ids": sorted({f.source for f in facts_under(value).values()})
            if isinstance(value, Traced)
            else [],
        }
    return metrics


def _budget_lines(metadata: ResultMetadata, result: Result) -> list[BudgetLine]:
    """Budgets of the scenario with the metrics that they limit."""
    drawn = result.drawn.metrics if result.drawn is not None else {}
    lines: list[BudgetLine] = []
    for metric, limit in metadata.budget.items():
        value = result.point.metrics.get(metric)
        ends = interval(drawn.get(metric))
        lines.append(
            {
                "metric": metric,
                "source": "user",
                "formula": _formula_name(value),
                "max_kgco2e": limit,
                "statistic": metadata.budget_statistic,
                "value": None if value is None else float(value),
                "p50": None if ends is None else ends[1],
                "p95": None if ends is None else ends[2],
            }
        )
    return lines
