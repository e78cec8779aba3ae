"""Records of the inputs of a result: facts, assumptions, formulas, and the user's scenario."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from carbonctl.core.fact import Origin, RangeKind, Tier
from carbonctl.result.scalar import Sha256


class FactRecord(TypedDict):
    """A fact that a number of the result depends on."""

    label: str
    value: float
    unit: str
    low: float | None
    high: float | None
    range_kind: RangeKind | None
    origin: Origin
    source: str
    tier: Tier
    mark: str | None
    note: str | None
    boundary: str | None
    where: str | None


class Assumption(TypedDict):
    """An assumed fact, with its share of the variance of the total."""

    key: str
    label: str
    value: float
    unit: str
    origin: str
    source: str
    note: str | None
    variance_share: float


class DriverRecord(TypedDict):
    """A fact and its share of the variance of the total."""

    key: str
    label: str
    variance_share: float


class Sensitivity(TypedDict):
    """The total at both ends of the range of an assumed fact, all other facts central."""

    key: str
    label: str
    unit: str
    source: str
    low: float
    high: float
    total_at_low_kgco2e: float
    total_at_high_kgco2e: float


class ExpectedError(TypedDict):
    """Error of forecasts on held-out models; null if none of this kind was held out."""

    median_ape: float | None
    p90_ape: float | None
    architecture: NotRequired[
        Annotated[str | None, Field(description="kind of model, or method, that was held out")]
    ]
    source: str
    note: str | None


class FormulaCard(TypedDict):
    """A formula that a number of the result was computed by."""

    unit: str
    equation: str
    source: str


class ReplacedFact(TypedDict):
    """A fact of hardware_db that a number of the user overrides."""

    key: str
    label: str
    value: float
    low: float | None
    high: float | None
    unit: str
    origin: str
    source: str
    falls: Annotated[bool, Field(description="whether more of it means less carbon")]


class FlagGiven(TypedDict):
    """A value of the scenario that comes from a flag."""

    path: list[str | int]
    flag: str


class ReplacedByFlag(TypedDict):
    """A value of the file that a flag replaced."""

    path: str
    flag: str
    before: Annotated[Any, Field(description="what the file says there")]


class Inputs(TypedDict):
    """The user's scenario, complete enough to recompute the result."""

    source: Literal["user"]
    files: list[str]
    sha256: Sha256
    flags: list[FlagGiven]
    replaced_by_flags: NotRequired[list[ReplacedByFlag]]
    scenario: dict[str, Any]
    replaced: NotRequired[dict[str, ReplacedFact]]
