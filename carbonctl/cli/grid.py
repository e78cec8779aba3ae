"""``carbonctl grid``: cloud regions and grid zones, with source, year, coverage and kind."""

from typing import Annotated, Any

import typer

from carbonctl.cli import browse, complete
from carbonctl.cli import options as o
from carbonctl.cli.hw import _catalog

app = typer.Typer(help="Regions and grids: list, show, search.", no_args_is_help=True)


@app.command("list")
def list_(
    zones: Annotated[bool, typer.Option("--zones", help="Grid zones, not cloud regions.")] = False,
    format: browse.Format = None,
    json: o.Json = False,
    hardware_db: o.HardwareDb = None,
) -> None:
    """Every cloud region, or every grid zone."""
    form = browse.chosen(format, json=json)
    from carbonctl.catalog import grids  # noqa: PLC0415 - after the flags are known good

    catalog = _catalog(hardware_db)
    rows = (
        [_zone(row) for row in grids.zones(catalog)]
        if zones
        else [_region(row) for row in grids.regions(catalog)]
    )
    browse.show_rows(rows, form)


def _zone(row: dict[str, str]) -> dict[str, Any]:
    return {
        "zone": row["zone"],
        "name": row["name"],
        "g_per_kwh": float(row["gco2e_per_kwh"]),
        "year": row["year"],
        "coverage": row["coverage"],
        "kind": row["kind"],
        "source": row["source"],
    }


def _region(row: dict[str, str]) -> dict[str, Any]:
    return {
        "region": f"{row['provider']}:{row['region']}",
        "place": row["place"],
        "zone": row["zone"],
        "pue": float(row["pue"]) if row["pue"] else None,
        "wue_l_per_kwh": float(row["wue_l_per_kwh"]) if row["wue_l_per_kwh"] else None,
    }


@app.command()
def search(
    word: browse.Word,
    format: browse.Format = None,
    json: o.Json = False,
    hardware_db: o.HardwareDb = None,
) -> None:
    """Regions and zones whose id or place holds a word."""
    form = browse.chosen(format, json=json)
    from carbonctl.catalog import grids  # noqa: PLC0415 - after the flags are known good

    catalog = _catalog(hardware_db)
    named = {
        f"{r['provider']}:{r['region']} {r['place']}": f"{r['provider']}:{r['region']}"
        for r in grids.regions(catalog)
    } | {f"{r['zone']} {r['name']}": r["zone"] for r in grids.zones(catalog)}
    named |= grids.other_names(catalog)
    rows = [_shown(catalog, named[name]) for name in browse.matching(named, word)]
    if not rows:
        raise browse.unknown("CC102", f'no place is called "{word}"', "carbonctl grid list")
    browse.show_rows(list({row["name"]: row for row in rows}.values()), form)


def _place(catalog: Any, name: str) -> Any:
    """The place of a name on the command line; an error of it where there is not one."""
    from carbonctl.catalog import grids  # noqa: PLC0415 - after the flags are known good
    from carbonctl.catalog.read import AmbiguousName, UnknownName  # noqa: PLC0415 - with it

    try:
        place = grids.find(catalog, name)
    except UnknownName as error:
        raise browse.unknown("CC102", f'unknown region "{name}"', error.hint()) from None
    except AmbiguousName as error:
        hint = f"say which: {', '.join(error.choices)}"
        raise browse.unknown("CC106", f'"{name}" fits several places', hint) from None
    if place.note:
        browse.note(f'"{name}" is taken as {place.name}: {place.note}')
    return place


def _shown(catalog: Any, name: str) -> dict[str, Any]:
    from carbonctl.catalog import grids  # noqa: PLC0415 - after the flags are known good

    place = grids.find(catalog, name)
    band = catalog.default("grid_band").value
    fact = grids.intensity(catalog, place, "lifecycle", band)
    fact = fact or grids.intensity(catalog, place, "direct", band)
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


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(help="Id or other spelling.", autocompletion=complete.regions)
    ],
    format: browse.Format = None,
    json: o.Json = False,
    hardware_db: o.HardwareDb = None,
) -> None:
    """One place: the factor that is used, every publisher's, PUE and water."""
    form = browse.chosen(format, json=json)
    from carbonctl.catalog import grids  # noqa: PLC0415 - after the flags are known good

    catalog = _catalog(hardware_db)
    place = _place(catalog, name)
    wanted = grids.spellings(catalog, place)
    used = grids.row_used(catalog, place, "lifecycle")
    rows: list[dict[str, Any]] = [
        {"used": "*" if r is used else "", **_zone(r)}
        for r in grids.zones(catalog)
        if r["zone"] in wanted
    ]
    browse.show_rows(rows, form)
    if form == "table" and used is None and rows:
        browse.say("no lifecycle factor is known here; use a direct one: site.coverage=direct")
    if form == "table" and place.row:
        browse.say(
            f"PUE {place.row['pue'] or 'not disclosed'}, "
            f"on-site water {place.row['wue_l_per_kwh'] or 'not disclosed'} L/kWh, "
            f"carbon-free share {place.row['cfe_share'] or 'not disclosed'}"
        )
