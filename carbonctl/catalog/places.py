"""Which place a name means: a cloud region, a grid zone, a state, a country or a city."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.catalog.zones import (
    STATE,
    Place,
    countries,
    exact_zone,
    merged_zones,
    place_key,
    place_of_zone,
    zone_titles,
    zones_by_code,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.catalog.read import Catalog

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
_ZONE_OF_AWS = re.compile(r"(.+\d)[a-z]")
_ZONE_OF_GCP = re.compile(r"(.+\d)-[a-z]")


def canonical_place(catalog: Catalog, name: str) -> str:
    """The canonical id of a place in any spelling; UnknownName or AmbiguousName without one."""
    return find(catalog, name).name


def regions(catalog: Catalog) -> list[dict[str, str]]:
    """Every cloud region; one of the user's own folder stands in for the bundled one."""
    return list(_regions(catalog).values())


@cache
def find(catalog: Catalog, name: str, provider: str = "") -> Place:
    """The place that a name means; UnknownName or AmbiguousName when there is not one.

    Where several providers have a region of this name, that of ``provider`` is meant.
    """
    wanted = " ".join(name.split())
    place = (
        _region(catalog, wanted, provider)
        or exact_zone(catalog, wanted)
        or _spelled(catalog, wanted, provider)
        or _in_parts(catalog, wanted)
    )
    if place is None:
        known = {one: one for one in names(catalog)}
        raise UnknownName("grids", name.strip(), list(known), other_names(catalog) | known)
    return place


def names(catalog: Catalog) -> list[str]:
    """Ids of every place: cloud regions and canonical zones."""
    cloud = [f"{row['provider']}:{row['region']}" for row in regions(catalog)]
    return cloud + sorted(set(zones_by_code(catalog).values()))


def other_names(catalog: Catalog) -> dict[str, str]:
    """The id of a place by each other name of one place, for hints and for searches."""
    titles = {name: ids[0] for name, ids in zone_titles(catalog).items() if len(ids) == 1}
    rows = {name: found[0]["target"] for name, found in _aliases(catalog).items()}
    return titles | {
        name: target for name, target in rows.items() if len(_aliases(catalog)[name]) == 1
    }


def spellings(catalog: Catalog, place: Place) -> list[str]:
    """Zones of all tables that are this place, or that an estimate falls back to from it."""
    same = [zone for zone, canonical in merged_zones(catalog).items() if canonical == place.zone]
    others = (place.zone, place.open_zone, place.egrid, place.iso3)
    return list(dict.fromkeys([*same, *(zone for zone in others if zone)]))


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
    """The region of some rows; where they are of several providers, that of ``provider``."""
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
    same = _region_keys(catalog).get(key) or _region_keys(catalog).get(squeezed, [])
    rows = [row for row in same if said in ("", row["provider"])]
    if not rows and said:
        inner = key if "(" not in rest else place_key(rest.partition("(")[2])
        of_provider = (row for (owner, _), row in _regions(catalog).items() if owner == said)
        rows = [row for row in of_provider if {key, inner} & _cities(row)]
    return _one_region(wanted, rows, provider) if squeezed else None


@cache
def _region_keys(catalog: Catalog) -> dict[str, list[dict[str, str]]]:
    """Regions by their ids with blanks for hyphens, and by their ids without any of both."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in _regions(catalog).values():
        key = place_key(row["region"])
        for spelled in dict.fromkeys((key, key.replace(" ", ""))):
            found.setdefault(spelled, []).append(row)
    return found


def _provider_in_front(catalog: Catalog, wanted: str) -> tuple[str, str]:
    """Provider and the rest of a name such as ``AWS us-east-1``; no provider where none is."""
    known = {owner: owner for owner, _ in _regions(catalog)} | PROVIDERS
    lowered = wanted.lower()
    for word in sorted(known, key=len, reverse=True):
        rest = lowered.removeprefix(word)
        if rest != lowered and rest[:1] in set(" :/") and rest.strip(" :/"):
            return known[word], wanted[len(word) :].lstrip(" :/")
    return "", wanted


def _cities(row: dict[str, str]) -> set[str]:
    """Keys of what a region's place is called: ``Ohio (Columbus)`` is two names."""
    parts = re.split(r"[(/]", row["place"].replace("(announced)", "").replace(")", ""))
    return {place_key(part) for part in parts} - {""}


