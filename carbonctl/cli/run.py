"""What every estimating command does: read, resolve, evaluate, report."""

from __future__ import annotations

import io
import math
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carbonctl.core.errors import InputError, Mark, Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.strict_yaml import Document
    from carbonctl.estimate.results import Lifecycle
    from carbonctl.scenario.resolve import Resolved
    from carbonctl.scenario.schema import Scenario
    from carbonctl.study.montecarlo import Evaluated

    Loaded = tuple[Scenario, Document, Catalog]

FORMATS = ("table", "json", "csv", "markdown")
PHASES = ("data", "experiments", "train", "infer")


def check_format(name: str, choices: tuple[str, ...] = FORMATS) -> None:
    """UsageError for a format that a command does not have."""
    if name not in choices:
        message = f'"{name}" is no format here; choose {", ".join(choices)}'
        raise UsageError(message)


def load(flags: dict[str, Any], source: str | None) -> Loaded:
    """Scenario, positions and catalog of a command's arguments."""
    from carbonctl.catalog.read import Catalog  # noqa: PLC0415 - after the flags are known good
    from carbonctl.cli.options import settings  # noqa: PLC0415
    from carbonctl.scenario.read import read  # noqa: PLC0415

    catalog = Catalog.open(flags.get("hardware_db"))
    given = settings(flags, catalog)
    if source is None and not given:
        message = "give a scenario file, - for stdin, or flags"
        raise UsageError(message, "carbonctl init lifecycle > my.yaml writes one to start from")
    scenario, document = read(source, given, catalog)
    return scenario, document, catalog


def evaluate(
    loaded: Loaded,
    flags: dict[str, Any],
    phases: tuple[str, ...],
    *,
    need_period: bool = False,
) -> tuple[Resolved, Evaluated[Lifecycle], Catalog]:
    """One scenario, resolved and evaluated on its basis."""
    from functools import partial  # noqa: PLC0415 - with the other heavy ones

    from carbonctl.estimate.lifecycle import lifecycle  # noqa: PLC0415
    from carbonctl.scenario.resolve import resolve  # noqa: PLC0415
    from carbonctl.study.montecarlo import evaluate as study  # noqa: PLC0415

    scenario, document, catalog = loaded
    resolved = resolve(scenario, document, catalog, phases, need_period=need_period)
    run = partial(lifecycle, basis=scenario.accounting)
    samples, seed = flags["samples"], flags["seed"]
    result = study(resolved.inputs, run, samples=samples, seed=seed)
    _check_capacity(resolved, result)
    return resolved, result, catalog


def _check_capacity(resolved: Resolved, result: Evaluated[Lifecycle]) -> None:
    """A load that the stated devices cannot carry even when always busy is an error."""
    from carbonctl.report.numbers import significant  # noqa: PLC0415 - with the report

    problems = []
    for capacity in resolved.capacity:
        hours = float(result.point.metrics[f"{capacity.phase}.accelerator_hours"])
        needed = capacity.devices * hours / capacity.hours
        mark = resolved.document.mark((*capacity.path, "count"))
        amount = significant(needed, 3)
        message = f"the load needs {amount} devices at a busy share of {capacity.busy_share:g}"
        given = f"hardware.count is {capacity.devices:g}"
        if capacity.fleet_share < 1:
            given = f"this share of the fleet is {significant(capacity.devices, 3)}"
        least = f"at least {math.ceil(needed * capacity.busy_share / capacity.fleet_share):g}"
        problem = Problem("CC304", f"{message}; {given}", mark, f"{least} when always busy")
        if needed * capacity.busy_share > capacity.devices:
            problems.append(problem)
        elif needed > capacity.devices:
            resolved.warnings.append(problem)
    if problems:
        raise InputError(problems, resolved.document.sources)


def estimate(
    command: str,
    flags: dict[str, Any],
    phases: tuple[str, ...],
    *,
    need_period: bool = False,
) -> None:
    """Estimate some phases of a scenario and report."""
    check_format(flags["format"])
    loaded = load(flags, flags["file"])
    need = need_period and flags["file"] is not None  # flags alone mean one year, and say so
    resolved, result, catalog = evaluate(loaded, flags, phases, need_period=need)
    from carbonctl.report.envelope import Beside, envelope  # noqa: PLC0415 - after a good input

    beside = Beside(
        name=resolved.scenario.name or "",
        title=title(resolved, catalog),
        period_hours=resolved.period.value,
        not_estimated=resolved.not_estimated,
        warnings=resolved.warnings,
        budget=resolved.budget,
    )
    warn(resolved.warnings, flags)
    report(envelope(command, result, catalog, beside), flags, catalog)


def title(resolved: Resolved, catalog: Catalog) -> str:
    """What was estimated, in a few words of the user's."""
    from carbonctl.scenario.named import in_words  # noqa: PLC0415 - after a good input

    scenario = resolved.scenario
    name = f"{scenario.name}: " if scenario.name else ""
    words = [_model_words(scenario)] if scenario.model is not None else []
    if scenario.hardware is not None:
        words.append(in_words(catalog, scenario.hardware))
    sites = dict.fromkeys(phase.site.name for phase in resolved.inputs.phases)
    return f"{name}{', '.join(words)} in {', '.join(sites)}"


def _model_words(scenario: Scenario) -> str:
    from carbonctl.report.numbers import quantity  # noqa: PLC0415 - with the report

    model = scenario.model
    if model is None:
        return ""
    if model.id is not None:
        return model.id
    if model.params is not None:
        return f"{quantity(model.params.value, '1')} LLM"
    return "recommendation model"


def report(data: dict[str, Any], flags: dict[str, Any], catalog: Catalog) -> None:
    """Render an envelope in the format asked for, to stdout or whole into a file."""
    from carbonctl.report import machine  # noqa: PLC0415 - only the renderer that is asked for

    form = flags["format"]
    if form == "json":
        from carbonctl.report.envelope import cited  # noqa: PLC0415

        emit(machine.as_json(cited(data, catalog)), flags["output"])
    elif form == "csv":
        emit(machine.as_csv(data), flags["output"])
    elif form == "markdown":
        emit(machine.as_markdown(data), flags["output"])
    else:
        table(data, flags)


def table(data: dict[str, Any], flags: dict[str, Any]) -> None:
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


def emit(text: str, output: str | None) -> None:
    """Write to stdout, or to a file that is whole or not there."""
    if output in (None, "-"):
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    target = Path(str(output))
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".carbonctl-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(target)
    except (OSError, ValueError) as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        output_error = getattr(error, "strerror", None)
        reason = (output_error or "cannot be written").lower()
        raise InputError([Problem("CC008", f"{target}: {reason}", Mark("--output"))]) from None


def warn(problems: list[Problem], flags: dict[str, Any]) -> None:
    """Warnings on stderr, unless quiet."""
    if not flags["quiet"]:
        for problem in problems:
            sys.stderr.write(f"{problem.mark or ''}: warning[{problem.code}]: {problem.message}\n")
