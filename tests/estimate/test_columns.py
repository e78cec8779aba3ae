"""Every fact of every bundled scenario as a column: rows are the single estimates of its values.

A plan is made inside of an estimate: each row chooses batch and devices for itself. All values of
all facts are looked at by ``benchmarks/columns.py``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from columns import (
    differing_columns,
    differing_draws,
    every_input,
    forms_of,
    inputs_of,
    measured,
    some_values_of,
)
from scenarios import CONFIGS

from carbonctl.estimate.inputs import collect_facts
from carbonctl.scenario.read.read_scenario import Setting
from carbonctl.study.montecarlo import Draws

# what a user would vary first, of a service
VARIED = {
    "infer.requests", "infer.prompt_tokens", "infer.output_tokens", "infer.concurrency",
    "infer.latency.itl", "hardware.count", "default:output_cv", "default:memory_share",
    "default:busy_share", "default:most_sequences", "infer.data_parallel", "infer.cache_hits",
}  # fmt: skip


def test_a_column_of_any_fact_gives_the_estimates_of_its_values():
    """A fact that scenarios share in one form of work is looked at once."""
    looked_at, wrong = set(), []
    for name, inputs in every_input():
        forms, known = forms_of(inputs), collect_facts(inputs)
        keys = [key for key in forms if key in VARIED or (forms[key], key) not in looked_at]
        looked_at |= {(forms[key], key) for key in keys}
        values = {key: some_values_of(name, known[key], 2 if key in VARIED else 1) for key in keys}
        wrong += [f"{name} {line}" for line in differing_columns(inputs, measured, values)]
    assert wrong == []
    assert {key for _, key in looked_at} >= VARIED
    assert len(looked_at) > 500


# what may bound a replica, of a dense model and of experts -> its facts beside those varied
BOUNDS = {
    "usual": ({}, []),
    "usual, shared": ({"shared": True}, []),
    "between tokens, of a size": (
        {"latency": {"itl": "60 ms"}, "tensor_parallel": 8}, ["infer.tensor_parallel"]
    ),
    "stated, of a size": ({"concurrency": 24, "tensor_parallel": 8}, ["infer.tensor_parallel"]),
    "between tokens": ({"latency": {"itl": "60 ms"}}, ["infer.latency.itl"]),
    "first token": ({"latency": {"ttft": "400 ms"}}, ["infer.latency.ttft"]),
    "queue": ({"concurrency": "full", "tensor_parallel": 8}, ["infer.tensor_parallel"]),
    "measured": ({"throughput": "3000/s", "concurrency": 48, "shared": True}, ["infer.throughput"]),
    "range": ({"concurrency": {"value": 32, "range": [8, 90]}}, ["infer.concurrency"]),
}  # fmt: skip


def bounded(bound, model):
    """Facts of a chat service whose replica is bounded otherwise."""
    changes = {"model": model, "infer.concurrency": None}
    changes |= {f"infer.{key}": value for key, value in BOUNDS[bound][0].items()}
    settings = [Setting(key, value, "--set") for key, value in changes.items()]
    return inputs_of(CONFIGS / "infer-chat-70b.yaml", "infer", settings=settings)


@pytest.mark.parametrize("model", ["llama-3.1-70b", "qwen3-30b-a3b"])
@pytest.mark.parametrize("bound", BOUNDS)
def test_each_row_chooses_its_operating_point_within_any_bound(bound, model):
    inputs = bounded(bound, model)
    known = collect_facts(inputs)
    keys = [key for key in known if key in VARIED] + BOUNDS[bound][1]
    values = {key: some_values_of(bound + model, known[key], 3) for key in keys}
    assert differing_columns(inputs, measured, values) == []


@pytest.mark.parametrize("model", ["llama-3.1-70b", "qwen3-30b-a3b"])
@pytest.mark.parametrize("bound", BOUNDS)
def test_each_draw_chooses_its_operating_point_within_any_bound(bound, model):
    assert differing_draws(bounded(bound, model), measured, Draws(6, 1)) == []


def test_each_draw_of_a_scenario_is_the_estimate_of_its_values():
    wrong = [f"{name} {line}" for name, inputs in every_input()
             for line in differing_draws(inputs, measured, Draws(4, 1))]  # fmt: skip
    assert wrong == []


def test_a_column_that_is_read_as_its_first_row_is_found():
    inputs = inputs_of(CONFIGS / "train-gpt-3.yaml", "train")

    def first_row(bound):
        return {name: np.ravel(value)[0] for name, value in measured(bound).items()}

    assert differing_columns(inputs, first_row, {"site.grid": [0.1]})


def test_a_column_that_the_choice_of_a_replica_does_not_see_is_found():
    """The batch of the central estimate in every row, as where no row were planned again."""
    inputs = inputs_of(CONFIGS / "infer-chat-70b.yaml", "infer")
    batch = collect_facts(inputs)["infer.concurrency"].value

    def planned_once(bound):
        (phase,) = bound.phases
        limits = phase.work.model.limits
        if isinstance(limits.concurrency, np.ndarray):
            limits = replace(limits, concurrency=batch)
        model = replace(phase.work.model, limits=limits)
        once = replace(phase, work=replace(phase.work, model=model))
        return measured(replace(bound, phases=(once,)))

    assert differing_columns(inputs, planned_once, {"infer.concurrency": [8.0]})
