"""Training work of language models: what of its shape is known, and what is trained of it."""

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
from carbonctl.scenario.resolve.model_shape import Shape, known_format, peak, shape
from carbonctl.scenario.resolve.training.training_expectations import mfu_by_size

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema

_ADAPTED = {"lora", "qlora"}
# A longer context than this is what a model was extended to, not what it was trained at.
_USUAL_CONTEXT = 8_192.0
_UNKNOWN = "attention work"
# The expected utilization was fitted to 6ND of published runs, with their attention in it.
_WITHIN = "within the expected utilization, which counts 6ND; train.context counts it apart"


def utilization(
    ctx: Context, run: schema.Run, found: Device, path: Path, prior: str | None = None
) -> Utilization[Fact]:
    """Peak of the device, and how it is reached; ``prior`` names another default."""
    known_format(ctx, found, run.precision, path)
    top = peak(ctx, found, run.precision, path)
    if run.billed_mfu is not None and (run.mfu is not None or run.goodput is not None):
        message = "billed_mfu already holds goodput; give it alone, or mfu and goodput"
        ctx.fail("CC301", message, (*path, "billed_mfu"))
    if run.mfu is not None or run.goodput is not None:
        mfu = ctx.either(run.mfu, (*path, "mfu"), "steady_mfu")
        goodput = ctx.either(run.goodput, (*path, "goodput"), "goodput")
        return Utilization(top, None, mfu, goodput)
    if run.billed_mfu is None and prior is None:
        return Utilization(top, None, None, None, mfu_by_size(ctx, found))
    billed = ctx.either(run.billed_mfu, (*path, "billed_mfu"), prior or "saturated_mfu")
    return Utilization(top, billed, None, None)


def recompute(ctx: Context, run: schema.Run, path: Path) -> Fact | None:
    """Hardware work over model work; a stated utilization holds it already."""
    if run.recompute in (None, "none"):
        return None
    if run.mfu is not None or run.billed_mfu is not None:
        message = "recompute is not used: a stated utilization of model work holds it already"
        ctx.warn("CC303", message, (*path, "recompute"))
        return None
    return ctx.default(f"recompute_{run.recompute}")


def plain_work(
    ctx: Context,
    run: schema.Run,
    model: schema.Model | None,
    found: Device,
    tokens: Fact,
    path: Path,
) -> LlmWork[Fact]:
    """6ND alone, the convention in which utilizations are published."""
    shaped = _decoder(ctx, model, path)
    used = utilization(ctx, run, found, path)
    return LlmWork(
        shaped.active_params,
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
    found: Device,
    tokens: Fact,
    path: Path,
) -> LlmWork[Fact]:
    """Work of training on tokens, in as many parts as the model's shape is known for."""
    work = plain_work(ctx, run, model, found, tokens, path)
    shaped = _decoder(ctx, model, path)
    attention = None
    if run.context is None and work.mfu_by_size is not None:
        ctx.not_estimated[_UNKNOWN] = _WITHIN
    else:
        attention = _attention(ctx, run, model, shaped, path)
    words = None if attention is None else _vocabulary(ctx, model, shaped, path)
    work = replace(work, attention=attention, vocabulary=words)
    return _by_method(ctx, run, work, path)


def _decoder(ctx: Context, model: schema.Model | None, path: Path) -> Shape:
    shaped = shape(ctx, model, path)
    name = shaped.record.name if shaped.record else "an encoder and decoder"
    learns_from = model_kind(shaped.kind).learns_from
    if learns_from == "both_tokens":
        ctx.fail(
            "CC206",
            f"{name} reads and writes; one count of tokens does not give its work",
            path if len(path) > 1 and path[-1] == "cross_check" else (*path, "tokens"),
            "give input_tokens and target_tokens in its place",
        )
    if learns_from != "tokens":
        ctx.fail("CC306", f"training {shaped.kind} from tokens is not estimated yet", path)
    return shaped


