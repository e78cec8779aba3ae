"""GHG Protocol inventory: each line in its scope and category, electricity on both bases.

Electricity that the reporter buys for its own devices is scope 2, devices and buildings are
capital goods. What runs in a provider's cloud is a purchased service, all of it in scope 3.
"""

from __future__ import annotations

import math
from typing import Any

from carbonctl.report.findings import results
from carbonctl.report.machine import as_json
from carbonctl.report.placed import leaves, phase_of, rented

_SERVICE = (3, 1, "purchased goods and services")
# kind of a line -> scope, category, its name, where the reporter owns the devices
_OWNED = {
    "manufacturing": (3, 2, "capital goods"),
    "construction": (3, 2, "capital goods"),
    "transport": (3, 4, "upstream transportation and distribution"),
    "end_of_life": (3, 5, "waste generated in operations"),
    "base": _SERVICE,
}
_ELECTRICITY = (2, None, "purchased electricity")
_DIRECT = "generators and refrigerants are not estimated"
_UPSTREAM = (
    "grid factors of lifecycle coverage hold the upstream of fuels, which the protocol puts in "
    "scope 3 category 3; --set site.coverage=direct leaves it out"
)
_AMORTIZED = "capital goods are amortized here; the protocol books them in the year of purchase"


def as_ghg(data: dict[str, Any]) -> str:
    """An inventory of every result."""
    made = [_inventory(result) for result in results(data)]
    return as_json({"schema_version": "1.0", "format": "ghg", "inventories": made})


def _inventory(result: dict[str, Any]) -> dict[str, Any]:
    rows = [_row(result, node) for node in leaves(result)]
    sums: dict[str, float | None] = {}
    for scope in (1, 2, 3):
        values = [row["kgco2e"] for row in rows if row["scope"] == scope]
        sums[f"scope_{scope}_kgco2e"] = math.fsum(values) if values else None
    lifecycle = any("lifecycle" in (f["note"] or "") for f in result["facts"].values())
    return {
        "name": result["name"],
        "accounting": result["accounting"],
        "period_hours": result["period_hours"],
        "total_kgco2e": result["total_kgco2e"],
        **sums,
        "rows": rows,
        "not_estimated": {"scope 1": _DIRECT} | result["coverage"]["not_estimated"],
        "source": "ghg-protocol-scope2-2015",
        "notes": _notes(rows, lifecycle=lifecycle),
    }


def _notes(rows: list[dict[str, Any]], *, lifecycle: bool) -> list[str]:
    categories = {(row["scope"], row["category"]) for row in rows}
    upstream = [_UPSTREAM] if lifecycle and (2, None) in categories else []
    return upstream + ([_AMORTIZED] if (3, 2) in categories else [])


def _row(result: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    phase = phase_of(node)
    embodied = _OWNED.get(node["kind"])
    cloud = bool(phase) and rented(result, phase)
    scope, category, name = _SERVICE if cloud else embodied or _ELECTRICITY
    both = {} if embodied else _on_both_bases(result["metrics"], phase)
    return {
        "id": node["id"],
        "label": node["label"],
        "scope": scope,
        "category": category,
        "category_name": name,
        "kgco2e": node["value"],
        "location_kgco2e": both.get("location"),
        "market_kgco2e": both.get("market"),
        "formula": node["formula"],
        "source_ids": node["source_ids"],
    }


def _on_both_bases(metrics: dict[str, Any], phase: str) -> dict[str, float]:
    """Electricity of a phase on the bases on which it is known."""
    names = {basis: f"{phase}.operational_{basis}_kgco2e" for basis in ("location", "market")}
    return {basis: metrics[name]["value"] for basis, name in names.items() if name in metrics}
