"""Training from its work, one architecture after the other, through the public command."""

from __future__ import annotations

import pytest
from scenarios import CONFIGS

PLACE = ("--gpu", "h100-sxm:512", "--region", "aws:us-east-1", "--samples", "0")


def hours(data: dict) -> float:
    return data["metrics"]["train.accelerator_hours"]["value"]


def estimate(result, model: str, *sets: str) -> dict:
    """A run at an MFU of 40 %, so that hours are work and nothing else."""
    given = ("train.billed_mfu=0.4", *sets)
    return result("train", "--model", model, *PLACE, *(w for s in given for w in ("--set", s)))


def bias(data: dict) -> float:
    """Central value of the model's own error in hours."""
    found = [f["value"] for f in data["facts"].values() if f["label"].startswith("model error, ho")]
    return found[0] if found else 1.0


def flop(data: dict) -> float:
    """Hours without the model's own bias, as work."""
    return hours(data) / bias(data) * 3600 * 0.4 * 989e12


def config(result, name: str, *extra: str) -> dict:
    return result("train", str(CONFIGS / f"train-{name}.yaml"), "--samples", "0", *extra)


def test_context_adds_little_to_405b_and_much_to_70m(result):
    for model, params, context, low, high in (
        ("llama-3.1-405b", 405.85e9, 8192, 1.02, 1.05),
        ("pythia-70m", 70.4e6, 2048, 0.6, 0.8),
    ):
        data = estimate(result, model, "train.tokens=1T", f"train.context={context}")
        assert low < flop(data) / (6 * params * 1e12) < high, model


def test_an_unknown_context_is_6nd_alone_and_said(result):
    data = estimate(result, "llama-3.1-405b", "train.tokens=1T")
    assert flop(data) == pytest.approx(6 * 405.85e9 * 1e12, rel=1e-3)
    assert "attention work" in data["coverage"]["not_estimated"]
    known = estimate(result, "llama-2-7b", "train.tokens=1T")
    assert "attention work" not in known["coverage"]["not_estimated"]
    assert known["facts"]["models/llama-2-7b:max_context"]["origin"] == "default"


def test_a_window_takes_less_work_than_the_whole_context(result):
    sets = ("train.tokens=1T", "train.context=32768")
    short = flop(estimate(result, "mistral-7b-v0.1", *sets))
    whole = short + 12 * 32 * 4096 * (32_768 / 2 - 4096 * (1 - 4096 / 65_536)) * 1e12
    assert flop(estimate(result, "mistral-7b-v0.3", *sets)) == pytest.approx(whole, rel=0.01)


def test_t5_11b_work_and_both_counts(result):
    """Patterson et al. 2021: 4.05e22."""
    data = config(result, "t5-11b", "--set", "train.billed_mfu=0.4")
    work = hours(data) / bias(data) * 3600 * 0.4 * data["facts"][
        "accelerators/google-tpu-v3:peak_bf16"]["value"]  # fmt: skip
    assert work == pytest.approx(4.05e22, rel=0.10)


def test_a_mixture_works_as_its_active_and_weighs_as_all_its_parameters(result):
    mixture, active, whole = (
        estimate(result, "mixtral-8x7b", "train.tokens=1T"),
        result("train", "--params", "12.88B", *PLACE, "--set", "train.billed_mfu=0.4",
               "--train-tokens", "1T"),
        result("train", "--params", "46.7B", *PLACE, "--set", "train.billed_mfu=0.4",
               "--train-tokens", "1T"),
    )  # fmt: skip
    assert hours(mixture) == pytest.approx(hours(active), rel=1e-3)
    least = "train.minimum_accelerators"
    assert mixture["metrics"][least]["value"] == whole["metrics"][least]["value"]
    assert active["metrics"][least]["value"] < whole["metrics"][least]["value"]


def test_a_teacher_adds_its_forward_pass(result):
    alone = flop(estimate(result, "llama-3.2-1b", "train.tokens=1T"))
    taught = flop(estimate(result, "llama-3.2-1b", "train.tokens=1T",
                           "train.teacher.params=8B"))  # fmt: skip
    assert taught - alone == pytest.approx(2 * 8e9 * 1e12, rel=1e-3)


