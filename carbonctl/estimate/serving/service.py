"""Inputs of a service: load, fleet, and model with its operating point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from carbonctl.core.record import record

if TYPE_CHECKING:
    from carbonctl.estimate.training.sample_inputs import (
        ImageSample,
        SpeechSample,
        StatedWork,
        TextSample,
    )
    from carbonctl.estimate.training.work_inputs import DlrmWork
    from carbonctl.plan.operating_point import Limits

T = TypeVar("T")


@record
class Host(Generic[T]):
    """Power of servers around their boards: a factor, or watts of a server and a factor a board."""

    factor: T
    server_base_power_w: T | None = None
    accelerators_per_machine: T | None = None


@record
class Fleet(Generic[T]):
    """Load of a service, and how its fleet is provisioned."""

    rate_per_hour: T
    period_hours: T
    cache_hit_share: T
    busy_share: T
    peak_to_mean: T
    idle_power_share: T
    host: Host[T]
    day_hours: T
    switched_off_share: T | None = None
    fleet_share: T | None = None
    accelerators: T | None = None


@record
class Board(Generic[T]):
    """What serving needs of one accelerator: memory, bandwidth, peak, links, power.

    The base of busy power is idle power times ``resident_factor``; so is what a board draws while
    no requests come, where ``parked_power_w`` is not known.
    """

    memory_gb: T
    bandwidth_gb_per_s: T
    peak_flop_per_s: T
    link_gb_per_s: T
    tdp_w: T
    idle_power_w: T
    resident_factor: T
    parked_power_w: T | None = None


@record
class Links(Generic[T]):
    """How devices of a replica exchange: in domains of fast links, and over the network."""

    linked_accelerators: T
    network_gb_per_s: T
    network_efficiency: T
    activation_bytes: T
    dispatch_bytes: T
    domains_per_token: T


@record
class Product(Generic[T]):
    """Matrix products in one number format: peak, share of it reached, energy of an operation."""

    peak_flop_per_s: T
    efficiency: T
    energy_share: T


@record
class Formats(Generic[T]):
    """Products of each kind of kernel, in the number format that it computes in."""

    shared: Product[T]
    prompt_attention: Product[T]
    decode_attention: Product[T]
    experts: Product[T] | None = None


@record
class Attention(Generic[T]):
    """Attention of a decoder: heads, windows, KV cache, and state of other layers."""

    layers: T
    heads: T
    head_dim: T
    kv_heads: T | None
    full_layers: T | None = None
    window_tokens: T | None = None
    latent_rank: T | None = None
    rope_dim: T | None = None
    key_dim: T | None = None
    value_dim: T | None = None
    state_elements: T | None = None
    state_bytes: T | None = None


@record
class Moe(Generic[T]):
    """Routed experts of an MoE model, how they are spread, and what their products waste.

    ``expert_params`` is of one expert in all layers, where its matrices are known. Whole experts
    are spread over ``expert_parallel`` devices; 1 where each device has a slice of all.
    """

    experts: T
    experts_per_token: T
    layers: T
    width: T
    shared_weight_bytes: T
    launch_s: T
    dispatch_latency_s: T
    tile_rows: T
    product_overhead: T
    lost_width: T
    uneven_routing: T
    expert_parallel: T
    expert_params: T | None = None


@record
class Runtime(Generic[T]):
    """Efficiencies and overheads of a serving runtime, and energy per FLOP and per GB."""

    weight_efficiency: T
    kv_efficiency: T
    kernel_quality: T
    layer_launch_s: T
    sequence_overhead_s: T
    request_overhead_s: T
    exchange_latency_s: T
    exchange_efficiency: T
    exchange_overlap: T
    pipeline_bubble: T
    energy_j_per_flop: T
    energy_j_per_gb: T


@record
class Prefill(Generic[T]):
    """How prompts are computed: whole, in chunks, or in chunks on devices of their own."""

    mode: Literal["unchunked", "chunked", "disaggregated"]
    chunk_limit_tokens: T


@record
class MeasuredThroughput(Generic[T]):
    """A measured throughput, and the number of devices that reach it together."""

    throughput_per_hour: T
    accelerators: T


@record
class Speculation(Generic[T]):
    """Speculative decoding: a draft model on the same devices, and its acceptance rate."""

    draft: Decoder[T]
    draft_tokens: T
    acceptance: T


class ServedModel(Generic[T]):
    """A served model of any kind; ``service_kinds`` has what the estimate does with it."""


@record
class Decoder(ServedModel[T]):
    """A language model on one replica; with ``limits`` its operating point is not yet chosen.

    ``reasoning_tokens`` are added to output tokens, ``media_tokens`` to prompt tokens. With
    ``has_ranks`` it is stated that ``data_parallel`` ranks share the experts of a replica.
    """

    prompt_tokens: T
    output_tokens: T
    output_cv: T
    total_params: T
    active_params: T
    hidden_size: T
    attention: Attention[T]
    weight_bytes: T
    kv_bytes: T
    batch: T
    memory_share: T
    cache_share: T
    board: Board[T]
    links: Links[T]
    formats: Formats[T]
    runtime: Runtime[T]
    prefill: Prefill[T]
    energy_residual: T
    data_parallel: T
    has_ranks: bool = False
    lookup_params: T | None = None
    moe: Moe[T] | None = None
    tensor_parallel: T | None = None
    replica_accelerators: T | None = None
    reasoning_tokens: T | None = None
    media_tokens: tuple[T, ...] = ()
    media_residual: T | None = None
    prompt_cache_share: T | None = None
    speculation: Speculation[T] | None = None
    measured: MeasuredThroughput[T] | None = None
    limits: Limits[T] | None = None


@record
class Throughput(ServedModel[T]):
    """A language service with a measured throughput and an unknown batch."""

    output_tokens: T
    accelerators: T
    throughput_per_hour: T
    tdp_w: T
    device_power_share: T
    reasoning_tokens: T | None = None


@record
class DiffusionRuntime(Generic[T]):
    """Efficiencies and overheads of a diffusion runtime, and energy per FLOP."""

    sustained_j_per_flop: T
    matmul_efficiency: T
    layer_launch_s: T
    exchange_latency_s: T
    communication_factor: T
    decoder_overhead: T
    energy_j_per_flop: T
    activation_bytes: T | None = None


@record
class Diffusion(ServedModel[T]):
    """An image or video model at its operating point on one replica.

    Work of one pass: published and scaled (``reference_flop``), from latent tokens
    (``token_edge``), or from parameters (``unet_share``).
    """

    steps: T
    guidance_passes: T
    width: T
    height: T
    frames: T
    latent_frames: T
    layers: T
    decoder_pixel_flop: T
    batch: T
    replica_accelerators: T
    board: Board[T]
    runtime: DiffusionRuntime[T]
    energy_residual: T
    token_edge: T | None = None
    params_per_token: T | None = None
    hidden_size: T | None = None
    reference_flop: T | None = None
    reference_pixels: T | None = None
    unet_params: T | None = None
    unet_share: T | None = None
    text_encoder_params: T | None = None
    text_tokens: T | None = None
    frames_per_second: T | None = None


@record
class EncoderSample(Generic[T]):
    """One sample of an encoder (vision, speech, embeddings) on a device."""

    unit_flop: T
    board: Board[T]
    compute_efficiency: T
    energy_j_per_flop: T
    devices: T | None = None


@record
class Encoder(ServedModel[T]):
    """A service of an encoder model, which does not generate, sample by sample."""

    sample: ImageSample[T] | SpeechSample[T] | StatedWork[T] | TextSample[T]
    board: Board[T]
    queue_efficiency: T
    served_share: T
    energy_j_per_flop: T
    energy_residual: T
    devices: T
    packed_energy_share: T | None = None


@record
class Ranking(ServedModel[T]):
    """A recommendation service on whole servers or accelerators."""

    work: DlrmWork[T]
    device_memory_gb: T
    memory_share: T
    idle_power_w: T
    loaded_power_w: T
    energy_residual: T


@record
class Serving(Generic[T]):
    """A service: its load and fleet, and one model."""

    fleet: Fleet[T]
    model: ServedModel[T]
