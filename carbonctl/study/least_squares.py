"""Least squares of a few constants, by Levenberg and Marquardt's damped steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.types import Array

    Function = Callable[[Array], Array]

_STEP, _TOLERANCE, _ROUNDS, _LONGEST_STEP = 1e-4, 1e-4, 60, 0.7


def jacobian(function: Function, at: Array) -> Array:
    """Slopes of each value of ``function`` along each of its arguments."""
    steps = np.eye(len(at)) * _STEP
    base = function(at)
    return np.array([(function(at + step) - base) / _STEP for step in steps]).T


def least_squares(
    function: Function, start: Array, *, most: Array | None = None,
    slopes_of: Function | None = None,
) -> Array:  # fmt: skip
    """Where the sum of squares of ``function`` is least, no argument above its ``most``.

    ``slopes_of`` gives slopes where they come cheaper than by steps.
    """
    at, damping = start, 1e-3
    value, slopes = function(at), _slopes(function, at, slopes_of)
    for _ in range(_ROUNDS):
        step = _step(slopes, slopes.T @ value, damping, None if most is None else most - at)
        if np.abs(step).max() < _TOLERANCE:
            break
        tried = function(at + step)
        gain = value @ value - tried @ tried
        if gain > 0:
            at, value, damping = at + step, tried, damping / 5
            slopes = _slopes(function, at, slopes_of)
        else:
            damping *= 10
    return at


def _step(slopes: Array, gradient: Array, damping: float, room: Array | None) -> Array:
    """A damped step; arguments that stand at their most and would go beyond stay there."""
    step = np.zeros(len(gradient))
    held = np.zeros(len(gradient), dtype=bool) if room is None else (room <= 0.0) & (gradient < 0.0)
    free = ~held
    damped = slopes[:, free].T @ slopes[:, free] + damping * np.eye(int(free.sum()))
    step[free] = np.linalg.solve(damped, -gradient[free])
    step = np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
    return step if room is None else np.minimum(step, room)


def _slopes(function: Function, at: Array, slopes_of: Function | None) -> Array:
    return jacobian(function, at) if slopes_of is None else slopes_of(at)
