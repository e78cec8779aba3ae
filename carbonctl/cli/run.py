"""Steps that commands share: load the scenario of file and flags, write the result."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from carbonctl.app.load import PHASES_OF
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.progress import count_draws
from carbonctl.core.errors import UsageError
from carbonctl.core.output import write_output
from carbonctl.core.phase_names import PHASES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import Console

    from carbonctl.app.load import Scenario
    from carbonctl.app.outcome import Result
    from carbonctl.cli.options import RunOptions, ScenarioOptions
    from carbonctl.core.errors import Problem

TABLE_FORMATS = ("table", "json", "csv", "markdown")


def load_from_options(
    source: str | None,
    scenario: ScenarioOptions,
    run: RunOptions,
    *,
    raw: bytes | None = None,
    phases: tuple[str, ...] = PHASES,
) -> Scenario:
    """The scenario of a command's file and flags.

    ``raw`` are the bytes of the source, if already read; ``phases`` are those that flags apply
    to.
    """
    from carbonctl.app.load import load_scenario
    from carbonctl.catalog.read import Catalog
    from carbonctl.cli.settings import settings_from_options

    catalog = Catalog.open(run.hardware_db)
    flag_settings = settings_from_options(scenario, catalog)
    if source is None and not flag_settings:
        message = "give a scenario file, - for stdin, or flags"
        raise UsageError(message, "carbonctl init lifecycle > my.yaml writes a scenario to edit")
    return load_scenario(source, flag_settings, catalog, raw=raw, phases=phases, root=run.root)


def estimate(command: str, file: str | None, scenario: ScenarioOptions, run: RunOptions) -> None:
    """Estimate the phases of a command, and write the result."""
    form = choose_format(run)
    loaded = load_from_options(file, scenario, run, phases=PHASES_OF[command])
    from carbonctl.app.estimate_scenario import estimate as use_case

    # without a file the period is assumed to be one year
    need_period = command == "lifecycle" and file is not None
    with count_draws(run.samples):
        result = use_case(
            loaded, command, samples=run.samples, seed=run.seed, need_period=need_period
        )
    write_warnings(result.warnings, quiet=run.quiet)
    write_result(result, form, run)


def write_result(result: Result, form: str, run: RunOptions) -> None:
    """Write a result in a format, to stdout or to a file."""
    if form != "table":
        write(result.render(form), form, run.output)
        return
    from carbonctl.report.text.table import render

    draw_table(lambda out: render(result.data, out, verbose=run.verbose, quiet=run.quiet), run)


def write(text: str, form: str, output: str | None) -> None:
    """Write the text of a format to stdout or a file; NDJSON to stdout line by line."""
    if form == "ndjson" and output in (None, "-"):
        for line in text.splitlines(keepends=True):
            write_output(line, None)
        return
    write_output(text, output)


def draw_table(paint: Callable[[Console], None], run: RunOptions) -> None:
    """Draw on the terminal, or without color into a file."""
    draw_on_console(paint, output=run.output, no_color=run.no_color)


def draw_on_console(
    paint: Callable[[Console], None], *, output: str | None, no_color: bool
) -> None:
    """Draw on the terminal, or without color into a file."""
    from carbonctl.report.text.table import make_console

    to_file = output not in (None, "-")
    stream = io.StringIO() if to_file else None
    paint(make_console(stream or sys.stdout, color=not (no_color or to_file)))
    if stream is not None:
        write_output(stream.getvalue(), output)


def write_warnings(problems: Iterable[Problem], *, quiet: bool) -> None:
    """Write warnings to stderr, unless ``quiet``."""
    if not quiet:
        for problem in problems:
            sys.stderr.write(f"{problem.mark or ''}: warning[{problem.code}]: {problem.message}\n")
            if problem.hint:
                sys.stderr.write(f"   hint: {problem.hint}\n")