# --- other spellings -------------------------------------------------------------------------


@cache
def _aliases(catalog: Catalog) -> dict[str, list[dict[str, str]]]:
    """Rows of other names by key; those of the user's own folder stand in for the bundled."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in catalog.table("grids/aliases.csv"):
        rows = found.setdefault(_alias_key(row["name"]), [])
        own = not rows or catalog.own(rows[0]) == catalog.own(row)
        if own and row["target"] not in {known["target"] for known in rows}:
            rows.append(row)
    return found


def _alias_key(name: str) -> str:
    """``Canada (Central)`` of AWS and ``Canada Central`` of Azure are two regions."""
    return name.lower() if set("(,") & set(name) else place_key(name)


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
    rows = _aliases(catalog).get(_alias_key(wanted), [])
    if len(rows) > 1:
        raise AmbiguousName(wanted, [row["target"] for row in rows])
    if rows:
        target = rows[0]["target"]
        place = _region(catalog, target, "") or exact_zone(catalog, target)
        if place is not None:
            return replace(place, note=rows[0].get("note") or "")
    if region := _spelled_region(catalog, wanted, provider):
        return region
    if zone := _folded_key(catalog).get(key) or zones_by_code(catalog).get(key):
        return place_of_zone(catalog, zone)
    for named in (zone_titles(catalog), _city_zones(catalog)):
        if len(found := named.get(key, [])) > 1:
            raise AmbiguousName(wanted, found)
        if found:
            return exact_zone(catalog, found[0])
    return None


@cache
def _folded_key(catalog: Catalog) -> dict[str, str]:
    """Canonical zones by ids whose separators are blanks: ``us cal ciso``."""
    return {place_key(zone): same for zone, same in zones_by_code(catalog).items() if "-" in zone}


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
    return zones_by_code(catalog).get(place.iso3.lower(), "")


def _within(inner: Place, outer: Place) -> bool:
    return bool(outer.iso3) and inner.iso3 == outer.iso3


def _readings(catalog: Catalog, text: str) -> list[Place]:
    """What the last part of an address may be: a country, a state by name, a state of the US."""
    found: dict[str, Place] = {}
    for state in (_state(catalog, place_of_zone(catalog, "US"), text), _quietly(catalog, text)):
        if state:
            found[state.name] = state
    for zone in zone_titles(catalog).get(place_key(text), []):
        found[zone] = place_of_zone(catalog, zone)
    return list(found.values())


def _state(catalog: Catalog, land: Place, part: str) -> Place | None:
    """The state of a country by its code or its name; None where it has none of that."""
    merged = merged_zones(catalog)
    iso2 = next((c["iso2"] for c in countries(catalog) if c["iso3"] == land.iso3), "")
    if not iso2 or land.zone != _land(catalog, land):
        return None
    code = f"{iso2}-{part.upper().replace('.', '')}"
    named = [
        zone
        for zone in zone_titles(catalog).get(place_key(part), [])
        if zone.startswith(f"{iso2}-") and STATE.fullmatch(zone)
    ]
    zone = merged.get(code) or next(iter(named), None)
    return place_of_zone(catalog, zone) if zone and zone != land.zone else None


def _quietly(catalog: Catalog, text: str) -> Place | None:
    """The place of a part of an address; None where it has none, or several."""
    try:
        return exact_zone(catalog, text) or _spelled(catalog, text, "")
    except AmbiguousName:
        return None
