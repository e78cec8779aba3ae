"""Record of the result of ``verify`` on a saved result: differences after recomputing it."""

from typing import Any, Literal

from typing_extensions import TypedDict

from carbonctl.result.estimate import Tool
from carbonctl.result.scalar import SchemaVersion, Whole

Agreement = Literal["same", "differs"]


class ValueDifference(TypedDict):
    """A value that differs: as saved, and as recomputed."""

    path: str
    kind: Literal["total", "data", "number", "text"]
    saved: Any
    now: Any
    relative: float | None


class VerifiedResult(TypedDict):
    """One recomputed result of the file."""

    name: str
    command: str
    tool_version: str
    data_version: str
    status: Agreement
    compared: Whole
    differences: list[ValueDifference]


class VerifyResult(TypedDict):
    """A recomputed saved file."""

    schema_version: SchemaVersion
    command: Literal["verify"]
    tool: Tool
    file: str
    status: Agreement
    tolerance: float
    results: list[VerifiedResult]
