"""``carbonctl validate``: every problem of every file, nothing estimated."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.progress import steps
from carbonctl.cli.run import warn
from carbonctl.core.errors import InputError, Problem, UsageError, gathered
from carbonctl.core.files import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from carbonctl.cli.run import Loaded

Kind = Literal["scenario", "policy", "result"]


def command(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE]...", help="Scenarios, policies, saved results, or - for stdin."
        ),
    ] = None,
    print_schema: Annotated[Kind | None, typer.Option(help="Print the JSON Schema.")] = None,
    format: Annotated[o.Text, typer.Option("-f", "--format", help="table, json or github.")] = None,
    json: o.Json = False,
    hardware_db: o.HardwareDb = None,
    root: o.Root = None,
    quiet: o.Quiet = False,
) -> None:
    """Check scenarios, policies, saved results (schema, sums) and emissions of model cards."""
    if print_schema is not None:
        from carbonctl.report.machine import as_json  # noqa: PLC0415 - for the schema alone

        sys.stdout.write(as_json(_schema(print_schema)))
        return
    if not files:
        message = "give scenario or policy files, or --print-schema KIND"
        raise UsageError(message)
    form = choose_format({"format": format, "json": json}, ("table", "json", "github"))
    flags = {"hardware_db": hardware_db, "root": root}
    warnings = _validate(files, flags, say=form == "table" and not quiet)
    warn(warnings, {"quiet": quiet})
    said = [problem.as_dict(0) | {"level": "warning"} for problem in warnings]
    if form == "json":
        from carbonctl.report.machine import as_json  # noqa: PLC0415 - only the one asked for

        sys.stdout.write(as_json({"schema_version": "1.0", "errors": [], "warnings": said}))
    elif form == "github":
        from carbonctl.report.github import errors_as_github  # noqa: PLC0415

        sys.stdout.write(errors_as_github(said))


def _schema(kind: Kind) -> dict[str, Any]:
    if kind == "result":
        from carbonctl.report.saved import schema  # noqa: PLC0415 - for the schema alone

        return schema()
    from carbonctl.gate import policy_schema  # noqa: PLC0415
    from carbonctl.scenario import schema as scenario_schema  # noqa: PLC0415

    if kind == "policy":
        return policy_schema.json_schema()
    return scenario_schema.json_schema()


def _validate(files: list[str], flags: dict[str, Any], *, say: bool) -> list[Problem]:
    """Warnings of all files, or one error with every problem of every file."""
    warnings: list[Problem] = []
    problems: list[Problem] = []
    sources: dict[str, list[str]] = {}
    for file in files if say and sys.stdout.isatty() else steps(files, "validate"):
        try:
            warnings += _check(file, flags)
        except InputError as error:
            problems += error.problems
            sources |= error.sources
        else:
            if say:
                sys.stdout.write(f"{file}: valid\n")
    if problems:
        raise InputError(problems, sources)
    return warnings


def _check(file: str, flags: dict[str, Any]) -> list[Problem]:
    """Read a file as what it is and check it, a scenario without draws; its warnings."""
    from carbonctl.cli.kinds import POLICY, is_card  # noqa: PLC0415 - after good flags
    from carbonctl.cli.run import load  # noqa: PLC0415
    from carbonctl.report import saved  # noqa: PLC0415

    raw = saved.raw_of(file)
    if file.endswith(".md") or is_card(raw):
        from carbonctl.catalog.read import Catalog  # noqa: PLC0415 - for cards alone
        from carbonctl.imports.model_card import check  # noqa: PLC0415

        return check(Path(name_of(file)), Catalog.open(flags["hardware_db"]), raw)
    if POLICY.search(raw):
        from carbonctl.gate.policy import read  # noqa: PLC0415 - for policies alone

        read(name_of(file), raw)
        return []
    if saved.is_result(raw):
        saved.parse(raw, name_of(file))
        return []
    checks = _checks(load(flags, file, raw))
    return [warning for warnings in gathered(checks) for warning in warnings]


def _checks(loaded: "Loaded") -> "Iterator[Callable[[], list[Problem]]]":
    """A scenario as what it is: a replacement, a life, or else whole hardware."""
    from carbonctl.cli.run import PHASES, evaluate  # noqa: PLC0415 - after good flags
    from carbonctl.scenario.item import resolve_item  # noqa: PLC0415
    from carbonctl.scenario.refresh import resolve_refresh  # noqa: PLC0415

    scenario = loaded[0]
    if scenario.refresh is not None:
        yield lambda: resolve_refresh(*loaded).warnings
    lives = any(getattr(scenario, name) is not None for name in PHASES)
    if lives or (scenario.refresh is None and scenario.embodied is None):
        yield lambda: evaluate(loaded, {"samples": 0, "seed": 0}, PHASES)[0].warnings
    elif scenario.refresh is None:
        yield lambda: resolve_item(*loaded).warnings
