"""``carbonctl validate``: every problem of every file, nothing estimated."""

import sys
from typing import Annotated, Any, Literal

import typer

from carbonctl.cli import options as o
from carbonctl.core.errors import InputError, Problem, UsageError

Kind = Literal["scenario", "result"]


def command(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="Scenarios, or - for stdin.")
    ] = None,
    print_schema: Annotated[Kind | None, typer.Option(help="Print the JSON Schema.")] = None,
    hardware_db: o.HardwareDb = None,
    quiet: o.Quiet = False,
) -> None:
    """Check scenarios: keys, units, ranges, names, evidence."""
    if print_schema is not None:
        from carbonctl.report.machine import as_json  # noqa: PLC0415 - for the schema alone

        sys.stdout.write(as_json(_schema(print_schema)))
        return
    if not files:
        message = "give scenario files, or --print-schema KIND"
        raise UsageError(message)
    _validate(files, hardware_db, quiet=quiet)


def _schema(kind: Kind) -> dict[str, Any]:
    if kind == "result":
        from carbonctl.report.saved import schema  # noqa: PLC0415 - for the schema alone

        return schema()
    from carbonctl.scenario.schema import json_schema  # noqa: PLC0415

    return json_schema()


def _validate(files: list[str], hardware_db: str | None, *, quiet: bool) -> None:
    problems: list[Problem] = []
    sources: dict[str, list[str]] = {}
    for file in files:
        try:
            _check(file, hardware_db)
        except InputError as error:
            problems += error.problems
            sources |= error.sources
        else:
            if not quiet:
                sys.stdout.write(f"{file}: valid\n")
    if problems:
        raise InputError(problems, sources)


def _check(file: str, hardware_db: str | None) -> None:
    """Read, resolve and run one scenario of either kind, without draws."""
    from carbonctl.cli.run import PHASES, evaluate, load  # noqa: PLC0415 - after good flags
    from carbonctl.scenario.item import resolve_item  # noqa: PLC0415

    loaded = scenario, document, catalog = load({"hardware_db": hardware_db}, file)
    if any(getattr(scenario, name) is not None for name in PHASES) or scenario.embodied is None:
        evaluate(loaded, {"samples": 0, "seed": 0}, PHASES)
    else:
        resolve_item(scenario, document, catalog)
