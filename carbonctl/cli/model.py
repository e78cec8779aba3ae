"""``carbonctl model``: browse models, with sources."""

from typing import Annotated

import typer

from carbonctl.app import models
from carbonctl.cli import browse, complete
from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format

app = typer.Typer(help="Models: list, show, search.", no_args_is_help=True)
Kind = Annotated[o.Text, typer.Option(help="Kind of model: llm_dense, llm_moe, dlrm, ...")]
_NAME = typer.Argument(help="Id or alias.", autocompletion=complete.models)


@app.command("list")
@o.with_flags(*browse.FLAGS)
def list_(run: browse.RowListOptions, kind: Kind = None) -> None:
    """List all models, or those of a kind."""
    form = choose_format(run, browse.ROW_FORMATS)
    browse.show_rows(models.list_models(browse.open_catalog(run), kind), form)


@app.command()
@o.with_flags(*browse.FLAGS)
def search(word: browse.Word, run: browse.RowListOptions) -> None:
    """List models whose id or alias contains a word."""
    form = choose_format(run, browse.ROW_FORMATS)
    browse.show_rows(models.search_models(browse.open_catalog(run), word), form)


@app.command()
@o.with_flags(*browse.FLAGS)
def show(name: Annotated[str, _NAME], run: browse.RecordOptions) -> None:
    """Show one model: its shape, with sources."""
    form = choose_format(run, browse.RECORD_FORMATS)
    browse.show_record(models.find_model(browse.open_catalog(run), name), form)
