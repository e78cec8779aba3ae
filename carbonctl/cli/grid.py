"""``carbonctl grid``: cloud regions and grid zones, with source, year, coverage and kind."""

from typing import Annotated

import typer

from carbonctl.cli import browse, complete
from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format

app = typer.Typer(help="Regions and grids: list, show, search.", no_args_is_help=True)
Zones = Annotated[bool, typer.Option("--zones", help="Grid zones, not cloud regions.")]
_NAME = typer.Argument(help="Id or other spelling.", autocompletion=complete.regions)


@app.command("list")
@o.takes(*browse.FLAGS)
def list_(run: browse.RowsRunOptions, zones: Zones = False) -> None:
    """Every cloud region, or every grid zone."""
    form = choose_format(run, browse.ROWS)
    from carbonctl.app import places  # noqa: PLC0415 - not for help

    rows = places.list_zones if zones else places.list_regions
    browse.show_rows(rows(browse.open_catalog(run)), form)


@app.command()
@o.takes(*browse.FLAGS)
def search(word: browse.Word, run: browse.RowsRunOptions) -> None:
    """Regions and zones whose id or place holds a word."""
    form = choose_format(run, browse.ROWS)
    from carbonctl.app import places  # noqa: PLC0415 - not for help

    browse.show_rows(places.search_places(browse.open_catalog(run), word), form)


@app.command()
@o.takes(*browse.FLAGS)
def show(name: Annotated[str, _NAME], run: browse.RowsRunOptions) -> None:
    """One place: the factor that is used, every publisher's, PUE and water."""
    form = choose_format(run, browse.ROWS)
    from carbonctl.app import places  # noqa: PLC0415 - not for help

    catalog = browse.open_catalog(run)
    place = places.find_place(catalog, name)
    if place.note:
        browse.note(f'"{name}" is taken as {place.name}: {place.note}')
    browse.show_rows(places.factors_of(catalog, place), form)
    for text in places.notes_on(catalog, place) if form == "table" else ():
        browse.say(text)
