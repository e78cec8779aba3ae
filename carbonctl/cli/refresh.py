"""``carbonctl refresh``: keep old hardware, or replace it."""

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.progress import count_draws
from carbonctl.cli.run import TABLE_FORMATS, draw_table, load_from_options, write, write_warnings

_SITE = ("region", "grid", "pue")


@o.with_flags(*o.REPLACEMENT, *_SITE, *o.RUN_WITHOUT_BASIS)
def command(scenario: o.ScenarioOptions, run: o.RunOptions, file: o.File = None) -> None:
    """Decide whether new hardware saves more than its manufacturing, on this and other grids."""
    form = choose_format(run, TABLE_FORMATS)
    loaded = load_from_options(file, scenario, run)
    from carbonctl.app.refresh import refresh

    with count_draws(run.samples):
        decision = refresh(loaded, samples=run.samples, seed=run.seed)
    write_warnings(decision.warnings, quiet=run.quiet)
    if form != "table":
        write(decision.render(form), form, run.output)
        return
    from carbonctl.report.text.refresh_table import render

    draw_table(lambda out: render(decision.data, out, verbose=run.verbose, quiet=run.quiet), run)
