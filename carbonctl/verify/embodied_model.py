"""Forecast of product footprints from bills of materials, and the fit of its few constants.

Constants are shared by all products; none belongs to one. They are default facts that bills of
materials refer to, so that a forecast is the estimate that a user gets with other numbers in
their place. They are fitted in logarithms under weak priors that stand in
``hardware_db/embodied/priors.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from carbonctl.catalog.read import fitted_names
from carbonctl.estimate.embodied.part_carbon import part_carbon
from carbonctl.estimate.inputs import bind
from carbonctl.verify.least_squares import (
    Local,
    along_steps,
    least_squares_of_each,
    linearize,
    steps_around,
)
from carbonctl.verify.scoring import log_sd_of
from carbonctl.verify.soft_l1 import soft_l1, soft_l1_slope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.fact import Fact
    from carbonctl.core.types import Array, Num, Places
    from carbonctl.scenario.resolve.hardware.published_products import Product

SUBJECTS = ("accelerator", "server", "storage")
_PRODUCTS_OF_PRIOR = 4.0
_FOLLOWS_ANOTHER = 2.0**0.5  # a figure that follows from another's weighs half, that one whole


class Prior(NamedTuple):
    """Where a constant is looked for: a center, and the spread of its logarithm."""

    center: float
    spread: float


@dataclass(frozen=True)
class Priors:
    """Where constants are looked for, and the log errors that weigh the subjects."""

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
    """Constants by name, how sure they are, and what is left over of each subject."""

    constants: dict[str, float]
    covariance: Array
    residual_sd: dict[str, float]


def priors(catalog: Catalog) -> Priors:
    """The priors of ``hardware_db/embodied/priors.csv``."""
    rows = list(catalog.table("embodied/priors.csv"))
    constants = {
        row["constant"]: Prior(float(row["center"]), float(row["spread"]))
        for row in rows
        if not row["applies_to"]
    }
    errors = {row["applies_to"]: float(row["center"]) for row in rows if row["applies_to"]}
    return Priors(constants, errors)


def shipped(catalog: Catalog) -> Model:
    """The constants of ``hardware_db/embodied/constants.yaml``, which estimates use too."""
    facts = {name: catalog.default(name) for name in fitted_names(catalog, "embodied")}
    left = {subject: f"{subject}_residual" for subject in SUBJECTS}
    constants = {name: f.value for name, f in facts.items() if name not in left.values()}
    covariance = np.diag([log_sd_of(facts[name]) ** 2 for name in constants])
    spreads = {subject: log_sd_of(facts[name]) for subject, name in left.items()}
    return Model(constants, covariance, spreads)


def manufacturing_kgco2e(product: Product, constants: Mapping[str, Num]) -> Num:
    """Carbon of a product with these constants in the place of the shipped ones."""

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


def fit(products: list[Product], prior: Priors) -> Model:
    """Constants that forecast these products best, under the priors; pooled rows tell nothing."""
    return fit_each(products, [np.arange(len(products))], prior)[0]


def fit_each(products: list[Product], samples: Sequence[Places], prior: Priors) -> list[Model]:
    """The model of each sample of products, given by their places, as ``fit`` makes it.

    All are fitted side by side, so that one pass over the products serves every fit.
    """
    fits, names = [_Fit.of(products, sample, prior) for sample in samples], list(prior.constants)

    def forecast(points: Array) -> Array:
        return log_forecast(products, dict(zip(names, np.exp(points), strict=True)))

    def near(points: Mapping[int, Array]) -> dict[int, Local]:
        steps = [steps_around(at) for at in points.values()]
        tables = np.split(forecast(np.concatenate(steps, axis=1)), len(points), axis=1)
        return {
            place: fits[place].residuals(along_steps(at, table))
            for (place, at), table in zip(points.items(), tables, strict=True)
        }

    best = least_squares_of_each(near, [prior.center] * len(fits))
    found = forecast(np.stack([one.at for one in best], axis=1)).T
    return [one.model(local, row) for one, local, row in zip(fits, best, found, strict=True)]


@dataclass(frozen=True)
class _Fit:
    """What one fit sees: places of products that tell of constants, and what weighs them."""

    places: Places
    log_measured: Array
    error: Array
    subjects: Array
    prior: Priors

    @classmethod
    def of(cls, products: list[Product], sample: Places, prior: Priors) -> _Fit:
        """The fit to a sample of products; pooled rows tell nothing."""
        told = [place for place in sample if not products[place].pooled]
        places = np.array(told, dtype=np.intp)
        known = [products[place] for place in places]
        error = [prior.errors[p.subject] * (_FOLLOWS_ANOTHER if p.derived else 1.0) for p in known]
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
    """Residual standard deviation, for the freedom that the constants took.

    The prior error counts as some products, so that a few alike do not look surer than they are.
    """
    freedom = len(left) - used.sum() + _PRODUCTS_OF_PRIOR
    return float(np.sqrt(((left**2).sum() + _PRODUCTS_OF_PRIOR * prior_error**2) / freedom))


def log_sd(products: list[Product], model: Model) -> Array:
    """Standard deviation of the log forecast: what is left over, and what is not known."""
    names = list(model.constants)

    def forecast(points: Array) -> Array:
        return log_forecast(products, dict(zip(names, np.exp(points), strict=True)))

    table = linearize(forecast, np.log(list(model.constants.values()))).slopes
    known = np.einsum("ij,jk,ik->i", table, model.covariance, table)
    left = np.array([model.residual_sd[product.subject] for product in products])
    spread: Array = np.sqrt(known + left**2)
    return spread
