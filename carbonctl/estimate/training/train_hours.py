"""From the work of training to device-hours, one architecture a function."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from carbonctl.formulas import language_model_work as compute_llm
from carbonctl.formulas.training import rollout_work as compute_rollouts
from carbonctl.formulas.training import training_priors, training_time
from carbonctl.formulas.training import transformer_work as compute_training

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.types import Num
    from carbonctl.estimate.training.sample_inputs import SampleWork
    from carbonctl.estimate.training.work_inputs import Attention, LlmWork, Rollouts

    Work = TypeVar("Work", LlmWork[Any], SampleWork[Any])


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


def llm_hours(work: LlmWork[Num]) -> Num:
    """Billed device-hours of work on text, with the unpacking of weights stored in 4 bits."""
    hours = hours_by_utilization(work, llm_flop(work), billed_mfu)
    if work.unpacking_factor is None:
        return hours
    return training_priors.accelerator_hours_by_unpacking(
        modeled_hours=hours, unpacking_factor=work.unpacking_factor
    )


def hours_by_utilization(work: Work, train_flop: Num, billed_mfu: Callable[[Work], Num]) -> Num:
    """Device-hours of model work, by steady utilization and goodput or by the billed one."""
    if work.mfu is not None and work.goodput is not None:
        return training_time.accelerator_hours_from_flop(
            train_flop=train_flop,
            peak_flop_per_s=work.peak_flop_per_s,
            mfu=work.mfu,
            goodput=work.goodput,
        )
    return training_time.accelerator_hours_from_flop_by_billed_mfu(
        train_flop=train_flop, peak_flop_per_s=work.peak_flop_per_s, billed_mfu=billed_mfu(work)
    )


def billed_mfu(work: LlmWork[Num]) -> Num:
    """Utilization per billed hour: as given, else as expected of a model of this size."""
    if work.mfu_by_size is not None:
        return training_priors.billed_mfu_by_size(
            token_flop=_token_flop(work),
            peak_flop_per_s=work.peak_flop_per_s,
            saturated_mfu=work.mfu_by_size.saturated_mfu,
            token_overhead_s=work.mfu_by_size.token_overhead_s,
        )
    assert work.billed_mfu is not None  # noqa: S101 - resolve gives one of the three
    return work.billed_mfu


def usual_mfu(work: LlmWork[Num]) -> Num:
    """Utilization per billed hour that is expected of work, steady or billed."""
    if work.mfu is not None and work.goodput is not None:
        return training_time.billed_mfu_by_goodput(mfu=work.mfu, goodput=work.goodput)
    return billed_mfu(work)


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
        generation_hours=generation, update_hours=llm_hours(replace(work, train_tokens=tokens))
    )
