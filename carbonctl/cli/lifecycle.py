"""``carbonctl lifecycle``: data, experiments, training and serving in one answer."""

from carbonctl.cli import options as o
from carbonctl.cli.run import estimate


@o.takes(*o.LIFECYCLE, *o.RUN)
def command(scenario: o.ScenarioOptions, run: o.RunOptions, file: o.File = None) -> None:
    """Carbon of a whole life: training and serving, hardware, buildings, end of life."""
    estimate("lifecycle", file, scenario, run)
