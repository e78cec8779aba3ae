"""Record of the result of ``diff``: two results, and the contribution of each change."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from carbonctl.result.estimate import Tool
from carbonctl.result.problem import Place
from carbonctl.result.scalar import Provenance, SchemaVersion, Whole


class DiffSide(TypedDict):
    """One of the two files, and the versions that made its result."""

    name: str
    title: NotRequired[str]
    file: str
    kind: Literal["scenario", "result"]
    tool_version: str
    data_version: str
    inputs_sha256: str


class DiffTotal(TypedDict):
    """Both totals and their difference with its interval."""

    base_kgco2e: float
    head_kgco2e: float
    difference_kgco2e: float
    formula: NotRequired[str]
    p05: float | None
    p50: float | None
    p95: float | None


class ChangeRecord(TypedDict):
    """One change and its contribution to the difference."""

    kind: Literal["input", "data", "tool"]
    key: str
    label: str
    unit: str | None
    base: Any
    head: Any
    contribution_kgco2e: float
    share: float | None
    source: str | None
    where: Place | None


class DiffLine(TypedDict):
    """A line of the breakdown in both results; null if one has none."""

    id: str
    label: str
    base_kgco2e: float | None
    head_kgco2e: float | None
    difference_kgco2e: float


class DiffResult(TypedDict):
    """Two results and every change between them."""

    schema_version: SchemaVersion
    command: Literal["diff"]
    tool: Tool
    base: DiffSide
    head: DiffSide
    accounting: str
    samples: Whole
    seed: Whole
    method: str
    total: DiffTotal
    changes: list[ChangeRecord]
    breakdown: list[DiffLine]
    provenance: NotRequired[Provenance]
