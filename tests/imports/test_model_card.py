"""``validate CARD.md``: emissions of a card are in grams; what looks like kilograms is said."""

from __future__ import annotations

import json

import pytest
from tables import for_each

CARD = """---
language: no
license: apache-2.0
co2_eq_emissions:
  emissions: {value}
  source: CodeCarbon
  training_type: {kind}
  geographical_location: {place}
  hardware_used: {device}
---
# A model
"""


@pytest.fixture
def validated(carbonctl, tmp_path):
    def call(text, *words):
        path = tmp_path / "README.md"
        path.write_text(text, encoding="utf-8")
        ran = carbonctl("validate", path, *words)
        return ran.code, ran.err.replace(f"{path}:", ""), ran.out

    return call


def card(value="41100", kind="pre-training", place="Germany", device="NVIDIA A100-SXM4-40GB"):
    return CARD.format(value=value, kind=kind, place=place, device=device)


def test_kilograms_in_the_field_of_grams_are_pointed_out(validated):
    """TeenyTinyLlama-460m: 41.1 kg, first published as 41.1, that is 18 minutes of one A100."""
    code, err, out = validated(card("41.1"))
    assert code == 0
    assert err.startswith("5:14: warning[CC307]: 41.1 g is 18 minutes of one NVIDIA A100")
    assert "hint: the field is in grams: 41100 if it is 41.1 kg" in err
    assert out.endswith("README.md: valid\n")


@for_each(
    "device",
    [
        "16000 H100",
        "16,000 H100 GPUs",
        "16k H100",
        "16000x H100",
        "16000xH100",
        "16,000 x NVIDIA H100",
        "a cluster of 16000 NVIDIA H100",
        "H100 x 16000",
        "H100x16000",
        "H100 80GB (x 16,000)",
        "h100-sxm:16000",
    ],
)
def test_several_devices_emit_so_many_times_as_much(device, validated):
    """11,390 t of Llama 3.1 written as kilograms: plausible for one device, not for 16,000."""
    code, err, _ = validated(card("11390", place="USA", device=f"'{device}'"))
    assert code == 0
    assert "warning[CC307]: 11390 g is " in err
    assert " minutes of 16,000 x NVIDIA H100" in err


@for_each(
    "device", ["H100", "Ryzen 5950 H100", "1 H100", "0 x H100", "Xeon 8480C, H100", "a 2024 H100"]
)
def test_a_number_that_counts_no_devices_scales_nothing(device, validated):
    assert validated(card("11390", place="USA", device=f"'{device}'"))[:2] == (0, "")
    _, err, _ = validated(card("11", place="USA", device=f"'{device}'"))
    assert " minutes of one NVIDIA H100" in err


@for_each(
    "text",
    [
        card("41100"),
        card("20", kind="fine-tuning"),
        card("0"),
        card("41.1", device="an unnamed cluster"),
        "---\nlanguage: no\n---\n# A model\n",
        "---\nco2_eq_emissions: 41100\n---\n",
    ],
    ids=["grams", "a short fine-tuning", "zero", "no device", "no field", "a bare number"],
)
def test_other_cards_are_valid_without_a_word(text, validated):
    assert validated(text)[:2] == (0, "")


@for_each(
    "text, where",
    [
        (card("41 kg"), "5:14: error[CC201]"),
        (card("-3"), "5:14: error[CC203]"),
        (card("true"), "5:14: error[CC201]"),
        (card().replace("hardware_used", "hardware"), "9:3: error[CC101]"),
        (card().replace("  emissions: 41100\n", ""), "5:3: error[CC206]"),
        ("---\nco2_eq_emissions: lots\n---\n", "2:19: error[CC201]"),
        ("---\nlicense: a\nlicense: b\n---\n", "3:1: error[CC003]"),
        ("# no metadata\n", "1:1: error[CC007]"),
        ("---\n- a\n---\n", "2:1: error[CC007]"),
    ],
)
def test_a_card_that_the_hub_could_not_read_is_an_error_at_its_place(text, where, validated):
    code, err, _ = validated(text)
    assert code == 3
    assert err.startswith(where), err
    assert err.count("error[") == 1


def test_warnings_have_forms_for_machines(validated):
    _, _, out = validated(card("41.1"), "-f", "json")
    (warning,) = json.loads(out)["warnings"]
    assert (warning["code"], warning["level"], warning["line"]) == ("CC307", "warning", 5)
    _, _, out = validated(card("41.1"), "-f", "github")
    assert out.startswith("::warning file=")
    assert ",line=5,col=14,endColumn=18,title=CC307::41.1 g is 18 minutes" in out


TRAINED = """---
co2_eq_emissions:
  emissions: {grams}
  energy_consumed: {energy}
  source: codecarbon
  training_type: fine-tuning
  on_cloud: false
  cpu_model: Invented CPU
  ram_total_size: 31.8
  hours_used: {hours}
  hardware_used: 1 x NVIDIA GeForce RTX 3090
---
# A model
"""


@pytest.mark.parametrize(
    ("grams", "energy", "hours", "said"),
    [
        ("9.7", "0.025", "0.09", ""),
        ("9700", "0.025", "0.09", "no grid emits that"),
        ("9.7", "25", "0.09", "no grid emits that"),
        ("970", "2.5", "0.09", "are rated 350 W"),
    ],
)
def test_a_card_of_a_trainer_is_valid_and_its_energy_is_checked(
    grams, energy, hours, said, validated
):
    code, err, _ = validated(TRAINED.format(grams=grams, energy=energy, hours=hours))
    assert code == 0
    assert ("CC307" in err) == bool(said)
    assert said in err


@pytest.mark.parametrize("bad", ["energy_consumed: much", "hours_used: -1", "energy_used: 1"])
def test_a_wrong_entry_of_a_trainer_is_an_error(bad, validated):
    text = card().replace("source: CodeCarbon", bad)
    code, err, _ = validated(text)
    assert code == 3
    assert "5:" in err or "6:" in err
