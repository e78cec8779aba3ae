"""Nonlinear least squares of a few constants, by the Levenberg-Marquardt method."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from carbonctl.core.types import Array

_STEP, _TOLERANCE, _ROUNDS, _LONGEST_STEP = 1e-4, 1e-4, 60, 0.7


class Local(NamedTuple):
    """A function linearized at a point: n values, and n x p slopes (Jacobian)."""

    at: Array
    value: Array
    slopes: Array


def steps_around(at: Array) -> Array:
    """P + 1 columns for finite differences: p small steps, one per argument, and the point."""
    return at[:, None] + np.eye(len(at), len(at) + 1) * _STEP


def slopes_from_steps(at: Array, table: Array) -> Local:
    """The linearization at a point, from values at the columns of ``steps_around``."""
    value = np.ascontiguousarray(table[:, -1])
    return Local(at, value, np.asfortranarray((table[:, :-1] - value[:, None]) / _STEP))


def linearize(function: Callable[[Array], Array], at: Array) -> Local:
    """The linearization at a point of a function that maps columns to columns."""
    return slopes_from_steps(at, function(steps_around(at)))


def least_squares(
    function: Callable[[Array], Local],
    start: Array,
    *,
    most: Array | None = None,
    tolerance: float = _TOLERANCE,
) -> Local:
    """Minimum of the sum of squares of a function, with arguments at most ``most``.

    ``function`` gives values and slopes at a point, as ``linearize`` does; the search ends where
    no argument moves by ``tolerance``.
    """
    return least_squares_of_each(
        lambda points: {0: function(points[0])}, [start], most=most, tolerance=tolerance
    )[0]


def least_squares_of_each(
    function: Callable[[Mapping[int, Array]], Mapping[int, Local]],
    starts: list[Array],
    *,
    most: Array | None = None,
    tolerance: float = _TOLERANCE,
) -> list[Local]:
    """Solutions of several problems of one kind, solved in parallel.

    ``function`` takes the next point of each unfinished problem by its index in ``starts``, and
    returns values and slopes there, so that one evaluation serves all problems.
    """
    searches = [_search(start, most, tolerance) for start in starts]
    points = {place: next(search) for place, search in enumerate(searches)}
    solutions: dict[int, Local] = {}
    while points:
        near, points = function(points), {}
        for place, local in near.items():
            try:
                points[place] = searches[place].send(local)
            except StopIteration as ended:
                solutions[place] = ended.value
    return [solutions[place] for place in range(len(starts))]


def _search(start: Array, most: Array | None, tolerance: float) -> Generator[Array, Local, Local]:
    """Generator that yields points and is sent linearizations; it returns that of the best."""
    here, damping = (yield start), 1e-3
    for _ in range(_ROUNDS):
        room = None if most is None else most - here.at
        step = _step(here.slopes, here.slopes.T @ here.value, damping, room)
        if np.abs(step).max() < tolerance:
            break
        there = yield here.at + step
        if here.value @ here.value > there.value @ there.value:
            here, damping = there, damping / 5
        else:
            damping *= 10
    return here


def _step(slopes: Array, gradient: Array, damping: float, room: Array | None) -> Array:
    """A damped step; arguments at their upper bound do not go beyond it."""
    step = np.zeros(len(gradient))
    held = np.zeros(len(gradient), dtype=bool) if room is None else (room <= 0.0) & (gradient < 0.0)
    free = ~held
    damped = slopes[:, free].T @ slopes[:, free] + damping * np.eye(int(free.sum()))
    step[free] = np.linalg.solve(damped, -gradient[free])
    step = np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
    return step if room is None else np.minimum(step, room)
