"""``carbonctl report``: render a saved result in another format, without recomputing it."""

from typing import Annotated

import typer

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.run import draw_table, write

Saved = Annotated[str, typer.Argument(metavar="RESULT", help="A saved result, or - for stdin.")]


@o.with_flags(*o.OUTPUT, *o.DISPLAY)
def command(result: Saved, run: o.RunOptions) -> None:
    """Render a saved result: table, Markdown, SARIF, JUnit, model card, GHG inventory, ..."""
    form = choose_format(run)
    from carbonctl.app.report import load_report

    shown = load_report(result, is_exact=form == "json")
    form = choose_format(run, shown.formats)
    if form == "table":
        draw_table(lambda out: shown.draw(out, verbose=run.verbose, quiet=run.quiet), run)
    else:
        write(shown.render(form), form, run.output)
