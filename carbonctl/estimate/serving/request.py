"""All tokens of a request, and the decode rounds of its answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from carbonctl.core.formula import part
from carbonctl.estimate.serving.decode_step import (
    Work,
    decode_step,
    mean_context,
    step_from_work,
    step_work,
)
from carbonctl.formulas.serving import request_work, speculation

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.serving.decode_step import Step
    from carbonctl.estimate.serving.service import Decoder, Speculation, Throughput

    Writer = TypeVar("Writer", Decoder[Any], Throughput[Any])


class DecodeRound(NamedTuple):
    """Time, energy and gained tokens of one decode round of a replica."""

    seconds: Num
    energy_j: Num
    replica_accelerators: Num
    gained_tokens: Num


def include_reasoning_and_media(m: Decoder[Num]) -> Decoder[Num]:
    """The same model, with reasoning in its output tokens and media in its prompt tokens."""
    m = include_reasoning(m)
    if not m.media_tokens:
        return m
    prompt = request_work.prompt_tokens(parts_tokens=(m.prompt_tokens, *m.media_tokens))
    return replace(m, prompt_tokens=prompt, media_tokens=())


def include_reasoning(m: Writer) -> Writer:
    """The same model, with reasoning in its output tokens."""
    if m.reasoning_tokens is None:
        return m
    written = request_work.output_tokens(
        answer_tokens=m.output_tokens, reasoning_tokens=m.reasoning_tokens
    )
    return replace(m, output_tokens=written, reasoning_tokens=None)


def decode_round(m: Decoder[Num]) -> DecodeRound:
    """One decode step, or one round of speculative decoding (draft and verify)."""
    if m.speculation is None:
        return DecodeRound(*decode_step(m), m.batch)
    drafted = m.speculation
    gained = speculation.accepted_tokens(
        acceptance=drafted.acceptance, draft_tokens=drafted.draft_tokens
    )
    with part("verify"):
        verified = _verify_step(m, drafted, gained)
    with part("draft"):
        draft = _draft_step(m, drafted, gained, verified.replica_accelerators)
    return DecodeRound(
        speculation.step_s_by_drafting(
            draft_tokens=drafted.draft_tokens, draft_s=draft.seconds, verify_s=verified.seconds
        ),
        speculation.step_energy_j_by_drafting(
            draft_tokens=drafted.draft_tokens, draft_j=draft.energy_j, verify_j=verified.energy_j
        ),
        verified.replica_accelerators,
        speculation.gained_tokens(batch=m.batch, accepted_tokens=gained),
    )


def _verify_step(m: Decoder[Num], drafted: Speculation[Num], gained: Num) -> Step:
    """Step in which the large model verifies all drafted tokens; each KV cache is read once."""
    plain = step_work(m)
    wide = replace(
        m,
        batch=speculation.verified_batch(batch=m.batch, draft_tokens=drafted.draft_tokens),
        output_tokens=speculation.output_tokens_by_verifying(
            output_tokens=m.output_tokens,
            draft_tokens=drafted.draft_tokens,
            accepted_tokens=gained,
        ),
        replica_accelerators=plain.replica_accelerators,
    )
    work = step_work(wide, mean_context(m))
    return step_from_work(
        wide, Work(work.weight_read_gb, plain.kv_gb, work.flop, plain.replica_accelerators)
    )


def _draft_step(m: Decoder[Num], drafted: Speculation[Num], gained: Num, devices: Num) -> Step:
    """One step of the draft model, on all devices of the large one."""
    small = replace(
        drafted.draft,
        batch=m.batch,
        prompt_tokens=m.prompt_tokens,
        output_tokens=speculation.output_tokens_by_drafting(
            output_tokens=m.output_tokens,
            draft_tokens=drafted.draft_tokens,
            accepted_tokens=gained,
        ),
        replica_accelerators=devices,
    )
    return step_from_work(small, step_work(small, mean_context(m)))
