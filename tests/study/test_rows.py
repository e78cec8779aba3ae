"""Many rows of one estimate: as a loop of single ones, in blocks of any size."""

from __future__ import annotations

import numpy as np
import pytest
from columns import bind_changed, inputs_of, steps_of
from scenarios import CONFIGS, LIVES_AND_ITEMS, command_of

from carbonctl.core.errors import CarbonctlError
from carbonctl.core.phase_names import PHASES
from carbonctl.estimate.inputs import collect_facts
from carbonctl.estimate.lifecycle import lifecycle
from carbonctl.scenario.read.read_scenario import Setting
from carbonctl.study.rows import estimate_rows

LIVES = [path for path in LIVES_AND_ITEMS if command_of(path) != "embodied"]
ROWS = 5


def metrics(bound):
    return lifecycle(bound).metrics


def columns_of(inputs):
    """Facts that nothing was derived from as columns of values around theirs, in random order."""
    random, known = np.random.default_rng(7), collect_facts(inputs)
    parents = {key for fact in known.values() for key in fact.derived_from}
    return {
        key: random.choice(steps_of(fact), ROWS)
        for key, fact in known.items()
        if key not in parents
    }


def test_rows_of_any_scenario_are_the_loop_of_single_estimates():
    for config in LIVES:
        inputs = inputs_of(config, *PHASES)
        columns = columns_of(inputs)
        rows = estimate_rows(inputs, columns, metrics, rows_per_block=2)
        for row in range(ROWS):
            own = {key: float(column[row]) for key, column in columns.items()}
            single = metrics(bind_changed(inputs, own))
            assert single.keys() == rows.keys()
            for name, value in single.items():
                assert rows[name][row] == pytest.approx(value, rel=1e-9, nan_ok=True), config


def test_what_no_column_touches_is_the_same_in_every_row():
    inputs = inputs_of(CONFIGS / "train-llama-3.1.yaml", "train")
    found = estimate_rows(inputs, {"site.grid": np.array([0.1, 0.4, 0.8])}, metrics)
    assert np.ptp(found["facility_energy_kwh"]) == 0
    assert np.diff(found["operational_location_kgco2e"]).min() > 0


def test_a_column_of_no_fact_is_refused_by_name():
    inputs = inputs_of(CONFIGS / "train-llama-3.1.yaml", "train")
    with pytest.raises(ValueError, match=r'unknown fact site.gird .*did you mean "site.grid"'):
        estimate_rows(inputs, {"site.gird": np.ones(2)}, metrics)
    for columns in ({}, {"site.grid": np.ones(2), "default:lifetime": np.ones(3)}):
        with pytest.raises(ValueError, match="columns of one length"):
            estimate_rows(inputs, columns, metrics)


def changed(fact):
    """Another value of a stated fact, in words of a scenario; None where a file cannot say it."""
    value = 2 * fact.value if fact.value > 1 else steps_of(fact)[2]
    text = f"{value!r} {fact.unit}" if fact.unit != "1" else repr(value)
    return value, {"value": text, "scope": fact.boundary} if fact.boundary else text


def test_a_column_of_a_stated_value_is_the_scenario_that_states_another():
    """Resolving chose nothing by it; where it did, the column is refused by name."""
    refused, equal, wrong = [], [], []
    for config in LIVES:
        inputs = inputs_of(config, *PHASES)
        for key, fact in collect_facts(inputs).items():
            if not fact.is_from_user:
                continue
            value, text = changed(fact)
            try:
                stated = inputs_of(config, *PHASES, settings=[Setting(key, text, "--set")])
            except CarbonctlError:
                continue  # infeasible, or written otherwise: the size of a picture, growth
            if collect_facts(stated)[key].value != value:
                continue  # in days where the fact is in hours
            try:
                rows = estimate_rows(inputs, {key: np.array([value])}, metrics)
            except ValueError:
                refused.append(f"{config.stem} {key}")
                continue
            single = metrics(bind_changed(stated, {}))
            same = all(rows[name][0] == pytest.approx(single[name], rel=1e-9) for name in single)
            (equal if same else wrong).append(f"{config.stem} {key}")
    assert wrong == []
    assert refused == [
        "infer-gemini-boundary model.active_params",  # the shape of the nearest model
        "infer-gemini-boundary model.experts",  # the width of an expert
        "infer-text-to-video infer.frames",  # latent frames
        "lifecycle-chat-7b-stockholm model.hidden",  # the width of a head
        "lifecycle-chat-7b-stockholm model.heads",
        "lifecycle-chat-7b model.hidden",
        "lifecycle-chat-7b model.heads",
        "train-video train.frames",
    ]
    assert len(equal) > 200
