"""Context of a language model: attended positions, KV cache and state, prompt tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import part
from carbonctl.formulas.serving import decode_work, request_work

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.serving.service import Attention, Decoder


def mean_context(m: Decoder[Num]) -> Num:
    """Mean context of a decode step [tokens]."""
    return decode_work.mean_context_tokens(
        prompt_tokens=m.prompt_tokens, output_tokens=m.output_tokens, output_cv=m.output_cv
    )


def uncached_prompt_tokens(m: Decoder[Num]) -> Num:
    """Prompt tokens that are not in the prompt cache."""
    if m.prompt_cache_share is None:
        return m.prompt_tokens
    return request_work.prompt_tokens_by_cache(
        prompt_tokens=m.prompt_tokens, prompt_cache_share=m.prompt_cache_share
    )


def attended_prompt_positions(m: Decoder[Num]) -> Num:
    """Positions that the computed tokens of a prompt attend to, over all layers."""
    whole = _prompt_layer_tokens(m.attention, m.prompt_tokens)
    if m.prompt_cache_share is None:
        return whole
    cached = request_work.prompt_tokens_by_cached_prefix(
        prompt_tokens=m.prompt_tokens, prompt_cache_share=m.prompt_cache_share
    )
    with part("prefix"):
        before = _prompt_layer_tokens(m.attention, cached)
    return request_work.prompt_layer_tokens_by_prompt_cache(
        prompt_layer_tokens=whole, cached_layer_tokens=before
    )


def _prompt_layer_tokens(attention: Attention[Num], tokens: Num) -> Num:
    """Positions that prompt tokens attend to, over all layers: all before, or a window."""
    if attention.full_layers is None or attention.window_tokens is None:
        return request_work.prompt_layer_tokens_by_full_layers(
            layers=attention.layers, prompt_tokens=tokens
        )
    return request_work.prompt_layer_tokens(
        layers=attention.layers,
        full_layers=attention.full_layers,
        window_tokens=attention.window_tokens,
        prompt_tokens=tokens,
    )


def attended_layer_tokens(attention: Attention[Num], context: Num) -> Num:
    """Positions that one token attends to, over all layers: the context, or a window."""
    if attention.full_layers is None or attention.window_tokens is None:
        return decode_work.attended_layer_tokens_by_full_layers(
            layers=attention.layers, mean_context_tokens=context
        )
    return decode_work.attended_layer_tokens(
        layers=attention.layers,
        full_layers=attention.full_layers,
        window_tokens=attention.window_tokens,
        mean_context_tokens=context,
    )


def cache_gb(m: Decoder[Num], attended: Num, sequences: Num) -> Num:
    """KV cache and state that a step reads, one copy [GB]."""
    attention = m.attention
    if attention.latent_rank is not None and attention.rope_dim is not None:
        elements = decode_work.cached_elements_by_latent(
            latent_rank=attention.latent_rank, rope_dim=attention.rope_dim
        )
    else:
        assert attention.kv_heads is not None  # noqa: S101 - resolve gives one of the two forms
        elements = decode_work.cached_elements(
            kv_heads=attention.kv_heads, head_dim=attention.head_dim
        )
    cache = decode_work.kv_gb(
        cached_elements=elements,
        attended_layer_tokens=attended,
        batch=sequences,
        kv_bytes=m.kv_bytes,
    )
    if attention.state_elements is None or attention.state_bytes is None:
        return cache
    return decode_work.kv_gb_by_state(
        kv_gb=cache,
        state_elements=attention.state_elements,
        batch=sequences,
        state_bytes=attention.state_bytes,
    )


def decode_look_flop(attention: Attention[Num]) -> Num:
    """Attention FLOP per attended position and layer of a decode step."""
    if attention.latent_rank is None or attention.rope_dim is None:
        return decode_work.look_flop(heads=attention.heads, head_dim=attention.head_dim)
    return decode_work.look_flop_by_latent(
        heads=attention.heads, latent_rank=attention.latent_rank, rope_dim=attention.rope_dim
    )


def prompt_look_flop(attention: Attention[Num]) -> Num:
    """Attention FLOP per attended position and layer of a prompt."""
    if attention.key_dim is None or attention.value_dim is None:
        return decode_work.look_flop(heads=attention.heads, head_dim=attention.head_dim)
    return decode_work.look_flop_by_expanded_latent(
        heads=attention.heads, key_dim=attention.key_dim, value_dim=attention.value_dim
    )
