"""Hugging Face's config.json: parameters counted from the architecture."""

from __future__ import annotations

import json
import time

import pytest
from tables import for_each

from carbonctl.catalog.read import Catalog

CATALOG = Catalog.open()
# models whose total the database holds to the last parameter, one or two an architecture
COUNTED = {
    "llama-2-7b": "LlamaForCausalLM",
    "llama-3.2-1b": "LlamaForCausalLM",
    "llama-3.1-405b": "LlamaForCausalLM",
    "mistral-7b-v0.1": "MistralForCausalLM",
    "mixtral-8x7b": "MixtralForCausalLM",
    "mixtral-8x22b": "MixtralForCausalLM",
    "qwen2.5-0.5b": "Qwen2ForCausalLM",
    "qwen2.5-72b": "Qwen2ForCausalLM",
    "qwen1.5-moe-a2.7b": "Qwen2MoeForCausalLM",
    "qwen3-8b": "Qwen3ForCausalLM",
    "qwen3-30b-a3b": "Qwen3MoeForCausalLM",
    "gemma-7b": "GemmaForCausalLM",
    "gemma-2-9b": "Gemma2ForCausalLM",
    "gemma-3-1b": "Gemma3ForCausalLM",
    "phi-4": "Phi3ForCausalLM",
    "gpt-neox-20b": "GPTNeoXForCausalLM",
    "pythia-1b": "GPTNeoXForCausalLM",
    "gpt2": "GPT2LMHeadModel",
    "gpt2-xl": "GPT2LMHeadModel",
    "deepseek-v3": "DeepseekV3ForCausalLM",
    "kimi-k2": "DeepseekV3ForCausalLM",
    "deepseek-v2-lite": "DeepseekV2ForCausalLM",
    "glm-4.5": "Glm4MoeForCausalLM",
    "minimax-m2": "MiniMaxM2ForCausalLM",
    "olmoe-1b-7b": "OlmoeForCausalLM",
    "gpt-oss-20b": "GptOssForCausalLM",
    "gpt-oss-120b": "GptOssForCausalLM",
    "smollm3-3b": "SmolLM3ForCausalLM",
}
NEW = {*list(COUNTED.values())[-9:]}
ONE_SIZE = {"OlmoeForCausalLM", "MiniMaxM2ForCausalLM", "GptOssForCausalLM"}


def config_of(name, architecture):
    """The configuration that a record of the database describes."""
    record = CATALOG.record("models", name).data
    moe, mla = record.get("moe", {}), record.get("mla", {})
    if architecture == "GPT2LMHeadModel":
        return {
            "architectures": [architecture],
            "n_embd": record["hidden_size"],
            "n_layer": record["layers"],
            "n_head": record["heads"],
            "vocab_size": record["vocabulary"],
            "n_positions": record["max_context"],
            "n_inner": None,
        }
    return {
        "architectures": [architecture],
        "hidden_size": record["hidden_size"],
        "num_hidden_layers": record["layers"],
        "num_attention_heads": record["heads"],
        "num_key_value_heads": record["kv_heads"],
        "head_dim": record["head_dim"],
        "intermediate_size": moe["expert_intermediate_size"]
        if architecture in ONE_SIZE
        else record["intermediate_size"],
        "vocab_size": record["vocabulary"],
        "tie_word_embeddings": record["tied_embeddings"],
        "num_experts": moe.get("experts"),
        "num_local_experts": moe.get("experts"),
        "num_experts_per_tok": moe.get("experts_per_token"),
        "moe_intermediate_size": moe.get("expert_intermediate_size"),
        "shared_expert_intermediate_size": moe.get("shared_expert_intermediate_size"),
        "n_routed_experts": moe.get("experts"),
        "n_shared_experts": moe.get("shared_experts"),
        "first_k_dense_replace": record["layers"] - moe["layers"] if "layers" in moe else None,
        "attention_bias": True if architecture == "Glm4MoeForCausalLM" else None,
        "use_qk_norm": True,
        "kv_lora_rank": mla.get("kv_lora_rank"),
        "q_lora_rank": mla.get("q_lora_rank"),
        "qk_rope_head_dim": mla.get("rope_head_dim"),
        "qk_nope_head_dim": mla.get("nope_head_dim"),
        "v_head_dim": mla.get("v_head_dim"),
    }


