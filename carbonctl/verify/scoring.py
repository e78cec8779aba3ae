"""Scores of forecasts: errors, intervals and groups, the same for every test."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from carbonctl.core.fact import Fact
    from carbonctl.core.types import Array, Indexes

CARBONCTL = "carbonctl"
MIN_GROUP_SIZE = 3
LEVEL = 0.90
Z90 = NormalDist().inv_cdf(0.5 + LEVEL / 2)
_METRICS = ("median_ape", "p90_ape", "median_abs_log_ratio", "bias", "within_2x", "coverage",
            "width_factor", "interval_score")  # fmt: skip


@dataclass(frozen=True)
class Forecast:
    """Log forecasts of all cases by one method, with their log standard deviations."""

    log_value: Array
    log_sd: Array | None


@dataclass(frozen=True)
class Measured:
    """Measured values of all cases, and their families."""

    value: Array
    family: Sequence[str]


def column(cases: Sequence[object], name: str) -> Array:
    """One attribute of all cases as an array."""
    return np.array([getattr(case, name) for case in cases])


def log_sd_of(fact: Fact) -> float:
    """Standard deviation of a fact's logarithm, from its 90 % range; 0 where it has none."""
    if not fact.low or not fact.high:
        return 0.0
    return float(np.log(fact.high / fact.low) / (2 * Z90))


def folds(names: Sequence[str]) -> Iterator[tuple[Indexes, Indexes]]:
    """For each name: indices of all other cases, and of its own."""
    found = np.array(names)
    for name in dict.fromkeys(names):
        yield np.flatnonzero(found != name), np.flatnonzero(found == name)


def forecast_by_folds(
    names: Sequence[str], forecast: Callable[[Indexes, Indexes], tuple[Array, Array]]
) -> Forecast:
    """Forecasts and SDs of each name's cases from all others; nan where there is none."""
    value, sd = np.full(len(names), np.nan), np.full(len(names), np.nan)
    for seen, unseen in folds(names):
        value[unseen], sd[unseen] = forecast(seen, unseen)
    return Forecast(value, sd)


def mean_factor_baseline(
    plain: Array, log_measured: Array, names: Sequence[str], *kinds: Array
) -> Forecast:
    """A plain forecast times one factor: the mean error of other cases of the same kind.

    The first of ``kinds`` with enough other cases is used; nan where none has enough.
    """
    miss = log_measured - plain

    def one(place: int, seen: Indexes) -> tuple[float, float]:
        for kind in kinds:
            alike = miss[seen[kind[seen] == kind[place]]]
            if len(alike) >= MIN_GROUP_SIZE:
                spread = alike.std(ddof=1) * np.sqrt(1 + 1 / len(alike))
                return plain[place] + alike.mean(), spread
        return np.nan, np.nan

    def fold(seen: Indexes, unseen: Indexes) -> tuple[Array, Array]:
        value, sd = np.array([one(place, seen) for place in unseen]).T
        return value, sd

    return forecast_by_folds(names, fold)


def groups(rows: Indexes, column: str, cells: Sequence[str]) -> Iterator[tuple[str, Indexes]]:
    """Name ``column=cell`` and rows of each cell that is a large enough group."""
    found = np.array([cells[place] for place in rows])
    for cell in sorted(set(found)):
        if (found == cell).sum() >= MIN_GROUP_SIZE:
            yield f"{column}={cell}", rows[found == cell]


def score(
    test: str, group: str, method: str, forecast: Forecast, rows: Indexes, measured: Measured,
    excluded: dict[str, int],
) -> dict[str, Any]:  # fmt: skip
    """Errors of one method on some rows: APEs as fractions, ratios and intervals in logarithms."""
    rows = rows[np.isfinite(forecast.log_value[rows])]
    if not len(rows):
        return {"test": test, "group": group, "method": method, "n": 0, "families": 0,
                **dict.fromkeys(_METRICS), "excluded": excluded}  # fmt: skip
    miss = forecast.log_value[rows] - np.log(measured.value[rows])
    error = np.abs(np.expm1(miss))
    return {
        "test": test,
        "group": group,
        "method": method,
        "n": len(rows),
        "families": len({measured.family[place] for place in rows}),
        "median_ape": float(np.median(error)),
        "p90_ape": float(np.percentile(error, 90)),
        "median_abs_log_ratio": float(np.median(np.abs(miss))),
        "bias": float(np.expm1(np.median(miss))),
        "within_2x": float(np.mean(np.abs(miss) <= np.log(2))),
        **_interval(miss, None if forecast.log_sd is None else forecast.log_sd[rows]),
        "excluded": excluded,
    }


def _interval(miss: Array, sd: Array | None) -> dict[str, float | None]:
    """Coverage, width and score of the 90 % interval, in logarithms; null without one."""
    if sd is None:
        return {"coverage": None, "width_factor": None, "interval_score": None}
    half = Z90 * sd
    outside = np.maximum(np.abs(miss) - half, 0.0)
    return {
        "coverage": float(np.mean(outside == 0)),
        "width_factor": float(np.median(np.exp(half))),
        "interval_score": float(np.mean(2 * half + 2 / (1 - LEVEL) * outside)),
    }
