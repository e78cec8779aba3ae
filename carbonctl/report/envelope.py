"""The envelope: a result as plain data, the contract of ``-f json`` and the input of renderers.

Names carry their unit, numbers are never formatted, null means unknown. Additive changes only
within one ``schema_version``.
"""

from __future__ import annotations

import math
from dataclasses import field
from typing import TYPE_CHECKING, Any

from carbonctl import __version__
from carbonctl.core.formula import Step, Traced
from carbonctl.core.naming import unit_of
from carbonctl.core.record import compared
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
    from carbonctl.core.fact import Fact
    from carbonctl.core.types import Num
    from carbonctl.estimate.results import Line
    from carbonctl.report.facts import Result

SCHEMA_VERSION = "1.0"


@compared
class ResultMetadata:
    """What a result says beside its numbers."""

    name: str
    title: str
    period_hours: float | None
    not_estimated: dict[str, str]
    warnings: list[Problem]
    budget: dict[str, float] = field(default_factory=dict)
    period: Fact | None = None
    inputs: dict[str, Any] = field(default_factory=dict)
    charged: list[dict[str, Any]] = field(default_factory=list)


def envelope(
    command: str,
    result: Result,
    catalog: Catalog,
    metadata: ResultMetadata,
) -> dict[str, Any]:
    """Everything a reader, a gate or a later report needs from one result."""
    point = result.point
    used = used_facts(result)
    total = total_of(result)
    whole = float(point.total_kgco2e)
    return {
        "schema_version": SCHEMA_VERSION,
        "command": command,
        "tool": {"name": "carbonctl", "version": __version__},
        "data": data_version(result, catalog),
        "name": metadata.name,
        "title": printable(metadata.title).replace("\n", " "),
        "samples": result.samples,
        "seed": result.seed,
        "accounting": point.basis,
        "period_hours": metadata.period_hours,
        "total_kgco2e": whole,
        "total": total,
        "operational": _operational(result),
        "breakdown": breakdown(result),
        "expected_error": expected_error(getattr(point, "phases", ()), catalog),
        "metrics": metrics_of(result),
        "drivers": [
            {"key": d.fact.key, "label": d.fact.label, "variance_share": d.share}
            for d in result.drivers
        ],
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
        "warnings": [problem.as_dict(0) | {"level": "warning"} for problem in metadata.warnings],
        "inputs": metadata.inputs | ({"replaced": rows} if (rows := replaced(used)) else {}),
        "provenance": provenance(metadata.period),
    }


def _of(result: Any, field: str) -> Num | None:
    return getattr(result, field) if result is not None else None


def node_of(
    node_id: str, label: str, value: Num | None, drawn: Num | None, unit: str = "kgCO2e"
) -> dict[str, Any]:
    """A number with its interval, its formula and what stands under it."""
    node: dict[str, Any] = {
        "id": node_id,
        "label": label,
        "unit": unit,
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
    return node | _provenance(value)


def finite(value: float | Num | None) -> float | None:
    """A number that JSON can hold: a time or a grid that is never reached is null."""
    return float(value) if value is not None and math.isfinite(float(value)) else None


def _provenance(value: Num) -> dict[str, Any]:
    assert isinstance(value, Traced)  # noqa: S101 - point estimates are traced
    facts = leaves(value)
    cause = value.cause
    return {
        "tier": tier_of(facts),
        "assumed": any(fact.assumed for fact in facts.values()),
        "formula": _formula_of(value),
        "inputs": [name_of(item.cause) for _, item in arguments(cause)]
        if isinstance(cause, Step)
        else [name_of(cause)],
        "source_ids": sorted({fact.source for fact in facts.values()}),
    }


def _formula_of(value: Num | None) -> str | None:
    traced = isinstance(value, Traced) and isinstance(value.cause, Step)
    return value.cause.card.name if traced else None  # type: ignore[union-attr]


def total_of(result: Result) -> dict[str, Any]:
    """The total with its interval."""
    drawn = _of(result.drawn, "total_kgco2e")
    return node_of("total", "total", result.point.total_kgco2e, drawn)


def breakdown(result: Result) -> list[dict[str, Any]]:
    """The lines of a result with their intervals, each with the lines under it."""
    point, drawn = result.point, result.drawn
    whole = float(point.total_kgco2e)
    others = drawn.lines if drawn is not None else (None,) * len(point.lines)
    return [_line(line, other, whole) for line, other in zip(point.lines, others, strict=True)]


def _line(line: Line, drawn: Line | None, whole: float) -> dict[str, Any]:
    node = node_of(line.id, line.label, line.kgco2e, drawn.kgco2e if drawn else None)
    below = drawn.children if drawn else (None,) * len(line.children)
    return node | {
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


def _operational(result: Result) -> dict[str, Any]:
    """Electricity of all phases on both bases; null on the market basis without contracts."""
    drawn = result.drawn.metrics if result.drawn is not None else {}
    node = {}
    for basis in ("location", "market"):
        key = f"operational_{basis}_kgco2e"
        value = result.point.metrics.get(key)
        node[basis] = node_of(
            f"operational_{basis}", f"electricity, {basis} basis", value, drawn.get(key)
        )
    return node


def metrics_of(result: Result) -> dict[str, Any]:
    """Every number that has a name, with its unit, interval and formula."""
    drawn = result.drawn.metrics if result.drawn is not None else {}
    metrics = {}
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


def _budget(budget: dict[str, float], result: Result) -> list[dict[str, Any]]:
    """Each limit of the scenario beside the number it limits."""
    drawn = result.drawn.metrics if result.drawn is not None else {}
    held = []
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
