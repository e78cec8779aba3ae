"""``carbonctl embodied``: hardware from manufacturing to end of life, without use."""

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.progress import draws
from carbonctl.cli.run import load, report, warn


@o.takes(*o.HARDWARE, "subject", "device", *o.RUN_WITHOUT_BASIS)
def command(scenario: o.ScenarioOptions, run: o.RunOptions, file: o.File = None) -> None:
    """Carbon of an accelerator, a machine, a rack, a cluster or a datacenter, part by part."""
    form = choose_format(run)
    loaded = load(file, scenario, run)
    from carbonctl.app.embodied import embodied  # noqa: PLC0415 - after a good input

    with draws(run.samples):
        result = embodied(loaded, samples=run.samples, seed=run.seed)
    warn(result.warnings, quiet=run.quiet)
    report(result, form, run)
