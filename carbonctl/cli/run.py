"""What every estimating command does: read, resolve, evaluate, report."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

from carbonctl.cli.output_format import choose_format
from carbonctl.cli.progress import draws
from carbonctl.core.errors import Problem, UsageError
from carbonctl.core.output import emit as emit  # noqa: PLC0414 - commands take it from here

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.strict_yaml import Document
    from carbonctl.estimate.results import Lifecycle
    from carbonctl.report.envelope import Beside
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
    from carbonctl.cli.settings import settings  # noqa: PLC0415
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

    from carbonctl.app.capacity import check_capacity  # noqa: PLC0415
    from carbonctl.app.plan_scenario import plan_scenario  # noqa: PLC0415
    from carbonctl.app.serving_checks import check_draws  # noqa: PLC0415
    from carbonctl.estimate.lifecycle import lifecycle  # noqa: PLC0415
    from carbonctl.study.montecarlo import evaluate as study  # noqa: PLC0415

    scenario, document, catalog = loaded
    resolved = plan_scenario(scenario, document, catalog, phases, need_period=need_period)
    run = functools.partial(lifecycle, basis=scenario.accounting)
    samples, seed = flags["samples"], flags["seed"]
    with draws(samples):
        result = study(resolved.inputs, run, samples=samples, seed=seed)
    check_draws(resolved, result.infeasible_share)
    check_capacity(resolved, result)
    return resolved, result, catalog


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
) -> tuple[dict[str, Any], list[Problem]]:
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


def report(data: dict[str, Any], flags: dict[str, Any], catalog: Catalog) -> None:
    """Render an envelope in the format asked for, to stdout or whole into a file."""
    form = flags["format"]
    if form == "table":
        table(data, flags)
        return
    from carbonctl.report.facts import cited  # noqa: PLC0415 - not for a table

    rendered(cited(data, catalog) if form == "json" else data, flags)


def rendered(data: dict[str, Any], flags: dict[str, Any]) -> None:
    """Render plain data in a format other than a table; NDJSON line by line."""
    from carbonctl.report.formats import render  # noqa: PLC0415 - only the renderer asked for

    text = render(data, flags["format"])
    if flags["format"] == "ndjson" and flags["output"] in (None, "-"):
        for line in text.splitlines(keepends=True):
            emit(line, None)
        return
    emit(text, flags["output"])


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


def warn(problems: list[Problem], flags: dict[str, Any]) -> None:
    """Warnings on stderr, unless quiet."""
    if not flags["quiet"]:
        for problem in problems:
            sys.stderr.write(f"{problem.mark or ''}: warning[{problem.code}]: {problem.message}\n")
            if problem.hint:
                sys.stderr.write(f"   hint: {problem.hint}\n")
