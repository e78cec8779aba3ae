"""Import of Slurm's accounting: ``sacct --parsable2``.

A line whose JobID has no dot is an allocation; its steps (``.batch``, ``.extern``, ``.0``) use the
same devices and are never counted. Array tasks and requeued attempts are allocations of their own.
ConsumedEnergy is the energy of whole nodes. Two allocations that share a node at the same time
each report the energy of the other too, so both count by their hours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from carbonctl.imports.import_records import (
    Imported,
    ImportedRun,
    Row,
    base_name,
    format_count,
    format_list,
)
from carbonctl.imports.lines import read_table_rows
from carbonctl.imports.numbers import read_number
from carbonctl.imports.shared_nodes import Job, shared_note, split_shared_jobs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from carbonctl.imports.error_collector import ErrorCollector
    from carbonctl.imports.lines import Log

MAX_WATTS_PER_NODE = 200_000.0  # a whole rack; beyond it a counter has overflowed
_HINT = (
    "use sacct -P --format=JobID,JobName,State,Start,ElapsedRaw,AllocTRES,NNodes,NodeList,"
    "ConsumedEnergyRaw"
)
_GPU = re.compile(r"gres/gpu(?::([^=,]+))?=(\d{1,7})(?=,|$)")
_PREFIX_FACTOR = {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_ENERGY_COLUMNS = ("ConsumedEnergyRaw", "ConsumedEnergy")
_MIG_SLICE = re.compile(r"\d+g\.\d+gb", re.IGNORECASE)


def read_jobs(logs: Iterable[Log], errors: ErrorCollector) -> Imported:
    """Training runs of one or several tables: allocations summed by job name and device."""
    table_ = _read_jobs(logs, errors)
    jobs, shared = split_shared_jobs(table_.jobs)
    groups: dict[tuple[str, str, bool], list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.group, []).append(job)
    runs = [_build_run(group, alone=len(groups) == 1) for group in groups.values()]
    notes = (shared_note(shared),) if shared else ()
    comments = _comments(jobs, table_.excluded, table_.steps)
    return Imported(runs=_with_distinct_names(runs), comments=comments, notes=notes)


@dataclass(slots=True)
class _Jobs:
    """Contents of tables: jobs, ids of excluded jobs, number of steps with an energy."""

    jobs: list[Job] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    steps: int = 0


def _read_jobs(logs: Iterable[Log], errors: ErrorCollector) -> _Jobs:
    result, seen = _Jobs(), {}  # type: ignore[var-annotated]
    first: Row | None = None
    for row in _rows(logs, errors):
        first = first or row
        if "." in _job_id(row):
            result.steps += any(row.get(name).strip("0.") != "" for name in _ENERGY_COLUMNS)
            continue
        jobs = None
        with errors.row:
            _check_row(row)
            with errors:
                jobs = _jobs_of_row(row)
                if jobs:
                    _check_duplicate(row, seen)
        if jobs is not None:
            errors.has_valid_rows = True
            result.jobs += jobs
            result.excluded += [] if jobs else [_job_id(row)]
    errors.raise_if_any()
    if not result.jobs:
        errors.raise_if_no_rows()
        if first is not None:
            first.raise_error("CC502", "no allocation here has used a GPU", hint=_HINT)
    return result


def _rows(logs: Iterable[Log], errors: ErrorCollector) -> Iterator[Row]:
    """Rows of every table that has the columns."""
    for log in logs:
        with errors:
            names = {name.strip() for line in log.head[:1] for name in line.split("|")}
            raw = "JobIDRaw" in names and "JobID" not in names
            yield from read_table_rows(
                log, "|", ("JobIDRaw" if raw else "JobID", "AllocTRES"), _HINT
            )


def _job_id(row: Row) -> str:
    return row.get("JobID") or row.get("JobIDRaw")


def _check_row(row: Row) -> None:
    """Raise an error for a row without a job id or with invalid numbers."""
    if not _job_id(row):
        row.raise_error("CC502", "the row names no JobID", "JobID")
    _elapsed_hours(row)
    _consumed_joules(row)


def _check_duplicate(row: Row, seen: dict[tuple[str, ...], Row]) -> None:
    """Raise an error if a job attempt occurs twice; requeued attempts differ in start or length."""
    key = tuple(row.values) if "Start" not in row.columns else (_job_id(row), row.get("Start"))
    first = seen.setdefault(key, row)
    if first is not row:
        where = f"line {first.number} of {base_name(first.file)}"
        hint = "give each job once; requeued attempts need the column Start to be distinguished"
        row.raise_error("CC505", f"the job {_job_id(row)} is on {where} too", "JobID", hint)


def _jobs_of_row(row: Row) -> list[Job]:
    """Jobs of an allocation, one per type of GPU; none if it never ran or has no GPU or energy."""
    hours, joules = _elapsed_hours(row), _consumed_joules(row)
    devices = _allocated_gpus(row)
    if hours == 0 or not (devices or joules):
        return []
    if joules:
        _check_overflow(row, joules, hours)
        types = {device for device, _ in devices}
        device = types.pop() if len(types) == 1 else ""
        return [Job(row, device, sum(n for _, n in devices), hours, joules)]
    return [Job(row, device, n, hours, 0.0) for device, n in devices]


def _elapsed_hours(row: Row) -> float:
    if "ElapsedRaw" in row.columns and (row.get("ElapsedRaw") or "Elapsed" not in row.columns):
        return read_number(row, "ElapsedRaw") / 3600
    if "Elapsed" not in row.columns:
        row.raise_error("CC502", "the column ElapsedRaw is missing", hint=_HINT)
    found = re.fullmatch(r"(?:(\d{1,5})-)?(\d\d):(\d\d):(\d\d)", row.get("Elapsed"))
    if found is None:
        row.raise_error("CC506", f'"{row.get("Elapsed")[:40]}" is not an elapsed time', "Elapsed")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return days * 24 + hours + minutes / 60 + seconds / 3600


def _consumed_joules(row: Row) -> float:
    """Energy of the nodes in J; 0 if Slurm does not measure it."""
    name = next((name for name in _ENERGY_COLUMNS if row.get(name)), "")
    if not name:
        return 0.0
    match = re.fullmatch(r"([0-9.]+(?:[eE][+]?[0-9]+)?) ?([KMGTP]?)J?", row.get(name))
    if match is None or not match[2]:
        return read_number(row, name)
    plain = Row(row.file, row.number, row.text, [match[1]], {name: 0})
    return read_number(plain, name) * _PREFIX_FACTOR[match[2]]


def _check_overflow(row: Row, joules: float, hours: float) -> None:
    nodes = max(1.0, read_number(row, "NNodes")) if row.get("NNodes") else 1e4
    watts = joules / hours / 3600 / nodes
    if watts > MAX_WATTS_PER_NODE:
        message = f"{joules:g} J are {watts:.3g} W a node: the counter has overflowed"
        hint = "delete ConsumedEnergyRaw: the job then counts by its hours"
        name = next(name for name in _ENERGY_COLUMNS if row.get(name))
        row.raise_error("CC506", message, name, hint)


def _allocated_gpus(row: Row) -> list[tuple[str, int]]:
    """Types and numbers of GPUs; ``gres/gpu=8`` is the total that includes typed entries."""
    found = [(kind or "", int(n)) for kind, n in _GPU.findall(row.get("AllocTRES"))]
    typed = [(kind, n) for kind, n in found if kind and n]
    total = sum(n for kind, n in found if not kind)
    if any(_MIG_SLICE.search(kind) for kind, _ in typed):
        message = "the job uses a slice of a GPU (MIG), not a whole device"
        row.raise_error("CC506", message, "AllocTRES", "exclude the job, or give its energy")
    beyond = total - sum(n for _, n in typed)
    if total and beyond < 0:
        row.raise_error("CC506", "the typed GPUs are more than gres/gpu", "AllocTRES")
    if len(typed) == 1 and beyond > 0:
        row.raise_error("CC506", "the typed GPUs are fewer than gres/gpu", "AllocTRES")
    return typed + ([("", beyond)] if beyond > 0 else [])


def _build_run(jobs: list[Job], *, alone: bool) -> ImportedRun:
    first = jobs[0]
    name, device, measured = first.group
    files = format_list((base_name(job.row.file) for job in jobs), 2)
    who = f"{format_count(len(jobs), 'allocation')} ({format_list(job.job_id for job in jobs)})"
    hours = sum(job.hours * job.devices for job in jobs)
    wall = sum(job.hours for job in jobs)
    counts = {job.devices for job in jobs}
    how = "ConsumedEnergyRaw" if measured else "ElapsedRaw x GPUs of AllocTRES"
    comments = [
        f"{hours:.6g} device-hours, {wall:.6g} h of {format_count(len(jobs), 'allocation')}"
    ]
    if measured:
        comments.append("the energy is that of whole nodes, including other jobs on shared nodes")
        if not all(job.row.get("NodeList") and job.row.get("Start") for job in jobs):
            comments.append("whether these jobs shared nodes is unknown without Start and NodeList")
    return ImportedRun(
        evidence="energy" if measured else "accelerator_hours",
        value=sum(job.joules for job in jobs) / 3.6e6 if measured else hours,
        note=f"from {files}, {how} of {who}",
        scope="node" if measured else "",
        name="" if alone else (name or device or "jobs"),
        device=device,
        count=counts.pop() if len(counts) == 1 else 0,
        comments=tuple(comments),
        hours=hours if measured else 0.0,
    )


def _with_distinct_names(runs: list[ImportedRun]) -> tuple[ImportedRun, ...]:
    """The runs with distinct names: repeated names get a device or a number."""
    names: set[str] = set()
    renamed = []
    for run in runs:
        name, place = run.name, 2
        if name in names:
            name = f"{run.name} {run.device or run.evidence}"
        while name in names:
            name, place = f"{run.name} {place}", place + 1
        names.add(name)
        renamed.append(replace(run, name=name))
    return tuple(renamed)


def _comments(jobs: list[Job], excluded: list[str], steps: int) -> tuple[str, ...]:
    rows = format_count(len({id(job.row) for job in jobs}), "allocation")
    notes = [f"{rows} of Slurm; their steps are not counted again"]
    if excluded:
        notes.append(f"excluded, without GPU or not run: {format_list(excluded)}")
    if steps and not any(job.joules for job in jobs):
        notes.append("only steps report an energy: not used, because steps overlap on a node")
    running = [job.job_id for job in jobs if job.row.get("State") in {"RUNNING", "R"}]
    if running:
        notes.append(f"still running, counted up to now: {format_list(running)}")
    return tuple(notes)
