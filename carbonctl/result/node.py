"""Records of numbers of a result: value, interval, formula and inputs."""

from typing import Literal

from typing_extensions import TypedDict

from carbonctl.core.fact import Tier
from carbonctl.result.scalar import Unit


class Percentiles(TypedDict):
    """The 90 % interval of a number with its median; all null without draws."""

    p05: float | None
    p50: float | None
    p95: float | None


class Metric(Percentiles):
    """A named number, in the unit that its name ends in."""

    value: float
    unit: str
    formula: str | None
    source_ids: list[str]


class MetricOrNull(Percentiles):
    """A metric that is null if it is never reached, such as a time to break even."""

    value: float | None
    unit: str
    formula: str | None
    source_ids: list[str]


class NamedNumber(Percentiles):
    """A number with its id, label, formula, ids of the formula's inputs, and sources."""

    id: str
    label: str
    formula: str | None
    inputs: list[str]
    source_ids: list[str]


class Node(NamedNumber):
    """A mass of CO2e; null if it is not estimated."""

    unit: Unit
    value: float | None
    tier: Tier | None
    assumed: bool | None


class Total(NamedNumber):
    """A sum of lines with its interval."""

    unit: Unit
    value: float
    tier: Tier | None
    assumed: bool | None


class ChoiceLine(Total):
    """One line of the choice to keep, or to replace."""

    kind: str


class BreakEven(NamedNumber):
    """Years until replacing has emitted less than keeping; null if it never does."""

    unit: Literal["y"]
    value: float | None
    tier: Tier | None
    assumed: bool | None
    within_horizon_share: float | None


class Comparator(TypedDict):
    """The same number from another source, and the relative gap to it."""

    label: str
    kgco2e: float
    gap: float
    source: str
    note: str | None


class Line(NamedNumber):
    """One line of a breakdown with the lines that add up to it."""

    unit: Unit
    value: float
    tier: Tier
    assumed: bool
    share: float | None
    kind: str
    boundary: str
    evidence: str
    comparators: list[Comparator]
    children: "list[Line]"
