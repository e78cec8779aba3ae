"""Runs of a table grouped by project, device and site; the smallest merged if there are many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from carbonctl.imports.import_records import (
    ImportedRun,
    base_name,
    format_count,
    format_list,
    printable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from carbonctl.imports.import_records import Row

MAX_RUNS = 24  # the smallest runs beyond this number are merged, to keep tables short
_FEW_RUNS = 12  # up to this number, runs of one project are not grouped
_MAJORITY = 0.5
_JOULES_PER_KWH = 3.6e6


@dataclass(slots=True)
class RunTotal:
    """Values of the last row of a run. Energies in kWh, times in s."""

    row: Row
    energy: float
    duration: float
    pue: float
    end: float
    device: str
    count: int
    place: str
    region: str
    gpu_energy: float | None
    cpu_energy: float | None
    ram_energy: float | None
    rows: int = 1

    @property
    def start(self) -> float:
        """Start of the run in s since the epoch."""
        return self.end - self.duration

    @property
    def project(self) -> str:
        """Name of the project of the run."""
        return self.row.get("project_name")

    @property
    def energy_without_pue(self) -> float:
        """Energy in kWh without the PUE configured in CodeCarbon."""
        return self.energy / self.pue

    @property
    def hours(self) -> float:
        """Device-hours."""
        return self.duration * self.count / 3600


def group_runs(totals: list[RunTotal]) -> tuple[ImportedRun, ...]:
    """Runs grouped by project, device and site; ungrouped if there is one project with few."""
    own_site = len({(total.region, total.pue) for total in totals}) > 1
    kinds = len({(total.device, total.count) for total in totals}) > 1
    projects = {total.project for total in totals}
    apart = len(totals) <= _FEW_RUNS and len(projects) == 1
    groups: dict[tuple[object, ...], list[RunTotal]] = {}
    for total in totals:
        name = _run_id(total) if apart or not total.project else total.project
        groups.setdefault((name, *_group_key(total)), []).append(total)
    if len(groups) > MAX_RUNS:
        groups = _merge_smallest(groups)
    names = _distinct_names(groups, own_site=own_site, kinds=kinds)
    alone = len(groups) == 1
    return tuple(
        _build_run(group, "" if alone else name, own_site=own_site)
        for name, group in zip(names, groups.values(), strict=True)
    )


def _run_id(total: RunTotal) -> str:
    return total.row.get("run_id") or f"{total.project or 'run'} {total.row.get('timestamp')}"


def _group_key(total: RunTotal) -> tuple[object, ...]:
    """Key of the runs of one group: device, count, region and PUE."""
    return total.device, total.count, total.region, total.pue


def _merge_smallest(
    groups: dict[tuple[object, ...], list[RunTotal]],
) -> dict[tuple[object, ...], list[RunTotal]]:
    """The largest groups, and the rest merged into one group per kind."""
    energy = {
        key: sum(total.energy_without_pue for total in group) for key, group in groups.items()
    }
    kinds = len({key[1:] for key in groups})
    largest = sorted(groups, key=lambda key: -energy[key])[: max(0, MAX_RUNS - kinds)]
    largest_keys = set(largest)
    largest_groups: dict[tuple[object, ...], list[RunTotal]] = {}
    rest: dict[tuple[object, ...], list[RunTotal]] = {}
    for key, group in groups.items():
        if key in largest_keys:
            largest_groups[key] = group
        else:
            rest.setdefault((_OTHERS, *key[1:]), []).extend(group)
    return largest_groups | rest


_OTHERS = "others"


def _distinct_names(
    groups: Iterable[tuple[object, ...]], *, own_site: bool, kinds: bool
) -> list[str]:  # fmt: skip
    """A distinct name per group; repeated names get a site, a device or a number."""
    unique: list[str] = []
    keys = list(groups)
    repeated = {key[0] for key in keys if sum(other[0] == key[0] for other in keys) > 1}
    for name, device, _, region, _ in keys:
        candidate = printable(str(name))
        if name in repeated:
            candidate += f" {region}" * bool(own_site and region) + f" {device}" * bool(
                kinds and device
            )
        base, place = candidate, 2
        while candidate in unique:
            candidate, place = f"{base} {place}", place + 1
        unique.append(candidate)
    return unique


def _build_run(group: list[RunTotal], name: str, *, own_site: bool) -> ImportedRun:
    first, last = group[0], group[-1]
    energy = sum(total.energy_without_pue for total in group)
    energy_with_pue = sum(total.energy for total in group)
    files = format_list((base_name(total.row.file) for total in group), 2)
    rows = format_count(sum(total.rows for total in group), "row")
    if len(group) == 1 and (run := first.row.get("run_id")):
        note = f"from {files}, last row of run {run} ({rows})"
    else:
        note = f"from {files}, last rows of {format_count(len(group), 'run')} ({rows})"
    if first.pue > 1:
        note += f"; {energy_with_pue:g} kWh with PUE {first.pue:g}, divided by it"
    return ImportedRun(
        evidence="energy",
        value=energy,
        note=note,
        scope="node",
        name=name,
        device=first.device,
        count=first.count,
        comments=tuple(_comments(group, energy)),
        hours=sum(total.hours for total in group),
        place=last.place if own_site else "",
        region=first.region if own_site else "",
        pue=first.pue if own_site and first.pue > 1 else None,
        boards_kwh=_boards_kwh(group),
    )


def _boards_kwh(group: list[RunTotal]) -> float | None:
    """Energy of the GPUs in kWh without PUE; None if a row lacks it."""
    if any(total.gpu_energy is None for total in group):
        return None
    return sum((total.gpu_energy or 0.0) / total.pue for total in group)


def _comments(group: list[RunTotal], energy: float) -> list[str]:
    seconds = sum(total.duration for total in group)
    watts = f", {energy / seconds * _JOULES_PER_KWH:.4g} W on average" if seconds else ""
    notes = [f"duration {seconds / 3600:.4g} h = {seconds / 86400:.4g} d{watts}"]
    if len(group) > 1:
        projects = {total.project for total in group}
        what = f" of {format_count(len(projects), 'project')}" if len(projects) > 1 else ""
        notes[0] += f", {format_count(len(group), 'run')}{what}"
    pue = group[0].pue
    notes += [f"PUE {pue:g}, as configured in CodeCarbon"] * (pue > 1)
    return notes + _constant_power_note(group)


def _constant_power_note(group: list[RunTotal]) -> list[str]:
    """A note if most of the energy is an assumed constant power of the host."""
    total_energy = sum(total.energy for total in group)
    parts: dict[str, Callable[[RunTotal], float]] = {
        "memory": lambda total: total.ram_energy or 0.0,
        "CPU": _constant_cpu,
    }
    shares = {name: sum(map(of, group)) / total_energy for name, of in parts.items()}
    if sum(shares.values()) <= _MAJORITY:
        return []
    named = " and ".join(name for name, share in shares.items() if share > 0)
    watts = sum(shares.values()) * total_energy * _JOULES_PER_KWH
    seconds = sum(total.duration for total in group)
    mean = f" ({watts / seconds:.3g} W)" if seconds else ""
    said = f"{sum(shares.values()):.0%} of this energy is {named} of the host at constant power"
    return [f"{said}{mean}: CodeCarbon's default without a power meter"]


def _constant_cpu(total: RunTotal) -> float:
    """Energy of the CPU in kWh if its power is constant, as without a meter; else 0."""
    if not total.cpu_energy or not total.duration:
        return 0.0
    try:
        stated = float(total.row.get("cpu_power"))
    except ValueError:
        return 0.0
    mean = total.cpu_energy * _JOULES_PER_KWH / total.duration
    return total.cpu_energy if abs(mean - stated) <= _POWER_TOLERANCE * stated else 0.0


_POWER_TOLERANCE = 0.02  # cpu_power is rounded, and the first sample is late
