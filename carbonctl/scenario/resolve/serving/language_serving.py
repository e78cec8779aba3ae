"""Resolve a served language model: dimensions, request, runtime, speculative decoding."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.catalog.shapes import EXPERT_MATRICES
from carbonctl.estimate.serving.service import (
    Attention,
    Decoder,
    MeasuredThroughput,
    Moe,
    Prefill,
    Runtime,
    Speculation,
    Throughput,
)
from carbonctl.scenario.resolve.context import ONE, as_archetype, derive_fact
from carbonctl.scenario.resolve.model_shape import ModelShape, element_bytes, resolve_shape
from carbonctl.scenario.resolve.serving.kernel_formats import (
    is_eight_bit_cache,
    is_four_bit_mixture,
    kernel_formats,
)
from carbonctl.scenario.resolve.serving.parallel_layout import (
    expert_devices,
    has_ranks,
    ranks,
    shared_devices,
)
from carbonctl.scenario.resolve.serving.precision import (
    ServedFormat,
    board_for_format,
    served_format,
    weight_bytes,
)
from carbonctl.scenario.resolve.serving.runtimes import runtime_fact, runtime_record
from carbonctl.scenario.resolve.serving.service_check import check_throughput
from carbonctl.scenario.resolve.serving.serving_device import power_limit, resolve_links
from carbonctl.scenario.resolve.serving.stated_operating_point import add_limits
from carbonctl.scenario.resolve.serving.unseen_hardware import widen_for_unseen

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Evidence
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema

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
    hits, stack = infer.prompt_cache_hits, runtime_record(ctx, infer, path)
    stored, moe = served_format(ctx, infer, shape.record, device, path), _is_moe(shape)
    computed = board_for_format(ctx, stored, stack, device, path)
    return Decoder(
        prompt_tokens=required_tokens(ctx, infer, "prompt_tokens", path),
        output_tokens=required_tokens(ctx, infer, "output_tokens", path),
        output_cv=output_cv(ctx, infer, path),
        total_params=shape.total_params,
        active_params=shape.active_params,
        lookup_params=shape.fields.get("lookup_params"),
        hidden_size=_required_dimension(ctx, shape, "hidden_size", path),
        attention=_resolve_attention(ctx, shape, path),
        weight_bytes=weight_bytes(ctx, stored),
        kv_bytes=_kv_bytes(ctx, infer, stack, stored),
        batch=_concurrency(ctx, infer, path),
        memory_share=runtime_fact(ctx, stack, "memory_share"),
        cache_share=runtime_fact(ctx, stack, "cache_share"),
        board=computed.board,
        links=resolve_links(ctx, device),
        formats=kernel_formats(
            ctx, stack, stored.precision, device, computed, infer, path, moe=moe
        ),
        runtime=_resolve_runtime(ctx, infer, path),
        prefill=_resolve_prefill(ctx, infer),
        energy_residual=widen_for_unseen(ctx, ctx.default(_residual_name(infer, shape)), device),
        data_parallel=ranks(ctx, infer, path),
        has_ranks=has_ranks(infer),
        moe=_resolve_moe(ctx, infer, shape, stored, path) if moe else None,
        tensor_parallel=shared_devices(ctx, infer, device, path),
        prompt_cache_share=None
        if hits is None
        else ctx.stated_fact(hits, (*path, "prompt_cache_hits"), "share of the prompt in a cache"),
    )


def _resolve_prefill(ctx: Context, infer: schema.Infer) -> Prefill[Fact]:
    """How prompts are computed: as stated, else in chunks among decode steps."""
    mode = infer.prefill or "chunked"
    apart = mode == "disaggregated"
    if apart:
        ctx.not_estimated["transfer of caches between prefill and decode"] = (
            "its links are not known"
        )
    return Prefill(mode, ctx.default("prefill_chunk" if apart else "chunk_limit"))


def output_cv(ctx: Context, infer: schema.Infer, path: Path) -> Fact:
    """Coefficient of variation of output lengths: as stated, else a default.

    Long outputs stay in flight longer, so a decode step sees more context the more lengths vary.
    """
    usual = "output_cv" if infer.reasoning_tokens is None else "reasoning_output_cv"
    return ctx.stated_or_default(infer.output_cv, (*path, "output_cv"), usual)


def _concurrency(ctx: Context, infer: schema.Infer, path: Path) -> Fact:
    """Sequences in flight on a replica: as stated; else one, until the plan chooses."""
    if infer.concurrency is None or infer.concurrency == "full":
        return ONE
    where = (*path, "concurrency")
    return ctx.stated_fact(infer.concurrency, where, "concurrency")


def _kv_bytes(ctx: Context, infer: schema.Infer, stack: Record, stored: ServedFormat) -> Fact:
    """Bytes per element of the KV cache: as stated, as the runtime does, else of 16 bits."""
    if infer.kv_precision is not None:
        return element_bytes(ctx, infer.kv_precision)
    if is_eight_bit_cache(stack, stored.precision, None):
        note = f"{stack.name} keeps the cache of such weights in 8 bits"
        return replace(element_bytes(ctx, "fp8"), note=note)
    return ctx.default("kv_bytes")


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
    optional = ("full_layers", "window_tokens", "latent_rank", "rope_dim", "key_dim", "value_dim")
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
    """Experts of an MoE model; with 4 bits only the experts are stored in them."""
    mixed = is_four_bit_mixture(stored.precision, moe=True)
    record, fields = runtime_record(ctx, infer, path), shape.fields
    blocks = shape.record is not None and shape.record.data.get("fp8_blocks") is True
    padded = blocks and stored.precision == "fp8" and record.data.get("block_tiles") is True
    return Moe(
        experts=fields["experts"],
        experts_per_token=fields["experts_per_token"],
        layers=fields.get("expert_layers", fields["layers"]),
        width=_expert_width(ctx, shape, path),
        shared_weight_bytes=element_bytes(ctx, "bf16") if mixed else weight_bytes(ctx, stored),
        launch_s=_cost(ctx, infer, "expert_launch", path),
        dispatch_latency_s=_cost(ctx, infer, "dispatch_latency", path),
        tile_rows=ctx.default("block_tile_rows" if padded else "tile_rows"),
        product_overhead=ctx.default("expert_overhead"),
        lost_width=ctx.default("lost_expert_width"),
        uneven_routing=runtime_fact(ctx, record, "uneven_routing"),
        expert_parallel=expert_devices(ctx, infer, path),
        expert_params=fields.get("expert_params"),
    )


def _expert_width(ctx: Context, shape: ModelShape, path: Path) -> Fact:
    """Columns of one expert: of its record, else of total parameters, layers and width."""
    known = shape.fields.get("expert_width")
    if known is not None:
        return known
    total, active = shape.total_params, shape.active_params
    experts, taken = (shape.fields[name] for name in ("experts", "experts_per_token"))
    layers, hidden = (
        _required_dimension(ctx, shape, name, path) for name in ("layers", "hidden_size")
    )
    idle = (total.value - active.value) / max(experts.value - taken.value, 1.0)
    each = min(idle, total.value / experts.value)
    columns = max(each / (EXPERT_MATRICES * layers.value * hidden.value), 1.0)
    note = "parameters of an expert over layers, width and three matrices"
    made = derive_fact(f"{total.key}/expert_width", columns, total, note, "columns of an expert")
    by = tuple(fact.key for fact in (total, active, experts, taken, layers, hidden))
    return replace(as_archetype(made, note), derived_from=by)


def _cost(ctx: Context, infer: schema.Infer, name: str, path: Path) -> Fact:
    """A cost of the serving runtime; a default where the scenario does not name the runtime."""
    where: Path = (*path, "runtime")
    record = runtime_record(ctx, infer, path)
    fact = ctx.required_fact(record, name, where, f"{name.replace('_', ' ')}, {record.name}")
    return fact if where in ctx.document.marks else replace(fact, origin="default")


def _resolve_runtime(ctx: Context, infer: schema.Infer, path: Path) -> Runtime[Fact]:
    """Overheads of the serving runtime, and efficiencies that hold for all runtimes."""
    record = runtime_record(ctx, infer, path)

    return Runtime(
        weight_efficiency=ctx.default("weight_efficiency"),
        kv_efficiency=ctx.default("kv_efficiency"),
        kernel_quality=runtime_fact(ctx, record, "kernel_quality"),
        layer_launch_s=_cost(ctx, infer, "layer_launch", path),
        sequence_overhead_s=_cost(ctx, infer, "sequence_overhead", path),
        request_overhead_s=_cost(ctx, infer, "request_overhead", path),
        exchange_latency_s=_cost(ctx, infer, "exchange_latency", path),
        exchange_efficiency=_cost(ctx, infer, "link_efficiency", path),
        exchange_overlap=runtime_fact(ctx, record, "exchange_overlap"),
        pipeline_bubble=ctx.default("pipeline_bubble"),
        energy_j_per_flop=ctx.default("energy_per_flop"),
        energy_j_per_gb=ctx.default("energy_per_gb"),
    )
