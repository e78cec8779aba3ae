"""Records of errors and warnings, and of places in files."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from carbonctl.result.scalar import Whole


class Place(TypedDict):
    """A place in a file: line, first column and one past the last column."""

    file: str
    line: Whole | None
    column: Whole | None
    end_column: Whole | None


class ProblemRecord(TypedDict):
    """A problem: what is wrong, where, and what to do; null if there is no place in a file."""

    code: str
    level: Literal["error", "warning"]
    file: str | None
    line: Whole | None
    column: Whole | None
    end_column: Whole | None
    message: str
    hint: str | None
    help: str | None
    exit_code: Whole


class ErrorsResult(TypedDict):
    """The problems of a command that failed."""

    schema_version: str
    errors: list[ProblemRecord]
    warnings: NotRequired[list[ProblemRecord]]
