"""The span that a replacement is decided over: what it may not be."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from carbonctl.core.errors import Problem
from carbonctl.core.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.scenario.resolve.context import Context

_MOST_GROWTH = 50.0  # as a power of e: 5e21 times
_SHORTEST = 4


def check_life(ctx: Context, span: Fact, life: Fact) -> None:
    """New machines are bought once: none serves a span beyond its own life."""
    if span.value > life.value:
        most = f"{life.value / HOURS_PER_YEAR:.3g} y"
        message = f"a span of {span.value / HOURS_PER_YEAR:.3g} y, and new machines last {most}"
        hint = f"at most {most}, or state a longer life as in embodied: {{lifetime: 8 y}}"
        ctx.problems.append(Problem("CC303", message, ctx.mark(("refresh", "horizon")), hint))


def check_growth(ctx: Context, span: Fact, ratio: Fact, per: Fact) -> None:
    """Growth that no power of a number holds, or a span too short to speak of growth."""
    if abs(math.log(ratio.value)) * span.value / per.value > _MOST_GROWTH:
        message = "demand would change beyond any physical size within the span"
        ctx.problems.append(Problem("CC203", message, ctx.mark(("refresh", "demand_growth"))))
    if span.value * _SHORTEST < per.value:
        message = "the span is shorter than a quarter of the time in which demand grows"
        ctx.problems.append(Problem("CC203", message, ctx.mark(("refresh", "horizon"))))
