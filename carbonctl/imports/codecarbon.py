"""Import of CodeCarbon's ``emissions.csv``, of any release.

Rows are cumulative: a run that writes ten times has ten rows, and the last one is its total
(mlco2/codecarbon#1364). ``energy_consumed`` includes the PUE configured in CodeCarbon, in every
version with the column ``pue``; the power columns do so only since #1332 and are not read.
Before 2.0 rows have no run id: rows with the same start time belong to one run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carbonctl.imports.error_collector import ErrorCollector, read_together
from carbonctl.imports.import_records import Imported, base_name, format_count, format_list
from carbonctl.imports.lines import read_table_rows
from carbonctl.imports.numbers import read_number, read_seconds
from carbonctl.imports.runs import RunTotal, group_runs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.imports.import_records import Row
    from carbonctl.imports.lines import Log

_REQUIRED_COLUMNS = ("timestamp", "duration", "energy_consumed")
_MACHINE_COLUMNS = ("os", "cpu_model", "cpu_count", "gpu_model", "gpu_count", "ram_total_size")
_HINT = "give the emissions.csv of CodeCarbon, which has these columns in every release"
_CLOCK_TOLERANCE_SECONDS = 5.0  # of clocks written in whole seconds
_CUMULATIVE = "rows are cumulative, the last row of a run counts"
_MISSING = "includes CPU, GPU and RAM as CodeCarbon measured them; no fans, network or storage"
_UNNAMED = "the table has no run ids (CodeCarbon before 2.0): rows with one start time are one run"


@dataclass(slots=True)
class _Tables:
    """Totals of runs while tables are read, by run id, or by start time if there is none."""

    totals: dict[object, RunTotal]
    unnamed: bool = False


def read_runs(logs: Iterable[Log], errors: ErrorCollector) -> Imported:
    """Training runs of one or several files, grouped by project and site."""
    tables = _Tables({})
    for log in logs:
        with errors:
            _add_rows(log, tables)
    errors.raise_if_any()
    for run, total in list(tables.totals.items()):
        with errors.row:
            _check_energy(total)
            errors.has_valid_rows = True
            continue
        del tables.totals[run]
    totals = list(tables.totals.values())
    if not totals:
        errors.raise_if_no_rows()
    _check_overlaps(totals, errors)
    errors.raise_if_any()
    comments = [f"{format_count(len(totals), 'run')} of CodeCarbon; {_CUMULATIVE}", _MISSING]
    comments += [_UNNAMED] * tables.unnamed
    pues = {total.pue for total in totals}
    regions = {total.region for total in totals}
    return Imported(
        runs=group_runs(totals),
        comments=tuple(comments),
        place=format_list(filter(None, (total.place for total in totals))),
        region=regions.pop() if len(regions) == 1 else "",
        pue=pues.pop() if len(pues) == 1 and max(pues) > 1 else None,
    )


def _add_rows(log: Log, tables: _Tables) -> None:
    totals = tables.totals
    needed = (
        _REQUIRED_COLUMNS
        if any("project_name" in line for line in log.head)
        else (*_REQUIRED_COLUMNS, "run_id")
    )
    for row in read_table_rows(log, ",", needed, _HINT):
        if "task_name" in row.columns:
            row.raise_error("CC502", "rows of tasks are not cumulative", "task_name", _HINT)
        named = "run_id" in row.columns
        tables.unnamed |= not named
        total = None
        with log.errors.row:
            if named and not row.get("run_id"):
                row.raise_error("CC502", "the row names no run_id", "run_id")
            total = _read_total(row)
        if total is None:
            continue
        with log.errors:
            run: object = row.get("run_id") if named else _unnamed_run_key(total, totals)
            last = totals.get(run)
            if last is not None:
                _check_row_order(row.get("run_id") or "that starts then", last, total)
                total.rows += last.rows
            totals[run] = total


def _unnamed_run_key(total: RunTotal, totals: dict[object, RunTotal]) -> object:
    """Key of a run without an id: its file, start time and machine."""
    row = total.row
    machine = (row.get("project_name"), *(row.get(name) for name in _MACHINE_COLUMNS))
    moment = round(total.start / _CLOCK_TOLERANCE_SECONDS)
    keys = [(row.file, moment + step, *machine) for step in (0, -1, 1)]
    return next((key for key in keys if key in totals), keys[0])


def _check_row_order(run: str, last: RunTotal, total: RunTotal) -> None:
    """Raise an error unless the rows of a run are in one file, by time, with growing energy."""
    row = total.row
    if last.row.file != row.file:
        message = f"the run {run} is in {base_name(last.row.file)} too"
        row.raise_error("CC505", message, "run_id", "give each run once")
    if total.end < last.end - _CLOCK_TOLERANCE_SECONDS:
        message = f"the clock runs backward within the run {run}"
        row.raise_error("CC504", message, "timestamp", "delete the rows that are out of order")
    if total.energy < last.energy:
        message = f"the energy of the run {run} decreases, from {last.energy:g} kWh"
        hint = "rows of a run are cumulative; this file was edited or has another format"
        row.raise_error("CC502", message, "energy_consumed", hint)


def _check_energy(total: RunTotal) -> None:
    """Raise an error for a run without energy, or with GPUs but without their energy."""
    row = total.row
    if total.energy == 0:
        hint = "nothing was measured; delete the rows of this run"
        row.raise_error("CC502", "energy_consumed is 0", "energy_consumed", hint)
    if total.gpu_energy == 0 and row.get("gpu_model"):
        message = f"{row.get('gpu_model')[:60]}: gpu_energy is 0, so only CPU and RAM are counted"
        hint = "measure the GPUs with another tool; clear gpu_model and gpu_count if none was used"
        row.raise_error("CC502", message, "gpu_energy", hint)


def _read_total(row: Row) -> RunTotal:
    energy, duration, pue, end = read_together(
        lambda: read_number(row, "energy_consumed"),
        lambda: read_number(row, "duration"),
        lambda: read_number(row, "pue", least=1.0) if row.get("pue") else 1.0,
        lambda: read_seconds(row, "timestamp"),
    )
    device, count = _read_device(row)
    parts = {name: _part_energy(row, f"{name}_energy") for name in ("gpu", "cpu", "ram")}
    return RunTotal(
        row, energy, duration, pue, end, device, count, _location_text(row), _region_name(row),
        parts["gpu"], parts["cpu"], parts["ram"],
    )  # fmt: skip


def _part_energy(row: Row, name: str) -> float | None:
    """Energy of a part in kWh; None without the column or a value."""
    return read_number(row, name) if row.get(name) else None


def _check_overlaps(totals: list[RunTotal], errors: ErrorCollector) -> None:
    """Collect an error for runs that overlap on one machine: each tracker measures all of it."""
    by_machine: dict[tuple[str, ...], list[RunTotal]] = {}
    for total in totals:
        if total.row.get("tracking_mode") == "process" and not total.row.get("gpu_model"):
            continue  # CPU and RAM of one process; GPUs are measured whole in either mode
        key = tuple(total.row.get(name) for name in _MACHINE_COLUMNS)
        by_machine.setdefault(key, []).append(total)
    for group in by_machine.values():
        group.sort(key=lambda total: total.start)
        latest = group[0]
        for total in group[1:]:
            if min(total.end, latest.end) - total.start > _CLOCK_TOLERANCE_SECONDS:
                with errors:
                    _refuse_overlap(latest, total)
            latest = max(latest, total, key=lambda t: t.end)


def _refuse_overlap(first: RunTotal, second: RunTotal) -> None:
    if second.row.file == first.row.file and second.row.number < first.row.number:
        first, second = second, first
    where = f"line {first.row.number} of {base_name(first.row.file)}"
    message = f"this run overlaps the run of {where}, on a machine of the same kind"
    hint = "each rank measures the whole node: keep one rank per node; import nodes one by one"
    second.row.raise_error("CC505", message, "run_id", hint)


def _read_device(row: Row) -> tuple[str, int]:
    """Name and number of devices of text such as ``8 x NVIDIA H100 80GB HBM3``."""
    text = row.get("gpu_model")
    found = re.fullmatch(r"(\d{1,5}) x (.+)", text)
    name, inner = (found[2], int(found[1])) if found else (text, 0)
    given = row.get("gpu_count")
    count = int(read_number(row, "gpu_count")) if given else inner
    return (name, count) if re.search(r"\d x ", name) is None else (text, count)


def _location_text(row: Row) -> str:
    country, code, region = (row.get(k) for k in ("country_name", "country_iso_code", "region"))
    cloud = f"{row.get('cloud_provider')} {row.get('cloud_region')}".strip()
    words = [f"{country} ({code})" if code else country, region, cloud]
    return ", ".join(word for word in words if word)


def _region_name(row: Row) -> str:
    """The cloud region, else the country, for the user to confirm."""
    provider, region = row.get("cloud_provider").lower(), row.get("cloud_region")
    known = {"aws", "gcp", "azure"}
    country = row.get("country_iso_code") or row.get("country_name")
    return f"{provider}:{region}" if provider in known and region else country
