"""Score forecasts of manufacturing carbon (held out) and of other methods on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from carbonctl.estimate.embodied.bom import Chip, Die, Memory, MemoryOnBoards, Module
from carbonctl.estimate.inputs import bind
from carbonctl.formulas.hardware import fab, parts
from carbonctl.verify import embodied_model
from carbonctl.verify.scoring import (
    CARBONCTL,
    Forecast,
    Measured,
    folds,
    forecast_by_folds,
    groups,
    score,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.catalog.read import Catalog, Record
    from carbonctl.core.types import Array, Indexes
    from carbonctl.estimate.embodied.bom import Part, Piece
    from carbonctl.scenario.resolve.hardware.published_products import Product, Products

TEST = "manufacturing"
POOLED = "pooled=dell"
_POOLED_REASON = "pooled over a product line, its own group"


def held_out_forecast(products: list[Product], catalog: Catalog, by: str) -> Forecast:
    """Forecasts by constants fitted without the rows of the same ``by``, such as family."""
    names = [_original_product(product, products).row[by] for product in products]
    samples = [seen for seen, _ in folds(names)]
    models = iter(embodied_model.fit_each(products, samples, embodied_model.load_priors(catalog)))

    def forecast(_: Indexes, unseen: Indexes) -> tuple[Array, Array]:
        model, own = next(models), [products[i] for i in unseen]
        return embodied_model.log_forecast(own, model.constants), embodied_model.log_sd(own, model)

    return forecast_by_folds(names, forecast)


def _original_product(product: Product, products: list[Product]) -> Product:
    """The product that a derived row was computed from, so that both are in one fold."""
    if not product.derived:
        return product
    document = (product.row["source"], product.row["family"])
    bases = (p for p in products if (p.row["source"], p.row["family"]) == document)
    return next((base for base in bases if not base.derived), product)


def shipped_forecast(products: list[Product], catalog: Catalog) -> Forecast:
    """Forecasts by the shipped constants, which estimates use."""
    model = embodied_model.shipped_model(catalog)
    value = embodied_model.log_forecast(products, model.constants)
    return Forecast(value, embodied_model.log_sd(products, model))


def scores(table: Products, catalog: Catalog, *, bundled: bool) -> list[dict[str, Any]]:
    """One score for each group and method; the same rows for every method that has them."""
    products = table.products
    measured = Measured(
        np.array([p.measured for p in products]), [p.row["family"] for p in products]
    )
    methods: dict[str, Forecast] = {}
    if not products:
        methods = {CARBONCTL: Forecast(np.array([]), None)}
    elif bundled:
        methods[CARBONCTL] = held_out_forecast(products, catalog, "family")
        methods[f"{CARBONCTL}_by_product"] = held_out_forecast(products, catalog, "product")
    else:
        methods[CARBONCTL] = shipped_forecast(products, catalog)
    if products:
        methods |= baseline_forecasts(products, catalog)
    return [
        score(TEST, group, name, forecast, rows, measured, _excluded_counts(table, forecast))
        for group, rows in _groups(products)
        for name, forecast in methods.items()
        if np.isfinite(forecast.log_value[rows]).any() or (group, name) == ("all", CARBONCTL)
    ]


def _excluded_counts(table: Products, forecast: Forecast) -> dict[str, int]:
    """Rows left out of all products, by reason."""
    reasons = dict(table.excluded)
    pooled = sum(product.is_pooled for product in table.products)
    unknown = sum(
        not np.isfinite(value) and not product.is_pooled
        for product, value in zip(table.products, forecast.log_value, strict=True)
    )
    reasons |= {_POOLED_REASON: pooled} if pooled else {}
    return reasons | ({"this method has no figure": unknown} if unknown else {})


def _groups(products: list[Product]) -> Iterator[tuple[str, Indexes]]:
    pooled = np.array([product.is_pooled for product in products], dtype=bool)
    rows = np.flatnonzero(~pooled)
    yield "all", rows
    yield from groups(rows, "subject", [product.subject for product in products])
    for column in ("kind", "family"):
        yield from groups(rows, column, [product.row[column] for product in products])
    if pooled.any():
        yield POOLED, np.flatnonzero(pooled)


def baseline_forecasts(products: list[Product], catalog: Catalog) -> dict[str, Forecast]:
    """Forecasts by other methods from the same parts, and by tools for the same products."""
    constants = {
        row["name"]: float(row["value"]) for row in catalog.table("embodied/baselines.csv")
    }
    wafer = catalog.record("processes", "wafer")
    constants |= {name: required_value(wafer, name) for name in ("fixed_yield", "ic_package")}
    tables = {
        "act": [_act(product, catalog, constants) for product in products],
        "die_only": [sum(_die_only_carbon(product, catalog)) for product in products],
    }
    for row in catalog.table("published/embodied_tools.csv"):
        column = tables.setdefault(row["method"], [np.nan] * len(products))
        for place, product in enumerate(products):
            if product.row["product"] == row["product"]:
                column[place] = float(row["kgco2e"])
    return {name: Forecast(_log(column), None) for name, column in tables.items()}


def _log(values: list[float]) -> Array:
    """Logarithms; ``nan`` where a method has no figure."""
    array = np.array(values, dtype=float)
    logs: Array = np.log(np.where(array > 0, array, np.nan))
    return logs


def _central_parts(product: Product) -> tuple[Part[float], ...]:
    bound: tuple[Part[float], ...] = bind(product.parts, lambda fact: fact.value)
    return bound


def _pieces(product: Product) -> Iterator[tuple[float, Piece[float] | Part[float]]]:
    """Every piece of a product, with its count."""
    for entry in _central_parts(product):
        if isinstance(entry, Module):
            yield from ((entry.module_count, piece) for piece in entry.parts)
        elif isinstance(entry, Chip):
            yield from ((entry.chip_count, piece) for piece in entry.parts)
        else:
            yield 1.0, entry


def _node(die: Die[float]) -> str:
    return die.id.rsplit("_", 1)[-1]


def _die_only_carbon(product: Product, catalog: Catalog) -> Iterator[float]:
    """Carbon of bare dies: area times the fab inventory, without yield losses."""
    for count, piece in _pieces(product):
        if isinstance(piece, Die):
            per_area = required_value(
                catalog.record("processes", _node(piece)), "inventory_per_cm2"
            )
            yield count * piece.die_count * piece.die_area_cm2 * per_area


def required_value(record: Record, name: str) -> float:
    """Value of a fact that a bundled record must have."""
    fact = record.fact(name)
    assert fact is not None, f"{record.id} has no {name}"  # noqa: S101 - bundled
    return fact.value


def _act(product: Product, catalog: Catalog, constants: dict[str, float]) -> float:
    """ACT as published: dies at one yield, a package each, memory and drives by fab figures."""
    total = 0.0
    for count, piece in _pieces(product):
        if isinstance(piece, Die):
            total += count * _act_die(piece, catalog, constants)
        elif isinstance(piece, Memory | MemoryOnBoards):
            per_gb = constants["act_flash" if piece.id.startswith("drive") else "act_dram"]
            total += count * float(
                parts.memory_kgco2e_by_yield(
                    capacity_gb=piece.capacity_gb,
                    capacity_kgco2e_per_gb=per_gb,
                    fab_yield=constants["fixed_yield"],
                )
            )
    if product.row["kind"] in {"gpu", "gpu_baseboard", "cpu"}:
        total += sum(_modules(product)) * constants["ic_package"]
    return total


def _modules(product: Product) -> Iterator[float]:
    for entry in _central_parts(product):
        if isinstance(entry, Module):
            yield entry.module_count
        elif isinstance(entry, Chip):
            yield entry.chip_count


def _act_die(die: Die[float], catalog: Catalog, constants: dict[str, float]) -> float:
    node = catalog.record("processes", _node(die))
    per_area = fab.cpa_kgco2e_per_cm2_by_process(
        epa_kwh_per_cm2=required_value(node, "fab_energy_per_cm2"),
        fab_ci_kgco2e_per_kwh=constants["act_fab_ci"],
        gpa_kgco2e_per_cm2=required_value(node, "fab_gases_per_cm2_97"),
        mpa_kgco2e_per_cm2=required_value(node, "fab_materials_per_cm2"),
    )
    return float(
        fab.die_kgco2e_by_area(
            die_count=die.die_count,
            cpa_kgco2e_per_cm2=per_area,
            die_area_cm2=die.die_area_cm2,
            fab_yield=constants["fixed_yield"],
        )
    )


def in_sample(table: Products, fitted: Products | None) -> dict[str, int]:
    """Number of products that the constants were fitted to."""
    known = {_case_key(product) for product in fitted.products} if fitted else set()
    return {TEST: sum(_case_key(product) in known for product in table.products)}


def _case_key(product: Product) -> tuple[str, str, str]:
    """Key by which two rows of one product are recognized, whatever their names."""
    row = product.row
    return row["family"].strip().lower(), row["config"].strip().lower(), f"{product.measured:.5g}"
