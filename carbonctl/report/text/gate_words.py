"""A verdict in words: one line a rule, and findings in the form of errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from carbonctl import __version__
from carbonctl.core.errors import Mark, Problem
from carbonctl.core.metrics import COST, QUALITY, metric_label
from carbonctl.core.naming import unit_of
from carbonctl.report import numbers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.gate.judge import RuleResult
    from carbonctl.result.gate import (
        ChangedFact,
        ChangedInput,
        GateVerdict,
        OverlayUsed,
        RuleVerdict,
        SavedStatus,
    )
    from carbonctl.result.problem import Place

_MOST, _LONGEST = 3, 60
# kinds of rules that hold no metric -> how what they find begins
_DEMANDS = {
    "require": "missing",
    "forbid_tier": "refused",
    "forbid_warnings": "warned of",
    "require_source": "without a source",
    "max_given_without_source": "",
}


def unit(one: RuleResult) -> str | None:
    """The unit of a limit and of what is observed."""
    if one.rule.kind == "max_probability":
        return "1"
    return one.rule.unit or None


def amount(value: float, unit: str) -> str:
    """A number of a rule in a unit that fits it."""
    if unit == "kgCO2e":
        return numbers.format_mass(value, 3)
    if unit == "kWh":
        return numbers.format_energy(value)
    if unit == "1":
        return f"{numbers.format_significant(100 * value, 3)} %"
    return f"{numbers.format_significant(value, 3)} {unit}".strip()


def measured(value: float, metric: str, unit: str | None) -> str:
    """A limit or an observation for people; of a spread, how many times."""
    if metric == "quality.spread":
        return f"{numbers.format_significant(value, 3)} x"
    return amount(value, unit or "1")


def shown(value: float | None, data: RuleResult) -> str:
    """The same of a rule that was held; a dash where there is none."""
    return "-" if value is None else measured(value, data.rule.metric, unit(data))


def message(one: RuleResult) -> str:
    """What the rule found, in one line."""
    rule = one.rule
    if rule.kind in _DEMANDS:
        return _found(one)
    what = f"{metric_label(rule.metric)}, {_of(one)}"
    if one.observed is None or one.limit is None:
        return f"{what}: {one.reason}"
    text = f"{what}: {_compared(one)}{_but(one)}"
    if rule.kind == "max_increase":
        text += f"; {shown(one.baseline, one)} in the baseline"
    elif one.probability is not None and rule.kind == "max":
        text += f"; over in {100 * one.probability:.0f} % of draws"
    return text


def _but(one: RuleResult) -> str:
    """Why a number that is within its limit is undecided; with the 95th percentile where known."""
    found = one.measured
    if not one.reason or found is None:
        return ""
    if one.rule.kind == "max" and found.p95 is not None:
        return f", but p95 {shown(found.p95, one)} is over it"
    return f" ({one.reason})"


def _found(one: RuleResult) -> str:
    """What is missing or refused, or that nothing is."""
    rule, found = (
        one.rule,
        "; ".join(f"{f.name} ({f.reason})" for f in one.findings),
    )
    if rule.kind == "max_given_without_source":
        count = f"{one.observed:.0f} numbers are given without a source, {rule.limit:.0f} may be"
        return f"{count}: {', '.join(f.name for f in one.findings)}" if found else count
    if found:
        return f"{_DEMANDS[rule.kind]}: {found}"
    if rule.kind == "forbid_warnings":
        return f"no warning is {' or '.join(rule.names)}"
    if rule.kind == "require_source":
        return f"nothing at {', '.join(rule.names)} is given without a source"
    names = ", ".join(rule.names).replace("_", " ")
    if rule.kind == "require":
        return f"estimated: {names}"
    least = (
        f" over {numbers.format_share(rule.above_share)} of the total" if rule.above_share else ""
    )
    return f"no part{least} is of tier {names}"


def _of(one: RuleResult) -> str:
    if one.rule.kind == "max_probability":
        return f"share of draws over {amount(one.rule.limit, one.rule.unit)}"
    return one.rule.statistic


def _compared(one: RuleResult) -> str:
    """How far the observation is from the limit."""
    assert one.observed is not None  # noqa: S101 - message has looked
    assert one.limit is not None  # noqa: S101
    limit, gap = (
        shown(one.limit, one),
        abs(one.observed - one.limit),
    )
    if one.observed <= one.limit:
        return f"{shown(one.observed, one)}, within {limit}"
    share = f" ({gap / one.limit:,.0%})".replace("%", " %") if one.limit else ""
    return f"{shown(one.observed, one)} is {shown(gap, one)}{share} over {limit}"


def problems(rules: Iterable[RuleVerdict]) -> list[tuple[str, Problem]]:
    """Findings in the form of errors, each with its level: error where it decides the exit."""
    found = []
    for rule in rules:
        if rule["status"] in {"pass", "skipped", "excepted"}:
            continue
        code = "CC602" if rule["status"] == "uncertain" else "CC601"
        level = "error" if rule["exit_code"] else "warning"
        policy, scenario = rule["where"]["policy"], rule["where"]["scenario"]
        mark = _mark(scenario or policy, rule["file"])
        text = f'rule "{rule["id"]}": {rule["message"]}'
        found.append((level, Problem(code, text, mark, drives(rule), _rule_place(policy))))
    return found


def refusals(verdict: GateVerdict) -> list[Problem]:
    """What no policy allowed, in the form of errors."""
    found = []
    for one in verdict.get("refused", []):
        mark = _mark(one["where"], one["file"])
        found.append(
            Problem(
                one["code"],
                one["message"],
                mark,
                one.get("hint") or "",
            )
        )
    return found


def saved_in_words(saved: SavedStatus) -> str:
    """What was made of a saved result; nothing where it is what it says it is."""
    if saved["status"] == "trusted":
        return "taken as it stands and not computed again (--trust-result)"
    if saved["status"] == "refused":
        return "not computed again, for hardware data that the policy does not allow"
    if saved["status"] == "agrees":
        return ""
    if saved["status"] == "part":
        whole = f"the whole scenario is judged, {_recomputed(saved)} CO2e"
        return f"a result of some phases alone; {whole}"
    was, now = numbers.format_mass(saved["saved_kgco2e"], 4), _recomputed(saved)
    made = f"made by carbonctl {saved['tool_version']}, and this is {__version__}"
    return f"{made}: {was} CO2e there, {now} CO2e computed again, which is judged"


def _recomputed(saved: SavedStatus) -> str:
    """The total of a saved result that was computed again."""
    total = saved["recomputed_kgco2e"]
    return "-" if total is None else numbers.format_mass(total, 4)


def overlay_in_words(overlay: OverlayUsed) -> str:
    """The folder that lies over the bundled data, and the facts that it changed."""
    facts = ", ".join(overlay["facts"]) or "no fact in use"
    return f"{overlay['folder'] or 'a folder that is not named'} changes {facts}"


def beside(verdict: GateVerdict) -> list[tuple[str, str]]:
    """What a verdict says beside its rules, each with a word for what it is about."""
    said = [("refused", f"{one['code']} {one['message']}") for one in verdict.get("refused", [])]
    said += [("overlay", overlay_in_words(one)) for one in verdict.get("overlays", [])]
    said += [
        (f"saved {one['side']}", f"{one['file']}: {words}")
        for one in verdict.get("saved", [])
        if (words := saved_in_words(one))
    ]
    own = dict.fromkeys(rule["id"] for rule in verdict["rules"] if rule.get("own_budget"))
    if own and verdict.get("policy"):
        said.append(
            ("own budget", f"{', '.join(own)}: judged too, and satisfies nothing of the policy")
        )
    if "changed_inputs" in verdict:
        changed = [changed_in_words(one) for one in verdict["changed_inputs"]]
        said.append(("changed", "; ".join(changed) or "no input since the baseline"))
    return said + [("note", text) for text in verdict.get("notes", [])]


def changed_in_words(change: ChangedInput) -> str:
    """An input that is given otherwise than in the baseline."""
    was, now = (_given(change[side]) for side in ("baseline", "value"))
    return f"{change['path']} {was} -> {now}"


def _given(value: Any) -> str:
    text = "not given" if value is None else json.dumps(value, ensure_ascii=False)
    text = text.strip('"')
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _mark(place: Place | None, file: str) -> Mark:
    """A place as errors have it; the file where no place in it is known."""
    if place is None:
        return Mark(file)
    line, column, end = place["line"], place["column"], place["end_column"]
    return Mark(place["file"], line, column, end - column if end and column else 1)


def _rule_place(policy: Place | None) -> str:
    return "" if policy is None else f"the rule is at {policy['file']}:{policy['line']}"


def findings(verdict: GateVerdict, sources: dict[str, list[str]]) -> str:
    """What does not pass, in the form of errors; empty where everything does."""
    from carbonctl.report.text.errors import format_problem

    found = problems(verdict["rules"])
    found += [("error", refused) for refused in refusals(verdict)]
    texts = (format_problem(problem, sources, level) for level, problem in found)
    return "".join(f"{numbers.printable(text)}\n" for text in texts)


def drives(rule: RuleVerdict) -> str:
    """What drives a finding: what changed since the baseline, else the largest parts."""
    changed = [c for c in rule["changes"] if c["effect"] and c["effect"] > 0]
    if changed:
        return "changed: " + "; ".join(_moved(c, rule) for c in changed[:_MOST])
    named = [
        f"{p['label']} {numbers.format_share(p['share'])}"
        for p in rule["contributors"]
        if p["share"]
    ]
    return "driven by " + ", ".join(named) if named else ""


def _moved(change: ChangedFact, rule: RuleVerdict) -> str:
    """An input that changed, and what that moved of the number that the rule is about."""
    before, unit = change["baseline"], change["unit"]
    was = "not given" if before is None else numbers.format_quantity(before, unit)
    now = numbers.format_quantity(change["value"], unit)
    metric = rule["metric"] or ""
    driven = unit_of(metric) if metric and metric not in {*QUALITY, COST} else "kgCO2e"
    return f"{change['label']} {was} -> {now} (+{amount(change['effect'] or 0.0, driven)})"
