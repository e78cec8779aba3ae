"""Resolve the training work of language models, in as many parts as their shape is known for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.catalog.model_kinds import model_kind
from carbonctl.core.fact import Fact
from carbonctl.estimate.training.work_inputs import (
    Attention,
    EncoderDecoder,
    LlmWork,
    Utilization,
    Vocabulary,
)
from carbonctl.scenario.resolve.model_shape import (
    ModelShape,
    check_number_format,
    find_peak,
    resolve_shape,
)
from carbonctl.scenario.resolve.training.training_expectations import mfu_by_size

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema

_ADAPTER_METHODS = {"lora", "qlora"}
# A longer context is what a model was extended to, not what it was trained at.
_USUAL_CONTEXT = 8_192.0
_ATTENTION = "attention work"
# The expected MFU was fitted to 6ND of published runs, so it includes their attention.
_ATTENTION_IN_MFU = "included in the expected MFU, which is fitted to 6ND; train.context adds it"


def resolve_utilization(
    ctx: Context, run: schema.Run, device: Device, path: Path, prior: str | None = None
) -> Utilization[Fact]:
    """Peak of the device and the MFU reached: as stated, else the default named ``prior``."""
    check_number_format(ctx, device, run.precision, path)
    top = find_peak(ctx, device, run.precision, path)
    if run.billed_mfu is not None and (run.mfu is not None or run.goodput is not None):
        message = "billed_mfu already includes goodput; give it alone, or mfu and goodput"
        ctx.fail("CC301", message, (*path, "billed_mfu"))
    if run.mfu is not None or run.goodput is not None:
        mfu = ctx.stated_or_default(run.mfu, (*path, "mfu"), "steady_mfu")
        goodput = ctx.stated_or_default(run.goodput, (*path, "goodput"), "goodput")
        return Utilization(top, None, mfu, goodput)
    if run.billed_mfu is None and prior is None:
        return Utilization(top, None, None, None, mfu_by_size(ctx, device))
    billed = ctx.stated_or_default(run.billed_mfu, (*path, "billed_mfu"), prior or "saturated_mfu")
    return Utilization(top, billed, None, None)


def recompute_factor(ctx: Context, run: schema.Run, path: Path) -> Fact | None:
    """Hardware FLOP over model FLOP; None without recompute, or where a stated MFU includes it."""
    if run.recompute in (None, "none"):
        return None
    if run.mfu is not None or run.billed_mfu is not None:
        message = "recompute is not used: a stated MFU already includes it"
        ctx.warn("CC303", message, (*path, "recompute"))
        return None
    return ctx.default(f"recompute_{run.recompute}")


def llm_work_6nd(
    ctx: Context,
    run: schema.Run,
    model: schema.Model | None,
    device: Device,
    tokens: Fact,
    path: Path,
) -> LlmWork[Fact]:
    """Training work as 6ND, the convention in which MFU is published."""
    shape = _shape_trained_on_tokens(ctx, model, path)
    used = resolve_utilization(ctx, run, device, path)
    return LlmWork(
        shape.active_params,
        tokens,
        used.peak_flop_per_s,
        used.billed_mfu,
        used.mfu,
        used.goodput,
        mfu_by_size=used.by_size,
    )


def llm_work(
    ctx: Context,
    run: schema.Run,
    model: schema.Model | None,
    device: Device,
    tokens: Fact,
    path: Path,
) -> LlmWork[Fact]:
    """Work of training on tokens: 6ND, with attention and vocabulary where they are known."""
    work = llm_work_6nd(ctx, run, model, device, tokens, path)
    shape = _shape_trained_on_tokens(ctx, model, path)
    attention = None
    if run.context is None and work.mfu_by_size is not None:
        ctx.not_estimated[_ATTENTION] = _ATTENTION_IN_MFU
    else:
        attention = _resolve_attention(ctx, run, model, shape, path)
    words = None if attention is None else _resolve_vocabulary(ctx, model, shape, path)
    work = replace(work, attention=attention, vocabulary=words)
    return _apply_method(ctx, run, work, path)


def _shape_trained_on_tokens(ctx: Context, model: schema.Model | None, path: Path) -> ModelShape:
    shape = resolve_shape(ctx, model, path)
    name = shape.record.name if shape.record else "this model"
    learns_from = model_kind(shape.kind).learns_from
    if learns_from == "both_tokens":
        ctx.fail(
            "CC206",
            f"{name} is an encoder-decoder model; one count of tokens is not enough",
            path if len(path) > 1 and path[-1] == "cross_check" else (*path, "tokens"),
            "give input_tokens and target_tokens in its place",
        )
    if learns_from != "tokens":
        ctx.fail("CC306", f"training {shape.kind} from tokens is not estimated yet", path)
    return shape


def _apply_method(ctx: Context, run: schema.Run, work: LlmWork[Fact], path: Path) -> LlmWork[Fact]:
    """The work with what a method adds: adapters, teacher, reference, reward model, critic."""
    forward: tuple[Fact, ...] = ()
    also: tuple[Fact, ...] = ()
    if run.teacher is not None:
        teacher = resolve_shape(ctx, run.teacher, path, own=(*path, "teacher"))
        forward = (replace(teacher.active_params, label="parameters of the teacher"),)
    if run.method in {"dpo", "grpo", "ppo"}:
        forward = (*forward, replace(work.active_params, label="parameters of the reference"))
    if (
        run.method == "ppo"
    ):  # a reward model (forward only) and a critic (trained), of the same size
        forward = (*forward, replace(work.active_params, label="parameters of the reward model"))
        also = (replace(work.active_params, label="parameters of the critic"),)
    adapter = unpacking = None
    if run.method in _ADAPTER_METHODS:
        adapter = adapter_params(ctx, run, path)
        work = replace(work, vocabulary=None)
    if run.method == "qlora" and run.mfu is None and run.billed_mfu is None:
        unpacking = ctx.default("unpacking_factor")  # a stated MFU already includes it
    work = replace(work, unpacking_factor=unpacking)
    return replace(work, adapter_params=adapter, forward_params=forward, also_trained=also)


def adapter_params(ctx: Context, run: schema.Run, path: Path) -> Fact:
    """Parameters of the adapters that LoRA or QLoRA trains."""
    if run.adapter_params is None:
        message = f"method: {run.method} needs adapter_params, the parameters that are trained"
        ctx.fail("CC206", message, (*path, "method"), "as in adapter_params: 40M")
    return ctx.stated_fact(run.adapter_params, (*path, "adapter_params"), "adapter parameters")


def encoder_decoder_work(
    ctx: Context, run: schema.Run, model: schema.Model | None, device: Device, path: Path
) -> LlmWork[Fact]:
    """Work of an encoder-decoder model, each half on its own tokens."""
    read, written = run.input_tokens, run.target_tokens
    if read is None or written is None:
        given, other = ("target_tokens", "input_tokens") if read is None else (
            "input_tokens", "target_tokens")  # fmt: skip
        message = f"{given} needs {other} too: encoder and decoder have different tokens"
        ctx.fail("CC206", message, (*path, given), f"give {other}")
    shape = resolve_shape(ctx, model, path)
    if model_kind(shape.kind).learns_from != "both_tokens":
        message = "input_tokens and target_tokens are for models with an encoder and a decoder"
        ctx.fail("CC303", message, (*path, "input_tokens"), "give tokens")
    tokens = ctx.stated_fact(read, (*path, "input_tokens"), "input tokens")
    used = resolve_utilization(ctx, run, device, path)
    ctx.not_estimated[_ATTENTION] = "left out for an encoder and a decoder"
    return LlmWork(
        shape.total_params,
        tokens,
        used.peak_flop_per_s,
        used.billed_mfu,
        used.mfu,
        used.goodput,
        mfu_by_size=used.by_size,
        encoder_decoder=EncoderDecoder(
            encoder_share(ctx, shape.record),
            tokens,
            ctx.stated_fact(written, (*path, "target_tokens"), "target tokens"),
        ),
    )


def encoder_share(ctx: Context, record: Record | None) -> Fact:
    """Share of the parameters in the encoder: by layers where known, else the default."""
    usual = ctx.default("encoder_share")
    encoder = record.plain_fact("encoder_layers") if record else None
    decoder = record.plain_fact("decoder_layers") if record else None
    if encoder is None or decoder is None:
        return usual
    share = encoder.value / (encoder.value + decoder.value)
    note = "encoder layers / all layers"
    return replace(encoder, key=f"{encoder.key}/share", value=share, label=usual.label, note=note,
                   derived_from=(encoder.key, decoder.key))  # fmt: skip


def _resolve_attention(
    ctx: Context, run: schema.Run, model: schema.Model | None, shape: ModelShape, path: Path
) -> Attention[Fact] | None:
    """Attention over the training context; None, with a note, where it is not known."""
    context = training_context(ctx, run, shape, path)
    dims = [shape.fields.get(name) for name in ("layers", "heads", "head_dim")]
    layers, heads, width = dims
    if layers is None or heads is None or width is None or any(
        dim is not None and dim.origin == "archetype" for dim in dims
    ):  # fmt: skip
        ctx.not_estimated[_ATTENTION] = "the model's layers and heads are not given"
        if run.context is not None:
            message = "context is not used: the model's layers and heads are not known"
            ctx.warn("CC303", message, (*path, "context"))
        return None
    record = shape.record
    full = record.plain_fact("full_attention_layers") if record else None
    kind = record.text("attention") if record else "full"
    if kind in {"hybrid", "linear", "ssm"}:
        if full is None or not full.value:
            ctx.not_estimated[_ATTENTION] = "its layers keep a state and have no attention"
            return None
        layers = full
    if context is None:
        ctx.not_estimated[_ATTENTION] = "the training context is not known; give train.context"
        return None
    window = _attention_window(ctx, model, record, path)
    share = None
    if window is not None:
        seen = full.value if full is not None else 0.0
        share = replace(
            layers,
            key=f"{layers.key}/full",
            value=seen / layers.value,
            label="share of layers without a window",
            note="full-attention layers / layers",
            derived_from=(layers.key,) if seen else (),
        )
    both = model_kind(shape.kind).is_bidirectional
    return Attention(layers, heads, _head_width(record, width), context, both, window, share)


def training_context(ctx: Context, run: schema.Run, shape: ModelShape, path: Path) -> Fact | None:
    """Tokens per training sequence: as stated, else the model's context if that is not long."""
    if run.context is not None:
        return ctx.stated_fact(run.context, (*path, "context"), "training context")
    longest = shape.record.plain_fact("max_context") if shape.record else None
    if longest is None or longest.value > _USUAL_CONTEXT:
        return None
    return replace(longest, origin="default", label="training context", note="the model's usual")


