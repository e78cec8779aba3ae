"""Which place a name means: a cloud region, a grid zone, a state, a country or a city."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.core.record import compared

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.catalog.read import Catalog

# Newest lifecycle, consumption-based rows first; the others are production-based.
LIFECYCLE_TABLES = ("electricity-maps", "ember", "provinces", "egrid")
CONSUMPTION_TABLE = LIFECYCLE_TABLES[0]
PROVIDERS = {
    "amazon": "aws",
    "amazon web services": "aws",
    "google": "gcp",
    "google cloud": "gcp",
    "microsoft": "azure",
    "microsoft azure": "azure",
    "oracle": "oci",
    "oracle cloud": "oci",
    "ovh": "ovhcloud",
}
# Words that every country has places of: alone they name none.
_COMPASS = set(
    "north south east west northern southern eastern western northeast northwest southeast "
    "southwest central middle main upper lower island islands peninsula mainland county city "
    "of the borneo".split()
)
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "ı": "i", "đ": "d", "ß": "ss", "æ": "ae", "&": " and ", "'": "", ".": ""}
)
_ZONE_OF_AWS = re.compile(r"(.+\d)[a-z]")
_ZONE_OF_GCP = re.compile(r"(.+\d)-[a-z]")
_STATE = re.compile(r"(?:state:|egrid-state:|prov:)?([A-Z]{2})-([A-Z]{2,3})")


@compared
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


def canonical_place(catalog: Catalog, name: str) -> str:
    """The canonical id of a place in any spelling; UnknownName or AmbiguousName without one."""
    return find(catalog, name).name


def regions(catalog: Catalog) -> list[dict[str, str]]:
    """Every cloud region; one of the user's own folder stands in for the bundled one."""
    return list(_regions(catalog).values())


def zones(catalog: Catalog) -> list[dict[str, str]]:
    """Every grid row: zones, countries, states, subregions."""
    return [row for name in LIFECYCLE_TABLES for row in catalog.table(f"grids/{name}.csv")]


def find(catalog: Catalog, name: str, provider: str = "") -> Place:
    """The place that a name means; UnknownName or AmbiguousName when there is not one.

    Where several providers have a region of this name, that of ``provider`` is meant.
    """
    wanted = " ".join(name.split())
    place = (
        _region(catalog, wanted, provider)
        or _exact(catalog, wanted)
        or _spelled(catalog, wanted, provider)
        or _in_parts(catalog, wanted)
    )
    if place is None:
        raise UnknownName("grids", name.strip(), names(catalog))
    return place


def names(catalog: Catalog) -> list[str]:
    """Ids of every place: cloud regions and canonical zones."""
    cloud = [f"{row['provider']}:{row['region']}" for row in regions(catalog)]
    return cloud + sorted(set(_merged(catalog).values()))


def titles(catalog: Catalog) -> dict[str, str]:
    """The id of a place by each name that people know it by, for hints and for searches."""
    return {name: ids[0] for name, ids in _titles(catalog).items() if len(ids) == 1}


def spellings(catalog: Catalog, place: Place) -> list[str]:
    """Zones of all tables that are this place, or that an estimate falls back to from it."""
    same = [zone for zone, canonical in _merged(catalog).items() if canonical == place.zone]
    others = (place.zone, place.open_zone, place.egrid, place.iso3)
    return list(dict.fromkeys([*same, *(zone for zone in others if zone)]))


