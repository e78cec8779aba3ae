"""What an estimate of a service needs: load, fleet, and a model at its operating point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from carbonctl.estimate.work import DlrmWork

T = TypeVar("T")


@dataclass(frozen=True, eq=False, repr=False)
class Fleet(Generic[T]):
    """How much comes in, and how the fleet is provisioned for it."""

    rate_per_hour: T
    period_hours: T
    cache_hit_share: T
    busy_share: T
    peak_to_mean: T
    idle_power_share: T
    host_share: T
    psu_efficiency: T


@dataclass(frozen=True, eq=False, repr=False)
class Decoder(Generic[T]):
    """A language model at its operating point on one replica."""

    prompt_tokens: T
    output_tokens: T
    output_cv: T
    total_params: T
    active_params: T
    layers: T
    hidden_size: T
    heads: T
    kv_heads: T
    head_dim: T
    experts: T | None
    experts_per_token: T | None
    weight_bytes: T
    kv_bytes: T
    batch: T
    device_memory_gb: T
    memory_share: T
    bandwidth_gb_per_s: T
    peak_flop_per_s: T
    link_gb_per_s: T
    tdp_w: T
    resident_power_w: T | None
    busy_power_w: T | None
    energy_j_per_flop: T | None
    energy_j_per_gb: T | None
    resident_power_share: T
    busy_power_share: T
    flop_power_ratio: T
    byte_power_ratio: T
    weight_efficiency: T
    kv_efficiency: T
    matmul_efficiency: T
    expert_overhead: T
    layer_launch_s: T
    sequence_overhead_s: T
    communication_factor: T
    energy_residual: T


@dataclass(frozen=True, eq=False, repr=False)
class Throughput(Generic[T]):
    """A language service whose throughput is known."""

    output_tokens: T
    accelerators: T
    throughput_per_hour: T
    tdp_w: T
    device_power_share: T


@dataclass(frozen=True, eq=False, repr=False)
class Diffusion(Generic[T]):
    """An image or video model at its operating point."""

    steps: T
    guidance_passes: T
    width: T
    height: T
    frames: T
    latent_frames: T
    token_edge: T | None
    params_per_token: T | None
    layers: T | None
    hidden_size: T | None
    reference_flop: T | None
    reference_pixels: T | None
    decoder_pixel_flop: T
    text_encoder_params: T | None
    text_tokens: T | None
    peak_flop_per_s: T
    compute_efficiency: T
    tdp_w: T
    device_power_share: T
    energy_residual: T


@dataclass(frozen=True, eq=False, repr=False)
class Ranking(Generic[T]):
    """A recommendation service on whole servers or accelerators."""

    work: DlrmWork[T]
    device_memory_gb: T
    memory_share: T
    idle_power_w: T
    loaded_power_w: T
    energy_residual: T


@dataclass(frozen=True, eq=False, repr=False)
class Serving(Generic[T]):
    """A service: its load and fleet, and one model."""

    fleet: Fleet[T]
    model: Decoder[T] | Throughput[T] | Diffusion[T] | Ranking[T]
