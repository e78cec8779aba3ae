"""The result of ``verify`` on a saved result: what is the same when it is computed again."""

from typing import Any, Literal

from typing_extensions import TypedDict

from carbonctl.result.estimate import Tool
from carbonctl.result.scalar import SchemaVersion, Whole

Agreement = Literal["same", "differs"]


class ValueDifference(TypedDict):
    """A value that differs, as it was saved and as it is computed now."""

    path: str
    kind: Literal["total", "data", "number", "text"]
    saved: Any
    now: Any
    relative: float | None


class VerifiedResult(TypedDict):
    """One result of the file computed again."""

    name: str
    command: str
    tool_version: str
    data_version: str
    status: Agreement
    compared: Whole
    differences: list[ValueDifference]


class VerifyResult(TypedDict):
    """A saved file computed again."""

    schema_version: SchemaVersion
    command: Literal["verify"]
    tool: Tool
    file: str
    status: Agreement
    tolerance: float
    results: list[VerifiedResult]
