"""Conversion of device counts of software into modules, and checks of the measured power."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.catalog.power_limits import power_limits
from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.catalog.rules import DEVICES_PER_MODULE

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog, Record
    from carbonctl.imports.import_records import Imported, ImportedRun

_WATTS_PER_KW = 1000.0


def count_as_modules(imported: Imported, catalog: Catalog) -> Imported:
    """The runs with devices counted in modules of hardware_db, and notes on implausible power."""
    runs, notes = [], list(imported.notes)
    for run in imported.runs:
        card = _find_accelerator(catalog, run.device)
        if card is None:
            runs.append(run)
            continue
        counted_run = _in_modules(run, card)
        problem = _power_problem(counted_run, card, catalog)
        if problem:
            who = f"{counted_run.name}: " * bool(counted_run.name)
            notes.append(
                f"{who}{problem}; `carbonctl train` rejects this energy until its note explains it"
            )
            counted_run = replace(
                counted_run, comments=(*counted_run.comments, counted_run.note, problem), note=""
            )
        elif counted_run.boards_kwh is not None and counted_run.hours:
            boards = power_limits(card, "gpu").problem(
                counted_run.boards_kwh * _WATTS_PER_KW / counted_run.hours
            )
            who = f"{counted_run.name}: " * bool(counted_run.name)
            notes += [f"{who}GPUs alone: {boards}; were all of them measured?"] * bool(boards)
        runs.append(counted_run)
    return replace(imported, runs=tuple(runs), notes=tuple(notes))


def _find_accelerator(catalog: Catalog, device: str) -> Record | None:
    try:
        return catalog.record("accelerators", device) if device else None
    except (UnknownName, AmbiguousName):
        return None


def _accelerators_per_machine(catalog: Catalog, card: Record) -> float:
    host = card.text("host")
    held = catalog.record("servers", host).number("accelerators") if host else None
    return max(1.0, held or 1.0)


def _in_modules(run: ImportedRun, card: Record) -> ImportedRun:
    """A run in modules; the count is 0 (unknown) unless it is a whole number of modules."""
    each = card.number(DEVICES_PER_MODULE)
    if each is None:
        return run
    modules = run.count / each
    whole = modules == int(modules)
    shown = f"{run.count} devices are {modules:g} modules" if run.count else "devices are modules"
    comment = f"software sees {each:g} devices in one {card.name}: {shown}"
    value = {"accelerator_hours": run.value / each, "power": run.value * each}
    return replace(
        run,
        value=value.get(run.evidence, run.value),
        hours=run.hours / each,
        count=int(modules) if whole else 0,
        comments=(*run.comments, comment),
    )


def _power_problem(run: ImportedRun, card: Record, catalog: Catalog) -> str:
    """Why the mean power of a measured energy is implausible at its boundary; else empty."""
    if run.evidence != "energy" or not run.hours:
        return ""
    count = float(run.count) if run.count else None
    limits = power_limits(
        card, run.scope, count=count, per_machine=_accelerators_per_machine(catalog, card)
    )
    return limits.problem(run.value * _WATTS_PER_KW / run.hours)
