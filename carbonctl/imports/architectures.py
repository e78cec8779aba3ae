"""Number of parameters of language models, counted from their Hugging Face configuration.

Counts the matrices and vectors that the classes of ``transformers`` create: embeddings,
grouped-query attention, gated or plain feed-forward layers, routers, experts, norms, biases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.imports.hf_config import Config

# shape, and number of parameters that one token does not use
ShapeAndUnused = tuple[dict[str, int], int]


@dataclass(frozen=True, slots=True)
class DecoderFamily:
    """Differences of a family of gated decoders from Llama."""

    has_optional_kv_heads: bool = False
    requires_head_dim: bool = False
    has_qkv_bias: bool = False
    bias_key: str = ""  # biases of all four projections, when this entry is true
    mlp_bias_key: str = ""
    has_head_norms: bool = False  # norms of queries and keys, by head
    has_wide_norms: bool = False  # norms of queries and keys, over all heads
    norms: int = 2
    has_tied_embeddings: bool = False  # unless the file says otherwise
    experts_key: str = ""  # entry with the number of experts
    expert_size_key: str = "moe_intermediate_size"
    has_shared_expert: bool = False
    shared_experts_key: str = ""  # entry with the number of shared experts of the same size
    dense_first_key: str = ""  # entry with the number of first layers without experts
    has_router_bias: bool = False
    has_latent_attention: bool = False  # attention through compressed keys and values (DeepSeek)
    head_norms_key: str = ""  # norms of queries and keys by head, when this entry is true
    has_output_bias: bool = True  # ``bias_key`` covers the output projection too


DECODERS = {
    "LlamaForCausalLM": DecoderFamily(
        has_optional_kv_heads=True, bias_key="attention_bias", mlp_bias_key="mlp_bias"
    ),
    "MistralForCausalLM": DecoderFamily(),
    "MixtralForCausalLM": DecoderFamily(
        experts_key="num_local_experts", expert_size_key="intermediate_size"
    ),
    "Qwen2ForCausalLM": DecoderFamily(has_qkv_bias=True),
    "Qwen2MoeForCausalLM": DecoderFamily(
        has_qkv_bias=True, experts_key="num_experts", has_shared_expert=True
    ),
    "Qwen3ForCausalLM": DecoderFamily(
        bias_key="attention_bias", has_head_norms=True, requires_head_dim=True
    ),
    "Qwen3MoeForCausalLM": DecoderFamily(
        bias_key="attention_bias",
        has_head_norms=True,
        requires_head_dim=True,
        experts_key="num_experts",
    ),
    "GemmaForCausalLM": DecoderFamily(
        has_tied_embeddings=True, requires_head_dim=True, bias_key="attention_bias"
    ),
    "Gemma2ForCausalLM": DecoderFamily(
        has_tied_embeddings=True, requires_head_dim=True, bias_key="attention_bias", norms=4
    ),
    "Gemma3ForCausalLM": DecoderFamily(
        has_tied_embeddings=True,
        requires_head_dim=True,
        bias_key="attention_bias",
        norms=4,
        has_head_norms=True,
    ),
    "Olmo2ForCausalLM": DecoderFamily(
        has_optional_kv_heads=True, bias_key="attention_bias", has_wide_norms=True
    ),
    "Olmo3ForCausalLM": DecoderFamily(
        has_optional_kv_heads=True, bias_key="attention_bias", has_wide_norms=True
    ),
    "OlmoeForCausalLM": DecoderFamily(
        has_optional_kv_heads=True,
        bias_key="attention_bias",
        has_wide_norms=True,
        experts_key="num_experts",
        expert_size_key="intermediate_size",
    ),
    "Phi3ForCausalLM": DecoderFamily(has_optional_kv_heads=True),
    "SmolLM3ForCausalLM": DecoderFamily(
        bias_key="attention_bias", mlp_bias_key="mlp_bias", has_tied_embeddings=True
    ),
    "GraniteForCausalLM": DecoderFamily(
        has_optional_kv_heads=True,
        bias_key="attention_bias",
        mlp_bias_key="mlp_bias",
        has_tied_embeddings=True,
    ),
    "DeepseekV2ForCausalLM": DecoderFamily(
        has_latent_attention=True,
        experts_key="n_routed_experts",
        shared_experts_key="n_shared_experts",
        dense_first_key="first_k_dense_replace",
    ),
    "DeepseekV3ForCausalLM": DecoderFamily(
        has_latent_attention=True,
        experts_key="n_routed_experts",
        shared_experts_key="n_shared_experts",
        dense_first_key="first_k_dense_replace",
        has_router_bias=True,
    ),
    "Glm4MoeForCausalLM": DecoderFamily(
        requires_head_dim=True,
        bias_key="attention_bias",
        has_output_bias=False,
        head_norms_key="use_qk_norm",
        experts_key="n_routed_experts",
        shared_experts_key="n_shared_experts",
        dense_first_key="first_k_dense_replace",
        has_router_bias=True,
    ),
    "MiniMaxM2ForCausalLM": DecoderFamily(
        requires_head_dim=True,
        has_wide_norms=True,
        experts_key="num_local_experts",
        expert_size_key="intermediate_size",
        has_router_bias=True,
    ),
}
# model_type of a file, or of the language model in it -> class
MODEL_TYPES = {
    "llama": "LlamaForCausalLM",
    "mistral": "MistralForCausalLM",
    "ministral": "MistralForCausalLM",
    "mixtral": "MixtralForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen2_vl": "Qwen2ForCausalLM",
    "qwen2_vl_text": "Qwen2ForCausalLM",
    "qwen2_5_vl": "Qwen2ForCausalLM",
    "qwen2_5_vl_text": "Qwen2ForCausalLM",
    "qwen2_moe": "Qwen2MoeForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
    "qwen3_vl": "Qwen3ForCausalLM",
    "qwen3_vl_text": "Qwen3ForCausalLM",
    "qwen3_moe": "Qwen3MoeForCausalLM",
    "qwen3_vl_moe": "Qwen3MoeForCausalLM",
    "qwen3_vl_moe_text": "Qwen3MoeForCausalLM",
    "gemma": "GemmaForCausalLM",
    "gemma2": "Gemma2ForCausalLM",
    "gemma3": "Gemma3ForCausalLM",
    "gemma3_text": "Gemma3ForCausalLM",
    "olmo2": "Olmo2ForCausalLM",
    "olmo3": "Olmo3ForCausalLM",
    "olmoe": "OlmoeForCausalLM",
    "phi3": "Phi3ForCausalLM",
    "smollm3": "SmolLM3ForCausalLM",
    "granite": "GraniteForCausalLM",
    "deepseek_v2": "DeepseekV2ForCausalLM",
    "deepseek_v3": "DeepseekV3ForCausalLM",
    "kimi_k2": "DeepseekV3ForCausalLM",
    "glm4_moe": "Glm4MoeForCausalLM",
    "minimax_m2": "MiniMaxM2ForCausalLM",
    "gpt_oss": "GptOssForCausalLM",
    "gpt_neox": "GPTNeoXForCausalLM",
    "gpt2": "GPT2LMHeadModel",
}
# class -> supported class with the same language model
EQUIVALENT_CLASS = {
    "Qwen2VLForConditionalGeneration": "Qwen2ForCausalLM",
    "Qwen2_5_VLForConditionalGeneration": "Qwen2ForCausalLM",
    "Gemma3ForConditionalGeneration": "Gemma3ForCausalLM",
    "KimiK2ForCausalLM": "DeepseekV3ForCausalLM",
}


def count_decoder(config: Config, kind: DecoderFamily) -> ShapeAndUnused:
    """Shape of a gated decoder with grouped-query attention, dense or MoE."""
    hidden, layers = config.count("hidden_size"), config.count("num_hidden_layers")
    heads = config.count("num_attention_heads")
    if kind.has_latent_attention:
        return _count_latent_decoder(config, kind, hidden, layers, heads)
    kv_heads = config.count("num_key_value_heads", heads if kind.has_optional_kv_heads else None)
    config.check_divides("num_key_value_heads", kv_heads, heads)
    if "head_dim" not in config and not kind.requires_head_dim:
        config.check_divides("num_attention_heads", heads, hidden)
        head_dim = hidden // heads
    else:
        head_dim = config.count("head_dim")
    wide, narrow = heads * head_dim, kv_heads * head_dim
    attention = 2 * hidden * (wide + narrow)
    if kind.has_qkv_bias or config.flag(kind.bias_key):
        attention += wide + 2 * narrow
    if kind.has_output_bias and config.flag(kind.bias_key):
        attention += hidden
    head_norms = kind.has_head_norms or config.flag(kind.head_norms_key)
    attention += 2 * head_dim * head_norms + (wide + narrow) * kind.has_wide_norms
    feed_forward, unused, experts = _feed_forward(config, kind, hidden, layers)
    tables = 1 if config.flag("tie_word_embeddings", kind.has_tied_embeddings) else 2
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
    config: Config, kind: DecoderFamily, hidden: int, layers: int
) -> tuple[int, int, dict[str, int]]:
    """Parameters of all feed-forward layers, those one token does not use, and the experts."""
    if not kind.experts_key:
        return (
            layers * _gated_feed_forward(config, kind, hidden, config.count("intermediate_size")),
            0,
            {},
        )
    experts, used = config.count(kind.experts_key), config.count("num_experts_per_tok")
    if used > experts and not config.errors.problems:
        config.add_error("num_experts_per_tok", f"{used} experts a token are more than {experts}")
    expert = 3 * hidden * config.count(kind.expert_size_key)
    sparse_layer = hidden * experts + experts * expert + experts * kind.has_router_bias
    if kind.shared_experts_key and kind.shared_experts_key in config:
        sparse_layer += config.count(kind.shared_experts_key) * expert
    if kind.has_shared_expert:
        sparse_layer += 3 * hidden * config.count("shared_expert_intermediate_size") + hidden
    sparse = config.sparse_layers(layers)
    if kind.dense_first_key and config.data.get(kind.dense_first_key) != 0:
        sparse = max(0, layers - config.count(kind.dense_first_key))
    dense = 0
    if sparse < layers:
        dense = (layers - sparse) * 3 * hidden * config.count("intermediate_size")
    unused = sparse * (experts - used) * expert
    return sparse * sparse_layer + dense, unused, {"experts": experts, "experts_per_token": used}


def _gated_feed_forward(config: Config, kind: DecoderFamily, hidden: int, inner: int) -> int:
    biases = (2 * inner + hidden) if config.flag(kind.mlp_bias_key) else 0
    return 3 * hidden * inner + biases


def _count_latent_decoder(
    config: Config, kind: DecoderFamily, hidden: int, layers: int, heads: int
) -> ShapeAndUnused:
    """Shape of a decoder with multi-head latent attention, such as DeepSeek V2 and V3."""
    rank, rope = config.count("kv_lora_rank"), config.count("qk_rope_head_dim")
    nope, value = config.count("qk_nope_head_dim"), config.count("v_head_dim")
    wide = heads * (nope + rope)
    if "q_lora_rank" in config:
        narrow = config.count("q_lora_rank")
        attention = hidden * narrow + narrow + narrow * wide
    else:
        attention = hidden * wide
    attention += hidden * (rank + rope) + rank + rank * heads * (nope + value)
    attention += heads * value * hidden
    feed_forward, unused, experts = _feed_forward(config, kind, hidden, layers)
    tables = 1 if config.flag("tie_word_embeddings", kind.has_tied_embeddings) else 2
    total = config.count("vocab_size") * hidden * tables + layers * (attention + 2 * hidden)
    shape = {
        "params": total + feed_forward + hidden,
        "layers": layers,
        "hidden": hidden,
        "heads": heads,
        "kv_heads": heads,
        "head_dim": nope + rope,
    }
    return shape | experts, unused


def count_gpt_oss(config: Config) -> ShapeAndUnused:
    """Shape of gpt-oss: biases everywhere, one attention sink per head, experts with biases."""
    hidden, layers = config.count("hidden_size"), config.count("num_hidden_layers")
    heads, kv_heads = config.count("num_attention_heads"), config.count("num_key_value_heads")
    head_dim, inner = config.count("head_dim"), config.count("intermediate_size")
    experts, used = config.count("num_local_experts"), config.count("num_experts_per_tok")
    config.check_divides("num_key_value_heads", kv_heads, heads)
    if used > experts and not config.errors.problems:
        config.add_error("num_experts_per_tok", f"{used} experts a token are more than {experts}")
    wide, narrow = heads * head_dim, kv_heads * head_dim
    attention = 2 * hidden * (wide + narrow) + wide + 2 * narrow + hidden + heads
    expert = 3 * hidden * inner + 2 * inner + hidden
    layer = attention + 2 * hidden + (hidden + 1) * experts + experts * expert
    tables = 1 if config.flag("tie_word_embeddings") else 2
    shape = {
        "params": config.count("vocab_size") * hidden * tables + layers * layer + hidden,
        "layers": layers,
        "hidden": hidden,
        "heads": heads,
        "kv_heads": kv_heads,
        "head_dim": head_dim,
        "experts": experts,
        "experts_per_token": used,
    }
    return shape, layers * (experts - used) * expert


def count_gpt_neox(config: Config) -> ShapeAndUnused:
    """Shape of GPT-NeoX and Pythia: full attention, plain feed-forward, biases, untied output."""
    hidden, inner = config.count("hidden_size"), config.count("intermediate_size")
    layers, heads = config.count("num_hidden_layers"), config.count("num_attention_heads")
    bias = 4 * hidden if config.flag("attention_bias", True) else 0
    tables = 1 if config.flag("tie_word_embeddings") else 2
    embeddings = config.count("vocab_size") * hidden * tables
    return _count_plain_decoder(config, embeddings, layers, hidden, inner, heads, bias), 0


def count_gpt2(config: Config) -> ShapeAndUnused:
    """Shape of GPT-2: learned positions, full attention, plain feed-forward, tied output."""
    hidden, layers, heads = (config.count(key) for key in ("n_embd", "n_layer", "n_head"))
    inner = config.count("n_inner", 4 * hidden)
    tables = 1 if config.flag("tie_word_embeddings", True) else 2
    embeddings = (config.count("vocab_size") * tables + config.count("n_positions")) * hidden
    return _count_plain_decoder(config, embeddings, layers, hidden, inner, heads, 4 * hidden), 0


def _count_plain_decoder(
    config: Config, embeddings: int, layers: int, hidden: int, inner: int, heads: int, bias: int
) -> dict[str, int]:
    config.check_divides("n_head" if "n_head" in config else "num_attention_heads", heads, hidden)
    layer = 4 * hidden * hidden + bias + 2 * hidden * inner + inner + hidden + 4 * hidden
    return {
        "params": embeddings + layers * layer + 2 * hidden,
        "layers": layers,
        "hidden": hidden,
        "heads": heads,
        "kv_heads": heads,
        "head_dim": hidden // heads,
    }


OTHER_COUNTERS: dict[str, Callable[[Config], ShapeAndUnused]] = {
    "GPTNeoXForCausalLM": count_gpt_neox,
    "GPT2LMHeadModel": count_gpt2,
    "GptOssForCausalLM": count_gpt_oss,
}
SUPPORTED = (*DECODERS, *OTHER_COUNTERS)
