"""Many rows of one estimate: as a loop of single ones, in blocks of any size."""

from __future__ import annotations

import re

import numpy as np
import pytest
from columns import bind_changed, inputs_of, steps_of
from scenarios import CONFIGS, LIVES_AND_ITEMS, command_of

from carbonctl.estimate.inputs import facts
from carbonctl.estimate.lifecycle import lifecycle
from carbonctl.study.rows import estimate_rows

TRAINED = [path for path in LIVES_AND_ITEMS if command_of(path) in {"train", "lifecycle"}]
ROWS = 5


def metrics(bound):
    return lifecycle(bound).metrics


def columns_of(inputs):
    """Every fact of some inputs as a column of values around its own, in random order."""
    random = np.random.default_rng(7)
    return {key: random.choice(steps_of(fact), ROWS) for key, fact in facts(inputs).items()}


def test_rows_of_any_training_are_the_loop_of_single_estimates():
    for config in TRAINED:
        inputs = inputs_of(config, "data", "experiments", "train")
        columns = columns_of(inputs)
        rows = estimate_rows(inputs, columns, metrics, rows_per_block=2)
        for row in range(ROWS):
            own = {key: float(column[row]) for key, column in columns.items()}
            single = metrics(bind_changed(inputs, own))
            assert single.keys() == rows.keys()
            for name, value in single.items():
                assert rows[name][row] == pytest.approx(value, rel=1e-12, nan_ok=True), config


def test_what_no_column_touches_is_the_same_in_every_row():
    inputs = inputs_of(CONFIGS / "train-llama-3.1.yaml", "train")
    found = estimate_rows(inputs, {"site.grid": np.array([0.1, 0.4, 0.8])}, metrics)
    assert np.ptp(found["facility_energy_kwh"]) == 0
    assert np.diff(found["operational_location_kgco2e"]).min() > 0


def test_a_column_of_no_fact_is_refused_by_name():
    inputs = inputs_of(CONFIGS / "train-llama-3.1.yaml", "train")
    with pytest.raises(ValueError, match=re.escape("site.gird")):
        estimate_rows(inputs, {"site.gird": np.ones(2)}, metrics)
    with pytest.raises(ValueError, match="columns"):
        estimate_rows(inputs, {"site.grid": np.ones(2), "embodied.lifetime": np.ones(3)}, metrics)
    with pytest.raises(ValueError, match="columns"):
        estimate_rows(inputs, {}, metrics)
