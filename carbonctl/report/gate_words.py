"""A verdict in words: one line a rule, and findings in the form of errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.core.errors import Mark, Problem
from carbonctl.core.metrics import COST, QUALITY, in_words
from carbonctl.core.naming import unit_of
from carbonctl.report import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.study.gate import Held

_MOST = 3


def unit(one: Held) -> str | None:
    """The unit of a limit and of what is observed."""
    if one.rule.kind == "max_probability":
        return "1"
    return one.rule.unit or None


def amount(value: float, unit: str) -> str:
    """A number of a rule in a unit that fits it."""
    if unit == "kgCO2e":
        return numbers.carbon(value, 3)
    if unit == "kWh":
        return numbers.energy(value)
    if unit == "1":
        return f"{numbers.significant(100 * value, 3)} %"
    return f"{numbers.significant(value, 3)} {unit}".strip()


def measured(value: float, metric: str, unit: str | None) -> str:
    """A limit or an observation for people; of a spread, how many times."""
    if metric == "quality.spread":
        return f"{numbers.significant(value, 3)} x"
    return amount(value, unit or "1")


def shown(value: float | None, data: Held) -> str:
    """The same of a rule that was held; a dash where there is none."""
    return "-" if value is None else measured(value, data.rule.metric, unit(data))


def message(one: Held) -> str:
    """What the rule found, in one line."""
    rule = one.rule
    if rule.kind in {"require", "forbid_tier"}:
        return _found(one)
    what = f"{in_words(rule.metric)}, {_of(one)}"
    if one.observed is None or one.limit is None:
        return f"{what}: {one.reason}"
    text = f"{what}: {_compared(one)}"
    if rule.kind == "max_increase":
        text += f"; {shown(one.baseline, one)} in the baseline"
    elif one.probability is not None and rule.kind == "max":
        text += f"; over in {100 * one.probability:.0f} % of draws"
    return text


def _found(one: Held) -> str:
    """What is missing or refused, or that nothing is."""
    rule, found = one.rule, "; ".join(f"{f.name} ({f.reason})" for f in one.findings)
    if found:
        return f"{'missing' if rule.kind == 'require' else 'refused'}: {found}"
    names = ", ".join(rule.names).replace("_", " ")
    if rule.kind == "require":
        return f"estimated: {names}"
    least = f" over {numbers.share(rule.above_share)} of the total" if rule.above_share else ""
    return f"no part{least} is of tier {names}"


def _of(one: Held) -> str:
    if one.rule.kind == "max_probability":
        return f"share of draws over {amount(one.rule.limit, one.rule.unit)}"
    return one.rule.statistic


def _compared(one: Held) -> str:
    """How far the observation is from the limit."""
    assert one.observed is not None  # noqa: S101 - message has looked
    assert one.limit is not None  # noqa: S101
    limit, gap = shown(one.limit, one), abs(one.observed - one.limit)
    if one.observed <= one.limit:
        return f"{shown(one.observed, one)}, within {limit}"
    share = f" ({gap / one.limit:,.0%})".replace("%", " %") if one.limit else ""
    return f"{shown(one.observed, one)} is {shown(gap, one)}{share} over {limit}"


def problems(rules: Iterable[dict[str, Any]]) -> list[tuple[str, Problem]]:
    """Findings in the form of errors, each with its level: error where it decides the exit."""
    found = []
    for rule in rules:
        if rule["status"] in {"pass", "skipped", "excepted"}:
            continue
        code = "CC602" if rule["status"] == "uncertain" else "CC601"
        level = "error" if rule["exit_code"] else "warning"
        policy, scenario = rule["where"]["policy"], rule["where"]["scenario"]
        place = scenario or policy or {"file": rule["file"], "line": None, "column": None}
        mark = Mark(place["file"], place["line"], place["column"], _length(place))
        text = f'rule "{rule["id"]}": {rule["message"]}'
        found.append((level, Problem(code, text, mark, drives(rule), _rule_place(policy))))
    return found


def _length(place: dict[str, Any]) -> int:
    return place["end_column"] - place["column"] if place.get("end_column") else 1


def _rule_place(policy: dict[str, Any] | None) -> str:
    return "" if policy is None else f"the rule is at {policy['file']}:{policy['line']}"


def drives(rule: dict[str, Any]) -> str:
    """What drives a finding: what changed since the baseline, else the largest parts."""
    changed = [c for c in rule["changes"] if c["effect"] and c["effect"] > 0]
    if changed:
        return "changed: " + "; ".join(_moved(c, rule) for c in changed[:_MOST])
    named = [
        f"{p['label']} {numbers.share(p['share'])}" for p in rule["contributors"] if p["share"]
    ]
    return "driven by " + ", ".join(named) if named else ""


def _moved(change: dict[str, Any], rule: dict[str, Any]) -> str:
    """An input that changed, and what that moved of the number that the rule is about."""
    was, now = (numbers.quantity(change[k], change["unit"]) for k in ("baseline", "value"))
    metric = rule["metric"] or ""
    driven = unit_of(metric) if metric and metric not in {*QUALITY, COST} else "kgCO2e"
    return f"{change['label']} {was} -> {now} (+{amount(change['effect'], driven)})"