@for_each("name, architecture", COUNTED.items())
def test_parameters_are_those_of_the_published_model(name, architecture, imported):
    text, made = imported("-", stdin=json.dumps(config_of(name, architecture)))
    record = CATALOG.record("models", name)
    assert made["model"]["params"] == record.number("total_params")
    assert "# same size and shape as " in text
    if "moe" in record.data:
        active = made["model"]["active_params"]
        rounded = 0.17 if architecture in NEW else 0.02  # cards say 32B; gpt-oss leaves tables out
        assert active == pytest.approx(record.number("active_params"), rel=rounded)


def test_a_language_model_inside_another_is_counted_by_its_own_section(imported):
    """Gemma 3 4B, whose config.json holds the language model in text_config."""
    inner = {"hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34,
             "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
             "vocab_size": 262208}  # fmt: skip
    outer = {"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3",
             "text_config": inner, "vision_config": {"hidden_size": 1}}  # fmt: skip
    text, made = imported("-", stdin=json.dumps(outer))
    assert made["model"]["params"] == 3_880_263_168
    assert "text_config" in text
    typed = outer | {"text_config": inner | {"model_type": "gemma3_text"}, "architectures": None}
    assert imported("-", stdin=json.dumps(typed))[1]["model"] == made["model"]


def test_a_model_type_names_the_class_where_no_class_is_named(imported):
    whole = config_of("llama-3.1-8b", "LlamaForCausalLM")
    named = imported("-", stdin=json.dumps(whole))[1]
    del whole["architectures"]
    assert imported("-", stdin=json.dumps(whole | {"model_type": "llama"}))[1] == named


def test_a_class_that_is_not_counted_is_named_by_the_model_of_its_shape(imported, refused):
    falcon = {"architectures": ["FalconForCausalLM"], "num_hidden_layers": 60,
              "hidden_size": 8192, "num_attention_heads": 128, "num_kv_heads": 8}  # fmt: skip
    text, made = imported("-", stdin=json.dumps(falcon))
    assert made["model"] == "falcon-40b"
    assert "cannot be counted" in text
    found = refused(json.dumps(falcon | {"num_attention_heads": 64}))
    assert found[0] == "CC508"
    assert "layers and width are those of falcon-40b" in found[4]


def test_a_small_mixture_of_experts_counted_by_hand(imported, data):
    _, made = imported(data / "config-moe.json")
    embedding = 1000 * 64  # tied: once
    attention = 64 * 8 * 16 * 2 + 64 * 2 * 16 * 2 + 2 * 16  # q and o, k and v, norms of q and k
    expert = 3 * 64 * 32
    sparse, dense = 64 * 16 + 16 * expert, 3 * 64 * 256  # every second layer has 16 experts
    total = embedding + 4 * (attention + 2 * 64) + 2 * sparse + 2 * dense + 64
    assert made["model"] == {
        "kind": "llm",
        "params": total,
        "active_params": total - 2 * (16 - 4) * expert,
        "layers": 4,
        "hidden": 64,
        "heads": 8,
        "kv_heads": 2,
        "head_dim": 16,
        "experts": 16,
        "experts_per_token": 4,
    }


def test_biases_are_counted_where_the_file_has_them(imported, data):
    plain = json.loads((data / "config.json").read_text())
    wide = plain | {"attention_bias": True, "mlp_bias": True}
    a, b = (imported("-", stdin=json.dumps(c))[1]["model"]["params"] for c in (plain, wide))
    # q and o have 4,096 each, k and v 1,024; gate and up 14,336, down 4,096
    assert b - a == 32 * (2 * 4096 + 2 * 1024 + 2 * 14336 + 4096)


def test_the_file_is_whole_but_for_what_cannot_be_known(imported, carbonctl, data, tmp_path):
    text, made = imported(data / "config.json")
    assert made["train"] == {"precision": "bf16"}
    assert "same size and shape as llama-3-8b or llama-3.1-8b" in text
    target = tmp_path / "my.yaml"
    target.write_text(text)
    ran = carbonctl("validate", target)
    assert ran.code == 3
    assert "no evidence: give one of energy, accelerator_hours, days, tokens" in ran.err
    filled = (
        text.replace("# tokens: NUMBER", "tokens: 15T")
        .replace(
            "# hardware: {accelerator: NAME, count: NUMBER}", "hardware: {accelerator: h100-sxm}"
        )
        .replace("# site: {region: REGION}", "site: {region: FR}")
    )
    target.write_text(filled)
    assert carbonctl("validate", target).out == f"{target}: valid\n"


