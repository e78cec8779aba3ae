"""Lookup of a place by name: a cloud region, a grid zone, a state, a country or a city."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.catalog.zones import (
    STATE,
    Place,
    canonical_zones,
    find_zone,
    load_countries,
    place_key,
    place_of_zone,
    zones_by_code,
    zones_by_name,
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
    """The canonical id of a place in any spelling; UnknownName or AmbiguousName unless one fits."""
    return find_place(catalog, name).name


def list_regions(catalog: Catalog) -> list[dict[str, str]]:
    """Rows of all cloud regions; a row of the user's own folder replaces the bundled one."""
    return list(_regions_by_id(catalog).values())


@cache
def find_place(catalog: Catalog, name: str, provider: str = "") -> Place:
    """The place that a name means; UnknownName or AmbiguousName unless exactly one matches.

    If several providers have a region with this name, the one of ``provider`` is returned.
    """
    wanted = " ".join(name.split())
    place = (
        _find_region(catalog, wanted, provider)
        or find_zone(catalog, wanted)
        or _find_by_spelling(catalog, wanted, provider)
        or _find_by_address(catalog, wanted)
    )
    if place is None:
        known = {one: one for one in place_names(catalog)}
        raise UnknownName("grids", name.strip(), list(known), names_to_id(catalog) | known)
    return place


def place_names(catalog: Catalog) -> list[str]:
    """Ids of all places: cloud regions and canonical zones."""
    cloud = [f"{row['provider']}:{row['region']}" for row in list_regions(catalog)]
    return cloud + sorted(set(zones_by_code(catalog).values()))


def names_to_id(catalog: Catalog) -> dict[str, str]:
    """Id of a place by each of its unambiguous other names, for hints and searches."""
    titles = {name: ids[0] for name, ids in zones_by_name(catalog).items() if len(ids) == 1}
    rows = {name: found[0]["target"] for name, found in _alias_rows(catalog).items()}
    return titles | {
        name: target for name, target in rows.items() if len(_alias_rows(catalog)[name]) == 1
    }


def zones_of_place(catalog: Catalog, place: Place) -> list[str]:
    """Zones of all tables for this place, including those that an estimate falls back to."""
    same = [zone for zone, canonical in canonical_zones(catalog).items() if canonical == place.zone]
    others = (place.zone, place.open_zone, place.egrid, place.iso3)
    return list(dict.fromkeys([*same, *(zone for zone in others if zone)]))


# --- cloud regions ---------------------------------------------------------------------------


