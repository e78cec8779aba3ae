"""Published training results, replayed through the public command.

Ids are those of the collected reproduction cases. Tolerances are the rounding of what was
published.
"""

from __future__ import annotations

import pytest
from scenarios import CONFIGS


def train(result, name: str, *extra: str) -> dict:
    return result("train", str(CONFIGS / f"{name}.yaml"), *extra)


def tonnes(data: dict, run: str) -> float:
    return data["metrics"][f"train.{run}.operational_location_kgco2e"]["value"] / 1000


@pytest.mark.parametrize(
    ("run", "published"),
    [("7B", 31.22), ("13B", 62.44), ("70B", 291.42), ("34B", 153.9)],
    ids=["R01", "R02", "R03", "R04"],
)
def test_llama_2_runs(result, run, published):
    """Llama 2 model card; the 34B row is the total less the printed rows."""
    assert tonnes(train(result, "train-llama-2"), run) == pytest.approx(published, rel=0.01)


def test_llama_2_total_is_539_tonnes_with_34b_at_350_watts(result):
    """R04: with 400 W for every run the total misses by 4 %."""
    data = train(result, "train-llama-2")
    assert data["operational"]["location"]["value"] == pytest.approx(539_000, rel=0.01)
    wrong = train(
        result, "train-llama-2", "--set", "train.runs.2.power={value: 400 W, scope: facility}"
    )
    assert wrong["operational"]["location"]["value"] > 539_000 * 1.03


def test_llama_3(result):
    """R05: 390 + 1,900 = 2,290 t, rounded in the card."""
    argv = (
        "--gpu", "h100-sxm", "--grid", "0.425 kg/kWh", "--pue", "included",
        "--set", "train.power={value: 700 W, scope: facility}",
    )  # fmt: skip
    for hours, published in (("1.3M", 390), ("6.4M", 1900)):
        data = result("train", *argv, "--accelerator-hours", hours)
        assert data["operational"]["location"]["value"] / 1000 == pytest.approx(published, rel=0.02)


def test_llama_3_1_on_both_bases(result):
    """R06 and R69: 420, 2,040 and 8,930 t; 11,390 t in all; 0 t on the market basis."""
    data = train(result, "train-llama-3.1")
    for run, published in (("8B", 420), ("70B", 2040), ("405B", 8930)):
        assert tonnes(data, run) == pytest.approx(published, rel=0.02)
    assert data["operational"]["location"]["value"] == pytest.approx(11_390_000, rel=0.02)
    assert data["operational"]["market"]["value"] == 0


def test_llama_3_1_market_basis_is_null_without_contract_data(result):
    data = train(result, "train-llama-3.1", "--set", "site.contracted_clean=")
    assert data["operational"]["market"]["value"] is None
    assert data["operational"]["location"]["value"] == pytest.approx(11_390_000, rel=0.02)


def test_accounting_chooses_the_basis_of_the_total_and_leaves_the_other(result):
    """R69: contracts move the market basis only."""
    data = train(result, "train-llama-3.1", "--accounting", "market")
    assert data["accounting"] == "market"
    assert data["operational"]["location"]["value"] == pytest.approx(11_390_000, rel=0.02)
    assert data["breakdown"][0]["value"] == 0


def test_code_llama(result):
    """R07: 1.4M hours at 400 W and 0.408 kg/kWh are 228.55 t."""
    data = result(
        "train", "--gpu", "a100-sxm4-80gb", "--accelerator-hours", "1.4M", "--grid", "0.408 kg/kWh",
        "--pue", "included", "--set", "train.power={value: 400 W, scope: facility}",
    )  # fmt: skip
    assert data["operational"]["location"]["value"] / 1000 == pytest.approx(228.55, rel=0.02)


def test_llama_1_7b(result):
    """R09: 82,432 h at 400 W and PUE 1.1 are 36.27 MWh and, at 0.385 kg/kWh, 13.96 t."""
    data = result(
        "train", "--gpu", "a100-sxm4-80gb", "--accelerator-hours", "82432", "--pue", "1.1",
        "--grid", "0.385 kg/kWh", "--set", "train.power={value: 400 W, scope: it_system}",
    )  # fmt: skip
    energy = data["metrics"]["train.facility_energy_kwh"]["value"]
    assert energy / 1000 == pytest.approx(36.27, rel=0.001)
    assert data["operational"]["location"]["value"] / 1000 == pytest.approx(13.96, rel=0.001)


