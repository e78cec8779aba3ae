"""Zones of the grid tables: which of them are one place, and what people call them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from carbonctl.core.record import value_record

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog

# Newest lifecycle, consumption-based rows first; the others are production-based.
LIFECYCLE_TABLES = ("electricity-maps", "ember", "provinces", "egrid")
CONSUMPTION_TABLE = LIFECYCLE_TABLES[0]
# Words that every country has places of: alone they name none.
_COMPASS = frozenset(
    {"north", "south", "east", "west", "northern", "southern", "eastern", "western"}
    | {"northeast", "northwest", "southeast", "southwest", "central", "middle", "main", "upper"}
    | {"lower", "island", "islands", "peninsula", "mainland", "county", "city", "of", "the"}
    | {"borneo"}
)
_LETTERS = str.maketrans(
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
    """Where a name leads: its zone, its country, and what the provider discloses.

    ``name`` is the canonical id, whatever the spelling: ``aws:us-east-1``, ``SE``, ``US-CA``.
    ``note`` says what was assumed where the name could mean another place too.
    """

    name: str
    zone: str
    iso3: str
    open_zone: str = ""
    egrid: str = ""
    row: dict[str, str] | None = None
    note: str = ""


def zones(catalog: Catalog) -> list[dict[str, str]]:
    """Every grid row: zones, countries, states, subregions."""
    return [row for name in LIFECYCLE_TABLES for row in catalog.table(f"grids/{name}.csv")]


def place_key(text: str) -> str:
    """A name without accents, case, punctuation and articles, its words set apart by blanks."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    words = re.sub(r"[^a-z0-9]+", " ", "".join(c for c in plain if c.isascii())).split()
    words = ["saint" if word == "st" else word for word in words]
    return " ".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)


@cache
def countries(catalog: Catalog) -> list[dict[str, str]]:
    """Every country with its two codes and its name."""
    return list(catalog.table("grids/countries.csv"))


@cache
def zone_names(catalog: Catalog) -> dict[str, str]:
    """The name of every zone of the tables."""
    found: dict[str, str] = {}
    for row in zones(catalog):
        found.setdefault(row["zone"], row["name"])
    return found


@cache
def merged_zones(catalog: Catalog) -> dict[str, str]:
    """Every zone of the tables with the zone whose row stands for the same place.

    That is the consumption-based zone where there is one, else the row of the country or state.
    """
    known = zone_names(catalog)
    country = {row["iso3"]: row["iso2"] for row in countries(catalog)}
    by_name = {row["name"]: row["iso2"] for row in countries(catalog)}
    found = {}
    for zone, name in known.items():
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
            of_state = known.get(bare, name)
            same = part[2] if by_name.get(of_state) == part[2] else bare
        found[zone] = same if same in known else zone
    return found


@cache
def zones_by_code(catalog: Catalog) -> dict[str, str]:
    """Canonical zones by zone id and code of the country, in lower case."""
    merged = merged_zones(catalog)
    direct = ("egrid:", "egrid-state:")  # rows of combustion alone, asked for by this very id
    found = {z.lower(): z if z.startswith(direct) else same for z, same in merged.items()}
    for row in countries(catalog):
        same = next((merged[c] for c in (row["iso2"], row["iso3"]) if c in merged), None)
        for code in (row["iso2"], row["iso3"]):
            found.setdefault(code.lower(), same or row["iso3"])
    return found


def exact_zone(catalog: Catalog, wanted: str) -> Place | None:
    """The place of a zone id or a country code, in any case; None where there is none."""
    zone = zones_by_code(catalog).get(wanted.lower())
    return None if zone is None else place_of_zone(catalog, zone)


@cache
def place_of_zone(catalog: Catalog, zone: str) -> Place:
    """The place of a canonical zone, with the rows of others that say of the same place."""
    same = [z for z, canonical in merged_zones(catalog).items() if canonical == zone and z != zone]
    code = "" if ":" in zone else zone.split("-", maxsplit=1)[0]
    country = next((c for c in countries(catalog) if code in {c["iso2"], c["iso3"]}), None)
    iso3 = country["iso3"] if country else ""
    burned = next((z for z in same if z.startswith(("egrid:", "egrid-state:"))), "")
    others = (z for z in same if z not in {burned, iso3} and not z.endswith("-TOTAL"))
    return Place(zone, zone, iso3, next(others, ""), burned)


@cache
def zone_titles(catalog: Catalog) -> dict[str, list[str]]:
    """Canonical zones by each name of a country, a state or a zone; several where they share it."""
    found: dict[str, dict[str, None]] = {}
    merged, folded = merged_zones(catalog), zones_by_code(catalog)
    for row in countries(catalog):
        found.setdefault(place_key(row["name"]), {})[folded[row["iso3"].lower()]] = None
    for zone, name in zone_names(catalog).items():
        if zone.startswith("egrid"):  # codes of states, and subregions that nobody calls so
            continue
        for title in (name, _without_country(catalog, zone, name)):
            if key := place_key(title):
                found.setdefault(key, {})[merged[zone]] = None
    for zone in (z for z in merged if z.startswith("egrid:")):
        found.setdefault(place_key(zone.partition(":")[2]), {merged[zone]: None})
    return {name: list(ids) for name, ids in found.items()}


def _without_country(catalog: Catalog, zone: str, name: str) -> str:
    """``Québec`` of ``Canada Québec``; nothing where what is left could be anywhere."""
    iso2, _, part = zone.partition("-")
    if not part or part.isdigit():
        return ""
    country = next((c["name"] for c in countries(catalog) if c["iso2"] == iso2), "")
    for front in (country, "USA", zone_names(catalog).get(iso2, "")):
        rest = name.removeprefix(f"{front} ") if front else name
        if rest != name:
            words = set(place_key(rest).split())
            return "" if words & {"county", "city"} or words <= _COMPASS else rest
    return ""
