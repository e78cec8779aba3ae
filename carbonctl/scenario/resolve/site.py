"""The site of a phase: grid, PUE, water, construction."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carbonctl.catalog import grids
from carbonctl.catalog.grids import Place
from carbonctl.catalog.instances import find_instance
from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.estimate.inputs import Site
from carbonctl.scenario.resolve import plausible
from carbonctl.scenario.resolve.context import archetype

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import scenario_file as schema

_NO_PLACE = Place("", "", "")
_PHASES = ("train", "infer", "experiments", "refresh")


def site(ctx: Context, section: schema.Site | None, path: Path) -> Site[Fact]:
    """Facts of one site."""
    if section is None or (section.region is None and section.grid is None):
        ctx.fail(
            "CC206",
            "a site is required: its region, or its grid factor",
            path,
            'as in site: {region: "aws:us-east-1"}',
            "carbonctl grid search virginia",
            absent=section is None,
        )
    place = place_named(ctx, section.region, (*path, "region")) if section.region else _NO_PLACE
    construction = ctx.catalog.record("datacenters", "construction")
    intensity = _intensity(ctx, section, place, path)
    return Site(
        name=place.name or "a given grid",
        pue=_pue(ctx, section, place, path),
        ci_location_kgco2e_per_kwh=intensity,
        coverage=section.coverage,
        direct_share=_direct_share(ctx, section, place),
        contracted_share=_contracted(ctx, section, path),
        wue_l_per_kwh=_wue(ctx, section, place, path),
        ewif_l_per_kwh=_ewif(ctx, section, place, path),
        construction_kgco2e_per_kw_year=ctx.needed(
            construction, "construction_per_kw_year", path, "construction per average IT kW"
        ),
        operator=section.operator or ("own" if place.row is None else "cloud"),
    )


def place_named(ctx: Context, name: str, path: Path) -> Place:
    """The place of a region or zone; an unknown or ambiguous name is a problem at ``path``."""
    try:
        place = grids.find(ctx.catalog, name, _provider(ctx, path))
    except UnknownName as error:
        hint = error.hint()
        word = name.rpartition(":")[2].split("-")[0] or name
        ctx.fail(
            "CC102",
            f'unknown region "{name}"',
            path,
            hint,
            f"carbonctl grid search {shlex.quote(word)}",
        )
    except AmbiguousName as error:
        options = ", ".join(error.choices)
        what = "is a region of several providers" if ":" in options else "fits several places"
        ctx.fail("CC106", f'"{name}" {what}', path, f"say which: {options}")
    if place.note:
        ctx.warn("CC106", f'"{name}" is taken as {place.name}: {place.note}', path)
    return place


def _provider(ctx: Context, path: Path) -> str:
    """Whose cloud a place is in: that of the instance beside it, or the only one of the file."""
    sections: list[dict[str, Any]] = []
    section: Any = ctx.document.data
    for step in (*path, ""):
        if isinstance(section, dict):
            sections.insert(0, section)
        try:
            section = section[step]
        except (KeyError, IndexError, TypeError):
            break
    for around in sections:
        if owner := _owner(ctx, around.get("hardware")):
            return owner
    top = sections[-1] if sections else {}
    phases = [top[name] for name in _PHASES if isinstance(top.get(name), dict)]
    held = [machine for phase in phases for machine in map(phase.get, ("hardware", "old", "new"))]
    owners = {owner for machine in held if (owner := _owner(ctx, machine))}
    return owners.pop() if len(owners) == 1 else ""


def _owner(ctx: Context, hardware: object) -> str:
    """The provider of the instance that a section names; nothing where it names none."""
    name = hardware.get("instance") if isinstance(hardware, dict) else None
    try:
        return find_instance(ctx.catalog, name)["provider"] if isinstance(name, str) else ""
    except (UnknownName, AmbiguousName):
        return ""


def _intensity(ctx: Context, section: schema.Site, place: Place, path: Path) -> Fact:
    band = ctx.default("grid_band").value
    fact = grids.intensity(ctx.catalog, place, section.coverage, band) if place.zone else None
    if section.grid is not None:
        at = (*path, "grid")
        given = plausible.grid(ctx, ctx.given(section.grid, at, "grid factor"), at)
        return plausible.grid_of_region(ctx, ctx.override(given, fact), at)
    if fact is None:
        ctx.fail(
            "CC102",
            f"no {section.coverage} grid factor is known for {place.name}",
            (*path, "region"),
            "give one, grid: 0.4 kg/kWh, or say coverage: direct where only that is published",
        )
    plausible.vintage(ctx, place, section.coverage, (*path, "region"))
    return replace(fact, where=ctx.mark((*path, "region")))


def _direct_share(ctx: Context, section: schema.Site, place: Place) -> Fact | None:
    """Combustion over a life-cycle factor: of the zone, of its country, or of grids as they are."""
    if section.coverage == "direct":
        return None
    band = ctx.default("upstream_band").value
    return grids.direct_share(ctx.catalog, place, band) or ctx.default("direct_share")


def _contracted(ctx: Context, section: schema.Site, path: Path) -> Fact | None:
    if section.contracted_clean is not None:
        where = (*path, "contracted_clean")
        return ctx.given(section.contracted_clean, where, "contracted clean share")
    if ctx.accounting == "market":
        ctx.fail(
            "CC305",
            "the market basis needs what is contracted at this site",
            path,
            "give contracted_clean: C %, the share under contract",
        )
    return None


def _pue(ctx: Context, section: schema.Site, place: Place, path: Path) -> Fact:
    known = grids.disclosed(place, "pue", "1", "PUE", ctx.default("pue_band").value)
    usual = _named(ctx, known, path) or _hyperscale(ctx, "pue", path, "PUE")
    if section.pue is not None and section.pue != "included":
        given = ctx.given(section.pue, (*path, "pue"), "PUE")
        return plausible.pue(ctx, ctx.override(given, usual), (*path, "pue"))
    return usual


def _wue(ctx: Context, section: schema.Site, place: Place, path: Path) -> Fact | None:
    band = ctx.default("water_band").value
    known = grids.disclosed(place, "wue_l_per_kwh", "L/kWh", "water on site", band)
    if section.wue is not None:
        return ctx.override(ctx.given(section.wue, (*path, "wue"), "water on site"), known)
    return _named(ctx, known, path) or _hyperscale(ctx, "wue", path, "water on site")


def _named(ctx: Context, fact: Fact | None, path: Path) -> Fact | None:
    """A fact of a region, which knows where the region was named."""
    return None if fact is None else replace(fact, where=ctx.mark((*path, "region")))


def _hyperscale(ctx: Context, field: str, path: Path, label: str) -> Fact:
    fact = ctx.needed(ctx.catalog.record("datacenters", "hyperscale"), field, path, label)
    return archetype(fact, "hyperscale data center; the site discloses none")


def _ewif(ctx: Context, section: schema.Site, place: Place, path: Path) -> Fact | None:
    fact = grids.water_intensity(ctx.catalog, place, ctx.default("water_band").value)
    if section.ewif is not None:
        return ctx.override(ctx.given(section.ewif, (*path, "ewif"), "water of electricity"), fact)
    if fact is None:
        ctx.not_estimated["water"] = "no water intensity of this grid: site.ewif"
    return _named(ctx, fact, path)
