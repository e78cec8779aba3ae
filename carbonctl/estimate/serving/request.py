"""All tokens of a request, and the decode rounds of its answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from carbonctl.core.formula import part
from carbonctl.estimate.serving.decode_step import StepLoad, decode_step
from carbonctl.estimate.serving.sequence_context import mean_context
from carbonctl.formulas.serving import request_work, speculation

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.serving.decode_step import Step
    from carbonctl.estimate.serving.service import Decoder, Speculation, Throughput

    Writer = TypeVar("Writer", Decoder[Any], Throughput[Any])


class DecodeRound(NamedTuple):
    """Time, energy and gained tokens of one decode round of a replica.

    ``latency_s`` is without the time of prefill on devices of its own.
    """

    seconds: Num
    latency_s: Num
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
    seconds, latency = (
        speculation.step_s_by_drafting(
            draft_tokens=drafted.draft_tokens, draft_s=small, verify_s=large
        )
        for small, large in (
            (draft.seconds, verified.seconds),
            (draft.latency_s, verified.latency_s),
        )
    )
    return DecodeRound(
        seconds,
        latency,
        speculation.step_energy_j_by_drafting(
            draft_tokens=drafted.draft_tokens, draft_j=draft.energy_j, verify_j=verified.energy_j
        ),
        verified.replica_accelerators,
        speculation.gained_tokens(batch=m.batch, accepted_tokens=gained),
    )


def _verify_step(m: Decoder[Num], drafted: Speculation[Num], gained: Num) -> Step:
    """Step in which the large model verifies all drafted tokens; each KV cache is read once."""
    load = StepLoad(
        m.batch,
        speculation.verified_batch(batch=m.batch, draft_tokens=drafted.draft_tokens),
        speculation.output_tokens_by_verifying(
            output_tokens=m.output_tokens,
            draft_tokens=drafted.draft_tokens,
            accepted_tokens=gained,
        ),
        mean_context(m),
    )
    return decode_step(m, load)


def _draft_step(m: Decoder[Num], drafted: Speculation[Num], gained: Num, devices: Num) -> Step:
    """One step of the draft model, on all devices of the large one."""
    small = replace(
        drafted.draft,
        batch=m.batch,
        prompt_tokens=m.prompt_tokens,
        replica_accelerators=devices,
    )
    load = StepLoad(
        m.batch,
        m.batch,
        speculation.output_tokens_by_drafting(
            output_tokens=m.output_tokens,
            draft_tokens=drafted.draft_tokens,
            accepted_tokens=gained,
        ),
        mean_context(m),
    )
    return decode_step(small, load)
