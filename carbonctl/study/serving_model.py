"""Forecast of measured serving configurations, and the fit of its few constants.

Constants are shared by all models and all accelerators; those of a runtime belong to a stack, none
belongs to a model or a device. They are fitted in logarithms, to energy, to throughput and to
energy at the measured throughput together, under weak priors that stand in
``hardware_db/serving/priors.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from carbonctl.catalog.read import fitted_names
from carbonctl.study import serving_kinds
from carbonctl.study.least_squares import least_squares, linearize
from carbonctl.study.scoring import log_sd_of
from carbonctl.study.soft_l1 import misses_without_family, soft_l1, spread_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.types import Array, Num
    from carbonctl.study.serving_cases import Case
    from carbonctl.study.serving_kinds import Group

KINDS = ("language", "picture", "sample")
NAMES = ("energy", "throughput", "given")
COSTS = ("layer_launch", "expert_layer_launch", "sequence_overhead", "request_overhead",
         "exchange_latency", "communication_factor", "expert_overhead")  # fmt: skip
KNOWN_STACKS = ("hf_eager", "vllm_2024", "vllm_2025", "trtllm", "diffusers")
_STACKS = {"language": KNOWN_STACKS[:4], "picture": KNOWN_STACKS[4:], "sample": ()}


@dataclass(frozen=True)
class Prior:
    """Where the constants of one kind are looked for, and the errors that weigh evidence."""

    names: list[str]
    center: Array
    spread: Array
    most: Array
    errors: dict[str, float]
    residuals: dict[str, float]

    def of(self, cases: list[Case]) -> Prior:
        """The prior of those constants that these cases can tell of."""
        absent = {f"_{name}" for name in KNOWN_STACKS} - {f"_{case.runtime}" for case in cases}
        kept = [not any(name.endswith(end) for end in absent) for name in self.names]
        names = [name for name, keep in zip(self.names, kept, strict=True) if keep]
        return replace(self, names=names, center=self.center[kept], spread=self.spread[kept],
                       most=self.most[kept])  # fmt: skip


@dataclass(frozen=True)
class Model:
    """Constants by name, a runtime's own as ``layer_launch_vllm_2025``; and how sure they are.

    ``borrowed`` are constants that these cases tell nothing of: of other kinds, or of other stacks.
    ``bound`` are those that stand at the most they may be: their covariance is that of the
    curvature there, as if no bound held them.
    """

    constants: dict[str, float]
    covariance: Array
    residual_sd: dict[str, float]
    borrowed: dict[str, float] = field(default_factory=dict)
    bound: tuple[str, ...] = ()

    def all(self) -> dict[str, float]:
        """Its own constants and the borrowed ones."""
        return self.borrowed | self.constants


def priors(catalog: Catalog, kind: str) -> Prior:
    """The priors of ``hardware_db/serving/priors.csv`` for one kind of work."""
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
    found: dict[str, Array] = {}
    columns = np.broadcast_shapes(*map(np.shape, constants.values()))
    shape = (sum(len(group.places) for group in groups), *(columns or (1,)))
    for group in groups:
        for name, values in group.forecast(constants).items():
            found.setdefault(name, np.full(shape, np.nan))[group.places] = np.log(values)
    return found if columns else {name: table[:, 0] for name, table in found.items()}


def measured(cases: list[Case]) -> dict[str, Array]:
    """Logarithms of what was measured, by the names of ``log_forecast``."""
    energy = np.log([case.energy_j for case in cases])
    per_second = np.log([case.per_second for case in cases])
    return {"energy": energy, "throughput": per_second, "given": energy,
            "power": energy + per_second}  # fmt: skip


_WEIGHED = {"energy": "energy", "throughput": "throughput", "given": "energy", "power": "power"}
_EVIDENCE = {"language": ("energy", "throughput", "given"),
             "picture": ("energy", "throughput", "given"),
             "sample": ("energy", "power")}  # fmt: skip


def fit(
    cases: list[Case], prior: Prior, borrowed: Mapping[str, float],
    start: Mapping[str, float] | None = None,
) -> Model:  # fmt: skip
    """Constants that forecast these cases of one kind best, under the priors."""
    evidence, groups = _EVIDENCE[cases[0].kind], serving_kinds.groups(cases)
    whole, prior = prior, prior.of(cases)
    told = measured(cases)
    known = {name: np.isfinite(told[name]) for name in evidence}

    def misses(log_constants: Array) -> dict[str, Array]:
        constants = dict(zip(prior.names, np.exp(log_constants), strict=True)) | dict(borrowed)
        made = log_forecast(groups, constants)
        return {name: made[name] - told[name][:, None] for name in made}

    def residuals(log_constants: Array) -> Array:
        made = misses(log_constants)
        parts = [made[name][known[name]] / prior.errors[_WEIGHED[name]] for name in evidence]
        pulled = (log_constants - prior.center[:, None]) / prior.spread[:, None]
        return np.concatenate([*(soft_l1(part) for part in parts), pulled])

    begun = prior.center if start is None else np.log([start[name] for name in prior.names])
    best, value, slopes = least_squares(
        lambda at: linearize(residuals, at), np.minimum(begun, prior.most), most=prior.most
    )
    covariance = np.asarray(np.linalg.inv(slopes.T @ slopes), dtype=np.float64)
    family = [case.row["family"] for case in cases]
    left = {name: column[:, 0] for name, column in misses(best[:, None]).items()}
    for name, rows in misses_without_family(value, slopes, covariance, family, known).items():
        left[name] = rows * prior.errors[_WEIGHED[name]]
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
    """Standard deviation of each forecast's misses, for cases of each sort."""
    sorts = np.array([case.sort for case in cases])
    return {
        f"{sort}_{name}": spread_of(left[name][(sorts == sort) & np.isfinite(left[name])])
        for sort in dict.fromkeys(sorts)
        for name in NAMES
    }


