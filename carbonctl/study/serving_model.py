"""Forecast of measured serving configurations, and the fit of its few constants.

Constants are shared by all models and all accelerators; those of a runtime belong to a stack, none
belongs to a model or a device. They are fitted in logarithms, to energy, to throughput and to
energy at the measured throughput together, under weak priors that stand in
``hardware_db/serving/priors.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from carbonctl.study import serving_kinds
from carbonctl.study.least_squares import jacobian, least_squares
from carbonctl.study.scoring import Z90

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.types import Array
    from carbonctl.study.serving_cases import Case
    from carbonctl.study.serving_kinds import Group

KINDS = ("language", "picture", "sample")
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

    def of(self, cases: list[Case]) -> Prior:
        """The prior of those constants that these cases can tell of."""
        absent = {f"_{name}" for name in KNOWN_STACKS} - {f"_{case.runtime}" for case in cases}
        kept = [not any(name.endswith(end) for end in absent) for name in self.names]
        names = [name for name, keep in zip(self.names, kept, strict=True) if keep]
        return Prior(names, self.center[kept], self.spread[kept], self.most[kept], self.errors)


@dataclass(frozen=True)
class Model:
    """Constants by name, a runtime's own as ``layer_launch_vllm_2025``; and how sure they are.

    ``borrowed`` are constants that these cases tell nothing of: of other kinds, or of other stacks.
    """

    constants: dict[str, float]
    covariance: Array
    residual_sd: dict[str, float]
    borrowed: dict[str, float] = field(default_factory=dict)


def priors(catalog: Catalog, kind: str) -> Prior:
    """The priors of ``hardware_db/serving/priors.csv`` for one kind of work."""
    rows = list(catalog.table("serving/priors.csv"))
    errors = {row["applies_to"]: float(row["center"]) for row in rows if row["constant"] == "error"}
    own = [row for row in rows if row["applies_to"] in {kind, *_STACKS[kind]}]
    names = [
        row["constant"] if row["applies_to"] == kind else f"{row['constant']}_{row['applies_to']}"
        for row in own
    ]
    center, spread = (np.array([float(row[k]) for row in own]) for k in ("center", "spread"))
    most = np.array([float(row["most"] or "inf") for row in own])
    return Prior(names, np.log(center), spread, np.log(most), errors)


def log_forecast(groups: list[Group], constants: Mapping[str, float]) -> dict[str, Array]:
    """Logarithms of energy [J], throughput [1/s], and energy at the measured throughput [J].

    With ``power`` [W] at the wall where that was metered.
    """
    found: dict[str, Array] = {}
    count = sum(len(group.places) for group in groups)
    for group in groups:
        for name, values in group.forecast(constants).items():
            found.setdefault(name, np.full(count, np.nan))[group.places] = np.log(values)
    return found


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
    cases: list[Case],
    prior: Prior,
    borrowed: Mapping[str, float],
    start: Mapping[str, float] | None = None,
) -> Model:
    """Constants that forecast these cases of one kind best, under the priors."""
    evidence, groups = _EVIDENCE[cases[0].kind], serving_kinds.groups(cases)
    whole, prior = prior, prior.of(cases)
    told = measured(cases)
    known = {name: np.isfinite(told[name]) for name in evidence}

    def misses(log_constants: Array) -> dict[str, Array]:
        constants = dict(zip(prior.names, np.exp(log_constants), strict=True)) | dict(borrowed)
        made = log_forecast(groups, constants)
        return {name: (made[name] - told[name])[known[name]] for name in evidence}

    def residuals(log_constants: Array) -> Array:
        made = misses(log_constants)
        parts = [_robust(made[name] / prior.errors[_WEIGHED[name]]) for name in evidence]
        return np.concatenate([*parts, (log_constants - prior.center) / prior.spread])

    begun = prior.center if start is None else np.log([start[name] for name in prior.names])
    best = least_squares(residuals, np.minimum(begun, prior.most), prior.most)
    slopes = jacobian(residuals, best)
    covariance = np.asarray(np.linalg.inv(slopes.T @ slopes), dtype=np.float64)
    left = {name: _spread(miss) for name, miss in misses(best).items()}
    fitted = dict(zip(prior.names, map(float, np.exp(best)), strict=True))
    rest = {
        name: float(np.exp(center))
        for name, center in zip(whole.names, whole.center, strict=True)
        if name not in fitted
    }
    return Model(fitted, covariance, left, rest | dict(borrowed))


def _robust(misses: Array) -> Array:
    """Residuals whose squares grow as their size once they are large, so that none rules."""
    return np.asarray(np.sign(misses) * np.sqrt(2 * (np.sqrt(1 + misses**2) - 1)))


def _spread(misses: Array) -> float:
    """Standard deviation that makes nine of ten misses lie within 1.645 of it."""
    return float(np.quantile(np.abs(misses), 0.90) / Z90)


def log_sd(cases: list[Case], model: Model, name: str) -> Array:
    """Standard deviation of a log forecast: what is left over, and what is not known."""
    names, groups = list(model.constants), serving_kinds.groups(cases)

    def forecast(log_constants: Array) -> Array:
        constants = dict(zip(names, np.exp(log_constants), strict=True)) | model.borrowed
        return log_forecast(groups, constants)[name]

    slopes = jacobian(forecast, np.log(list(model.constants.values())))
    known = np.einsum("ij,jk,ik->i", slopes, model.covariance, slopes)
    return np.asarray(np.sqrt(known + model.residual_sd[name] ** 2), dtype=np.float64)
