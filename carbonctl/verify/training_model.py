"""Forecast training runs, and fit the model's constants by least squares.

Constants are shared by all models on an accelerator architecture; none belongs to a model. They
are fitted in logarithms to hours, power and energy together, under the weak priors of
``hardware_db/training/priors.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from carbonctl.catalog.read import constant_names, saturated_mfu_name
from carbonctl.verify.least_squares import least_squares, linearize
from carbonctl.verify.scoring import column, log_sd_of
from carbonctl.verify.training_forecast import group_runs, hours_and_watts
from carbonctl.verify.training_runs import TESTS, log_by_test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.types import Array, Num
    from carbonctl.verify.training_forecast import RunGroups
    from carbonctl.verify.training_runs import Case, Test


class Prior(NamedTuple):
    """Lognormal prior of a constant: its center, and the SD of its logarithm."""

    center: float
    spread: float


@dataclass(frozen=True)
class Model:
    """Fitted constants (of an architecture as ``saturated_mfu_hopper``), covariance, residuals.

    ``architecture_sd`` is the log SD of an architecture without fitted cases.
    """

    constants: dict[str, float]
    covariance: Array
    residual_sd: dict[Test, float]
    own_power_w: dict[str, float]
    own_power_sd: dict[str, float]
    architecture_sd: float = 0.0


@dataclass(frozen=True)
class Priors:
    """Priors of constants, and the log errors by which the three tests are weighted."""

    shared: dict[str, Prior]
    architecture_sd: float
    errors: dict[Test, float]
    resident_power_share: float


def load_priors(catalog: Catalog) -> Priors:
    """The priors of ``hardware_db/training/priors.csv``."""
    rows = list(catalog.table("training/priors.csv"))
    shared = {
        row["constant"]: Prior(float(row["center"]), float(row["spread"]))
        for row in rows
        if not row["applies_to"]
    }
    applied = {row["applies_to"]: row for row in rows}
    errors = {test: float(applied[test]["center"]) for test in TESTS}
    idle = catalog.default("resident_power_share").value
    return Priors(shared, float(applied["architecture"]["spread"]), errors, idle)


def shipped_model(catalog: Catalog, cases: Iterable[Case] = ()) -> Model:
    """Model with the constants of ``hardware_db/training/constants.yaml``, as estimates use.

    It has the training power that the database has for the accelerators of ``cases``.
    """
    facts = {name: catalog.default(name) for name in constant_names(catalog, "training")}
    error_names = ("hours_residual", "power_residual", "error_of_")
    constants = {
        name: fact.value for name, fact in facts.items() if not name.startswith(error_names)
    }
    covariance = np.diag([log_sd_of(facts[name]) ** 2 for name in constants])
    left: dict[Test, float] = {
        "time": log_sd_of(facts["hours_residual"]),
        "power": log_sd_of(facts["power_residual"]),
    }
    named = {case.accelerator for case in cases if case.has_own_power}
    records = [catalog.record("accelerators", name) for name in sorted(named)]
    own = {r.id: fact for r in records if (fact := r.fact("train_power")) is not None}
    watts = {name: fact.value for name, fact in own.items()}
    own_sd = {name: log_sd_of(fact) for name, fact in own.items()}
    return Model(constants, covariance, left, watts, own_sd)


def log_forecast(
    cases: list[Case], constants: Mapping[str, float], own_power_w: Mapping[str, float],
    resident_power_share: float,
) -> Array:  # fmt: skip
    """Logarithm of hours [h], power [W] or energy [MWh], each at the boundary of its case.

    ``nan`` where the power of an accelerator neither follows from its TDP nor is known.
    """
    held = {"resident_power_share": resident_power_share}
    return _log_forecasts(cases, _group_cases(cases), {**constants, **held}, own_power_w)[:, 0]


def _group_cases(cases: list[Case]) -> RunGroups:
    return group_runs([case.resolved for case in cases], [case.boundary for case in cases])


def _log_forecasts(
    cases: list[Case], groups: RunGroups, constants: Mapping[str, Num],
    own_power_w: Mapping[str, float],
) -> Array:  # fmt: skip
    """The same for each value of the constants, in columns."""
    hours, watts = hours_and_watts(groups, constants, own_power_w)
    return np.stack(
        [log_by_test(cases, *each) for each in zip(hours.T, watts.T, strict=True)], axis=1
    )


def _forecast_of(
    cases: list[Case], names: list[str], own_power_w: Mapping[str, float],
    resident_power_share: float,
) -> Callable[[Array], Array]:  # fmt: skip
    """Log forecasts of cases, as a function of columns of logarithms of the named constants."""
    groups, held = _group_cases(cases), {"resident_power_share": resident_power_share}

    def forecasts(points: Array) -> Array:
        constants = dict(zip(names, np.exp(points), strict=True))
        return _log_forecasts(cases, groups, {**constants, **held}, own_power_w)

    return forecasts


def fit_model(cases: list[Case], prior: Priors) -> Model:
    """Fit the constants to these cases under the priors."""
    runs = _own_power_runs(cases)
    own = {name: float(np.exp(np.mean(logs))) for name, logs in runs.items()}
    known = [c for c in cases if not c.has_own_power or c.accelerator in own or c.test == "time"]
    timed = sorted(
        {saturated_mfu_name(case.architecture) for case in known if case.test != "power"}
    )
    names = [*prior.shared, *timed]
    common = names.index("saturated_mfu")
    own_architecture = Prior(prior.shared["saturated_mfu"].center, prior.architecture_sd)
    sought = [prior.shared.get(name, own_architecture) for name in names]
    center = np.log([p.center for p in sought])
    spread = np.array([p.spread for p in sought])
    measured = np.log(column(known, "measured"))
    error = np.array([prior.errors[case.test] for case in known])

    forecasts = _forecast_of(known, names, own, prior.resident_power_share)

    def residuals(points: Array) -> Array:
        """Errors of the cases and of the constants, for each column of logarithms of them."""
        around = np.repeat(center[:, None], points.shape[1], axis=1)
        around[len(prior.shared) :] = points[common]
        misses = (forecasts(points) - measured[:, None]) / error[:, None]
        return np.concatenate([misses, (points - around) / spread[:, None]])

    best = least_squares(lambda at: linearize(residuals, at), center)
    covariance = np.asarray(np.linalg.inv(best.slopes.T @ best.slopes), dtype=np.float64)
    of_cases = best.slopes[: len(known)]
    used = np.einsum("ij,jk,ik->i", of_cases, covariance, of_cases)
    left = best.value[: len(known)] * error
    spreads = {test: _sd(known, test, left, used) for test in TESTS}
    constants = dict(zip(names, map(float, np.exp(best.at)), strict=True))
    own_sd = {name: spreads["power"] / len(logs) ** 0.5 for name, logs in runs.items()}
    return Model(constants, covariance, spreads, own, own_sd, prior.architecture_sd)


def _own_power_runs(cases: list[Case]) -> dict[str, list[float]]:
    """Log measured power of accelerators whose power does not follow from their TDP."""
    logs: dict[str, list[float]] = {}
    for case in cases:
        if case.has_own_power and case.test == "power":
            logs.setdefault(case.accelerator, []).append(float(np.log(case.measured)))
    return logs


def _sd(cases: list[Case], test: Test, left: Array, used: Array) -> float:
    """Residual SD of a test, corrected for the degrees of freedom of the constants."""
    of_test = np.array([case.test == test for case in cases])
    freedom = of_test.sum() - used[of_test].sum()
    return float(np.sqrt((left[of_test] ** 2).sum() / max(freedom, 1.0)))


def log_sd(cases: list[Case], model: Model, resident_power_share: float) -> Array:
    """SD of the log forecast, from residuals and from the covariance of the constants.

    Energy has the residuals of hours and of power, as in an estimate.
    """
    names = list(model.constants)

    forecasts = _forecast_of(cases, names, model.own_power_w, resident_power_share)
    at = np.log(list(model.constants.values()))
    slopes = linearize(forecasts, at).slopes
    known = np.einsum("ij,jk,ik->i", slopes, model.covariance, slopes)
    spread = model.residual_sd
    left: dict[Test, float] = spread | {"energy": float(np.hypot(spread["time"], spread["power"]))}
    foreign = [
        case.test != "power" and saturated_mfu_name(case.architecture) not in model.constants
        for case in cases
    ]
    between = np.where(foreign, model.architecture_sd, 0.0)
    own = np.array(
        [0.0 if c.test == "time" else model.own_power_sd.get(c.accelerator, 0.0) for c in cases]
    )
    residual = np.array([left[case.test] for case in cases])
    spread_of_all: Array = np.sqrt(known + residual**2 + between**2 + own**2)
    return spread_of_all
