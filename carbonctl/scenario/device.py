"""An accelerator as serving feels it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.service import Board
from carbonctl.scenario.context import archetype, derived
from carbonctl.scenario.shape import accelerator, peak

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.context import Context
    from carbonctl.scenario.machine import Device


def board(
    ctx: Context, found: Device, precision: str, path: Path, *, peak_of: str = ""
) -> Board[Fact]:
    """An accelerator, as far as serving feels it.

    It must have the ``precision`` that is asked for; ``peak_of`` is the one operations run in.
    """
    asked = peak(ctx, found, precision, path)
    card = accelerator(ctx, found)
    tdp, share = ctx.needed(card, "tdp", path), ctx.default("device_idle_share")
    idle = card.fact("idle_power", label=f"idle power, {card.name}")
    if idle is None:
        key, note = f"{tdp.key}/idle", f"{share.value:g} of TDP, as is usual"
        idle = archetype(derived(key, tdp.value * share.value, tdp, note, share.label), note)
    return Board(
        memory_gb=ctx.needed(card, "memory", path),
        bandwidth_gb_per_s=ctx.needed(card, "bandwidth", path),
        peak_flop_per_s=peak(ctx, found, peak_of, path) if peak_of else asked,
        link_gb_per_s=card.fact("link_bandwidth", label="link speed")
        or ctx.default("link_bandwidth_pcie"),
        tdp_w=tdp,
        idle_power_w=idle,
    )