def _by_method(ctx: Context, run: schema.Run, work: LlmWork[Fact], path: Path) -> LlmWork[Fact]:
    """What is trained of the model, and what only reads beside it."""
    forward: tuple[Fact, ...] = ()
    also: tuple[Fact, ...] = ()
    if run.teacher is not None:
        teacher = shape(ctx, run.teacher, path, own=(*path, "teacher"))
        forward = (replace(teacher.active_params, label="parameters of the teacher"),)
    if run.method in {"dpo", "grpo", "ppo"}:
        forward = (*forward, replace(work.active_params, label="parameters of the reference"))
    if run.method == "ppo":  # a reward model that reads and a critic that learns, of like size
        forward = (*forward, replace(work.active_params, label="parameters of the reward model"))
        also = (replace(work.active_params, label="parameters of the critic"),)
    adapter = unpacking = None
    if run.method in _ADAPTED:
        adapter = adapter_params(ctx, run, path)
        work = replace(work, vocabulary=None)
    if run.method == "qlora" and run.mfu is None and run.billed_mfu is None:
        unpacking = ctx.default("unpacking_factor")  # a stated utilization holds it already
    work = replace(work, unpacking_factor=unpacking)
    return replace(work, adapter_params=adapter, forward_params=forward, also_trained=also)


def adapter_params(ctx: Context, run: schema.Run, path: Path) -> Fact:
    """Parameters of the adapters that LoRA or QLoRA trains."""
    if run.adapter_params is None:
        message = f"method: {run.method} needs adapter_params, the parameters that are trained"
        ctx.fail("CC206", message, (*path, "method"), "as in adapter_params: 40M")
    return ctx.given(run.adapter_params, (*path, "adapter_params"), "adapter parameters")


def both_halves(
    ctx: Context, run: schema.Run, model: schema.Model | None, found: Device, path: Path
) -> LlmWork[Fact]:
    """Work of an encoder and a decoder, each on its own tokens."""
    read, written = run.input_tokens, run.target_tokens
    if read is None or written is None:
        given, other = ("target_tokens", "input_tokens") if read is None else (
            "input_tokens", "target_tokens")  # fmt: skip
        message = f"{given} needs {other} beside it: an encoder and a decoder see different tokens"
        ctx.fail("CC206", message, (*path, given), f"give {other}")
    shaped = shape(ctx, model, path)
    if model_kind(shaped.kind).learns_from != "both_tokens":
        message = "input_tokens and target_tokens are for models with an encoder and a decoder"
        ctx.fail("CC303", message, (*path, "input_tokens"), "give tokens")
    tokens = ctx.given(read, (*path, "input_tokens"), "input tokens")
    used = utilization(ctx, run, found, path)
    ctx.not_estimated[_UNKNOWN] = "left out for an encoder and a decoder"
    return LlmWork(
        shaped.total_params,
        tokens,
        used.peak_flop_per_s,
        used.billed_mfu,
        used.mfu,
        used.goodput,
        mfu_by_size=used.by_size,
        halves=EncoderDecoder(
            encoder_share(ctx, shaped.record),
            tokens,
            ctx.given(written, (*path, "target_tokens"), "target tokens"),
        ),
    )


def encoder_share(ctx: Context, record: Record | None) -> Fact:
    """Share of the parameters in the encoder: by layers where they are known."""
    usual = ctx.default("encoder_share")
    encoder = record.plain("encoder_layers") if record else None
    decoder = record.plain("decoder_layers") if record else None
    if encoder is None or decoder is None:
        return usual
    share = encoder.value / (encoder.value + decoder.value)
    note = "encoder layers / all layers"
    return replace(encoder, key=f"{encoder.key}/share", value=share, label=usual.label, note=note,
                   derived_from=(encoder.key, decoder.key))  # fmt: skip


