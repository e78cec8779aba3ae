"""Resolve image and video services: size, steps, guidance, and work of one image or clip."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.core.fact import Fact, Origin
from carbonctl.core.record import value_record
from carbonctl.core.units import gb_from_bytes
from carbonctl.estimate.serving.service import Diffusion, DiffusionRuntime
from carbonctl.scenario.resolve.context import ONE
from carbonctl.scenario.resolve.model_shape import model_path
from carbonctl.scenario.resolve.serving.service_check import check_unit_latency
from carbonctl.scenario.resolve.serving.serving_device import resolve_board, stated_tensor_parallel

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Evidence
    from carbonctl.estimate.serving.service import Board
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.resolve.model_shape import ModelShape
    from carbonctl.scenario.schema import scenario_file as schema
    from carbonctl.scenario.schema.quantity import StatedQuantity

_FLOAT16_DIFFUSION, _RUNTIME = "bf16", "diffusers"


def resolve_service(
    ctx: Context, infer: schema.Infer, shape: ModelShape, device: Device, path: Path
) -> tuple[Diffusion[Fact], Evidence]:
    """Inputs of the service and how its energy is known; its latency is noted to be checked."""
    made = diffusion(ctx, infer, shape, device, path)
    check_unit_latency(ctx, infer, device, path)
    return made, "work"


def diffusion(
    ctx: Context, infer: schema.Infer, shape: ModelShape, device: Device, path: Path
) -> Diffusion[Fact]:
    """Inputs of an image or video service."""
    record = shape.record
    if not shape.kind.startswith(("diffusion", "video")):
        ctx.fail("CC306", f"serving {shape.kind} by images is not estimated", path)
    width, height = resolve_image_size(ctx, infer.size, record, path)
    frames = _frames(ctx, infer, record, path)
    text = _text_encoder(ctx, record)
    work = (
        _work_from_params(ctx, shape)
        if record is None
        else denoising_pass_work(ctx, record, frames, path)
    )
    unet = work.reference_flop is not None or work.unet_params is not None
    return Diffusion(
        steps=stated_or_published(ctx, infer.steps, (*path, "steps"), record, "steps"),
        guidance_passes=_guidance_passes(ctx, infer, record, path),
        width=width,
        height=height,
        frames=frames,
        decoder_pixel_flop=_decoder_flop_per_pixel(ctx, infer, shape),
        batch=ctx.stated_or_default(infer.batch, (*path, "batch"), "picture_batch"),
        replica_accelerators=_replica_devices(ctx, infer, device, path, unet=unet),
        board=_check_memory(ctx, shape, resolve_board(ctx, device, _FLOAT16_DIFFUSION, path), path),
        runtime=_resolve_runtime(ctx, path, unet=unet),
        energy_residual=ctx.default(f"{_output_kind(infer, shape)}_energy_residual"),
        text_encoder_params=text[0],
        text_tokens=text[1],
        frames_per_second=_frames_per_second(ctx, infer, record, path),
        **vars(work),
    )


def _frames(ctx: Context, infer: schema.Infer, record: Record | None, path: Path) -> Fact:
    """Frames of a clip; one for an image of a model without a record."""
    if record is None and infer.images is not None:
        return replace(ONE, label="frames")
    return stated_or_published(ctx, infer.frames, (*path, "frames"), record, "frames")


def _text_encoder(ctx: Context, record: Record | None) -> tuple[Fact | None, Fact | None]:
    """Parameters and prompt tokens of the text encoder; None where they are not known."""
    text: tuple[Fact | None, Fact | None] = None, None
    if record is not None:
        text = record.plain_fact("text_encoder_params"), record.plain_fact("text_tokens")
    if None in text:
        name = "the model" if record is None else record.name
        ctx.not_estimated[f"text encoder of {name}"] = "its size is not known"
    return text


def _work_from_params(ctx: Context, shape: ModelShape) -> DenoisingPassWork:
    """Work of one pass of a convolutional denoiser that is described by its parameters."""
    edge, share = ctx.default("unlisted_autoencoder_edge"), ctx.default("unet_share")
    params = replace(shape.active_params, label="denoiser parameters")
    layers = ctx.default("unet_layers")
    return DenoisingPassWork(layers, ONE, edge, unet_params=params, unet_share=share)


def _replica_devices(
    ctx: Context, infer: schema.Infer, device: Device, path: Path, *, unet: bool
) -> Fact:
    """Devices that generate one image together."""
    shared = stated_tensor_parallel(ctx, infer, device, path)
    if shared is None:
        return replace(ONE, label="devices per picture")
    if unet and shared.value > 1:
        message = "a convolutional denoiser on several devices is not estimated"
        ctx.fail("CC306", message, (*path, "tensor_parallel"), "keep 1")
    return shared


def _check_memory(ctx: Context, shape: ModelShape, board: Board[Fact], path: Path) -> Board[Fact]:
    """The board; a problem where its memory does not hold the whole denoiser."""
    record, params = shape.record, shape.total_params.value
    size = gb_from_bytes(params * ctx.default("bytes_bf16").value)
    room = board.memory_gb.value * ctx.default("memory_share").value
    if size > room:
        name = "the model" if record is None else record.name
        message = f"{name} takes {size:.3g} GB in 16 bits; a device has {room:.3g} GB for it"
        ctx.fail("CC304", message, model_path(ctx, path), "choose a device with more memory")
    return board


def _frames_per_second(
    ctx: Context, infer: schema.Infer, record: Record | None, path: Path
) -> Fact | None:
    """Frames per second of a clip; None for images, or where they are not known."""
    if infer.videos is None:
        return None
    if infer.fps is not None:
        return ctx.stated_fact(infer.fps, (*path, "fps"), "frames per second")
    usual_rate = None if record is None else record.plain_fact("fps", label="frames per second")
    if usual_rate is None:
        ctx.not_estimated["per second of video"] = "frames per second are not known; give infer.fps"
    return usual_rate


@value_record
class DenoisingPassWork:
    """Inputs for the work of one denoising pass, in one of three forms."""

    layers: Fact
    latent_frames: Fact
    token_edge: Fact | None = None
    params_per_token: Fact | None = None
    hidden_size: Fact | None = None
    reference_flop: Fact | None = None
    reference_pixels: Fact | None = None
    unet_params: Fact | None = None
    unet_share: Fact | None = None


def denoising_pass_work(
    ctx: Context, record: Record, frames: Fact, path: Path, hint: str = ""
) -> DenoisingPassWork:
    """Inputs for the work of one pass: published, from latent tokens, or from parameters."""
    known = record.fact("denoise_work", label="work of one pass")
    layers = record.plain_fact("layers") or ctx.default("unet_layers")
    if known is not None:
        pixels = native_pixels(ctx, record, path)
        return DenoisingPassWork(layers, ONE, reference_flop=known, reference_pixels=pixels)
    latents, edge = latent_frames_and_edge(ctx, record, frames, path)
    dims = [record.plain_fact(name) for name in ("params_per_image_token", "hidden_size")]
    if record.text("kind") == "diffusion_unet":
        params = record.plain_fact("active_params", label="denoiser parameters")
        share = ctx.default("unet_share")
        return DenoisingPassWork(layers, latents, edge, unet_params=params, unet_share=share)
    if None in dims:
        message = f"the work of one pass of {record.name} is not known"
        ctx.fail("CC304", message, model_path(ctx, path), hint)
    return DenoisingPassWork(layers, latents, edge, *dims)


def _output_kind(infer: schema.Infer, shape: ModelShape) -> str:
    """``video`` or ``image``, by the model's kind, or by the load where it has no record."""
    video = shape.kind.startswith("video") or (shape.record is None and infer.videos is not None)
    return "video" if video else "image"


