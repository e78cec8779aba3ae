"""Where a power of training is metered, when that is neither a board nor the whole system."""

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
    from carbonctl.scenario.schema.quantity import Given


def superchip(found: Device | None) -> bool:
    """Whether the device holds its CPU and memory too."""
    return found is not None and found.record.data.get("includes_cpu") is True


def host_factor(
    ctx: Context, found: Device | None, given: Given | None = None, path: Path = ()
) -> Fact:
    """The one bridge from boards to the IT system, in training and in serving."""
    usual = "superchip_power_factor" if superchip(found) else "host_power_factor"
    return ctx.either(given, path, usual)


def rated_above_use(card: Record) -> bool:
    """Whether a device is rated for its chip's limit, far above what any work draws."""
    return card.text("tdp_basis") == "chip_limit"


def metered(ctx: Context, draw: Power[Fact], found: Device | None) -> MeteredPower[Fact]:
    """Power of a run that is metered on its nodes; a superchip is all that is metered of one."""
    within = ctx.default("node_power_factor")
    if superchip(found):
        label, note = "node over superchips", "a superchip holds CPU and memory"
        within = replace(ONE, key="node_over_superchips", label=label, note=note)
    return MeteredPower(
        draw.boundary, draw.power_w, draw.tdp_w, draw.by_size, draw.host_power_factor,
        draw.residual, within,
    )  # fmt: skip


def of_server(ctx: Context, run: schema.Run, found: Device, factor: Fact) -> Power[Fact]:
    """Power of whole servers at their plugs: an IT system but for the network around them."""
    hint = "name its accelerator, hardware.accelerator, or give train.power with its scope"
    typical = ctx.needed(found.record, "typical_power", found.path, hint=hint)
    if run.energy is not None:  # the power then only tells the hours
        return Power("it_system", typical, None, None, factor)
    ctx.not_estimated[f"network around {found.record.name}"] = "its power is that of the server"
    return Power("it_system", typical, None, None, None)
