"""Slurm allocations that share a node: each of them reports the energy of the whole node."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from carbonctl.core.errors import InputError
from carbonctl.imports.import_records import base_name, format_list
from carbonctl.imports.numbers import read_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.imports.import_records import Row

_MAX_NODES = 100_000  # of one list; no allocation has more
_CLOCK_TOLERANCE_SECONDS = 1.0  # Slurm's clock
_RANGES = re.compile(r"\[([0-9,-]+)\]")


@dataclass(frozen=True, slots=True)
class Job:
    """One allocation: devices of one type, elapsed hours, and the energy of its nodes in J."""

    row: Row
    device: str
    devices: int
    hours: float
    joules: float

    @property
    def group(self) -> tuple[str, str, bool]:
        """Key of the jobs of one run: job name, device, and whether energy is measured."""
        return self.row.get("JobName"), self.device, self.joules > 0

    @property
    def job_id(self) -> str:
        """The job id of Slurm."""
        return self.row.get("JobID") or self.row.get("JobIDRaw")


def split_shared_jobs(jobs: list[Job]) -> tuple[list[Job], list[Job]]:
    """All jobs, without the energy of those that share a node; and the jobs that share one.

    Jobs that share a node are counted by hours. A shared job without devices is an error: it has
    no device-hours, and its energy contains that of its neighbors.
    """
    by_node: dict[str, list[tuple[float, float, Job]]] = {}
    for job in jobs:
        span = _time_span(job) if job.joules else None
        if span is not None:
            for node in expand_node_list(job.row.get("NodeList")):
                by_node.setdefault(node, []).append((*span, job))
    shared: dict[int, Job] = {}
    for spans in by_node.values():
        spans.sort(key=lambda one: one[:2])
        latest = spans[0]
        for start, end, job in spans[1:]:
            if min(end, latest[1]) - start > _CLOCK_TOLERANCE_SECONDS:
                shared |= {id(latest[2]): latest[2], id(job): job}
            latest = max(latest, (start, end, job), key=lambda one: one[1])
    for job in shared.values():
        if not job.devices:
            message = f"the job {job.job_id} has no GPU and shares a node with another job"
            hint = "exclude it: the other job reports the energy of the node too"
            job.row.raise_error("CC505", message, "JobID", hint)
    return _without_shared_energy(jobs, shared), list(shared.values())


def _without_shared_energy(jobs: list[Job], shared: dict[int, Job]) -> list[Job]:
    return [replace(job, joules=0.0) if id(job) in shared else job for job in jobs]


def shared_note(shared: list[Job]) -> str:
    """The note on jobs whose energy is not used because they share a node."""
    files = format_list((base_name(job.row.file) for job in shared), 2)
    return (
        f"{files}: {format_list(job.job_id for job in shared)} share a node, so each reports the "
        "energy of all: their energy is not used, they count by their hours"
    )


def _time_span(job: Job) -> tuple[float, float] | None:
    """Start and end in s; None if the table lacks them."""
    try:
        start = read_seconds(job.row, "Start")
    except InputError:
        return None
    return start, start + job.hours * 3600


def expand_node_list(text: str) -> Iterator[str]:
    """Names of the nodes in a list such as ``gpu[01-04,07],login1``."""
    count = 0
    for entry in re.split(r",(?![^\[]*\])", text):
        for name in _expand_entry(entry.strip()):
            count += 1
            if count > _MAX_NODES:
                return
            if name and name != "None assigned":
                yield name


def _expand_entry(entry: str) -> Iterator[str]:
    match = _RANGES.search(entry)
    if match is None:
        yield entry
        return
    before, after = entry[: match.start()], entry[match.end() :]
    for part in match[1].split(","):
        low, _, high = part.partition("-")
        if not low.isdecimal() or len(low) > 9 or (high and not high.isdecimal()):  # noqa: PLR2004
            yield entry
            return
        last = int(high[:9]) if high else int(low)
        for number in range(int(low), min(last, int(low) + _MAX_NODES) + 1):
            yield from _expand_entry(f"{before}{number:0{len(low)}d}{after}")
