"""Resolve training on samples: images and clips to denoise, images to classify, speech."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.catalog.model_kinds import model_kind
from carbonctl.estimate.training.sample_inputs import (
    DiffusionSample,
    ImageSample,
    SampleWork,
    SpeechSample,
    StatedWork,
)
from carbonctl.scenario.resolve.context import ONE
from carbonctl.scenario.resolve.model_shape import model_path
from carbonctl.scenario.resolve.serving.diffusion_serving import (
    denoising_pass_work,
    resolve_image_size,
    stated_or_published,
)
from carbonctl.scenario.resolve.training.language_training import encoder_share, resolve_utilization

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import scenario_file as schema
    from carbonctl.scenario.schema.quantity import StatedQuantity

    Sample = DiffusionSample[Fact] | ImageSample[Fact] | SpeechSample[Fact] | StatedWork[Fact]

_STATE_IT = "or state it: sample_work: 8.2 GFLOP, forward, of one sample"


def sample_work(
    ctx: Context, run: schema.Run, model: schema.Model | None, device: Device, path: Path
) -> SampleWork[Fact] | None:
    """Inputs for the work of training on samples; None for a recommendation model."""
    sample, prior = _resolve_sample(ctx, run, model, path)
    if sample is None:
        return None
    used = resolve_utilization(ctx, run, device, path, prior)
    return SampleWork(
        sample=sample,
        train_samples=ctx.stated_fact(run.samples, (*path, "samples"), "training samples"),
        epochs=ctx.stated_or_default(run.epochs, (*path, "epochs"), "epochs"),
        train_passes=ctx.default("train_passes"),
        peak_flop_per_s=used.peak_flop_per_s,
        billed_mfu=used.billed_mfu,
        mfu=used.mfu,
        goodput=used.goodput,
    )


def _resolve_sample(
    ctx: Context, run: schema.Run, model: schema.Model | None, path: Path
) -> tuple[Sample | None, str]:
    if run.sample_work is not None:
        stated = ctx.stated_fact(run.sample_work, (*path, "sample_work"), "work of one sample")
        return StatedWork(stated), "billed_mfu_sample"
    if model is None or model.id is None:
        return None, ""
    record = ctx.record("models", model.id, model_path(ctx, path))
    match model_kind(record.text("kind")).sample:
        case "picture":
            return _diffusion_sample(ctx, run, record, path), "billed_mfu_picture"
        case "photograph":
            return image_sample(ctx, record, run.image_size, path), "billed_mfu_sample"
        case "speech":
            return speech_sample(ctx, record, path), "billed_mfu_sample"
        case _:
            return None, ""


def _required_dimensions(
    ctx: Context, record: Record, names: tuple[str, ...], what: str, path: Path
) -> list[Fact]:
    values = [record.plain_fact(name) for name in names]
    known = [fact for fact in values if fact is not None]
    if len(known) < len(values):
        lacking = ", ".join(n for n, fact in zip(names, values, strict=True) if fact is None)
        message = f"the work of one {what} of {record.name} is not known: no {lacking}"
        ctx.fail("CC304", message.replace("_", " "), model_path(ctx, path), _STATE_IT)
    return known


def _diffusion_sample(
    ctx: Context, run: schema.Run, record: Record, path: Path
) -> DiffusionSample[Fact]:
    """Inputs for the work of denoising one image or clip, with its frozen encoders."""
    width, height = resolve_image_size(ctx, run.size, record, path)
    frames = stated_or_published(ctx, run.frames, (*path, "frames"), record, "frames")
    text = record.plain_fact("text_encoder_params"), record.plain_fact("text_tokens")
    if None in text:
        ctx.not_estimated[f"text encoder of {record.name}"] = "its size is not known"
    epochs = ctx.stated_or_default(run.epochs, (*path, "epochs"), "epochs")
    return DiffusionSample(
        width=width,
        height=height,
        frames=frames,
        encoder_pixel_flop=ctx.default("encoder_pixel_work"),
        text_encoder_params=text[0],
        text_tokens=text[1],
        frozen_passes=ctx.default("frozen_passes"),
        frozen_epochs=ONE if run.cached_latents else epochs,
        **vars(denoising_pass_work(ctx, record, frames, path, _STATE_IT)),
    )


def image_sample(
    ctx: Context, record: Record, image_size: StatedQuantity | None, path: Path
) -> ImageSample[Fact]:
    """Inputs for the work of one image that is cut into patches."""
    if record.plain_fact("vocabulary") is not None:
        message = f"{record.name} has a text tower too, which is not estimated"
        ctx.fail("CC304", message, model_path(ctx, path), _STATE_IT)
    names = ("total_params", "vision_patch", "layers", "hidden_size")
    params, patch, layers, hidden = _required_dimensions(ctx, record, names, "image", path)
    edge = stated_or_published(ctx, image_size, (*path, "image_size"), record, "image_size")
    return ImageSample(params, edge, patch, layers, hidden)


def speech_sample(ctx: Context, record: Record, path: Path) -> SpeechSample[Fact]:
    """Inputs for the work of one window of speech and its transcript."""
    names = ("total_params", "encoder_layers", "hidden_size")
    total, layers, hidden = _required_dimensions(ctx, record, names, "window of speech", path)
    text = ctx.default("speech_text_tokens")
    return SpeechSample(
        total_params=total,
        encoder_share=encoder_share(ctx, record),
        sample_tokens=ctx.default("speech_tokens"),
        target_tokens=text,
        layers=layers,
        hidden_size=hidden,
    )
