"""Records of the verdict of a gate: result of each rule, its drivers, and positions."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from carbonctl.result.problem import Place
from carbonctl.result.scalar import GateExitCode, Whole

Side = Literal["head", "baseline"]


class PolicyFile(TypedDict):
    """The policy that was applied."""

    file: NotRequired[str]
    sha256: NotRequired[str]


class BaselineFile(TypedDict):
    """The baseline, and the versions that made it."""

    file: NotRequired[str]
    tool_version: NotRequired[str]
    data_version: NotRequired[str]


class RuleFinding(TypedDict):
    """A name in a rule, and why the rule is not satisfied for it."""

    name: str
    reason: str


class Contributor(TypedDict):
    """A part of the number of a rule, with the input that affects it most."""

    id: str
    label: str
    value: float
    unit: str
    share: float | None
    baseline: float | None
    input: str | None
    where: Place | None


class ChangedFact(TypedDict):
    """A fact that differs from the baseline, and its effect on the number of the rule."""

    key: str
    label: str
    unit: str
    baseline: float | None
    value: float
    effect: float | None
    where: Place | None


class RuleException(TypedDict):
    """An accepted violation: reason, expiry date, and who approved it."""

    reason: NotRequired[str]
    until: NotRequired[str]
    approved_by: NotRequired[str | None]
    expired: NotRequired[bool]
    where: NotRequired[Place | None]


class RulePlaces(TypedDict):
    """Positions of the input or phase in the scenario, and of the rule in the policy."""

    scenario: Place | None
    policy: Place | None


class RuleVerdict(TypedDict):
    """Verdict of one rule on one result; numbers in the unit of the rule."""

    id: str
    kind: str
    level: Literal["error", "warn"]
    status: Literal["pass", "warn", "fail", "uncertain", "excepted", "skipped"]
    exit_code: GateExitCode
    file: str
    scenario: str
    metric: str | None
    label: NotRequired[str | None]
    unit: str | None
    statistic: NotRequired[str | None]
    accounting: NotRequired[str]
    limit: float | None
    observed: float | None
    margin: NotRequired[float | None]
    margin_share: NotRequired[float | None]
    threshold: NotRequired[float | None]
    baseline: NotRequired[float | None]
    increase: NotRequired[float | None]
    increase_share: NotRequired[float | None]
    min_delta: NotRequired[float | None]
    probability: NotRequired[float | None]
    p05: NotRequired[float | None]
    p50: NotRequired[float | None]
    p95: NotRequired[float | None]
    message: str | None
    reason: str | None
    findings: NotRequired[list[RuleFinding]]
    contributors: NotRequired[list[Contributor]]
    changes: NotRequired[list[ChangedFact]]
    exception: RuleException | None
    input: NotRequired[str | None]
    where: RulePlaces
    own_budget: NotRequired[bool]


class Refused(TypedDict):
    """Data that the policy does not allow, such as the user's own hardware data."""

    code: str
    file: str
    scenario: str
    message: str
    hint: NotRequired[str | None]
    folder: str | None
    facts: list[str]
    where: Place | None


class SavedStatus(TypedDict):
    """A recomputed saved result: whether it agrees, and the versions that made it."""

    side: Side
    file: str
    scenario: str
    status: Literal["agrees", "other version", "part", "trusted", "refused"]
    tool_version: str
    data_version: str
    saved_kgco2e: float
    recomputed_kgco2e: float | None


class OverlayUsed(TypedDict):
    """A folder of the user's own hardware data, and the facts that come from it."""

    side: Side
    file: str
    folder: str | None
    facts: list[str]


class ChangedInput(TypedDict):
    """An input with another value than in the baseline."""

    file: str
    scenario: str
    path: str
    baseline: Annotated[Any, Field(description="value in the baseline; null if none")]
    value: Annotated[Any, Field(description="value in the result; null if none")]
    where: Place | None


class GateVerdict(TypedDict):
    """Verdict of all rules on all files."""

    status: Literal["pass", "warn", "uncertain", "fail"]
    exit_code: GateExitCode
    policy: NotRequired[PolicyFile | None]
    baseline: NotRequired[BaselineFile | None]
    today: NotRequired[str | None]
    counts: dict[str, Whole]
    unapplied: NotRequired[list[str]]
    rules: list[RuleVerdict]
    notes: NotRequired[list[str]]
    refused: NotRequired[list[Refused]]
    saved: NotRequired[list[SavedStatus]]
    overlays: NotRequired[list[OverlayUsed]]
    changed_inputs: NotRequired[list[ChangedInput]]
