"""``carbonctl validate``: every problem of every file, nothing estimated."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from carbonctl.cli import options as o
from carbonctl.cli.progress import steps
from carbonctl.cli.run import check_format, warn
from carbonctl.core.errors import InputError, Problem, UsageError

Kind = Literal["scenario"]


def command(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="Scenarios, or - for stdin.")
    ] = None,
    print_schema: Annotated[Kind | None, typer.Option(help="Print the JSON Schema.")] = None,
    format: Annotated[str, typer.Option("-f", "--format", help="table, json or github.")] = "table",
    hardware_db: o.HardwareDb = None,
    quiet: o.Quiet = False,
) -> None:
    """Check scenarios (keys, units, names, evidence) and the emissions of model cards (.md)."""
    if print_schema is not None:
        from carbonctl.report.machine import as_json  # noqa: PLC0415 - for the schema alone
        from carbonctl.scenario.schema import json_schema  # noqa: PLC0415

        sys.stdout.write(as_json(json_schema()))
        return
    if not files:
        message = "give scenario files, or --print-schema scenario"
        raise UsageError(message)
    check_format(format, ("table", "json", "github"))
    warnings = _validate(files, hardware_db, say=format == "table" and not quiet)
    warn(warnings, {"quiet": quiet})
    if format == "json":
        from carbonctl.report.machine import as_json  # noqa: PLC0415 - only the one asked for

        said = [problem.as_dict(0) | {"level": "warning"} for problem in warnings]
        sys.stdout.write(as_json({"schema_version": "1.0", "errors": [], "warnings": said}))
    elif format == "github":
        from carbonctl.report.errors import as_github  # noqa: PLC0415 - only the one asked for

        sys.stdout.write(as_github(warnings, "warning"))


def _validate(files: list[str], hardware_db: str | None, *, say: bool) -> list[Problem]:
    """Warnings of all files, or one error with every problem of every file."""
    warnings: list[Problem] = []
    problems: list[Problem] = []
    sources: dict[str, list[str]] = {}
    for file in files if say and sys.stdout.isatty() else steps(files, "validate"):
        try:
            warnings += _check(file, hardware_db)
        except InputError as error:
            problems += error.problems
            sources |= error.sources
        else:
            if say:
                sys.stdout.write(f"{file}: valid\n")
    if problems:
        raise InputError(problems, sources)
    return warnings


def _check(file: str, hardware_db: str | None) -> list[Problem]:
    """Read, resolve and run one scenario of either kind, without draws; its warnings."""
    from carbonctl.cli.run import PHASES, evaluate, load  # noqa: PLC0415 - after good flags

    if file.endswith(".md"):
        from carbonctl.catalog.read import Catalog  # noqa: PLC0415 - for cards alone
        from carbonctl.imports.model_card import check  # noqa: PLC0415

        return check(Path(file), Catalog.open(hardware_db))
    from carbonctl.scenario.item import resolve_item  # noqa: PLC0415

    loaded = scenario, document, catalog = load({"hardware_db": hardware_db}, file)
    if any(getattr(scenario, name) is not None for name in PHASES) or scenario.embodied is None:
        return evaluate(loaded, {"samples": 0, "seed": 0}, PHASES)[0].warnings
    return resolve_item(scenario, document, catalog).warnings
