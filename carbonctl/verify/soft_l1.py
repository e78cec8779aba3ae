"""Soft-L1 residuals, which limit the weight of outliers, and leave-one-family-out residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.verify.scoring import Z90

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carbonctl.core.types import Array


def soft_l1(misses: Array) -> Array:
    """Residuals whose squares grow linearly, not quadratically, with large errors.

    Their sum of squares is twice the cost that SciPy calls ``soft_l1``.
    """
    return np.asarray(np.sign(misses) * np.sqrt(2 * (np.sqrt(1 + misses**2) - 1)))


def soft_l1_slope(misses: Array) -> Array:
    """Slope of ``soft_l1``; 1 at 0."""
    root = np.sqrt(1 + misses**2)
    return np.asarray(np.sqrt((root + 1) / 2) / root)


def inverse_soft_l1(residuals: Array) -> Array:
    """Inverse of ``soft_l1``: errors from residuals."""
    return np.asarray(np.sign(residuals) * np.sqrt((residuals**2 / 2 + 1) ** 2 - 1))


def residuals_without(residuals: Array, slopes: Array, covariance: Array) -> Array:
    """Leave-out residuals of some cases in a linear fit: ``(1 - J C J')^-1 r``.

    ``slopes`` J are those of these cases, ``covariance`` C is of the fit that saw them. By
    Woodbury's identity this is ``r + J C (1 - J'J C)^-1 J' r``: one solve of the size of the
    constants, however many the cases are.
    """
    kept = np.eye(len(covariance)) - slopes.T @ slopes @ covariance
    return np.asarray(
        residuals + slopes @ (covariance @ np.linalg.solve(kept, slopes.T @ residuals))
    )


def misses_without_family(
    residuals: Array, slopes: Array, covariance: Array, family: Sequence[str],
    known: Mapping[str, Array],
) -> dict[str, Array]:  # fmt: skip
    """Errors of each kind of evidence, with each case's family left out of the fit.

    Exact where forecasts are linear in the constants. ``known`` says which cases each kind of
    evidence has; ``nan`` for the others.
    """
    names = np.array(family)
    rows = np.concatenate([np.flatnonzero(has_evidence) for has_evidence in known.values()])
    own, without = names[rows], np.full(len(rows), np.nan)
    for name in dict.fromkeys(family):
        places = np.flatnonzero(own == name)
        without[places] = residuals_without(residuals[places], slopes[places], covariance)
    errors, begin = {}, 0
    for evidence, has_evidence in known.items():
        errors[evidence] = np.full(len(names), np.nan)
        errors[evidence][has_evidence] = inverse_soft_l1(
            without[begin : begin + has_evidence.sum()]
        )
        begin += has_evidence.sum()
    return errors


def robust_sd(misses: Array) -> float:
    """Robust SD: the 90th percentile of absolute errors over 1.645."""
    return float(np.quantile(np.abs(misses), 0.90) / Z90) if len(misses) else float("nan")
