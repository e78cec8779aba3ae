"""Zones of the grid tables: canonical zone of each, and names of zones."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from carbonctl.core.record import value_record

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog

# The consumption-based life-cycle table first; the others are production-based.
LIFECYCLE_TABLES = ("electricity-maps", "ember", "provinces", "egrid")
CONSUMPTION_TABLE = LIFECYCLE_TABLES[0]
# Words that many places have in their names: alone they name no place.
_GENERIC_WORDS = frozenset(
    {"north", "south", "east", "west", "northern", "southern", "eastern", "western"}
    | {"northeast", "northwest", "southeast", "southwest", "central", "middle", "main", "upper"}
    | {"lower", "island", "islands", "peninsula", "mainland", "county", "city", "of", "the"}
    | {"borneo"}
)
_ASCII_LETTERS = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "đ": "d",
        "ß": "ss",
        "æ": "ae",
        "&": " and ",
        "'": "",
        ".": "",
    }
)
STATE = re.compile(r"(?:state:|egrid-state:|prov:)?([A-Z]{2})-([A-Z]{2,3})")


@value_record
class Place:
    """A place: its canonical id, grid zone, country, and the row of its cloud region if any.

    ``name`` is the canonical id, such as ``aws:us-east-1``, ``SE`` or ``US-CA``. ``note`` states
    the choice made if the name could mean another place too.
    """

    name: str
    zone: str
    iso3: str
    open_zone: str = ""
    egrid: str = ""
    row: dict[str, str] | None = None
    note: str = ""


def grid_rows(catalog: Catalog) -> list[dict[str, str]]:
    """All rows of the grid tables: zones, countries, states, subregions."""
    return [row for name in LIFECYCLE_TABLES for row in catalog.table(f"grids/{name}.csv")]


def place_key(text: str) -> str:
    """Key of a place name: no accents, case, punctuation or article, one space between words."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_ASCII_LETTERS))
    words = re.sub(r"[^a-z0-9]+", " ", "".join(c for c in plain if c.isascii())).split()
    words = ["saint" if word == "st" else word for word in words]
    return " ".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)


@cache
def load_countries(catalog: Catalog) -> list[dict[str, str]]:
    """Rows of all countries, with two codes and a name."""
    return list(catalog.table("grids/countries.csv"))


@cache
def zone_names(catalog: Catalog) -> dict[str, str]:
    """Name by zone id, of all grid tables."""
    found: dict[str, str] = {}
    for row in grid_rows(catalog):
        found.setdefault(row["zone"], row["name"])
    return found


@cache
def canonical_zones(catalog: Catalog) -> dict[str, str]:
    """Canonical zone by zone id: zones of the same place have the same canonical zone.

    It is the consumption-based zone if there is one, else the zone of the country or state.
    """
    names = zone_names(catalog)
    country = {row["iso3"]: row["iso2"] for row in load_countries(catalog)}
    by_name = {row["name"]: row["iso2"] for row in load_countries(catalog)}
    canonical = {}
    for zone, name in names.items():
        same = zone
        if zone in country:
            same = country[zone]
        elif zone.endswith("-TOTAL"):
            same = zone.removesuffix("-TOTAL")
        elif zone == "egrid:US":
            same = "US"
        elif zone.startswith("egrid:"):
            same = zone.replace("egrid:", "egrid-lc:")
        elif part := STATE.fullmatch(zone):
            bare = f"{part[1]}-{part[2]}"
            of_state = names.get(bare, name)
            same = part[2] if by_name.get(of_state) == part[2] else bare
        canonical[zone] = same if same in names else zone
    return canonical


@cache
def zones_by_code(catalog: Catalog) -> dict[str, str]:
    """Canonical zone by zone id or country code in lower case."""
    merged = canonical_zones(catalog)
    direct = ("egrid:", "egrid-state:")  # direct emissions only, found by their own id
    by_code = {z.lower(): z if z.startswith(direct) else same for z, same in merged.items()}
    for row in load_countries(catalog):
        same = next((merged[c] for c in (row["iso2"], row["iso3"]) if c in merged), None)
        for code in (row["iso2"], row["iso3"]):
            by_code.setdefault(code.lower(), same or row["iso3"])
    return by_code


def find_zone(catalog: Catalog, wanted: str) -> Place | None:
    """The place of a zone id or a country code, in any case; None if there is none."""
    zone = zones_by_code(catalog).get(wanted.lower())
    return None if zone is None else place_of_zone(catalog, zone)


@cache
def place_of_zone(catalog: Catalog, zone: str) -> Place:
    """The place of a canonical zone, with the zones of other tables for the same place."""
    same = [
        z for z, canonical in canonical_zones(catalog).items() if canonical == zone and z != zone
    ]
    code = "" if ":" in zone else zone.split("-", maxsplit=1)[0]
    country = next((c for c in load_countries(catalog) if code in {c["iso2"], c["iso3"]}), None)
    iso3 = country["iso3"] if country else ""
    burned = next((z for z in same if z.startswith(("egrid:", "egrid-state:"))), "")
    others = (z for z in same if z not in {burned, iso3} and not z.endswith("-TOTAL"))
    return Place(zone, zone, iso3, next(others, ""), burned)


@cache
def zones_by_name(catalog: Catalog) -> dict[str, list[str]]:
    """Canonical zones by name of a country, state or zone; several if they share the name."""
    by_name: dict[str, dict[str, None]] = {}
    merged, folded = canonical_zones(catalog), zones_by_code(catalog)
    for row in load_countries(catalog):
        by_name.setdefault(place_key(row["name"]), {})[folded[row["iso3"].lower()]] = None
    for zone, name in zone_names(catalog).items():
        if zone.startswith("egrid"):  # codes of states and subregions, which are no names
            continue
        for title in (name, _strip_country(catalog, zone, name)):
            if key := place_key(title):
                by_name.setdefault(key, {})[merged[zone]] = None
    for zone in (z for z in merged if z.startswith("egrid:")):
        by_name.setdefault(place_key(zone.partition(":")[2]), {merged[zone]: None})
    return {name: list(ids) for name, ids in by_name.items()}


def _strip_country(catalog: Catalog, zone: str, name: str) -> str:
    """The name without its country, ``Québec`` of ``Canada Québec``; empty if it is generic."""
    iso2, _, part = zone.partition("-")
    if not part or part.isdigit():
        return ""
    country = next((c["name"] for c in load_countries(catalog) if c["iso2"] == iso2), "")
    for front in (country, "USA", zone_names(catalog).get(iso2, "")):
        rest = name.removeprefix(f"{front} ") if front else name
        if rest != name:
            words = set(place_key(rest).split())
            return "" if words & {"county", "city"} or words <= _GENERIC_WORDS else rest
    return ""
