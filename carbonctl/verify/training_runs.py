"""Read published training runs as cases: inputs of a forecast, and measured values."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from carbonctl.catalog import published
from carbonctl.catalog.model_kinds import model_kind
from carbonctl.catalog.number_formats import PEAK_OF_PRECISION
from carbonctl.catalog.published import cell_number
from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.core.units import factor
from carbonctl.formulas.facility import operational
from carbonctl.verify.scoring import column
from carbonctl.verify.training_forecast import StatedRun, resolve_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from carbonctl.catalog.read import Catalog, Record
    from carbonctl.core.types import Array, Num
    from carbonctl.verify.training_forecast import ResolvedRun

Test = Literal["time", "power", "energy"]
TESTS: tuple[Test, ...] = ("time", "power", "energy")
BOUNDARIES = {"gpu", "gpu_x_pue", "node", "it_system", "facility"}
WITH_PUE = {"gpu_x_pue", "facility"}
KWH_PER_MWH = factor("MWh", "kWh")
_YES = {"1", "1.0", "true", "yes"}
_LEAST = {"active_params_b": 0.0, "train_tokens_b": 0.0, "accel_hours": 0.0,
          "avg_power_w_per_accel": 0.0, "pue": 1.0, "energy_mwh": 0.0}  # fmt: skip
_NEEDED = ("run_id", "family", "organisation", "arch_type", "active_params_b", "train_tokens_b",
           "accelerator_id", "accel_hours", "avg_power_w_per_accel", "power_boundary", "pue",
           "energy_mwh", "energy_boundary", *(f"use_in_{test}_test" for test in TESTS))  # fmt: skip
_WORDS = {"precision": ("fp32", "bf16", "fp16", "fp8")}  # a column that a table may have


@dataclass(frozen=True)
class Case:
    """One test of one run."""

    test: Test
    row: dict[str, str]
    measured: float
    boundary: str
    pue: float
    accelerator: str
    architecture: str
    has_own_power: bool
    tdp_w: float
    memory_gb: float
    peak_flop_per_s: float
    active_params: float
    tokens: float
    resolved: ResolvedRun

    @property
    def facility_factor(self) -> float:
        """PUE where the boundary of the row includes it, else 1."""
        return self.pue if self.boundary in WITH_PUE else 1.0


@dataclass(frozen=True)
class Cases:
    """Cases to forecast, counts of excluded rows by test and reason, hash of the table."""

    cases: list[Case]
    excluded: dict[Test, dict[str, int]]
    sha256: str


def read_cases(path: Path, catalog: Catalog) -> Cases:
    """Cases of a table of published runs; InputError where a column is missing."""
    rows, sha256 = published.read_table(path, _NEEDED, _LEAST, "training.csv", "run_id", _WORDS)
    cases: list[Case] = []
    excluded: dict[Test, Counter[str]] = {test: Counter() for test in TESTS}
    for row in rows:
        for test in TESTS:
            found = _case(test, row, catalog)
            if isinstance(found, Case):
                cases.append(found)
            else:
                excluded[test][found] += 1
    counted = {test: dict(sorted(reasons.items())) for test, reasons in excluded.items()}
    return Cases(cases, counted, sha256)


def _case(test: Test, row: dict[str, str], catalog: Catalog) -> Case | str:
    """The case of a row, or the reason why it is excluded."""
    reason = _REASONS[test](row)
    if reason:
        return reason
    if row[f"use_in_{test}_test"].strip().lower() not in _YES:
        return "set aside in the table, see its notes"
    try:
        record = catalog.record("accelerators", row["accelerator_id"])
    except (UnknownName, AmbiguousName):
        return "accelerator not in hardware_db"
    boundary = {"time": "", "power": row["power_boundary"], "energy": row["energy_boundary"]}[test]
    own = record.fact("train_power") is not None
    if own and boundary in {"gpu", "gpu_x_pue", "node"}:
        return "power of this accelerator is known for the IT system only"
    return _build_case(test, row, record, boundary, own, catalog)


def _peak(row: dict[str, str]) -> str:
    """Name of the peak of a run's number format: 16 bits unless its row states another."""
    stated = row.get("precision", "").strip() or "bf16"
    return f"peak_{PEAK_OF_PRECISION.get(stated, stated)}"


