"""What a gate holds a result against: rules and exceptions, from a policy or a budget."""

from __future__ import annotations

from dataclasses import field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from carbonctl.core.metrics import COST, TOTAL
from carbonctl.core.naming import unit_of
from carbonctl.core.record import value_record

if TYPE_CHECKING:
    from datetime import date

    from carbonctl.core.errors import Mark
    from carbonctl.core.strict_yaml import Document
    from carbonctl.gate.limits import Price
    from carbonctl.scenario.schema.scenario_file import Scenario

Kind = Literal[
    "max",
    "max_increase",
    "max_probability",
    "require",
    "forbid_tier",
    "forbid_warnings",
    "require_source",
    "max_given_without_source",
]
# how far a rule binds: a limit that blocks, another rule that blocks, one that only warns
LIMITS, BLOCKS, WARNS = 2, 1, 0


class Limit(NamedTuple):
    """A limit on a metric of one basis, as its value times a price [unit of the rule]."""

    accounting: str
    metric: str
    price: float
    limit: float


@value_record
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
    statistic: str = "p50"  # a percentile of the draws, or "value": the central one
    accounting: str = "location"
    on_uncertain: str = "warn"
    baseline_optional: bool = False
    scenarios: tuple[str, ...] = ("*",)
    price: Price | None = None
    where: Mark | None = None
    named_at: Mark | None = None  # where the metric is named

    own_budget: bool = False  # of the scenario's budget, and no rule of the policy

    def applies(self, *scenarios: str) -> bool:
        """Whether the rule is about a scenario of one of these names."""
        return any(fnmatchcase(name, pattern) for name in scenarios for pattern in self.scenarios)

    @property
    def draw_limit(self) -> Limit | None:
        """What every draw is compared with; None where the rule is about no number of its own."""
        if self.kind not in {"max", "max_probability"}:
            return None
        price = 1.0 if self.price is None else self.price.per_kgco2e
        metric = TOTAL if self.metric == COST else self.metric
        return Limit(self.accounting, metric, price, self.limit)

    @property
    def strength(self) -> int:
        """How far the rule binds: ``LIMITS``, ``BLOCKS`` or ``WARNS``."""
        if self.level != "error":
            return WARNS
        optional = self.kind == "max_increase" and self.baseline_optional
        limits = bool(self.metric) and not self.metric.startswith("quality.") and not optional
        return LIMITS if limits else BLOCKS


@value_record
class Excuse:
    """An exception: which rule, for whom, until when, why."""

    rule: str
    scenario: str
    until: date
    reason: str
    approved_by: str | None = None
    where: Mark | None = None

    def covers(self, rule: Rule, *scenarios: str) -> bool:
        """Whether it is about this rule for a scenario of all these names."""
        about = all(fnmatchcase(name, self.scenario) for name in scenarios)
        return self.rule == rule.id and about


@value_record
class Policy:
    """Rules and exceptions of one file."""

    file: str
    sha256: str
    rules: tuple[Rule, ...]
    excuses: tuple[Excuse, ...]
    accounting: str = "location"
    sources: dict[str, list[str]] = field(default_factory=dict)
    allow_overlay: tuple[str, ...] = ()  # folders of hardware data that a gate accepts
    allow_given: tuple[str, ...] = ()  # paths of numbers that may be below their own row

    @property
    def overlays(self) -> tuple[str, ...]:
        """Folders as they are named, from where the command runs and from beside the policy."""
        beside = Path(self.file).parent
        return tuple(
            str(folder)
            for name in self.allow_overlay
            for folder in dict.fromkeys((Path(name).resolve(), (beside / name).resolve()))
        )


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
            own_budget=True,
        )
        for key, metric in names.items()
        if (given := getattr(budget, key)) is not None
    )
