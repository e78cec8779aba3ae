"""Validate files: all problems of all files, without an estimate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from carbonctl.app.load import load_scenario
from carbonctl.app.outcome import Outcome
from carbonctl.core.errors import InputError, Problem, collect_or_raise
from carbonctl.core.files import display_name
from carbonctl.core.phase_names import PHASES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from carbonctl.app.load import Scenario

Kind = Literal["scenario", "policy", "result"]


class Validation(Outcome):
    """The warnings of valid files."""

    def __init__(self, warnings: Sequence[Problem]) -> None:
        records = [problem.as_dict(0) | {"level": "warning"} for problem in warnings]
        super().__init__({"schema_version": "1.0", "errors": [], "warnings": records}, warnings)

    def render(self, form: str) -> str:
        """The text of a format other than ``table``; empty for ``table``."""
        if form == "json":
            return self.to_json()
        from carbonctl.report.ci.github import errors_as_github

        return errors_as_github(self.data["warnings"]) if form == "github" else ""

    def to_markdown(self) -> str:
        """The warnings as a list."""
        return "".join(f"- {one['code']}: {one['message']}\n" for one in self.data["warnings"])

    def __repr__(self) -> str:
        count = len(self.warnings)
        return f"valid, {count or 'no'} warning{'' if count == 1 else 's'}"


def json_schema(kind: Kind) -> Outcome:
    """The JSON Schema of a kind of file, as an Outcome."""
    return Outcome(_schema(kind))


def _schema(kind: Kind) -> dict[str, Any]:
    if kind == "result":
        from carbonctl.result.schema import json_schema

        return json_schema()
    from carbonctl.gate import policy_schema
    from carbonctl.scenario.schema import scenario_file as scenario_schema

    if kind == "policy":
        return policy_schema.json_schema()
    return scenario_schema.json_schema()


def validate_files(
    files: Iterable[str],
    hardware_db: str | None = None,
    root: str | None = None,
    on_valid: Callable[[str], object] | None = None,
) -> Validation:
    """Warnings of all files; one InputError with all problems of all files.

    ``on_valid`` is called with a line of text for each valid file.
    """
    warnings: list[Problem] = []
    problems: list[Problem] = []
    sources: dict[str, list[str]] = {}
    for file in files:
        try:
            warnings += validate_file(file, hardware_db=hardware_db, root=root)
        except InputError as error:
            problems += error.problems
            sources |= error.sources
        else:
            if on_valid is not None:
                on_valid(f"{file}: valid\n")
    if problems:
        raise InputError(problems, sources)
    return Validation(warnings)


def validate_file(file: str, *, hardware_db: str | None, root: str | None) -> list[Problem]:
    """Warnings of one file of any kind; InputError with its problems."""
    from carbonctl.app.file_kind import POLICY, is_model_card
    from carbonctl.catalog.read import Catalog
    from carbonctl.report import saved

    raw = saved.read_bytes(file)
    if file.endswith(".md") or is_model_card(raw):
        from carbonctl.imports.model_card import check_model_card

        return check_model_card(Path(display_name(file)), Catalog.open(hardware_db), raw)
    if POLICY.search(raw):
        from carbonctl.gate.policy import read

        read(display_name(file), raw)
        return []
    if saved.is_result(raw):
        saved.parse_result(raw, display_name(file))
        return []
    return validate_scenario(load_scenario(file, (), Catalog.open(hardware_db), raw=raw, root=root))


def validate_scenario(scenario: Scenario) -> list[Problem]:
    """Warnings of a scenario; InputError with all its problems."""
    return [
        warning for warnings in collect_or_raise(_check_steps(scenario)) for warning in warnings
    ]


def _check_steps(scenario: Scenario) -> Iterator[Callable[[], list[Problem]]]:
    """Checks of a scenario by its kind: replacement, phases, or whole hardware."""
    from carbonctl.app.estimate_scenario import evaluate
    from carbonctl.app.plan_hardware import plan_item, plan_refresh

    sections = scenario.sections
    if sections.refresh is not None:
        yield lambda: plan_refresh(*scenario).warnings
    if scenario.has_phases or (sections.refresh is None and sections.embodied is None):
        yield lambda: evaluate(scenario, PHASES, samples=0, seed=0)[0].warnings
    elif sections.refresh is None:
        yield lambda: plan_item(*scenario).warnings
