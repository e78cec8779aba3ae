"""``carbonctl diff``: changes between two scenarios or results, with the effect of each."""

from functools import partial
from typing import Annotated

import typer

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.run import draw_table, write
from carbonctl.core.errors import EXIT_DIFFERS, UsageError

ExitCode = Annotated[bool, typer.Option("--exit-code", help="Exit with 7 if anything differs.")]


@o.with_flags(*o.OUTPUT, *o.DRAWS, *o.DATA, "no_color")
def command(
    base: Annotated[str, typer.Argument(metavar="BASE", help="A scenario or a saved result.")],
    head: Annotated[str, typer.Argument(metavar="HEAD", help="The other one, or - for stdin.")],
    run: o.MarkdownRunOptions,
    exit_code: ExitCode = False,
) -> int:
    """Show changed inputs and data of two scenarios or saved results, and the effect of each."""
    form = choose_format(run, ("table", "json", "markdown"))
    if base == head == "-":
        message = "only one of the two can come from stdin"
        raise UsageError(message)
    from carbonctl.app.diff import diff, read_side
    from carbonctl.report.difference import render

    sides = (partial(read_side, file, run.hardware_db, run.root) for file in (base, head))
    difference = diff(sides, hardware_db=run.hardware_db, samples=run.samples, seed=run.seed)
    if form == "table":
        draw_table(lambda out: render(difference.data, out), run)
    else:
        write(difference.render(form), form, run.output)
    return EXIT_DIFFERS if exit_code and difference.differs else 0
