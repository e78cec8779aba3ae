"""``carbonctl train``: carbon of training a model."""

from carbonctl.cli import options as o
from carbonctl.cli.run import estimate


@o.with_flags(*o.MODEL, *o.HARDWARE, *o.TRAINING, *o.SITE, *o.RUN)
def command(scenario: o.ScenarioOptions, run: o.RunOptions, file: o.File = None) -> None:
    """Estimate training: electricity, share of hardware, construction, transport, end of life."""
    estimate("train", file, scenario, run)
