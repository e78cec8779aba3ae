"""``carbonctl diff``: what changed between two scenarios or results, and what each change moved."""

from typing import Annotated

import typer

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.run import emit, table_out
from carbonctl.core.errors import EXIT_DIFFERS, UsageError


def command(
    base: Annotated[str, typer.Argument(metavar="BASE", help="A scenario or a saved result.")],
    head: Annotated[str, typer.Argument(metavar="HEAD", help="The other; - for stdin.")],
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="End with 7 where anything differs.")
    ] = False,
    format: Annotated[
        o.Text, typer.Option("-f", "--format", help="table, json or markdown.")
    ] = None,
    json: o.Json = False,
    output: o.Output = None,
    samples: o.Draws = o.DEFAULT_SAMPLES,
    seed: o.Seed = o.DEFAULT_SEED,
    hardware_db: o.HardwareDb = None,
    root: o.Root = None,
    no_color: o.NoColor = False,
) -> int:
    """Changed inputs and data between two scenarios or saved results, and what each one moved."""
    flags = dict(locals())
    form = choose_format(flags, ("table", "json", "markdown"))
    if base == head == "-":
        message = "only one of the two can come from stdin"
        raise UsageError(message)
    from carbonctl.app.diff import differ  # noqa: PLC0415 - after the flags are known good
    from carbonctl.report import difference  # noqa: PLC0415

    data = difference.as_data(differ((base, head), flags), samples, seed)
    if form == "table":
        table_out(lambda out: difference.render(data, out), flags)
    else:
        emit(difference.RENDERERS[form](data), output)
    differs = bool(data["changes"] or data["total"]["difference_kgco2e"])
    return EXIT_DIFFERS if exit_code and differs else 0
