"""A share of the base model, and jobs of fixed size, from the command line."""

import json
import math

import pytest
from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix

from carbonctl.catalog.read import Catalog

EXPONENT = Catalog.open().default("strong_scaling_exponent").value
BASE = "base: {footprint: 300 t, downstream_uses: 1000}"
SCENARIO = """\
model: llama-3.1-8b
hardware: {accelerator: h100-sxm, count: COUNT}
site: {region: "aws:us-east-1"}
train: {RUN}
"""


@pytest.fixture
def train(carbonctl, tmp_path):
    """The envelope of a scenario by its run and count, with what was said on stderr."""

    def estimate(run, count=64, samples=0):
        path = tmp_path / "scenario.yaml"
        path.write_text(SCENARIO.replace("RUN", run).replace("COUNT", str(count)), "utf-8")
        ran = carbonctl("train", path, "-f", "json", "--samples", samples)
        assert ran.code == 0, ran.err
        return json.loads(ran.out), ran.err

    return estimate


def line(data, name):
    (found,) = [node for node in data["breakdown"] if node["id"] == name]
    return found


def metric(data, name):
    return data["metrics"][name]["value"]


def test_a_base_model_adds_its_share_in_a_line_of_its_own(train):
    without, _ = train("tokens: 2B")
    shared, _ = train(f"tokens: 2B, {BASE}")
    node = line(shared, "base_share")
    assert (node["label"], node["value"]) == ("base model, share", 300.0)
    assert (node["evidence"], node["formula"]) == ("given", "base_share_kgco2e")
    assert shared["total"]["value"] == approx(without["total"]["value"] + 300.0)
    assert metric(shared, "base_share_kgco2e") == 300.0
    assert metric(shared, "facility_energy_kwh") == metric(without, "facility_energy_kwh")
    assert "base_share" not in [node["id"] for node in without["breakdown"]]


def test_several_runs_share_one_base_model(train):
    data, _ = train(f"runs: [{{name: a, tokens: 1B}}, {{name: b, tokens: 2B}}], {BASE}")
    assert line(data, "base_share")["value"] == 300.0


def test_ranges_of_a_base_model_reach_its_line_and_the_total(train):
    ranged = "base: {footprint: [150 t, 300 t, 600 t], downstream_uses: [500, 1000, 2000]}"
    data, _ = train(f"tokens: 2B, {ranged}", samples=2000)
    node = line(data, "base_share")
    spread = math.log(2.0) * math.sqrt(2.0)
    assert math.log(node["p95"] / 300.0) == approx(spread, rel=0.1)
    assert math.log(300.0 / node["p05"]) == approx(spread, rel=0.1)
    assert data["total"]["p95"] > node["p95"]


def test_a_base_model_is_explained(carbonctl, configs):
    path = configs / "train-finetune-share.yaml"
    ran = carbonctl("explain", path, "--of", "base_share")
    assert ran.code == 0, ran.err
    assert "C_b = C_base / n" in ran.out
    assert "given at" in ran.out
    ran = carbonctl("explain", path, "--of", "train.accelerator_hours")
    assert "max(1, n / n_node)^a" in ran.out


@pytest.mark.parametrize("count", [2, 8, 16, 64, 512])
def test_a_job_of_fixed_size_takes_more_device_hours_on_more_machines(train, count):
    plain, _ = train("tokens: 2B", count)
    fixed, _ = train("tokens: 2B, fixed_size: true", count)
    off, _ = train("tokens: 2B, fixed_size: false", count)
    ratio = max(1.0, count / 8.0) ** EXPONENT
    for name in ("train.accelerator_hours", "train.facility_energy_kwh", "train.wall_hours"):
        assert metric(fixed, name) == approx(metric(plain, name) * ratio)
    assert off["metrics"] == plain["metrics"]


def test_samples_of_a_fixed_size_scale_too(carbonctl, configs):
    def hours(*more):
        ran = carbonctl(
            "train", configs / "train-vit.yaml", "--set", "hardware.count=64", *more,
            "-f", "json", "--samples", "0",
        )  # fmt: skip
        assert ran.code == 0, ran.err
        return metric(json.loads(ran.out), "train.accelerator_hours")

    per_node = hours("--set", "train.fixed_size=true") / hours()
    assert per_node == approx(8.0**EXPONENT)


@pytest.mark.parametrize(
    ("run", "basis"),
    [
        ("days: 1 d", "days"),
        ("accelerator_hours: 1000", "accelerator_hours"),
        ("energy: {value: 1 MWh, scope: it_system}", "energy"),
    ],
)
def test_a_fixed_size_beside_measured_evidence_is_said_not_used(train, run, basis):
    plain, _ = train(run)
    fixed, said = train(f"{run}, fixed_size: true")
    assert fixed["metrics"] == plain["metrics"]
    assert f"warning[CC303]: fixed_size is not used: the estimate is based on {basis}" in said
