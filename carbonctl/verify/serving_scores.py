"""How well serving is forecast: every constant held out, baselines on the same rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from carbonctl.estimate.serving.service import Decoder
from carbonctl.verify import serving_baselines, serving_forecast, serving_model
from carbonctl.verify.scoring import OURS, Forecast, Measured, column, folds, groups, score
from carbonctl.verify.serving_cases import TESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.types import Places
    from carbonctl.verify.serving_cases import Case, Cases
    from carbonctl.verify.serving_model import Model

    Forecasts = dict[str, Forecast]

CONSTANT = "constant_factor"
HELD_OUT_AGAIN, UNKNOWN = "architecture", "batch_unknown"
OWN_GROUP = "its prompt length or its media are not known: see its own group"
_GROUP_COLUMNS = ("source_id", "accelerator_id", "task")
_BORROWED = {"language": (), "picture": ("resident_factor", "dense_efficiency"),
             "sample": ("resident_factor",)}  # fmt: skip
_ONE_AT_A_TIME = {"hf_eager"}  # stacks that decode one request after another
Z80 = 1.2815515655446004  # normal quantile of the 90th percentile


def fit_all(cases: list[Case], catalog: Catalog) -> dict[str, Model]:
    """The model of each kind, fitted to all of its cases; later kinds borrow from language."""
    models: dict[str, Model] = {}
    for kind in serving_model.KINDS:
        own = [case for case in cases if case.kind == kind and case.is_fitted]
        borrowed = borrowed_by(kind, models)
        models[kind] = serving_model.fit(own, serving_model.priors(catalog, kind), borrowed)
    return models


def borrowed_by(kind: str, models: Mapping[str, Model]) -> dict[str, float]:
    """Constants that a kind takes from language as they are."""
    return {name: models["language"].constants[name] for name in _BORROWED[kind]}


def held_out(
    cases: list[Case], catalog: Catalog, by: str, shown: list[list[Case]]
) -> list[Forecasts]:
    """Forecasts by constants that were fitted without the cases that share the case's ``by``.

    One for each list of ``shown``: the same cases, or as they look when less is known of them.
    """
    whole, found = fit_all(cases, catalog), [_nothing(cases) for _ in shown]
    for seen, unseen in folds([_name(case, by) for case in cases]):
        told = [cases[i] for i in seen if cases[i].is_fitted]
        models = without(whole, told, [cases[i] for i in unseen], catalog)
        for kind, model in models.items():
            places = [i for i in unseen if cases[i].kind == kind]
            if places:
                for forecasts, as_seen in zip(found, shown, strict=True):
                    part = [as_seen[i] for i in places]
                    _place(forecasts, places, part, model, models["sample"])
    return found


def without(
    whole: Mapping[str, Model], told: list[Case], unseen: list[Case], catalog: Catalog
) -> dict[str, Model]:
    """The models that forecast some unseen cases, none of them fitted to any, lenders included.

    A model is fitted again where it is asked for and unseen cases tell of it, or of its lender.
    """
    asked = {case.kind for case in unseen} | {"sample" for case in unseen if case.wall}
    touched = {case.kind for case in unseen if case.is_fitted}
    models: dict[str, Model] = {}
    for kind in serving_model.KINDS:  # language first, the others borrow from it
        models[kind] = whole[kind]
        if kind in asked | {"language"} and touched & {kind, "language"}:
            own = [case for case in told if case.kind == kind]
            prior, borrowed = serving_model.priors(catalog, kind), borrowed_by(kind, models)
            begin = whole[kind].constants | whole[kind].borrowed
            models[kind] = serving_model.fit(own, prior, borrowed, begin)
    return models


def _name(case: Case, by: str) -> str:
    return case.architecture if by == HELD_OUT_AGAIN else case.row[by]


def _nothing(cases: list[Case]) -> Forecasts:
    return {name: Forecast(*np.full((2, len(cases)), np.nan)) for name in serving_model.NAMES}


def _place(
    found: Forecasts, places: list[int], cases: list[Case], model: Model, wall: Model
) -> None:
    """Put the forecasts of some cases at their places; what a plug adds comes from ``wall``."""
    whole = replace(
        model,
        borrowed=wall.constants | model.borrowed,
        residual_sd=wall.residual_sd | model.residual_sd,
    )
    made = serving_model.log_forecast(serving_forecast.groups(cases), whole.all())
    spread = serving_model.log_sd(cases, whole)
    for name, forecast in found.items():
        forecast.log_value[places] = made[name]
        assert forecast.log_sd is not None  # noqa: S101 - made by _nothing
        forecast.log_sd[places] = spread[name]


def shipped(cases: list[Case], catalog: Catalog) -> Forecasts:
    """Forecasts by the shipped constants; estimates use them but for those of the plug."""
    models, found = serving_model.shipped(catalog), _nothing(cases)
    for kind, model in models.items():
        places = [i for i, case in enumerate(cases) if case.kind == kind]
        if places:
            _place(found, places, [cases[i] for i in places], model, models["sample"])
    return found


def at_batch(cases: list[Case], batch: float) -> list[Case]:
    """The same cases, were all language models served at one batch."""
    return [_at_batch(case, batch) for case in cases]


def _at_batch(case: Case, batch: float) -> Case:
    record = case.record
    if not isinstance(record, Decoder) or case.runtime in _ONE_AT_A_TIME:
        return case
    return replace(case, record=replace(record, batch=replace(record.batch, value=batch)))


def batch_unknown(middle: Forecasts, low: Forecasts, high: Forecasts) -> Forecast:
    """Energy where nothing is said of the batch: at the usual one, as wide as its range."""
    one, small, large = middle["energy"], low["energy"].log_value, high["energy"].log_value
    assert one.log_sd is not None  # noqa: S101 - made by _nothing
    spread = np.abs(small - large) / (2 * Z80)
    return Forecast(one.log_value, np.hypot(one.log_sd, spread))


def scores(found: Cases, catalog: Catalog, *, bundled: bool) -> list[dict[str, Any]]:
    """One score for each test, group and method; the same rows for every method of a group."""
    cases, usual = found.cases, catalog.default("concurrency")
    assert usual.low is not None  # noqa: S101 - the default has a range
    assert usual.high is not None  # noqa: S101
    shown = [cases, *(at_batch(cases, batch) for batch in (usual.value, usual.low, usual.high))]
    if bundled:
        known, *unknown = held_out(cases, catalog, "family", shown)
        more = {
            f"{OURS}_by_{HELD_OUT_AGAIN}": held_out(cases, catalog, HELD_OUT_AGAIN, [cases])[0],
            CONSTANT: {"energy": serving_baselines.constant_factor(cases)},
        }
    else:
        known, *unknown = (shipped(as_seen, catalog) for as_seen in shown)
        more = {}
    methods: dict[str, Forecasts] = {
        OURS: known,
        f"{OURS}_{UNKNOWN}": {"energy": batch_unknown(*unknown)},
        **more,
    }
    for name in serving_baselines.NAMES:
        energy = serving_baselines.log_energy(name, cases, catalog)
        methods[name] = {"energy": Forecast(energy, None)}
    return [
        score(test, group, name, forecast, rows, measured(cases, test), _left_out(found, test))
        for test in TESTS
        for group, rows in _groups(cases, test)
        for name, forecast in _of_test(test, methods)
        if np.isfinite(forecast.log_value[rows]).any() or (group, name) == ("all", OURS)
    ]


def _of_test(test: str, methods: dict[str, Forecasts]) -> Iterator[tuple[str, Forecast]]:
    """The forecast of each method that has one for a test."""
    kind = {"throughput": "throughput", "energy_given_throughput": "given"}.get(test, "energy")
    for name, forecasts in methods.items():
        if kind in forecasts and (test == "energy_per_token" or UNKNOWN not in name):
            yield name, forecasts[kind]


def in_sample(found: Cases, fitted: Cases | None) -> dict[str, int]:
    """How many cases of each test are among those that constants were fitted to."""
    known = {_evidence(case) for case in fitted.cases if case.is_fitted} if fitted else set()
    seen = np.array([_evidence(case) in known for case in found.cases], dtype=bool)
    return {test: int(seen[_rows(found.cases, test)].sum()) for test in TESTS}


def _evidence(case: Case) -> tuple[str, ...]:
    """What a case says of its configuration, whatever its row is called."""
    told = (case.row[name].strip().lower() for name in ("family", "task", "accelerator_id"))
    numbers = (case.energy_j, case.batch, case.replica_accelerators)
    return (*told, *(f"{number:.5g}" for number in numbers))


def measured(cases: list[Case], test: str) -> Measured:
    """What a test measured of the cases, and their families."""
    value = column(cases, "per_second" if test == "throughput" else "energy_j")
    return Measured(value, [case.row["family"] for case in cases])


def _rows(cases: list[Case], test: str) -> Places:
    """Cases that a test is made of; energy at a known throughput needs one."""
    energy = column(cases, "energy_test") == test
    if test == "energy_given_throughput":
        energy = np.array([case.kind == "language" and not case.wall for case in cases], bool)
    if test in {"throughput", "energy_given_throughput"}:
        timed = np.isfinite(column(cases, "per_second"))
        return np.flatnonzero(timed & (energy if test != "throughput" else True))
    return np.flatnonzero(energy)


def _left_out(found: Cases, test: str) -> dict[str, int]:
    """Rows left out of ``all``, by reason."""
    apart = sum(not found.cases[i].is_prompt_known for i in _rows(found.cases, test))
    return dict(found.excluded.get(test, {})) | ({OWN_GROUP: apart} if apart else {})


def _groups(cases: list[Case], test: str) -> Iterator[tuple[str, Places]]:
    rows = _rows(cases, test)
    told = np.array([case.is_prompt_known for case in cases], dtype=bool)
    yield "all", rows[told[rows]]
    for name, holds in _KINDS_OF_CASES.items():
        own = np.array([holds(case) for case in cases], dtype=bool)
        if own[rows].any():
            yield name, rows[told[rows] & own[rows]]
    for name in _GROUP_COLUMNS:
        yield from groups(rows, name, [case.row[name] for case in cases])


_KINDS_OF_CASES: dict[str, Callable[[Case], bool]] = {
    "model=dense, one device": lambda case: (
        case.kind == "language" and not case.is_moe and case.replica_accelerators == 1
    ),
    "model=mixture of experts": lambda case: case.is_moe,
    "model=not in the catalog": lambda case: case.archetype,
}
