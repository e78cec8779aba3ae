"""Language models that are served: shape, request, runtime, and a smaller one that drafts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.serving.service import (
    Attention,
    Decoder,
    Measured,
    Moe,
    Runtime,
    Speculation,
    Throughput,
)
from carbonctl.scenario.resolve.model_shape import Shape, element_bytes, shape
from carbonctl.scenario.resolve.serving.parallel_layout import expert_devices, ranks
from carbonctl.scenario.resolve.serving.precision import (
    ServedFormat,
    served_format,
    serving_board,
    weight_bytes,
)
from carbonctl.scenario.resolve.serving.service_check import check_throughput
from carbonctl.scenario.resolve.serving.serving_device import power_limit
from carbonctl.scenario.resolve.serving.stated_operating_point import with_limits

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
    ctx: Context, infer: schema.Infer, shaped: Shape, found: Device, path: Path
) -> tuple[Decoder[Fact] | Throughput[Fact], Evidence]:
    """A model that writes: from its work, or from a throughput that was measured."""
    _one_operating_point(ctx, infer, path)
    if infer.throughput is None or infer.concurrency is not None:
        made = with_limits(ctx, infer, decoder(ctx, infer, shaped, found, path), found, path)
        return made, "work" if made.measured is None else "throughput"
    measured = _throughput(ctx, infer, found, path)
    check_throughput(ctx, infer, shaped.active_params, found, path)
    return measured, "throughput"


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


def _throughput(ctx: Context, infer: schema.Infer, found: Device, path: Path) -> Throughput[Fact]:
    """Board power at a measured throughput whose batch is not known."""
    reached, devices = throughput(ctx, infer, found, path)
    return Throughput(
        output_tokens=tokens(ctx, infer, "output_tokens", path),
        accelerators=devices,
        throughput_per_hour=reached,
        tdp_w=power_limit(ctx, found, path),
        device_power_share=ctx.default("serving_power_share"),
        reasoning_tokens=reasoning(ctx, infer, path),
    )


def decoder(
    ctx: Context, infer: schema.Infer, shaped: Shape, found: Device, path: Path
) -> Decoder[Fact]:
    """A language model, all that is asked of it, and what drafts for it."""
    media = _media(ctx, infer, path)
    return replace(
        _model(ctx, infer, shaped, found, path),
        reasoning_tokens=reasoning(ctx, infer, path),
        media_tokens=media,
        media_residual=ctx.default("media_residual") if media else None,
        speculation=_speculation(ctx, infer, found, path),
        measured=_measured(ctx, infer, found, path),
    )


def reasoning(ctx: Context, infer: schema.Infer, path: Path) -> Fact | None:
    """Tokens that are written before an answer, where there are any."""
    if infer.reasoning_tokens is None:
        return None
    return ctx.given(infer.reasoning_tokens, (*path, "reasoning_tokens"), "reasoning tokens")


def _media(ctx: Context, infer: schema.Infer, path: Path) -> tuple[Fact, ...]:
    """Tokens that images, video and sound become in a prompt."""
    given = [name for name in _MEDIA if getattr(infer, name) is not None]
    for name in given:
        kind = name.removesuffix("_tokens")
        ctx.not_estimated[f"decoding of {kind} on the host"] = "only its tokens are counted"
    return tuple(
        ctx.given(getattr(infer, name), (*path, name), name.replace("_", " ")) for name in given
    )


def _speculation(
    ctx: Context, infer: schema.Infer, found: Device, path: Path
) -> Speculation[Fact] | None:
    drafted, under = infer.speculative, (*path, "speculative")
    if drafted is None:
        return None
    if infer.throughput is not None:
        message = "a measured throughput already holds what drafting gains"
        ctx.fail("CC303", message, under, "keep one of the two")
    at = (*under, "draft")
    small = shape(ctx, drafted.draft, path, own=at)
    if not small.kind.startswith("llm"):
        ctx.fail("CC306", f"a draft of kind {small.kind} is not estimated", at)
    return Speculation(
        _model(ctx, infer, small, found, path),
        ctx.given(drafted.tokens, (*under, "tokens"), "drafted tokens"),
        ctx.given(drafted.acceptance, (*under, "acceptance"), "accepted share of drafts"),
    )


def _measured(
    ctx: Context, infer: schema.Infer, found: Device, path: Path
) -> Measured[Fact] | None:
    if infer.throughput is None:
        return None
    return Measured(*throughput(ctx, infer, found, path))


def throughput(ctx: Context, infer: schema.Infer, found: Device, path: Path) -> tuple[Fact, Fact]:
    """Output tokens per hour, and the devices that reach them together."""
    where = (*path, "throughput")
    if found.count is None:
        ctx.fail("CC206", "throughput needs hardware.count, the devices that reach it", where)
    return ctx.given(infer.throughput, where, "throughput"), found.count


def tokens(ctx: Context, infer: schema.Infer, name: str, path: Path) -> Fact:
    """Tokens of a request, which nothing stands in for."""
    given = getattr(infer, name)
    if given is None:
        ctx.fail("CC206", f"{name} is required to serve requests", path, "give --tokens P:O")
    return ctx.given(given, (*path, name), name.replace("_", " "))


def _model(
    ctx: Context, infer: schema.Infer, shaped: Shape, found: Device, path: Path
) -> Decoder[Fact]:
    hits, stack = infer.prompt_cache_hits, _stack(ctx, infer, path)
    stored = served_format(ctx, infer, shaped.record, found, path)
    return Decoder(
        prompt_tokens=tokens(ctx, infer, "prompt_tokens", path),
        output_tokens=tokens(ctx, infer, "output_tokens", path),
        output_cv=output_cv(ctx, infer, path),
        total_params=shaped.total_params,
        active_params=shaped.active_params,
        hidden_size=_dimension(ctx, shaped, "hidden_size", path),
        attention=_attention(ctx, shaped, path),
        weight_bytes=weight_bytes(ctx, stored),
        kv_bytes=_cached_bytes(ctx, infer),
        batch=_concurrency(ctx, infer, path),
        memory_share=ctx.default("memory_share"),
        board=serving_board(ctx, stored, stack, found, path)[0],
        runtime=_runtime(ctx, infer, path, moe=_is_moe(shaped)),
        energy_residual=ctx.default(_error(infer, shaped)),
        moe=_moe(ctx, infer, shaped, stored, path) if _is_moe(shaped) else None,
        prompt_cache_share=None
        if hits is None
        else ctx.given(hits, (*path, "prompt_cache_hits"), "share of the prompt in a cache"),
    )


def output_cv(ctx: Context, infer: schema.Infer, path: Path) -> Fact:
    """Coefficient of variation of output lengths: as stated, else as usual, smaller of reasoning.

    Long outputs stay in flight longer, so a decode step sees more context the more lengths vary.
    """
    usual = "output_cv" if infer.reasoning_tokens is None else "reasoning_output_cv"
    return ctx.either(infer.output_cv, (*path, "output_cv"), usual)


def _concurrency(ctx: Context, infer: schema.Infer, path: Path) -> Fact:
    """Sequences in flight on a replica: as stated, or as usual until the plan fills it."""
    stated = None if infer.concurrency == "full" else infer.concurrency
    return ctx.either(stated, (*path, "concurrency"), "concurrency")


def _cached_bytes(ctx: Context, infer: schema.Infer) -> Fact:
    """Bytes of an element of the KV cache: as stated, else of 16 bits."""
    if infer.kv_precision is None:
        return ctx.default("kv_bytes")
    return element_bytes(ctx, infer.kv_precision)


def _stack(ctx: Context, infer: schema.Infer, path: Path) -> Record:
    return ctx.record("runtimes", infer.runtime or DEFAULT_RUNTIME, (*path, "runtime"))


def _dimension(ctx: Context, shaped: Shape, name: str, path: Path) -> Fact:
    if name not in shaped.fields:
        ctx.fail("CC304", f"the model's {name.replace('_', ' ')} is not known", path)
    return shaped.fields[name]


def _attention(ctx: Context, shaped: Shape, path: Path) -> Attention[Fact]:
    """What the model attends to, as far as its record says."""
    fields = shaped.fields
    needed = ("layers", "heads", "head_dim")
    layers, heads, head_dim = (_dimension(ctx, shaped, name, path) for name in needed)
    kv_heads = None if "latent_rank" in fields else _dimension(ctx, shaped, "kv_heads", path)
    state = fields.get("state_elements")
    blind = "window_tokens" in fields and fields["window_tokens"].value == 0.0
    if blind and state is None and shaped.record is not None:
        ctx.not_estimated[f"state of {shaped.record.name}"] = "its size is not known"
    told = ("full_layers", "window_tokens", "latent_rank", "rope_dim")
    return Attention(
        layers,
        heads,
        head_dim,
        kv_heads,
        **{name: fields.get(name) for name in told},
        state_elements=state,
        state_bytes=None if state is None else ctx.default("state_bytes"),
    )


def _error(infer: schema.Infer, shaped: Shape) -> str:
    """The error of the model itself, smaller where a throughput was measured."""
    kind = "mixture" if _is_moe(shaped) else "language"
    return f"{kind}_energy_residual" if infer.throughput is None else f"{kind}_given_residual"


def _is_moe(shaped: Shape) -> bool:
    return "experts" in shaped.fields and "experts_per_token" in shaped.fields


def _moe(
    ctx: Context, infer: schema.Infer, shaped: Shape, stored: ServedFormat, path: Path
) -> Moe[Fact]:
    """Experts of a model; in mxfp4 all else stays in 16 bits."""
    mixed = stored.precision == "mxfp4"
    return Moe(
        shaped.fields["experts"],
        shaped.fields["experts_per_token"],
        element_bytes(ctx, "bf16") if mixed else weight_bytes(ctx, stored),
        _stack(ctx, infer, path).fact("expert_overhead") or ctx.default("expert_overhead"),
        expert_devices(ctx, infer, path),
        ranks(ctx, infer, path),
    )


def _runtime(ctx: Context, infer: schema.Infer, path: Path, *, moe: bool) -> Runtime[Fact]:
    """What the serving stack costs, and what any stack reaches on any device."""
    where: Path = (*path, "runtime")
    record = _stack(ctx, infer, path)

    def cost(name: str) -> Fact:
        fact = ctx.needed(record, name, where, f"{name.replace('_', ' ')}, {record.name}")
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
