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
        damped = slopes.T @ slopes + damping * np.eye(len(at))
        step = np.clip(np.linalg.solve(damped, -slopes.T @ value), -_LONGEST_STEP, _LONGEST_STEP)
        step = step if most is None else np.minimum(at + step, most) - at
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


def _slopes(function: Function, at: Array, slopes_of: Function | None) -> Array:
    return jacobian(function, at) if slopes_of is None else slopes_of(at)