def _decoder_flop_per_pixel(ctx: Context, infer: schema.Infer, shape: ModelShape) -> Fact:
    video = _output_kind(infer, shape) == "video"
    return ctx.default("video_decoder_pixel_work" if video else "decoder_pixel_work")


def _resolve_runtime(ctx: Context, path: Path, *, unet: bool) -> DiffusionRuntime[Fact]:
    """Efficiencies and overheads of the runtime; convolutions take more energy per operation."""
    record = ctx.record("runtimes", _RUNTIME, path)

    def cost(name: str) -> Fact:
        label = f"{name.replace('_', ' ')}, {record.name}"
        return replace(ctx.required_fact(record, name, path, label), origin="default")

    return DiffusionRuntime(
        sustained_j_per_flop=ctx.default("sustained_energy_unet" if unet else "sustained_energy"),
        matmul_efficiency=ctx.default("dense_efficiency"),
        layer_launch_s=cost("layer_launch"),
        exchange_latency_s=cost("exchange_latency"),
        communication_factor=cost("communication_factor"),
        decoder_overhead=ctx.default("decoder_overhead"),
        energy_j_per_flop=ctx.default("picture_energy_per_flop"),
        activation_bytes=None if unet else ctx.default("picture_activation_bytes"),
    )


def stated_or_published(
    ctx: Context, given: StatedQuantity | None, path: Path, record: Record | None, field: str
) -> Fact:
    """A number as stated, else as published for the model; a problem where there is neither."""
    if given is not None:
        return ctx.stated_fact(given, path, field)
    if record is None:
        message = f"{path[-1]} is required where a model is described by its parameters"
        ctx.fail("CC206", message, path[:-1], "or name the model by its id")
    fact = record.plain_fact(field)
    if fact is None:
        ctx.fail("CC206", f"the usual {field} of {record.name} is not known; give it", path[:-1])
    return replace(fact, origin="default", note=f"usual for {record.name}")


