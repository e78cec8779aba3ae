"""Services: load, operating point, fleet, and the model behind them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.service import Decoder, Fleet, Ranking, Serving, Throughput
from carbonctl.scenario.context import ONE, derived
from carbonctl.scenario.picture import diffusion
from carbonctl.scenario.recommender import dlrm_work
from carbonctl.scenario.shape import Shape, accelerator, element_bytes, peak, shape

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Evidence
    from carbonctl.estimate.work import DlrmWork
    from carbonctl.scenario import schema
    from carbonctl.scenario.context import Context
    from carbonctl.scenario.machine import Device

DEFAULT_RUNTIME = "vllm_2025"


LOADS = ("requests", "images", "videos", "items")


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
    found: Device,
    period: Fact,
    path: Path,
) -> tuple[Serving[Fact], Evidence]:
    """Facts of a service, and how its energy is known."""
    name = load(ctx, infer, path)
    fleet = _fleet(ctx, infer, name, period, path)
    if name == "items":
        work = dlrm_work(ctx, model, found, path, train=False)
        if infer.latency is not None:
            ctx.not_estimated["latency"] = "the target is recorded, not checked"
        return Serving(fleet, _ranking(ctx, found, work)), "work"
    shaped = shape(ctx, model, path)
    if infer.batch is not None:
        ctx.not_estimated["effect of the image batch"] = "one efficiency stands for all batches"
    if name in {"images", "videos"}:
        return Serving(fleet, diffusion(ctx, infer, shaped, found, path)), "work"
    if not shaped.kind.startswith("llm"):
        ctx.fail("CC306", f"serving {shaped.kind} by requests is not estimated yet", path)
    if infer.latency is not None:
        where = (*path, "latency")
        ctx.fail(
            "CC306",
            "an operating point from latency is not estimated yet",
            where,
            "give concurrency, or throughput",
        )
    if infer.throughput is not None:
        if infer.concurrency is not None:
            message = "throughput and concurrency both set the operating point"
            ctx.fail("CC301", message, (*path, "concurrency"), "keep one")
        return Serving(fleet, _throughput(ctx, infer, found, path)), "throughput"
    return Serving(fleet, _decoder(ctx, infer, shaped, found, path)), "work"


def _fleet(ctx: Context, infer: schema.Infer, name: str, period: Fact, path: Path) -> Fleet[Fact]:
    rate = ctx.given(getattr(infer, name), (*path, name), f"{name} rate")
    return Fleet(
        rate_per_hour=rate,
        period_hours=period,
        cache_hit_share=ctx.either(infer.cache_hits, (*path, "cache_hits"), "cache_hit_share"),
        busy_share=ctx.either(infer.busy_share, (*path, "busy_share"), "busy_share"),
        peak_to_mean=ctx.either(infer.peak_to_mean, (*path, "peak_to_mean"), "peak_to_mean"),
        idle_power_share=ctx.default("idle_power_share"),
        host_share=ctx.default("host_share"),
        psu_efficiency=ctx.default("psu_efficiency"),
    )


def _tokens(ctx: Context, infer: schema.Infer, name: str, path: Path) -> Fact:
    given = getattr(infer, name)
    if given is None:
        both = infer.prompt_tokens is None and infer.output_tokens is None
        what = "prompt_tokens and output_tokens are" if both else f"{name} is"
        ctx.fail("CC206", f"{what} required to serve requests", path, "as in --tokens 500:300")
    return ctx.given(given, (*path, name), name.replace("_", " "))


def _throughput(ctx: Context, infer: schema.Infer, found: Device, path: Path) -> Throughput[Fact]:
    if found.count is None:
        where = (*path, "throughput")
        ctx.fail("CC206", "throughput needs hardware.count, the devices that reach it", where)
    return Throughput(
        output_tokens=_tokens(ctx, infer, "output_tokens", path),
        accelerators=found.count,
        throughput_per_hour=ctx.given(infer.throughput, (*path, "throughput"), "throughput"),
        tdp_w=ctx.needed(accelerator(ctx, found), "tdp", path),
        device_power_share=ctx.default("serving_power_share"),
    )


def _decoder(
    ctx: Context, infer: schema.Infer, shaped: Shape, found: Device, path: Path
) -> Decoder[Fact]:
    card, runtime = accelerator(ctx, found), _runtime(ctx, infer, path)
    fields = shaped.fields
    missing = [
        n for n in ("layers", "hidden_size", "heads", "kv_heads", "head_dim") if n not in fields
    ]
    if missing:
        ctx.fail("CC304", f"the model's {', '.join(missing)} are not known", path)
    mixture = "experts" in fields and "experts_per_token" in fields
    batch = ctx.either(infer.concurrency, (*path, "concurrency"), "concurrency")
    residual = "energy_residual" if infer.concurrency is not None else "batch_unknown"
    link = card.fact("link_bandwidth", label="link speed")
    return Decoder(
        prompt_tokens=_tokens(ctx, infer, "prompt_tokens", path),
        output_tokens=_tokens(ctx, infer, "output_tokens", path),
        output_cv=ctx.default("output_cv"),
        total_params=shaped.total_params,
        active_params=shaped.active_params,
        layers=fields["layers"],
        hidden_size=fields["hidden_size"],
        heads=fields["heads"],
        kv_heads=fields["kv_heads"],
        head_dim=fields["head_dim"],
        experts=fields.get("experts") if mixture else None,
        experts_per_token=fields.get("experts_per_token") if mixture else None,
        weight_bytes=element_bytes(ctx, infer.precision),
        kv_bytes=ctx.default("kv_bytes"),
        batch=batch,
        device_memory_gb=ctx.needed(card, "memory", path),
        memory_share=ctx.default("memory_share"),
        bandwidth_gb_per_s=ctx.needed(card, "bandwidth", path),
        peak_flop_per_s=peak(ctx, found, infer.precision, path),
        link_gb_per_s=link or ctx.default("link_bandwidth_pcie"),
        tdp_w=ctx.needed(card, "tdp", path),
        resident_power_w=card.fact("resident_power", label="resident power"),
        busy_power_w=card.fact("busy_power", label="switched-on power"),
        energy_j_per_flop=card.fact("energy_per_flop", label="energy per FLOP"),
        energy_j_per_gb=card.fact("energy_per_gb", label="energy per byte"),
        resident_power_share=ctx.default("resident_power_share"),
        busy_power_share=ctx.default("busy_power_share"),
        flop_power_ratio=ctx.default("flop_power_ratio"),
        byte_power_ratio=ctx.default("byte_power_ratio"),
        weight_efficiency=_constant(ctx, runtime, "weight_efficiency", path),
        kv_efficiency=_constant(ctx, runtime, "kv_efficiency", path),
        matmul_efficiency=_constant(ctx, runtime, "matmul_efficiency", path),
        expert_overhead=_constant(ctx, runtime, "expert_overhead", path) if mixture else ONE,
        layer_launch_s=_constant(
            ctx, runtime, "expert_layer_launch" if mixture else "layer_launch", path
        ),
        sequence_overhead_s=_constant(ctx, runtime, "sequence_overhead", path),
        communication_factor=_constant(ctx, runtime, "communication_factor", path),
        energy_residual=ctx.default(residual),
    )


def _runtime(ctx: Context, infer: schema.Infer, path: Path) -> Record:
    where: Path = (*path, "runtime")
    return ctx.record("runtimes", infer.runtime or DEFAULT_RUNTIME, where)


def _constant(ctx: Context, runtime: Record, name: str, path: Path) -> Fact:
    fact = ctx.needed(runtime, name, path, f"{name.replace('_', ' ')}, {runtime.name}")
    assumed = (*path, "runtime") not in ctx.document.marks
    return replace(fact, origin="default") if assumed else fact


def _ranking(ctx: Context, found: Device, work: DlrmWork[Fact]) -> Ranking[Fact]:
    record, server = found.record, found.server
    if server is None:
        ctx.fail("CC304", f"the host of {record.name} is not known", found.path)
    loaded = ctx.needed(server, "typical_power", found.path, f"loaded power, {server.name}")
    idle = ctx.needed(server, "idle_power", found.path, f"idle power, {server.name}")
    if found.accelerator is not None:
        share, note = found.per_machine.value, "of one accelerator slot"
        loaded = derived(f"{loaded.key}/slot", loaded.value / share, loaded, note, loaded.label)
        idle = derived(f"{idle.key}/slot", idle.value / share, idle, note, idle.label)
    memory = "memory" if found.accelerator is not None else "dram"
    return Ranking(
        work=work,
        device_memory_gb=ctx.needed(record, memory, found.path, f"memory, {record.name}"),
        memory_share=ctx.default("memory_share"),
        idle_power_w=idle,
        loaded_power_w=loaded,
        energy_residual=ctx.default("energy_residual"),
    )
