"""The verdict of a gate for people: the answer, the rules, and why each one that fails does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rich.table import Table
from rich.text import Text

from carbonctl.report import numbers
from carbonctl.report.text.gate_words import beside, drives, measured
from carbonctl.report.text.notes import MIN_FULL_WIDTH, print_note
from carbonctl.report.text.table import RULED, print_heading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from carbonctl.result.estimate import EstimateResult
    from carbonctl.result.gate import GateVerdict, RuleVerdict
    from carbonctl.result.problem import Place

_STYLES = {"fail": "bold red", "uncertain": "yellow", "warn": "yellow", "pass": "green"}

# kinds of rules that hold no metric, in a word
_KINDS = {
    "require": "coverage",
    "forbid_tier": "tiers",
    "forbid_warnings": "warnings",
    "require_source": "sources",
    "max_given_without_source": "given without source",
}
_RULE, _HOLDS, _NARROW = 16, 22, 12


def render(
    data: GateVerdict,
    results: Iterable[tuple[str, EstimateResult]],
    out: Console,
    *,
    quiet: bool = False,
) -> None:
    """Print the rules on the result of every file, and the verdict last.

    Texts of a saved result may come from anywhere, so all are made printable.
    """
    if not quiet:
        rules: dict[str, list[RuleVerdict]] = {}
        for rule in data["rules"]:
            rules.setdefault(rule["file"], []).append(rule)
        for file, result in results:
            own = numbers.printable_texts(rules.get(file, []))
            _one(result | {"title": numbers.printable_texts(result["title"])}, own, out)
        for label, text in beside(data):
            print_note(out, label, numbers.printable_texts(text))
    _verdict(data, out)


def _one(result: EstimateResult, rules: list[RuleVerdict], out: Console) -> None:
    print_heading(result, out)
    compact = out.width < MIN_FULL_WIDTH
    table = Table(box=RULED, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("rule", no_wrap=True, max_width=_RULE)
    if not compact:
        table.add_column("holds", no_wrap=True, max_width=_HOLDS)
    for name in ("limit", "found") if compact else ("limit", "found", "over in"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for rule in rules:
        _row(table, rule, compact=compact)
    out.print(table)
    out.print()
    for rule in rules:
        if rule["status"] != "pass":
            _why(rule, out)


def _row(table: Table, rule: RuleVerdict, *, compact: bool) -> None:
    over = rule["probability"]
    shown = [_value(rule, "limit"), _value(rule, "observed")]
    if not compact:
        shown.append("" if over is None else f"{100 * over:.0f} %")
    words = [rule["id"][: _NARROW if compact else _RULE]]
    if not compact:
        words.append(_held(rule)[:_HOLDS])
    status = rule["status"]
    table.add_row(*words, *shown, Text(status, _STYLES.get(status, "")))


def _held(rule: RuleVerdict) -> str:
    if rule["metric"] is None:
        return _KINDS[rule["kind"]]
    if rule["kind"] == "max_probability":
        return f"{rule['label']}, chance"
    versus = ", increase" if rule["kind"] == "max_increase" else ""
    return f"{rule['label']}, {rule['statistic']}{versus}"


def _value(rule: RuleVerdict, name: Literal["observed", "limit"]) -> str:
    value = rule[name]
    if rule["kind"] == "max_given_without_source":
        return f"{value:.0f}"
    if value is None:
        return "" if rule["metric"] is None else "-"
    return measured(value, rule["metric"] or "", rule["unit"])


def _why(rule: RuleVerdict, out: Console) -> None:
    """What a rule found, what drives it, and where that stands."""
    print_note(out, rule["id"][:16], rule["message"] or "")
    print_note(out, "", drives(rule))
    scenario, policy = rule["where"]["scenario"], rule["where"]["policy"]
    named = f": {rule['input']}" if rule["input"] else ""
    print_note(out, "", f"at {_at(scenario)}{named}" if scenario else "")
    print_note(out, "", f"rule at {_at(policy)}" if policy else "")
    excuse = rule["exception"]
    if excuse is not None:
        word = "exception expired on" if excuse["expired"] else "excepted until"
        print_note(out, "", f"{word} {excuse['until']}: {excuse['reason']}")


def _at(place: Place) -> str:
    return f"{place['file']}:{place['line']}:{place['column']}"


def _verdict(data: GateVerdict, out: Console) -> None:
    counts = [f"{n} {name}" for name, n in data["counts"].items() if n]
    text = f"{data['status'].upper()}: {', '.join(counts)}; exit {data['exit_code']}"
    line = Text(f"{'gate':<{17 if out.width >= MIN_FULL_WIDTH else 5}}", "bold")
    out.print(line + Text(text, _STYLES.get(data["status"], "")))
