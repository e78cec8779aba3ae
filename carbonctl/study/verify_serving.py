"""How well serving is forecast: every constant held out, baselines on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.study import serving_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carbonctl.catalog.read import Catalog
    from carbonctl.study.serving_cases import Case
    from carbonctl.study.serving_model import Model

_BORROWED = {"language": (), "picture": ("resident_factor", "dense_efficiency"),
             "sample": ("resident_factor",)}  # fmt: skip


def fit_all(cases: list[Case], catalog: Catalog) -> dict[str, Model]:
    """The model of each kind, fitted to all of its cases; later kinds borrow from language."""
    models: dict[str, Model] = {}
    for kind in serving_model.KINDS:
        own = [case for case in cases if case.kind == kind and case.fitted and _usable(case)]
        borrowed = borrowed_by(kind, models)
        models[kind] = serving_model.fit(own, serving_model.priors(catalog, kind), borrowed)
    return models


def _usable(case: Case) -> bool:
    """Whether constants are fitted to a case; language metered at the wall tells no board."""
    return case.kind == "sample" or not case.wall


def borrowed_by(kind: str, models: Mapping[str, Model]) -> dict[str, float]:
    """Constants that a kind takes from language as they are."""
    return {name: models["language"].constants[name] for name in _BORROWED[kind]}
