"""``carbonctl grid``: cloud regions and grid zones, with source, year, coverage and kind."""

from typing import Annotated

import typer

from carbonctl.cli import browse, complete
from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format

app = typer.Typer(help="Regions and grids: list, show, search.", no_args_is_help=True)
Zones = Annotated[bool, typer.Option("--zones", help="Grid zones, not cloud regions.")]
_NAME = typer.Argument(help="Id or other name.", autocompletion=complete.regions)


@app.command("list")
@o.with_flags(*browse.FLAGS)
def list_(run: browse.RowListOptions, zones: Zones = False) -> None:
    """List all cloud regions, or all grid zones."""
    form = choose_format(run, browse.ROW_FORMATS)
    from carbonctl.app import places

    rows = places.list_zones if zones else places.list_regions
    browse.show_rows(rows(browse.open_catalog(run)), form)


@app.command()
@o.with_flags(*browse.FLAGS)
def search(word: browse.Word, run: browse.RowListOptions) -> None:
    """List regions and zones whose id or place contains a word."""
    form = choose_format(run, browse.ROW_FORMATS)
    from carbonctl.app import places

    browse.show_rows(places.search_places(browse.open_catalog(run), word), form)


@app.command()
@o.with_flags(*browse.FLAGS)
def show(name: Annotated[str, _NAME], run: browse.RowListOptions) -> None:
    """Show one place: the grid factor in use, those of all publishers, PUE and water."""
    form = choose_format(run, browse.ROW_FORMATS)
    from carbonctl.app import places

    catalog = browse.open_catalog(run)
    place = places.find_place(catalog, name)
    if place.note:
        browse.write_note(f'"{name}" is read as {place.name}: {place.note}')
    browse.show_rows(places.published_factors(catalog, place), form)
    for text in places.place_notes(catalog, place) if form == "table" else ():
        browse.write_sentence(text)
