"""Runs of a table grouped by project, device and site, and folded where they are too many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from carbonctl.imports.imported import ImportedRun, base_name, format_count, format_list, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from carbonctl.imports.imported import Row

MAX_RUNS = 24  # beyond them the smallest are one run: a table has no room for more
_FEW_RUNS = 12  # of one project: each stands for itself
_MAJORITY = 0.5
_JOULES_PER_KWH = 3.6e6


@dataclass(slots=True)
class RunTotal:
    """The last row of a run, read. Energies in kWh, times in s."""

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
        """The moment at which the run started."""
        return self.end - self.duration

    @property
    def project(self) -> str:
        """What the user called the project of the run."""
        return self.row.get("project_name")

    @property
    def bare_energy(self) -> float:
        """Energy without the PUE that CodeCarbon was told, in kWh."""
        return self.energy / self.pue

    @property
    def hours(self) -> float:
        """Device-hours."""
        return self.duration * self.count / 3600


def group_runs(totals: list[RunTotal]) -> tuple[ImportedRun, ...]:
    """Runs by project, device and site; each for itself where a project has few and is alone."""
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
    """What runs that are counted together have in common."""
    return total.device, total.count, total.region, total.pue


def _merge_smallest(
    groups: dict[tuple[object, ...], list[RunTotal]],
) -> dict[tuple[object, ...], list[RunTotal]]:
    """The largest groups, and the rest as one run of each kind."""
    energy = {key: sum(total.bare_energy for total in group) for key, group in groups.items()}
    kinds = len({key[1:] for key in groups})
    largest = sorted(groups, key=lambda key: -energy[key])[: max(0, MAX_RUNS - kinds)]
    kept = set(largest)
    made: dict[tuple[object, ...], list[RunTotal]] = {}
    rest: dict[tuple[object, ...], list[RunTotal]] = {}
    for key, group in groups.items():
        if key in kept:
            made[key] = group
        else:
            rest.setdefault((_OTHERS, *key[1:]), []).extend(group)
    return made | rest


_OTHERS = "others"


def _distinct_names(
    groups: Iterable[tuple[object, ...]], *, own_site: bool, kinds: bool
) -> list[str]:  # fmt: skip
    """A name a group; one that stands twice gets its site, its device, then a number."""
    found: list[str] = []
    keys = list(groups)
    often = {key[0] for key in keys if sum(other[0] == key[0] for other in keys) > 1}
    for name, device, _, region, _ in keys:
        made = printable(str(name))
        if name in often:
            made += f" {region}" * bool(own_site and region) + f" {device}" * bool(kinds and device)
        base, place = made, 2
        while made in found:
            made, place = f"{base} {place}", place + 1
        found.append(made)
    return found


def _build_run(group: list[RunTotal], name: str, *, own_site: bool) -> ImportedRun:
    first, last = group[0], group[-1]
    energy = sum(total.bare_energy for total in group)
    told = sum(total.energy for total in group)
    files = format_list((base_name(total.row.file) for total in group), 2)
    rows = format_count(sum(total.rows for total in group), "row")
    if len(group) == 1 and (run := first.row.get("run_id")):
        note = f"from {files}, last row of run {run} ({rows})"
    else:
        note = f"from {files}, last rows of {format_count(len(group), 'run')} ({rows})"
    if first.pue > 1:
        note += f"; {told:g} kWh with PUE {first.pue:g}, divided by it"
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
    """Energy of the GPUs in kWh, without PUE; None where a row does not tell it."""
    if any(total.gpu_energy is None for total in group):
        return None
    return sum((total.gpu_energy or 0.0) / total.pue for total in group)


def _comments(group: list[RunTotal], energy: float) -> list[str]:
    seconds = sum(total.duration for total in group)
    watts = f", {energy / seconds * _JOULES_PER_KWH:.4g} W on average" if seconds else ""
    said = [f"duration {seconds / 3600:.4g} h = {seconds / 86400:.4g} d{watts}"]
    if len(group) > 1:
        projects = {total.project for total in group}
        what = f" of {format_count(len(projects), 'project')}" if len(projects) > 1 else ""
        said[0] += f", {format_count(len(group), 'run')}{what}"
    pue = group[0].pue
    said += [f"PUE {pue:g}, as told to CodeCarbon"] * (pue > 1)
    return said + _constant_power_note(group)


def _constant_power_note(group: list[RunTotal]) -> list[str]:
    """Whether the energy is mostly a constant power of the host times the duration."""
    told = sum(total.energy for total in group)
    parts: dict[str, Callable[[RunTotal], float]] = {
        "memory": lambda total: total.ram_energy or 0.0,
        "CPU": _constant_cpu,
    }
    shares = {name: sum(map(of, group)) / told for name, of in parts.items()}
    if sum(shares.values()) <= _MAJORITY:
        return []
    named = " and ".join(name for name, share in shares.items() if share > 0)
    watts = sum(shares.values()) * told * _JOULES_PER_KWH
    seconds = sum(total.duration for total in group)
    mean = f" ({watts / seconds:.3g} W)" if seconds else ""
    said = f"{sum(shares.values()):.0%} of this energy is {named} of the host at constant power"
    return [f"{said}{mean}: a rule of CodeCarbon where it has no meter"]


def _constant_cpu(total: RunTotal) -> float:
    """Energy of the CPU in kWh where it is ``cpu_power`` all the time, as without a meter."""
    if not total.cpu_energy or not total.duration:
        return 0.0
    try:
        stated = float(total.row.get("cpu_power"))
    except ValueError:
        return 0.0
    mean = total.cpu_energy * _JOULES_PER_KWH / total.duration
    return total.cpu_energy if abs(mean - stated) <= _POWER_TOLERANCE * stated else 0.0


_POWER_TOLERANCE = 0.02  # cpu_power is rounded, and the first sample is late
