"""Forecast measured serving configurations, and fit the model's constants.

Constants are shared by all models and accelerators; some belong to a runtime, none to a model or a
device. They are fitted in logarithms to energy, throughput, and energy at the measured throughput
together, under the weak priors of ``hardware_db/serving/priors.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from carbonctl.catalog.read import constant_names
from carbonctl.verify import serving_forecast
from carbonctl.verify.least_squares import least_squares, linearize
from carbonctl.verify.scoring import log_sd_of
from carbonctl.verify.serving_forecast import COSTS
from carbonctl.verify.soft_l1 import misses_without_family, robust_sd, soft_l1

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.types import Array, Num
    from carbonctl.verify.serving_cases import Case
    from carbonctl.verify.serving_forecast import Group

_TOLERANCE = 2e-3  # of log constants fitted again; far below their standard deviations
KINDS = ("language", "picture", "sample")
NAMES = ("energy", "throughput", "given")
_STACKS = {
    "language": ("hf_eager", "vllm_2024", "vllm_2025", "vllm_2026", "trtllm", "sglang",
                 "sglang_rocm", "atom_rocm", "wide_ep"),
    "picture": ("diffusers",),
    "sample": (),
}  # fmt: skip
KNOWN_STACKS = tuple(name for stacks in _STACKS.values() for name in stacks)


@dataclass(frozen=True)
class Prior:
    """Priors of the constants of one kind of service, and the errors that weight evidence."""

    names: list[str]
    center: Array
    spread: Array
    most: Array
    errors: dict[str, float]
    residuals: dict[str, float]

    def of(self, cases: list[Case]) -> Prior:
        """The prior without constants of runtimes that none of these cases uses."""
        absent = {f"_{name}" for name in KNOWN_STACKS} - {f"_{case.runtime}" for case in cases}
        kept = [not any(name.endswith(end) for end in absent) for name in self.names]
        names = [name for name, keep in zip(self.names, kept, strict=True) if keep]
        return replace(self, names=names, center=self.center[kept], spread=self.spread[kept],
                       most=self.most[kept])  # fmt: skip


@dataclass(frozen=True)
class Model:
    """Fitted constants (of a runtime as ``layer_launch_vllm_2025``), covariance, residual SDs.

    ``borrowed`` are constants that were not fitted to these cases: of other kinds or runtimes.
    ``bound`` are constants at their upper bound; their covariance is from the curvature there, as
    if there were no bound.
    """

    constants: dict[str, float]
    covariance: Array
    residual_sd: dict[str, float]
    borrowed: dict[str, float] = field(default_factory=dict)
    bound: tuple[str, ...] = ()

    def all(self) -> dict[str, float]:
        """Fitted and borrowed constants by name."""
        return self.borrowed | self.constants


def load_priors(catalog: Catalog, kind: str) -> Prior:
    """The priors of ``hardware_db/serving/priors.csv`` for one kind of service."""
    rows = list(catalog.table("serving/priors.csv"))
    errors = {row["applies_to"]: float(row["center"]) for row in rows if row["constant"] == "error"}
    judged = {
        f"{row['applies_to']}_{name}": float(row["spread"])
        for row in rows
        if row["constant"] == "residual"
        for name in NAMES
    }
    own = [row for row in rows if row["applies_to"] in {kind, *_STACKS[kind]}]
    names = [
        row["constant"] if row["applies_to"] == kind else f"{row['constant']}_{row['applies_to']}"
        for row in own
    ]
    center, spread = (np.array([float(row[k]) for row in own]) for k in ("center", "spread"))
    most = np.array([float(row["most"] or "inf") for row in own])
    return Prior(names, np.log(center), spread, np.log(most), errors, judged)


def log_forecast(groups: list[Group], constants: Mapping[str, Num]) -> dict[str, Array]:
    """Logarithms of energy [J], throughput [1/s], and energy at the measured throughput [J].

    With ``power`` [W] at the wall where that was metered. A row for each case, a column for each
    value that the constants take; without columns where the constants are plain numbers.
    """
    tables: dict[str, Array] = {}
    columns = np.broadcast_shapes(*map(np.shape, constants.values()))
    shape = (sum(len(group.places) for group in groups), *(columns or (1,)))
    for group in groups:
        for name, values in group.forecast_columns(constants).items():
            tables.setdefault(name, np.full(shape, np.nan))[group.places] = np.log(values)
    return tables if columns else {name: table[:, 0] for name, table in tables.items()}


def log_measured(cases: list[Case]) -> dict[str, Array]:
    """Logarithms of measured values, by the names of ``log_forecast``."""
    energy = np.log([case.energy_j for case in cases])
    per_second = np.log([case.per_second for case in cases])
    return {"energy": energy, "throughput": per_second, "given": energy,
            "power": energy + per_second}  # fmt: skip


_ERROR_OF = {"energy": "energy", "throughput": "throughput", "given": "energy", "power": "power"}
_EVIDENCE = {"language": ("energy", "throughput", "given"),
             "picture": ("energy", "throughput", "given"),
             "sample": ("energy", "power")}  # fmt: skip


def fit_model(
    cases: list[Case], prior: Prior, borrowed: Mapping[str, float],
    start: Mapping[str, float] | None = None,
) -> Model:  # fmt: skip
    """Fit the constants to these cases of one kind, under the priors."""
    evidence, groups = _EVIDENCE[cases[0].kind], serving_forecast.groups(cases)
    whole, prior = prior, prior.of(cases)
    log_values = log_measured(cases)
    known = {name: np.isfinite(log_values[name]) for name in evidence}

    def misses(log_constants: Array) -> dict[str, Array]:
        constants = dict(zip(prior.names, np.exp(log_constants), strict=True)) | dict(borrowed)
        made = log_forecast(groups, constants)
        return {name: made[name] - log_values[name][:, None] for name in made}

    def residuals(log_constants: Array) -> Array:
        made = misses(log_constants)
        parts = [made[name][known[name]] / prior.errors[_ERROR_OF[name]] for name in evidence]
        pulled = (log_constants - prior.center[:, None]) / prior.spread[:, None]
        return np.concatenate([*(soft_l1(part) for part in parts), pulled])

    begun = prior.center if start is None else np.log([start[name] for name in prior.names])
    best, value, slopes = least_squares(
        lambda at: linearize(residuals, at),
        np.minimum(begun, prior.most),
        most=prior.most,
        tolerance=_TOLERANCE if start is not None else _TOLERANCE / 10,
    )
    covariance = np.asarray(np.linalg.inv(slopes.T @ slopes), dtype=np.float64)
    family = [case.row["family"] for case in cases]
    left = {name: column[:, 0] for name, column in misses(best[:, None]).items()}
    for name, rows in misses_without_family(value, slopes, covariance, family, known).items():
        left[name] = rows * prior.errors[_ERROR_OF[name]]
    fitted = dict(zip(prior.names, map(float, np.exp(best)), strict=True))
    rest = {
        name: float(np.exp(center))
        for name, center in zip(whole.names, whole.center, strict=True)
        if name not in fitted
    }
    bound = tuple(
        name for name, held in zip(fitted, np.isclose(best, prior.most), strict=True) if held
    )
    spreads = prior.residuals | _spreads(cases, left)
    return Model(fitted, covariance, spreads, rest | dict(borrowed), bound)


def _spreads(cases: list[Case], left: Mapping[str, Array]) -> dict[str, float]:
    """Standard deviation of each forecast's misses, for cases of each group."""
    error_groups = np.array([case.error_group for case in cases])
    return {
        f"{group}_{name}": robust_sd(left[name][(error_groups == group) & np.isfinite(left[name])])
        for group in dict.fromkeys(error_groups)
        for name in NAMES
    }


