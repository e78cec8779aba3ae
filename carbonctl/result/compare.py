"""Record of the result of ``compare``: scenarios side by side."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from carbonctl.result.estimate import Tool
from carbonctl.result.node import Line, Metric, Percentiles, Total
from carbonctl.result.scalar import Provenance, SchemaVersion, Whole


class DifferenceToFirst(Percentiles):
    """Difference of a number to that of the first scenario, with its interval on common draws."""

    value: float | None


class DifferenceToLeast(Percentiles):
    """Difference of a total to that of the least scenario, with its interval on common draws."""

    value: float


class ComparedRow(TypedDict):
    """One kind of line with its value in each scenario; null if a scenario has none."""

    kind: str
    label: str
    unit: str
    values: list[float | None]
    differences: list[DifferenceToFirst]


class ComparedScenario(TypedDict):
    """One scenario of a comparison."""

    name: str
    title: str
    period_hours: float
    not_estimated: dict[str, str]
    less_than_first: float
    above_least: NotRequired[DifferenceToLeast]
    total: NotRequired[Total]
    breakdown: NotRequired[list[Line]]
    energy: NotRequired[dict[str, Metric]]


class TurningPoint(TypedDict):
    """The value of a fact at which both totals are equal, and its present value."""

    key: NotRequired[str]
    label: NotRequired[str]
    now: NotRequired[float]
    value: NotRequired[float]
    unit: NotRequired[str]


class DifferingInput(TypedDict):
    """A fact that differs between the first two scenarios; null if one has none."""

    label: str
    unit: str
    a: float | None
    b: float | None


class CompareResult(TypedDict):
    """Scenarios side by side, on one basis and with common draws."""

    schema_version: SchemaVersion
    command: Literal["compare"]
    tool: Tool
    accounting: str
    samples: Whole
    seed: Whole
    scenarios: list[ComparedScenario]
    breakdown: list[ComparedRow]
    total: ComparedRow
    turning_point: TurningPoint | None
    inputs_that_differ: list[DifferingInput]
    provenance: NotRequired[Provenance]
