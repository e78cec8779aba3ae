"""Services: load, operating point, fleet, and the model behind them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.service import (
    Decoder,
    Fleet,
    Looks,
    Mixture,
    Ranking,
    Runtime,
    Serving,
    Throughput,
)
from carbonctl.scenario.context import derived
from carbonctl.scenario.device import board
from carbonctl.scenario.picture import diffusion
from carbonctl.scenario.recommender import dlrm_work
from carbonctl.scenario.shape import Shape, accelerator, element_bytes, shape

if TYPE_CHECKING:
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
        ctx.fail("CC206", f"{name} is required to serve requests", path, "as in --tokens 500:300")
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
    return Decoder(
        prompt_tokens=_tokens(ctx, infer, "prompt_tokens", path),
        output_tokens=_tokens(ctx, infer, "output_tokens", path),
        output_cv=ctx.default("output_cv"),
        total_params=shaped.total_params,
        active_params=shaped.active_params,
        hidden_size=_dimension(ctx, shaped, "hidden_size", path),
        looks=_looks(ctx, shaped, path),
        weight_bytes=element_bytes(ctx, infer.precision),
        kv_bytes=ctx.default("kv_bytes"),
        batch=ctx.either(infer.concurrency, (*path, "concurrency"), "concurrency"),
        memory_share=ctx.default("memory_share"),
        board=board(ctx, found, infer.precision, path),
        runtime=_runtime(ctx, infer, path, mixture=_is_mixture(shaped)),
        energy_residual=ctx.default(
            "mixture_energy_residual" if _is_mixture(shaped) else "language_energy_residual"
        ),
        mixture=_mixture(ctx, infer, shaped) if _is_mixture(shaped) else None,
    )


def _dimension(ctx: Context, shaped: Shape, name: str, path: Path) -> Fact:
    if name not in shaped.fields:
        ctx.fail("CC304", f"the model's {name.replace('_', ' ')} is not known", path)
    return shaped.fields[name]


def _looks(ctx: Context, shaped: Shape, path: Path) -> Looks[Fact]:
    """What the model looks at, as far as its record tells."""
    fields = shaped.fields
    needed = ("layers", "heads", "head_dim")
    layers, heads, head_dim = (_dimension(ctx, shaped, name, path) for name in needed)
    kv_heads = None if "latent_rank" in fields else _dimension(ctx, shaped, "kv_heads", path)
    state = fields.get("state_elements")
    blind = "window_tokens" in fields and fields["window_tokens"].value == 0.0
    if blind and state is None and shaped.record is not None:
        ctx.not_estimated[f"state of {shaped.record.name}"] = "its size is not known"
    told = ("full_layers", "window_tokens", "latent_rank", "rope_dim")
    return Looks(
        layers,
        heads,
        head_dim,
        kv_heads,
        **{name: fields.get(name) for name in told},
        state_elements=state,
        state_bytes=None if state is None else ctx.default("state_bytes"),
    )


def _is_mixture(shaped: Shape) -> bool:
    return "experts" in shaped.fields and "experts_per_token" in shaped.fields


def _mixture(ctx: Context, infer: schema.Infer, shaped: Shape) -> Mixture[Fact]:
    """Experts of a model; in mxfp4 all else stays in 16 bits."""
    shared = "bf16" if infer.precision == "mxfp4" else infer.precision
    return Mixture(
        shaped.fields["experts"],
        shaped.fields["experts_per_token"],
        element_bytes(ctx, shared),
        ctx.default("expert_overhead"),
    )


def _runtime(ctx: Context, infer: schema.Infer, path: Path, *, mixture: bool) -> Runtime[Fact]:
    """What the serving stack costs, and what any stack reaches on any device."""
    where: Path = (*path, "runtime")
    record = ctx.record("runtimes", infer.runtime or DEFAULT_RUNTIME, where)

    def cost(name: str) -> Fact:
        fact = ctx.needed(record, name, where, f"{name.replace('_', ' ')}, {record.name}")
        return fact if where in ctx.document.marks else replace(fact, origin="default")

    return Runtime(
        weight_efficiency=ctx.default(
            "expert_weight_efficiency" if mixture else "weight_efficiency"
        ),
        kv_efficiency=ctx.default("kv_efficiency"),
        matmul_efficiency=ctx.default("dense_efficiency"),
        layer_launch_s=cost("expert_layer_launch" if mixture else "layer_launch"),
        sequence_overhead_s=cost("sequence_overhead"),
        request_overhead_s=cost("request_overhead"),
        exchange_latency_s=cost("exchange_latency"),
        communication_factor=cost("communication_factor"),
        resident_factor=ctx.default("resident_factor"),
        energy_j_per_flop=ctx.default("energy_per_flop"),
        energy_j_per_gb=ctx.default("energy_per_gb"),
    )


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
        energy_residual=ctx.default("ranking_residual"),
    )
