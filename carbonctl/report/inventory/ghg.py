"""GHG Protocol inventory: each line in its scope and category, on the location basis.

Direct emissions of purchased electricity are scope 2, its upstream emissions scope 3 category 3.
Devices and buildings are capital goods. A cloud is a purchased service, all of it scope 3.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from carbonctl.report.ci.findings import overlay, results
from carbonctl.report.machine import as_json
from carbonctl.report.phase_inputs import operator_of_phase, phase_lines, phase_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.result.estimate import EstimateResult, Estimates
    from carbonctl.result.node import Line, Metric

Category = tuple[int | None, int | None, str]
_SERVICE: Category = (3, 1, "purchased goods and services")
# kind of a line -> scope, category and its name, if the reporter owns the devices
_CATEGORY_OF_KIND: dict[str, Category] = {
    "manufacturing": (3, 2, "capital goods"),
    "construction": (3, 2, "capital goods"),
    "transport": (3, 4, "upstream transportation and distribution"),
    "end_of_life": (3, 5, "waste generated in operations"),
    "base": _SERVICE,
}
# metric of a phase -> scope and category of its electricity
_ELECTRICITY: dict[str, Category] = {
    "scope_2_location_kgco2e": (2, None, "purchased electricity"),
    "scope_3_3_kgco2e": (3, 3, "fuel- and energy-related activities"),
}
_LEASED: Category = (3, 8, "upstream leased assets")
_UNSPLIT_ELECTRICITY: Category = (
    None,
    None,
    "electricity of scope 2 and of scope 3 category 3, not separated",
)
_NO_SCOPE_1 = "generators and refrigerants are not estimated"
_NO_DIRECT_SHARE = (
    "this result of an older version does not separate direct emissions for the site of "
)
_AMORTIZED = "capital goods are amortized here; the protocol books them in the year of purchase"
_NO_UPSTREAM = "the grid factor covers direct emissions only: nothing upstream is counted"


def as_ghg(data: Estimates) -> str:
    """GHG inventories of all results, as JSON."""
    made = [_inventory(result) for result in results(data)]
    return as_json({"schema_version": "1.0", "format": "ghg", "inventories": made})


def _inventory(result: EstimateResult) -> dict[str, Any]:
    rows = [row for node in phase_lines(result) for row in _line_rows(result, node)]
    unsplit = [row["id"] for row in rows if row["scope"] is None]
    missing = {"scope 1": _NO_SCOPE_1}
    if unsplit:
        missing["scope 2"] = _NO_DIRECT_SHARE + ", ".join(
            phase_of({"id": name}) for name in unsplit
        )
    return {
        "name": result["name"],
        "accounting": "location",
        "period_hours": result["period_hours"],
        "total_kgco2e": math.fsum(row["kgco2e"] for row in rows),
        "scope_1_kgco2e": None,
        "scope_2_kgco2e": None if unsplit else _sum_of_scope(rows, 2),
        "scope_2_market_kgco2e": None
        if unsplit
        else _market_sum([row for row in rows if row["scope"] == 2]),  # noqa: PLR2004
        "scope_3_kgco2e": _sum_of_scope(rows, 3),
        "unsplit_kgco2e": _sum_of_scope(rows, None),
        "electricity_market_kgco2e": _market_sum([row for row in rows if _is_electricity(row)]),
        "rows": rows,
        "not_estimated": missing | result["coverage"]["not_estimated"],
        "source": "ghg-protocol-scope2-2015",
        "notes": list(_notes(rows)),
    } | overlay(result)


def _sum_of_scope(rows: list[dict[str, Any]], scope: int | None) -> float | None:
    values = [row["kgco2e"] for row in rows if row["scope"] == scope]
    return math.fsum(values) if values else None


def _market_sum(rows: list[dict[str, Any]]) -> float | None:
    """Market-based carbon of electricity in kgCO2e; None if a row has none."""
    values = [row["market_kgco2e"] for row in rows]
    return math.fsum(values) if values and None not in values else None


def _is_electricity(row: dict[str, Any]) -> bool:
    return ".operational_location_" in row["id"] or ".scope_" in row["id"]


def _notes(rows: list[dict[str, Any]]) -> Iterator[str]:
    places = {(row["scope"], row["category"]) for row in rows}
    if (3, 2) in places:
        yield _AMORTIZED
    if (2, None) in places and (3, 3) not in places:
        yield _NO_UPSTREAM


def _line_rows(result: EstimateResult, node: Line) -> Iterator[dict[str, Any]]:
    """Rows of a line; electricity of own devices has two, in scope 2 and scope 3."""
    phase, metrics = phase_of(node), result["metrics"]
    by = operator_of_phase(result, phase) if phase else "own"
    if node["kind"] in _CATEGORY_OF_KIND:
        place = _SERVICE if by == "cloud" else _category_of(node["kind"], by)
        yield _row(place, node["label"], node["id"], node, None)
        return
    whole = f"{phase}.operational_location_kgco2e"
    parts = {f"{phase}.{name}": place for name, place in _ELECTRICITY.items()}
    parts = {name: place for name, place in parts.items() if name in metrics}
    if by == "cloud":
        parts = {whole: _SERVICE}
    for name, place in (parts or {whole: _UNSPLIT_ELECTRICITY}).items():
        market = metrics.get(_market_metric(name))
        number = metrics.get(name, node)  # a result that was edited may lack it
        yield _row(place, node["label"], name, number, market)


def _category_of(kind: str, by: str) -> Category:
    """Scope and category of a line other than electricity; rented buildings are leased assets."""
    return _LEASED if by == "colocation" and kind == "construction" else _CATEGORY_OF_KIND[kind]


def _market_metric(name: str) -> str:
    """Name of the market-based metric of a location-based one."""
    if name.endswith(".scope_3_3_kgco2e"):
        return name.replace("scope_3_3_", "scope_3_3_market_")
    return name.replace("location", "market")


def _row(
    place: Category,
    label: str,
    row_id: str,
    number: Metric | Line,
    market: Metric | None,
) -> dict[str, Any]:
    scope, category, name = place
    return {
        "id": row_id,
        "label": label,
        "scope": scope,
        "category": category,
        "category_name": name,
        "kgco2e": number["value"],
        "market_kgco2e": None if market is None else market["value"],
        "formula": number["formula"],
        "source_ids": number["source_ids"],
    }
