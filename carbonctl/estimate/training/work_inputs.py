"""Work of training by architecture, as records of facts or of numbers."""

from __future__ import annotations

from typing import Generic, TypeVar

from carbonctl.core.record import record

T = TypeVar("T")


@record
class MfuBySize(Generic[T]):
    """MFU of large models on an architecture, and the time overhead per token of small ones."""

    saturated_mfu: T
    token_overhead_s: T


@record
class Utilization(Generic[T]):
    """Peak of a device, and its MFU: over billed time, with goodput, or by model size."""

    peak_flop_per_s: T
    billed_mfu: T | None
    mfu: T | None
    goodput: T | None
    by_size: MfuBySize[T] | None = None


@record
class StrongScaling(Generic[T]):
    """Strong scaling of a job of fixed size over a number of devices."""

    accelerators: T
    accelerators_per_machine: T
    scaling_exponent: T


@record
class Attention(Generic[T]):
    """Attention of a transformer over its training context, with its window if any."""

    layers: T
    heads: T
    head_dim: T
    context_tokens: T
    is_bidirectional: bool = False
    window_tokens: T | None = None
    full_layer_share: T | None = None


@record
class Vocabulary(Generic[T]):
    """Input and output embedding tables of a language model."""

    vocabulary: T
    hidden_size: T
    embedding_tables: T


@record
class EncoderDecoder(Generic[T]):
    """Encoder and decoder of a model, which see different tokens."""

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
    encoder_decoder: EncoderDecoder[T] | None = None
    adapter_params: T | None = None
    forward_params: tuple[T, ...] = ()
    also_trained: tuple[T, ...] = ()
    mfu_by_size: MfuBySize[T] | None = None
    unpacking_factor: T | None = None


@record
class Rollouts(Generic[T]):
    """Rollouts: answers that a model generates and is then trained on."""

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
    exchange: AllToAll[T] | None = None


@record
class AllToAll(Generic[T]):
    """All-to-all between the devices of a recommendation model, and its data readers."""

    accelerators: T | None  # None: as many as hold one copy of the tables
    linked_accelerators: T  # devices of one machine
    link_gb_per_s: T  # inside a machine, one way
    network_gb_per_s: T  # between machines
    exchange_passes: T
    exchange_efficiency: T
    reader_per_hour: T | None


@record
class Federated(Generic[T]):
    """Federated training on users' devices."""

    devices: T
    training_hours: T
    device_w: T
    communication_hours: T
    router_w: T
