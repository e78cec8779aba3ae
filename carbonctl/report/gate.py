"""The verdict of a gate as plain data: what each rule found, what drives it, and where."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from carbonctl.core.errors import EXIT_VIOLATED, Mark
from carbonctl.core.metrics import TOTAL, metric_label
from carbonctl.gate.judge import STATUSES, RuleResult, data_for, exit_code, worst_status
from carbonctl.gate.measures import Part, parts
from carbonctl.report.numbers import printable
from carbonctl.report.text.gate_words import message, unit
from carbonctl.study.difference import MISSING, find_edits

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.gate.causes import Causes, Change, SavedCauses
    from carbonctl.gate.refusals import Refusal
    from carbonctl.gate.rules import Policy

_PARTS, _CHANGES = 3, 5
_PLAIN = {"pass", "skipped"}
_WITHOUT_INPUT = {"require", "forbid_warnings", "require_source", "max_given_without_source"}


def verdict_of(
    rules: list[dict[str, Any]],
    policy: Policy | None,
    baseline: dict[str, Any] | None,
    today: str | None,
    unapplied: list[str],
) -> dict[str, Any]:
    """The ``gate`` object: the verdict of all rules on all files.

    ``rules`` are those of ``rule_verdict``; ``unapplied`` are rules that were about none of the
    files.
    """
    counts = Counter(rule["status"] for rule in rules)
    return {
        "status": worst_status(counts),
        "exit_code": exit_code(rule["exit_code"] for rule in rules),
        "policy": None if policy is None else {"file": policy.file, "sha256": policy.sha256},
        "baseline": baseline,
        "today": today,
        "counts": {name: counts[name] for name in STATUSES},
        "unapplied": unapplied,
        "rules": rules,
    }


def with_beside(
    verdict: dict[str, Any], refused: list[dict[str, Any]], beside: dict[str, Any]
) -> dict[str, Any]:
    """The verdict with what no policy allowed, and with what is said beside its rules.

    A refusal is a violation, whatever the rules come to. Keys without anything to say are left out.
    """
    said = {key: value for key, value in beside.items() if value or key == "changed_inputs"}
    if refused:
        counts = verdict["counts"] | {"refused": len(refused)}
        verdict = verdict | {"status": "fail", "exit_code": EXIT_VIOLATED, "counts": counts}
        said = {"refused": refused} | said
    if verdict["exit_code"]:
        said.pop("changed_inputs", None)
    return verdict | said


def refusal_verdict(file: str, scenario: str, one: Refusal) -> dict[str, Any]:
    """Why a gate does not accept the result of a file."""
    return {
        "code": one.code,
        "file": file,
        "scenario": scenario,
        "message": printable(one.message),
        "hint": printable(one.hint) or None,
        "folder": one.folder,
        "facts": list(one.facts),
        "where": _where(Mark.parse(one.where)),
    }


def changed_inputs(
    file: str, scenario: str, now: dict[str, Any], before: dict[str, Any]
) -> list[dict[str, Any]]:
    """Every input that a result gives otherwise than its baseline, words and names too."""
    ends = [data.get("inputs", {}).get("scenario") for data in (before, now)]
    if None in ends:
        return []
    rows = []
    for path, was, value in find_edits(*ends):
        key = ".".join(map(str, path))
        fact = now["facts"].get(key)
        rows.append(
            {
                "file": file,
                "scenario": scenario,
                "path": key,
                "baseline": None if was is MISSING else was,
                "value": None if value is MISSING else value,
                "where": None if fact is None else _where(Mark.parse(fact["where"])),
            }
        )
    return rows


def rule_verdict(
    one: RuleResult, causes: Causes | SavedCauses, before: dict[str, Any] | None
) -> dict[str, Any]:
    """The verdict of one rule on one file; ``before`` is the result of its baseline."""
    rule = one.rule
    plain = one.status in _PLAIN
    changes = [] if plain or before is None else causes.changes(_driven(one), before["facts"])
    parts_ = [] if plain else _contributors(one, causes, before)
    top = _input(one, causes, changes)
    named = next((f.where for f in one.findings if f.where is not None), None)
    return {
        "id": rule.id,
        "kind": rule.kind,
        "level": rule.level,
        "status": one.status,
        "exit_code": one.exit_code,
        "file": one.subject.file,
        "scenario": one.subject.name,
        "metric": rule.metric or None,
        "label": metric_label(rule.metric) if rule.metric else None,
        "unit": unit(one),
        "statistic": _statistic(one),
        "accounting": rule.accounting,
        **_numbers(one),
        "message": printable(message(one)),
        "reason": one.reason or None,
        "findings": [{"name": f.name, "reason": f.reason} for f in one.findings],
        "contributors": parts_,
        "changes": [_change(change) for change in changes[:_CHANGES]],
        "exception": _exception(one),
        "input": top.label if top is not None else None,
        "where": {
            "scenario": named or _spot(top) or _where(_phase(one, causes)),
            "policy": _where(rule.where),
        },
        **({"own_budget": True} if rule.own_budget else {}),
    }


def _numbers(one: RuleResult) -> dict[str, Any]:
    """The limit of a rule, what was found, and how far they are apart."""
    rule, found = one.rule, one.measured
    margin, up = _less(one.limit, one.observed), _less(one.observed, one.baseline)
    return {
        "limit": one.limit,
        "observed": one.observed,
        "margin": margin,
        "margin_share": margin / one.limit if margin is not None and one.limit else None,
        "threshold": rule.limit if rule.kind == "max_probability" else None,
        "baseline": one.baseline,
        "increase": up,
        "increase_share": up / one.baseline if up is not None and one.baseline else None,
        "min_delta": rule.min_delta if rule.kind == "max_increase" else None,
        "probability": one.probability,
        "p05": found.p05 if found else None,
        "p50": found.p50 if found else None,
        "p95": found.p95 if found else None,
    }


def _less(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def _statistic(one: RuleResult) -> str | None:
    if not one.rule.metric:
        return None
    return "probability" if one.rule.kind == "max_probability" else one.rule.statistic


def _driven(one: RuleResult) -> str:
    """The number whose causes are wanted: the rule's own, the line that is refused, the total."""
    lines = [finding.line for finding in one.findings if finding.line]
    metric = one.rule.metric
    return lines[0] if lines else TOTAL if not metric or metric.startswith("quality.") else metric


