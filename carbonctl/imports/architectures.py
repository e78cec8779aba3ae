"""Parameters of language models, counted from the entries of their Hugging Face configuration.

Matrices and vectors as the classes of transformers create them: embeddings, attention with grouped
keys, gated or plain feed-forward layers, routers and experts, norms, biases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.imports.hf_config import Config

Count = tuple[dict[str, int], int]  # the shape, and the parameters that one token leaves unused


@dataclass(frozen=True, slots=True)
class Decoder:
    """How a family of gated decoders differs from Llama."""

    kv_heads_optional: bool = False
    head_dim_needed: bool = False
    qkv_bias: bool = False
    bias_key: str = ""  # biases of all four projections, when this entry is true
    mlp_bias_key: str = ""
    head_norms: bool = False  # norms of queries and keys, by head
    wide_norms: bool = False  # norms of queries and keys, over all heads
    norms: int = 2
    tied: bool = False  # unless the file says otherwise
    experts_key: str = ""
    expert_size_key: str = "moe_intermediate_size"
    shared_expert: bool = False


DECODERS = {
    "LlamaForCausalLM": Decoder(
        kv_heads_optional=True, bias_key="attention_bias", mlp_bias_key="mlp_bias"
    ),
    "MistralForCausalLM": Decoder(),
    "MixtralForCausalLM": Decoder(
        experts_key="num_local_experts", expert_size_key="intermediate_size"
    ),
    "Qwen2ForCausalLM": Decoder(qkv_bias=True),
    "Qwen2MoeForCausalLM": Decoder(qkv_bias=True, experts_key="num_experts", shared_expert=True),
    "Qwen3ForCausalLM": Decoder(bias_key="attention_bias", head_norms=True, head_dim_needed=True),
    "Qwen3MoeForCausalLM": Decoder(
        bias_key="attention_bias", head_norms=True, head_dim_needed=True, experts_key="num_experts"
    ),
    "GemmaForCausalLM": Decoder(tied=True, head_dim_needed=True, bias_key="attention_bias"),
    "Gemma2ForCausalLM": Decoder(
        tied=True, head_dim_needed=True, bias_key="attention_bias", norms=4
    ),
    "Gemma3ForCausalLM": Decoder(
        tied=True, head_dim_needed=True, bias_key="attention_bias", norms=4, head_norms=True
    ),
    "Olmo2ForCausalLM": Decoder(kv_heads_optional=True, bias_key="attention_bias", wide_norms=True),
    "Phi3ForCausalLM": Decoder(kv_heads_optional=True),
}


def decoder(config: Config, kind: Decoder) -> Count:
    """A gated decoder with grouped keys, dense or with experts."""
    hidden, layers = config.count("hidden_size"), config.count("num_hidden_layers")
    heads = config.count("num_attention_heads")
    kv_heads = config.count("num_key_value_heads", heads if kind.kv_heads_optional else None)
    config.divides("num_key_value_heads", kv_heads, heads)
    if "head_dim" not in config and not kind.head_dim_needed:
        config.divides("num_attention_heads", heads, hidden)
        head_dim = hidden // heads
    else:
        head_dim = config.count("head_dim")
    wide, narrow = heads * head_dim, kv_heads * head_dim
    attention = 2 * hidden * (wide + narrow)
    if kind.qkv_bias or config.flag(kind.bias_key):
        attention += wide + 2 * narrow
    if config.flag(kind.bias_key):
        attention += hidden
    attention += 2 * head_dim * kind.head_norms + (wide + narrow) * kind.wide_norms
    feed_forward, unused, experts = _feed_forward(config, kind, hidden, layers)
    tables = 1 if config.flag("tie_word_embeddings", kind.tied) else 2
    shape = {
        "params": config.count("vocab_size") * hidden * tables
        + layers * (attention + kind.norms * hidden)
        + feed_forward
        + hidden,
        "layers": layers,
        "hidden": hidden,
        "heads": heads,
        "kv_heads": kv_heads,
        "head_dim": head_dim,
    }
    return shape | experts, unused


def _feed_forward(
    config: Config, kind: Decoder, hidden: int, layers: int
) -> tuple[int, int, dict[str, int]]:
    """Parameters of all feed-forward layers, those that a token leaves unused, the experts."""
    if not kind.experts_key:
        return layers * _gated(config, kind, hidden, config.count("intermediate_size")), 0, {}
    experts, used = config.count(kind.experts_key), config.count("num_experts_per_tok")
    if used > experts and not config.refused.problems:
        config.refuse("num_experts_per_tok", f"{used} experts a token are more than {experts}")
    expert = 3 * hidden * config.count(kind.expert_size_key)
    sparse_layer = hidden * experts + experts * expert
    if kind.shared_expert:
        sparse_layer += 3 * hidden * config.count("shared_expert_intermediate_size") + hidden
    sparse = config.sparse_layers(layers)
    dense = 0
    if sparse < layers:
        dense = (layers - sparse) * 3 * hidden * config.count("intermediate_size")
    unused = sparse * (experts - used) * expert
    return sparse * sparse_layer + dense, unused, {"experts": experts, "experts_per_token": used}


def _gated(config: Config, kind: Decoder, hidden: int, inner: int) -> int:
    biases = (2 * inner + hidden) if config.flag(kind.mlp_bias_key) else 0
    return 3 * hidden * inner + biases


def gpt_neox(config: Config) -> Count:
    """GPT-NeoX and Pythia: full attention, plain feed-forward, biases, an output of its own."""
    hidden, inner = config.count("hidden_size"), config.count("intermediate_size")
    layers, heads = config.count("num_hidden_layers"), config.count("num_attention_heads")
    bias = 4 * hidden if config.flag("attention_bias", True) else 0
    tables = 1 if config.flag("tie_word_embeddings") else 2
    embeddings = config.count("vocab_size") * hidden * tables
    return _plain(config, embeddings, layers, hidden, inner, heads, bias), 0


def gpt2(config: Config) -> Count:
    """GPT-2: learned positions, full attention, plain feed-forward, biases, tied output."""
    hidden, layers, heads = (config.count(key) for key in ("n_embd", "n_layer", "n_head"))
    inner = config.count("n_inner", 4 * hidden)
    tables = 1 if config.flag("tie_word_embeddings", True) else 2
    embeddings = (config.count("vocab_size") * tables + config.count("n_positions")) * hidden
    return _plain(config, embeddings, layers, hidden, inner, heads, 4 * hidden), 0


def _plain(
    config: Config, embeddings: int, layers: int, hidden: int, inner: int, heads: int, bias: int
) -> dict[str, int]:
    config.divides("n_head" if "n_head" in config else "num_attention_heads", heads, hidden)
    layer = 4 * hidden * hidden + bias + 2 * hidden * inner + inner + hidden + 4 * hidden
    return {
        "params": embeddings + layers * layer + 2 * hidden,
        "layers": layers,
        "hidden": hidden,
        "heads": heads,
        "kv_heads": heads,
        "head_dim": hidden // heads,
    }


PLAIN: dict[str, Callable[[Config], Count]] = {
    "GPTNeoXForCausalLM": gpt_neox,
    "GPT2LMHeadModel": gpt2,
}
KNOWN = (*DECODERS, *PLAIN)