def log_sd(cases: list[Case], model: Model) -> dict[str, Array]:
    """Standard deviation of each log forecast: what is left over, and what is not known."""
    slopes = _slopes(cases, model, NAMES)
    known = np.einsum("ij,jk,ik->i", slopes, model.covariance, slopes)
    found: dict[str, Array] = {}
    for name, part in zip(NAMES, np.split(known, len(NAMES)), strict=True):
        left = [model.residual_sd.get(f"{case.sort}_{name}", np.nan) for case in cases]
        found[name] = np.asarray(np.sqrt(part + np.array(left) ** 2))
    return found


def _slopes(cases: list[Case], model: Model, forecasts: tuple[str, ...]) -> Array:
    """Slopes of log forecasts, one kind after the other, along the logarithm of each constant."""
    names, groups = list(model.constants), serving_kinds.groups(cases)

    def forecast(log_constants: Array) -> Array:
        constants = model.borrowed | dict(zip(names, np.exp(log_constants), strict=True))
        made = log_forecast(groups, constants)
        return np.concatenate([made[name] for name in forecasts])

    return linearize(forecast, np.log(list(model.constants.values()))).slopes


def told_by(cases: list[Case], model: Model) -> dict[str, int]:
    """How many of the cases of a fit tell each constant and each spread.

    A case tells a constant where a forecast of something that was measured depends on it.
    """
    evidence, told = _EVIDENCE[cases[0].kind], measured(cases)
    known = np.concatenate([np.isfinite(told[name]) for name in evidence])
    leans = (_slopes(cases, model, evidence) != 0.0) & known[:, None]
    any_of = leans.reshape(len(evidence), len(cases), -1).any(axis=0).sum(axis=0)
    sorts = np.array([case.sort for case in cases])
    spreads = {
        f"{sort}_{name}": int(np.isfinite(told[name][sorts == sort]).sum())
        for sort in dict.fromkeys(sorts)
        for name in NAMES
    }
    return dict(zip(model.constants, map(int, any_of), strict=True)) | spreads


def shipped(catalog: Catalog) -> dict[str, Model]:
    """The constants of ``hardware_db/serving`` and ``runtimes``.

    Estimates use them too, but not what a plug adds (``server_base_power``, ``board_to_wall``) nor
    the errors of throughput, alone or given, of what is no language model: these serve to forecast
    measured cases alone.
    """
    facts = {name: catalog.default(name) for name in fitted_names(catalog, "serving")}
    for stack in KNOWN_STACKS:
        record = catalog.record("runtimes", stack)
        own = {f"{cost}_{stack}": record.fact(cost) for cost in COSTS}
        facts |= {name: fact for name, fact in own.items() if fact is not None}
    models: dict[str, Model] = {}
    for kind in KINDS:
        names = [name for name in priors(catalog, kind).names if name in facts]
        constants = {name: facts[name].value for name in names}
        covariance = np.diag([log_sd_of(facts[name]) ** 2 for name in names])
        left = {
            name.removesuffix("_residual"): log_sd_of(fact)
            for name, fact in facts.items()
            if name.endswith("_residual")
        } | priors(catalog, kind).residuals
        rest = {name: fact.value for name, fact in facts.items() if name not in constants}
        models[kind] = Model(constants, covariance, left, rest)
    return models