def test_lora_is_two_thirds_and_fits_where_full_training_does_not(result, carbonctl):
    sets = ("train.tokens=1B", "train.method=lora", "train.adapter_params=200M")
    data = estimate(result, "llama-3.1-70b", *sets)
    assert flop(data) == pytest.approx((4 * 70.55e9 + 6 * 2e8) * 1e9, rel=0.01)
    assert data["metrics"]["train.minimum_accelerators"]["value"] == 3
    argv = ("train", CONFIGS / "train-lora.yaml", "--samples", "0", "--set")
    assert carbonctl(*argv, "train.method=full").code == 3
    assert carbonctl(*argv, "train.method=lora").code == 0


def test_weights_in_4_bits_take_time_to_unpack_unless_a_utilization_holds_it(result):
    qlora = config(result, "qlora")
    lora = config(result, "qlora", "--set", "train.method=lora", "--set", "hardware.count=8")
    assert hours(qlora) / hours(lora) == pytest.approx(1.53, rel=1e-3)
    assert "default:unpacking_factor" not in lora["facts"]
    for name in ("mfu", "billed_mfu"):
        data = config(result, "qlora", "--set", f"train.{name}=0.3")
        assert "default:unpacking_factor" not in data["facts"]


def test_models_beside_the_trained_one_take_devices(result):
    """8.03e9 x 16 bytes are 128.5 GB, x 2 are 16.1: 145 GB with a reference, 289 in PPO."""
    rollouts = ("train.rollouts={prompts: 200k, group: 16, tokens: 1k}",
                "train.rollout_throughput=10k/s", "hardware.count=8")  # fmt: skip
    least = {}
    for how, work in (("dpo", ("train.tokens=1B",)), ("grpo", rollouts), ("ppo", rollouts)):
        data = estimate(result, "llama-3.1-8b", *work, f"train.method={how}")
        least[how] = data["metrics"]["train.minimum_accelerators"]["value"]
    assert least == {"dpo": 3, "grpo": 3, "ppo": 5}


def test_a_critic_that_does_not_fit_is_named(carbonctl):
    argv = ("train", CONFIGS / "train-grpo.yaml", "--samples", "0", "--set", "hardware.count=4")
    assert carbonctl(*argv).code == 0
    shown = carbonctl(*argv, "--set", "train.method=ppo")
    assert shown.code == 3
    assert "a critic, a reference and a reward model" in " ".join(shown.err.split())


def test_activations_take_devices_as_they_are_kept_or_computed_again(result):
    """Korthikanti et al. 2022 on GPT-3: 2,794 GB of state and 275, 82 or 5 GB of activations."""
    sets = ("train.tokens=1B", "hardware.count=64")
    for how, least in (("none", 43), ("selective", 40), ("full", 39)):
        data = estimate(result, "gpt-3", *sets, f"train.recompute={how}")
        assert data["metrics"]["train.minimum_accelerators"]["value"] == least
    unsaid = estimate(result, "gpt-3", *sets)
    assert unsaid["metrics"]["train.minimum_accelerators"]["value"] == 40


def test_activations_of_an_unknown_context_are_left_out(result):
    """16 bytes x 8.03e9 are 128.5 GB, two devices of 72 GB; 32k tokens keep 146 GB beside them."""
    unknown = estimate(result, "llama-3.1-8b", "train.tokens=1B")
    known = estimate(result, "llama-3.1-8b", "train.tokens=1B", "train.context=32768")
    least = "train.minimum_accelerators"
    assert (unknown["metrics"][least]["value"], known["metrics"][least]["value"]) == (2, 4)


def test_adapters_keep_the_input_of_each_layer_unless_it_is_said(result, carbonctl):
    """70B in 4 bits on one device of 80 GB, as published for QLoRA."""
    data = config(result, "qlora")
    assert data["metrics"]["train.minimum_accelerators"]["value"] == 1
    argv = ("train", CONFIGS / "train-qlora.yaml", "--samples", "0", "--set")
    assert carbonctl(*argv, "train.recompute=selective").code == 3


def test_full_recomputation_fits_where_kept_activations_do_not(carbonctl):
    argv = ("train", "--model", "llama-3-8b", "--gpu", "h100-sxm:2", "--region", "aws:us-east-1",
            "--train-tokens", "10M", "--samples", "0")  # fmt: skip
    kept = carbonctl(*argv)
    assert kept.code == 3
    assert "activations of 8,192 tokens" in " ".join(kept.err.split())
    assert "train.recompute: full" in " ".join(kept.err.split())
    assert carbonctl(*argv, "--set", "train.recompute=full").code == 0


def test_dpo_adds_a_reference(result):
    plain, tuned = (
        flop(estimate(result, "llama-3.1-70b", "train.tokens=1B", f"train.method={method}"))
        for method in ("full", "dpo")
    )
    assert tuned / plain == pytest.approx(8 / 6, rel=1e-6)


