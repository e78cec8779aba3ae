"""Errors of the program: codes, positions in files, hints, exit codes."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from carbonctl.core.record import value_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

T = TypeVar("T")

EXIT_BUG = 1
EXIT_USAGE = 2
EXIT_INPUT = 3
EXIT_VIOLATED = 4
EXIT_UNDECIDED = 5
EXIT_DATA = 6
EXIT_DIFFERS = 7

CODES: dict[str, str] = {
    "CC001": "the file is not valid YAML",
    "CC002": "the file is not UTF-8 text",
    "CC003": "a key is given twice",
    "CC004": "YAML tags are not supported",
    "CC005": "the file is nested too deeply or is too large",
    "CC006": "YAML aliases expand to too many values",
    "CC007": "the file is empty or is not a mapping",
    "CC008": "the file cannot be read",
    "CC009": "extends forms a cycle",
    "CC010": "extends leaves the folder that it may read from",
    "CC011": "expected a file, got a device, or a pipe that is open at one end only",
    "CC013": "the file is not a scenario but a file of another kind",
    "CC101": "a key is unknown",
    "CC102": "a region or grid zone is unknown",
    "CC103": "an accelerator is unknown",
    "CC104": "a server or instance is unknown",
    "CC105": "a model is unknown",
    "CC106": "a short name matches several devices",
    "CC107": "a part is unknown",
    "CC108": "a source or a result to explain is unknown",
    "CC201": "a value has the wrong type",
    "CC202": "a unit is missing or of the wrong kind",
    "CC203": "a value is outside its physical range",
    "CC204": "a value is not a finite number",
    "CC205": "a range is out of order",
    "CC206": "a required key is missing",
    "CC207": "a value is not one of the choices",
    "CC301": "evidence is given twice",
    "CC302": "no evidence is given",
    "CC303": "two entries contradict each other",
    "CC304": "the work does not fit the hardware",
    "CC305": "the market basis lacks contract data",
    "CC306": "this combination is not estimated yet",
    "CC307": "a value is far outside the known range, or a share is implausible",
    "CC308": "the data of a place are old",
    "CC309": "a rule of allocation has changed since the version of this file",
    "CC401": "hardware_db cannot be read",
    "CC402": "a record of hardware_db is wrong",
    "CC501": "a file has no format that can be imported",
    "CC502": "an imported file is incomplete",
    "CC503": "a power log has a gap",
    "CC504": "the clock of a log runs backward",
    "CC505": "the same work is logged twice",
    "CC506": "a value of an imported file is not a valid number",
    "CC507": "an imported file is too large",
    "CC508": "the architecture of a config.json is unknown",
    "CC509": "the imported files cannot be combined",
    "CC601": "a rule of the gate is violated",
    "CC602": "a rule is undecided: no number, or its 95th percentile is over the limit",
    "CC604": "no rule applies to a scenario, so the gate would pass anything",
    "CC605": "a rule compares with a baseline that is missing or on another basis",
    "CC606": "the metric of a rule is unknown",
    "CC607": "a rule has no condition, or several conditions",
    "CC608": "a rule is given twice, or an exception names no rule",
    "CC610": "the price of carbon is missing, or in another currency",
    "CC611": "a date is not written as in 2027-03-31",
    "CC612": "a saved result was made by another version, so its data may differ",
    "CC613": "a saved result differs from its recomputation, or was not recomputed",
    "CC614": "your own hardware data decide a gate whose policy does not allow them",
    "CC615": "a given number is outside the range of the value that it replaces",
    "CC616": "two scenarios or two baselines have the same name",
    "CC617": "a total is negative",
    "CC701": "the file is not valid JSON",
    "CC702": "the file is not a saved result",
    "CC703": "a saved result is of another schema version",
    "CC704": "two numbers of a saved result contradict each other",
    "CC705": "a saved result cannot be recomputed",
    "CC706": "the format cannot represent this result",
}


class Mark(NamedTuple):
    """A place: a file with line and column (from 1), or a flag such as ``--days``."""

    file: str
    line: int | None = None
    column: int | None = None
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    @classmethod
    def parse(cls, text: str | None) -> Mark | None:
        """The Mark of a text ``file:line:column``; None if the text has no line and column."""
        file, line, column = [*(text or "").rsplit(":", 2), "", ""][:3]
        if not (file and line.isdecimal() and column.isdecimal()):
            return None
        return cls(file, int(line[:9]), int(column[:9]))

    def as_span(self) -> dict[str, Any] | None:
        """File, line, first column and one past the last column; None for a flag."""
        if self.line is None or self.column is None:
            return None
        end = self.column + self.length
        return {"file": self.file, "line": self.line, "column": self.column, "end_column": end}


@value_record
class Problem:
    """One thing that is wrong, where, and what to do about it."""

    code: str
    message: str
    mark: Mark | None = None
    hint: str = ""
    help: str = ""

    def __str__(self) -> str:
        place = f"{self.mark}: " if self.mark else ""
        return f"{place}{self.code} {self.message}" if self.code else f"{place}{self.message}"

    def as_dict(self, exit_code: int) -> dict[str, str | int | None]:
        """The problem as JSON data; file and position are null where it has none."""
        mark = self.mark or Mark("")
        return {
            "code": self.code,
            "level": "error",
            "file": mark.file or None,
            "line": mark.line,
            "column": mark.column,
            "end_column": mark.column + mark.length if mark.column else None,
            "message": self.message,
            "hint": self.hint or None,
            "help": self.help or None,
            "exit_code": exit_code,
        }


class CarbonctlError(Exception):
    """An expected failure: its problems, and the exit code of the command."""

    def __init__(
        self,
        problems: Sequence[Problem],
        sources: dict[str, list[str]] | None = None,
        exit_code: int = EXIT_INPUT,
    ) -> None:
        self.problems, self.exit_code = problems, exit_code
        self.sources = {} if sources is None else sources

    def __str__(self) -> str:
        return "; ".join(map(str, self.problems))


class InputError(CarbonctlError):
    """An error in a file or a value that the user gave. Exit code 3."""


class OutputError(CarbonctlError):
    """A result that cannot be written to stdout or to a file. Exit code 3."""

    def __init__(self, problem: Problem) -> None:
        super().__init__([problem])


class UsageError(CarbonctlError):
    """A bad flag or argument. Exit code 2."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__([Problem("", message, None, hint)], exit_code=EXIT_USAGE)


