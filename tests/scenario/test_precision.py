"""Number formats of served models: the model's own, what a device has of it, what is stated."""

import json
from typing import get_args

from tables import for_each

from carbonctl.catalog.number_formats import NUMBER_FORMATS, default_precision, native_formats
from carbonctl.catalog.read import Catalog
from carbonctl.scenario.schema.shared_sections import Precision

LOAD = ("--requests", "1k/day", "--tokens", "500:300", "--region", "FR", "--samples", "0")
TOTAL = "total_kgco2e"


def served(result, model, gpu, *more):
    return result("infer", "--model", model, "--gpu", gpu, *LOAD, *more)


def fact(data, label):
    (found,) = [f for f in data["facts"].values() if f["label"].startswith(label)]
    return found


def peaks(data):
    """Labels of the peaks that a result rests on."""
    labels = {f["label"] for f in data["facts"].values()}
    return {label for label in labels if label.startswith("dense peak")}


def test_a_scenario_may_name_every_format_and_each_has_its_bytes(result):
    assert sorted(NUMBER_FORMATS) == sorted(get_args(Precision))
    for name in NUMBER_FORMATS:
        assert served(result, "llama-3.1-8b", "b200-sxm", "--precision", name)[TOTAL] > 0


def test_every_bundled_model_is_published_in_a_known_format():
    catalog = Catalog.open()
    records = [catalog.record("models", name) for name in catalog.ids("models")]
    assert [r.id for r in records if r.text("default_dtype") and not default_precision(r)] == []
    assert {default_precision(r) for r in records} >= {"fp32", "bf16", "fp16", "fp8", "mxfp4"}


@for_each(
    "model, gpu, precision",
    [
        ("gpt-oss-120b", "h100-sxm:1", "mxfp4"),
        ("gpt-oss-20b", "rtx-4090:1", "mxfp4"),
        ("deepseek-v3", "h200:8", "fp8"),
        ("kimi-k2", "h200:16", "fp8"),
        ("minimax-m2", "h100-sxm:4", "fp8"),
        ("llama-3.1-8b", "h100-sxm:1", "bf16"),
        ("llama-2-7b", "h100-sxm:1", "fp16"),
        ("gpt2", "h100-sxm:1", "fp32"),
    ],
)
def test_the_default_of_serving_is_the_format_that_a_model_is_published_in(
    model, gpu, precision, result
):
    told = served(result, model, gpu)
    assert told[TOTAL] == served(result, model, gpu, "--precision", precision)[TOTAL]
    (size,) = [f for f in told["facts"].values() if "is published" in (f["note"] or "")]
    assert size["label"].startswith("bytes of")
    name = Catalog.open().record("models", model).name
    assert size["note"] == f"{precision}, as {name} is published"
    assert size["origin"] == "default"
    assert any(item["note"] == size["note"] for item in told["assumptions"])


def test_training_is_in_16_bits_whatever_a_model_is_published_in(result):
    words = ("train", "--model", "deepseek-v3", "--gpu", "h100-sxm:2048", "--region", "FR",
             "--train-tokens", "14.8T", "--samples", "0")  # fmt: skip
    told = result(*words)
    assert told[TOTAL] == result(*words, "--set", "train.precision=bf16")[TOTAL]
    assert told[TOTAL] != result(*words, "--set", "train.precision=fp8")[TOTAL]


@for_each("precision", ["fp8", "int4", "fp4", "mxfp4", "nvfp4"])
@for_each("gpu", ["a100-sxm4-80gb:1", "v100-sxm2-32gb:1", "mi210:1"])
def test_a_format_without_a_peak_holds_weights_alone(precision, gpu, result):
    """Fewer bytes than in 16 bits, at the same peak; for a model that reads as well."""
    wide = served(result, "llama-3.1-8b", gpu, "--precision", "fp16")
    alone = served(result, "llama-3.1-8b", gpu, "--precision", precision)
    assert alone[TOTAL] < wide[TOTAL]
    assert fact(alone, "dense peak")["value"] == fact(wide, "dense peak")["value"]
    assert fact(alone, "dense peak")["note"].startswith(f"weights alone are in {precision}")
    words = ("infer", "--model", "bge-m3", "--gpu", gpu, "--region", "FR", "--samples", "0",
             "--requests", "1M/day", "--set", "infer.prompt_tokens=256")  # fmt: skip
    reads = [result(*words, "--precision", one)[TOTAL] for one in ("fp16", precision)]
    assert reads[0] == reads[1]


