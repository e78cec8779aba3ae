"""Work of training a transformer, part by part: weights, logits, attention, adapters, teachers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="1", equation="N_ne = N_act - n * V * d", source="kaplan-2020-scaling")
def nonembedding_params(
    *, active_params: Num, vocabulary: Num, hidden_size: Num, embedding_tables: Num
) -> Num:
    """Parameters without embedding tables.

    Parameters
    ----------
    active_params
        Parameters that one token passes, embeddings included. [1]
    vocabulary, hidden_size
        Shape of a table. [1]
    embedding_tables
        1 where input and output share their table (tied), else 2. [1]

    Examples
    --------
    >>> nonembedding_params(active_params=1e9, vocabulary=1e5, hidden_size=1_000.0,
    ...     embedding_tables=2.0)
    800000000.0
    """
    return active_params - embedding_tables * vocabulary * hidden_size


@formula(unit="FLOP", equation="F_w = 6 * N_ne * D", source="kaplan-2020-scaling")
def weight_flop(*, nonembedding_params: Num, train_tokens: Num) -> Num:
    """Work of the weights without embedding tables, forward and backward.

    Parameters
    ----------
    nonembedding_params
        Parameters that one token passes, without embeddings. [1]
    train_tokens
        Tokens seen. [1]

    References
    ----------
    Kaplan et al., arXiv 2001.08361, section 2.1: 2 forward, 4 backward.

    Examples
    --------
    >>> weight_flop(nonembedding_params=1e9, train_tokens=1e12)
    6e+21
    """
    return 6.0 * nonembedding_params * train_tokens


@formula(unit="FLOP", equation="F_w = 4 * N * D + 6 * N_a * D", source="hu-2021-lora")
def weight_flop_by_adapters(*, active_params: Num, adapter_params: Num, train_tokens: Num) -> Num:
    """Work of training adapters in a frozen model (LoRA, QLoRA).

    Parameters
    ----------
    active_params
        Frozen parameters that one token passes. [1]
    adapter_params
        Parameters that are trained. [1]
    train_tokens
        Tokens seen. [1]

    Notes
    -----
    Frozen weights pass the gradient on (2 forward, 2 backward) and get none of their own. In
    QLoRA the weights are unpacked for every use: the same work at a lower utilization.

    References
    ----------
    Hu et al., arXiv 2106.09685, section 4.

    Examples
    --------
    >>> weight_flop_by_adapters(active_params=1e9, adapter_params=1e7, train_tokens=1e9)
    4.06e+18
    """
    return 4.0 * active_params * train_tokens + 6.0 * adapter_params * train_tokens


@formula(unit="FLOP", equation="F_l = 6 * V * d * D", source="kaplan-2020-scaling")
def logit_flop(*, vocabulary: Num, hidden_size: Num, train_tokens: Num) -> Num:
    """Work of the logits (output embedding), forward and backward.

    Parameters
    ----------
    vocabulary, hidden_size
        Shape of the table. [1]
    train_tokens
        Tokens seen. [1]

    Examples
    --------
    >>> logit_flop(vocabulary=1e5, hidden_size=1_000.0, train_tokens=1e9)
    6e+17
    """
    return 6.0 * vocabulary * hidden_size * train_tokens


@formula(unit="1", equation="a = s / 2", source="palm-2022-mfu")
def attended_tokens(*, context_tokens: Num) -> Num:
    """Tokens that a token attends to on average under a causal mask.

    Parameters
    ----------
    context_tokens
        Length of a training sequence. [1]

    Examples
    --------
    >>> attended_tokens(context_tokens=4_096.0)
    2048.0
    """
    return context_tokens / 2.0


@formula(unit="1", equation="a = s", source="palm-2022-mfu")
def attended_tokens_by_both_sides(*, context_tokens: Num) -> Num:
    """Tokens that a token attends to under bidirectional attention: all of them.

    Parameters
    ----------
    context_tokens
        Length of a training sequence. [1]

    Examples
    --------
    >>> attended_tokens_by_both_sides(context_tokens=512.0)
    512.0
    """
    return context_tokens


@formula(
    unit="1",
    equation="a = f * s / 2 + (1 - f) * w * (1 - w / (2*s)), w = min(W, s)",
    source="beltagy-2020-longformer",
)
def attended_tokens_by_window(
    *, context_tokens: Num, window_tokens: Num, full_layer_share: Num
) -> Num:
    """Tokens that a token attends to on average with sliding-window layers.

    Parameters
    ----------
    context_tokens
        Length of a training sequence. [1]
    window_tokens
        Window of a sliding-window layer. [tokens]
    full_layer_share
        Share of the attention layers that see the whole context. [1]

    Notes
    -----
    The first tokens of a sequence see less than a window. At a window of the whole context this
    is the causal half; at a small one it is the window.

    Examples
    --------
    >>> attended_tokens_by_window(context_tokens=8_000.0, window_tokens=8_000.0,
    ...     full_layer_share=0.0)
    4000.0
    >>> attended_tokens_by_window(context_tokens=8_000.0, window_tokens=2_000.0,
    ...     full_layer_share=0.0)
    1750.0
    """
    window = np.minimum(window_tokens, context_tokens)
    windowed = window * (1.0 - window / (2.0 * context_tokens))
    return full_layer_share * context_tokens / 2.0 + (1.0 - full_layer_share) * windowed


@formula(unit="FLOP", equation="F_a = 6 * 2 * L * h * d_h * a * D", source="palm-2022-mfu")
def attention_flop(
    *, layers: Num, heads: Num, head_dim: Num, attended_tokens: Num, train_tokens: Num
) -> Num:
    """Work of attention scores and weighted values, forward and backward.

    Parameters
    ----------
    layers, heads, head_dim
        Layers with attention, and their query heads: fewer key-value heads save memory, no
        work. [1]
    attended_tokens
        Tokens attended to on average. [1]
    train_tokens
        Tokens seen. [1]

    Notes
    -----
    Two products (scores, and values by score), each with 6 operations a pair. With the causal
    half of the context it is 6 L h d s D, without a mask 12 L h d s D. PaLM's definition of MFU
    counts 12 for a causal model too.

    References
    ----------
    Chowdhery et al., arXiv 2204.02311, appendix B.

    Examples
    --------
    >>> attention_flop(layers=10.0, heads=10.0, head_dim=100.0, attended_tokens=1_000.0,
    ...     train_tokens=1e9)
    1.2e+17
    """
    return 6.0 * 2.0 * layers * heads * head_dim * attended_tokens * train_tokens


@formula(unit="FLOP", equation="F_f = 2 * N * D", source="hinton-2015-distillation")
def forward_flop(*, forward_params: Num, train_tokens: Num) -> Num:
    """Forward work of an auxiliary model: a teacher, a reference, a reward model.

    Parameters
    ----------
    forward_params
        Parameters of that model that one token passes. [1]
    train_tokens
        Tokens that it reads. [1]

    Examples
    --------
    >>> forward_flop(forward_params=70e9, train_tokens=1e9)
    1.4e+20
    """
    return 2.0 * forward_params * train_tokens


@formula(
    unit="FLOP",
    equation="F = 6 * N * (e * D_in + (1 - e) * D_out)",
    source="raffel-2020-t5",
)
def train_flop_by_encoder_decoder(
    *, total_params: Num, encoder_share: Num, input_tokens: Num, target_tokens: Num
) -> Num:
    """Model work of training an encoder and a decoder, each on its own tokens.

    Parameters
    ----------
    total_params
        All parameters. [1]
    encoder_share
        Share of them in the encoder. [1]
    input_tokens, target_tokens
        Tokens that the encoder reads and that the decoder writes. [1]

    Notes
    -----
    Attention between the two is left out. Layers are taken as equal: cross-attention makes those
    of the decoder somewhat larger.

    References
    ----------
    Raffel et al., arXiv 1910.10683, section 3.1. Patterson et al., arXiv 2104.10350, table 4:
    4.05e22 for T5-11B.

    Examples
    --------
    >>> train_flop_by_encoder_decoder(total_params=10e9, encoder_share=0.5, input_tokens=1e12,
    ...     target_tokens=0.2e12)
    3.6e+22
    """
    return (
        6.0 * total_params * (encoder_share * input_tokens + (1.0 - encoder_share) * target_tokens)
    )


@formula(unit="FLOP", equation="F = sum(F_i)", source="conservation")
def train_flop_from_parts(*, parts_flop: tuple[Num, ...]) -> Num:
    """Model work of training as the sum of its parts.

    Parameters
    ----------
    parts_flop
        Weights, logits, attention, forward-only models. [FLOP]

    Examples
    --------
    >>> train_flop_from_parts(parts_flop=(6e21, 1e21))
    7e+21
    """
    return sum(parts_flop[1:], start=parts_flop[0])
