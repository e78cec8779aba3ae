"""``carbonctl infer``: carbon of serving a model."""

from carbonctl.cli import options as o
from carbonctl.cli.run import estimate

_SERVING = (
    "requests", "tokens", "images", "videos", "items", "concurrency", *o.LATENCY, "precision",
    "runtime",
)  # fmt: skip


@o.with_flags(*o.MODEL, *o.HARDWARE, "shared", *_SERVING, *o.SITE, "period", *o.RUN)
def command(scenario: o.ScenarioOptions, run: o.RunOptions, file: o.File = None) -> None:
    """Estimate serving: per period, and per request, image, clip or item."""
    estimate("infer", file, scenario, run)
