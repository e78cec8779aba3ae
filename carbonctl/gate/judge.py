"""Rules held against a result: pure evaluation of plain data, one verdict a rule.

A rule is violated when its statistic is over the limit: the median of the draws (p50) unless the
rule says otherwise. It is uncertain when its number is null, as a percentile without draws is, or
when its statistic is within the limit and the 95th percentile is not, or is not known.
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from carbonctl.core.errors import EXIT_UNDECIDED, EXIT_VIOLATED
from carbonctl.core.metrics import is_possible_metric
from carbonctl.core.record import value_record
from carbonctl.gate import evidence
from carbonctl.gate.evidence import Finding
from carbonctl.gate.measures import measure

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping
    from datetime import date

    from carbonctl.gate.measures import Measure
    from carbonctl.gate.rules import Excuse, Limit, Rule

STATUSES = ("pass", "warn", "fail", "uncertain", "excepted", "skipped")
_NO_INTERVAL = "p95 is not known without draws"
_STRADDLES = "p95 is over the limit"
_NOT_KEPT = "the draws of a saved result are not kept; judge its scenario"
# what a policy may require -> how entries of what is not estimated begin that are part of it
_IN_PART = {"embodied": ("embodied share of ", "host of "), "manufacturing": ("host of ",)}


@value_record
class Subject:
    """A result as rules see it: its data on each basis, and the share of draws over limits."""

    file: str
    name: str
    bases: dict[str, dict[str, Any]]
    shares_over: Mapping[Limit, float] = field(default_factory=dict)
    earlier_name: str = ""  # its name in the baseline, where that is another

    @property
    def names(self) -> tuple[str, ...]:
        """The name, and the one in the baseline where that is another."""
        return (self.name, self.earlier_name) if self.earlier_name else (self.name,)

    def measure(self, metric: str, basis: str) -> Measure | None:
        """A number on one basis; None where the result lacks it."""
        data = self.bases.get(basis)
        return None if data is None else measure(data, metric)

    def share_over(self, rule: Rule) -> float | None:
        """The share of draws over the limit of a rule [1]; None where there are no draws."""
        limit = rule.draw_limit
        return None if limit is None else self.shares_over.get(limit)


@value_record
class RuleResult:
    """The verdict of one rule on one result; numbers in the unit of the rule."""

    rule: Rule
    subject: Subject
    status: str
    limit: float | None = None
    observed: float | None = None
    baseline: float | None = None
    probability: float | None = None
    measured: Measure | None = None
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    excuse: Excuse | None = None
    expired: bool = False

    @property
    def exit_code(self) -> int:
        """What this rule alone asks for."""
        if self.status == "fail":
            return EXIT_VIOLATED
        blocks = self.rule.level == "error" and (
            self.observed is None or self.rule.on_uncertain == "fail"
        )
        return EXIT_UNDECIDED if self.status == "uncertain" and blocks else 0


class Unanswerable(Exception):  # noqa: N818 - told to the user as an error of the policy
    """A rule that cannot be held: its metric is none, or nothing is there to compare to."""

    def __init__(self, code: str, message: str, rule: Rule) -> None:
        super().__init__(message)
        self.code, self.rule = code, rule


def judge(
    rule: Rule, subject: Subject, reference: Subject | None, excuses: Iterable[Excuse], today: date
) -> RuleResult:
    """Hold one rule against one result; violations that an exception covers are excepted."""
    if rule.kind == "require":
        held = _require(rule, subject)
    elif rule.kind == "forbid_tier":
        held = _forbid(rule, subject)
    elif rule.kind == "forbid_warnings":
        held = _demand(rule, subject, evidence.warned(data_for(rule, subject), rule.names))
    elif rule.kind == "require_source":
        held = _demand(rule, subject, evidence.unsourced(subject.bases.values(), rule.names))
    elif rule.kind == "max_given_without_source":
        held = _limit_unsourced(rule, subject)
    elif rule.kind == "max_increase":
        held = _increase(rule, subject, reference)
    else:
        held = _limit(rule, subject)
    covering = [e for e in excuses if e.covers(rule, *subject.names)]
    return _excused(held, covering, today)


def exit_code(codes: Iterable[int]) -> int:
    """The exit code of all rules: a violation outranks an undecided rule."""
    found = set(codes)
    return next((code for code in (EXIT_VIOLATED, EXIT_UNDECIDED) if code in found), 0)


def worst_status(statuses: Container[str]) -> str:
    """The status of all rules together."""
    return next((s for s in ("fail", "uncertain", "warn") if s in statuses), "pass")


def _violated(rule: Rule) -> str:
    return "fail" if rule.level == "error" else "warn"


def _found(rule: Rule, subject: Subject) -> Measure | None:
    """The number that a rule is about, in the rule's unit."""
    found = subject.measure(rule.metric, rule.accounting)
    if found is None and not is_possible_metric(rule.metric):
        raise Unanswerable("CC606", f'unknown metric "{rule.metric}"', rule)
    return found if found is None or rule.price is None else found.times(rule.price.per_kgco2e)


