"""What simpler methods forecast for the same configurations: never fitted, but the factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.verify.scoring import by_mean_miss, column
from carbonctl.verify.serving_forecast import unit_flop

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.types import Array
    from carbonctl.verify.scoring import Forecast
    from carbonctl.verify.serving_cases import Case

NAMES = ("ecologits", "ecologits_true_batch", "epoch_10pct", "latency_x_tdp")


def log_energy(name: str, cases: list[Case], catalog: Catalog) -> Array:
    """Logarithm of a baseline's energy [J] per unit; ``nan`` where it has no answer."""
    told = {row["name"]: float(row["value"]) for row in catalog.table("serving/baselines.csv")}
    tdp, devices = _of_board(cases, "tdp_w"), column(cases, "replica_accelerators")
    if name == "latency_x_tdp":
        return np.asarray(np.log(devices * tdp / column(cases, "per_second")))
    language = column(cases, "kind") == "language"
    if name == "epoch_10pct":
        share = told["epoch_power_share"] / told["epoch_utilization"]
        energy = share * np.exp(log_work_at_rating(cases))
    else:
        energy = _ecologits(cases, told, true_batch=name.endswith("true_batch"))
    return np.where(language, np.log(energy), np.nan)


def _of_board(cases: list[Case], name: str) -> Array:
    return np.array([getattr(case.central.board, name) for case in cases])


def _params(cases: list[Case], name: str) -> Array:
    return np.array([getattr(case.central, name, np.nan) for case in cases])


def _ecologits(cases: list[Case], told: dict[str, float], *, true_batch: bool) -> Array:
    """Energy per token of the GPUs, by the regression of EcoLogits on active parameters."""
    batch, count = np.full(len(cases), told["ecologits_batch"]), _params(cases, "total_params")
    if true_batch:
        batch, count = column(cases, "batch"), column(cases, "replica_accelerators")
    else:
        gb = told["ecologits_memory_factor"] * count * 2 / 1e9
        count = 2 ** np.ceil(np.log2(np.maximum(gb / told["ecologits_memory_gb"], 1)))
    slope = told["ecologits_wh_per_token_param"] * np.exp(told["ecologits_per_request"] * batch)
    one = slope * _params(cases, "active_params") / 1e9 + told["ecologits_wh_per_token"]
    return np.asarray(one * count * 3600)


def log_work_at_rating(cases: list[Case]) -> Array:
    """Logarithm of the energy [J] of a unit's work at the peak and the rated power."""
    work = np.array([unit_flop(case) for case in cases])
    joules = work / _of_board(cases, "peak_flop_per_s") * _of_board(cases, "tdp_w")
    return np.asarray(np.log(joules))


def constant_factor(cases: list[Case]) -> Forecast:
    """Work at peak and rated power times one factor for each test, held out by family."""
    plain = log_work_at_rating(cases)
    true, families = np.log(column(cases, "energy_j")), [case.row["family"] for case in cases]
    return by_mean_miss(plain, true, families, column(cases, "energy_test"))
