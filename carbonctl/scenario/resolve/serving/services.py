"""Services: load, fleet, and the model behind them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.inputs import bind
from carbonctl.estimate.serving.recommendation_service import table_devices
from carbonctl.estimate.serving.service import Decoder, Fleet, Ranking, Serving, Throughput
from carbonctl.scenario.resolve.context import derive_fact
from carbonctl.scenario.resolve.model_shape import check_number_format, resolve_shape
from carbonctl.scenario.resolve.recommender import dlrm_work, serving_exchange
from carbonctl.scenario.resolve.serving.bounds import unit_in_time, within_peak
from carbonctl.scenario.resolve.serving.diffusion_serving import resolve_diffusion
from carbonctl.scenario.resolve.serving.encoder_serving import ENCODER_KINDS, resolve_encoder
from carbonctl.scenario.resolve.serving.language_serving import (
    required_tokens,
    resolve_decoder,
    stated_reasoning_tokens,
    stated_throughput,
)
from carbonctl.scenario.resolve.serving.serving_device import power_limit
from carbonctl.scenario.resolve.serving.stated_operating_point import add_limits
from carbonctl.scenario.resolve.training.metering import host_factor

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Evidence
    from carbonctl.estimate.serving.service import Diffusion, Encoder
    from carbonctl.estimate.training.work_inputs import DlrmWork
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.resolve.model_shape import ModelShape
    from carbonctl.scenario.schema import scenario_file as schema

    Served = Decoder[Fact] | Throughput[Fact] | Diffusion[Fact] | Encoder[Fact] | Ranking[Fact]

LOADS = ("requests", "images", "videos", "items", "samples")


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
    made = service_model(ctx, infer, model, device, path)
    if isinstance(made, Throughput):
        return Serving(fleet, made), "throughput"
    if isinstance(made, Decoder):
        made = add_limits(ctx, infer, made, device, path)
        return Serving(fleet, made), "work" if made.measured is None else "throughput"
    unit_in_time(ctx, infer, made, device, path)
    return Serving(fleet, made), "work"


def service_model(
    ctx: Context, infer: schema.Infer, model: schema.Model | None, device: Device, path: Path
) -> Served:
    """The model of a service, as it is stated; the operating point of a decoder is not chosen."""
    name = load(ctx, infer, path)
    if infer.precision is not None:
        check_number_format(ctx, device, infer.precision, path)
    if name == "items":
        if infer.host_power_factor is not None:
            message = "host_power_factor changes nothing: the power of ranking is that of servers"
            ctx.fail("CC303", message, (*path, "host_power_factor"), "remove it")
        return _ranking(ctx, device, dlrm_work(ctx, model, device, path, train=False))
    if name == "samples" and infer.sample_work is not None:
        return resolve_encoder(ctx, infer, None, device, path)
    shape = resolve_shape(ctx, model, path)
    if name in {"images", "videos"}:
        return resolve_diffusion(ctx, infer, shape, device, path)
    if name == "samples" or shape.kind in ENCODER_KINDS:
        return resolve_encoder(ctx, infer, shape, device, path)
    return _language(ctx, infer, shape, device, path)


def _language(
    ctx: Context, infer: schema.Infer, shape: ModelShape, device: Device, path: Path
) -> Decoder[Fact] | Throughput[Fact]:
    """A model that writes: from its work, or from a throughput that was measured."""
    if not shape.kind.startswith("llm"):
        ctx.fail("CC306", f"serving {shape.kind} by requests is not estimated yet", path)
    _one_operating_point(ctx, infer, path)
    if infer.throughput is None or infer.concurrency is not None:
        return resolve_decoder(ctx, infer, shape, device, path)
    measured = _throughput(ctx, infer, device, path)
    within_peak(ctx, infer, measured, shape, device, path)
    return measured


def _one_operating_point(ctx: Context, infer: schema.Infer, path: Path) -> None:
    """A target of latency sets the batch, and nothing else may."""
    target = infer.latency
    if target is None:
        return
    if target.itl is None and target.ttft is None:
        where, message = (*path, "latency"), "requests have a latency per token: itl, or ttft"
        ctx.fail("CC306", message, where, "as in latency: {itl: 50 ms}, or give concurrency")
    for name in ("concurrency", "throughput"):
        if target.itl is not None and getattr(infer, name) is not None:
            message = f"latency.itl and {name} both set the operating point"
            ctx.fail("CC301", message, (*path, name), "keep one")


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
        host_power_factor=host_factor(
            ctx, device, infer.host_power_factor, (*path, "host_power_factor")
        ),
        day_hours=ctx.default("day"),
        switched_off_share=_switched_off(ctx, infer, path),
        fleet_share=_fleet_share(ctx, infer, device, path),
        accelerators=None if infer.fleet_share is None else device.count,
    )


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


def _throughput(ctx: Context, infer: schema.Infer, device: Device, path: Path) -> Throughput[Fact]:
    """Board power at a measured throughput whose batch is not known."""
    reached, devices = stated_throughput(ctx, infer, device, path)
    return Throughput(
        output_tokens=required_tokens(ctx, infer, "output_tokens", path),
        accelerators=devices,
        throughput_per_hour=reached,
        tdp_w=power_limit(ctx, device, path),
        device_power_share=ctx.default("serving_power_share"),
        reasoning_tokens=stated_reasoning_tokens(ctx, infer, path),
    )


def _ranking(ctx: Context, device: Device, work: DlrmWork[Fact]) -> Ranking[Fact]:
    record, server = device.record, device.server
    if server is None:
        ctx.fail("CC304", f"the host of {record.name} is not known", device.path)
    loaded = ctx.required_fact(server, "typical_power", device.path, f"loaded power, {server.name}")
    idle = ctx.required_fact(server, "idle_power", device.path, f"idle power, {server.name}")
    if device.accelerator is not None:
        share, note = device.per_machine.value, "of one accelerator slot"
        loaded = derive_fact(f"{loaded.key}/slot", loaded.value / share, loaded, note, loaded.label)
        idle = derive_fact(f"{idle.key}/slot", idle.value / share, idle, note, idle.label)
    memory = "memory" if device.accelerator is not None else "dram"
    bare = Ranking(
        work=work,
        device_memory_gb=ctx.required_fact(record, memory, device.path, f"memory, {record.name}"),
        memory_share=ctx.default("memory_share"),
        idle_power_w=idle,
        loaded_power_w=loaded,
        energy_residual=ctx.default("ranking_residual"),
    )
    least = float(table_devices(bind(bare, lambda fact: fact.value)))
    note = "tables over what the memory of a device holds"
    tables = derive_fact(
        "infer/table_devices", least, bare.device_memory_gb, note, "devices of tables"
    )
    exchange = serving_exchange(ctx, device, replace(tables, unit="1"))
    return replace(bare, work=replace(work, exchange=exchange))
