"""Work of training by architecture, as records of facts or of numbers."""

from __future__ import annotations

from typing import Generic, TypeVar

from carbonctl.core.record import record

T = TypeVar("T")


@record
class MfuBySize(Generic[T]):
    """What large models reach on an architecture, and what holds small ones up."""

    saturated_mfu: T
    token_overhead_s: T


@record
class Utilization(Generic[T]):
    """Peak of a device, and how it is reached: billed, steady with goodput, or by size."""

    peak_flop_per_s: T
    billed_mfu: T | None
    mfu: T | None
    goodput: T | None
    by_size: MfuBySize[T] | None = None


@record
class StrongScaling(Generic[T]):
    """A job of fixed size on a number of devices, and what spreading it costs."""

    accelerators: T
    accelerators_per_machine: T
    scaling_exponent: T


@record
class Attention(Generic[T]):
    """Attention of a transformer over its training context; a window where it has one."""

    layers: T
    heads: T
    head_dim: T
    context_tokens: T
    both_sides: bool = False
    window_tokens: T | None = None
    full_layer_share: T | None = None


@record
class Vocabulary(Generic[T]):
    """The tables at both ends of a language model."""

    vocabulary: T
    hidden_size: T
    embedding_tables: T


@record
class EncoderDecoder(Generic[T]):
    """A model in two halves that see different tokens."""

    encoder_share: T
    input_tokens: T
    target_tokens: T


@record
class LlmWork(Generic[T]):
    """Training work of a language model."""

    active_params: T
    train_tokens: T
    peak_flop_per_s: T
    billed_mfu: T | None
    mfu: T | None
    goodput: T | None
    vocabulary: Vocabulary[T] | None = None
    attention: Attention[T] | None = None
    halves: EncoderDecoder[T] | None = None
    adapter_params: T | None = None
    forward_params: tuple[T, ...] = ()
    also_trained: tuple[T, ...] = ()
    mfu_by_size: MfuBySize[T] | None = None
    unpacking_factor: T | None = None


@record
class Rollouts(Generic[T]):
    """Answers that a model generates and then learns from."""

    prompts: T
    group_size: T
    tokens_per_rollout: T
    rollout_per_hour: T
    accelerators: T


@record
class DlrmWork(Generic[T]):
    """Work of a recommendation model, per sample or item."""

    dense_params: T
    tables: T
    table_rows: T
    lookups: T
    embedding_dim: T
    embedding_bytes: T
    compute_passes: T
    memory_passes: T
    peak_flop_per_s: T
    matmul_efficiency: T
    bandwidth_gb_per_s: T
    gather_efficiency: T
    exchange: Exchange[T] | None = None


@record
class Exchange(Generic[T]):
    """What the devices of a recommendation model wait for outside themselves."""

    accelerators: T | None  # None: as many as hold one copy of the tables
    linked_accelerators: T  # devices of one machine
    link_gb_per_s: T  # inside a machine, one way
    network_gb_per_s: T  # between machines
    exchange_passes: T
    exchange_efficiency: T
    reader_per_hour: T | None


@record
class Federated(Generic[T]):
    """Learning on users' own devices."""

    devices: T
    training_hours: T
    device_w: T
    communication_hours: T
    router_w: T
