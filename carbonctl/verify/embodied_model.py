"""Forecast product footprints from bills of materials, and fit the model's constants.

Constants are shared by all products; none belongs to one. They are default facts that bills of
materials refer to, so a forecast is the estimate that a user gets, with other constants. They are
fitted in logarithms under the weak priors of ``hardware_db/embodied/priors.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from carbonctl.catalog.read import constant_names
from carbonctl.estimate.embodied.part_carbon import part_carbon
from carbonctl.estimate.inputs import bind
from carbonctl.verify.least_squares import (
    Local,
    least_squares_of_each,
    linearize,
    slopes_from_steps,
    steps_around,
)
from carbonctl.verify.scoring import log_sd_of
from carbonctl.verify.soft_l1 import soft_l1, soft_l1_slope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.fact import Fact
    from carbonctl.core.types import Array, Indexes, Num
    from carbonctl.scenario.resolve.hardware.published_products import Product

SUBJECTS = ("accelerator", "server", "storage")
_PRIOR_WEIGHT = 4.0
_DERIVED_ERROR_FACTOR = 2.0**0.5  # a figure computed from another one has half its weight


class Prior(NamedTuple):
    """Lognormal prior of a constant: its center, and the SD of its logarithm."""

    center: float
    spread: float


@dataclass(frozen=True)
class Priors:
    """Priors of constants, and the log errors by which subjects are weighted."""

    constants: dict[str, Prior]
    errors: dict[str, float]

    @property
    def center(self) -> Array:
        """Logarithms of the centers."""
        return np.log([prior.center for prior in self.constants.values()])

    @property
    def spread(self) -> Array:
        """Spreads of the logarithms."""
        return np.array([prior.spread for prior in self.constants.values()])


@dataclass(frozen=True)
class Model:
    """Fitted constants, their covariance, and the residual SD of each subject."""

    constants: dict[str, float]
    covariance: Array
    residual_sd: dict[str, float]


def load_priors(catalog: Catalog) -> Priors:
    """The priors of ``hardware_db/embodied/priors.csv``."""
    rows = list(catalog.table("embodied/priors.csv"))
    constants = {
        row["constant"]: Prior(float(row["center"]), float(row["spread"]))
        for row in rows
        if not row["applies_to"]
    }
    errors = {row["applies_to"]: float(row["center"]) for row in rows if row["applies_to"]}
    return Priors(constants, errors)


def shipped_model(catalog: Catalog) -> Model:
    """Model with the constants of ``hardware_db/embodied/constants.yaml``, as estimates use."""
    facts = {name: catalog.default(name) for name in constant_names(catalog, "embodied")}
    left = {subject: f"{subject}_residual" for subject in SUBJECTS}
    constants = {name: f.value for name, f in facts.items() if name not in left.values()}
    covariance = np.diag([log_sd_of(facts[name]) ** 2 for name in constants])
    spreads = {subject: log_sd_of(facts[name]) for subject, name in left.items()}
    return Model(constants, covariance, spreads)


def manufacturing_kgco2e(product: Product, constants: Mapping[str, Num]) -> Num:
    """Manufacturing carbon of a product with these constants instead of the shipped ones."""

    def lens(fact: Fact) -> Num:
        return constants.get(fact.key.removeprefix("default:"), fact.value)

    return sum((part_carbon(bind(entry, lens)) for entry in product.parts), start=0.0)


def log_forecast(products: list[Product], constants: Mapping[str, Num]) -> Array:
    """Logarithm of the carbon [kgCO2e] of each product, a column for each value of the constants.

    Without columns where the constants are plain numbers.
    """
    shape = np.broadcast_shapes(*map(np.shape, constants.values()))
    kgco2e = (manufacturing_kgco2e(product, constants) for product in products)
    return np.log([np.broadcast_to(amount, shape) for amount in kgco2e])


def fit_model(products: list[Product], prior: Priors) -> Model:
    """Fit the constants to these products under the priors; pooled rows are not used."""
    return fit_each(products, [np.arange(len(products))], prior)[0]


def fit_each(products: list[Product], samples: Sequence[Indexes], prior: Priors) -> list[Model]:
    """Models fitted to several samples of products, given by their indices.

    All are fitted in parallel, so that one evaluation of the products serves every fit.
    """
    fits, names = [_Fit.of(products, sample, prior) for sample in samples], list(prior.constants)

    def forecast(points: Array) -> Array:
        return log_forecast(products, dict(zip(names, np.exp(points), strict=True)))

    def near(points: Mapping[int, Array]) -> dict[int, Local]:
        steps = [steps_around(at) for at in points.values()]
        tables = np.split(forecast(np.concatenate(steps, axis=1)), len(points), axis=1)
        return {
            place: fits[place].residuals(slopes_from_steps(at, table))
            for (place, at), table in zip(points.items(), tables, strict=True)
        }

    best = least_squares_of_each(near, [prior.center] * len(fits))
    found = forecast(np.stack([one.at for one in best], axis=1)).T
    return [one.model(local, row) for one, local, row in zip(fits, best, found, strict=True)]


@dataclass(frozen=True)
class _Fit:
    """Data of one fit: indices of products, measured values, and error weights."""

    places: Indexes
    log_measured: Array
    error: Array
    subjects: Array
    prior: Priors

    @classmethod
    def of(cls, products: list[Product], sample: Indexes, prior: Priors) -> _Fit:
        """The fit to a sample of products; pooled rows are not used."""
        fitted_places = [place for place in sample if not products[place].is_pooled]
        places = np.array(fitted_places, dtype=np.intp)
        known = [products[place] for place in places]
        error = [
            prior.errors[p.subject] * (_DERIVED_ERROR_FACTOR if p.derived else 1.0) for p in known
        ]
        return cls(
            places,
            np.log([product.measured for product in known]),
            np.array(error),
            np.array([product.subject for product in known]),
            prior,
        )

    def residuals(self, forecast: Local) -> Local:
        """Residuals near a point, from the log forecast of all products there."""
        miss = (forecast.value[self.places] - self.log_measured) / self.error
        scale = soft_l1_slope(miss) / self.error
        pulled = (forecast.at - self.prior.center) / self.prior.spread
        slopes = forecast.slopes[self.places] * scale[:, None]
        return Local(
            forecast.at,
            np.concatenate([soft_l1(miss), pulled]),
            np.concatenate([slopes, np.diag(1 / self.prior.spread)]),
        )

    def model(self, best: Local, forecast: Array) -> Model:
        """The model of the best constants, from the residuals and the log forecast there."""
        table, names = best.slopes, self.prior.constants
        covariance = np.asarray(np.linalg.inv(table.T @ table), dtype=np.float64)
        left = forecast[self.places] - self.log_measured
        used = np.einsum("ij,jk,ik->i", table, covariance, table)[: len(left)]
        spreads = {
            s: _sd(left[self.subjects == s], used[self.subjects == s], self.prior.errors[s])
            for s in SUBJECTS
        }
        constants = dict(zip(names, map(float, np.exp(best.at)), strict=True))
        return Model(constants, covariance, spreads)


def _sd(left: Array, used: Array, prior_error: float) -> float:
    """Residual SD, corrected for the degrees of freedom of the constants.

    The prior error counts like some products, so that the SD of a few similar ones is not too low.
    """
    freedom = len(left) - used.sum() + _PRIOR_WEIGHT
    return float(np.sqrt(((left**2).sum() + _PRIOR_WEIGHT * prior_error**2) / freedom))


def log_sd(products: list[Product], model: Model) -> Array:
    """SD of the log forecast, from residuals and from the covariance of the constants."""
    names = list(model.constants)

    def forecast(points: Array) -> Array:
        return log_forecast(products, dict(zip(names, np.exp(points), strict=True)))

    table = linearize(forecast, np.log(list(model.constants.values()))).slopes
    known = np.einsum("ij,jk,ik->i", table, model.covariance, table)
    left = np.array([model.residual_sd[product.subject] for product in products])
    spread: Array = np.sqrt(known + left**2)
    return spread
