"""Slurm's accounting: ``sacct --parsable2``.

A line whose JobID has no dot is an allocation; its steps (``.batch``, ``.extern``, ``.0``) use the
same devices and are never counted. Array tasks and requeued attempts are allocations of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from carbonctl.imports.imported import Imported, ImportedRun, basename, counted, listed
from carbonctl.imports.lines import table
from carbonctl.imports.numbers import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from carbonctl.imports.imported import Row
    from carbonctl.imports.lines import Log
    from carbonctl.imports.refused import Refused

MAX_WATTS_PER_NODE = 200_000.0  # a whole rack; beyond it a counter has overflowed
_HINT = (
    "use sacct -P --format=JobID,JobName,State,Start,ElapsedRaw,AllocTRES,NNodes,ConsumedEnergyRaw"
)
_GPU = re.compile(r"gres/gpu(?::([^=,]+))?=(\d{1,7})(?=,|$)")
_SLICE = re.compile(r"\d+g\.\d+gb", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Job:
    """One allocation: devices of one type, their hours, or the energy of its nodes."""

    row: Row
    device: str
    devices: int
    hours: float
    joules: float

    @property
    def group(self) -> tuple[str, str, bool]:
        return self.row.get("JobName"), self.device, self.joules > 0


def read(logs: Iterable[Log], refused: Refused) -> Imported:
    """Allocations of one or several tables, summed by job name, device and evidence."""
    jobs: list[_Job] = []
    left: list[str] = []
    seen: dict[tuple[str, ...], Row] = {}
    steps = 0
    rows: list[Row] = []
    for row in _rows(logs, refused):
        rows = rows or [row]
        if "." in row.get("JobID"):
            steps += row.get("ConsumedEnergyRaw").strip("0") != ""
            continue
        with refused:
            found = _jobs(row)
            if found:
                _refuse_again(row, seen)
            jobs += found
            left += [] if found else [row.get("JobID")]
    refused.end()
    if not jobs:
        rows[0].refuse("CC502", "no allocation here has used a GPU", hint=_HINT)
    groups: dict[tuple[str, str, bool], list[_Job]] = {}
    for job in jobs:
        groups.setdefault(job.group, []).append(job)
    runs = [_run(group, alone=len(groups) == 1) for group in groups.values()]
    return Imported(runs=_distinct(runs), comments=_comments(jobs, left, steps))


def _rows(logs: Iterable[Log], refused: Refused) -> Iterator[Row]:
    """Rows of every table that has the columns."""
    for log in logs:
        with refused:
            yield from table(log, "|", ("JobID", "AllocTRES"), _HINT)


def _refuse_again(row: Row, seen: dict[tuple[str, ...], Row]) -> None:
    """The same attempt twice; a requeued one differs in its start or its length."""
    key = tuple(row.values) if "Start" not in row.columns else (row.get("JobID"), row.get("Start"))
    first = seen.setdefault(key, row)
    if first is not row:
        where = f"line {first.number} of {basename(first.file)}"
        hint = "give each job once; requeued attempts need the column Start to be told apart"
        row.refuse("CC505", f"the job {row.get('JobID')} is on {where} too", "JobID", hint)


def _jobs(row: Row) -> list[_Job]:
    """An allocation by type of device; none when it never ran or has no GPU and no energy."""
    if not row.get("JobID"):
        row.refuse("CC502", "the row names no JobID", "JobID")
    hours, joules = _hours(row), _joules(row)
    devices = _devices(row)
    if hours == 0 or not (devices or joules):
        return []
    if joules:
        _refuse_overflow(row, joules, hours)
        types = {device for device, _ in devices}
        device = types.pop() if len(types) == 1 else ""
        return [_Job(row, device, sum(n for _, n in devices), hours, joules)]
    return [_Job(row, device, n, hours, 0.0) for device, n in devices]


def _hours(row: Row) -> float:
    if "ElapsedRaw" in row.columns:
        return number(row, "ElapsedRaw") / 3600
    if "Elapsed" not in row.columns:
        row.refuse("CC502", "the column ElapsedRaw is missing", hint=_HINT)
    found = re.fullmatch(r"(?:(\d{1,5})-)?(\d\d):(\d\d):(\d\d)", row.get("Elapsed"))
    if found is None:
        row.refuse("CC506", f'"{row.get("Elapsed")[:40]}" is no elapsed time', "Elapsed")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return days * 24 + hours + minutes / 60 + seconds / 3600


def _joules(row: Row) -> float:
    return number(row, "ConsumedEnergyRaw") if row.get("ConsumedEnergyRaw") else 0.0


def _refuse_overflow(row: Row, joules: float, hours: float) -> None:
    nodes = max(1.0, number(row, "NNodes")) if row.get("NNodes") else 1e4
    watts = joules / hours / 3600 / nodes
    if watts > MAX_WATTS_PER_NODE:
        message = f"{joules:g} J are {watts:.3g} W a node: the counter has overflowed"
        hint = "leave out ConsumedEnergyRaw: the job then counts by its hours"
        row.refuse("CC506", message, "ConsumedEnergyRaw", hint)


def _devices(row: Row) -> list[tuple[str, int]]:
    """Types and numbers of GPUs: ``gres/gpu=8`` is the total of the typed entries beside it."""
    found = [(kind or "", int(n)) for kind, n in _GPU.findall(row.get("AllocTRES"))]
    typed = [(kind, n) for kind, n in found if kind and n]
    total = sum(n for kind, n in found if not kind)
    if any(_SLICE.search(kind) for kind, _ in typed):
        message = "a slice of a GPU (MIG) is no whole device"
        row.refuse("CC506", message, "AllocTRES", "leave out the job, or give its energy")
    beyond = total - sum(n for _, n in typed)
    if total and beyond < 0:
        row.refuse("CC506", "the typed GPUs are more than gres/gpu", "AllocTRES")
    if len(typed) == 1 and beyond > 0:
        row.refuse("CC506", "the typed GPUs are fewer than gres/gpu", "AllocTRES")
    return typed + ([("", beyond)] if beyond > 0 else [])


def _run(jobs: list[_Job], *, alone: bool) -> ImportedRun:
    first = jobs[0]
    name, device, measured = first.group
    files = listed((basename(job.row.file) for job in jobs), 2)
    who = f"{counted(len(jobs), 'allocation')} ({listed(job.row.get('JobID') for job in jobs)})"
    hours = sum(job.hours * job.devices for job in jobs)
    wall = sum(job.hours for job in jobs)
    counts = {job.devices for job in jobs}
    how = "ConsumedEnergyRaw" if measured else "ElapsedRaw x GPUs of AllocTRES"
    comments = [f"{hours:.6g} device-hours, {wall:.6g} h of {counted(len(jobs), 'allocation')}"]
    if measured:
        comments.append("the energy is of whole nodes: of neighbors too, where nodes were shared")
    return ImportedRun(
        evidence="energy" if measured else "accelerator_hours",
        value=sum(job.joules for job in jobs) / 3.6e6 if measured else hours,
        note=f"from {files}, {how} of {who}",
        scope="node" if measured else "",
        name="" if alone else (name or device or "jobs"),
        device=device,
        count=counts.pop() if len(counts) == 1 else 0,
        comments=tuple(comments),
    )


def _distinct(runs: list[ImportedRun]) -> tuple[ImportedRun, ...]:
    """Runs whose names differ: a name twice gets its device, then a number."""
    names: set[str] = set()
    made = []
    for run in runs:
        name, place = run.name, 2
        if name in names:
            name = f"{run.name} {run.device or run.evidence}"
        while name in names:
            name, place = f"{run.name} {place}", place + 1
        names.add(name)
        made.append(replace(run, name=name))
    return tuple(made)


def _comments(jobs: list[_Job], left: list[str], steps: int) -> tuple[str, ...]:
    rows = counted(len({id(job.row) for job in jobs}), "allocation")
    said = [f"{rows} of Slurm; steps are inside of them and not counted"]
    if left:
        said.append(f"left out, without GPU or not run: {listed(left)}")
    if steps and not any(job.joules for job in jobs):
        said.append("steps report energies, their jobs none: not used, as steps overlap on a node")
    running = [job.row.get("JobID") for job in jobs if job.row.get("State") in {"RUNNING", "R"}]
    if running:
        said.append(f"still running, counted so far: {listed(running)}")
    return tuple(said)
