"""``carbonctl compare``: scenarios side by side on common draws."""

from functools import partial

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.progress import count_steps
from carbonctl.cli.run import TABLE_FORMATS, draw_table, load_from_options, write
from carbonctl.core.errors import UsageError


@o.with_flags(*o.RUN)
def command(files: o.Files, scenario: o.ScenarioOptions, run: o.RunOptions) -> None:
    """Compare two or more scenarios: which emits less, how surely, what would change the order."""
    form = choose_format(run, TABLE_FORMATS)
    if len(files) < 2 or files.count("-") > 1:  # noqa: PLR2004 - to compare takes two
        message = "compare takes two or more scenarios, at most one of them from stdin"
        raise UsageError(message)
    from carbonctl.app.compare import compare

    compared = compare(
        [(file, partial(load_from_options, file, scenario, run)) for file in files],
        samples=run.samples,
        seed=run.seed,
        each=partial(count_steps, what="compare"),
    )
    if form != "table":
        write(compared.render(form), form, run.output)
        return
    from carbonctl.report.text.side_by_side import render

    draw_table(lambda out: render(compared.data, out), run)
