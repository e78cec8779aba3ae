"""Speculative decoding: a draft model drafts tokens, the large model verifies them in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(
    unit="1", equation="a = (1 - r^(g+1)) / (1 - r)", source="leviathan-2023-speculative"
)  # fmt: skip
def accepted_tokens(*, acceptance: Num, draft_tokens: Num) -> Num:
    """Tokens that a sequence gains per round, with the one that the large model adds.

    Parameters
    ----------
    acceptance
        Probability that a drafted token is accepted. [1] below 1
    draft_tokens
        Tokens drafted in a round. [1]

    References
    ----------
    Leviathan et al., arXiv 2211.17192, equation 1.

    Examples
    --------
    >>> accepted_tokens(acceptance=0.5, draft_tokens=1.0)
    1.5
    """
    return (1.0 - acceptance ** (draft_tokens + 1.0)) / (1.0 - acceptance)


@formula(unit="1", equation="B_v = B * (g + 1)", source="leviathan-2023-speculative")
def verified_batch(*, batch: Num, draft_tokens: Num) -> Num:
    """Tokens that the large model verifies in one step.

    Parameters
    ----------
    batch
        Sequences decoded together. [1]
    draft_tokens
        Tokens drafted in a round. [1]

    Examples
    --------
    >>> verified_batch(batch=8.0, draft_tokens=3.0)
    32.0
    """
    return batch * (draft_tokens + 1.0)


@formula(unit="1", equation="L_v = L_out * (g + 1) / a", source="leviathan-2023-speculative")
def output_tokens_by_verifying(
    *, output_tokens: Num, draft_tokens: Num, accepted_tokens: Num
) -> Num:
    """Tokens that the large model computes per answer, with rejected ones.

    Parameters
    ----------
    output_tokens
        Mean tokens of an answer. [1]
    draft_tokens
        Tokens drafted in a round. [1]
    accepted_tokens
        Tokens that the sequence gains in it. [1]

    Examples
    --------
    >>> output_tokens_by_verifying(output_tokens=300.0, draft_tokens=3.0, accepted_tokens=2.5)
    480.0
    """
    return output_tokens * (draft_tokens + 1.0) / accepted_tokens


@formula(unit="1", equation="L_d = L_out * g / a", source="leviathan-2023-speculative")
def output_tokens_by_drafting(
    *, output_tokens: Num, draft_tokens: Num, accepted_tokens: Num
) -> Num:
    """Tokens that the draft model computes per answer.

    Parameters
    ----------
    output_tokens
        Mean tokens of an answer. [1]
    draft_tokens
        Tokens drafted in a round. [1]
    accepted_tokens
        Tokens that the sequence gains in it. [1]

    Examples
    --------
    >>> output_tokens_by_drafting(output_tokens=300.0, draft_tokens=3.0, accepted_tokens=2.5)
    360.0
    """
    return output_tokens * draft_tokens / accepted_tokens


@formula(unit="s", equation="t = g * t_draft + t_verify", source="leviathan-2023-speculative")
def step_s_by_drafting(*, draft_tokens: Num, draft_s: Num, verify_s: Num) -> Num:
    """Time of one round of speculative decoding.

    Parameters
    ----------
    draft_tokens, draft_s
        Steps of the small model, and time of one. [1], [s]
    verify_s
        Time of the step of the large model. [s]

    Examples
    --------
    >>> step_s_by_drafting(draft_tokens=4.0, draft_s=0.002, verify_s=0.012)
    0.02
    """
    return draft_tokens * draft_s + verify_s


@formula(unit="J", equation="E = g * E_draft + E_verify", source="leviathan-2023-speculative")
def step_energy_j_by_drafting(*, draft_tokens: Num, draft_j: Num, verify_j: Num) -> Num:
    """Accelerator energy of one round of speculative decoding.

    Parameters
    ----------
    draft_tokens, draft_j
        Steps of the small model, and energy of one. [1], [J]
    verify_j
        Energy of the step of the large model. [J]

    Examples
    --------
    >>> step_energy_j_by_drafting(draft_tokens=4.0, draft_j=2.0, verify_j=12.0)
    20.0
    """
    return draft_tokens * draft_j + verify_j


@formula(unit="1", equation="T = B * a", source="leviathan-2023-speculative")
def gained_tokens(*, batch: Num, accepted_tokens: Num) -> Num:
    """Tokens that all sequences gain per round.

    Parameters
    ----------
    batch
        Sequences decoded together. [1]
    accepted_tokens
        Tokens that one gains. [1]

    Examples
    --------
    >>> gained_tokens(batch=8.0, accepted_tokens=2.5)
    20.0
    """
    return batch * accepted_tokens
