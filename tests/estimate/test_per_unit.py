"""Carbon of a device-hour, of an EFLOP, and the share at which hardware outweighs use."""

from __future__ import annotations

from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix

RUN = ("train", "--params", "7B", "--train-tokens", "2T", "--gpu", "h100-sxm:64",
       "--region", "NO", "--samples", "0")  # fmt: skip


def test_compute_carbon_intensity_is_the_carbon_of_training_over_its_model_work(result):
    """6ND of 7 billion parameters and 2 trillion tokens are 84,000 EFLOP."""
    data = result(*RUN)
    cci = data["metrics"]["train.cci_kgco2e_per_eflop"]
    assert cci["unit"] == "kgCO2e/EFLOP"
    assert cci["value"] * 84_000 == approx(data["total_kgco2e"])


def test_compute_carbon_intensity_does_not_depend_on_how_often_a_run_is_made(result):
    often = result(*RUN, "--set", "train.every=13 week", "--set", "hardware.count=1024")
    once = result(*RUN, "--set", "hardware.count=1024")
    assert often["total_kgco2e"] > 3 * once["total_kgco2e"]
    key = "train.cci_kgco2e_per_eflop"
    assert often["metrics"][key]["value"] == approx(once["metrics"][key]["value"])


def test_a_training_whose_work_is_not_stated_has_no_compute_carbon_intensity(result):
    words = ("train", "--gpu", "h100-sxm:64", "--days", "10", "--region", "NO", "--samples", "0")
    metrics = result(*words)["metrics"]
    assert "train.cci_kgco2e_per_eflop" not in metrics
    hours = metrics["train.accelerator_hours"]["value"]
    assert metrics["train.carbon_kgco2e_per_hour"]["value"] * hours == approx(
        result(*words)["total_kgco2e"]
    )


def test_a_clean_share_above_the_crossover_makes_hardware_the_larger_part(result):
    """R21, R63: at the crossover, what is left of the electricity equals hardware and buildings."""
    data = result(*RUN, "--set", 'site.region="aws:us-east-1"')
    share = data["metrics"]["crossover_clean_share"]["value"]
    use = data["operational"]["location"]["value"]
    assert use * (1 - share) == approx(data["total_kgco2e"] - use)


def test_the_hour_of_a_device_is_its_share_of_the_machine(result):
    """5.5 t of a DGX H100 over five years, 65 % allocated, eight accelerators."""
    words = ("embodied", "--server", "dgx-h100", "--samples", "0")
    data = result(*words)
    hour = data["metrics"]["embodied_kgco2e_per_hour"]["value"]
    assert hour == approx(data["total_kgco2e"] / (8 * 43_800 * 0.65))
    bare = result(*words, "--set", "embodied.allocation=sci")
    assert bare["metrics"]["embodied_kgco2e_per_hour"]["value"] == approx(hour * 0.65)
    assert bare["total_kgco2e"] == data["total_kgco2e"]