def log_sd(cases: list[Case], model: Model) -> dict[str, Array]:
    """SD of each log forecast, from residuals and from the covariance of the constants."""
    slopes = _slopes(cases, model, NAMES)
    known = np.einsum("ij,jk,ik->i", slopes, model.covariance, slopes)
    sds: dict[str, Array] = {}
    for name, part in zip(NAMES, np.split(known, len(NAMES)), strict=True):
        left = [model.residual_sd.get(f"{case.error_group}_{name}", np.nan) for case in cases]
        unseen = np.array([case.unseen_sd for case in cases])
        sds[name] = np.asarray(np.sqrt(part + np.array(left) ** 2 + unseen**2))
    return sds


def _slopes(cases: list[Case], model: Model, forecasts: tuple[str, ...]) -> Array:
    """Slopes of log forecasts along the logarithm of each constant, stacked by forecast."""
    names, groups = list(model.constants), serving_forecast.groups(cases)

    def forecast(log_constants: Array) -> Array:
        constants = model.borrowed | dict(zip(names, np.exp(log_constants), strict=True))
        made = log_forecast(groups, constants)
        return np.concatenate([made[name] for name in forecasts])

    return linearize(forecast, np.log(list(model.constants.values()))).slopes


def cases_that_inform(cases: list[Case], model: Model) -> dict[str, int]:
    """Number of cases that inform each constant and each residual SD.

    A case informs a constant where the forecast of one of its measured values depends on it.
    """
    evidence, log_values = _EVIDENCE[cases[0].kind], log_measured(cases)
    known = np.concatenate([np.isfinite(log_values[name]) for name in evidence])
    leans = (_slopes(cases, model, evidence) != 0.0) & known[:, None]
    any_of = leans.reshape(len(evidence), len(cases), -1).any(axis=0).sum(axis=0)
    error_groups = np.array([case.error_group for case in cases])
    spreads = {
        f"{group}_{name}": int(np.isfinite(log_values[name][error_groups == group]).sum())
        for group in dict.fromkeys(error_groups)
        for name in NAMES
    }
    return dict(zip(model.constants, map(int, any_of), strict=True)) | spreads


def shipped_models(catalog: Catalog) -> dict[str, Model]:
    """Models with the constants of ``hardware_db/serving`` and ``runtimes``, by kind.

    Estimates use them too, except for those of wall power (``server_base_power``,
    ``board_to_wall``) and residuals of throughput of image and sample services, which only serve to
    forecast measured cases.
    """
    facts = {name: catalog.default(name) for name in constant_names(catalog, "serving")}
    for stack in KNOWN_STACKS:
        record = catalog.record("runtimes", stack)
        own = {f"{cost}_{stack}": record.fact(cost) for cost in COSTS}
        facts |= {name: fact for name, fact in own.items() if fact is not None}
    models: dict[str, Model] = {}
    for kind in KINDS:
        names = [name for name in load_priors(catalog, kind).names if name in facts]
        constants = {name: facts[name].value for name in names}
        covariance = np.diag([log_sd_of(facts[name]) ** 2 for name in names])
        left = {
            name.removesuffix("_residual"): log_sd_of(fact)
            for name, fact in facts.items()
            if name.endswith("_residual")
        } | load_priors(catalog, kind).residuals
        rest = {name: fact.value for name, fact in facts.items() if name not in constants}
        models[kind] = Model(constants, covariance, left, rest)
    return models
