"""Misses that no single case rules, and what they would be had a family not been fitted to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.study.scoring import Z90

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carbonctl.core.types import Array


def robust(misses: Array) -> Array:
    """Residuals whose squares grow as their size once they are large."""
    return np.asarray(np.sign(misses) * np.sqrt(2 * (np.sqrt(1 + misses**2) - 1)))


def robust_slope(misses: Array) -> Array:
    """Slope of ``robust``; one where a miss is none."""
    root = np.sqrt(1 + misses**2)
    return np.asarray(np.sqrt((root + 1) / 2) / root)


def _plain(residuals: Array) -> Array:
    """The misses behind robust residuals."""
    return np.asarray(np.sign(residuals) * np.sqrt((residuals**2 / 2 + 1) ** 2 - 1))


def left_out(
    residuals: Array, slopes: Array, covariance: Array, family: Sequence[str],
    known: Mapping[str, Array],
) -> dict[str, Array]:  # fmt: skip
    """Misses of each kind of evidence, had each case's family been left out of the fit.

    By the leverage of the family: ``(1 - H)^-1 r``, exact where forecasts are linear in the
    constants. ``known`` says which cases each kind of evidence has; ``nan`` for the others.
    """
    names = np.array(family)
    rows = np.concatenate([np.flatnonzero(told) for told in known.values()])
    own, without = names[rows], np.full(len(rows), np.nan)
    for name in dict.fromkeys(family):
        places = np.flatnonzero(own == name)
        lever = slopes[places] @ covariance @ slopes[places].T
        without[places] = np.linalg.solve(np.eye(len(places)) - lever, residuals[places])
    found, begin = {}, 0
    for evidence, told in known.items():
        found[evidence] = np.full(len(names), np.nan)
        found[evidence][told] = _plain(without[begin : begin + told.sum()])
        begin += told.sum()
    return found


def spread_of(misses: Array) -> float:
    """Standard deviation that makes nine of ten misses lie within 1.645 of it."""
    return float(np.quantile(np.abs(misses), 0.90) / Z90) if len(misses) else float("nan")
