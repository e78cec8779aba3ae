"""The policy file: every key it may have. What keys mean together is checked in ``policy``."""

from typing import Any, Literal

from pydantic import Field

from carbonctl.scenario.sections import OnUncertain, Statistic, Strict

Level = Literal["error", "warn"]
Accounting = Literal["location", "market"]
TierName = Literal["measured", "published", "modeled", "proxy"]
Covered = Literal[
    "data", "experiments", "train", "infer", "embodied", "manufacturing", "construction",
    "transport", "end_of_life", "water", "market",
]  # fmt: skip


class Defaults(Strict):
    """What holds for every rule that does not say otherwise."""

    level: Level = "error"
    statistic: Statistic = "value"
    accounting: Accounting = "location"
    on_uncertain: OnUncertain = "warn"
    baseline: Literal["required", "optional"] = "required"


class Entry(Strict):
    """One rule: a metric with its limit, or what must be covered, or tiers that are refused."""

    id: str = Field(pattern=r"^[A-Za-z0-9][\w.-]{0,63}$")
    metric: str | None = None
    max: Any = None
    max_probability: Any = None
    max_increase: Any = None
    min_delta: Any = None
    require: list[Covered] | None = None
    forbid_tier: list[TierName] | None = None
    above_share: Any = None
    level: Level | None = None
    statistic: Statistic | None = None
    accounting: Accounting | None = None
    on_uncertain: OnUncertain | None = None
    baseline: Literal["required", "optional"] | None = None
    scenarios: list[str] | None = None


class ExceptionEntry(Strict):
    """A rule that some scenario may break for a while, and why."""

    rule: str
    scenario: str = "*"
    until: str
    reason: str
    approved_by: str | None = None


class PolicyFile(Strict):
    """A whole policy."""

    version: Literal["carbonctl/policy/v1"] = Field(alias="schema")
    defaults: Defaults = Defaults()
    carbon_price: Any = None
    rules: list[Entry]
    exceptions: list[ExceptionEntry] = Field(default_factory=list)


def json_schema() -> dict[str, Any]:
    """JSON Schema of a policy file, for editors."""
    schema = PolicyFile.model_json_schema(by_alias=True)
    limits = {"max", "max_probability", "max_increase", "min_delta", "above_share"}
    entry = schema["$defs"]["Entry"]["properties"]
    for name in limits:
        entry[name] = {"type": ["string", "number"], "description": "a quantity with its unit"}
    schema["properties"]["carbon_price"] = {"type": "string", "examples": ["100 EUR/t"]}
    return schema
