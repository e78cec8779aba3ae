"""``carbonctl train``: training and what it stands on."""

from carbonctl.cli import options as o
from carbonctl.cli.run import estimate


@o.takes(*o.MODEL, *o.HARDWARE, *o.TRAINING, *o.SITE, *o.RUN)
def command(scenario: o.ScenarioOptions, run: o.RunOptions, file: o.File = None) -> None:
    """Carbon of training: electricity, hardware share, construction, transport, end of life."""
    estimate("train", file, scenario, run)
