"""Memory of a training run: model state and activations, and the devices that hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from carbonctl.core.record import record
from carbonctl.formulas.training import training_memory

if TYPE_CHECKING:
    from carbonctl.core.types import Num

T = TypeVar("T")


@record
class Activations(Generic[T]):
    """Activations of a transformer for the backward pass; attention scores where stored."""

    layers: T
    hidden_size: T
    context_tokens: T
    micro_batch: T
    activation_bytes: T
    heads: T | None = None
    score_bytes: T | None = None


@record
class Tables(Generic[T]):
    """Embedding tables of a recommendation model."""

    tables: T
    table_rows: T
    embedding_dim: T
    embedding_bytes: T


@record
class TrainingMemory(Generic[T]):
    """What training stores in the memory of its devices."""

    device_memory_gb: T
    memory_share: T
    state_bytes: T
    total_params: T | None = None
    adapter_params: T | None = None
    frozen_bytes: T | None = None
    tables: Tables[T] | None = None
    activations: Activations[T] | None = None
    reference_params: T | None = None
    reward_params: T | None = None
    critic_params: T | None = None


def minimum_accelerators(memory: TrainingMemory[Num]) -> Num:
    """Devices that hold weights, gradients, optimizer state and, where known, activations."""
    if memory.activations is not None:
        return training_memory.minimum_accelerators_by_activations(
            state_gb=state_gb(memory),
            activation_gb=_activation_gb(memory.activations),
            device_memory_gb=memory.device_memory_gb,
            memory_share=memory.memory_share,
        )
    return training_memory.minimum_accelerators(
        state_gb=state_gb(memory),
        device_memory_gb=memory.device_memory_gb,
        memory_share=memory.memory_share,
    )


def _activation_gb(a: Activations[Num]) -> Num:
    if a.heads is not None and a.score_bytes is not None:
        return training_memory.activation_gb_by_stored_scores(
            layers=a.layers,
            context_tokens=a.context_tokens,
            micro_batch=a.micro_batch,
            hidden_size=a.hidden_size,
            activation_bytes=a.activation_bytes,
            heads=a.heads,
            score_bytes=a.score_bytes,
        )
    return training_memory.activation_gb(
        layers=a.layers,
        context_tokens=a.context_tokens,
        micro_batch=a.micro_batch,
        hidden_size=a.hidden_size,
        activation_bytes=a.activation_bytes,
    )


def state_gb(memory: TrainingMemory[Num]) -> Num:
    """Weights, gradients and optimizer state of a run and its auxiliary models [GB]."""
    tables, total = memory.tables, memory.total_params
    if tables is not None:
        return training_memory.state_gb_by_tables(
            tables=tables.tables,
            table_rows=tables.table_rows,
            embedding_dim=tables.embedding_dim,
            embedding_bytes=tables.embedding_bytes,
            row_state_bytes=memory.state_bytes,
        )
    assert total is not None  # noqa: S101 - resolve gives tables or parameters
    if memory.adapter_params is not None and memory.frozen_bytes is not None:
        return training_memory.state_gb_by_adapters(
            total_params=total,
            frozen_bytes=memory.frozen_bytes,
            adapter_params=memory.adapter_params,
            state_bytes=memory.state_bytes,
        )
    return _full_state_gb(memory, total)


def _full_state_gb(memory: TrainingMemory[Num], total: Num) -> Num:
    """State of a fully trained model and of its auxiliary models (reference, reward, critic)."""
    reference, reward, critic = memory.reference_params, memory.reward_params, memory.critic_params
    if reference is None or memory.frozen_bytes is None:
        return training_memory.state_gb(total_params=total, state_bytes=memory.state_bytes)
    if reward is None or critic is None:
        return training_memory.state_gb_by_reference(
            total_params=total,
            state_bytes=memory.state_bytes,
            reference_params=reference,
            frozen_bytes=memory.frozen_bytes,
        )
    return training_memory.state_gb_by_critic(
        total_params=total,
        critic_params=critic,
        state_bytes=memory.state_bytes,
        reference_params=reference,
        reward_params=reward,
        frozen_bytes=memory.frozen_bytes,
    )
