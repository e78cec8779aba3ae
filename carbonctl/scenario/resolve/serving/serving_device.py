"""Resolve what serving needs of an accelerator: memory, bandwidth, peak, link, power."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from carbonctl.estimate.serving.service import Board, Links
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
    base = _base_power(ctx, card, most)
    return Board(
        memory_gb=ctx.required_fact(card, "memory", path),
        bandwidth_gb_per_s=ctx.required_fact(card, "bandwidth", path),
        peak_flop_per_s=top,
        link_gb_per_s=card.fact("link_bandwidth", label="link speed")
        or ctx.default("link_bandwidth_pcie"),
        tdp_w=most,
        idle_power_w=base.idle,
        resident_factor=base.factor,
        parked_power_w=base.parked,
    )


def resolve_links(ctx: Context, device: Device) -> Links[Fact]:
    """How devices exchange: in domains of fast links, and over the network between them."""
    card = require_accelerator(ctx, device)
    joined = card.fact("link_domain", label="devices that links join")
    return Links(
        linked_accelerators=joined or device.per_machine,
        network_gb_per_s=ctx.default("serving_network"),
        network_efficiency=ctx.default("network_efficiency"),
        activation_bytes=ctx.default("bytes_bf16"),
        dispatch_bytes=ctx.default("dispatch_bytes"),
        domains_per_token=ctx.default("domains_per_token"),
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


class _BasePower(NamedTuple):
    """Power of a board without work, its factor with a model in memory, and parked power."""

    idle: Fact
    factor: Fact
    parked: Fact | None = None


def _base_power(ctx: Context, card: Record, tdp: Fact) -> _BasePower:
    """Base power of a board: measured with a model in memory, else by its class.

    Server boards keep their clocks while a model is in memory, desktop boards only while requests
    come. On boards with stacked memory, whose busy power was measured, the base of busy power is
    fitted; what they draw while parked is measured.
    """
    resident = card.fact("resident_power", label=f"resident power, {card.name}")
    clocked = card.fact("between_requests_power", label=f"power between requests, {card.name}")
    if card.text("memory_type").startswith("hbm"):
        return _BasePower(_idle_power(ctx, card, tdp), ctx.default("resident_factor"), resident)
    measured = ctx.default("measured_resident_factor")
    if card.data.get("holds_clocks") is False:
        base = clocked or _share_of_tdp(ctx, card, tdp, "desktop_board_clocked_share")
        return _BasePower(base, measured, resident or _idle_power(ctx, card, tdp))
    known = resident or clocked
    if known is None and card.data.get("holds_clocks") is True:
        known = _share_of_tdp(ctx, card, tdp, "server_board_resident_share")
    if known is not None:
        return _BasePower(known, measured)
    return _BasePower(_idle_power(ctx, card, tdp), ctx.default("resident_factor"))


def _idle_power(ctx: Context, card: Record, tdp: Fact) -> Fact:
    idle = card.fact("idle_power", label=f"idle power, {card.name}")
    return idle or _share_of_tdp(ctx, card, tdp, "device_idle_share")


def _share_of_tdp(ctx: Context, card: Record, tdp: Fact, name: str) -> Fact:
    """A power of a board that is not recorded: a share of its TDP that is usual for its class."""
    share = ctx.default(name)
    note = f"{share.value:g} of {tdp.value:,.0f} W, as is usual"
    label = f"{share.label.partition(' / ')[0]}, {card.name}"
    scaled = derive_fact(f"{share.key}/{card.id}", share.value * tdp.value, share, note, label)
    return as_archetype(replace(scaled, unit="W", shape="positive"), note)
