"""Score forecasts of serving (held out) and of baselines on the same rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from carbonctl.estimate.serving.replica import DecoderReplica, stated_size, whole_replica
from carbonctl.estimate.serving.service import Decoder
from carbonctl.plan.operating_point import Load, choose_operating_point
from carbonctl.verify import serving_baselines, serving_forecast, serving_model
from carbonctl.verify.scoring import CARBONCTL, Forecast, Measured, column, folds, groups, score
from carbonctl.verify.serving_cases import PUBLISHED, TESTS
from carbonctl.verify.stacks import stack_records
from carbonctl.verify.throughput_cases import LAYOUTS, group_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.types import Indexes
    from carbonctl.verify.serving_cases import Case, Cases
    from carbonctl.verify.serving_model import Model

    Forecasts = dict[str, Forecast]

CONSTANT = "constant_factor"
HELD_OUT_AGAIN, UNKNOWN = "architecture", "batch_unknown"
OWN_GROUP = "its prompt length or its media are not known: see its own group"
_GROUP_COLUMNS = ("source_id", "accelerator_id", "task")
_BORROWED = {"language": (), "picture": ("resident_factor",), "sample": ("resident_factor",)}
_ONE_AT_A_TIME = {"hf_eager"}  # stacks that decode one request after another
_ANY_LOAD = 1e15  # tokens per second: more than any replica decodes
Z80 = 1.2815515655446004  # normal quantile of the 90th percentile


def fit_all(cases: list[Case], catalog: Catalog) -> dict[str, Model]:
    """The model of each kind, fitted to all of its cases; other kinds borrow from language."""
    models: dict[str, Model] = {}
    for kind in serving_model.KINDS:
        own = [case for case in cases if case.kind == kind and case.is_fitted]
        borrowed = borrowed_constants(kind, models)
        models[kind] = serving_model.fit_model(
            own, serving_model.load_priors(catalog, kind), borrowed
        )
    return models


def borrowed_constants(kind: str, models: Mapping[str, Model]) -> dict[str, float]:
    """Constants that a kind borrows from the language model."""
    return {name: models["language"].constants[name] for name in _BORROWED[kind]}


def held_out_forecasts(
    cases: list[Case], catalog: Catalog, by: str, shown: list[list[Case]]
) -> list[Forecasts]:
    """Forecasts by constants fitted without the cases of the same ``by``, such as family.

    One for each list of ``shown``: the same cases, or with less information.
    """
    whole, all_forecasts = fit_all(cases, catalog), [_empty_forecasts(cases) for _ in shown]
    for seen, unseen in folds([_fold_name(case, by) for case in cases]):
        training_cases = [cases[i] for i in seen if cases[i].is_fitted]
        models = models_without(whole, training_cases, [cases[i] for i in unseen], catalog)
        for kind, model in models.items():
            places = [i for i in unseen if cases[i].kind == kind]
            if places:
                for forecasts, as_seen in zip(all_forecasts, shown, strict=True):
                    part = [as_seen[i] for i in places]
                    _fill_forecasts(forecasts, places, part, model, models["sample"])
    return all_forecasts


def models_without(
    whole: Mapping[str, Model], training_cases: list[Case], unseen: list[Case], catalog: Catalog
) -> dict[str, Model]:
    """Models for unseen cases, none of which they (or the language model) were fitted to.

    A model is fitted again where it is needed and an unseen case was used in its fit, or in that of
    the language model from which it borrows.
    """
    asked = {case.kind for case in unseen} | {"sample" for case in unseen if case.wall}
    touched = {case.kind for case in unseen if case.is_fitted}
    models: dict[str, Model] = {}
    for kind in serving_model.KINDS:  # language first, the others borrow from it
        models[kind] = whole[kind]
        if kind in asked | {"language"} and touched & {kind, "language"}:
            own = [case for case in training_cases if case.kind == kind]
            prior, borrowed = (
                serving_model.load_priors(catalog, kind),
                borrowed_constants(kind, models),
            )
            begin = whole[kind].constants | whole[kind].borrowed
            models[kind] = serving_model.fit_model(own, prior, borrowed, begin)
    return models


def _fold_name(case: Case, by: str) -> str:
    return case.architecture if by == HELD_OUT_AGAIN else case.row[by]


def _empty_forecasts(cases: list[Case]) -> Forecasts:
    return {name: Forecast(*np.full((2, len(cases)), np.nan)) for name in serving_model.NAMES}


def _fill_forecasts(
    forecasts: Forecasts, places: list[int], cases: list[Case], model: Model, wall: Model
) -> None:
    """Fill in forecasts of some cases at their indices; wall-power constants are of ``wall``."""
    whole = replace(
        model,
        borrowed=wall.constants | model.borrowed,
        residual_sd=wall.residual_sd | model.residual_sd,
    )
    made = serving_model.log_forecast(serving_forecast.groups(cases), whole.all())
    spread = serving_model.log_sd(cases, whole)
    for name, forecast in forecasts.items():
        forecast.log_value[places] = made[name]
        assert forecast.log_sd is not None  # noqa: S101 - made by _empty_forecasts
        forecast.log_sd[places] = spread[name]


def shipped_forecasts(cases: list[Case], catalog: Catalog) -> Forecasts:
    """Forecasts by the shipped constants."""
    models, forecasts = serving_model.shipped_models(catalog), _empty_forecasts(cases)
    for kind, model in models.items():
        places = [i for i, case in enumerate(cases) if case.kind == kind]
        if places:
            _fill_forecasts(forecasts, places, [cases[i] for i in places], model, models["sample"])
    return forecasts


def at_latency(cases: list[Case], itl_s: float, catalog: Catalog) -> list[Case]:
    """The same cases with the batch that the plan chooses for a usual latency, under any load."""
    own = [i for i, case in enumerate(cases) if _has_unknown_batch(case)]
    shown, slowdown = list(cases), catalog.default("usual_slowdown").value
    stacks = stack_records(
        [cases[i].record for i in own], [cases[i].form for i in own], lambda _: "", [0] * len(own)
    )
    for stack in stacks:
        model = whole_replica(stack.bind({}))
        assert model.limits is not None  # noqa: S101 - a case has them
        limits = replace(
            model.limits, concurrency=None, is_stated=False, usual_itl_s=itl_s,
            usual_slowdown=slowdown, replica_accelerators=stated_size(model),
        )  # fmt: skip
        point = choose_operating_point(DecoderReplica(model), limits, Load(_ANY_LOAD), 2)
        batches = np.broadcast_to(point.batch, (len(stack.places), 1))[:, 0]
        for place, batch in zip(stack.places, batches, strict=True):
            case = cases[own[place]]
            at = replace(case.record, batch=replace(case.record.batch, value=float(batch)))
            shown[own[place]] = replace(case, record=at)
    return shown


def _has_unknown_batch(case: Case) -> bool:
    """Whether a case of energy is forecast as if its batch were not known, too."""
    decodes = isinstance(case.record, Decoder) and case.energy_test == "energy_per_token"
    return decodes and case.runtime not in _ONE_AT_A_TIME


def forecast_with_unknown_batch(middle: Forecasts, low: Forecasts, high: Forecasts) -> Forecast:
    """Energy forecast without a known batch: at the default batch, with the spread of its range."""
    one, small, large = middle["energy"], low["energy"].log_value, high["energy"].log_value
    assert one.log_sd is not None  # noqa: S101 - made by _empty_forecasts
    spread = np.abs(small - large) / (2 * Z80)
    return Forecast(one.log_value, np.hypot(one.log_sd, spread))


def scores(table: Cases, catalog: Catalog, *, bundled: bool) -> list[dict[str, Any]]:
    """One score for each test, group and method; the same rows for every method of a group."""
    cases, usual = table.cases, catalog.default("usual_itl")
    assert usual.low is not None  # noqa: S101 - the default has a range
    assert usual.high is not None  # noqa: S101
    shown = [
        cases,
        *(at_latency(cases, itl_s, catalog) for itl_s in (usual.value, usual.low, usual.high)),
    ]
    if bundled:
        known, *unknown = held_out_forecasts(cases, catalog, "family", shown)
        more = {
            f"{CARBONCTL}_by_{HELD_OUT_AGAIN}": held_out_forecasts(
                cases, catalog, HELD_OUT_AGAIN, [cases]
            )[0],
            CONSTANT: {"energy": serving_baselines.constant_factor(cases)},
        }
    else:
        known, *unknown = (shipped_forecasts(as_seen, catalog) for as_seen in shown)
        more = {}
    methods: dict[str, Forecasts] = {
        CARBONCTL: known,
        f"{CARBONCTL}_{UNKNOWN}": {"energy": forecast_with_unknown_batch(*unknown)},
        **more,
    }
    for name in serving_baselines.NAMES:
        energy = serving_baselines.log_energy(name, cases, catalog)
        methods[name] = {"energy": Forecast(energy, None)}
    return [
        score(
            test, group, name, forecast, rows, measured(cases, test), _excluded_counts(table, test)
        )
        for test in TESTS
        for group, rows in _groups(cases, test)
        for name, forecast in _of_test(test, methods)
        if np.isfinite(forecast.log_value[rows]).any() or (group, name) == ("all", CARBONCTL)
    ]


def _of_test(test: str, methods: dict[str, Forecasts]) -> Iterator[tuple[str, Forecast]]:
    """The forecast of each method that has one for a test."""
    kind = {
        "throughput": "throughput",
        PUBLISHED: "throughput",
        "energy_given_throughput": "given",
    }.get(test, "energy")
    for name, forecasts in methods.items():
        if kind in forecasts and (test == "energy_per_token" or UNKNOWN not in name):
            yield name, forecasts[kind]


def in_sample(table: Cases, fitted: Cases | None) -> dict[str, int]:
    """Number of cases of each test that the constants were fitted to."""
    known = {_case_key(case) for case in fitted.cases if case.is_fitted} if fitted else set()
    seen = np.array([_case_key(case) in known for case in table.cases], dtype=bool)
    return {test: int(seen[_rows(table.cases, test)].sum()) for test in TESTS}


def _case_key(case: Case) -> tuple[str, ...]:
    """Key by which two rows of one configuration are recognized, whatever their names."""
    labels = (case.row[name].strip().lower() for name in ("family", "task", "accelerator_id"))
    work = case.per_second if np.isnan(case.energy_j) else case.energy_j
    numbers = (work, case.batch, case.replica_accelerators)
    return (*labels, *(f"{number:.5g}" for number in numbers))


def measured(cases: list[Case], test: str) -> Measured:
    """Measured values of a test, and families of the cases."""
    timed = test in {"throughput", PUBLISHED}
    value = column(cases, "per_second" if timed else "energy_j")
    return Measured(value, [case.row["family"] for case in cases])


def _rows(cases: list[Case], test: str) -> Indexes:
    """Indices of the cases of a test; energy at a known throughput needs a measured one."""
    energy = column(cases, "energy_test") == test
    if test == "energy_given_throughput":
        energy = np.array([case.kind == "language" and not case.wall for case in cases], bool)
    if test in {"throughput", "energy_given_throughput"}:
        timed = np.isfinite(column(cases, "per_second"))
        metered = np.isfinite(column(cases, "energy_j"))
        return np.flatnonzero(timed & metered & (energy if test != "throughput" else True))
    return np.flatnonzero(energy)


def _excluded_counts(table: Cases, test: str) -> dict[str, int]:
    """Counts of rows excluded from ``all``, by reason."""
    apart = sum(not table.cases[i].is_prompt_known for i in _rows(table.cases, test))
    return dict(table.excluded.get(test, {})) | ({OWN_GROUP: apart} if apart else {})


def _groups(cases: list[Case], test: str) -> Iterator[tuple[str, Indexes]]:
    rows = _rows(cases, test)
    is_known = np.array([case.is_prompt_known for case in cases], dtype=bool)
    yield "all", rows[is_known[rows]]
    if test == PUBLISHED:
        layouts = np.array([group_of(case) for case in cases])
        for layout in LAYOUTS:
            if (layouts[rows] == layout).any():
                yield f"layout={layout}", rows[layouts[rows] == layout]
    for name, holds in _KINDS_OF_CASES.items():
        own = np.array([holds(case) for case in cases], dtype=bool)
        if own[rows].any():
            yield name, rows[is_known[rows] & own[rows]]
    for name in _GROUP_COLUMNS:
        yield from groups(rows, name, [case.row[name] for case in cases])


_KINDS_OF_CASES: dict[str, Callable[[Case], bool]] = {
    "model=dense, one device": lambda case: (
        case.kind == "language" and not case.is_moe and case.replica_accelerators == 1
    ),
    "model=mixture of experts": lambda case: case.is_moe,
    "model=not in the catalog": lambda case: case.archetype,
}