class DataError(CarbonctlError):
    """The bundled or overlaid hardware_db cannot be read. Exit code 6."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems, exit_code=EXIT_DATA)


class UserDataError(DataError):
    """An impossible value in the user's own folder of hardware data. Exit code 3."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.exit_code = EXIT_INPUT


def collect_or_raise(steps: Iterable[Callable[[], T]]) -> list[T]:
    """The results of all steps; one InputError with the problems of every step that fails."""
    results: list[T] = []
    problems: list[Problem] = []
    sources: dict[str, list[str]] = {}
    for step in steps:
        try:
            results.append(step())
        except InputError as error:
            problems += error.problems
            sources |= error.sources
    if problems:
        raise InputError(sort_problems(problems), sources)
    return results


def sort_problems(problems: Iterable[Problem]) -> list[Problem]:
    """The problems without duplicates, sorted by position in their files."""
    return sorted(dict.fromkeys(problems), key=position_key)


def position_key(problem: Problem) -> tuple[str, int, int]:
    """Sort key of a problem: file, line and column."""
    mark = problem.mark
    return (mark.file, mark.line or 0, mark.column or 0) if mark else ("", 0, 0)


def nearest_names(name: str, choices: Iterable[str], n: int = 3) -> list[str]:
    """Up to ``n`` choices spelled like ``name``, best first, ties in alphabetical order."""
    lowered = {c.lower(): c for c in sorted(choices)}
    return [lowered[m] for m in difflib.get_close_matches(name.lower(), lowered, n, 0.55)]


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """The hint ``did you mean ...?`` with the nearest choices; empty if none is near."""
    return format_did_you_mean(nearest_names(name, choices))


def format_did_you_mean(names: Iterable[str]) -> str:
    """The hint ``did you mean "SE"?`` for some names; empty without a name."""
    shown = " or ".join(f'"{name}"' for name in names)
    return f"did you mean {shown}?" if shown else ""
