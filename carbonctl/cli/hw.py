"""``carbonctl hw``: browse and check accelerators, servers and parts."""

import sys
from typing import Annotated

import typer

from carbonctl.app import hardware
from carbonctl.cli import browse, complete
from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format

app = typer.Typer(help="Devices and parts: list, show, search, check.", no_args_is_help=True)
Kind = Annotated[str, typer.Option(help=", ".join(hardware.KINDS))]
_NAME = typer.Argument(help="Id or alias.", autocompletion=complete.hardware)


@app.command("list")
@o.with_flags(*browse.FLAGS)
def list_(run: browse.RowListOptions, kind: Kind = "accelerators") -> None:
    """List all records of a kind."""
    form = choose_format(run, browse.ROW_FORMATS)
    browse.show_rows(hardware.list_hardware(browse.open_catalog(run), kind), form)


@app.command()
@o.with_flags(*browse.FLAGS)
def search(word: browse.Word, run: browse.RowListOptions) -> None:
    """List records whose id, name or alias contains a word."""
    form = choose_format(run, browse.ROW_FORMATS)
    browse.show_rows(hardware.search_hardware(browse.open_catalog(run), word), form)


@app.command()
@o.with_flags(*browse.FLAGS)
def show(name: Annotated[str, _NAME], run: browse.RecordOptions) -> None:
    """Show one record: every fact with its range and source."""
    form = choose_format(run, browse.RECORD_FORMATS)
    browse.show_record(hardware.find_hardware(browse.open_catalog(run), name), form)


@app.command()
@o.with_flags("hardware_db", "quiet")
def check(run: o.RunOptions) -> None:
    """Check all records and tables: units, ranges, sources, plausibility."""
    counts = hardware.check_hardware(browse.open_catalog(run))
    if not run.quiet:
        for kind, count in counts.items():
            sys.stdout.write(f"{kind:<16}{count:>6}\n")
        sys.stdout.write("no problems\n")
