"""Which grid number: a cloud region, a zone, a state or a country, and how sure we are of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.core.fact import Fact
from carbonctl.core.record import compared

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog

# Newest lifecycle, consumption-based rows first; the others are production-based.
LIFECYCLE_TABLES = ("electricity-maps", "ember", "provinces", "egrid")
G_PER_KG = 1000.0


@compared
class Place:
    """Where a name leads: its zone, its country, and what the provider discloses."""

    name: str
    zone: str
    iso3: str
    open_zone: str = ""
    egrid: str = ""
    row: dict[str, str] | None = None


def regions(catalog: Catalog) -> list[dict[str, str]]:
    """Every cloud region."""
    return list(catalog.table("grids/regions.csv"))


def zones(catalog: Catalog) -> list[dict[str, str]]:
    """Every grid row: zones, countries, states, subregions."""
    return [row for name in LIFECYCLE_TABLES for row in catalog.table(f"grids/{name}.csv")]


def find(catalog: Catalog, name: str) -> Place:
    """The place that a name means; UnknownName with all valid names when there is none."""
    wanted = name.strip()
    provider, _, region = wanted.rpartition(":")
    matches = [
        row
        for row in regions(catalog)
        if row["region"].lower() == region.lower()
        and (not provider or row["provider"] == provider.lower())
    ]
    if len(matches) > 1:
        raise AmbiguousName(wanted, [f"{row['provider']}:{row['region']}" for row in matches])
    if matches:
        row = matches[0]
        full = f"{row['provider']}:{row['region']}"
        return Place(full, row["zone"], row["iso3"], row["open_zone"], row["egrid"], row)
    return _zone(catalog, wanted)


def _zone(catalog: Catalog, wanted: str) -> Place:
    countries = list(catalog.table("grids/countries.csv"))
    by_name = {row["zone"].lower(): row["zone"] for row in zones(catalog)}
    zone = by_name.get(wanted.lower())
    country = next(
        (
            row
            for row in countries
            if wanted.lower() in {row["iso2"].lower(), row["iso3"].lower(), row["name"].lower()}
            or (zone and zone.split("-")[0].split(":")[-1] in {row["iso2"], row["iso3"]})
        ),
        None,
    )
    if zone is None and country is None:
        raise UnknownName("grids", wanted, names(catalog))
    iso3 = country["iso3"] if country else ""
    scaled = zone or ""  # a subregion scaled to its life cycle keeps the row it was scaled from
    burned = scaled.replace("egrid-lc:", "egrid:") if scaled.startswith("egrid-lc:") else ""
    return Place(wanted, zone or iso3, iso3, egrid=burned)


def names(catalog: Catalog) -> list[str]:
    """Every name that ``find`` understands."""
    cloud = [f"{row['provider']}:{row['region']}" for row in regions(catalog)]
    return cloud + sorted({row["zone"] for row in zones(catalog)})


def intensity(catalog: Catalog, place: Place, coverage: str, band: float) -> Fact | None:
    """Average carbon intensity of a place, newest year, with its range; None when unknown.

    The range is the value divided and multiplied by ``band``, widened to what other publishers of
    the same coverage say of the same place.
    """
    row = row_used(catalog, place, coverage)
    if row is None:
        return None
    value = float(row["gco2e_per_kwh"])
    others = [
        float(other["gco2e_per_kwh"])
        for name in {place.open_zone, place.iso3} - {"", row["zone"]}
        if (other := _row(catalog, name, coverage)) is not None
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


def row_used(catalog: Catalog, place: Place, coverage: str) -> dict[str, str] | None:
    """The row that an estimate takes for a place; None where it takes none."""
    zone = place.egrid if coverage == "direct" and place.egrid else place.zone
    row = _row(catalog, zone, coverage) or _row(catalog, place.iso3, coverage)
    return row if row is not None and float(row["gco2e_per_kwh"]) > 0 else None


def newest_year(catalog: Catalog) -> int:
    """The year of the newest rows of the table that is looked into first."""
    years = (row["year"] for row in catalog.table(f"grids/{LIFECYCLE_TABLES[0]}.csv"))
    return max((int(year) for year in years if year.isdigit()), default=0)


def _note(catalog: Catalog, row: dict[str, str], note: str) -> str:
    """A row of the user's own folder says so first."""
    own = catalog.own(row)
    return f"from {own}; {note}" if own else note


def _row(catalog: Catalog, zone: str, coverage: str) -> dict[str, str] | None:
    for name in LIFECYCLE_TABLES:
        for row in catalog.table(f"grids/{name}.csv"):
            if row["zone"] == zone and row["coverage"] == coverage:
                return row
    return None


def direct_share(catalog: Catalog, place: Place, band: float) -> Fact | None:
    """Combustion over the life cycle of a place's grid, where both are known; else None.

    The rest, upstream of the plants, is divided and multiplied by ``band`` for the range.
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


def disclosed(place: Place, column: str, unit: str, label: str, band: float) -> Fact | None:
    """PUE or WUE that the provider discloses for a region, with a judged band."""
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
    """Water of generating electricity, of the zone or its country."""
    rows = {row["zone"]: row for row in catalog.table("water/intensity.csv")}
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
