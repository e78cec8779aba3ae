"""Image and video services: size, steps, guidance, and the work of one picture or clip."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.core.fact import Fact, Origin
from carbonctl.core.record import compared
from carbonctl.core.units import gb_from_bytes
from carbonctl.estimate.serving.service import Diffusion, DiffusionRuntime
from carbonctl.scenario.resolve.context import ONE
from carbonctl.scenario.resolve.model_shape import model_path
from carbonctl.scenario.resolve.serving.service_check import check_unit_latency
from carbonctl.scenario.resolve.serving.serving_device import board, parallel

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Evidence
    from carbonctl.estimate.serving.service import Board
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.resolve.model_shape import Shape
    from carbonctl.scenario.schema import scenario_file as schema
    from carbonctl.scenario.schema.quantity import Given

_FLOAT16_DIFFUSION, _RUNTIME = "bf16", "diffusers"


def resolve_service(
    ctx: Context, infer: schema.Infer, shaped: Shape, found: Device, path: Path
) -> tuple[Diffusion[Fact], Evidence]:
    """Facts of the service and how its energy is known; its latency is noted to be checked."""
    made = diffusion(ctx, infer, shaped, found, path)
    check_unit_latency(ctx, infer, found, path)
    return made, "work"


def diffusion(
    ctx: Context, infer: schema.Infer, shaped: Shape, found: Device, path: Path
) -> Diffusion[Fact]:
    """Facts of an image or video service."""
    record = shaped.record
    if not shaped.kind.startswith(("diffusion", "video")):
        ctx.fail("CC306", f"serving {shaped.kind} by images is not estimated", path)
    width, height = size(ctx, infer.size, record, path)
    frames = _frames(ctx, infer, record, path)
    text = _text_encoder(ctx, record)
    work = (
        _described_pass(ctx, shaped)
        if record is None
        else work_of_a_pass(ctx, record, frames, path)
    )
    unet = work.reference_flop is not None or work.unet_params is not None
    return Diffusion(
        steps=usual(ctx, infer.steps, (*path, "steps"), record, "steps"),
        guidance_passes=_passes(ctx, infer, record, path),
        width=width,
        height=height,
        frames=frames,
        decoder_pixel_flop=_decoder_work(ctx, infer, shaped),
        batch=ctx.either(infer.batch, (*path, "batch"), "picture_batch"),
        replica_accelerators=_devices(ctx, infer, found, path, unet=unet),
        board=_held(ctx, shaped, board(ctx, found, _FLOAT16_DIFFUSION, path), path),
        runtime=_runtime(ctx, path, unet=unet),
        energy_residual=ctx.default(f"{_noun(infer, shaped)}_energy_residual"),
        text_encoder_params=text[0],
        text_tokens=text[1],
        frames_per_second=_frames_per_second(ctx, infer, record, path),
        **vars(work),
    )


def _frames(ctx: Context, infer: schema.Infer, record: Record | None, path: Path) -> Fact:
    """Frames of a clip; one of a picture, whose model nobody else describes."""
    if record is None and infer.images is not None:
        return replace(ONE, label="frames")
    return usual(ctx, infer.frames, (*path, "frames"), record, "frames")


def _text_encoder(ctx: Context, record: Record | None) -> tuple[Fact | None, Fact | None]:
    """Parameters of the encoder of prompts and the tokens that it reads, where both are known."""
    text: tuple[Fact | None, Fact | None] = None, None
    if record is not None:
        text = record.plain("text_encoder_params"), record.plain("text_tokens")
    if None in text:
        name = "the model" if record is None else record.name
        ctx.not_estimated[f"text encoder of {name}"] = "its size is not known"
    return text


def _described_pass(ctx: Context, shaped: Shape) -> PassWork:
    """Work of one pass of a convolutional denoiser that is described by its parameters alone."""
    edge, share = ctx.default("unlisted_autoencoder_edge"), ctx.default("unet_share")
    params = replace(shaped.active_params, label="denoiser parameters")
    layers = ctx.default("unet_layers")
    return PassWork(layers, ONE, edge, unet_params=params, unet_share=share)


def _devices(ctx: Context, infer: schema.Infer, found: Device, path: Path, *, unet: bool) -> Fact:
    """Devices that share one picture."""
    shared = parallel(ctx, infer, found, path)
    if shared is None:
        return replace(ONE, label="devices per picture")
    if unet and shared.value > 1:
        message = "a convolutional denoiser on several devices is not estimated"
        ctx.fail("CC306", message, (*path, "tensor_parallel"), "keep 1")
    return shared


def _held(ctx: Context, shaped: Shape, held: Board[Fact], path: Path) -> Board[Fact]:
    """The board, which must hold the whole denoiser: devices that share a picture copy it."""
    record, params = shaped.record, shaped.total_params.value
    size = gb_from_bytes(params * ctx.default("bytes_bf16").value)
    room = held.memory_gb.value * ctx.default("memory_share").value
    if size > room:
        name = "the model" if record is None else record.name
        message = f"{name} takes {size:.3g} GB in 16 bits; a device offers {room:.3g} GB"
        ctx.fail("CC304", message, model_path(ctx, path), "choose a device with more memory")
    return held


def _frames_per_second(
    ctx: Context, infer: schema.Infer, record: Record | None, path: Path
) -> Fact | None:
    """How fast a clip is played, which turns clips into seconds."""
    if infer.videos is None:
        return None
    if infer.fps is not None:
        return ctx.given(infer.fps, (*path, "fps"), "frames per second")
    usual_rate = None if record is None else record.plain("fps", label="frames per second")
    if usual_rate is None:
        ctx.not_estimated["per second of video"] = "frames per second are not known; give infer.fps"
    return usual_rate


@compared
class PassWork:
    """The facts that the work of one pass is made of, in one of its three forms."""

    layers: Fact
    latent_frames: Fact
    token_edge: Fact | None = None
    params_per_token: Fact | None = None
    hidden_size: Fact | None = None
    reference_flop: Fact | None = None
    reference_pixels: Fact | None = None
    unet_params: Fact | None = None
    unet_share: Fact | None = None


def work_of_a_pass(
    ctx: Context, record: Record, frames: Fact, path: Path, hint: str = ""
) -> PassWork:
    """Work of one pass: known and scaled, from latent tokens, or from parameters alone."""
    known = record.fact("denoise_work", label="work of one pass")
    layers = record.plain("layers") or ctx.default("unet_layers")
    if known is not None:
        pixels = native_pixels(ctx, record, path)
        return PassWork(layers, ONE, reference_flop=known, reference_pixels=pixels)
    latents, edge = latent(ctx, record, frames, path)
    dims = [record.plain(name) for name in ("params_per_image_token", "hidden_size")]
    if record.text("kind") == "diffusion_unet":
        params = record.plain("active_params", label="denoiser parameters")
        share = ctx.default("unet_share")
        return PassWork(layers, latents, edge, unet_params=params, unet_share=share)
    if None in dims:
        message = f"the work of one pass of {record.name} is not known"
        ctx.fail("CC304", message, model_path(ctx, path), hint)
    return PassWork(layers, latents, edge, *dims)


def _noun(infer: schema.Infer, shaped: Shape) -> str:
    """What a model makes: as its record says, or as it is asked for where nobody does."""
    video = shaped.kind.startswith("video") or (shaped.record is None and infer.videos is not None)
    return "video" if video else "image"


def _decoder_work(ctx: Context, infer: schema.Infer, shaped: Shape) -> Fact:
    video = _noun(infer, shaped) == "video"
    return ctx.default("video_decoder_pixel_work" if video else "decoder_pixel_work")


def _runtime(ctx: Context, path: Path, *, unet: bool) -> DiffusionRuntime[Fact]:
    """What the stack reaches and costs; convolutions take more energy for an operation."""
    record = ctx.record("runtimes", _RUNTIME, path)

    def cost(name: str) -> Fact:
        label = f"{name.replace('_', ' ')}, {record.name}"
        return replace(ctx.needed(record, name, path, label), origin="default")

    return DiffusionRuntime(
        sustained_j_per_flop=ctx.default("sustained_energy_unet" if unet else "sustained_energy"),
        matmul_efficiency=ctx.default("dense_efficiency"),
        layer_launch_s=cost("layer_launch"),
        exchange_latency_s=cost("exchange_latency"),
        communication_factor=cost("communication_factor"),
        decoder_overhead=ctx.default("decoder_overhead"),
        resident_factor=ctx.default("resident_factor"),
        energy_j_per_flop=ctx.default("picture_energy_per_flop"),
        activation_bytes=None if unet else ctx.default("picture_activation_bytes"),
    )


def usual(ctx: Context, given: Given | None, path: Path, record: Record | None, field: str) -> Fact:
    """A number as given, else as usual for the model; required of one without a record."""
    if given is not None:
        return ctx.given(given, path, field)
    if record is None:
        message = f"{path[-1]} is required where a model is described by its parameters"
        ctx.fail("CC206", message, path[:-1], "or name the model by its id")
    fact = record.plain(field)
    if fact is None:
        ctx.fail("CC206", f"{record.name} has no usual {field}; give it", path[:-1])
    return replace(fact, origin="default", note=f"usual for {record.name}")


def size(ctx: Context, given: str | None, record: Record | None, path: Path) -> tuple[Fact, Fact]:
    """Width and height: as given, else as usual for the model."""
    if given is None:
        return (
            usual(ctx, None, (*path, "size"), record, "width"),
            usual(ctx, None, (*path, "size"), record, "height"),
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
    """Pixels of the size that the work of one pass is known for."""
    width = usual(ctx, None, (*path, "size"), record, "width")
    height = usual(ctx, None, (*path, "size"), record, "height")
    return replace(
        width,
        key=f"models/{record.id}:pixels",
        value=width.value * height.value,
        origin="hardware_db",
        label="native pixels",
        note="width x height",
    )


def latent(ctx: Context, record: Record, frames: Fact, path: Path) -> tuple[Fact, Fact]:
    """Latent frames, and pixels along the edge of one token."""
    down, patch = record.plain("vae_downsample"), record.plain("patch") or ONE
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


def _passes(ctx: Context, infer: schema.Infer, record: Record | None, path: Path) -> Fact:
    """Forward passes of the denoiser in a step: as stated, else as the model is used."""
    known = ONE if record is None else record.plain("cfg_passes", label="passes per step") or ONE
    usual = ctx.default("unlisted_guidance_passes") if record is None else known
    if infer.guidance_passes is not None:
        where = (*path, "guidance_passes")
        if infer.guidance is not None:
            message = "guidance and guidance_passes both say how often the denoiser runs in a step"
            ctx.fail("CC301", message, where, "keep one")
        return ctx.given(infer.guidance_passes, where, "passes per step")
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
