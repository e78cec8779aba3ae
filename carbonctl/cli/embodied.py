"""``carbonctl embodied``: hardware from manufacturing to end of life, without use."""

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.progress import count_draws
from carbonctl.cli.run import load_from_options, write_result, write_warnings


@o.with_flags(*o.HARDWARE, "subject", "device", *o.RUN_WITHOUT_BASIS)
def command(scenario: o.ScenarioOptions, run: o.RunOptions, file: o.File = None) -> None:
    """Estimate an accelerator, machine, rack, cluster or datacenter, part by part, without use."""
    form = choose_format(run)
    loaded = load_from_options(file, scenario, run)
    from carbonctl.app.embodied import embodied

    with count_draws(run.samples):
        result = embodied(loaded, samples=run.samples, seed=run.seed)
    write_warnings(result.warnings, quiet=run.quiet)
    write_result(result, form, run)
