"""CodeCarbon's ``emissions.csv``.

Rows are cumulative: a run that writes ten times has ten rows, and the last one is its total
(mlco2/codecarbon#1364). ``energy_consumed`` includes the PUE that CodeCarbon was told, in every
version that has the column ``pue``; the power columns do only since #1332, and are not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carbonctl.imports.imported import Imported, ImportedRun, basename, counted, listed
from carbonctl.imports.lines import table
from carbonctl.imports.numbers import number, seconds
from carbonctl.imports.refused import Refused, together

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.imports.imported import Row
    from carbonctl.imports.lines import Log

_NEEDED = ("timestamp", "run_id", "duration", "energy_consumed")
_MACHINE = ("os", "cpu_model", "cpu_count", "gpu_model", "gpu_count", "ram_total_size")
_HINT = "give the emissions.csv of CodeCarbon 2 or later"
_SLACK_SECONDS = 5.0  # of clocks written in whole seconds
_CUMULATIVE = "rows are cumulative, the last row of a run counts"
_MISSING = "CPU, GPU and RAM as CodeCarbon tracked them; fans, network and storage are missing"


@dataclass(slots=True)
class _Total:
    """The last row of a run, read."""

    row: Row
    rows: int
    energy: float
    duration: float
    pue: float
    end: float

    @property
    def start(self) -> float:
        return self.end - self.duration


def read(logs: Iterable[Log], refused: Refused) -> Imported:
    """Runs of one or several files, each run once."""
    totals: dict[str, _Total] = {}
    for log in logs:
        with refused:
            _add(log, totals)
    refused.end()
    _refuse_ranks(list(totals.values()), refused)
    for total in totals.values():
        with refused:
            _refuse_nothing(total)
    refused.end()
    found = list(totals.values())
    pues = {total.pue for total in found}
    regions = {_region(total.row) for total in found}
    return Imported(
        runs=tuple(_run(total, alone=len(found) == 1) for total in found),
        comments=(f"{counted(len(found), 'run')} of CodeCarbon; {_CUMULATIVE}", _MISSING),
        place=listed(filter(None, (_place(total.row) for total in found))),
        region=regions.pop() if len(regions) == 1 else "",
        pue=pues.pop() if len(pues) == 1 and max(pues) > 1 else None,
    )


def _add(log: Log, totals: dict[str, _Total]) -> None:
    for row in table(log, ",", _NEEDED, _HINT):
        if "task_name" in row.columns:
            row.refuse("CC502", "rows of tasks are not cumulative", "task_name", _HINT)
        run = row.get("run_id")
        with log.refused:
            if not run:
                row.refuse("CC502", "the row names no run_id", "run_id")
            last = totals.get(run)
            totals[run] = total = _total(row, 1 + (last.rows if last else 0))
            if last is not None:
                _refuse_other_order(run, last, total)


def _refuse_other_order(run: str, last: _Total, total: _Total) -> None:
    """Rows of a run stand in one file, by time, and their energy grows."""
    row = total.row
    if last.row.file != row.file:
        message = f"the run {run} is in {basename(last.row.file)} too"
        row.refuse("CC505", message, "run_id", "give each run once")
    if total.end < last.end - _SLACK_SECONDS:
        message = f"the clock runs backward within the run {run}"
        row.refuse("CC504", message, "timestamp", "delete the rows that are out of order")
    if total.energy < last.energy:
        message = f"the energy of the run {run} falls, from {last.energy:g} kWh"
        hint = "rows of a run are cumulative; this file was changed or has another form"
        row.refuse("CC502", message, "energy_consumed", hint)


def _refuse_nothing(total: _Total) -> None:
    if total.energy == 0:
        hint = "nothing was measured; delete the rows of this run"
        total.row.refuse("CC502", "energy_consumed is 0", "energy_consumed", hint)


def _total(row: Row, rows: int) -> _Total:
    energy, duration, pue, end = together(
        lambda: number(row, "energy_consumed"),
        lambda: number(row, "duration"),
        lambda: number(row, "pue", least=1.0) if row.get("pue") else 1.0,
        lambda: seconds(row, "timestamp"),
    )
    return _Total(row, rows, energy, duration, pue, end)


def _refuse_ranks(totals: list[_Total], refused: Refused) -> None:
    """Trackers of one machine that run together each measure the whole of it."""
    by_machine: dict[tuple[str, ...], list[_Total]] = {}
    for total in totals:
        if total.row.get("tracking_mode") == "process" and not total.row.get("gpu_model"):
            continue  # CPU and RAM of one process; devices are measured whole in either mode
        key = tuple(total.row.get(name) for name in _MACHINE)
        by_machine.setdefault(key, []).append(total)
    for group in by_machine.values():
        group.sort(key=lambda total: total.start)
        latest = group[0]
        for total in group[1:]:
            if min(total.end, latest.end) - total.start > _SLACK_SECONDS:
                with refused:
                    _refuse_pair(latest, total)
            latest = max(latest, total, key=lambda t: t.end)


def _refuse_pair(first: _Total, second: _Total) -> None:
    if second.row.file == first.row.file and second.row.number < first.row.number:
        first, second = second, first
    where = f"line {first.row.number} of {basename(first.row.file)}"
    message = f"this run overlaps the run of {where}, on a machine of the same kind"
    hint = "ranks of one node each count the whole node: keep one; import other nodes one by one"
    second.row.refuse("CC505", message, "run_id", hint)


def _run(total: _Total, *, alone: bool) -> ImportedRun:
    row, energy = total.row, total.energy / total.pue
    name = row.get("run_id")
    note = f"from {basename(row.file)}, last row of run {name} ({counted(total.rows, 'row')})"
    if total.pue > 1:
        note += f"; {total.energy:g} kWh with PUE {total.pue:g}, divided by it"
    device, count = _device(row)
    watts = f", {energy / total.duration * 3.6e6:.4g} W on average" if total.duration else ""
    duration = f"duration {total.duration / 3600:.4g} h = {total.duration / 86400:.4g} d{watts}"
    return ImportedRun(
        evidence="energy",
        value=energy,
        note=note,
        scope="node",
        name="" if alone else name,
        device=device,
        count=count,
        comments=(duration, *([f"PUE {total.pue:g}, as told to CodeCarbon"] * (total.pue > 1))),
    )


def _device(row: Row) -> tuple[str, int]:
    """Name and number of devices: ``8 x NVIDIA H100 80GB HBM3``."""
    text = row.get("gpu_model")
    found = re.fullmatch(r"(\d{1,5}) x (.+)", text)
    name, inner = (found[2], int(found[1])) if found else (text, 0)
    given = row.get("gpu_count")
    count = int(number(row, "gpu_count")) if given else inner
    return (name, count) if re.search(r"\d x ", name) is None else (text, 0)


def _place(row: Row) -> str:
    country, code, region = (row.get(k) for k in ("country_name", "country_iso_code", "region"))
    cloud = f"{row.get('cloud_provider')} {row.get('cloud_region')}".strip()
    words = [f"{country} ({code})" if code else country, region, cloud]
    return ", ".join(word for word in words if word)


def _region(row: Row) -> str:
    """A region that the user may confirm: the cloud's, else the country's."""
    provider, region = row.get("cloud_provider").lower(), row.get("cloud_region")
    known = {"aws", "gcp", "azure"}
    return f"{provider}:{region}" if provider in known and region else row.get("country_iso_code")
