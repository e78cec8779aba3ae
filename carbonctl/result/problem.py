"""Errors and warnings of a command, and places in files."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from carbonctl.result.scalar import Whole


class Place(TypedDict):
    """A place in a file, columns from the first to behind the last."""

    file: str
    line: Whole | None
    column: Whole | None
    end_column: Whole | None


class ProblemRecord(TypedDict):
    """What is wrong, where, and what to do; null where there is no such place."""

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
    """The problems of a command that made no result."""

    schema_version: str
    errors: list[ProblemRecord]
    warnings: NotRequired[list[ProblemRecord]]
