"""Accelerators as serving feels them: memory, bandwidth, peak, link, power."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.serving.service import Board
from carbonctl.scenario.resolve.context import archetype, derived
from carbonctl.scenario.resolve.model_shape import accelerator, peak
from carbonctl.scenario.resolve.training.metering import host_factor, rated_above_use

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema


def board(ctx: Context, found: Device, precision: str, path: Path) -> Board[Fact]:
    """An accelerator, as far as serving feels it, with its peak in a precision."""
    card = accelerator(ctx, found)
    top = peak(ctx, found, precision, path)
    most = power_limit(ctx, found, path)
    return Board(
        memory_gb=ctx.needed(card, "memory", path),
        bandwidth_gb_per_s=ctx.needed(card, "bandwidth", path),
        peak_flop_per_s=top,
        link_gb_per_s=card.fact("link_bandwidth", label="link speed")
        or ctx.default("link_bandwidth_pcie"),
        tdp_w=most,
        idle_power_w=_idle(ctx, card, most),
    )


def parallel(ctx: Context, infer: schema.Infer, found: Device, path: Path) -> Fact | None:
    """Devices that share one copy of a model, where the scenario says."""
    if infer.tensor_parallel is None:
        return None
    where = (*path, "tensor_parallel")
    shared = ctx.given(infer.tensor_parallel, where, "devices that share one copy")
    if found.count is not None and shared.value > found.count.value:
        message = f"tensor_parallel is {shared.value:g}; hardware.count is {found.count.value:g}"
        ctx.fail("CC303", message, where, "at most all devices share one copy")
    return shared


def power_limit(ctx: Context, found: Device, path: Path) -> Fact:
    """Power that a busy board nears: its rating, or what it was seen to draw where that is less."""
    card = accelerator(ctx, found)
    tdp = ctx.needed(card, "tdp", path)
    if not rated_above_use(card):
        return tdp
    seen = card.fact("train_power")
    if seen is None:
        message = f"no power in use is known for {card.name}; its rating is no guide"
        ctx.fail("CC304", message, found.path, "choose a device whose power is known")
    factor = host_factor(ctx, found)
    bare = seen.value / factor.value if seen.boundary == "it_system" else seen.value
    if bare >= tdp.value:
        return tdp
    note = f"in training, without its host: {seen.value:g} W over {factor.value:g}"
    return derived(f"{seen.key}/board", bare, seen, note, f"power limit, {card.name}")


def _idle(ctx: Context, card: Record, tdp: Fact) -> Fact:
    idle = card.fact("idle_power", label=f"idle power, {card.name}")
    if idle is not None:
        return idle
    share = ctx.default("device_idle_share")
    note, label = f"{share.value:g} of {tdp.value:,.0f} W, as is usual", f"idle power, {card.name}"
    scaled = derived(f"{share.key}/{card.id}", share.value * tdp.value, share, note, label)
    return archetype(replace(scaled, unit="W", shape="positive"), note)
