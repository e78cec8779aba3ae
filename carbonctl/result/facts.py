"""What the numbers of a result rest on: facts, assumptions, formulas, what the user gave."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from carbonctl.core.fact import Origin, RangeKind, Tier
from carbonctl.result.scalar import Sha256


class FactRecord(TypedDict):
    """A fact that some number of the result rests on."""

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
    """What the user did not say, with its share of the variance of the total."""

    key: str
    label: str
    value: float
    unit: str
    origin: str
    source: str
    note: str | None
    variance_share: float


class DriverRecord(TypedDict):
    """A fact that the total follows, by its share of the variance."""

    key: str
    label: str
    variance_share: float


class Sensitivity(TypedDict):
    """The total at both ends of an assumed range that decides, all else central."""

    key: str
    label: str
    unit: str
    source: str
    low: float
    high: float
    total_at_low_kgco2e: float
    total_at_high_kgco2e: float


class ExpectedError(TypedDict):
    """By how much models not seen by the fit were missed; null where none was held out."""

    median_ape: float | None
    p90_ape: float | None
    architecture: NotRequired[
        Annotated[str | None, Field(description="kind of model, or method, that was held out")]
    ]
    source: str
    note: str | None


class FormulaCard(TypedDict):
    """A formula that a number of the result was made by."""

    unit: str
    equation: str
    source: str


class ReplacedFact(TypedDict):
    """A fact of hardware_db that a given number stands in for."""

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
    """A value of the scenario that a flag gave."""

    path: list[str | int]
    flag: str


class ReplacedByFlag(TypedDict):
    """A value of the file that a flag replaced."""

    path: str
    flag: str
    before: Annotated[Any, Field(description="what the file says there")]


class Inputs(TypedDict):
    """What the user gave: enough to compute the result again."""

    source: Literal["user"]
    files: list[str]
    sha256: Sha256
    flags: list[FlagGiven]
    replaced_by_flags: NotRequired[list[ReplacedByFlag]]
    scenario: dict[str, Any]
    replaced: NotRequired[dict[str, ReplacedFact]]
