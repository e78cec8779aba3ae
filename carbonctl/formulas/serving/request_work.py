"""Tokens of one request: text, media, reasoning, and prompt cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="1", equation="L_out = L_a + L_r", source="carbonctl-serving-model")
def output_tokens(*, answer_tokens: Num, reasoning_tokens: Num) -> Num:
    """Output tokens of a request, with its reasoning tokens.

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
    """Prompt tokens of a request, with those of images, video and audio.

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


@formula(unit="1", equation="L = L_in + L_out", source="carbonctl-serving-model")
def final_tokens(*, prompt_tokens: Num, output_tokens: Num) -> Num:
    """Length of a request when its answer is complete.

    Parameters
    ----------
    prompt_tokens, output_tokens
        Mean tokens of a request. [1]

    Examples
    --------
    >>> final_tokens(prompt_tokens=500.0, output_tokens=300.0)
    800.0
    """
    return prompt_tokens + output_tokens


@formula(unit="1", equation="L_c = L_in * (1 - c)", source="carbonctl-serving-model")
def prompt_tokens_by_cache(*, prompt_tokens: Num, prompt_cache_share: Num) -> Num:
    """Prompt tokens that are computed; the others are in the prompt cache.

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


@formula(unit="1", equation="L_p = L_in * c", source="carbonctl-serving-model")
def prompt_tokens_by_cached_prefix(*, prompt_tokens: Num, prompt_cache_share: Num) -> Num:
    """Prompt tokens in the cached prefix: attended to, but not computed.

    Parameters
    ----------
    prompt_tokens
        Mean tokens of a prompt. [1]
    prompt_cache_share
        Share of them found in the cache. [1]

    Examples
    --------
    >>> prompt_tokens_by_cached_prefix(prompt_tokens=1_000.0, prompt_cache_share=0.75)
    750.0
    """
    return prompt_tokens * prompt_cache_share


@formula(
    unit="1",
    equation="A_p = L_full * L_in^2/2 + (L - L_full) * (m*L_in - m^2/2), m = min(L_in, w)",
    source="beltagy-2020-longformer",
)
def prompt_layer_tokens(
    *, layers: Num, full_layers: Num, window_tokens: Num, prompt_tokens: Num
) -> Num:
    """Positions that prompt tokens attend to, summed over tokens and layers.

    Parameters
    ----------
    layers, full_layers
        All layers, and those that see the whole context; the others see a window. [1]
    window_tokens
        Width of the window; 0 for layers without attention. [1]
    prompt_tokens
        Tokens of a prompt, from its first. [1]

    Examples
    --------
    >>> prompt_layer_tokens(layers=3.0, full_layers=1.0, window_tokens=10.0, prompt_tokens=100.0)
    6900.0
    """
    seen = np.minimum(prompt_tokens, window_tokens)
    windowed = seen * prompt_tokens - seen**2 / 2.0
    return full_layers * prompt_tokens**2 / 2.0 + (layers - full_layers) * windowed


@formula(unit="1", equation="A_p = L * L_in^2 / 2", source="carbonctl-serving-model")
def prompt_layer_tokens_by_full_layers(*, layers: Num, prompt_tokens: Num) -> Num:
    """Positions that prompt tokens attend to, where all layers attend to all before.

    Parameters
    ----------
    layers
        All layers. [1]
    prompt_tokens
        Tokens of a prompt, from its first. [1]

    Examples
    --------
    >>> prompt_layer_tokens_by_full_layers(layers=3.0, prompt_tokens=100.0)
    15000.0
    """
    return layers * prompt_tokens**2 / 2.0


@formula(unit="1", equation="A_c = A_p - A_0", source="carbonctl-serving-model")
def prompt_layer_tokens_by_prompt_cache(
    *, prompt_layer_tokens: Num, cached_layer_tokens: Num
) -> Num:
    """Positions that computed prompt tokens attend to, with a cached prefix.

    Parameters
    ----------
    prompt_layer_tokens
        Positions that all prompt tokens attend to. [1]
    cached_layer_tokens
        Positions that the tokens of the cached prefix attended to. [1]

    Examples
    --------
    >>> prompt_layer_tokens_by_prompt_cache(prompt_layer_tokens=450.0, cached_layer_tokens=200.0)
    250.0
    """
    return prompt_layer_tokens - cached_layer_tokens


@formula(unit="J/FLOP", equation="e = e_0 * p", source="carbonctl-serving-model")
def packed_energy_j_per_flop(*, energy_j_per_flop: Num, packed_energy_share: Num) -> Num:
    """Energy per FLOP in 8 bits.

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
