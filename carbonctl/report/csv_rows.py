"""CSV rows of a breakdown: one row per node, with the same columns for all commands."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING, Any

from carbonctl.report.numbers import printable_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from carbonctl.result.node import Metric, MetricOrNull

    Energy = Callable[[str], float | None]

COLUMNS = ("id", "label", "unit", "value", "p05", "p50", "p95", "share", "evidence", "tier",
           "assumed", "parent", "level", "leaf", "energy_kwh", "scenario", "sources",
           "overlay")  # fmt: skip
ENERGY_METRIC = ".facility_energy_kwh"  # a metric of each phase
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write_csv(rows: Iterable[dict[str, Any]]) -> str:
    """Rows as CSV text with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: escape_formula(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def escape_formula(value: Any) -> Any:
    """The value of a cell; text that a spreadsheet would run as a formula gets a leading ``'``."""
    if not isinstance(value, str):
        return value
    runs = value.startswith(_FORMULA_STARTS) or value.lstrip().startswith(_FORMULA_STARTS)
    text: str = printable_texts(value)
    return f"'{text}" if runs else text


def breakdown_rows(
    breakdown: Sequence[Mapping[str, Any]],
    total: Mapping[str, Any],
    energy: Energy,
    scenario: str,
    overlay: dict[str, Any] | None = None,
) -> Iterator[dict[str, Any]]:
    """Rows of the nodes of one result, parents before children, the total last.

    Values of leaf rows add up to the total; ends of intervals do not. ``energy`` returns the
    electricity of a node in kWh by its id. ``overlay`` is the user's own folder of hardware data
    with the facts that come from it, shown in the row of the total.
    """
    own = f"{overlay['folder']}: {', '.join(overlay['facts'])}" if overlay else ""
    nodes = list(_nodes(breakdown, total["id"], 1))
    kwh = {row["id"]: energy(row["id"]) for row in nodes}
    energies = [kwh[row["id"]] for row in nodes if row["leaf"]]
    whole = math.fsum(v for v in energies if v is not None)
    for row in nodes:
        yield row | {"energy_kwh": kwh[row["id"]], "scenario": scenario}
    yield {
        **total,
        "share": 1.0,
        "evidence": "",
        "parent": "",
        "level": 0,
        "leaf": False,
        "energy_kwh": whole if any(v is not None for v in energies) else None,
        "scenario": scenario,
        "sources": source_ids_text(total),
        "overlay": own,
    }


def _nodes(nodes: Sequence[Mapping[str, Any]], parent: str, level: int) -> Iterator[dict[str, Any]]:
    for node in nodes:
        below = node.get("children", [])  # the lines of a decision to replace have none
        yield {
            **node,
            "parent": parent,
            "level": level,
            "leaf": not below,
            "sources": source_ids_text(node),
        }
        yield from _nodes(below, node["id"], level + 1)


def source_ids_text(node: Mapping[str, Any]) -> str:
    """Ids of the sources of a node as text, separated by spaces."""
    return " ".join(node["source_ids"])


def facility_energy_kwh(node_id: str, metrics: Mapping[str, MetricOrNull | Metric]) -> float | None:
    """Facility energy in kWh of a node of a breakdown; None for nodes of hardware."""
    phase, operational, _ = node_id.partition(".operational_")
    metric = metrics.get(f"{phase}{ENERGY_METRIC}") if operational else None
    return None if metric is None else metric["value"]


def distinct_names(names: list[str]) -> list[str]:
    """The names, with a number added to repeated ones."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if names.count(name) == 1 else f"{name} #{seen[name]}")
    return distinct
