"""``carbonctl validate``: every problem of every file, nothing estimated."""

import re
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from carbonctl.cli import options as o
from carbonctl.core.errors import InputError, Problem, UsageError

Kind = Literal["scenario", "policy", "result"]
_POLICY = re.compile(rb"schema[\"']?\s*:\s*[\"']?carbonctl/policy/")


def command(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", help="Scenarios, policies, or - for stdin."),
    ] = None,
    print_schema: Annotated[Kind | None, typer.Option(help="Print the JSON Schema.")] = None,
    hardware_db: o.HardwareDb = None,
    quiet: o.Quiet = False,
) -> None:
    """Check scenarios and policies: keys, units, ranges, names, evidence."""
    if print_schema is not None:
        from carbonctl.report.machine import as_json  # noqa: PLC0415 - for the schema alone

        sys.stdout.write(as_json(_schema(print_schema)))
        return
    if not files:
        message = "give scenario or policy files, or --print-schema KIND"
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
    from carbonctl.scenario.refresh import resolve_refresh  # noqa: PLC0415

    if _is_policy(file):
        from carbonctl.scenario.policy import read  # noqa: PLC0415 - for policies alone

        read(file)
        return
    loaded = scenario, document, catalog = load({"hardware_db": hardware_db}, file)
    if scenario.refresh is not None:
        resolve_refresh(scenario, document, catalog)
        if not any(getattr(scenario, name) is not None for name in PHASES):
            return
    if any(getattr(scenario, name) is not None for name in PHASES) or scenario.embodied is None:
        evaluate(loaded, {"samples": 0, "seed": 0}, PHASES)
    else:
        resolve_item(scenario, document, catalog)


def _is_policy(file: str) -> bool:
    """Whether a file says that it is a policy; one that cannot be read says nothing."""
    path = Path(file)
    try:
        return path.is_file() and bool(_POLICY.search(path.read_bytes()))
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return False