def _why_null(rule: Rule, subject: Subject, what: str = "result") -> str:
    if rule.accounting not in subject.bases:
        return f"the {what} is not on the {rule.accounting} basis"
    return f"the {what} has no {rule.metric}"


def _why_without_draws(rule: Rule, found: Measure, what: str = "result") -> str:
    """Why a number has no statistic of its draws, and what to do."""
    if rule.kind == "max_probability":
        saved = found.p50 is not None
        return (
            _NOT_KEPT if saved else "there are no draws to count; estimate with --samples above 0"
        )
    name = {"p50": "median (p50)"}.get(rule.statistic, rule.statistic)
    if found.p05 is not None:  # there are draws
        return f"the {name} of the {what} is not finite"
    remedy = "estimate with --samples above 0, or state statistic: value for the central value"
    return f"the {what} has no draws, so no {name}; {remedy}"


def _limit(rule: Rule, subject: Subject) -> RuleResult:
    """An absolute limit on a statistic, or on the share of draws over it."""
    found = _found(rule, subject)
    if found is None:
        return RuleResult(rule, subject, "uncertain", _bar(rule), reason=_why_null(rule, subject))
    over = subject.share_over(rule)
    observed = over if rule.kind == "max_probability" else found.at(rule.statistic)
    limit = _bar(rule)
    common: dict[str, Any] = {"probability": over, "measured": found}
    if observed is None:
        reason = _why_without_draws(rule, found)
        return RuleResult(rule, subject, "uncertain", limit, reason=reason, **common)
    if observed > limit:
        return RuleResult(rule, subject, _violated(rule), limit, observed, **common)
    if rule.kind == "max" and (found.p95 is None or found.p95 > limit):
        unknown = _NO_INTERVAL if found.p05 is None else "p95 is not finite"
        reason = unknown if found.p95 is None else _STRADDLES
        return RuleResult(rule, subject, "uncertain", limit, observed, reason=reason, **common)
    return RuleResult(rule, subject, "pass", limit, observed, **common)


def _bar(rule: Rule) -> float:
    return rule.limit if rule.probability is None else rule.probability


def _increase(rule: Rule, subject: Subject, reference: Subject | None) -> RuleResult:
    """An increase against a baseline; one below ``min_delta`` never violates."""
    if reference is None:
        if not rule.baseline_optional:
            message = f'the rule "{rule.id}" compares to a baseline, and there is none'
            raise Unanswerable("CC605", message, rule)
        return RuleResult(
            rule, subject, "skipped", reason="there is no baseline, and none is required"
        )
    if rule.accounting in subject.bases and rule.accounting not in reference.bases:
        message = f"the baseline is not on the {rule.accounting} basis"
        raise Unanswerable("CC605", message, rule)
    now, before = _found(rule, subject), _found(rule, reference)
    observed, was = (None if m is None else m.at(rule.statistic) for m in (now, before))
    if observed is None or was is None:
        mine = (subject, "result", now)
        lacking, what, found = mine if observed is None else (reference, "baseline", before)
        reason = (
            _why_null(rule, lacking, what)
            if found is None
            else _why_without_draws(rule, found, what)
        )
        return RuleResult(rule, subject, "uncertain", baseline=was, measured=now, reason=reason)
    allowed = abs(was) * rule.limit if rule.relative else rule.limit
    limit = was + max(allowed, rule.min_delta)
    reason = "" if rule.statistic == "value" else _why_not_common_draws(rule, subject, reference)
    verdict = _violated(rule) if observed > limit else "uncertain" if reason else "pass"
    return RuleResult(rule, subject, verdict, limit, observed, was, measured=now, reason=reason)