def test_pue_is_applied_once(result):
    """R10: 1,000 kWh at PUE 1.1 and 0.4 kg/kWh are 1,100 kWh and 440 kg."""
    data = result("train", "--energy", "1000 kWh:it_system", "--pue", "1.1", "--grid", "0.4 kg/kWh")
    assert data["metrics"]["facility_energy_kwh"]["value"] == pytest.approx(1100)
    assert data["operational"]["location"]["value"] == pytest.approx(440)


def test_doubling_hours_doubles_everything(result):
    """R11: electricity and the embodied share are linear in device-hours."""
    argv = ("--gpu", "h100-sxm", "--region", "aws:us-east-1", "--accelerator-hours")
    one, two = (result("train", *argv, hours) for hours in ("1000", "2000"))
    assert two["total_kgco2e"] == pytest.approx(2 * one["total_kgco2e"])
    assert two["metrics"]["manufacturing_kgco2e"]["value"] == pytest.approx(
        2 * one["metrics"]["manufacturing_kgco2e"]["value"]
    )


def test_pue_beside_facility_watts_is_not_applied_and_warned_of(result):
    """R13: applied on top it would give 320.5 t for the 70B run."""
    data = train(result, "train-llama-2", "--set", "site.pue=1.1")
    assert tonnes(data, "70B") == pytest.approx(291.42, rel=0.01)
    assert any(w["code"] == "CC303" for w in data["warnings"])


def test_bloom_dynamic_idle_and_embodied(result):
    """Luccioni et al. 2023: 24.7 + 14.6 + 11.2 t."""
    data = train(result, "train-bloom")
    metrics = data["metrics"]
    assert metrics["train.operational_location_kgco2e"]["value"] == pytest.approx(24_690, rel=0.01)
    assert metrics["idle.operational_location_kgco2e"]["value"] == pytest.approx(14_630, rel=0.01)
    assert metrics["manufacturing_kgco2e"]["value"] == pytest.approx(11_200, rel=0.01)


def test_olmo_2_7b(result):
    """Morrison et al. 2025, table 2: 157 MWh and 52 t."""
    data = train(result, "train-olmo-2-7b")
    energy = data["metrics"]["train.facility_energy_kwh"]["value"]
    assert energy == pytest.approx(157_000, rel=0.01)
    assert data["operational"]["location"]["value"] == pytest.approx(52_000, rel=0.01)


def test_newer_llamas_emit_more(result):
    """R68: 70B of Llama 2 to 70B of Llama 3.1 on the cards' own figures."""
    two, three = train(result, "train-llama-2"), train(result, "train-llama-3.1")
    assert tonnes(three, "70B") > 6 * tonnes(two, "70B")


def test_6nd_gives_the_utilization_of_llama_2_70b(result):
    """R31: 8.4e23 FLOP in 1,720,320 A100 hours are an MFU of 43.5 %."""
    data = result(
        "train", "--model", "llama-2-70b", "--gpu", "a100-sxm4-80gb", "--region", "aws:us-east-1",
        "--accelerator-hours", "1720320", "--set", "train.cross_check.tokens=2T",
    )  # fmt: skip
    assert data["metrics"]["train.implied_mfu"]["value"] == pytest.approx(0.435, rel=0.02)


def test_hourly_and_weekly_cadence(result):
    """R32: 10 kWh an update over four weeks are 6,720 and 40 kWh."""
    argv = ("--energy", "10 kWh:facility", "--grid", "0.4 kg/kWh", "--pue", "included",
            "--set", "period=4 week", "--set")  # fmt: skip
    for every, kwh in (("1 h", 6720), ("1 week", 40)):
        data = result("train", *argv, f"train.every={every}")
        assert data["metrics"]["train.facility_energy_kwh"]["value"] == pytest.approx(kwh)


def test_data_growth(result):
    """R28: 2.4 times in two years is 5.76 times in four, and its mean lies between."""
    argv = ("--energy", "1 kWh:facility", "--grid", "0.4 kg/kWh", "--pue", "included", "--set",
            "period=4 y", "--set", "data.stored=1 PB", "--set", "data.replicas=1")  # fmt: skip
    flat = result("train", *argv)["metrics"]["data.it_energy_kwh"]["value"]
    grown = result("train", *argv, "--set", "data.growth=2.4 per 2 y")
    mean = grown["metrics"]["data.it_energy_kwh"]["value"] / flat
    assert mean == pytest.approx((2.4**2 - 1) / (2 * 0.875469), rel=1e-4)  # ln 2.4 = 0.875469
    assert 1 < mean < 2.4**2
