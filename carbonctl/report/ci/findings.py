"""What annotations, SARIF and JUnit show: verdicts of a gate, budgets, warnings, errors."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal, cast

from carbonctl.core.errors import CODES, EXIT_UNDECIDED
from carbonctl.core.record import value_record
from carbonctl.report import numbers
from carbonctl.report.budgets import budget_lines, budget_status, budget_text
from carbonctl.report.median import NO_DRAWS, half_of_draws_mass
from carbonctl.report.text.gate_words import beside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from carbonctl.result.estimate import EstimateResult, Estimates
    from carbonctl.result.gate import GateVerdict, RuleVerdict
    from carbonctl.result.problem import Place

Level = Literal["error", "warning", "note", "none"]


@value_record
class Finding:
    """One thing to show: which rule, how bad, in words, where, and what else to look at."""

    rule: str
    about: str
    level: Level
    message: str
    subject: str
    place: Place | None = None
    related: list[Place] = field(default_factory=list)
    waived: str | None = None
    judged: bool = True


def results(data: Mapping[str, Any]) -> list[EstimateResult]:
    """The results in a file: one, or those of several files that a gate has read."""
    found: list[EstimateResult] = data.get("results", [data])
    return found


def findings(data: Estimates) -> list[Finding]:
    """Verdicts first, then budgets that no gate has judged, then warnings."""
    gate = data.get("gate")
    found = [] if gate is None else [*map(_verdict, gate["rules"]), *_beside(gate)]
    for result in results(data):
        if "gate" not in data:
            found += _budgets(result)
        found += [problem(entry, result["name"]) for entry in result["warnings"]]
    return found


def _verdict(rule: RuleVerdict) -> Finding:
    where = rule["where"]
    excepted = rule["status"] == "excepted"
    related = [place for place in (where["policy"],) if place is not None]
    return Finding(
        rule=rule["id"],
        about=f"{rule['kind']} {rule['metric'] or 'of evidence and coverage'}",
        level="note" if excepted else _level(rule),
        message=rule["message"] or rule["reason"] or rule["status"],
        subject=rule["scenario"] or rule["file"],
        place=where["scenario"] or where["policy"],
        related=related if where["scenario"] is not None else [],
        waived=(rule["exception"] or {}).get("reason", "excepted") if excepted else None,
    )


def _beside(gate: GateVerdict) -> Iterator[Finding]:
    """What a gate refuses of its own, and what a reader of its verdict must know."""
    for one in gate.get("refused", []):
        yield Finding(
            rule=one["code"],
            about=CODES[one["code"]],
            level="error",
            message=one["message"],
            subject=one["scenario"] or one["file"],
            place=one["where"],
        )
    subject = gate["rules"][0]["scenario"] if gate["rules"] else ""
    for label, text in beside(gate):
        if label != "refused":
            about = "what a gate says beside its rules"
            yield Finding(f"gate.{label.replace(' ', '-')}", about, "note", text, subject)


def _level(rule: RuleVerdict) -> Level:
    if rule["status"] in ("pass", "skipped"):
        return "none"
    blocks = rule["status"] == "fail" or rule["exit_code"] == EXIT_UNDECIDED
    return "error" if blocks else "warning"


def _budgets(result: EstimateResult) -> Iterator[Finding]:
    """Each limit of a scenario as a finding: not within is a warning, for nothing has judged it."""
    for limit in budget_lines(result):
        name = limit["metric"].removesuffix("_kgco2e").removeprefix("infer.")
        most, value = numbers.format_mass(limit["max_kgco2e"]), limit["value"]
        met = budget_text(limit)
        said = met if value is None else f"{numbers.format_mass(value)}: {met}"
        yield Finding(
            rule=f"budget.{name}",
            about=f"budget of {limit['metric']}",
            level="none" if budget_status(limit) == "within" else "warning",
            message=f"{name.replace('_', ' ')} is {said}; the budget is {most}",
            subject=result["name"],
        )


def problem(entry: Mapping[str, Any], subject: str = "") -> Finding:
    """A warning or an error with its code and position."""
    hint = f" ({entry['hint']})" if entry["hint"] else ""
    place = {key: entry[key] for key in ("file", "line", "column", "end_column")}
    code = entry["code"] or "usage"
    return Finding(
        rule=code,
        about=CODES.get(code, "a flag or an argument is wrong"),
        level="error" if entry["level"] == "error" else "warning",
        message=entry["message"] + hint,
        subject=subject or entry["file"] or "",
        place=cast("Place", place) if entry["line"] is not None else None,
        judged=False,
    )


def overlay(result: EstimateResult) -> dict[str, Any]:
    """The user's own folder of hardware data and what it changed, for formats without notes."""
    data = result["data"]
    if not data.get("overlay_folder"):
        return {}
    return {"overlay": {"folder": data["overlay_folder"], "facts": data["overlay"]}}


def answer(result: EstimateResult) -> str:
    """One line for people: the total, its median if apart, its interval and its basis."""
    total = result["total"]
    size, symbol = numbers.mass_unit(total["value"])
    count = numbers.supported_digits(total["p05"], total["p95"])
    said = f"{numbers.format_significant(total['value'] / size, count)} {symbol} CO2e"
    if total["p50"] is None:
        said += f", {NO_DRAWS}"
    elif median := half_of_draws_mass(total):
        said += f", {median}"
    if (ends := numbers.interval_ends(total)) is not None:
        said += f", 90 % interval {numbers.format_interval(*ends, size, count)} {symbol}"
    basis = result["accounting"]
    return f"{said} ({basis} basis)" if basis in ("location", "market") else f"{said} ({basis})"
