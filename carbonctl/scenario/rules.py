"""What a gate holds a result against: rules and exceptions, from a policy or a budget."""

from __future__ import annotations

from dataclasses import field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

from carbonctl.core.naming import unit_of
from carbonctl.core.record import compared

if TYPE_CHECKING:
    from datetime import date

    from carbonctl.core.errors import Mark
    from carbonctl.core.strict_yaml import Document
    from carbonctl.scenario.limits import Price
    from carbonctl.scenario.schema import Scenario

Kind = Literal["max", "max_increase", "max_probability", "require", "forbid_tier"]


@compared
class Rule:
    """One limit, or one demand, in canonical units."""

    id: str
    kind: Kind
    level: str = "error"
    metric: str = ""
    unit: str = ""
    limit: float = 0.0
    relative: bool = False
    min_delta: float = 0.0
    probability: float | None = None
    names: tuple[str, ...] = ()
    above_share: float = 0.0
    statistic: str = "value"
    accounting: str = "location"
    on_uncertain: str = "warn"
    baseline_optional: bool = False
    scenarios: tuple[str, ...] = ("*",)
    price: Price | None = None
    where: Mark | None = None
    named_at: Mark | None = None  # where the metric is named

    def applies(self, scenario: str) -> bool:
        """Whether the rule is about a scenario of this name."""
        return any(fnmatchcase(scenario, pattern) for pattern in self.scenarios)


@compared
class Excuse:
    """An exception: which rule, for whom, until when, why."""

    rule: str
    scenario: str
    until: date
    reason: str
    approved_by: str | None = None
    where: Mark | None = None

    def covers(self, rule: Rule, scenario: str) -> bool:
        """Whether it is about this rule for a scenario of this name."""
        return self.rule == rule.id and fnmatchcase(scenario, self.scenario)


@compared
class Policy:
    """Rules and exceptions of one file."""

    file: str
    sha256: str
    rules: tuple[Rule, ...]
    excuses: tuple[Excuse, ...]
    accounting: str = "location"
    sources: dict[str, list[str]] = field(default_factory=dict)


def budget_rules(scenario: Scenario, document: Document, names: dict[str, str]) -> tuple[Rule, ...]:
    """The inline budget of a scenario as rules; ``names`` maps its keys to metrics."""
    budget = scenario.budget
    if budget is None:
        return ()
    return tuple(
        Rule(
            f"budget.{key}",
            "max",
            metric=metric,
            unit=unit_of(metric),
            limit=given.value,
            statistic=budget.statistic,
            accounting=scenario.accounting,
            on_uncertain=budget.on_uncertain,
            where=document.mark(("budget", key)),
        )
        for key, metric in names.items()
        if (given := getattr(budget, key)) is not None
    )
