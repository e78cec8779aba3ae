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
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.part_carbon import part_carbon
from carbonctl.study.least_squares import least_squares
from carbonctl.study.robust import robust, robust_slope
from carbonctl.study.scoring import log_sd_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.fact import Fact
    from carbonctl.core.types import Array, Num
    from carbonctl.scenario.products import Product

SUBJECTS = ("accelerator", "server", "storage")
_STEP = 1e-4
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
    """Logarithm of the carbon [kgCO2e] of each product."""
    return np.array([np.log(manufacturing_kgco2e(p, constants)) for p in products])


def _slopes(products: list[Product], names: list[str]) -> Callable[[Array], Array]:
    """Slopes of the log forecast along the logarithm of each constant, all in one pass."""
    steps = np.eye(len(names), len(names) + 1) * _STEP  # the last column is the base itself

    def slopes(at: Array) -> Array:
        stepped = np.exp(at[:, None] + steps)
        rows = log_forecast(products, dict(zip(names, stepped, strict=True)))
        table = np.array([np.broadcast_to(row, stepped.shape[1]) for row in rows])
        along: Array = (table[:, :-1] - table[:, -1:]) / _STEP
        return along

    return slopes


def fit(products: list[Product], prior: Priors) -> Model:
    """Constants that forecast these products best, under the priors; pooled rows tell nothing."""
    known = [product for product in products if not product.pooled]
    names = list(prior.constants)
    center = np.log([p.center for p in prior.constants.values()])
    spread = np.array([p.spread for p in prior.constants.values()])
    measured = np.log([product.measured for product in known])
    error = np.array(
        [prior.errors[p.subject] * (_FOLLOWS_ANOTHER if p.derived else 1.0) for p in known]
    )
    of_products = _slopes(known, names)

    def residuals(at: Array) -> Array:
        forecast = log_forecast(known, dict(zip(names, np.exp(at), strict=True)))
        return np.concatenate([robust((forecast - measured) / error), (at - center) / spread])

    def slopes(at: Array) -> Array:
        forecast = log_forecast(known, dict(zip(names, np.exp(at), strict=True)))
        scale = robust_slope((forecast - measured) / error) / error
        return np.concatenate([of_products(at) * scale[:, None], np.diag(1 / spread)])

    best = least_squares(residuals, center, slopes_of=slopes)
    table = slopes(best)
    covariance = np.asarray(np.linalg.inv(table.T @ table), dtype=np.float64)
    left = log_forecast(known, dict(zip(names, np.exp(best), strict=True))) - measured
    used = np.einsum("ij,jk,ik->i", table, covariance, table)[: len(known)]
    subjects = np.array([product.subject for product in known])
    spreads = {s: _sd(left[subjects == s], used[subjects == s], prior.errors[s]) for s in SUBJECTS}
    return Model(dict(zip(names, map(float, np.exp(best)), strict=True)), covariance, spreads)


def _sd(left: Array, used: Array, prior_error: float) -> float:
    """Residual standard deviation, for the freedom that the constants took.

    The prior error counts as some products, so that a few alike do not look surer than they are.
    """
    freedom = len(left) - used.sum() + _PRODUCTS_OF_PRIOR
    return float(np.sqrt(((left**2).sum() + _PRODUCTS_OF_PRIOR * prior_error**2) / freedom))


def log_sd(products: list[Product], model: Model) -> Array:
    """Standard deviation of the log forecast: what is left over, and what is not known."""
    names = list(model.constants)
    table = _slopes(products, names)(np.log(list(model.constants.values())))
    known = np.einsum("ij,jk,ik->i", table, model.covariance, table)
    left = np.array([model.residual_sd[product.subject] for product in products])
    spread: Array = np.sqrt(known + left**2)
    return spread