def _attention(
    ctx: Context, run: schema.Run, model: schema.Model | None, shaped: Shape, path: Path
) -> Attention[Fact] | None:
    """Attention over the training context; said where it cannot be known."""
    context = training_context(ctx, run, shaped, path)
    dims = [shaped.fields.get(name) for name in ("layers", "heads", "head_dim")]
    layers, heads, width = dims
    if layers is None or heads is None or width is None or any(
        dim is not None and dim.origin == "archetype" for dim in dims
    ):  # fmt: skip
        ctx.not_estimated[_UNKNOWN] = "the model's layers and heads are not given"
        if run.context is not None:
            message = "context is not used: the model's layers and heads are not known"
            ctx.warn("CC303", message, (*path, "context"))
        return None
    record = shaped.record
    full = record.plain("full_attention_layers") if record else None
    kind = record.text("attention") if record else "full"
    if kind in {"hybrid", "linear", "ssm"}:
        if full is None or not full.value:
            ctx.not_estimated[_UNKNOWN] = "its layers keep a state and do not attend"
            return None
        layers = full
    if context is None:
        ctx.not_estimated[_UNKNOWN] = "the training context is not known; give train.context"
        return None
    window = _window(ctx, model, record, path)
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
    both = model_kind(shaped.kind).attends_both_sides
    return Attention(layers, heads, _width(record, width), context, both, window, share)


def training_context(ctx: Context, run: schema.Run, shaped: Shape, path: Path) -> Fact | None:
    """Tokens of a training sequence: as stated, else what the model was made for, if usual."""
    if run.context is not None:
        return ctx.given(run.context, (*path, "context"), "training context")
    longest = shaped.record.plain("max_context") if shaped.record else None
    if longest is None or longest.value > _USUAL_CONTEXT:
        return None
    return replace(longest, origin="default", label="training context", note="the model's usual")


def _window(
    ctx: Context, model: schema.Model | None, record: Record | None, path: Path
) -> Fact | None:
    if model is not None and model.window is not None:
        at = (*path, "model") if (*path, "model", "window") in ctx.document.marks else ("model",)
        return ctx.given(model.window, (*at, "window"), "attention window")
    kind, _, size = (record.text("attention") if record else "").partition(":")
    if record is None or kind != "sliding" or not size:
        return None
    key = f"models/{record.id}:window"
    source = record.text("source")
    return Fact(key, float(size), "1", source, "hardware_db", tier="published", label="window")


def _width(record: Record | None, width: Fact) -> Fact:
    """Width of a head: the mean of scores and values where latent attention makes them differ."""
    latent = record.data.get("mla") if record else None
    if not latent:
        return width
    score = latent["rope_head_dim"] + latent["nope_head_dim"]
    mean = (score + latent["v_head_dim"]) / 2
    note = "mean of score and value width"
    return replace(width, key=f"{width.key}/mean", value=mean, note=note, derived_from=(width.key,))


def _vocabulary(
    ctx: Context, model: schema.Model | None, shaped: Shape, path: Path
) -> Vocabulary[Fact] | None:
    """Tables of the vocabulary; one where input and output share it."""
    record, tables = shaped.record, ctx.default("embedding_tables")
    words, width = (record.plain("vocabulary") if record else None), shaped.fields["hidden_size"]
    tied = bool(record.data.get("tied_embeddings")) if record else False
    if record is None and model is not None and model.vocabulary is not None:
        own = (*path, "model", "vocabulary") in ctx.document.marks
        at = (*path, "model") if own else ("model",)
        words = ctx.given(model.vocabulary, (*at, "vocabulary"), "vocabulary")
        tied = bool(model.tied_embeddings)
    if words is None or width.origin == "archetype":
        return None
    if record is not None or tied:
        note = "input and output share one" if tied else "input and output apart"
        tables = replace(tables, key=f"{words.key}/tables", value=1.0 if tied else 2.0,
                         origin=words.origin, source=words.source, note=note)  # fmt: skip
    return Vocabulary(words, width, tables)
