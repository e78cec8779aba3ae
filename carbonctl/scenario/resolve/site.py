"""Resolve the site of a phase: grid intensity, PUE, water, construction."""

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
from carbonctl.scenario.resolve.context import as_archetype

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import scenario_file as schema

_NO_PLACE = Place("", "", "")
_PHASES = ("train", "infer", "experiments", "refresh")


def resolve_site(ctx: Context, section: schema.Site | None, path: Path) -> Site[Fact]:
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
    place = find_place(ctx, section.region, (*path, "region")) if section.region else _NO_PLACE
    construction = ctx.catalog.record("datacenters", "construction")
    intensity = _intensity(ctx, section, place, path)
    return Site(
        name=place.name or "a given grid",
        pue=_pue(ctx, section, place, path),
        ci_location_kgco2e_per_kwh=intensity,
        coverage=section.coverage,
        direct_share=_direct_share(ctx, section, place),
        contracted_share=_contracted_share(ctx, section, path),
        wue_l_per_kwh=_wue(ctx, section, place, path),
        ewif_l_per_kwh=_ewif(ctx, section, place, path),
        construction_kgco2e_per_kw_year=ctx.required_fact(
            construction, "construction_per_kw_year", path, "construction per average IT kW"
        ),
        operator=section.operator or ("own" if place.row is None else "cloud"),
    )


def find_place(ctx: Context, name: str, path: Path) -> Place:
    """The catalog's place of a region or zone; an unknown or ambiguous name is a problem."""
    try:
        place = grids.find_place(ctx.catalog, name, _find_provider(ctx, path))
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
        what = "is a region of several providers" if ":" in options else "matches several places"
        ctx.fail("CC106", f'"{name}" {what}', path, f"say which: {options}")
    if place.note:
        ctx.warn("CC106", f'"{name}" is taken as {place.name}: {place.note}', path)
    return place


def _find_provider(ctx: Context, path: Path) -> str:
    """Cloud provider of a site: of the instance beside it, or the only one in the file; or ""."""
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
        if owner := _instance_provider(ctx, around.get("hardware")):
            return owner
    top = sections[-1] if sections else {}
    phases = [top[name] for name in _PHASES if isinstance(top.get(name), dict)]
    machines = [
        machine for phase in phases for machine in map(phase.get, ("hardware", "old", "new"))
    ]
    owners = {owner for machine in machines if (owner := _instance_provider(ctx, machine))}
    return owners.pop() if len(owners) == 1 else ""


def _instance_provider(ctx: Context, hardware: object) -> str:
    """The provider of the instance that a section names; "" where it names none."""
    name = hardware.get("instance") if isinstance(hardware, dict) else None
    try:
        return find_instance(ctx.catalog, name)["provider"] if isinstance(name, str) else ""
    except (UnknownName, AmbiguousName):
        return ""


def _intensity(ctx: Context, section: schema.Site, place: Place, path: Path) -> Fact:
    band = ctx.default("grid_band").value
    fact = (
        grids.carbon_intensity(ctx.catalog, place, section.coverage, band) if place.zone else None
    )
    if section.grid is not None:
        at = (*path, "grid")
        given = plausible.grid(ctx, ctx.stated_fact(section.grid, at, "grid factor"), at)
        return plausible.grid_of_region(ctx, ctx.override(given, fact), at)
    if fact is None:
        ctx.fail(
            "CC102",
            f"the {section.coverage} grid factor of {place.name} is not known",
            (*path, "region"),
            "give one, grid: 0.4 kg/kWh, or say coverage: direct where only that is published",
        )
    plausible.vintage(ctx, place, section.coverage, (*path, "region"))
    return replace(fact, where=ctx.mark((*path, "region")))


def _direct_share(ctx: Context, section: schema.Site, place: Place) -> Fact | None:
    """Share of combustion in a life-cycle factor: of the zone, its country, or all grids."""
    if section.coverage == "direct":
        return None
    band = ctx.default("upstream_band").value
    return grids.direct_share(ctx.catalog, place, band) or ctx.default("direct_share")


def _contracted_share(ctx: Context, section: schema.Site, path: Path) -> Fact | None:
    if section.contracted_clean is not None:
        where = (*path, "contracted_clean")
        return ctx.stated_fact(section.contracted_clean, where, "contracted clean share")
    if ctx.accounting == "market":
        ctx.fail(
            "CC305",
            "the market basis needs the contracted clean share of this site",
            path,
            "give contracted_clean: C %, the share under contract",
        )
    return None


def _pue(ctx: Context, section: schema.Site, place: Place, path: Path) -> Fact:
    known = grids.disclosed_figure(place, "pue", "1", "PUE", ctx.default("pue_band").value)
    usual = _with_position(ctx, known, path) or _hyperscale_default(ctx, "pue", path, "PUE")
    if section.pue is not None and section.pue != "included":
        given = ctx.stated_fact(section.pue, (*path, "pue"), "PUE")
        return plausible.pue(ctx, ctx.override(given, usual), (*path, "pue"))
    return usual


def _wue(ctx: Context, section: schema.Site, place: Place, path: Path) -> Fact | None:
    band = ctx.default("water_band").value
    known = grids.disclosed_figure(place, "wue_l_per_kwh", "L/kWh", "water on site", band)
    if section.wue is not None:
        return ctx.override(ctx.stated_fact(section.wue, (*path, "wue"), "water on site"), known)
    return _with_position(ctx, known, path) or _hyperscale_default(
        ctx, "wue", path, "water on site"
    )


def _with_position(ctx: Context, fact: Fact | None, path: Path) -> Fact | None:
    """The fact with the position at which the scenario names its region."""
    return None if fact is None else replace(fact, where=ctx.mark((*path, "region")))


def _hyperscale_default(ctx: Context, field: str, path: Path, label: str) -> Fact:
    fact = ctx.required_fact(ctx.catalog.record("datacenters", "hyperscale"), field, path, label)
    return as_archetype(fact, "hyperscale data center; the site discloses none")


def _ewif(ctx: Context, section: schema.Site, place: Place, path: Path) -> Fact | None:
    fact = grids.water_intensity(ctx.catalog, place, ctx.default("water_band").value)
    if section.ewif is not None:
        return ctx.override(
            ctx.stated_fact(section.ewif, (*path, "ewif"), "water of electricity"), fact
        )
    if fact is None:
        ctx.not_estimated["water"] = "no water intensity of this grid: site.ewif"
    return _with_position(ctx, fact, path)
