"""Root search over arrays in a fixed number of steps, each element on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.types import Num

_GRID = 8  # points at which a function that may fall at first is evaluated


def find_root(function: Callable[[Num], Num], low: Num, high: Num, steps: int) -> Num:
    """Argument at which a function crosses zero from below; the nearer end where it does not.

    Bracketed secant (Illinois): exact after one step where the function is affine.
    """
    at_low, at_high = function(low), function(high)
    left, right = low, high
    f_left, f_right = np.minimum(at_low, 0.0), np.maximum(at_high, 0.0)
    kept: Num = 0.0  # +1 where the left end stood still last time, -1 where the right one did
    for _ in range(steps):
        width = f_right - f_left
        share = np.where(width > 0.0, -f_left / np.where(width > 0.0, width, 1.0), 0.0)
        middle = left + share * (right - left)
        f_middle = function(middle)
        above = f_middle > 0.0
        f_left = np.where(above, np.where(kept > 0.0, f_left / 2.0, f_left), f_middle)
        f_right = np.where(above, f_middle, np.where(kept < 0.0, f_right / 2.0, f_right))
        left, right = np.where(above, left, middle), np.where(above, middle, right)
        kept = np.where(above, 1.0, -1.0)
    width = f_right - f_left
    share = np.where(width > 0.0, -f_left / np.where(width > 0.0, width, 1.0), 0.0)
    inside = left + share * (right - left)
    return np.where(at_low >= 0.0, low, np.where(at_high <= 0.0, high, inside))


def find_last_within(
    function: Callable[[Num], Num], low: Num, high: Num, most: Num, steps: int
) -> Num:
    """The largest argument at which a function is at most ``most``; 0 where none is found.

    The function rises, or falls first and then rises. The bracket starts at the last grid point at
    which it is at most ``most``.
    """
    spread = np.maximum(high / low, 1.0)
    start: Num = 0.0
    for place in range(_GRID):
        point = low * spread ** (place / _GRID)
        start = np.where(function(point) <= most, point, start)
    at_end = function(high) <= most
    root = find_root(lambda x: function(x) - most, np.maximum(start, low), high, steps)
    return np.where(at_end, high, np.where(start > 0.0, root, 0.0))
