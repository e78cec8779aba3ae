"""Draws in blocks: the same numbers to the last bit, and no array of a step longer than a block."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from carbonctl.app.plan_hardware import plan_refresh
from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.core.fact import Fact
from carbonctl.core.record import record
from carbonctl.estimate.lifecycle import lifecycle
from carbonctl.estimate.refresh import refresh
from carbonctl.estimate.results import Lifecycle
from carbonctl.scenario.read.read_scenario import read_scenario
from carbonctl.study import blocks
from carbonctl.study.montecarlo import Draws, evaluate

CONFIGS = Path(__file__).parents[2] / "configs"
SAMPLES, BLOCK = 1_000, 64  # the last block is a shorter one


def life(name):
    scenario, document = read_scenario(str(CONFIGS / f"{name}.yaml"), (), Catalog.open())
    return plan_scenario(scenario, document, Catalog.open()).inputs


def choice(name):
    scenario, document = read_scenario(str(CONFIGS / f"{name}.yaml"), (), Catalog.open())
    return plan_refresh(scenario, document, Catalog.open()).inputs


def numbers(result):
    """Every number of a result, in order."""
    found = []
    if isinstance(result, tuple):
        found = [number for item in result for number in numbers(item)]
    elif isinstance(result, dict):
        found = [number for item in result.values() for number in numbers(item)]
    elif hasattr(result, "__dataclass_fields__"):
        found = numbers(tuple(getattr(result, name) for name in result.__dataclass_fields__))
    elif isinstance(result, float | np.ndarray):
        found = [result]
    return found


@pytest.mark.parametrize(
    ("inputs", "estimate", "outcome"),
    [
        (life("lifecycle-chat-7b"), lifecycle, "total_kgco2e"),
        (choice("refresh-a100-to-h100"), refresh, "carbon_ratio"),
    ],
    ids=["life", "choice"],
)
def test_blocks_give_what_all_draws_at_once_give(inputs, estimate, outcome, monkeypatch):
    study = partial(evaluate, inputs, estimate, samples=SAMPLES, seed=5, outcome=outcome)
    whole = study()
    monkeypatch.setattr(blocks, "BLOCK", BLOCK)
    blocked = study()
    pairs = list(zip(numbers(blocked.drawn), numbers(whole.drawn), strict=True))
    assert sum(np.ndim(made) == 1 for made, _ in pairs) > 20
    for made, meant in pairs:
        assert np.array_equal(made, meant, equal_nan=True)
    assert [(d.fact.key, d.share) for d in blocked.drivers] == [
        (d.fact.key, d.share) for d in whole.drivers
    ]


def test_an_estimate_sees_one_block_at_a_time(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", BLOCK)
    fact = Fact("x", 2.0, "", "", "default", 1.0, 3.0)
    seen = []

    def run(draws):
        seen.append(draws(fact))
        return {"x": seen[-1], "one": 1.0}

    made = blocks.evaluate_in_blocks(run, Draws(SAMPLES, 9))
    assert [len(block) for block in seen] == [BLOCK] * (SAMPLES // BLOCK) + [SAMPLES % BLOCK]
    assert np.array_equal(made["x"], Draws(SAMPLES, 9)(fact))
    assert made["one"] == 1.0


def test_a_quantity_that_was_drawn_in_blocks_is_drawn_again_as_a_whole():
    draws = Draws(SAMPLES, 3)
    parts = [block.normal("y") for block in draws.blocks(BLOCK)]
    assert np.array_equal(np.concatenate(parts), draws.normal_in_full("y"))
    assert not draws.normals
    assert np.array_equal(draws.normal("y"), draws.normal_in_full("y"))


def test_an_array_that_a_result_holds_twice_is_made_once():
    array = np.arange(3.0)
    made = blocks.map_arrays({"a": array, "b": (array, 1.0)}, lambda one: one * 2)
    assert made["a"] is made["b"][0]
    assert made["a"].tolist() == [0.0, 2.0, 4.0]


@record
class Served:
    """A service that is feasible in some draws."""

    is_feasible: bool | np.ndarray
    chosen: dict[str, float]


@record
class Use:
    """What a phase used."""

    served: Served


@record
class Phase:
    """A phase that serves."""

    use: Use


@record
class Result:
    """An estimate of one number, which is feasible where it is above 1.5."""

    phases: tuple[Phase]
    metrics: dict[str, float | np.ndarray]


def test_in_the_place_of_a_draw_that_is_not_feasible_stands_the_next_that_is(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", BLOCK)
    fact, sizes = Fact("x", 2.0, "", "", "default", 1.0, 3.0), []

    def estimate(inputs):
        (x,) = inputs
        sizes.append(np.size(x))
        return Result((Phase(Use(Served(x > 1.5, {}))),), {"x": x})

    found = evaluate((fact,), estimate, samples=SAMPLES, seed=9, outcome="x")
    every = Draws(SAMPLES, 9)(fact)
    feasible = every > 1.5
    assert found.infeasible_share == pytest.approx(np.mean(~feasible))
    assert 0.0 < found.infeasible_share < 1.0
    kept = found.drawn.metrics["x"]
    assert np.array_equal(kept[feasible], every[feasible])
    assert (kept > 1.5).all()
    assert found.drivers[0].share == pytest.approx(1.0, abs=0.02)  # its numbers moved with it
    assert sum(sizes) == 1 + SAMPLES  # the point, and each draw once


def test_what_a_result_finds_when_asked_follows_the_order_of_its_draws():
    order = np.array([2, 0, 1])
    whole = Lifecycle("location", np.arange(3.0), (), (), lambda: {"twice": 2.0 * np.arange(3.0)})
    moved = blocks.map_arrays(whole, lambda array: array[order])
    assert moved.metrics["twice"].tolist() == [4.0, 0.0, 2.0]
    assert moved.total_kgco2e.tolist() == [2.0, 0.0, 1.0]
