"""What every estimating command does: read, resolve, evaluate, report."""

from __future__ import annotations

import io
import math
import sys
from typing import TYPE_CHECKING, Any

from carbonctl.cli.output_format import choose_format
from carbonctl.cli.progress import draws
from carbonctl.core.errors import InputError, Problem, UsageError, in_order
from carbonctl.core.output import emit as emit  # noqa: PLC0414 - commands take it from here

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.console import Console

    from carbonctl.app.capacity import Capacity
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.strict_yaml import Document
    from carbonctl.estimate.results import Lifecycle
    from carbonctl.report.envelope import Beside
    from carbonctl.result.estimate import EstimateResult
    from carbonctl.scenario.resolve import Resolved
    from carbonctl.scenario.schema import Scenario
    from carbonctl.study.montecarlo import Evaluated

    Loaded = tuple[Scenario, Document, Catalog]

TABLES = ("table", "json", "csv", "markdown")
PHASES = ("data", "experiments", "train", "infer")
# command -> the phases that it estimates
PHASES_OF = {"train": PHASES[:3], "infer": PHASES[3:], "lifecycle": PHASES}


def load(
    flags: dict[str, Any],
    source: str | None,
    raw: bytes | None = None,
    phases: tuple[str, ...] = PHASES,
) -> Loaded:
    """Scenario, positions and catalog of a command's arguments.

    ``raw`` is a source that was read before; ``phases`` are those that the flags reach.
    """
    from carbonctl.catalog.read import Catalog  # noqa: PLC0415 - after the flags are known good
    from carbonctl.cli import kinds  # noqa: PLC0415
    from carbonctl.cli.options import settings  # noqa: PLC0415
    from carbonctl.core import files  # noqa: PLC0415
    from carbonctl.scenario.read import read  # noqa: PLC0415

    catalog = Catalog.open(flags.get("hardware_db"))
    given = settings(flags, catalog)
    if source is None and not given:
        message = "give a scenario file, - for stdin, or flags"
        raise UsageError(message, "carbonctl init lifecycle > my.yaml writes one to start from")
    if source is not None:
        raw = files.read(source, files.MAX_TEXT) if raw is None else raw
        kinds.refuse(raw, source)
    root = flags.get("root")
    scenario, document = read(source, given, catalog, raw, keep=True, phases=phases, root=root)
    return scenario, document, catalog


def evaluate(
    loaded: Loaded,
    flags: dict[str, Any],
    phases: tuple[str, ...],
    *,
    need_period: bool = False,
) -> tuple[Resolved, Evaluated[Lifecycle], Catalog]:
    """One scenario, resolved and evaluated on its basis."""
    import functools  # noqa: PLC0415 - with the other heavy ones

    from carbonctl.app.serving_checks import check_draws, check_services  # noqa: PLC0415
    from carbonctl.estimate.lifecycle import lifecycle  # noqa: PLC0415
    from carbonctl.scenario.resolve import ResolveError, resolve  # noqa: PLC0415
    from carbonctl.study.montecarlo import evaluate as study  # noqa: PLC0415

    scenario, document, catalog = loaded
    try:
        resolved = resolve(scenario, document, catalog, phases, need_period=need_period)
    except ResolveError as error:
        raise InputError(in_order([*error.problems, *_also_wrong(error.partial)]),
                         error.sources) from None  # fmt: skip
    checked = check_services(resolved)
    if checked.errors:
        errors = [*checked.errors]
        raise InputError(in_order(errors), document.sources)
    resolved.warnings.extend(checked.warnings)
    run = functools.partial(lifecycle, basis=scenario.accounting)
    samples, seed = flags["samples"], flags["seed"]
    with draws(samples):
        result = study(resolved.inputs, run, samples=samples, seed=seed)
    drawn = check_draws(resolved, result.infeasible_share)
    if drawn.errors:
        raise InputError(drawn.errors, document.sources)
    resolved.warnings.extend(drawn.warnings)
    _check_capacity(resolved, result)
    return resolved, result, catalog


def _check_capacity(resolved: Resolved, result: Evaluated[Lifecycle]) -> None:
    """A load that the stated devices cannot carry even when always busy is an error."""
    from carbonctl.app.capacity import capacities  # noqa: PLC0415 - with the estimate

    metrics = result.point.metrics
    loads = [(one, _hours(one, metrics)) for one, _ in capacities(resolved)]
    errors, warnings = _overloads(loads, resolved.document)
    if errors:
        raise InputError(errors, resolved.document.sources)
    resolved.warnings.extend(warnings)


def _also_wrong(partial: Resolved) -> list[Problem]:
    """What stops the services of a faulty scenario, as far as they are known."""
    from functools import partial as bound  # noqa: PLC0415 - for faulty files alone

    from carbonctl.app.capacity import capacities, served_hours  # noqa: PLC0415
    from carbonctl.app.serving_checks import check_services  # noqa: PLC0415
    from carbonctl.scenario.context import tried  # noqa: PLC0415

    checked = tried(lambda: check_services(partial))
    if checked is None or checked.errors:
        return [] if checked is None else checked.errors
    hours = [
        (one, tried(bound(served_hours, phase)))
        for one, phase in tried(lambda: capacities(partial)) or []
    ]
    known = [(one, needed) for one, needed in hours if needed is not None]
    return _overloads(known, partial.document)[0]


def _hours(capacity: Capacity, metrics: dict[str, Any]) -> float:
    """Device-hours that a load takes; of devices that it holds, those of work at its peak."""
    hours = float(metrics[f"{capacity.phase}.accelerator_hours"])
    if not capacity.held:
        return hours
    return hours * float(metrics[f"{capacity.phase}.peak_busy_share"])


