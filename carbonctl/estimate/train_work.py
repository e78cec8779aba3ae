"""From the work of training to device-hours, one architecture a function."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.work import LlmWork
from carbonctl.formulas import (
    compute_llm,
    compute_rollouts,
    compute_training,
    training_memory,
    training_priors,
    training_time,
)

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.samples import SampleWork
    from carbonctl.estimate.work import Activations, Attention, Memory, Rollouts


def llm_flop(work: LlmWork[Num]) -> Num:
    """Model work of training a language model: as many parts as its shape is known for."""
    parts = [*_weight_parts(work)]
    if work.attention is not None:
        parts.append(_attention_flop(work.attention, work.train_tokens))
    tokens = work.train_tokens
    parts += [
        compute_training.weight_flop(nonembedding_params=params, train_tokens=tokens)
        for params in work.also_trained
    ]
    parts += [
        compute_training.forward_flop(forward_params=params, train_tokens=tokens)
        for params in work.forward_params
    ]
    if len(parts) == 1:
        return parts[0]
    return compute_training.train_flop_from_parts(parts_flop=tuple(parts))


def _weight_parts(work: LlmWork[Num]) -> tuple[Num, ...]:
    """Work of the matrices: of both halves, of adapters, with logits apart, or 6ND alone."""
    tokens, halves, words = work.train_tokens, work.halves, work.vocabulary
    if halves is not None:
        flop = compute_training.train_flop_by_encoder_decoder(
            total_params=work.active_params,
            encoder_share=halves.encoder_share,
            input_tokens=halves.input_tokens,
            target_tokens=halves.target_tokens,
        )
        return (flop,)
    if work.adapter_params is not None:
        flop = compute_training.weight_flop_by_adapters(
            active_params=work.active_params,
            adapter_params=work.adapter_params,
            train_tokens=tokens,
        )
        return (flop,)
    if words is None:
        return (compute_llm.train_flop(active_params=work.active_params, train_tokens=tokens),)
    inner = compute_training.nonembedding_params(
        active_params=work.active_params,
        vocabulary=words.vocabulary,
        hidden_size=words.hidden_size,
        embedding_tables=words.embedding_tables,
    )
    return (
        compute_training.weight_flop(nonembedding_params=inner, train_tokens=tokens),
        compute_training.logit_flop(
            vocabulary=words.vocabulary, hidden_size=words.hidden_size, train_tokens=tokens
        ),
    )


def _attention_flop(a: Attention[Num], tokens: Num) -> Num:
    if a.window_tokens is not None and a.full_layer_share is not None:
        seen = compute_training.attended_tokens_by_window(
            context_tokens=a.context_tokens,
            window_tokens=a.window_tokens,
            full_layer_share=a.full_layer_share,
        )
    elif a.both_sides:
        seen = compute_training.attended_tokens_by_both_sides(context_tokens=a.context_tokens)
    else:
        seen = compute_training.attended_tokens(context_tokens=a.context_tokens)
    return compute_training.attention_flop(
        layers=a.layers,
        heads=a.heads,
        head_dim=a.head_dim,
        attended_tokens=seen,
        train_tokens=tokens,
    )


def work_hours(work: LlmWork[Num] | SampleWork[Num]) -> Num:
    """Billed device-hours of work, with the unpacking of weights that are stored in 4 bits."""
    hours = _busy_hours(work)
    if not isinstance(work, LlmWork) or work.unpacking_factor is None:
        return hours
    return training_priors.accelerator_hours_by_unpacking(
        modeled_hours=hours, unpacking_factor=work.unpacking_factor
    )


def _busy_hours(work: LlmWork[Num] | SampleWork[Num]) -> Num:
    """Device-hours by steady utilization and goodput or by the billed one."""
    flop = work_flop(work)
    if work.mfu is not None and work.goodput is not None:
        return training_time.accelerator_hours_from_flop(
            train_flop=flop,
            peak_flop_per_s=work.peak_flop_per_s,
            mfu=work.mfu,
            goodput=work.goodput,
        )
    return training_time.accelerator_hours_from_flop_by_billed_mfu(
        train_flop=flop, peak_flop_per_s=work.peak_flop_per_s, billed_mfu=billed_mfu(work)
    )


def work_flop(work: LlmWork[Num] | SampleWork[Num]) -> Num:
    """Model work of training on text or on samples."""
    if isinstance(work, LlmWork):
        return llm_flop(work)
    from carbonctl.estimate.train_samples import sample_work_flop  # noqa: PLC0415 - if asked

    return sample_work_flop(work)


def billed_mfu(work: LlmWork[Num] | SampleWork[Num]) -> Num:
    """Utilization per billed hour: as given, else as expected of a model of this size."""
    if isinstance(work, LlmWork) and work.mfu_by_size is not None:
        return training_priors.billed_mfu_by_size(
            token_flop=_token_flop(work),
            peak_flop_per_s=work.peak_flop_per_s,
            saturated_mfu=work.mfu_by_size.saturated_mfu,
            token_overhead_s=work.mfu_by_size.token_overhead_s,
        )
    assert work.billed_mfu is not None  # noqa: S101 - resolve gives one of the three
    return work.billed_mfu


def _token_flop(work: LlmWork[Num]) -> Num:
    if work.halves is not None:
        return training_priors.token_flop_from_work(
            train_flop=llm_flop(work), train_tokens=work.train_tokens
        )
    return training_priors.token_flop(active_params=work.active_params)


def rollout_hours(work: LlmWork[Num], rollouts: Rollouts[Num]) -> Num:
    """Device-hours of generating answers, then of learning from them."""
    tokens = compute_rollouts.rollout_tokens(
        prompts=rollouts.prompts,
        group_size=rollouts.group_size,
        tokens_per_rollout=rollouts.tokens_per_rollout,
    )
    generation = compute_rollouts.accelerator_hours_from_rollouts(
        rollout_tokens=tokens,
        rollout_per_hour=rollouts.rollout_per_hour,
        accelerators=rollouts.accelerators,
    )
    return compute_rollouts.accelerator_hours_by_stages(
        generation_hours=generation, update_hours=work_hours(replace(work, train_tokens=tokens))
    )


def minimum_accelerators(memory: Memory[Num]) -> Num:
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


def state_gb(memory: Memory[Num]) -> Num:
    """Weights, gradients and optimizer state of a run, with models beside it, in GB."""
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
    return _whole_gb(memory, total)


def _whole_gb(memory: Memory[Num], total: Num) -> Num:
    """State of a model that is trained whole, and of the models beside it that must be held."""
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