def resolve_image_size(
    ctx: Context, given: str | None, record: Record | None, path: Path
) -> tuple[Fact, Fact]:
    """Width and height in pixels: as stated, else as published for the model."""
    if given is None:
        return (
            stated_or_published(ctx, None, (*path, "size"), record, "width"),
            stated_or_published(ctx, None, (*path, "size"), record, "height"),
        )
    where = ctx.document.mark((*path, "size"))
    origin: Origin = "scenario" if where and where.line else "cli"
    width, height = (
        Fact(
            ".".join(map(str, (*path, "size", name))),
            float(text),
            "1",
            "user",
            origin,
            tier="measured",
            label=name,
            where=where,
        )
        for name, text in zip(("width", "height"), given.split("x"), strict=True)
    )
    return width, height


def native_pixels(ctx: Context, record: Record, path: Path) -> Fact:
    """Pixels of the image size for which the work of one pass is published."""
    width = stated_or_published(ctx, None, (*path, "size"), record, "width")
    height = stated_or_published(ctx, None, (*path, "size"), record, "height")
    return replace(
        width,
        key=f"models/{record.id}:pixels",
        value=width.value * height.value,
        origin="hardware_db",
        label="native pixels",
        note="width x height",
    )


def latent_frames_and_edge(
    ctx: Context, record: Record, frames: Fact, path: Path
) -> tuple[Fact, Fact]:
    """Latent frames, and pixels along the edge of one latent token."""
    down, patch = record.plain_fact("vae_downsample"), record.plain_fact("patch") or ONE
    if down is None:
        ctx.fail("CC304", f"the patch size of {record.name} is not known", path)
    temporal = (record.number("vae_temporal_downsample") or 1.0) * (
        record.number("patch_temporal") or 1.0
    )
    latent = replace(
        frames,
        key=f"{frames.key}/latent",
        derived_from=(frames.key,),
        value=1.0 + (frames.value - 1.0) / temporal,
        label="latent frames",
        note=f"1 + (frames - 1) / {temporal:g}",
    )
    edge = replace(
        down,
        key=f"models/{record.id}:token_edge",
        value=down.value * patch.value,
        label="pixels per token edge",
        note="autoencoder downsampling x patch",
    )
    return latent, edge


def _guidance_passes(ctx: Context, infer: schema.Infer, record: Record | None, path: Path) -> Fact:
    """Forward passes of the denoiser per step: as stated, else as published for the model."""
    known = (
        ONE if record is None else record.plain_fact("cfg_passes", label="passes per step") or ONE
    )
    usual = ctx.default("unlisted_guidance_passes") if record is None else known
    if infer.guidance_passes is not None:
        where = (*path, "guidance_passes")
        if infer.guidance is not None:
            message = "guidance and guidance_passes both say how often the denoiser runs in a step"
            ctx.fail("CC301", message, where, "keep one")
        return ctx.stated_fact(infer.guidance_passes, where, "passes per step")
    if infer.guidance is None:
        return usual
    value = max(usual.value, 2.0) if infer.guidance and usual.value != 1.0 else 1.0
    return replace(
        usual,
        key="infer.guidance",
        value=value,
        low=None,
        high=None,
        source="user",
        origin="scenario",
        where=ctx.document.mark((*path, "guidance")),
        tier="measured",
    )
