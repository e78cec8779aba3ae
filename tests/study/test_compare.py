"""Scenarios on common draws: what cancels, what turns the order."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix

from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.lifecycle import lifecycle
from carbonctl.scenario.read.read_scenario import Setting, read_scenario
from carbonctl.study.compare import compare
from carbonctl.study.montecarlo import central_value, evaluate

CONFIGS = Path(__file__).parents[2] / "configs"
CHAT = "infer-chat-70b"
SAMPLES = 1_000


def scenario(name, **changes):
    """Inputs of a bundled scenario, with some values set."""
    settings = [Setting(k.replace("__", "."), v, f"--set {k}") for k, v in changes.items()]
    found, document = read_scenario(str(CONFIGS / f"{name}.yaml"), settings, Catalog.open())
    return plan_scenario(found, document, Catalog.open()).inputs


def compared(*inputs, seeds=None):
    seeds = seeds or [1] * len(inputs)
    results = [
        evaluate(x, lifecycle, samples=SAMPLES, seed=seed)
        for x, seed in zip(inputs, seeds, strict=True)
    ]
    return compare(results, list(inputs), lifecycle)


def width(draws):
    low, high = np.percentile(draws, (5, 95))
    return high - low


def virginia():
    return scenario(CHAT)


def sweden():
    return scenario(CHAT, site__region="aws:eu-north-1")


def test_a_scenario_against_itself_differs_by_exactly_nothing_in_every_draw():
    found = compared(virginia(), virginia())
    assert found.total.values[0] == found.total.values[1]
    for row in (*found.rows, found.total):
        assert np.asarray(row.differences[1] == 0.0).all()
    assert np.shape(found.total.differences[1]) == (SAMPLES,)
    assert found.less_than_first == (0.0, 0.0)
    assert found.differing == ()
    assert found.turning is None


def test_a_difference_on_common_draws_is_narrower_than_on_independent_ones():
    shared = compared(virginia(), sweden())
    apart = compared(virginia(), sweden(), seeds=[1, 2])
    assert width(shared.total.differences[1]) < width(apart.total.differences[1])


def test_a_common_cause_cancels_where_nothing_else_differs():
    base, more = (scenario(CHAT, infer__requests=n, infer__shared=True)
                  for n in ("1M/day", "1.1M/day"))  # fmt: skip
    found = compared(base, more)
    ratio = found.total.values[1] / found.total.values[0]
    assert ratio == approx(1.1)
    assert (found.total.differences[1] > 0).all()
    assert found.less_than_first == (0.0, 0.0)


def test_rows_sum_to_the_total_in_values_and_in_draws():
    found = compared(virginia(), sweden())
    for place in (0, 1):
        assert sum(row.values[place] for row in found.rows) == approx(found.total.values[place])
    summed = sum(row.differences[1] for row in found.rows)
    assert summed == approx(found.total.differences[1])


def test_each_total_is_set_beside_the_least_central_total():
    found = compared(virginia(), sweden())
    assert found.total.values[1] < found.total.values[0]
    assert np.asarray(found.above_least[1] == 0.0).all()
    assert found.above_least[0] == approx(-found.total.differences[1])


def test_the_difference_to_the_first_is_nothing():
    found = compared(virginia(), sweden())
    for row in (*found.rows, found.total):
        assert np.asarray(row.differences[0] == 0.0).all()


def test_the_cleaner_grid_emits_less_in_nearly_every_draw():
    found = compared(virginia(), sweden())
    assert found.total.values[1] < found.total.values[0]
    assert found.less_than_first[1] > 0.99
    assert compared(sweden(), virginia()).less_than_first[1] < 0.01


def test_inputs_that_differ_are_named_in_pairs():
    found = compared(virginia(), sweden())
    labels = {(a.label, b.label) for a, b in found.differing if a is not None and b is not None}
    assert ("grid factor, US-MIDA-PJM", "grid factor, SE") in {
        (a, b[: len("grid factor, SE")]) for a, b in labels
    }


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_at_the_turning_point_both_emit_the_same(order):
    pair = [virginia(), sweden()]
    inputs = [pair[place] for place in order]
    found = compared(*inputs)
    cheap = int(np.argmin(found.total.values))
    turning = found.turning
    assert turning.fact.unit == "kgCO2e/kWh"
    assert turning.value > turning.fact.value

    def lens(fact):
        return turning.value if fact.key == turning.fact.key else central_value(fact)

    turned = lifecycle(bind(inputs[cheap], lens)).total_kgco2e
    assert turned == approx(found.total.values[1 - cheap], rel=1e-9)


def test_the_turning_point_belongs_to_the_cheaper_side():
    found = compared(virginia(), sweden())
    assert found.turning.fact.key.startswith("grid/SE")


def test_three_scenarios_have_no_turning_point():
    assert compared(virginia(), sweden(), virginia()).turning is None


def test_a_phase_that_one_side_lacks_has_no_value_there_and_counts_as_nothing():
    whole = scenario("lifecycle-chat-7b")
    trained = replace(whole, phases=tuple(p for p in whole.phases if p.kind == "train"))
    found = compared(whole, trained)
    rows = {row.kind: row for row in found.rows}
    assert rows["infer"].values[1] is None
    assert rows["train"].differences[1] == approx(0.0)
    assert (rows["infer"].differences[1] < 0).all()
    assert found.total.values[1] == approx(
        sum(row.values[1] for row in found.rows if row.values[1] is not None)
    )


def test_without_draws_a_difference_is_one_number():
    inputs = [virginia(), sweden()]
    results = [evaluate(x, lifecycle, samples=0, seed=1) for x in inputs]
    found = compare(results, inputs, lifecycle)
    assert found.total.differences[1] == approx(found.total.values[1] - found.total.values[0])