def _why_not_common_draws(rule: Rule, subject: Subject, reference: Subject) -> str:
    """Why percentiles of both sides are not of common draws; empty where they are.

    Both sides are estimated with the same draws, but for a saved result that is taken as it stands.
    """
    sides = [data_for(rule, side) for side in (subject, reference)]
    now, before = ((data.get("samples"), data.get("seed")) for data in sides)
    if now == before:
        return ""
    said = (f"{samples:,} draws of seed {seed}" for samples, seed in (now, before))
    return "{} here, {} in the baseline: not common draws".format(*said)


def _require(rule: Rule, subject: Subject) -> RuleResult:
    """Everything that must be in the result, with why it is not."""
    data = data_for(rule, subject)
    lacking = tuple(f for name in rule.names if (f := missing(data, name)) is not None)
    return RuleResult(rule, subject, _violated(rule) if lacking else "pass", findings=lacking)


def data_for(rule: Rule, subject: Subject) -> dict[str, Any]:
    """The result on the basis of a rule, else on the one that there is."""
    return subject.bases.get(rule.accounting) or next(iter(subject.bases.values()))


def missing(data: dict[str, Any], name: str) -> Finding | None:
    """Why a thing that must be estimated is not, in whole or in part; None where it is."""
    absent: dict[str, str] = data["coverage"]["not_estimated"]
    if name == "market":
        there = data["operational"]["market"]["value"] is not None
        return None if there else Finding(name, "no contract data of every site")
    said = [why for what, why in absent.items() if _is_about(what, name)]
    if name == "water":
        there = "water_l" in data["metrics"]
    else:
        kind = "manufacturing" if name == "embodied" else name
        there = any(node["kind"] == kind for node in data["breakdown"])
    return None if there and not said else Finding(name, said[0] if said else "not estimated")


def _is_about(what: str, name: str) -> bool:
    return name.replace("_", " ") in what.split(", ") or what.startswith(_IN_PART.get(name, "\0"))


def _forbid(rule: Rule, subject: Subject) -> RuleResult:
    """Lines of the breakdown that rest on a refused tier and are more than a share of the total."""
    data = data_for(rule, subject)
    refused = tuple(
        Finding(node["label"], f"tier {node['tier']}, {node['share']:.0%} of the total", node["id"])
        for node in data["breakdown"]
        if node["tier"] in rule.names and (node["share"] or 0.0) > rule.above_share
    )
    return RuleResult(rule, subject, _violated(rule) if refused else "pass", findings=refused)


def _demand(rule: Rule, subject: Subject, found: tuple[Finding, ...]) -> RuleResult:
    """A rule that nothing may be found by."""
    return RuleResult(rule, subject, _violated(rule) if found else "pass", findings=found)


def _limit_unsourced(rule: Rule, subject: Subject) -> RuleResult:
    """How many numbers are given without a source."""
    found = evidence.unsourced(subject.bases.values())
    over = len(found) > rule.limit
    verdict, shown = (_violated(rule), found) if over else ("pass", ())
    return RuleResult(rule, subject, verdict, rule.limit, float(len(found)), findings=shown)


def _excused(held: RuleResult, covering: list[Excuse], today: date) -> RuleResult:
    """A covered violation is excepted until its day; after it, it counts again and says so."""
    if held.status not in {"fail", "warn", "uncertain"} or not covering:
        return held
    longest = max(covering, key=lambda excuse: excuse.until)
    expired = longest.until < today
    verdict = held.status if expired else "excepted"
    return replace(held, status=verdict, excuse=longest, expired=expired)