@cache
def _regions_by_id(catalog: Catalog) -> dict[tuple[str, str], dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in catalog.table("grids/regions.csv"):
        found.setdefault((row["provider"].lower(), row["region"].lower()), row)
    return found


def _region_place(row: dict[str, str]) -> Place:
    full = f"{row['provider']}:{row['region']}"
    return Place(full, row["zone"], row["iso3"], row["open_zone"], row["egrid"], row)


def _choose_region(name: str, rows: Iterable[dict[str, str]], provider: str) -> Place | None:
    """The region of some rows; among several providers, the one of ``provider``."""
    candidates = list(rows)
    if len(candidates) > 1:
        candidates = [row for row in candidates if row["provider"] == provider] or candidates
    if len(candidates) > 1:
        raise AmbiguousName(name, [f"{row['provider']}:{row['region']}" for row in candidates])
    return _region_place(candidates[0]) if candidates else None


def _find_region(catalog: Catalog, wanted: str, provider: str) -> Place | None:
    """The cloud region with this exact id, with or without its provider."""
    stated_provider, _, region = wanted.lower().rpartition(":")
    stated_provider = PROVIDERS.get(stated_provider, stated_provider)
    rows = (
        row
        for (owner, known), row in _regions_by_id(catalog).items()
        if known == region and stated_provider in ("", owner)
    )
    return _choose_region(wanted, rows, provider)


def _find_region_by_spelling(catalog: Catalog, wanted: str, provider: str) -> Place | None:
    """The cloud region of a name with other separators, its provider first, or a zone letter."""
    stated_provider, rest = _split_provider(catalog, wanted)
    for pattern, owner in ((_ZONE_OF_AWS, "aws"), (_ZONE_OF_GCP, "gcp")):
        part = pattern.fullmatch(rest.lower())
        if part and stated_provider in ("", owner) and (owner, part[1]) in _regions_by_id(catalog):
            return _region_place(_regions_by_id(catalog)[owner, part[1]])
    key, squeezed = place_key(rest), place_key(rest).replace(" ", "")
    same = _region_keys(catalog).get(key) or _region_keys(catalog).get(squeezed, [])
    rows = [row for row in same if stated_provider in ("", row["provider"])]
    if not rows and stated_provider:
        inner = key if "(" not in rest else place_key(rest.partition("(")[2])
        of_provider = (
            row for (owner, _), row in _regions_by_id(catalog).items() if owner == stated_provider
        )
        rows = [row for row in of_provider if {key, inner} & _city_keys(row)]
    return _choose_region(wanted, rows, provider) if squeezed else None


@cache
def _region_keys(catalog: Catalog) -> dict[str, list[dict[str, str]]]:
    """Regions by id with spaces for hyphens, and by id without separators."""
    by_key: dict[str, list[dict[str, str]]] = {}
    for row in _regions_by_id(catalog).values():
        key = place_key(row["region"])
        for spelled in dict.fromkeys((key, key.replace(" ", ""))):
            by_key.setdefault(spelled, []).append(row)
    return by_key


def _split_provider(catalog: Catalog, wanted: str) -> tuple[str, str]:
    """Provider (or empty) and the rest of a name such as ``AWS us-east-1``."""
    provider_of_word = {owner: owner for owner, _ in _regions_by_id(catalog)} | PROVIDERS
    lowered = wanted.lower()
    for word in sorted(provider_of_word, key=len, reverse=True):
        rest = lowered.removeprefix(word)
        if rest != lowered and rest[:1] in set(" :/") and rest.strip(" :/"):
            return provider_of_word[word], wanted[len(word) :].lstrip(" :/")
    return "", wanted


def _city_keys(row: dict[str, str]) -> set[str]:
    """Keys of the names of a region's location: ``Ohio (Columbus)`` has two."""
    parts = re.split(r"[(/]", row["place"].replace("(announced)", "").replace(")", ""))
    return {place_key(part) for part in parts} - {""}


# --- other spellings -------------------------------------------------------------------------


@cache
def _alias_rows(catalog: Catalog) -> dict[str, list[dict[str, str]]]:
    """Alias rows by key; rows of the user's own folder replace the bundled ones."""
    by_key: dict[str, list[dict[str, str]]] = {}
    for row in catalog.table("grids/aliases.csv"):
        rows = by_key.setdefault(_alias_key(row["name"]), [])
        own = not rows or catalog.user_file(rows[0]) == catalog.user_file(row)
        if own and row["target"] not in {known["target"] for known in rows}:
            rows.append(row)
    return by_key


def _alias_key(name: str) -> str:
    """Key of an alias; keeps brackets, as ``Canada (Central)`` is not ``Canada Central``."""
    return name.lower() if set("(,") & set(name) else place_key(name)


@cache
def _zones_by_city(catalog: Catalog) -> dict[str, list[str]]:
    """Zones by the cities and areas of cloud regions."""
    by_city: dict[str, dict[str, None]] = {}
    for row in list_regions(catalog):
        for city in _city_keys(row):
            by_city.setdefault(city, {})[row["zone"]] = None
    return {city: list(zones_) for city, zones_ in by_city.items()}


def _find_by_spelling(catalog: Catalog, wanted: str, provider: str) -> Place | None:
    """The place of a name that is an alias, a zone name or a city; None if there is none."""
    key = place_key(wanted)
    rows = _alias_rows(catalog).get(_alias_key(wanted), [])
    if len(rows) > 1:
        raise AmbiguousName(wanted, [row["target"] for row in rows])
    if rows:
        target = rows[0]["target"]
        place = _find_region(catalog, target, "") or find_zone(catalog, target)
        if place is not None:
            return replace(place, note=rows[0].get("note") or "")
    if region := _find_region_by_spelling(catalog, wanted, provider):
        return region
    if zone := _zones_by_key(catalog).get(key) or zones_by_code(catalog).get(key):
        return place_of_zone(catalog, zone)
    for named in (zones_by_name(catalog), _zones_by_city(catalog)):
        if len(found := named.get(key, [])) > 1:
            raise AmbiguousName(wanted, found)
        if found:
            return find_zone(catalog, found[0])
    return None


@cache
def _zones_by_key(catalog: Catalog) -> dict[str, str]:
    """Canonical zones by ids with spaces as separators: ``us cal ciso``."""
    return {place_key(zone): same for zone, same in zones_by_code(catalog).items() if "-" in zone}


def _find_by_address(catalog: Catalog, wanted: str) -> Place | None:
    """The place of ``City, ST, USA``: the state if one is named, else city or country."""
    parts = [part.strip() for part in wanted.split(",") if part.strip()]
    if len(parts) < 2:  # noqa: PLR2004 - one part is no list
        return None
    city = _find_or_none(catalog, parts[0])
    lands = _address_candidates(catalog, parts[-1])
    fitting: dict[str, Place] = {}
    for land in lands:
        states = [_find_state(catalog, land, part) for part in reversed(parts[:-1])]
        place = next((state for state in states if state), None)
        if place is None and city and _is_in_country(city, land):
            place = city if land.zone == _country_zone(catalog, land) else land
        fitting[(place or land).name] = place or land
    if city and len(fitting) > 1:
        fitting = {n: p for n, p in fitting.items() if p.iso3 == city.iso3} or fitting
    if len(fitting) > 1:
        raise AmbiguousName(wanted, list(fitting))
    return next(iter(fitting.values()), None)


def _country_zone(catalog: Catalog, place: Place) -> str:
    """The canonical zone of a place's whole country."""
    return zones_by_code(catalog).get(place.iso3.lower(), "")


def _is_in_country(inner: Place, outer: Place) -> bool:
    return bool(outer.iso3) and inner.iso3 == outer.iso3


def _address_candidates(catalog: Catalog, text: str) -> list[Place]:
    """Places that the last part of an address can mean: a country or a state."""
    candidates: dict[str, Place] = {}
    for state in (
        _find_state(catalog, place_of_zone(catalog, "US"), text),
        _find_or_none(catalog, text),
    ):
        if state:
            candidates[state.name] = state
    for zone in zones_by_name(catalog).get(place_key(text), []):
        candidates[zone] = place_of_zone(catalog, zone)
    return list(candidates.values())


def _find_state(catalog: Catalog, land: Place, part: str) -> Place | None:
    """The state of a country by code or name; None if there is none."""
    merged = canonical_zones(catalog)
    iso2 = next((c["iso2"] for c in load_countries(catalog) if c["iso3"] == land.iso3), "")
    if not iso2 or land.zone != _country_zone(catalog, land):
        return None
    code = f"{iso2}-{part.upper().replace('.', '')}"
    named = [
        zone
        for zone in zones_by_name(catalog).get(place_key(part), [])
        if zone.startswith(f"{iso2}-") and STATE.fullmatch(zone)
    ]
    zone = merged.get(code) or next(iter(named), None)
    return place_of_zone(catalog, zone) if zone and zone != land.zone else None


def _find_or_none(catalog: Catalog, text: str) -> Place | None:
    """The place of a part of an address; None if there is none, or several."""
    try:
        return find_zone(catalog, text) or _find_by_spelling(catalog, text, "")
    except AmbiguousName:
        return None
