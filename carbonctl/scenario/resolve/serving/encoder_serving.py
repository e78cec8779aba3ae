"""Resolve services of models that do not generate: vision, speech, text encoders, embeddings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.serving.service import Encoder
from carbonctl.estimate.training.sample_inputs import (
    ImageSample,
    SpeechSample,
    StatedWork,
    TextSample,
)
from carbonctl.scenario.resolve.context import ONE
from carbonctl.scenario.resolve.model_shape import model_path
from carbonctl.scenario.resolve.serving.precision import board_for_format, served_format
from carbonctl.scenario.resolve.serving.service_check import check_unit_latency
from carbonctl.scenario.resolve.training.sample_training import image_sample, speech_sample

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Evidence
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.resolve.model_shape import ModelShape
    from carbonctl.scenario.schema import scenario_file as schema

_PACKED = {"int8", "fp8"}
_GENERATION_KEYS = ("output_tokens", "output_cv", "kv_precision", "reasoning_tokens", "concurrency",
           "throughput", "latency", "speculative", "prompt_cache_hits", "tensor_parallel",
           "pipeline_parallel", "data_parallel", "expert_parallel", "runtime")  # fmt: skip


def resolve_service(
    ctx: Context, infer: schema.Infer, shape: ModelShape | None, device: Device, path: Path
) -> tuple[Encoder[Fact], Evidence]:
    """Inputs of the service and how its energy is known; its latency is noted to be checked."""
    made = encoder(ctx, infer, shape, device, path)
    check_unit_latency(ctx, infer, device, path)
    return made, "work"


def encoder(
    ctx: Context, infer: schema.Infer, shape: ModelShape | None, device: Device, path: Path
) -> Encoder[Fact]:
    """Inputs of a service that processes samples or texts without generating."""
    record = None if shape is None else shape.record
    stored = served_format(ctx, infer, record, device, path)
    board, computed = board_for_format(ctx, stored, None, device, path)
    return Encoder(
        sample=_resolve_sample(ctx, infer, shape, path),
        board=board,
        queue_efficiency=ctx.default("sample_efficiency"),
        served_share=_served_share(ctx, infer),
        energy_j_per_flop=ctx.default("sample_energy_per_flop"),
        energy_residual=ctx.default("sample_energy_residual"),
        devices=replace(ONE, label="devices per sample"),
        packed_energy_share=ctx.default("packed_energy_share") if computed in _PACKED else None,
    )


def _served_share(ctx: Context, infer: schema.Infer) -> Fact:
    """Throughput under a latency target over offline throughput; 1 where serving is offline."""
    share = ctx.default("served_share")
    if infer.serving != "offline":
        return share
    return replace(ONE, label=share.label, note="offline: samples wait in a queue")


def _resolve_sample(
    ctx: Context, infer: schema.Infer, shape: ModelShape | None, path: Path
) -> ImageSample[Fact] | SpeechSample[Fact] | StatedWork[Fact] | TextSample[Fact]:
    if shape is None:
        stated = ctx.stated_fact(infer.sample_work, (*path, "sample_work"), "work of one sample")
        return StatedWork(stated)
    if infer.samples is None:
        return _text_sample(ctx, infer, shape, path)
    record = shape.record
    if record is None or shape.kind not in {"vision", "speech"}:
        message = f"serving {shape.kind} by samples is not estimated"
        hint = "texts are requests with prompt_tokens; or state the work: sample_work: 8.2 GFLOP"
        ctx.fail("CC306", message, model_path(ctx, path), hint)
    if shape.kind == "vision":
        return image_sample(ctx, record, infer.image_size, path)
    ctx.not_estimated["steps of the speech decoder"] = "its text is counted as work alone"
    return speech_sample(ctx, record, path)


def _text_sample(
    ctx: Context, infer: schema.Infer, shape: ModelShape, path: Path
) -> TextSample[Fact]:
    for name in _GENERATION_KEYS:
        if name in infer.model_fields_set:
            message = f"{name} does not apply: an {shape.kind} model generates no tokens"
            ctx.fail("CC303", message, (*path, name), "remove it")
    record = shape.record
    if record is None or infer.prompt_tokens is None:
        message = f"prompt_tokens are required to serve an {shape.kind} model"
        ctx.fail("CC206", message, path, "as in prompt_tokens: 256")
    where = model_path(ctx, path)
    return TextSample(
        params=shape.active_params,
        vocabulary=ctx.required_number(record, "vocabulary", where),
        sample_tokens=ctx.stated_fact(
            infer.prompt_tokens, (*path, "prompt_tokens"), "prompt tokens"
        ),
        layers=ctx.required_number(record, "layers", where),
        hidden_size=ctx.required_number(record, "hidden_size", where),
    )
