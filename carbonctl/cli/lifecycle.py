"""``carbonctl lifecycle``: carbon of data, experiments, training and serving together."""

from carbonctl.cli import options as o
from carbonctl.cli.run import estimate


@o.with_flags(*o.LIFECYCLE, *o.RUN)
def command(scenario: o.ScenarioOptions, run: o.RunOptions, file: o.File = None) -> None:
    """Estimate the whole life cycle: training, serving, hardware, buildings, end of life."""
    estimate("lifecycle", file, scenario, run)
