"""Image and video services: size, steps, guidance, and the work of one picture or clip."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.core.fact import Fact, Origin
from carbonctl.estimate.service import Diffusion
from carbonctl.scenario.context import ONE
from carbonctl.scenario.shape import Shape, accelerator, peak

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario import schema
    from carbonctl.scenario.context import Context
    from carbonctl.scenario.machine import Device
    from carbonctl.scenario.quantity import Given

_FLOAT16_DIFFUSION = "bf16"


def diffusion(
    ctx: Context, infer: schema.Infer, shaped: Shape, found: Device, path: Path
) -> Diffusion[Fact]:
    """Facts of an image or video service."""
    record = shaped.record
    if record is None or not shaped.kind.startswith(("diffusion", "video")):
        ctx.fail("CC306", f"serving {shaped.kind} by images is not estimated", path)
    card = accelerator(ctx, found)
    width, height = size(ctx, infer.size, record, path)
    frames = usual(ctx, infer.frames, (*path, "frames"), record, "frames")
    work = record.fact("denoise_work", label="work of one pass")
    dims = {n: record.plain(n) for n in ("params_per_image_token", "layers", "hidden_size")}
    if work is None and None in dims.values():
        ctx.fail("CC304", f"the work of one pass of {record.name} is not known", path)
    tokens = latent(ctx, record, frames, path) if work is None else (ONE, None)
    text = record.plain("text_encoder_params"), record.plain("text_tokens")
    if None in text:
        ctx.not_estimated[f"text encoder of {record.name}"] = "its size is not known"
    return Diffusion(
        steps=usual(ctx, infer.steps, (*path, "steps"), record, "steps"),
        guidance_passes=_passes(ctx, infer, record, path),
        width=width,
        height=height,
        frames=frames,
        latent_frames=tokens[0],
        token_edge=tokens[1],
        params_per_token=dims["params_per_image_token"],
        layers=dims["layers"],
        hidden_size=dims["hidden_size"],
        reference_flop=work,
        reference_pixels=None if work is None else native_pixels(ctx, record, path),
        decoder_pixel_flop=ctx.default("decoder_pixel_work"),
        text_encoder_params=text[0],
        text_tokens=text[1],
        peak_flop_per_s=peak(ctx, found, _FLOAT16_DIFFUSION, path),
        compute_efficiency=ctx.default("diffusion_efficiency"),
        tdp_w=ctx.needed(card, "tdp", path),
        device_power_share=ctx.default("diffusion_power_share"),
        energy_residual=ctx.default("energy_residual"),
    )


def usual(ctx: Context, given: Given | None, path: Path, record: Record, field: str) -> Fact:
    """A number as given, else as usual for the model."""
    if given is not None:
        return ctx.given(given, path, field)
    fact = record.plain(field)
    if fact is None:
        ctx.fail("CC206", f"{record.name} has no usual {field}; give it", path[:-1])
    return replace(fact, origin="default", note=f"usual for {record.name}")


def size(ctx: Context, given: str | None, record: Record, path: Path) -> tuple[Fact, Fact]:
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
    down, patch = record.plain("vae_downsample"), record.plain("patch")
    if down is None or patch is None:
        ctx.fail("CC304", f"the patch size of {record.name} is not known", path)
    temporal = (record.number("vae_temporal_downsample") or 1.0) * (
        record.number("patch_temporal") or 1.0
    )
    latent = replace(
        frames,
        key=f"{frames.key}/latent",
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


def _passes(ctx: Context, infer: schema.Infer, record: Record, path: Path) -> Fact:
    usual = record.plain("cfg_passes", label="passes per step") or ONE
    if infer.guidance is None:
        return usual
    where = ctx.document.mark((*path, "guidance"))
    value = max(usual.value, 2.0) if infer.guidance and usual.value != 1.0 else 1.0
    return replace(
        usual,
        key="infer.guidance",
        value=value,
        source="user",
        origin="scenario",
        where=where,
        tier="measured",
    )
