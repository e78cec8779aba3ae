"""``carbonctl hw``: accelerators, servers and parts, with sources."""

import sys
from typing import Annotated

import typer

from carbonctl.app import hardware
from carbonctl.cli import browse, complete
from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format

app = typer.Typer(help="Devices and parts: list, show, search, check.", no_args_is_help=True)
Kind = Annotated[str, typer.Option(help=", ".join(hardware.KINDS))]
_NAME = typer.Argument(help="Id or other spelling.", autocompletion=complete.hardware)


@app.command("list")
@o.takes(*browse.FLAGS)
def list_(run: browse.RowsRunOptions, kind: Kind = "accelerators") -> None:
    """Every record of a kind."""
    form = choose_format(run, browse.ROWS)
    browse.show_rows(hardware.list_hardware(browse.open_catalog(run), kind), form)


@app.command()
@o.takes(*browse.FLAGS)
def search(word: browse.Word, run: browse.RowsRunOptions) -> None:
    """Records of any kind whose id, name or other spelling holds a word."""
    form = choose_format(run, browse.ROWS)
    browse.show_rows(hardware.search_hardware(browse.open_catalog(run), word), form)


@app.command()
@o.takes(*browse.FLAGS)
def show(name: Annotated[str, _NAME], run: browse.OneRunOptions) -> None:
    """One record: every fact with its range and source."""
    form = choose_format(run, browse.ONE)
    browse.show_record(hardware.find_hardware(browse.open_catalog(run), name), form)


@app.command()
@o.takes("hardware_db", "quiet")
def check(run: o.RunOptions) -> None:
    """Every rule over every record: units, ranges, sources, the pitfalls of device data."""
    counts = hardware.check_hardware(browse.open_catalog(run))
    if not run.quiet:
        for kind, count in counts.items():
            sys.stdout.write(f"{kind:<16}{count:>6}\n")
        sys.stdout.write("no problems\n")