def _attention_window(
    ctx: Context, model: schema.Model | None, record: Record | None, path: Path
) -> Fact | None:
    if model is not None and model.window is not None:
        at = (*path, "model") if (*path, "model", "window") in ctx.document.marks else ("model",)
        return ctx.stated_fact(model.window, (*at, "window"), "attention window")
    kind, _, size = (record.text("attention") if record else "").partition(":")
    if record is None or kind != "sliding" or not size:
        return None
    key = f"models/{record.id}:window"
    source = record.text("source")
    return Fact(key, float(size), "1", source, "hardware_db", tier="published", label="window")


def _head_width(record: Record | None, width: Fact) -> Fact:
    """Width of a head; with latent attention the mean of score width and value width."""
    latent = record.data.get("mla") if record else None
    if not latent:
        return width
    score = latent["rope_head_dim"] + latent["nope_head_dim"]
    mean = (score + latent["v_head_dim"]) / 2
    note = "mean of score and value width"
    return replace(width, key=f"{width.key}/mean", value=mean, note=note, derived_from=(width.key,))


def _resolve_vocabulary(
    ctx: Context, model: schema.Model | None, shape: ModelShape, path: Path
) -> Vocabulary[Fact] | None:
    """Vocabulary size and number of embedding tables: one where input and output are tied."""
    record, tables = shape.record, ctx.default("embedding_tables")
    words, width = (
        (record.plain_fact("vocabulary") if record else None),
        shape.fields["hidden_size"],
    )
    tied = bool(record.data.get("tied_embeddings")) if record else False
    if record is None and model is not None and model.vocabulary is not None:
        own = (*path, "model", "vocabulary") in ctx.document.marks
        at = (*path, "model") if own else ("model",)
        words = ctx.stated_fact(model.vocabulary, (*at, "vocabulary"), "vocabulary")
        tied = bool(model.tied_embeddings)
    if words is None or width.origin == "archetype":
        return None
    if record is not None or tied:
        note = "input and output share one" if tied else "input and output apart"
        tables = replace(tables, key=f"{words.key}/tables", value=1.0 if tied else 2.0,
                         origin=words.origin, source=words.source, note=note)  # fmt: skip
    return Vocabulary(words, width, tables)
