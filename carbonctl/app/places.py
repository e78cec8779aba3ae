"""Browse cloud regions and grid zones: list, search, and the factors of one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.app.names import ambiguous_name_error, matching_names, unknown_name_error
from carbonctl.catalog import grids
from carbonctl.catalog.read import AmbiguousName, UnknownName

if TYPE_CHECKING:
    from carbonctl.catalog.grids import Place
    from carbonctl.catalog.read import Catalog


def list_zones(catalog: Catalog) -> list[dict[str, Any]]:
    """Rows of all grid zones."""
    return [_zone_row(row) for row in grids.grid_rows(catalog)]


def list_regions(catalog: Catalog) -> list[dict[str, Any]]:
    """Rows of all cloud regions."""
    return [_region_row(row) for row in grids.list_regions(catalog)]


def search_places(catalog: Catalog, word: str) -> list[dict[str, Any]]:
    """Rows of regions and zones whose id or place contains a word; InputError if none does."""
    named = {
        f"{r['provider']}:{r['region']} {r['place']}": f"{r['provider']}:{r['region']}"
        for r in grids.list_regions(catalog)
    } | {f"{r['zone']} {r['name']}": r["zone"] for r in grids.grid_rows(catalog)}
    named |= grids.names_to_id(catalog)
    rows = [_place_row(catalog, named[name]) for name in matching_names(named, word)]
    if not rows:
        raise unknown_name_error("CC102", f'no place is called "{word}"', "carbonctl grid list")
    return list({row["name"]: row for row in rows}.values())


def find_place(catalog: Catalog, name: str) -> Place:
    """The place that a name means; InputError unless exactly one matches."""
    try:
        return grids.find_place(catalog, name)
    except UnknownName as error:
        raise unknown_name_error("CC102", f'unknown region "{name}"', error.hint()) from None
    except AmbiguousName as error:
        raise ambiguous_name_error(name, error, "several places") from None


def published_factors(catalog: Catalog, place: Place) -> list[dict[str, Any]]:
    """Rows of all published factors of a place; the one in use has a star."""
    wanted = grids.zones_of_place(catalog, place)
    used = grids.find_grid_row(catalog, place, "lifecycle")
    return [
        {"used": "*" if row is used else "", **_zone_row(row)}
        for row in grids.grid_rows(catalog)
        if row["zone"] in wanted
    ]


def place_notes(catalog: Catalog, place: Place) -> list[str]:
    """Notes on the factors of a place: coverage, PUE, water, carbon-free share."""
    notes = []
    if grids.find_grid_row(catalog, place, "lifecycle") is None and published_factors(
        catalog, place
    ):
        notes.append("no life-cycle factor is known; use a direct one: site.coverage=direct")
    if place.row:
        notes.append(
            f"PUE {place.row['pue'] or 'not disclosed'}, "
            f"on-site water {place.row['wue_l_per_kwh'] or 'not disclosed'} L/kWh, "
            f"carbon-free share {place.row['cfe_share'] or 'not disclosed'}"
        )
    return notes


def _zone_row(row: dict[str, str]) -> dict[str, Any]:
    return {
        "zone": row["zone"],
        "name": row["name"],
        "g_per_kwh": float(row["gco2e_per_kwh"]),
        "year": row["year"],
        "coverage": row["coverage"],
        "kind": row["kind"],
        "source": row["source"],
    }


def _region_row(row: dict[str, str]) -> dict[str, Any]:
    return {
        "region": f"{row['provider']}:{row['region']}",
        "place": row["place"],
        "zone": row["zone"],
        "pue": float(row["pue"]) if row["pue"] else None,
        "wue_l_per_kwh": float(row["wue_l_per_kwh"]) if row["wue_l_per_kwh"] else None,
    }


def _place_row(catalog: Catalog, name: str) -> dict[str, Any]:
    place = grids.find_place(catalog, name)
    band = catalog.default("grid_band").value
    fact = grids.carbon_intensity(catalog, place, "lifecycle", band)
    fact = fact or grids.carbon_intensity(catalog, place, "direct", band)
    text = place.row["place"] if place.row else ""
    return {
        "name": place.name,
        "place": text,
        "zone": place.zone,
        "g_per_kwh": None if fact is None else round(fact.value * 1000, 1),
        "low": None if fact is None or fact.low is None else round(fact.low * 1000, 1),
        "high": None if fact is None or fact.high is None else round(fact.high * 1000, 1),
        "what": "" if fact is None else fact.note,
        "source": "" if fact is None else fact.source,
    }
