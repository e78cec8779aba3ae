"""``carbonctl refresh``: keep old hardware or replace it."""

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.progress import draws
from carbonctl.cli.run import TABLES, draw, load, warn, write

_SITE = ("region", "grid", "pue")


@o.takes(*o.REPLACEMENT, *_SITE, *o.RUN_WITHOUT_BASIS)
def command(scenario: o.ScenarioOptions, run: o.RunOptions, file: o.File = None) -> None:
    """Whether new hardware pays back its making: by what it saves, on this grid and on others."""
    form = choose_format(run, TABLES)
    loaded = load(file, scenario, run)
    from carbonctl.app.refresh import refresh  # noqa: PLC0415 - after the input is known good

    with draws(run.samples):
        decision = refresh(loaded, samples=run.samples, seed=run.seed)
    warn(decision.warnings, quiet=run.quiet)
    if form != "table":
        write(decision.render(form), form, run.output)
        return
    from carbonctl.report.text.refresh_table import render  # noqa: PLC0415 - Rich, for tables alone

    draw(lambda out: render(decision.data, out, verbose=run.verbose, quiet=run.quiet), run)
