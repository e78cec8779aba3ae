"""Resolve what serving needs of an accelerator: memory, bandwidth, peak, link, power."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.serving.service import Board
from carbonctl.scenario.resolve.context import as_archetype, derive_fact
from carbonctl.scenario.resolve.model_shape import find_peak, require_accelerator
from carbonctl.scenario.resolve.training.metering import host_factor, is_rated_above_use

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema


def resolve_board(ctx: Context, device: Device, precision: str, path: Path) -> Board[Fact]:
    """Memory, bandwidth, link, power and the peak in a precision of one accelerator."""
    card = require_accelerator(ctx, device)
    top = find_peak(ctx, device, precision, path)
    most = power_limit(ctx, device, path)
    return Board(
        memory_gb=ctx.required_fact(card, "memory", path),
        bandwidth_gb_per_s=ctx.required_fact(card, "bandwidth", path),
        peak_flop_per_s=top,
        link_gb_per_s=card.fact("link_bandwidth", label="link speed")
        or ctx.default("link_bandwidth_pcie"),
        tdp_w=most,
        idle_power_w=_idle_power(ctx, card, most),
    )


def stated_tensor_parallel(
    ctx: Context, infer: schema.Infer, device: Device, path: Path
) -> Fact | None:
    """Stated tensor-parallel devices; None where the scenario does not state them."""
    if infer.tensor_parallel is None:
        return None
    where = (*path, "tensor_parallel")
    shared = ctx.stated_fact(infer.tensor_parallel, where, "devices that share one copy")
    if device.count is not None and shared.value > device.count.value:
        message = f"tensor_parallel is {shared.value:g}; hardware.count is {device.count.value:g}"
        ctx.fail("CC303", message, where, "at most all devices share one copy")
    return shared


def power_limit(ctx: Context, device: Device, path: Path) -> Fact:
    """Power limit of a busy board [W]: its TDP, or its measured power where that is less."""
    card = require_accelerator(ctx, device)
    tdp = ctx.required_fact(card, "tdp", path)
    if not is_rated_above_use(card):
        return tdp
    seen = card.fact("train_power")
    if seen is None:
        message = f"the power in use of {card.name} is not known, and its TDP is far above"
        ctx.fail("CC304", message, device.path, "choose a device whose power is known")
    factor = host_factor(ctx, device)
    bare = seen.value / factor.value if seen.boundary == "it_system" else seen.value
    if bare >= tdp.value:
        return tdp
    note = f"in training, without its host: {seen.value:g} W over {factor.value:g}"
    return derive_fact(f"{seen.key}/board", bare, seen, note, f"power limit, {card.name}")


def _idle_power(ctx: Context, card: Record, tdp: Fact) -> Fact:
    idle = card.fact("idle_power", label=f"idle power, {card.name}")
    if idle is not None:
        return idle
    share = ctx.default("device_idle_share")
    note, label = f"{share.value:g} of {tdp.value:,.0f} W, as is usual", f"idle power, {card.name}"
    scaled = derive_fact(f"{share.key}/{card.id}", share.value * tdp.value, share, note, label)
    return as_archetype(replace(scaled, unit="W", shape="positive"), note)
