"""Score forecasts of training (held out) and of baselines on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from carbonctl.verify import training_baselines, training_model
from carbonctl.verify.scoring import (
    CARBONCTL,
    Forecast,
    Measured,
    column,
    forecast_by_folds,
    groups,
    mean_factor_baseline,
    score,
)
from carbonctl.verify.training_runs import TESTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.types import Array, Indexes
    from carbonctl.verify.training_model import Model
    from carbonctl.verify.training_runs import Case, Cases

CONSTANT = "constant_factor"
_GROUP_COLUMNS = ("accelerator", "arch_type", "organisation")
_BILLION = 1e9
SIZES = ("active=1B_or_more", "active=below_1B")
HELD_OUT_AGAIN = "organisation"
UNKNOWN_POWER = "no other run measures the power of this accelerator"


def held_out_forecast(cases: list[Case], catalog: Catalog, by: str) -> Forecast:
    """Forecasts by constants fitted without the rows of the same ``by``, such as family."""
    prior = training_model.load_priors(catalog)

    def forecast(seen: Indexes, unseen: Indexes) -> tuple[Array, Array]:
        model = training_model.fit_model([cases[i] for i in seen], prior)
        return _forecast([cases[i] for i in unseen], model, prior.resident_power_share)

    return forecast_by_folds([case.row[by] for case in cases], forecast)


def shipped_forecast(cases: list[Case], catalog: Catalog) -> Forecast:
    """Forecasts by the shipped constants, which estimates use."""
    idle = catalog.default("resident_power_share").value
    return Forecast(*_forecast(cases, training_model.shipped_model(catalog, cases), idle))


def _forecast(cases: list[Case], model: Model, idle: float) -> tuple[Array, Array]:
    value = training_model.log_forecast(cases, model.constants, model.own_power_w, idle)
    return value, training_model.log_sd(cases, model, idle)


def constant_factor(cases: list[Case], catalog: Catalog) -> Forecast:
    """The simplest baseline times one factor per test and boundary, held out by family."""
    plain = training_baselines.log_forecast(training_baselines.NAMES[0], cases, catalog)
    kinds = np.array([f"{case.test} {case.boundary}" for case in cases])
    true = np.log(column(cases, "measured"))
    return mean_factor_baseline(plain, true, measured(cases).family, kinds, column(cases, "test"))


def scores(table: Cases, catalog: Catalog, *, bundled: bool) -> list[dict[str, Any]]:
    """One score for each test, group and method; the same rows for every method of a group."""
    cases = table.cases
    seen = measured(cases)
    if bundled:
        ours = held_out_forecast(cases, catalog, "family")
        methods = {
            CARBONCTL: ours,
            f"{CARBONCTL}_by_{HELD_OUT_AGAIN}": held_out_forecast(cases, catalog, HELD_OUT_AGAIN),
            CONSTANT: constant_factor(cases, catalog),
        }
    else:
        ours = shipped_forecast(cases, catalog)
        methods = {CARBONCTL: ours}
    for name in training_baselines.NAMES:
        methods[name] = Forecast(training_baselines.log_forecast(name, cases, catalog), None)
    return [
        score(
            test, group, name, forecast, rows, seen, _excluded_counts(table, test, forecast, ours)
        )
        for test in TESTS
        for group, rows in _groups(cases, test, ours.log_value)
        for name, forecast in methods.items()
        if np.isfinite(forecast.log_value[rows]).any() or (group, name) == ("all", CARBONCTL)
    ]


def in_sample(table: Cases, fitted: Cases | None) -> dict[str, int]:
    """Number of cases of each test that the constants were fitted to.

    The same evidence of the same family is the same case, whatever its row is called.
    """
    known = set(map(_case_key, fitted.cases)) if fitted else set()
    seen = [case.test for case in table.cases if _case_key(case) in known]
    return {test: seen.count(test) for test in TESTS}


def _case_key(case: Case) -> tuple[str, ...]:
    """Key by which two rows of one run are recognized, whatever their names."""
    names = (case.row[name].strip().lower() for name in ("family", "organisation"))
    tokens = () if case.test == "power" else (case.tokens,)
    numbers = (case.measured, case.facility_factor, case.active_params, *tokens)
    kind = (case.test, case.accelerator, case.boundary)
    return (*names, *kind, *(f"{number:.6g}" for number in numbers))


def _excluded_counts(table: Cases, test: str, forecast: Forecast, ours: Forecast) -> dict[str, int]:
    """Counts of excluded rows by reason; rows without our forecast are excluded for all methods."""
    of_test = column(table.cases, "test") == test
    scored = np.isfinite(forecast.log_value) & np.isfinite(ours.log_value)
    unknown = int((of_test & ~scored).sum())
    reasons = dict(table.excluded[test])  # type: ignore[index]
    return reasons | ({UNKNOWN_POWER: unknown} if unknown else {})


def _groups(cases: list[Case], test: str, forecast: Array) -> Iterator[tuple[str, Indexes]]:
    rows = np.flatnonzero((column(cases, "test") == test) & np.isfinite(forecast))
    yield "all", rows
    size = column(cases, "active_params")[rows]
    yield SIZES[0], rows[size >= _BILLION]
    yield SIZES[1], rows[size < _BILLION]
    for name in _GROUP_COLUMNS:
        yield from groups(rows, name, [case.row[name] for case in cases])


def measured(cases: list[Case]) -> Measured:
    """Measured values of the runs, and their families."""
    return Measured(column(cases, "measured"), [case.row["family"] for case in cases])
