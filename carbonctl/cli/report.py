"""``carbonctl report``: a saved result in another format, nothing computed again."""

from typing import Annotated

import typer

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.run import draw, write

Saved = Annotated[str, typer.Argument(metavar="RESULT", help="A saved result, or - for stdin.")]


@o.takes(*o.OUTPUT, *o.DISPLAY)
def command(result: Saved, run: o.RunOptions) -> None:
    """Render a saved result: for people, pull requests, code scanning, model cards, inventories."""
    form = choose_format(run)
    from carbonctl.app.report import load_report  # noqa: PLC0415 - after good flags

    shown = load_report(result, is_exact=form == "json")
    form = choose_format(run, shown.formats)
    if form == "table":
        draw(lambda out: shown.draw(out, verbose=run.verbose, quiet=run.quiet), run)
    else:
        write(shown.render(form), form, run.output)
