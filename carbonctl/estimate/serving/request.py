"""What a request holds in all, and how many steps its answer takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from carbonctl.core.formula import part
from carbonctl.estimate.serving.decode_step import (
    Work,
    decode_step,
    decode_work,
    mean_context,
    step_of,
)
from carbonctl.formulas.serving import request_work as compute_request
from carbonctl.formulas.serving import speculation

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.serving.decode_step import Step
    from carbonctl.estimate.serving.service import Decoder, Speculation, Throughput

    Writer = TypeVar("Writer", Decoder[Any], Throughput[Any])


class Round(NamedTuple):
    """Time and accelerator energy in which all sequences of a replica gain some tokens."""

    seconds: Num
    energy_j: Num
    replica_accelerators: Num
    gained_tokens: Num


def whole_request(m: Decoder[Num]) -> Decoder[Num]:
    """The same model, with reasoning among its output and media among its prompt."""
    m = whole_output(m)
    if not m.media_tokens:
        return m
    prompt = compute_request.prompt_tokens(parts_tokens=(m.prompt_tokens, *m.media_tokens))
    return replace(m, prompt_tokens=prompt, media_tokens=())


def whole_output(m: Writer) -> Writer:
    """The same model, with its reasoning among its output."""
    if m.reasoning_tokens is None:
        return m
    written = compute_request.output_tokens(
        answer_tokens=m.output_tokens, reasoning_tokens=m.reasoning_tokens
    )
    return replace(m, output_tokens=written, reasoning_tokens=None)


def decode_round(m: Decoder[Num]) -> Round:
    """A step in which each sequence gains a token, or a round of drafting and verifying."""
    if m.speculation is None:
        return Round(*decode_step(m), m.batch)
    drafted = m.speculation
    gained = speculation.accepted_tokens(
        acceptance=drafted.acceptance, draft_tokens=drafted.draft_tokens
    )
    with part("verify"):
        verified = _verified(m, drafted, gained)
    with part("draft"):
        draft = _drafted(m, drafted, gained, verified.replica_accelerators)
    return Round(
        speculation.step_s_by_drafting(
            draft_tokens=drafted.draft_tokens, draft_s=draft.seconds, verify_s=verified.seconds
        ),
        speculation.step_energy_j_by_drafting(
            draft_tokens=drafted.draft_tokens, draft_j=draft.energy_j, verify_j=verified.energy_j
        ),
        verified.replica_accelerators,
        speculation.gained_tokens(batch=m.batch, accepted_tokens=gained),
    )


def _verified(m: Decoder[Num], drafted: Speculation[Num], gained: Num) -> Step:
    """The large model looks at all drafted tokens in one step; it reads each cache once."""
    plain = decode_work(m)
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
    work = decode_work(wide, mean_context(m))
    return step_of(
        wide, Work(work.weight_read_gb, plain.kv_gb, work.flop, plain.replica_accelerators)
    )


def _drafted(m: Decoder[Num], drafted: Speculation[Num], gained: Num, devices: Num) -> Step:
    """One step of the small model, over all devices of the large one."""
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
    return step_of(small, decode_work(small, mean_context(m)))
