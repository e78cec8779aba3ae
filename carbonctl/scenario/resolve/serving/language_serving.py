"""Resolve a served language model: dimensions, request, runtime, speculative decoding."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.serving.service import (
    Attention,
    Decoder,
    MeasuredThroughput,
    Moe,
    Runtime,
    Speculation,
    Throughput,
)
from carbonctl.scenario.resolve.model_shape import ModelShape, element_bytes, resolve_shape
from carbonctl.scenario.resolve.serving.parallel_layout import expert_devices, ranks
from carbonctl.scenario.resolve.serving.precision import (
    ServedFormat,
    board_for_format,
    served_format,
    weight_bytes,
)
from carbonctl.scenario.resolve.serving.service_check import check_throughput
from carbonctl.scenario.resolve.serving.serving_device import power_limit
from carbonctl.scenario.resolve.serving.stated_operating_point import add_limits

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Evidence
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema

DEFAULT_RUNTIME = "vllm_2025"
_MEDIA = ("image_tokens", "video_tokens", "audio_tokens")


def resolve_service(
    ctx: Context, infer: schema.Infer, shape: ModelShape, device: Device, path: Path
) -> tuple[Decoder[Fact] | Throughput[Fact], Evidence]:
    """A model that writes: from its work, or from a throughput that was measured."""
    _check_one_operating_point(ctx, infer, path)
    if infer.throughput is None or infer.concurrency is not None:
        made = add_limits(
            ctx, infer, resolve_decoder(ctx, infer, shape, device, path), device, path
        )
        return made, "work" if made.measured is None else "throughput"
    measured = _throughput(ctx, infer, device, path)
    check_throughput(ctx, infer, shape.active_params, device, path)
    return measured, "throughput"


def _check_one_operating_point(ctx: Context, infer: schema.Infer, path: Path) -> None:
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


def resolve_decoder(
    ctx: Context, infer: schema.Infer, shape: ModelShape, device: Device, path: Path
) -> Decoder[Fact]:
    """Inputs of a served language model, with its request and its draft model."""
    media = _media_tokens(ctx, infer, path)
    return replace(
        _resolve_model(ctx, infer, shape, device, path),
        reasoning_tokens=stated_reasoning_tokens(ctx, infer, path),
        media_tokens=media,
        media_residual=ctx.default("media_residual") if media else None,
        speculation=_speculation(ctx, infer, device, path),
        measured=_measured_throughput(ctx, infer, device, path),
    )


def stated_reasoning_tokens(ctx: Context, infer: schema.Infer, path: Path) -> Fact | None:
    """Reasoning tokens generated before an answer; None where none are stated."""
    if infer.reasoning_tokens is None:
        return None
    return ctx.stated_fact(infer.reasoning_tokens, (*path, "reasoning_tokens"), "reasoning tokens")


def _media_tokens(ctx: Context, infer: schema.Infer, path: Path) -> tuple[Fact, ...]:
    """Tokens of images, video and audio in a prompt."""
    given = [name for name in _MEDIA if getattr(infer, name) is not None]
    for name in given:
        kind = name.removesuffix("_tokens")
        ctx.not_estimated[f"decoding of {kind} on the host"] = "only its tokens are counted"
    return tuple(
        ctx.stated_fact(getattr(infer, name), (*path, name), name.replace("_", " "))
        for name in given
    )


def _speculation(
    ctx: Context, infer: schema.Infer, device: Device, path: Path
) -> Speculation[Fact] | None:
    drafted, under = infer.speculative, (*path, "speculative")
    if drafted is None:
        return None
    if infer.throughput is not None:
        message = "a measured throughput already includes speculative decoding"
        ctx.fail("CC303", message, under, "keep one of the two")
    at = (*under, "draft")
    small = resolve_shape(ctx, drafted.draft, path, own=at)
    if not small.kind.startswith("llm"):
        ctx.fail("CC306", f"a draft of kind {small.kind} is not estimated", at)
    return Speculation(
        _resolve_model(ctx, infer, small, device, path),
        ctx.stated_fact(drafted.tokens, (*under, "tokens"), "drafted tokens"),
        ctx.stated_fact(drafted.acceptance, (*under, "acceptance"), "accepted share of drafts"),
    )


def _measured_throughput(
    ctx: Context, infer: schema.Infer, device: Device, path: Path
) -> MeasuredThroughput[Fact] | None:
    if infer.throughput is None:
        return None
    return MeasuredThroughput(*stated_throughput(ctx, infer, device, path))


def stated_throughput(
    ctx: Context, infer: schema.Infer, device: Device, path: Path
) -> tuple[Fact, Fact]:
    """Stated throughput [tokens/h], and the number of devices that reach it together."""
    where = (*path, "throughput")
    if device.count is None:
        ctx.fail(
            "CC206", "throughput needs hardware.count, the number of devices that reach it", where
        )
    return ctx.stated_fact(infer.throughput, where, "throughput"), device.count


def required_tokens(ctx: Context, infer: schema.Infer, name: str, path: Path) -> Fact:
    """Tokens of a request under a key that must be stated."""
    given = getattr(infer, name)
    if given is None:
        ctx.fail("CC206", f"{name} is required to serve requests", path, "give --tokens P:O")
    return ctx.stated_fact(given, (*path, name), name.replace("_", " "))


def _resolve_model(
    ctx: Context, infer: schema.Infer, shape: ModelShape, device: Device, path: Path
) -> Decoder[Fact]:
    hits, stack = infer.prompt_cache_hits, _runtime_record(ctx, infer, path)
    stored = served_format(ctx, infer, shape.record, device, path)
    return Decoder(
        prompt_tokens=required_tokens(ctx, infer, "prompt_tokens", path),
        output_tokens=required_tokens(ctx, infer, "output_tokens", path),
        output_cv=output_cv(ctx, infer, path),
        total_params=shape.total_params,
        active_params=shape.active_params,
        hidden_size=_required_dimension(ctx, shape, "hidden_size", path),
        attention=_resolve_attention(ctx, shape, path),
        weight_bytes=weight_bytes(ctx, stored),
        kv_bytes=_kv_bytes(ctx, infer),
        batch=_concurrency(ctx, infer, path),
        memory_share=ctx.default("memory_share"),
        board=board_for_format(ctx, stored, stack, device, path)[0],
        runtime=_resolve_runtime(ctx, infer, path, moe=_is_moe(shape)),
        energy_residual=ctx.default(_residual_name(infer, shape)),
        moe=_resolve_moe(ctx, infer, shape, stored, path) if _is_moe(shape) else None,
        prompt_cache_share=None
        if hits is None
        else ctx.stated_fact(hits, (*path, "prompt_cache_hits"), "share of the prompt in a cache"),
    )


def output_cv(ctx: Context, infer: schema.Infer, path: Path) -> Fact:
    """Coefficient of variation of output lengths: as stated, else a default.

    Long outputs stay in flight longer, so a decode step sees more context the more lengths vary.
    """
    usual = "output_cv" if infer.reasoning_tokens is None else "reasoning_output_cv"
    return ctx.stated_or_default(infer.output_cv, (*path, "output_cv"), usual)


def _concurrency(ctx: Context, infer: schema.Infer, path: Path) -> Fact:
    """Sequences in flight on a replica: as stated, else the default."""
    stated = None if infer.concurrency == "full" else infer.concurrency
    return ctx.stated_or_default(stated, (*path, "concurrency"), "concurrency")


def _kv_bytes(ctx: Context, infer: schema.Infer) -> Fact:
    """Bytes per element of the KV cache: of the stated format, else the default."""
    if infer.kv_precision is None:
        return ctx.default("kv_bytes")
    return element_bytes(ctx, infer.kv_precision)


def _runtime_record(ctx: Context, infer: schema.Infer, path: Path) -> Record:
    return ctx.record("runtimes", infer.runtime or DEFAULT_RUNTIME, (*path, "runtime"))


def _required_dimension(ctx: Context, shape: ModelShape, name: str, path: Path) -> Fact:
    if name not in shape.fields:
        ctx.fail("CC304", f"the model's {name.replace('_', ' ')} is not known", path)
    return shape.fields[name]


def _resolve_attention(ctx: Context, shape: ModelShape, path: Path) -> Attention[Fact]:
    """Attention layers, heads, windows and caches of the model, as far as they are known."""
    fields = shape.fields
    needed = ("layers", "heads", "head_dim")
    layers, heads, head_dim = (_required_dimension(ctx, shape, name, path) for name in needed)
    kv_heads = (
        None if "latent_rank" in fields else _required_dimension(ctx, shape, "kv_heads", path)
    )
    state = fields.get("state_elements")
    blind = "window_tokens" in fields and fields["window_tokens"].value == 0.0
    if blind and state is None and shape.record is not None:
        ctx.not_estimated[f"state of {shape.record.name}"] = "its size is not known"
    optional = ("full_layers", "window_tokens", "latent_rank", "rope_dim")
    return Attention(
        layers,
        heads,
        head_dim,
        kv_heads,
        **{name: fields.get(name) for name in optional},
        state_elements=state,
        state_bytes=None if state is None else ctx.default("state_bytes"),
    )


def _residual_name(infer: schema.Infer, shape: ModelShape) -> str:
    """Name of the default with the residual of the model; smaller with measured throughput."""
    kind = "mixture" if _is_moe(shape) else "language"
    return f"{kind}_energy_residual" if infer.throughput is None else f"{kind}_given_residual"


def _is_moe(shape: ModelShape) -> bool:
    return "experts" in shape.fields and "experts_per_token" in shape.fields


def _resolve_moe(
    ctx: Context, infer: schema.Infer, shape: ModelShape, stored: ServedFormat, path: Path
) -> Moe[Fact]:
    """Experts of an MoE model; with mxfp4 only the experts are stored in 4 bits."""
    mixed = stored.precision == "mxfp4"
    return Moe(
        shape.fields["experts"],
        shape.fields["experts_per_token"],
        element_bytes(ctx, "bf16") if mixed else weight_bytes(ctx, stored),
        _runtime_record(ctx, infer, path).fact("expert_overhead") or ctx.default("expert_overhead"),
        expert_devices(ctx, infer, path),
        ranks(ctx, infer, path),
    )


def _resolve_runtime(ctx: Context, infer: schema.Infer, path: Path, *, moe: bool) -> Runtime[Fact]:
    """Overheads of the serving runtime, and efficiencies that hold for all runtimes."""
    where: Path = (*path, "runtime")
    record = _runtime_record(ctx, infer, path)

    def cost(name: str) -> Fact:
        fact = ctx.required_fact(record, name, where, f"{name.replace('_', ' ')}, {record.name}")
        return fact if where in ctx.document.marks else replace(fact, origin="default")

    return Runtime(
        weight_efficiency=ctx.default("expert_weight_efficiency" if moe else "weight_efficiency"),
        kv_efficiency=ctx.default("kv_efficiency"),
        matmul_efficiency=ctx.default("dense_efficiency"),
        layer_launch_s=cost("expert_layer_launch" if moe else "layer_launch"),
        sequence_overhead_s=cost("sequence_overhead"),
        request_overhead_s=cost("request_overhead"),
        exchange_latency_s=cost("exchange_latency"),
        communication_factor=cost("communication_factor"),
        resident_factor=ctx.default("resident_factor"),
        energy_j_per_flop=ctx.default("energy_per_flop"),
        energy_j_per_gb=ctx.default("energy_per_gb"),
    )