def test_a_shape_and_a_measurement_go_together(imported, carbonctl, data):
    text, made = imported(data / "config.json", data / "emissions.csv")
    assert made["model"]["params"] == 8_030_261_248
    assert "precision" not in made["train"]
    ran = carbonctl("train", "-", "--region", "FR", "--samples", "0", stdin=text)
    assert (ran.code, ran.err) == (0, "")


def entry(**changes):
    """The bundled configuration with other entries, one a line."""
    whole = config_of("llama-3.1-8b", "LlamaForCausalLM") | changes
    return json.dumps({k: v for k, v in whole.items() if v is not None}, indent=1)


@for_each(
    "text, code, line, column, says",
    [
        (entry(architectures=["T5ForConditionalGeneration"]), "CC508", 2, 19, "cannot be counted"),
        (
            entry(architectures=["LlamaForCausaLM"]),
            "CC508",
            2,
            19,
            'did you mean "LlamaForCausalLM',
        ),
        ('{"architectures": 7, "model_type": 7}', "CC508", 1, 19, "names no class"),
        (entry(hidden_size=None), "CC502", 2, 19, '"hidden_size" is missing'),
        (entry(hidden_size="wide"), "CC506", 5, 17, "not a whole number"),
        (entry(hidden_size=0), "CC506", 5, 17, "not a whole number"),
        (entry(hidden_size=40.5), "CC506", 5, 17, "not a whole number"),
        (entry(hidden_size=[]), "CC506", 5, 17, "a list"),
        (entry(num_key_value_heads=7), "CC506", 8, 25, "does not divide 32"),
        (entry(tie_word_embeddings=1), "CC506", 12, 25, "not true or false"),
        ('{"architectures": [\n "Llama', "CC502", 2, 2, "not valid JSON"),
        ('{"architectures":' + "[" * 100_000, "CC502", 1, 1, "nested too deeply"),
        ('{"architectures": 1' + "0" * 5000 + "}", "CC502", 1, 1, "a number too long"),
    ],
)
def test_a_bad_configuration_is_an_error_at_its_place(text, code, line, column, says, refused):
    found = refused(text)
    assert found[:4] == (code, "log1", line, column)
    assert says in found[4]


def test_more_experts_a_token_than_experts_are_an_error(refused):
    config = config_of("mixtral-8x7b", "MixtralForCausalLM") | {"num_experts_per_tok": 9}
    assert refused(json.dumps(config, indent=1))[0] == "CC506"


def test_a_billion_layers_take_no_time(refused, data):
    text = (data / "config-moe.json").read_text(encoding="utf-8")
    start = time.process_time()
    many = text.replace('"num_hidden_layers": 4', '"num_hidden_layers": 999999999')
    assert many != text
    assert refused(many.replace('"head_dim": ', '"head_dim": -'))[0] == "CC506"
    assert time.process_time() - start < 1


def test_layers_named_dense_have_no_experts(imported, data):
    text = (data / "config-moe.json").read_text(encoding="utf-8")
    dense = text.replace('"mlp_only_layers": []', '"mlp_only_layers": [1, 2, 99]')
    assert dense != text
    before, after = (imported("-", stdin=config)[1]["model"] for config in (text, dense))
    expert = 3 * 64 * 32  # layer 1 of every second one loses 16 experts and their router
    assert before["params"] - after["params"] == 64 * 16 + 16 * expert - 3 * 64 * 256


def test_a_key_given_twice_is_an_error_where_it_is_repeated(refused):
    twice = entry().replace('"head_dim"', '"hidden_size": 64,\n "head_dim"', 1)
    assert twice.count('"hidden_size"') == 2
    code, _, line, _, err = refused(twice)
    assert code == "CC003"
    assert '"hidden_size": 64' in twice.splitlines()[line - 1]
    assert 'the key "hidden_size" is given twice' in err