def test_nvfp4_takes_four_and_a_half_bits_and_is_native_on_blackwell(result):
    data = served(result, "llama-3.1-8b", "b200-sxm:1", "--precision", "nvfp4")
    assert fact(data, "bytes of nvfp4")["value"] == 0.5625
    assert "weights alone" not in (fact(data, "dense peak nvfp4")["note"] or "")
    packed = ("--precision", "nvfp4", "--runtime", "hf_eager")
    assert peaks(served(result, "llama-3.1-8b", "b200-sxm:1", *packed)) == {"dense peak bf16"}
    hopper = served(result, "llama-3.1-8b", "h100-sxm:1", "--precision", "nvfp4")
    assert peaks(hopper) == {"dense peak bf16"}
    assert fact(hopper, "dense peak bf16")["value"] == 989.4e12


def test_experts_in_mxfp4_are_multiplied_in_8_bits_where_a_device_has_4_and_the_rest_in_16(result):
    blackwell = served(result, "gpt-oss-120b", "b200-sxm:1")
    assert peaks(blackwell) == {"dense peak bf16", "dense peak fp8"}
    assert peaks(served(result, "gpt-oss-120b", "h100-sxm:1")) == {"dense peak bf16"}
    packed = served(result, "deepseek-v3", "b200-sxm:8", "--precision", "nvfp4")
    assert peaks(packed) == {"dense peak bf16", "dense peak nvfp4"}


def test_a_runtime_may_keep_the_cache_of_narrow_weights_in_8_bits(result):
    for runtime, size in (("trtllm", 1), ("vllm_2025", 2)):
        more = ("--precision", "fp8", "--runtime", runtime)
        data = served(result, "llama-3.1-70b", "h200-sxm:2", *more)
        each = data["metrics"]["infer.per_request_energy_wh"]["value"]
        stated = ("--set", f"infer.kv_precision={'fp8' if size == 1 else 'bf16'}")
        same = served(result, "llama-3.1-70b", "h200-sxm:2", *more, *stated)
        assert same["metrics"]["infer.per_request_energy_wh"]["value"] == each


def test_a_runtime_may_name_another_peak_for_weights_alone(result, tmp_path):
    """A stack that widens 4-bit weights to 8 bits computes at that peak."""
    folder = tmp_path / "runtimes"
    folder.mkdir()
    stack = Catalog.open().path("runtimes", "vllm_2025").read_text(encoding="utf-8")
    own = stack.replace("vLLM 0.11, 2025", "widens to 8 bits") + "weight_only_peak: int8\n"
    (folder / "widens.yaml").write_text(own, encoding="utf-8")
    more = ("--precision", "int4", "--hardware-db", str(tmp_path))
    plain, wide = (
        served(result, "llama-3.1-8b", "a100-sxm4-80gb:1", *more, "--runtime", runtime)
        for runtime in ("vllm_2025", "widens")
    )
    assert peaks(wide) == {"dense peak int8", "dense peak bf16"}  # attention stays in 16 bits
    assert fact(wide, "dense peak int8")["value"] > 1.9 * fact(plain, "dense peak bf16")["value"]


