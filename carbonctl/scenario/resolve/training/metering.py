"""Boundaries of measured power: board, node, server and IT system."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.inputs import MeteredPower, Power
from carbonctl.scenario.resolve.context import ONE

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema
    from carbonctl.scenario.schema.quantity import StatedQuantity


def is_superchip(device: Device | None) -> bool:
    """Whether the device includes its CPU and memory."""
    return device is not None and device.record.data.get("includes_cpu") is True


def host_factor(
    ctx: Context, device: Device | None, given: StatedQuantity | None = None, path: Path = ()
) -> Fact:
    """Power of the IT system over power of its boards: as stated, else the default."""
    usual = "superchip_power_factor" if is_superchip(device) else "host_power_factor"
    return ctx.stated_or_default(given, path, usual)


def is_rated_above_use(card: Record) -> bool:
    """Whether the TDP of a device is a limit of its chip, far above the power in use."""
    return card.text("tdp_basis") == "chip_limit"


def with_node_factor(ctx: Context, draw: Power[Fact], device: Device | None) -> MeteredPower[Fact]:
    """Power metered at nodes, with the factor from boards to nodes; 1 for a superchip."""
    within = ctx.default("node_power_factor")
    if is_superchip(device):
        label, note = "node over superchips", "a superchip holds CPU and memory"
        within = replace(ONE, key="node_over_superchips", label=label, note=note)
    return MeteredPower(
        draw.boundary, draw.power_w, draw.tdp_w, draw.by_size, draw.host_power_factor,
        draw.residual, within,
    )  # fmt: skip


def server_power(ctx: Context, run: schema.Run, device: Device, factor: Fact) -> Power[Fact]:
    """Typical power of whole servers, as power of the IT system without its network."""
    hint = "name its accelerator, hardware.accelerator, or give train.power with its scope"
    typical = ctx.required_fact(device.record, "typical_power", device.path, hint=hint)
    if run.energy is not None:  # power is then only used to compute hours
        return Power("it_system", typical, None, None, factor)
    ctx.not_estimated[f"network around {device.record.name}"] = "its power is that of the server"
    return Power("it_system", typical, None, None, None)