def test_recomputation_multiplies_time_and_not_a_stated_utilization(result):
    argv = ("--model", "llama-2-70b", *PLACE, "--train-tokens", "1T", "--set")
    none, full = (
        hours(result("train", *argv, f"train.recompute={how}")) for how in ("none", "full")
    )
    assert full / none == pytest.approx(4 / 3, rel=1e-3)
    data = estimate(result, "llama-2-70b", "train.tokens=1T", "train.recompute=full")
    assert any("recompute" in w["message"] for w in data["warnings"])
    assert hours(data) == hours(estimate(result, "llama-2-70b", "train.tokens=1T"))


def test_kept_latents_are_encoded_once(result):
    kept = hours(config(result, "diffusion"))
    again = hours(config(result, "diffusion", "--set", "train.cached_latents=false"))
    assert again > 1.05 * kept


def test_attention_makes_clips_grow_faster_than_their_frames(result):
    short, long = (
        hours(config(result, "video", "--set", f"train.frames={frames}")) for frames in (41, 81)
    )
    assert long / short > 81 / 41 * 1.15


def test_images_grow_with_their_area_and_epochs(result):
    small, large = (
        hours(config(result, "vit", "--set", f"train.image_size={edge}")) for edge in (224, 448)
    )
    assert large / small > 4
    half = hours(config(result, "vit", "--set", "train.epochs=150"))
    assert half == pytest.approx(small / 2)


def test_what_binds_a_recommendation_model(result, carbonctl):
    """More devices share the readers: each waits longer for a sample."""
    data = config(result, "dlrm")
    names = ("computing_s", "gathering_s", "exchanging_s", "reading_s")
    limits = {name: data["metrics"][f"train.{name}"]["value"] for name in names}
    assert hours(data) == pytest.approx(20e9 * max(limits.values()) / 3600 * bias(data))
    for sets, what in (
        ("train.reader_throughput=1M/s", "data readers"),
        ("model.mlp_params=1B", "dense layers"),
        ("model.tables.lookups=100", "embedding gathers"),
    ):
        shown = carbonctl("train", CONFIGS / "train-dlrm.yaml", "--samples", "0", "--set", sets)
        assert f"waits for {what}" in " ".join(shown.out.split()), what


def test_tables_need_devices_for_their_memory(result):
    """200 tables x 2M rows x (128 x 4 + 4) bytes = 206 GB: three devices of 80 GB."""
    data = config(result, "dlrm")
    assert data["metrics"]["train.minimum_accelerators"]["value"] == 3


def test_rollouts_are_priced_at_serving_throughput(result):
    slow, fast = (
        hours(config(result, "grpo", "--set", f"train.rollout_throughput={rate}"))
        for rate in ("10k/s", "1M/s")
    )
    tokens = 200e3 * 16 * 4e3
    generation = 64 * tokens / 3600 * (1 / 10e3 - 1 / 1e6)
    assert (slow - fast) / generation == pytest.approx(1.0, rel=0.25)
    ppo = hours(config(result, "grpo", "--set", "train.method=ppo"))
    assert ppo > hours(config(result, "grpo"))


def test_federated_learning_has_no_pue_and_no_building(result):
    data = config(result, "federated")
    energy = data["metrics"]["train.facility_energy_kwh"]["value"]
    assert energy == pytest.approx(10e6 * (1.5 * 3 + 0.2 * 7.5) / 1e3)
    assert data["metrics"]["train.it_energy_kwh"]["value"] == energy
    assert data["total_kgco2e"] == pytest.approx(data["operational"]["location"]["value"])


def test_wall_time_is_hours_over_devices(result):
    data = estimate(result, "llama-2-7b", "train.tokens=1T")
    assert data["metrics"]["train.wall_hours"]["value"] == pytest.approx(hours(data) / 512)


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        (("train.billed_mfu=0.7",), "above any published run"),
        (("hardware.count=12",), "on its devices"),
    ],
)
def test_what_is_implausible_is_warned_of(result, sets, words):
    given = ("train.tokens=3T", *sets)
    data = result("train", "--model", "llama-2-7b", *PLACE,
                  *(w for s in given for w in ("--set", s)))  # fmt: skip
    assert any(words in w["message"] for w in data["warnings"]), data["warnings"]


def test_a_cross_check_within_reach_is_compared(result):
    data = config(result, "moe")
    assert 0.5 < data["metrics"]["train.stated_hours_ratio"]["value"] < 2