@for_each(
    "model, gpu, said",
    [
        ("llama-3.1-8b", "v100-sxm2-32gb:1", "has no bf16: fp16 takes its place"),
        ("llama-3.1-8b", "t4:2", "has no bf16: fp16 takes its place"),
        ("llama-3.1-8b", "p40:2", "has no bf16: fp32 takes its place"),
        ("gpt-oss-20b", "rtx-4090:1", "weights in mxfp4, as gpt-oss-20b is published"),
        ("deepseek-v3", "a100-sxm4-80gb:16", "weights alone are in fp8, computed at the dense"),
        ("deepseek-v3", "h200:8", "weights in fp8, as DeepSeek-V3 is published"),
        ("Qwen/Qwen3-32B-AWQ", "h200:1", "weights in int4, as Qwen/Qwen3-32B-AWQ is named"),
    ],
)
def test_a_default_that_is_not_16_bits_or_that_a_device_lacks_is_said(model, gpu, said, carbonctl):
    ran = carbonctl("infer", "--model", model, "--gpu", gpu, *LOAD)
    assert said in " ".join(ran.out.split("precision ")[1].split())


def test_a_usual_format_is_not_said_and_a_stated_one_that_is_lacking_is_refused(carbonctl):
    plain = carbonctl("infer", "--model", "llama-3.1-8b", "--gpu", "h100-sxm:1", *LOAD)
    assert "\nprecision" not in plain.out
    words = ("infer", "--model", "llama-3.1-8b", "--gpu", "v100-sxm2-32gb:1", *LOAD)
    assert carbonctl(*words, "--precision", "bf16").code == 3
    assert carbonctl(*words, "--precision", "fp16").code == 0


def test_a_draft_is_in_its_own_format(result):
    """A draft that is published in 16 bits is not halved by a model in fp8."""
    draft = ("--set", "infer.speculative={draft: llama-3.2-1b, tokens: 3, acceptance: 0.7}")
    told = served(result, "deepseek-v3", "h200:8", *draft)
    sizes = {f["label"] for f in told["facts"].values() if f["label"].startswith("bytes of")}
    assert sizes == {"bytes of fp8", "bytes of bf16"}
    stated = served(result, "deepseek-v3", "h200:8", *draft, "--precision", "fp8")
    assert stated[TOTAL] < told[TOTAL]


def test_an_unknown_format_of_a_model_of_ones_own_is_an_error_and_a_broken_rule(
    carbonctl, tmp_path
):
    folder = tmp_path / "models"
    folder.mkdir()
    text = Catalog.open().path("models", "llama-3.1-8b").read_text(encoding="utf-8")
    own = text.replace("default_dtype: bfloat16", "default_dtype: posit16")
    (folder / "llama-3.1-8b.yaml").write_text(own, encoding="utf-8")
    more = ("--hardware-db", tmp_path)
    words = ("infer", "--model", "llama-3.1-8b", "--gpu", "h100-sxm:1", *LOAD, *more)
    ran = carbonctl(*words)
    assert (ran.code, "CC304" in ran.err, "posit16" in ran.err) == (3, True, True)
    assert carbonctl(*words, "--precision", "bf16").code == 0
    assert "posit16" in carbonctl("hw", "check", *more).err


def test_show_prints_native_formats_and_the_default_of_serving(carbonctl):
    shown = json.loads(carbonctl("hw", "show", "h100-sxm", "-f", "json").out)
    assert shown["native_formats"] == ["fp32", "bf16", "fp16", "fp8", "int8"]
    assert shown["weight_only_formats"] == ["int4", "fp4", "mxfp4", "nvfp4"]
    assert (
        "weight_only_formats   fp8, fp4, mxfp4, nvfp4"
        in carbonctl("hw", "show", "a100-sxm4-80gb").out
    )
    assert "default_precision     mxfp4" in carbonctl("model", "show", "gpt-oss-20b").out
    assert (
        json.loads(carbonctl("model", "show", "deepseek-v3", "-f", "json").out)["default_precision"]
        == "fp8"
    )
    volta = native_formats(Catalog.open().record("accelerators", "v100-sxm2-32gb"))
    assert volta[0] == ["fp32", "fp16"]
