"""Checks of the horizon of a replacement decision."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from carbonctl.core.errors import Problem
from carbonctl.core.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.scenario.resolve.context import Context

_MAX_GROWTH_EXPONENT = 50.0  # as a power of e: 5e21 times
_MAX_PERIODS_OVER_HORIZON = 4


def check_horizon(ctx: Context, span: Fact, life: Fact) -> None:
    """Report a horizon beyond the life of new machines, which are bought once."""
    if span.value > life.value:
        most = f"{life.value / HOURS_PER_YEAR:.3g} y"
        message = (
            f"the horizon is {span.value / HOURS_PER_YEAR:.3g} y, but new machines last {most}"
        )
        hint = f"at most {most}, or state a longer life as in embodied: {{lifetime: 8 y}}"
        ctx.problems.append(Problem("CC303", message, ctx.mark(("refresh", "horizon")), hint))


def check_growth(ctx: Context, span: Fact, ratio: Fact, per: Fact) -> None:
    """Report growth beyond any physical size, and a horizon too short for stated growth."""
    if abs(math.log(ratio.value)) * span.value / per.value > _MAX_GROWTH_EXPONENT:
        message = "demand changes beyond any physical size within the horizon"
        ctx.problems.append(Problem("CC203", message, ctx.mark(("refresh", "demand_growth"))))
    if span.value * _MAX_PERIODS_OVER_HORIZON < per.value:
        message = "the horizon is shorter than a quarter of the growth period of demand"
        ctx.problems.append(Problem("CC203", message, ctx.mark(("refresh", "horizon"))))
