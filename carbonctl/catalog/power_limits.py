"""Plausible limits of the mean power per accelerator over a run, by measurement boundary."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from carbonctl.core.record import value_record

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record

# Margins of a plausibility check: sensors err by a few percent; few idle powers are published.
MIN_IDLE_FACTOR = 0.8  # x idle power of the board, a lower limit for any board that is on
MAX_BOARD_FACTOR = 1.2  # x TDP of the board, measured at the boards alone
MAX_NODE_FACTOR = 1.5  # x TDP of the board, with its share of processors, memory and fans
SERVER_W = 400.0  # W per server, in addition to what grows with its boards


@value_record
class PowerLimits:
    """Lowest and highest plausible mean power per accelerator in W at a boundary, with reasons."""

    low: float | None
    high: float | None
    low_reason: str = ""
    high_reason: str = ""

    def problem(self, watts: float) -> str:
        """Why a mean power in W is implausible; empty if it is plausible."""
        if self.low is not None and watts < self.low:
            return f"{watts:.3g} W per accelerator on average is below {self.low_reason}"
        if self.high is not None and watts > self.high:
            return f"{watts:.4g} W per accelerator on average is above {self.high_reason}"
        return ""


def power_limits(
    card: Record, scope: str, *, per_machine: float = 1.0, count: float | None = None,
    pue: float = 1.0,
) -> PowerLimits:  # fmt: skip
    """Limits in W of the mean power per accelerator at the boundary ``scope``.

    Idle power and TDP come from the record of the device; without one of them there is no limit
    at that end. A node contains its boards, so the lower limit applies there too.
    """
    idle, rated = card.fact("idle_power"), card.fact("tdp")
    low = None if idle is None else MIN_IDLE_FACTOR * idle.value
    low_reason = (
        "" if idle is None else f"{MIN_IDLE_FACTOR:g} x the {idle.value:g} W of {card.name} idle"
    )
    if rated is None:
        return PowerLimits(low, None, low_reason)
    if scope == "gpu":
        reason = f"{MAX_BOARD_FACTOR:g} x the {rated.value:g} W that {card.name} is rated for"
        return PowerLimits(low, MAX_BOARD_FACTOR * rated.value, low_reason, reason)
    high = (MAX_NODE_FACTOR * rated.value + _server_share_w(per_machine, count)) * pue
    reason = f"{high:.4g} W, which {card.name} and its share of a server can draw"
    return PowerLimits(low, high, low_reason, reason)


def _server_share_w(per_machine: float, count: float | None) -> float:
    """Share of ``SERVER_W`` per accelerator; larger if the last server is not full."""
    if count is None or count < 1:
        return SERVER_W / per_machine
    return SERVER_W * math.ceil(count / per_machine) / count
