"""Whether training runs can be, as numbers and as arrays over rows and draws."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from carbonctl.app.training_messages import _PROBLEMS, _WARNINGS
from carbonctl.core.units import HOURS_PER_YEAR
from carbonctl.plan.training import (
    TrainingLimits,
    TrainingNotice,
    TrainingStatus,
    accelerators_within_a_year,
    hours_over_devices_days,
    training_notices,
    training_status,
)
from carbonctl.plan.training_memory import (
    Activations,
    Tables,
    TrainingMemory,
    minimum_accelerators,
    state_gb,
)

FITS = TrainingLimits(
    accelerators=64.0, minimum_accelerators=16.0, mfu=0.4, billed_mfu=0.35, implied_mfu=0.35,
    expected_mfu=0.4, stated_hours_ratio=1.01, devices_days="evidence", wall_hours=240.0,
    life_hours=5 * HOURS_PER_YEAR, cadence_hours=720.0,
)  # fmt: skip
YEAR = HOURS_PER_YEAR
# what is changed of a run that fits -> the reason why it then cannot be
CASES = [
    ({}, "FEASIBLE"),
    ({"accelerators": 16.0}, "FEASIBLE"),
    ({"accelerators": 15.0}, "TOO_FEW_DEVICES"),
    ({"implied_mfu": 1.01}, "WORK_ABOVE_PEAK"),
    ({"implied_mfu": 0.81}, "WORK_DISAGREES"),
    ({"implied_mfu": 0.19}, "WORK_DISAGREES"),
    ({"implied_mfu": float("nan")}, "WORK_DISAGREES"),
    ({"stated_hours_ratio": 1.03}, "MORE_HOURS_THAN_DEVICES"),
    ({"stated_hours_ratio": 0.97, "devices_days": "cross_check"}, "MORE_HOURS_THAN_DEVICES"),
    ({"stated_hours_ratio": 1.03, "devices_days": ""}, "FEASIBLE"),
    ({"stated_hours_ratio": 0.49}, "HOURS_DISAGREE"),
    ({"wall_hours": 6 * YEAR, "cadence_hours": None}, "LONGER_THAN_LIFE"),
    ({"wall_hours": 730.0}, "FEASIBLE"),
    ({"wall_hours": 735.0}, "LONGER_THAN_CADENCE"),
    ({"accelerators": 15.0, "implied_mfu": 2.0, "wall_hours": 6 * YEAR}, "TOO_FEW_DEVICES"),
]


def test_a_run_has_the_status_of_the_first_reason_why_it_cannot_be():
    found = {
        str(c): TrainingStatus(int(training_status(replace(FITS, **c)))).name for c, _ in CASES
    }
    assert found == {str(changes): name for changes, name in CASES}


def test_what_is_not_known_of_a_run_limits_nothing():
    bare = TrainingLimits()
    assert training_status(bare) == TrainingStatus.FEASIBLE
    assert training_notices(bare) == 0
    assert accelerators_within_a_year(bare) is hours_over_devices_days(bare) is None


def test_each_reason_has_words_and_each_notice_too():
    assert set(_PROBLEMS) == set(TrainingStatus) - {TrainingStatus.FEASIBLE}
    assert set(_WARNINGS) == set(TrainingNotice)
    assert {name for _, name in CASES} == {status.name for status in TrainingStatus}


def test_what_looks_wrong_is_noted_bit_by_bit():
    high = {"mfu": 0.66, "billed_mfu": 0.66, "implied_mfu": 0.66, "wall_hours": 1.1 * YEAR}
    alone = [int(training_notices(replace(FITS, **{name: high[name]}))) for name in high]
    assert alone == [int(notice) for notice in TrainingNotice]
    assert training_notices(replace(FITS, **high)) == sum(alone)
    assert training_notices(FITS) == 0


def test_status_and_notices_of_rows_and_draws_are_those_of_each_cell():
    random = np.random.default_rng(3)
    rows, draws = (40, 1), (1, 30)
    shapes = {"accelerators": rows, "minimum_accelerators": (40, 30), "implied_mfu": draws,
              "stated_hours_ratio": (40, 30), "wall_hours": rows, "mfu": draws}  # fmt: skip
    columns = {name: getattr(FITS, name) * random.uniform(0.1, 3.0, shape)
               for name, shape in shapes.items()}  # fmt: skip
    columns["wall_hours"] = columns["wall_hours"] * 60
    array = replace(FITS, cadence_hours=None, **columns)
    status, notices = training_status(array), training_notices(array)
    assert status.shape == (40, 30)
    assert len(np.unique(status)) >= 5
    for place in np.ndindex(40, 30):
        own = {f.name: _cell(getattr(array, f.name), place) for f in fields(array)}
        assert status[place] == training_status(TrainingLimits(**own))
        assert np.broadcast_to(notices, (40, 30))[place] == training_notices(TrainingLimits(**own))


def _cell(value, place):
    return (
        float(np.broadcast_to(value, (40, 30))[place]) if isinstance(value, np.ndarray) else value
    )


def test_devices_that_finish_within_a_year():
    assert accelerators_within_a_year(replace(FITS, wall_hours=2 * YEAR)) == 128.0


WHOLE = TrainingMemory(80.0, 0.9, 16.0, total_params=7e9)
ADAPTED = replace(WHOLE, adapter_params=1e8, frozen_bytes=2.0)
COMPARED = replace(WHOLE, reference_params=7e9, frozen_bytes=2.0)
WITH_CRITIC = replace(COMPARED, reward_params=7e9, critic_params=7e9)
TABLES = TrainingMemory(80.0, 0.9, 8.0, tables=Tables(26.0, 1e7, 128.0, 4.0))
ACTIVE = replace(WHOLE, activations=Activations(32.0, 4096.0, 8192.0, 1.0, 34.0))


def test_state_grows_with_the_models_that_are_held_beside_the_one_that_is_trained():
    assert state_gb(WHOLE) == 112.0
    assert state_gb(ADAPTED) == pytest.approx(14.0 + 1.6)
    assert state_gb(COMPARED) == pytest.approx(112.0 + 14.0)
    assert state_gb(WITH_CRITIC) == pytest.approx(2 * 112.0 + 2 * 14.0)
    assert state_gb(TABLES) > 26 * 1e7 * 128 * 4 / 1e9


@pytest.mark.parametrize("memory", [WHOLE, ADAPTED, COMPARED, WITH_CRITIC, TABLES, ACTIVE])
def test_least_devices_are_whole_and_hold_the_state_in_every_row(memory):
    rows = np.array([[10.0], [24.0], [80.0], [640.0]])
    column = replace(memory, device_memory_gb=rows)
    least = minimum_accelerators(column)
    assert least.shape == rows.shape
    assert (np.ceil(least) == least).all()
    assert (least * rows * memory.memory_share >= state_gb(memory) * (1 - 1e-12)).all()
    assert (np.diff(least, axis=0) <= 0).all()
    one = [minimum_accelerators(replace(memory, device_memory_gb=float(g))) for g in rows[:, 0]]
    assert one == least[:, 0].tolist()
