"""NDJSON: one line per node of the breakdown, the total last."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from carbonctl.report.ci.findings import overlay, results

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.result.estimate import EstimateResult, Estimates
    from carbonctl.result.node import Line


def as_ndjson(data: Estimates) -> str:
    """Nodes of all results as NDJSON, parents before children, with the name of the result."""
    return "".join(
        json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n"
        for result in results(data)
        for row in _result_rows(result)
    )


def _result_rows(result: EstimateResult) -> Iterator[dict[str, Any]]:
    of = {"command": result["command"], "name": result["name"]} | overlay(result)
    yield from _nodes(result["breakdown"], of | {"parent": "total"})
    yield of | {"parent": None} | result["total"] | {"share": 1.0}


def _nodes(nodes: list[Line], of: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for node in nodes:
        yield of | {key: value for key, value in node.items() if key != "children"}
        yield from _nodes(node["children"], of | {"parent": node["id"]})
