"""Models that read and do not write: vision, speech, encoders of text, embeddings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.serving.service import Encoder
from carbonctl.estimate.training.sample_inputs import Photograph, Speech, Stated, Text
from carbonctl.scenario.resolve.context import ONE
from carbonctl.scenario.resolve.model_shape import model_path
from carbonctl.scenario.resolve.serving.precision import served_format, serving_board
from carbonctl.scenario.resolve.serving.service_check import check_unit_latency
from carbonctl.scenario.resolve.training.sample_training import photograph, speech

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Evidence
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.resolve.model_shape import Shape
    from carbonctl.scenario.schema import scenario_file as schema

_PACKED = {"int8", "fp8"}
_WRITES = ("output_tokens", "output_cv", "kv_precision", "reasoning_tokens", "concurrency",
           "throughput", "latency", "speculative", "prompt_cache_hits", "tensor_parallel",
           "pipeline_parallel", "data_parallel", "expert_parallel", "runtime")  # fmt: skip


def resolve_service(
    ctx: Context, infer: schema.Infer, shaped: Shape | None, found: Device, path: Path
) -> tuple[Encoder[Fact], Evidence]:
    """Facts of the service and how its energy is known; its latency is noted to be checked."""
    made = encoder(ctx, infer, shaped, found, path)
    check_unit_latency(ctx, infer, found, path)
    return made, "work"


def encoder(
    ctx: Context, infer: schema.Infer, shaped: Shape | None, found: Device, path: Path
) -> Encoder[Fact]:
    """Facts of a service that reads samples or texts."""
    record = None if shaped is None else shaped.record
    stored = served_format(ctx, infer, record, found, path)
    held, computed = serving_board(ctx, stored, None, found, path)
    return Encoder(
        sample=_sample(ctx, infer, shaped, path),
        board=held,
        queue_efficiency=ctx.default("sample_efficiency"),
        served_share=_served_share(ctx, infer),
        resident_factor=ctx.default("resident_factor"),
        energy_j_per_flop=ctx.default("sample_energy_per_flop"),
        energy_residual=ctx.default("sample_energy_residual"),
        devices=replace(ONE, label="devices per sample"),
        packed_energy_share=ctx.default("packed_energy_share") if computed in _PACKED else None,
    )


def _served_share(ctx: Context, infer: schema.Infer) -> Fact:
    """Throughput under a latency target over that of a queue; all of it where work is offline."""
    share = ctx.default("served_share")
    if infer.serving != "offline":
        return share
    return replace(ONE, label=share.label, note="offline: samples wait in a queue")


def _sample(
    ctx: Context, infer: schema.Infer, shaped: Shape | None, path: Path
) -> Photograph[Fact] | Speech[Fact] | Stated[Fact] | Text[Fact]:
    if shaped is None:
        stated = ctx.given(infer.sample_work, (*path, "sample_work"), "work of one sample")
        return Stated(stated)
    if infer.samples is None:
        return _text(ctx, infer, shaped, path)
    record = shaped.record
    if record is None or shaped.kind not in {"vision", "speech"}:
        message = f"serving {shaped.kind} by samples is not estimated"
        hint = "texts are requests with prompt_tokens; or state the work: sample_work: 8.2 GFLOP"
        ctx.fail("CC306", message, model_path(ctx, path), hint)
    if shaped.kind == "vision":
        return photograph(ctx, record, infer.image_size, path)
    ctx.not_estimated["steps of the speech decoder"] = "its text is counted as work alone"
    return speech(ctx, record, path)


def _text(ctx: Context, infer: schema.Infer, shaped: Shape, path: Path) -> Text[Fact]:
    for name in _WRITES:
        if name in infer.model_fields_set:
            message = f"{name} is for models that write; an {shaped.kind} model reads alone"
            ctx.fail("CC303", message, (*path, name), "take it out")
    record = shaped.record
    if record is None or infer.prompt_tokens is None:
        message = f"prompt_tokens are required to serve an {shaped.kind} model"
        ctx.fail("CC206", message, path, "as in prompt_tokens: 256")
    where = model_path(ctx, path)
    return Text(
        params=shaped.active_params,
        vocabulary=ctx.needed_plain(record, "vocabulary", where),
        sample_tokens=ctx.given(infer.prompt_tokens, (*path, "prompt_tokens"), "prompt tokens"),
        layers=ctx.needed_plain(record, "layers", where),
        hidden_size=ctx.needed_plain(record, "hidden_size", where),
    )
