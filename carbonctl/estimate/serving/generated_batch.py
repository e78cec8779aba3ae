"""Image and video services: one batch on one replica, its FLOP, time and energy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from carbonctl.core.formula import part
from carbonctl.estimate.denoising_pass import denoise_flop, latent_tokens
from carbonctl.estimate.serving.decode_step import device_power_w, resident_power_w
from carbonctl.estimate.serving.service_fleet import BoardWork
from carbonctl.formulas import diffusion_work
from carbonctl.formulas.hardware import power
from carbonctl.formulas.serving import generation, served_unit, serving_time

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.serving.service import Diffusion


class Work(NamedTuple):
    """FLOP of one batch: denoising, decoder, text encoder, and all together."""

    denoising_flop: Num
    decoder_flop: Num
    text_encoder_flop: Num | None
    flop: Num


class Batch(NamedTuple):
    """Time and accelerator energy of one batch on one replica."""

    seconds: Num
    energy_j: Num


def batch_time_and_energy(m: Diffusion[Num]) -> Batch:
    """Time and energy of one batch at the operating point."""
    return batch_from_work(m, batch_work(m))


def batch_from_work(m: Diffusion[Num], work: Work) -> Batch:
    """Time and energy of a batch with this work."""
    seconds = _seconds(m, work)
    return Batch(seconds, batch_energy_j(m, work, seconds))


def batch_work(m: Diffusion[Num]) -> Work:
    """FLOP of one batch."""
    pass_flop = denoise_flop(m)
    denoising = diffusion_work.denoising_flop(
        batch=m.batch,
        steps=m.steps,
        guidance_passes=m.guidance_passes,
        denoise_flop=pass_flop,
    )
    decoder = diffusion_work.decoder_flop(
        batch=m.batch,
        decoder_overhead=m.runtime.decoder_overhead,
        decoder_pixel_flop=m.decoder_pixel_flop,
        width=m.width,
        height=m.height,
        frames=m.frames,
    )
    both = {"denoising_flop": denoising, "decoder_flop": decoder}
    if m.text_encoder_params is None or m.text_tokens is None:
        return Work(
            **both,
            text_encoder_flop=None,
            flop=diffusion_work.batch_flop_by_picture_alone(**both),
        )
    text = diffusion_work.text_encoder_flop(
        batch=m.batch, text_encoder_params=m.text_encoder_params, text_tokens=m.text_tokens
    )
    total = diffusion_work.batch_flop(**both, text_encoder_flop=text)
    return Work(**both, text_encoder_flop=text, flop=total)


def _seconds(m: Diffusion[Num], work: Work) -> Num:
    launch = generation.launch_s_by_picture(
        steps=m.steps,
        layers=m.layers,
        layer_launch_s=m.runtime.layer_launch_s,
        exchange_latency_s=m.runtime.exchange_latency_s,
        replica_accelerators=m.replica_accelerators,
    )
    share = generation.device_flop(
        denoising_flop=work.denoising_flop, replica_accelerators=m.replica_accelerators
    )
    compute = _compute_s(m, share)
    with part("decoder"):
        decoder = _compute_s(m, _single_device_flop(work))
    if m.runtime.activation_bytes is None or m.hidden_size is None:
        return generation.batch_s_by_unet(compute_s=compute, launch_s=launch, decoder_s=decoder)
    return generation.batch_s(
        compute_s=compute,
        activation_s=_activation_s(m, m.runtime.activation_bytes, m.hidden_size),
        exchange_s=generation.exchange_s(
            communication_factor=m.runtime.communication_factor,
            batch=m.batch,
            steps=m.steps,
            guidance_passes=m.guidance_passes,
            layers=m.layers,
            latent_tokens=latent_tokens(m),
            hidden_size=m.hidden_size,
            replica_accelerators=m.replica_accelerators,
            link_gb_per_s=m.board.link_gb_per_s,
        ),
        launch_s=launch,
        decoder_s=decoder,
    )


def _single_device_flop(work: Work) -> Num:
    """FLOP before and after denoising, which one device computes alone."""
    if work.text_encoder_flop is None:
        return diffusion_work.device_flop_by_decoder(decoder_flop=work.decoder_flop)
    return diffusion_work.device_flop_by_decoder_and_prompt(
        decoder_flop=work.decoder_flop, text_encoder_flop=work.text_encoder_flop
    )


def _compute_s(m: Diffusion[Num], flop: Num) -> Num:
    return generation.compute_s(
        device_flop=flop,
        tdp_w=m.board.tdp_w,
        resident_power_w=resident_power_w(m.board),
        sustained_j_per_flop=m.runtime.sustained_j_per_flop,
        peak_flop_per_s=m.board.peak_flop_per_s,
        matmul_efficiency=m.runtime.matmul_efficiency,
    )


def _activation_s(m: Diffusion[Num], activation_bytes: Num, hidden_size: Num) -> Num:
    moved = generation.activation_traffic_gb(
        batch=m.batch,
        activation_bytes=activation_bytes,
        steps=m.steps,
        guidance_passes=m.guidance_passes,
        latent_tokens=latent_tokens(m),
        hidden_size=hidden_size,
        layers=m.layers,
    )
    return generation.activation_s(
        activation_traffic_gb=moved,
        replica_accelerators=m.replica_accelerators,
        bandwidth_gb_per_s=m.board.bandwidth_gb_per_s,
    )


def batch_energy_j(m: Diffusion[Num], work: Work, seconds: Num) -> Num:
    """Accelerator energy of a batch with this work and time [J]."""
    dynamic = power.dynamic_energy_j_by_operations(
        work_flop=work.flop, energy_j_per_flop=m.runtime.energy_j_per_flop
    )
    draw = device_power_w(m.board, dynamic, m.replica_accelerators, seconds)
    return generation.batch_energy_j(
        replica_accelerators=m.replica_accelerators, device_power_w=draw, batch_s=seconds
    )


def diffusion_board_work(m: Diffusion[Num], served: Num) -> BoardWork:
    """Busy hours and board energy of all images or clips served."""
    made = batch_time_and_energy(m)
    busy = serving_time.busy_hours_from_batches(
        served_units=served,
        batch_s=made.seconds,
        replica_accelerators=m.replica_accelerators,
        batch=m.batch,
    )
    device = serving_time.device_energy_kwh_from_batches(
        served_units=served,
        batch_energy_j=made.energy_j,
        batch=m.batch,
        energy_residual=m.energy_residual,
    )
    busy = serving_time.busy_hours_by_residual(
        modeled_hours=busy, energy_residual=m.energy_residual
    )
    return BoardWork(busy, device, m.replica_accelerators)


def video_seconds(m: Diffusion[Num], total: Num) -> dict[str, Num]:
    """Seconds of video that a service generates; empty for images."""
    if m.frames_per_second is None:
        return {}
    return {
        "video_seconds": served_unit.functional_units_by_video_second(
            functional_units=total, frames=m.frames, frames_per_second=m.frames_per_second
        )
    }
