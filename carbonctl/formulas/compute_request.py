"""What one request holds: words, media, hidden reasoning, and what a cache spares it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="1", equation="L_out = L_a + L_r", source="carbonctl-serving-model")
def output_tokens(*, answer_tokens: Num, reasoning_tokens: Num) -> Num:
    """Tokens that a model writes for a request: those of its reasoning are written like all others.

    Parameters
    ----------
    answer_tokens, reasoning_tokens
        Mean tokens of the answer, and of the reasoning before it. [1]

    Examples
    --------
    >>> output_tokens(answer_tokens=500.0, reasoning_tokens=4_000.0)
    4500.0
    """
    return answer_tokens + reasoning_tokens


@formula(unit="1", equation="L_in = sum(L_i)", source="carbonctl-serving-model")
def prompt_tokens(*, parts_tokens: tuple[Num, ...]) -> Num:
    """Tokens of a prompt: those of its words, and those that its images, video and sound become.

    Parameters
    ----------
    parts_tokens
        Mean tokens of each. [1]

    Examples
    --------
    >>> prompt_tokens(parts_tokens=(100.0, 256.0))
    356.0
    """
    return sum(parts_tokens[1:], start=parts_tokens[0])


@formula(unit="1", equation="L_c = L_in * (1 - c)", source="carbonctl-serving-model")
def prompt_tokens_by_cache(*, prompt_tokens: Num, prompt_cache_share: Num) -> Num:
    """Tokens of a prompt that are computed; the others are in a prefix cache.

    Parameters
    ----------
    prompt_tokens
        Mean tokens of a prompt. [1]
    prompt_cache_share
        Share of them found in the cache. [1]

    Examples
    --------
    >>> prompt_tokens_by_cache(prompt_tokens=1_000.0, prompt_cache_share=0.75)
    250.0
    """
    return prompt_tokens * (1.0 - prompt_cache_share)


@formula(
    unit="FLOP",
    equation="F = F_0 + B * 4*L*h*d * L_c * (L_in - L_c) / L_out",
    source="carbonctl-serving-model",
)
def step_flop_by_prompt_cache(
    *,
    step_flop: Num,
    layers: Num,
    heads: Num,
    head_dim: Num,
    prompt_tokens: Num,
    computed_tokens: Num,
    output_tokens: Num,
    batch: Num,
) -> Num:
    """Work of one decode step whose prompts look back at a cached prefix.

    Parameters
    ----------
    step_flop
        With prompts of the computed tokens alone. [FLOP]
    layers, heads, head_dim
        Shape of the attention. [1]
    prompt_tokens, computed_tokens
        Mean tokens of a prompt, and those not in the cache. [1]
    output_tokens
        Mean tokens of an answer. [1] > 0
    batch
        Sequences decoded together. [1]

    Examples
    --------
    >>> step_flop_by_prompt_cache(step_flop=1e9, layers=1.0, heads=1.0, head_dim=1.0,
    ...     prompt_tokens=30.0, computed_tokens=10.0, output_tokens=8.0, batch=1.0)
    1000000100.0
    """
    looked = computed_tokens * (prompt_tokens - computed_tokens) / output_tokens
    return step_flop + batch * 4.0 * layers * heads * head_dim * looked


@formula(unit="J/FLOP", equation="e = e_0 * p", source="carbonctl-serving-model")
def packed_energy_j_per_flop(*, energy_j_per_flop: Num, packed_energy_share: Num) -> Num:
    """Energy of an operation in 8 bits.

    Parameters
    ----------
    energy_j_per_flop
        Energy of an operation in 16 bits. [J/FLOP]
    packed_energy_share
        Energy in 8 bits over that. [1]

    Examples
    --------
    >>> packed_energy_j_per_flop(energy_j_per_flop=4e-12, packed_energy_share=0.5)
    2e-12
    """
    return energy_j_per_flop * packed_energy_share
