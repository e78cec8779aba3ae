"""Device-hours from the work of training, by architecture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from carbonctl.formulas import language_model_work
from carbonctl.formulas.training import (
    rollout_work,
    training_priors,
    training_time,
    transformer_work,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.types import Num
    from carbonctl.estimate.training.sample_inputs import SampleWork
    from carbonctl.estimate.training.work_inputs import Attention, LlmWork, Rollouts

    Work = TypeVar("Work", LlmWork[Any], SampleWork[Any])


def llm_flop(work: LlmWork[Num]) -> Num:
    """Model FLOP of training a language model, in as many parts as its shape is known for."""
    parts = [*_weight_parts(work)]
    if work.attention is not None:
        parts.append(_attention_flop(work.attention, work.train_tokens))
    tokens = work.train_tokens
    parts += [
        transformer_work.weight_flop(nonembedding_params=params, train_tokens=tokens)
        for params in work.also_trained
    ]
    parts += [
        transformer_work.forward_flop(forward_params=params, train_tokens=tokens)
        for params in work.forward_params
    ]
    if len(parts) == 1:
        return parts[0]
    return transformer_work.train_flop_from_parts(parts_flop=tuple(parts))


def _weight_parts(work: LlmWork[Num]) -> tuple[Num, ...]:
    """FLOP of weights: of encoder and decoder, of adapters, with logits apart, or 6ND."""
    tokens, encoder_decoder, words = work.train_tokens, work.encoder_decoder, work.vocabulary
    if encoder_decoder is not None:
        flop = transformer_work.train_flop_by_encoder_decoder(
            total_params=work.active_params,
            encoder_share=encoder_decoder.encoder_share,
            input_tokens=encoder_decoder.input_tokens,
            target_tokens=encoder_decoder.target_tokens,
        )
        return (flop,)
    if work.adapter_params is not None:
        flop = transformer_work.weight_flop_by_adapters(
            active_params=work.active_params,
            adapter_params=work.adapter_params,
            train_tokens=tokens,
        )
        return (flop,)
    if words is None:
        return (
            language_model_work.train_flop(active_params=work.active_params, train_tokens=tokens),
        )
    inner = transformer_work.nonembedding_params(
        active_params=work.active_params,
        vocabulary=words.vocabulary,
        hidden_size=words.hidden_size,
        embedding_tables=words.embedding_tables,
    )
    return (
        transformer_work.weight_flop(nonembedding_params=inner, train_tokens=tokens),
        transformer_work.logit_flop(
            vocabulary=words.vocabulary, hidden_size=words.hidden_size, train_tokens=tokens
        ),
    )


def _attention_flop(a: Attention[Num], tokens: Num) -> Num:
    if a.window_tokens is not None and a.full_layer_share is not None:
        seen = transformer_work.attended_tokens_by_window(
            context_tokens=a.context_tokens,
            window_tokens=a.window_tokens,
            full_layer_share=a.full_layer_share,
        )
    elif a.is_bidirectional:
        seen = transformer_work.attended_tokens_by_both_sides(context_tokens=a.context_tokens)
    else:
        seen = transformer_work.attended_tokens(context_tokens=a.context_tokens)
    return transformer_work.attention_flop(
        layers=a.layers,
        heads=a.heads,
        head_dim=a.head_dim,
        attended_tokens=seen,
        train_tokens=tokens,
    )


def llm_hours(work: LlmWork[Num]) -> Num:
    """Billed device-hours of a language model, with unpacking of 4-bit weights."""
    hours = hours_by_utilization(work, llm_flop(work), billed_mfu)
    if work.unpacking_factor is None:
        return hours
    return training_priors.accelerator_hours_by_unpacking(
        modeled_hours=hours, unpacking_factor=work.unpacking_factor
    )


def hours_by_utilization(work: Work, train_flop: Num, billed_mfu: Callable[[Work], Num]) -> Num:
    """Device-hours of model work, by MFU and goodput, or by billed MFU."""
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
    """MFU over billed time: as stated, else as expected for this model size."""
    if work.mfu_by_size is not None:
        return training_priors.billed_mfu_by_size(
            token_flop=_token_flop(work),
            peak_flop_per_s=work.peak_flop_per_s,
            saturated_mfu=work.mfu_by_size.saturated_mfu,
            token_overhead_s=work.mfu_by_size.token_overhead_s,
        )
    assert work.billed_mfu is not None  # noqa: S101 - resolve gives one of the three
    return work.billed_mfu


def expected_mfu(work: LlmWork[Num]) -> Num:
    """Expected MFU over billed time, from MFU and goodput, or from billed MFU."""
    if work.mfu is not None and work.goodput is not None:
        return training_time.billed_mfu_by_goodput(mfu=work.mfu, goodput=work.goodput)
    return billed_mfu(work)


def _token_flop(work: LlmWork[Num]) -> Num:
    if work.encoder_decoder is not None:
        return training_priors.token_flop_from_work(
            train_flop=llm_flop(work), train_tokens=work.train_tokens
        )
    return training_priors.token_flop(active_params=work.active_params)


def rollout_hours(work: LlmWork[Num], rollouts: Rollouts[Num]) -> Num:
    """Device-hours of rollouts and of training on them."""
    tokens = rollout_work.rollout_tokens(
        prompts=rollouts.prompts,
        group_size=rollouts.group_size,
        tokens_per_rollout=rollouts.tokens_per_rollout,
    )
    generation = rollout_work.accelerator_hours_from_rollouts(
        rollout_tokens=tokens,
        rollout_per_hour=rollouts.rollout_per_hour,
        accelerators=rollouts.accelerators,
    )
    return rollout_work.accelerator_hours_by_stages(
        generation_hours=generation, update_hours=llm_hours(replace(work, train_tokens=tokens))
    )