def place_key(text: str) -> str:
    """A name without accents, case, punctuation and articles, its words set apart by blanks."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    words = re.sub(r"[^a-z0-9]+", " ", "".join(c for c in plain if c.isascii())).split()
    words = ["saint" if word == "st" else word for word in words]
    return " ".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)


# --- cloud regions ---------------------------------------------------------------------------


@cache
def _regions(catalog: Catalog) -> dict[tuple[str, str], dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in catalog.table("grids/regions.csv"):
        found.setdefault((row["provider"].lower(), row["region"].lower()), row)
    return found


def _of_region(row: dict[str, str]) -> Place:
    full = f"{row['provider']}:{row['region']}"
    return Place(full, row["zone"], row["iso3"], row["open_zone"], row["egrid"], row)


def _one_region(name: str, rows: Iterable[dict[str, str]], provider: str) -> Place | None:
    found = list(rows)
    if len(found) > 1:
        found = [row for row in found if row["provider"] == provider] or found
    if len(found) > 1:
        raise AmbiguousName(name, [f"{row['provider']}:{row['region']}" for row in found])
    return _of_region(found[0]) if found else None


def _region(catalog: Catalog, wanted: str, provider: str) -> Place | None:
    """The cloud region of this very id, with or without its provider."""
    said, _, region = wanted.lower().rpartition(":")
    said = PROVIDERS.get(said, said)
    rows = (
        row
        for (owner, known), row in _regions(catalog).items()
        if known == region and said in ("", owner)
    )
    return _one_region(wanted, rows, provider)


def _spelled_region(catalog: Catalog, wanted: str, provider: str) -> Place | None:
    """A cloud region with other separators, its provider in front, or one of its zones."""
    said, rest = _provider_in_front(catalog, wanted)
    for pattern, owner in ((_ZONE_OF_AWS, "aws"), (_ZONE_OF_GCP, "gcp")):
        part = pattern.fullmatch(rest.lower())
        if part and said in ("", owner) and (owner, part[1]) in _regions(catalog):
            return _of_region(_regions(catalog)[owner, part[1]])
    key, squeezed = place_key(rest), place_key(rest).replace(" ", "")
    mine = [(o, row) for (o, _), row in _regions(catalog).items() if said in ("", o)]
    rows = [row for _, row in mine if place_key(row["region"]) == key]
    if not rows:
        rows = [row for _, row in mine if place_key(row["region"]).replace(" ", "") == squeezed]
    if not rows and said:
        inner = key if "(" not in rest else place_key(rest.partition("(")[2])
        rows = [row for _, row in mine if {key, inner} & _cities(row)]
    return _one_region(wanted, rows, provider) if squeezed else None


def _provider_in_front(catalog: Catalog, wanted: str) -> tuple[str, str]:
    """Provider and the rest of a name such as ``AWS us-east-1``; no provider where none is."""
    known = {owner: owner for owner, _ in _regions(catalog)} | PROVIDERS
    lowered = wanted.lower()
    for word in sorted(known, key=len, reverse=True):
        rest = lowered.removeprefix(word)
        if rest != lowered and rest[:1] in set(" :/_-") and rest[1:].strip(" :/_-"):
            return known[word], wanted[len(word) :].lstrip(" :/_-")
    return "", wanted


def _cities(row: dict[str, str]) -> set[str]:
    """Keys of what a region's place is called: ``Ohio (Columbus)`` is two names."""
    parts = re.split(r"[(/]", row["place"].replace("(announced)", "").replace(")", ""))
    return {place_key(part) for part in parts} - {""}


# --- zones, states, countries ----------------------------------------------------------------


@cache
def _countries(catalog: Catalog) -> list[dict[str, str]]:
    return list(catalog.table("grids/countries.csv"))


@cache
def _zone_names(catalog: Catalog) -> dict[str, str]:
    """The name of every zone of the tables."""
    found: dict[str, str] = {}
    for row in zones(catalog):
        found.setdefault(row["zone"], row["name"])
    return found


@cache
def _merged(catalog: Catalog) -> dict[str, str]:
    """Every zone of the tables with the zone whose row stands for the same place.

    That is the consumption-based zone where there is one, else the row of the country or state.
    """
    known = _zone_names(catalog)
    country = {row["iso3"]: row["iso2"] for row in _countries(catalog)}
    by_name = {row["name"]: row["iso2"] for row in _countries(catalog)}
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
        elif part := _STATE.fullmatch(zone):
            bare = f"{part[1]}-{part[2]}"
            of_state = known.get(bare, name)
            same = part[2] if by_name.get(of_state) == part[2] else bare
        found[zone] = same if same in known else zone
    return found


@cache
def _folded(catalog: Catalog) -> dict[str, str]:
    """Canonical zones by zone id and code of the country, in lower case."""
    merged = _merged(catalog)
    found = {zone.lower(): same for zone, same in merged.items()}
    for row in _countries(catalog):
        same = next((merged[c] for c in (row["iso2"], row["iso3"]) if c in merged), None)
        for code in (row["iso2"], row["iso3"]):
            found.setdefault(code.lower(), same or row["iso3"])
    return found


def _exact(catalog: Catalog, wanted: str) -> Place | None:
    zone = _folded(catalog).get(wanted.lower())
    return None if zone is None else _of_zone(catalog, zone)


@cache
def _of_zone(catalog: Catalog, zone: str) -> Place:
    """The place of a canonical zone, with the rows of others that say of the same place."""
    same = [z for z, canonical in _merged(catalog).items() if canonical == zone and z != zone]
    code = "" if ":" in zone else zone.split("-")[0]
    country = next((c for c in _countries(catalog) if code in {c["iso2"], c["iso3"]}), None)
    iso3 = country["iso3"] if country else ""
    burned = next((z for z in same if z.startswith(("egrid:", "egrid-state:"))), "")
    others = (z for z in same if z not in {burned, iso3} and not z.endswith("-TOTAL"))
    return Place(zone, zone, iso3, next(others, ""), burned)


@cache
def _titles(catalog: Catalog) -> dict[str, list[str]]:
    """Canonical zones by each name of a country, a state or a zone; several where they share it."""
    found: dict[str, dict[str, None]] = {}
    merged, folded = _merged(catalog), _folded(catalog)
    for row in _countries(catalog):
        found.setdefault(place_key(row["name"]), {})[folded[row["iso3"].lower()]] = None
    for zone, name in _zone_names(catalog).items():
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
    country = next((c["name"] for c in _countries(catalog) if c["iso2"] == iso2), "")
    for front in (country, "USA", _zone_names(catalog).get(iso2, "")):
        rest = name.removeprefix(f"{front} ") if front else name
        if rest != name:
            words = set(place_key(rest).split())
            return "" if words & {"county", "city"} or words <= _COMPASS else rest
    return ""


