"""What mean power an accelerator can have over a run, by the boundary at which it is metered."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from carbonctl.core.record import value_record

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record

# Margins of a lint: sensors are off by some percent, and idle power is quoted of few devices.
BELOW_IDLE = 0.8  # x idle power of the board, which nothing that is switched on falls below
ABOVE_RATING = 1.2  # x rating of the board, at the boards alone
NODE_ABOVE_RATING = 1.5  # x rating of the board, with its share of processors, memory and fans
SERVER_W = 400.0  # W a server, beside what grows with its boards


@value_record
class PowerLimits:
    """Lowest and highest mean power per accelerator, in W, that a boundary allows; with why."""

    low: float | None
    high: float | None
    low_reason: str = ""
    high_reason: str = ""

    def problem(self, watts: float) -> str:
        """What is wrong with a mean power in W; empty where nothing is."""
        if self.low is not None and watts < self.low:
            return f"{watts:.3g} W per accelerator on average is below {self.low_reason}"
        if self.high is not None and watts > self.high:
            return f"{watts:.4g} W per accelerator on average is above {self.high_reason}"
        return ""


def power_limits(
    card: Record, scope: str, *, per_machine: float = 1.0, count: float | None = None,
    pue: float = 1.0,
) -> PowerLimits:  # fmt: skip
    """Limits of the mean power per accelerator at the boundary ``scope``.

    Idle power and rating come from the record of the device; a record without one sets no limit
    at that end. Node and beyond hold their boards, so the lower limit is the same there.
    """
    idle, rated = card.fact("idle_power"), card.fact("tdp")
    low = None if idle is None else BELOW_IDLE * idle.value
    low_reason = (
        "" if idle is None else f"{BELOW_IDLE:g} x the {idle.value:g} W of {card.name} idle"
    )
    if rated is None:
        return PowerLimits(low, None, low_reason)
    if scope == "gpu":
        reason = f"{ABOVE_RATING:g} x the {rated.value:g} W that {card.name} is rated for"
        return PowerLimits(low, ABOVE_RATING * rated.value, low_reason, reason)
    high = (NODE_ABOVE_RATING * rated.value + _server_share_w(per_machine, count)) * pue
    reason = f"{high:.4g} W, which {card.name} and its share of a server can draw"
    return PowerLimits(low, high, low_reason, reason)


def _server_share_w(per_machine: float, count: float | None) -> float:
    """Each accelerator's share of ``SERVER_W``; a server that is not full has fewer to share it."""
    if count is None or count < 1:
        return SERVER_W / per_machine
    return SERVER_W * math.ceil(count / per_machine) / count