def _stated_run(test: Test, row: dict[str, str], accelerator: str, catalog: Catalog) -> StatedRun:
    """What a row states of its run; of one whose power is tested its size alone."""
    is_sized = model_kind(row["arch_type"]).is_sized
    is_both = row["arch_type"].endswith("encoder_decoder") and test != "power"
    return StatedRun(
        accelerator,
        cell_number(row, "active_params_b") * 1e9 if is_sized else math.nan,
        math.nan if test == "power" else cell_number(row, "train_tokens_b") * 1e9,
        row.get("precision", "").strip(),
        catalog.default("target_tokens_share").value if is_both else None,
    )


def _build_case(
    test: Test,
    row: dict[str, str],
    record: Record,
    boundary: str,
    own: bool,
    catalog: Catalog,
) -> Case | str:
    rating, memory, peak = (record.fact(name) for name in ("tdp", "memory", _peak(row)))
    if rating is None or memory is None or (peak is None and test != "power"):
        return "accelerator lacks a rating, memory or peak"
    params, tokens = (
        cell_number(row, "active_params_b") * 1e9,
        cell_number(row, "train_tokens_b") * 1e9,
    )
    stated = _stated_run(test, row, record.id, catalog)
    resolved = resolve_run(stated, catalog)
    if isinstance(resolved, str):
        return resolved
    column = {"time": "accel_hours", "power": "avg_power_w_per_accel", "energy": "energy_mwh"}[test]
    return Case(
        test=test,
        row=row,
        measured=cell_number(row, column),
        boundary=boundary,
        pue=cell_number(row, "pue"),
        accelerator=record.id,
        architecture=record.text("architecture"),
        has_own_power=own,
        tdp_w=rating.value,
        memory_gb=memory.value,
        peak_flop_per_s=math.nan if peak is None else peak.value,
        active_params=params,
        tokens=tokens,
        resolved=resolved,
    )


def _time(row: dict[str, str]) -> str:
    if math.isnan(cell_number(row, "accel_hours")):
        return "no accelerator-hours"
    return _work(row)


def _work(row: dict[str, str]) -> str:
    if math.isnan(cell_number(row, "active_params_b")) or math.isnan(
        cell_number(row, "train_tokens_b")
    ):
        return "no parameters or tokens"
    return ""


def _power(row: dict[str, str]) -> str:
    if math.isnan(cell_number(row, "avg_power_w_per_accel")):
        return "no power"
    boundary = row["power_boundary"]
    reason = _boundary(boundary, "power not measured, or without a boundary")
    return reason or _pue(row, boundary)


def _energy(row: dict[str, str]) -> str:
    if math.isnan(cell_number(row, "energy_mwh")):
        return "no energy"
    reason = _boundary(row["energy_boundary"], "energy not measured, or without a boundary")
    return reason or _pue(row, row["energy_boundary"]) or _work(row)


def _pue(row: dict[str, str], boundary: str) -> str:
    absent = boundary in WITH_PUE and math.isnan(cell_number(row, "pue"))
    return "no PUE at a boundary that holds it" if absent else ""


def _boundary(name: str, reason: str) -> str:
    if not name:
        return reason
    return "" if name in BOUNDARIES else f"unknown boundary {name}"


_REASONS: dict[Test, Callable[[dict[str, str]], str]] = {
    "time": _time,
    "power": _power,
    "energy": _energy,
}


def log_by_test(cases: list[Case], hours: Num, watts: Num) -> Array:
    """Logarithm of the quantity that each case tests: hours [h], power [W] or energy [MWh].

    ``watts`` are at the boundary of the case, without PUE.
    """
    at_boundary = watts * column(cases, "facility_factor")
    kwh = operational.device_energy_kwh(accelerator_hours=hours, device_power_w=at_boundary)
    forecast = {"time": hours, "power": at_boundary, "energy": kwh / KWH_PER_MWH}
    tests = column(cases, "test")
    values = np.select([tests == test for test in TESTS], [forecast[test] for test in TESTS])
    with np.errstate(divide="ignore", invalid="ignore"):
        logs: Array = np.log(values)
    return logs
