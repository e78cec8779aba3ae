"""Facts of a place: carbon intensity of its grid, PUE, WUE and water intensity, with ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.catalog.places import (
    canonical_place,
    find_place,
    list_regions,
    names_to_id,
    place_names,
    zones_of_place,
)
from carbonctl.catalog.zones import (
    CONSUMPTION_TABLE,
    LIFECYCLE_TABLES,
    Place,
    canonical_zones,
    grid_rows,
)
from carbonctl.core.fact import Fact

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog

__all__ = [
    "Place", "canonical_place", "carbon_intensity", "disclosed_figure", "find_grid_row",
    "find_place", "grid_rows", "list_regions", "names_to_id", "newest_year", "place_names",
    "water_intensity", "zones_of_place",
]  # fmt: skip
G_PER_KG = 1000.0


def carbon_intensity(catalog: Catalog, place: Place, coverage: str, band: float) -> Fact | None:
    """Average carbon intensity in kgCO2e/kWh of a place in the newest year; None if unknown.

    The range is the value divided and multiplied by ``band``, widened to include the values of
    other publishers with the same coverage for the same place.
    """
    row = find_grid_row(catalog, place, coverage)
    if row is None:
        return None
    value = float(row["gco2e_per_kwh"])
    others = [
        float(other["gco2e_per_kwh"])
        for name in {place.open_zone, place.iso3} - {"", row["zone"]}
        if (other := _find_row(catalog, name, coverage)) is not None
    ]
    others = [other for other in others if other > 0]
    return Fact(
        key=f"grid/{row['zone']}:{coverage}",
        value=value / G_PER_KG,
        unit="kgCO2e/kWh",
        source=row["source"],
        origin="hardware_db",
        low=min([value / band, *others]) / G_PER_KG,
        high=max([value * band, *others]) / G_PER_KG,
        range_kind="p05_p95",
        tier="published",
        mark=row["mark"] or None,
        note=_note(catalog, row, f"{row['year']}, {row['coverage']}, {row['kind']}"),
        label=f"grid factor, {row['zone']}",
    )


def find_grid_row(catalog: Catalog, place: Place, coverage: str) -> dict[str, str] | None:
    """The row of the grid tables that an estimate uses for a place; None if there is none.

    A row of the user's own folder comes first, for any of the zones of the place.
    """
    zone = place.egrid if coverage == "direct" and place.egrid else place.zone
    row = (
        _user_row(catalog, place, coverage)
        or _find_row(catalog, zone, coverage)
        or _find_row(catalog, place.iso3, coverage)
    )
    return row if row is not None and float(row["gco2e_per_kwh"]) > 0 else None


def _user_row(catalog: Catalog, place: Place, coverage: str) -> dict[str, str] | None:
    if len(catalog.roots) == 1:
        return None
    same = {zone for zone, one in canonical_zones(catalog).items() if one == place.zone}
    own = (row for row in grid_rows(catalog) if row["zone"] in same and catalog.user_file(row))
    return next((row for row in own if row["coverage"] == coverage), None)


def newest_year(catalog: Catalog) -> int:
    """The newest year of the consumption-based grid table; 0 if it has none."""
    years = (row["year"] for row in catalog.table(f"grids/{CONSUMPTION_TABLE}.csv"))
    return max((int(year) for year in years if year.isdigit()), default=0)


def _note(catalog: Catalog, row: dict[str, str], note: str) -> str:
    """The note of a row; for a row of the user's own folder the file comes first."""
    own = catalog.user_file(row)
    return f"from {own}; {note}" if own else note


def _find_row(catalog: Catalog, zone: str, coverage: str) -> dict[str, str] | None:
    for name in LIFECYCLE_TABLES:
        for row in catalog.table(f"grids/{name}.csv"):
            if row["zone"] == zone and row["coverage"] == coverage:
                return row
    return None


def direct_share(catalog: Catalog, place: Place, band: float) -> Fact | None:
    """Direct over life-cycle carbon intensity of a place's grid, a share; None if unknown.

    For the range, the upstream rest is divided and multiplied by ``band``.
    """
    rows = {row["zone"]: row for row in catalog.table("grids/direct_share.csv")}
    american = place.iso3 == "USA" or place.zone.startswith("egrid")
    country = "US" if american else ""
    names = (place.zone, place.zone.partition("-")[0], country)
    row = next((rows[name] for name in names if name in rows), None)
    if row is None:
        return None
    value = float(row["direct_gco2e_per_kwh"]) / float(row["lifecycle_gco2e_per_kwh"])
    return Fact(
        key=f"combustion/{row['zone']}",
        value=value,
        unit="1",
        source=row["source"],
        origin="hardware_db",
        low=max(1.0 - (1.0 - value) * band, value / (band * band)),
        high=1.0 - (1.0 - value) / band,
        range_kind="judged",
        shape="share",
        tier="modeled",
        mark=row["mark"] or None,
        note=_note(catalog, row, f"{row['year']}, {row['note']}"),
        label=f"combustion share of the grid, {row['zone']}",
    )


def disclosed_figure(place: Place, column: str, unit: str, label: str, band: float) -> Fact | None:
    """PUE or WUE that the provider discloses for a region, with a judged range; None if none."""
    row = place.row
    if row is None or not row.get(column):
        return None
    value, is_pue = float(row[column]), column == "pue"
    offset = 1.0 if is_pue else 0.0
    year = row.get(f"{'pue' if is_pue else 'wue'}_year", "")
    return Fact(
        key=f"regions/{place.name}:{column}",
        value=value,
        unit=unit,
        source=row["facility_source"],
        origin="hardware_db",
        low=offset + (value - offset) / band,
        high=offset + (value - offset) * band,
        range_kind="judged",
        shape="pue" if is_pue else "positive",
        tier="published",
        note=f"{year}, {place.name}" if year else place.name,
        label=label,
    )


def water_intensity(catalog: Catalog, place: Place, band: float) -> Fact | None:
    """Water in L/kWh for generating electricity in the zone or its country; None if unknown."""
    rows: dict[str, dict[str, str]] = {}
    for known in catalog.table("water/intensity.csv"):
        rows.setdefault(known["zone"], known)
    row = rows.get(place.zone) or rows.get(place.iso3)
    if row is None or not row["ewif_l_per_kwh"]:
        return None
    value = float(row["ewif_l_per_kwh"])
    return Fact(
        key=f"water/{row['zone']}:ewif",
        value=value,
        unit="L/kWh",
        source=row["source"],
        origin="hardware_db",
        low=value / band,
        high=value * band,
        range_kind="judged",
        tier="published",
        mark=row["mark"] or None,
        note=_note(catalog, row, f"{row['year']}, {row['zone']}" if row["year"] else row["zone"]),
        label=f"water of electricity, {row['zone']}",
    )