def _input(one: RuleResult, causes: Causes | SavedCauses, changes: list[Change]) -> Fact | None:
    """The input to look at: the change that moved the number most, else what it follows most."""
    if one.status in _PLAIN or one.rule.kind in _WITHOUT_INPUT:
        return None
    worse = [change for change in changes if change.effect is None or change.effect > 0]
    return worse[0].fact if worse else causes.top(_driven(one))


def _phase(one: RuleResult, causes: Causes | SavedCauses) -> Mark | None:
    """The phase that a rule is about; of what is missing the whole file."""
    if one.findings and not one.findings[0].line:
        return causes.section(one.findings[0].name.partition(".")[0]) or causes.section("")
    return causes.section(_driven(one)) or (None if one.status in _PLAIN else causes.section(""))


def _contributors(
    one: RuleResult, causes: Causes | SavedCauses, before: dict[str, Any] | None
) -> list[dict[str, Any]]:
    """The largest parts of the number, or against a baseline those that grew most."""
    lines = {finding.line for finding in one.findings if finding.line}
    if not lines and one.measured is None:
        return []  # nothing is known of what is missing
    basis = data_for(one.rule, one.subject)
    whole_of = TOTAL if lines else _driven(one)
    found = [part for part in parts(basis, whole_of) if not lines or part.id in lines]
    was = {p.id: p.value for p in parts(before, whole_of)} if before is not None else {}
    whole = basis["total"]["value"] if lines else sum(part.value for part in found)
    if one.rule.kind == "max_increase":
        found = sorted(found, key=lambda p: was.get(p.id, 0.0) - p.value)
    return [_contributor(p, whole, was, causes) for p in found[:_PARTS]]


def _contributor(
    part: Part, whole: float, was: dict[str, float], causes: Causes | SavedCauses
) -> dict[str, Any]:
    top: Fact | None = causes.top(part.id)
    return {
        "id": part.id,
        "label": part.label,
        "value": part.value,
        "unit": part.unit,
        "share": part.value / whole if whole else None,
        "baseline": was.get(part.id),
        "input": top.label if top is not None else None,
        "where": _spot(top) or _where(causes.section(part.id)),
    }


def _change(change: Change) -> dict[str, Any]:
    fact = change.fact
    return {
        "key": fact.key,
        "label": fact.label,
        "unit": fact.unit,
        "baseline": change.baseline,
        "value": fact.value,
        "effect": change.effect,
        "where": _where(fact.where),
    }


def _exception(one: RuleResult) -> dict[str, Any] | None:
    excuse = one.excuse
    if excuse is None:
        return None
    return {
        "reason": printable(excuse.reason),
        "until": excuse.until.isoformat(),
        "approved_by": excuse.approved_by,
        "expired": one.expired,
        "where": _where(excuse.where),
    }


def _spot(fact: Fact | None) -> dict[str, Any] | None:
    """Where an input stands; None where a flag gave it."""
    return None if fact is None else _where(fact.where)


def _where(mark: Mark | None) -> dict[str, Any] | None:
    return None if mark is None else mark.as_span()
