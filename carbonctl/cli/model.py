"""``carbonctl model``: shapes of models, with sources."""

from typing import Annotated

import typer

from carbonctl.app import models
from carbonctl.cli import browse, complete
from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format

app = typer.Typer(help="Models: list, show, search.", no_args_is_help=True)
Kind = Annotated[o.Text, typer.Option(help="As in llm_dense, llm_moe, dlrm.")]
_NAME = typer.Argument(help="Id or other spelling.", autocompletion=complete.models)


@app.command("list")
@o.takes(*browse.FLAGS)
def list_(run: browse.RowsRunOptions, kind: Kind = None) -> None:
    """Every model."""
    form = choose_format(run, browse.ROWS)
    browse.show_rows(models.list_models(browse.open_catalog(run), kind), form)


@app.command()
@o.takes(*browse.FLAGS)
def search(word: browse.Word, run: browse.RowsRunOptions) -> None:
    """Models whose id or other spelling holds a word."""
    form = choose_format(run, browse.ROWS)
    browse.show_rows(models.search_models(browse.open_catalog(run), word), form)


@app.command()
@o.takes(*browse.FLAGS)
def show(name: Annotated[str, _NAME], run: browse.OneRunOptions) -> None:
    """One model: its shape and where it was read."""
    form = choose_format(run, browse.ONE)
    browse.show_record(models.find_model(browse.open_catalog(run), name), form)
