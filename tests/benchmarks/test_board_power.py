"""Energy of a window, steadiness, idle states."""

from __future__ import annotations

import pytest
from simulated_board import SimulatedBoard, SimulatedWork
from tables import for_each

from board_power import (  # isort: skip
    BoardError,
    Reading,
    Spread,
    fall_back_power,
    is_steady,
    sensor_agreement,
    trapezoid_j,
    wait_until_steady,
    window_energy,
)
from board_session import between_requests, chunk_steps, drive  # isort: skip


def readings(powers, counters=None, step=0.1):
    counted = counters or [None] * len(powers)
    return [
        Reading(place * step, power, counter, "P0", 1980.0, 2619.0, 50.0)
        for place, (power, counter) in enumerate(zip(powers, counted, strict=True))
    ]


def test_the_trapezoid_rule_is_exact_for_a_ramp():
    assert trapezoid_j(readings([0.0, 100.0, 200.0], step=1.0)) == pytest.approx(200.0)


def test_a_counter_that_ticks_is_used_and_compared_with_the_samples():
    window = window_energy(readings([100.0] * 41, [1000.0 + 9.0 * k for k in range(41)]))
    assert (window.mode, window.joules) == ("counter", pytest.approx(360.0))
    assert window.power_w == pytest.approx(90.0)
    assert sensor_agreement([window]) == pytest.approx(0.9)


@for_each(
    "counters",
    [None, [1000.0] * 41, [1000.0 + 40.0 * (k // 10) for k in range(41)]],
    ids=["none", "stands still", "ticks four times"],
)
def test_samples_are_used_where_the_counter_is_too_coarse(counters):
    window = window_energy(readings([100.0] * 41, counters))
    assert (window.mode, window.joules) == ("samples", pytest.approx(400.0))


@for_each(
    "made, said",
    [
        (readings([100.0]), "--window"),
        (readings([100.0] * 3, step=0.0), "--window"),
        (readings([0.0] * 3), "no power sensor"),
        (readings([9.0] * 41, [5000.0 - k for k in range(41)]), "backwards"),
    ],
)
def test_what_is_no_energy_is_refused(made, said):
    with pytest.raises(BoardError, match=said):
        window_energy(made)


@for_each(
    "powers, expected",
    [
        ([70.0] * 30, True),
        ([70.0, 71.0] * 15, True),
        ([70.0 + k for k in range(30)], False),
        ([8.0] * 15 + [12.0] * 15, False),
        ([70.0] * 5, False),
    ],
    ids=["constant", "flickers by a watt", "drifts", "a small board steps", "too few"],
)
def test_steadiness(powers, expected):
    assert is_steady(powers) is expected


def test_a_spread_has_median_and_extremes():
    spread = Spread.of([3.0, 1.0, 2.0])
    assert (spread.middle, spread.low, spread.high, spread.share) == (2.0, 1.0, 3.0, 1.0)


def test_idle_waits_for_a_board_that_cools_and_not_longer():
    board = SimulatedBoard(ramp_w=60.0)
    idle = wait_until_steady(board, "deep_idle")
    assert idle.is_settled
    assert 45 < idle.waited_s < 120
    assert idle.watts.middle == pytest.approx(70.0, abs=3.0)
    assert wait_until_steady(SimulatedBoard(), "deep_idle").waited_s < 35


def test_idle_that_never_settles_says_so():
    board = SimulatedBoard()
    board.power_w = lambda: 70.0 + board.time
    idle = wait_until_steady(board, "deep_idle", timeout_s=90.0)
    assert not idle.is_settled
    assert idle.waited_s >= 90


@for_each(
    "hold_s, settled, watts",
    [(1e9, True, 70.0), (8.0, False, 70.0), (0.5, None, None)],
    ids=["data center", "falls back", "falls back at once"],
)
def test_p0_without_a_context(hold_s, settled, watts):
    board = SimulatedBoard(hold_s=hold_s, worked=0.0)
    idle = fall_back_power(board, "p0")
    assert (None if idle is None else idle.is_settled) is settled
    assert (None if idle is None else idle.watts.middle) == watts


@for_each("tick_s", [0.02, None], ids=["counter", "samples"])
def test_energy_of_a_step_is_found_again(tick_s):
    board = SimulatedBoard(tick_s=tick_s, has_context=True)
    work = SimulatedWork(board, 0.003, 400.0)
    steps, window = drive(board, work, 6.0, chunk_steps(board, work))
    assert window.mode == ("samples" if tick_s is None else "counter")
    assert window.joules / steps == pytest.approx(1.2, rel=0.02)
    assert window.seconds / steps == pytest.approx(0.003, rel=0.01)


def test_a_step_longer_than_a_window_is_measured_whole():
    board = SimulatedBoard(has_context=True)
    steps, window = drive(board, SimulatedWork(board, 20.0, 400.0), 6.0, 1)
    assert steps >= 1
    assert window.joules / steps == pytest.approx(8000.0, rel=0.01)


def test_between_requests_is_the_power_of_the_gaps():
    board = SimulatedBoard(has_context=True)
    idle = between_requests(board, SimulatedWork(board, 0.003, 400.0))
    assert idle.watts.middle == pytest.approx(110.0, rel=0.01)
    assert idle.watts.count == 5
