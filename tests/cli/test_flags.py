"""Flags that people expect from other tools, and what each is in a scenario."""

import pytest

PLACE = ("--region", "FR", "--samples", "0")


def total(result, *words):
    return result(*words, *PLACE)["total_kgco2e"]


def test_hours_are_days_and_gpu_hours_accelerator_hours(result):
    gpu = ("train", "--gpu", "a100-sxm4-80gb:8")
    assert total(result, *gpu, "--hours", "36") == total(result, *gpu, "--days", "1.5")
    held = total(result, *gpu, "--gpu-hours", "288")
    assert held == total(result, *gpu, "--accelerator-hours", "288")
    assert held == pytest.approx(total(result, *gpu, "--hours", "36"))


def test_adapters_train_where_all_weights_would_not_fit(result, carbonctl):
    words = ("train", "--model", "llama-3.1-70b", "--gpu", "a100-sxm4-80gb:4", "--hours", "20")
    assert total(result, *words, "--lora") > 0
    assert carbonctl(*words, *PLACE).code == 3


def test_a_model_that_only_reads_takes_one_number_of_tokens(result, carbonctl):
    words = ("infer", "--gpu", "l4:1", "--requests", "1M/day", "--tokens", "256")
    read = total(result, *words, "--model", "bge-base-en-v1.5")
    assert 0 < read < total(result, *words[:-1], "512", "--model", "bge-large-en-v1.5")
    ran = carbonctl(*words, "--model", "llama-3.2-1b", *PLACE)
    assert (ran.code, "--tokens P:O" in ran.err) == (3, True)


HELD = """
model: llama-3.1-8b
hardware: {{{name}: l40s, count: 2}}
site: {{region: FR}}
infer: {{requests: 1k/day, prompt_tokens: 500, output_tokens: 300}}
"""


def test_gpu_names_an_accelerator_in_a_file_as_in_the_flags(carbonctl):
    made = [
        carbonctl("infer", "-", "--samples", "0", stdin=HELD.format(name=name)).out
        for name in ("gpu", "accelerator")
    ]
    assert made[0] == made[1]
    both = HELD.format(name="gpu: l40s, accelerator")
    ran = carbonctl("infer", "-", stdin=both)
    assert (ran.code, "error[CC303]" in ran.err) == (3, True)
    wrong = carbonctl("infer", "-", stdin=HELD.format(name="gpu").replace("l40s", "l40z"))
    assert "<stdin>:3:17: error[CC103]" in wrong.err


def test_a_bare_number_is_shown_in_the_unit_of_its_key(carbonctl):
    days = carbonctl("train", "-", stdin="train: {days: 10}\n")
    assert "write it as in 10 d" in days.err
    load = carbonctl("infer", "--model", "llama-3.1-8b", "--requests", "1000")
    assert "write it as in 1000/day" in load.err