# --- other spellings -------------------------------------------------------------------------


@cache
def _aliases(catalog: Catalog) -> dict[str, list[dict[str, str]]]:
    """Rows of other names by key; those of the user's own folder stand in for the bundled."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in catalog.table("grids/aliases.csv"):
        rows = found.setdefault(place_key(row["name"]), [])
        if not rows or catalog.own(rows[0]) == catalog.own(row):
            rows.append(row)
    return found


@cache
def _city_zones(catalog: Catalog) -> dict[str, list[str]]:
    """Zones by the cities and areas that cloud regions lie in."""
    found: dict[str, dict[str, None]] = {}
    for row in regions(catalog):
        for city in _cities(row):
            found.setdefault(city, {})[row["zone"]] = None
    return {city: list(zones_) for city, zones_ in found.items()}


def _spelled(catalog: Catalog, wanted: str, provider: str) -> Place | None:
    """The place of another name: the user's or bundled aliases, names of zones, cities."""
    key = place_key(wanted)
    rows = _aliases(catalog).get(key, [])
    if len(rows) > 1:
        raise AmbiguousName(wanted, [row["target"] for row in rows])
    if rows:
        target = rows[0]["target"]
        place = _region(catalog, target, "") or _exact(catalog, target)
        if place is not None:
            return replace(place, note=rows[0].get("note") or "")
    if region := _spelled_region(catalog, wanted, provider):
        return region
    if zone := _folded_key(catalog).get(key):
        return _of_zone(catalog, zone)
    for named in (_titles(catalog), _city_zones(catalog)):
        if len(found := named.get(key, [])) > 1:
            raise AmbiguousName(wanted, found)
        if found:
            return _exact(catalog, found[0])
    return None


@cache
def _folded_key(catalog: Catalog) -> dict[str, str]:
    """Canonical zones by ids whose separators are blanks: ``us cal ciso``."""
    return {place_key(zone): same for zone, same in _folded(catalog).items() if "-" in zone}


def _in_parts(catalog: Catalog, wanted: str) -> Place | None:
    """The place of ``City, ST, USA``: the state where one is named, else city or country."""
    parts = [part.strip() for part in wanted.split(",") if part.strip()]
    if len(parts) < 2:  # noqa: PLR2004 - one part is no list
        return None
    city = _quietly(catalog, parts[0])
    lands = _readings(catalog, parts[-1])
    fitting: dict[str, Place] = {}
    for land in lands:
        states = [_state(catalog, land, part) for part in reversed(parts[:-1])]
        place = next((state for state in states if state), None)
        if place is None and city and _within(city, land):
            place = city if land.zone == _land(catalog, land) else land
        fitting[(place or land).name] = place or land
    if city and len(fitting) > 1:
        fitting = {n: p for n, p in fitting.items() if p.iso3 == city.iso3} or fitting
    if len(fitting) > 1:
        raise AmbiguousName(wanted, list(fitting))
    return next(iter(fitting.values()), None)


def _land(catalog: Catalog, place: Place) -> str:
    """The canonical zone of a place's whole country."""
    return _folded(catalog).get(place.iso3.lower(), "")


def _within(inner: Place, outer: Place) -> bool:
    return bool(outer.iso3) and inner.iso3 == outer.iso3


def _readings(catalog: Catalog, text: str) -> list[Place]:
    """What the last part of an address may be: a country, a state by name, a state of the US."""
    found: dict[str, Place] = {}
    for state in (_state(catalog, _of_zone(catalog, "US"), text), _quietly(catalog, text)):
        if state:
            found[state.name] = state
    for zone in _titles(catalog).get(place_key(text), []):
        found[zone] = _of_zone(catalog, zone)
    return list(found.values())


def _state(catalog: Catalog, land: Place, part: str) -> Place | None:
    """The state of a country by its code or its name; None where it has none of that."""
    merged = _merged(catalog)
    iso2 = next((c["iso2"] for c in _countries(catalog) if c["iso3"] == land.iso3), "")
    if not iso2 or land.zone != _land(catalog, land):
        return None
    code = f"{iso2}-{part.upper().replace('.', '')}"
    named = [
        zone
        for zone in _titles(catalog).get(place_key(part), [])
        if zone.startswith(f"{iso2}-") and _STATE.fullmatch(zone)
    ]
    zone = merged.get(code) or next(iter(named), None)
    return _of_zone(catalog, zone) if zone and zone != land.zone else None


def _quietly(catalog: Catalog, text: str) -> Place | None:
    """The place of a part of an address; None where it has none, or several."""
    try:
        return _exact(catalog, text) or _spelled(catalog, text, "")
    except AmbiguousName:
        return None
