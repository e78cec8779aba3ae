"""Baselines for serving: simpler published methods, and one fitted constant factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.verify.scoring import column, mean_factor_baseline
from carbonctl.verify.serving_forecast import unit_flop

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.types import Array
    from carbonctl.verify.scoring import Forecast
    from carbonctl.verify.serving_cases import Case

NAMES = ("ecologits", "ecologits_true_batch", "epoch_10pct", "latency_x_tdp")


def log_energy(name: str, cases: list[Case], catalog: Catalog) -> Array:
    """Logarithm of a baseline's energy per unit [J]; ``nan`` where it has none."""
    constants = {row["name"]: float(row["value"]) for row in catalog.table("serving/baselines.csv")}
    tdp, devices = _board_values(cases, "tdp_w"), column(cases, "replica_accelerators")
    if name == "latency_x_tdp":
        return np.asarray(np.log(devices * tdp / column(cases, "per_second")))
    language = column(cases, "kind") == "language"
    if name == "epoch_10pct":
        share = constants["epoch_power_share"] / constants["epoch_utilization"]
        energy = share * np.exp(log_work_at_rating(cases))
    else:
        energy = _ecologits(cases, constants, true_batch=name.endswith("true_batch"))
    return np.where(language, np.log(energy), np.nan)


def _board_values(cases: list[Case], name: str) -> Array:
    return np.array([getattr(case.central.board, name) for case in cases])


def _params(cases: list[Case], name: str) -> Array:
    return np.array([getattr(case.central, name, np.nan) for case in cases])


def _ecologits(cases: list[Case], constants: dict[str, float], *, true_batch: bool) -> Array:
    """Energy per token of the GPUs, by the regression of EcoLogits on active parameters."""
    batch, count = np.full(len(cases), constants["ecologits_batch"]), _params(cases, "total_params")
    if true_batch:
        batch, count = column(cases, "batch"), column(cases, "replica_accelerators")
    else:
        gb = constants["ecologits_memory_factor"] * count * 2 / 1e9
        count = 2 ** np.ceil(np.log2(np.maximum(gb / constants["ecologits_memory_gb"], 1)))
    slope = constants["ecologits_wh_per_token_param"] * np.exp(
        constants["ecologits_per_request"] * batch
    )
    one = slope * _params(cases, "active_params") / 1e9 + constants["ecologits_wh_per_token"]
    return np.asarray(one * count * 3600)


def log_work_at_rating(cases: list[Case]) -> Array:
    """Logarithm of the energy of a unit's work at peak and TDP [J]."""
    work = np.array([unit_flop(case) for case in cases])
    joules = work / _board_values(cases, "peak_flop_per_s") * _board_values(cases, "tdp_w")
    return np.asarray(np.log(joules))


def constant_factor(cases: list[Case]) -> Forecast:
    """Energy at peak and TDP times one factor per test, held out by family."""
    plain = log_work_at_rating(cases)
    true, families = np.log(column(cases, "energy_j")), [case.row["family"] for case in cases]
    return mean_factor_baseline(plain, true, families, column(cases, "energy_test"))
