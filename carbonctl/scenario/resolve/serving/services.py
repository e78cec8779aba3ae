"""Services: load, fleet, and the model behind them."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from carbonctl.catalog.model_kinds import model_kind
from carbonctl.estimate.serving.service import Fleet, Host, Serving
from carbonctl.scenario.resolve.model_shape import check_number_format, resolve_shape
from carbonctl.scenario.resolve.serving.ranking_serving import ranking_service
from carbonctl.scenario.resolve.training.metering import host_factor, is_superchip

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Evidence
    from carbonctl.estimate.serving.service import ServedModel
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema


LOADS = ("requests", "images", "videos", "items", "samples")
# load -> the file of this folder that resolves its models, whatever their kind
_FILES = {
    "images": "diffusion_serving",
    "videos": "diffusion_serving",
    "samples": "encoder_serving",
}


def load(ctx: Context, infer: schema.Infer, path: Path) -> str:
    """The one kind of load that a service states."""
    given = [name for name in LOADS if getattr(infer, name) is not None]
    if len(given) > 1:
        ctx.fail("CC301", f"two loads: {given[0]} and {given[1]}", (*path, given[1]), "keep one")
    if not given:
        ctx.fail("CC302", "no load: give one of " + ", ".join(LOADS), path, "as in 1M/day")
    return given[0]


def serving(
    ctx: Context,
    infer: schema.Infer,
    model: schema.Model | None,
    device: Device,
    period: Fact,
    path: Path,
    *,
    is_dedicated: bool = False,
) -> tuple[Serving[Fact], Evidence]:
    """Facts of a service, and how its energy is known; its devices may be held all the period."""
    name = load(ctx, infer, path)
    fleet = _fleet(ctx, infer, name, device, period, path)
    if is_dedicated:
        share = fleet.fleet_share or ctx.rule("held_share")
        fleet = replace(fleet, fleet_share=share, accelerators=device.count)
    made, evidence = _resolve_model(ctx, infer, model, device, path)
    return Serving(fleet, made), evidence


def _resolve_model(
    ctx: Context, infer: schema.Infer, model: schema.Model | None, device: Device, path: Path
) -> tuple[ServedModel[Fact], Evidence]:
    """The model of a service and how its energy is known, by its load and its kind.

    A kind of model that answers requests names its file in ``catalog/model_kinds``.
    """
    name = load(ctx, infer, path)
    if infer.precision is not None:
        check_number_format(ctx, device, infer.precision, path)
    if name == "items":
        return ranking_service(ctx, infer, model, device, path)
    is_stated = name == "samples" and infer.sample_work is not None
    shape = None if is_stated else resolve_shape(ctx, model, path)
    file = _FILES.get(name) or model_kind(shape.kind if shape else None).service
    if not file:
        kind = shape.kind if shape else "that"
        ctx.fail("CC306", f"serving {kind} by requests is not estimated yet", path)
    module = import_module(f"carbonctl.scenario.resolve.serving.{file}")
    resolved: tuple[ServedModel[Fact], Evidence] = module.resolve_service(
        ctx, infer, shape, device, path
    )
    return resolved


def _fleet(
    ctx: Context, infer: schema.Infer, name: str, device: Device, period: Fact, path: Path
) -> Fleet[Fact]:
    rate = ctx.stated_fact(getattr(infer, name), (*path, name), f"{name} rate")
    return Fleet(
        rate_per_hour=rate,
        period_hours=period,
        cache_hit_share=ctx.stated_or_default(
            infer.cache_hits, (*path, "cache_hits"), "cache_hit_share"
        ),
        busy_share=ctx.stated_or_default(infer.busy_share, (*path, "busy_share"), "busy_share"),
        peak_to_mean=ctx.stated_or_default(
            infer.peak_to_mean, (*path, "peak_to_mean"), "peak_to_mean"
        ),
        idle_power_share=ctx.default("idle_power_share"),
        host=_host(ctx, infer, device, path),
        day_hours=ctx.default("day"),
        switched_off_share=_switched_off(ctx, infer, path),
        fleet_share=_fleet_share(ctx, infer, device, path),
        accelerators=None if infer.fleet_share is None else device.count,
    )


def _host(ctx: Context, infer: schema.Infer, device: Device, path: Path) -> Host[Fact]:
    """Power around boards: a stated factor, that of superchips, or as servers were metered."""
    if infer.host_power_factor is not None or is_superchip(device):
        where = (*path, "host_power_factor")
        return Host(host_factor(ctx, device, infer.host_power_factor, where))
    boards, count = device.per_machine, device.count
    if count is not None and count.value < boards.value:
        boards = count
    ctx.not_estimated["network between servers"] = "a share of the power of servers"
    return Host(ctx.default("board_to_wall"), ctx.default("server_base_power"), boards)


def _switched_off(ctx: Context, infer: schema.Infer, path: Path) -> Fact | None:
    """What autoscaling switches off of the gap between peak and mean load."""
    if infer.autoscaling is None:
        return None
    where = (*path, "autoscaling")
    if infer.peak_to_mean is None:
        ctx.fail("CC206", "autoscaling needs peak_to_mean: it closes that gap", where)
    return ctx.stated_fact(infer.autoscaling, where, "share of the gap switched off")


def _fleet_share(ctx: Context, infer: schema.Infer, device: Device, path: Path) -> Fact | None:
    """One model's share of a fleet that several are served on."""
    if infer.fleet_share is None:
        return None
    where = (*path, "fleet_share")
    if device.count is None:
        ctx.fail("CC206", "a share of a fleet needs hardware.count, the devices of it", where)
    for name in ("busy_share", "peak_to_mean"):
        if getattr(infer, name) is not None:
            message = f"{name} follows from the load and the fleet that fleet_share is a share of"
            ctx.fail("CC303", message, (*path, name), "keep one of the two")
    return ctx.stated_fact(infer.fleet_share, where, "share of the fleet")
