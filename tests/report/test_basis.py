"""``explain`` says what a number rests on, and which facts decide its interval."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scenarios import CONFIGS, command_of
from tables import for_each

from carbonctl.app.estimate_scenario import evaluate
from carbonctl.app.load import load_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.core.fact import Fact
from carbonctl.core.formula import Traced
from carbonctl.core.phase_names import PHASES
from carbonctl.formulas.facility.operational import facility_energy_kwh
from carbonctl.report.basis import fact_summary
from carbonctl.study.montecarlo import Draws, replay

PHASED = sorted(
    path.stem for path in CONFIGS.glob("*.yaml") if command_of(path) not in {"embodied", "refresh"}
)


def fact(key, value, factor, **more):
    """A fact whose range is a factor up and down."""
    words = {"unit": "1", "source": "test", "origin": "hardware_db", "label": key} | more
    return Traced(value, Fact(key, value, low=value / factor, high=value * factor, **words))


@for_each("name", PHASED)
def test_a_number_drawn_from_its_tree_is_the_number_that_the_estimate_draws(name):
    scenario = load_scenario(str(CONFIGS / f"{name}.yaml"), (), Catalog.open())
    result = evaluate(scenario, PHASES, samples=100, seed=3)[1]
    draws = result.draws(100, 3)
    total = replay(result.point.total_kgco2e, draws)
    np.testing.assert_allclose(total, result.drawn.total_kgco2e, rtol=1e-12)
    for metric, value in result.point.metrics.items():
        np.testing.assert_allclose(replay(value, draws), result.drawn.metrics[metric], rtol=1e-12)


def test_shares_of_the_variance_follow_the_widths_of_the_ranges():
    number = facility_energy_kwh(
        it_energy_kwh=fact("wide", 10.0, 4.0), pue=fact("narrow", 2.0, 2.0)
    )
    found = fact_summary(number, Draws(20_000, 1))
    shares = {driver["key"]: driver["variance_share"] for driver in found["drivers"]}
    assert list(shares) == ["wide", "narrow"]
    assert shares["wide"] == pytest.approx(0.8, abs=0.01)  # (ln 4)^2 / ((ln 4)^2 + (ln 2)^2)
    assert shares["narrow"] == pytest.approx(0.2, abs=0.01)
    assert found["interval"]["p05"] < 20 < found["interval"]["p95"]


def test_a_fact_used_twice_is_drawn_once():
    x = fact("x", 3.0, 2.0)
    squared = replay(facility_energy_kwh(it_energy_kwh=x, pue=x), Draws(50, 1))
    np.testing.assert_allclose(squared, np.asarray(replay(x, Draws(50, 1))) ** 2)


def test_facts_are_counted_by_kind_and_doubtful_ones_are_marked():
    number = facility_energy_kwh(
        it_energy_kwh=fact("a", 1.0, 2.0, origin="default", tier="proxy"),
        pue=facility_energy_kwh(
            it_energy_kwh=fact("b", 1.0, 2.0, origin="archetype", mark="recalled, 2024"),
            pue=Traced(1.0, Fact("c", 1.0, "1", "user", "scenario", mark="derived")),
        ),
    )
    assert fact_summary(number, Draws(0, 1)) == {
        "facts": {
            "given": 1, "sourced": 0, "assumed": 2, "default": 1, "archetype": 1,
            "low_confidence": 2, "without_range": 1,
        },
        "interval": None,
        "drivers": [],
    }  # fmt: skip


def nodes(tree):
    yield tree
    for child in tree.get("children", ()):
        yield from nodes(child)


@pytest.mark.parametrize("name", ["lifecycle-chat-7b", "train-dlrm", "infer-sdxl"])
def test_every_metric_is_explained_in_both_forms(name, carbonctl, result):
    path = str(CONFIGS / f"{name}.yaml")
    command = "train" if name.startswith("train") else "lifecycle"
    metrics = result(command, path, "--samples", "0")["metrics"]
    assert len(metrics) > 5
    for metric, node in metrics.items():
        ran = carbonctl("explain", path, "--of", metric, "-f", "json", "--samples", "100")
        tree = json.loads(ran.out)
        assert ran.code == 0
        assert tree["value"] == pytest.approx(node["value"], rel=1e-12)
        shares = [driver["variance_share"] for driver in tree["drivers"]]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) <= 1 + 1e-9
        facts = {n["key"]: n for n in nodes(tree) if "key" in n}
        assert {driver["key"] for driver in tree["drivers"]} <= set(facts)
        low = sum(n["low_confidence"] for n in facts.values())
        assert low == tree["facts"]["low_confidence"]
        text = carbonctl("explain", path, "--of", metric, "--samples", "100").out
        if tree["facts"]["given"] or tree["facts"]["assumed"]:
            assert f"{tree['facts']['given']} given" in text


def test_the_text_marks_defaults_archetypes_and_doubtful_facts(carbonctl):
    path = CONFIGS / "lifecycle-chat-7b.yaml"
    out = carbonctl("explain", path, "--samples", "100").out
    assert "assumed (default) [" in out
    assert "sourced (!) [" in out
    out = carbonctl("explain", path, "--set", "site={region: FR}", "--samples", "100").out
    assert "assumed (archetype)" in out
    assert "PUE" in next(line for line in out.splitlines() if "assumed (archetype)" in line)


def test_no_interval_is_claimed_where_nothing_has_a_range(carbonctl):
    path = CONFIGS / "train-bloom.yaml"
    out = carbonctl("explain", path, "--of", "train.operational_location").out
    assert "90 % interval" not in out
    assert "rests on       4 given" in out