def _overloads(
    loads: list[tuple[Capacity, float]], document: Document
) -> tuple[list[Problem], list[Problem]]:
    """Loads that devices cannot carry even when always busy, and those that take more of them."""
    from carbonctl.report.numbers import significant  # noqa: PLC0415 - with the report

    errors, warnings = [], []
    for capacity, hours in loads:
        needed = capacity.devices * hours / capacity.hours
        mark = document.mark((*capacity.path, "count"))
        amount = significant(needed, 3)
        message = f"the load needs {amount} devices at a busy share of {capacity.busy_share:g}"
        given = f"hardware.count is {capacity.devices:g}"
        if capacity.fleet_share < 1:
            given = f"this share of the fleet is {significant(capacity.devices, 3)}"
        least = max(needed * capacity.busy_share, capacity.memory_devices)
        hint = f"at least {math.ceil(least / capacity.fleet_share):g} when always busy"
        if least == capacity.memory_devices:
            message = f"the tables take the memory of {capacity.memory_devices:g} devices"
            hint = f"at least {math.ceil(least / capacity.fleet_share):g}"
        problem = Problem("CC304", f"{message}; {given}", mark, hint)
        if least > capacity.devices:
            errors.append(problem)
        elif needed > capacity.devices:
            warnings.append(problem)
        elif capacity.held and needed > capacity.usual_busy * capacity.devices:
            usual = f"{100 * capacity.usual_busy:g} %"
            message = f"the load keeps {amount} of {capacity.devices:g} devices busy at its peak"
            hint = f"services are seldom busier than {usual}: requests would wait"
            warnings.append(Problem("CC304", message, mark, hint))
    return errors, warnings


def estimate(
    command: str,
    flags: dict[str, Any],
    phases: tuple[str, ...],
    *,
    need_period: bool = False,
) -> None:
    """Estimate some phases of a scenario and report."""
    choose_format(flags)
    loaded = load(flags, flags["file"], phases=phases)
    need = need_period and flags["file"] is not None  # flags alone mean one year, and say so
    data, warnings = computed(command, loaded, flags, phases, need_period=need)
    warn(warnings, flags)
    report(data, flags, loaded[2])


def computed(
    command: str,
    loaded: Loaded,
    flags: dict[str, Any],
    phases: tuple[str, ...],
    *,
    need_period: bool = False,
) -> tuple[EstimateResult, list[Problem]]:
    """The envelope of some phases of a scenario, and what to warn of."""
    with draws(flags["samples"]):
        resolved, result, catalog = evaluate(loaded, flags, phases, need_period=need_period)
        from carbonctl.report.envelope import envelope  # noqa: PLC0415 - after a good input

        data = envelope(command, result, catalog, beside(resolved, catalog))
    return data, resolved.warnings


def beside(resolved: Resolved, catalog: Catalog) -> Beside:
    """What an envelope says beside the numbers of some phases."""
    from carbonctl.report.charged import charged, title  # noqa: PLC0415 - after a good input
    from carbonctl.report.envelope import Beside  # noqa: PLC0415
    from carbonctl.report.given import given  # noqa: PLC0415

    every = charged(resolved, catalog)
    return Beside(
        name=resolved.scenario.name or "",
        title=title(resolved, every),
        period_hours=resolved.period.value,
        not_estimated=resolved.not_estimated,
        warnings=resolved.warnings,
        budget=resolved.budget,
        period=resolved.period,
        inputs=given(resolved.document),
        charged=[one.as_dict() for one in every],
    )


def report(data: EstimateResult, flags: dict[str, Any], catalog: Catalog) -> None:
    """Render an envelope in the format asked for, to stdout or whole into a file."""
    form = flags["format"]
    if form == "table":
        table(data, flags)
        return
    from carbonctl.report.facts import cited  # noqa: PLC0415 - not for a table

    rendered(cited(data, catalog) if form == "json" else data, flags)


def rendered(data: Mapping[str, Any], flags: dict[str, Any]) -> None:
    """Render plain data in a format other than a table; NDJSON line by line."""
    from carbonctl.report.formats import render  # noqa: PLC0415 - only the renderer asked for

    text = render(data, flags["format"])
    if flags["format"] == "ndjson" and flags["output"] in (None, "-"):
        for line in text.splitlines(keepends=True):
            emit(line, None)
        return
    emit(text, flags["output"])


def table(data: EstimateResult, flags: dict[str, Any]) -> None:
    """Render the table of one result."""
    from carbonctl.report.table import render  # noqa: PLC0415 - Rich, for tables alone

    table_out(lambda out: render(data, out, verbose=flags["verbose"], quiet=flags["quiet"]), flags)


def table_out(draw: Callable[[Console], None], flags: dict[str, Any]) -> None:
    """Draw on the terminal, or without color into a file."""
    from carbonctl.report.table import console  # noqa: PLC0415 - Rich, for tables alone

    to_file = flags["output"] not in (None, "-")
    stream = io.StringIO() if to_file else None
    draw(console(stream or sys.stdout, color=not (flags["no_color"] or to_file)))
    if stream is not None:
        emit(stream.getvalue(), flags["output"])


def warn(problems: list[Problem], flags: dict[str, Any]) -> None:
    """Warnings on stderr, unless quiet."""
    if not flags["quiet"]:
        for problem in problems:
            sys.stderr.write(f"{problem.mark or ''}: warning[{problem.code}]: {problem.message}\n")
            if problem.hint:
                sys.stderr.write(f"   hint: {problem.hint}\n")
