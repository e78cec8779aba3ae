"""Markdown for pull requests: verdict of a gate, total, breakdown, warnings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from carbonctl.report import numbers
from carbonctl.report.ci.findings import answer, results
from carbonctl.report.text.gate_words import beside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.result.estimate import EstimateResult, Estimates
    from carbonctl.result.gate import GateVerdict
    from carbonctl.result.node import Line

_VERDICT_TEXT = {
    "pass": "passed",
    "warn": "**warning**",
    "fail": "**violated**",
    "uncertain": "**undecided**",
    "excepted": "excepted",
    "skipped": "skipped",
}


def hidden_marker(command: str) -> str:
    """A hidden first line that lets a script find and update its own comment."""
    return f"<!-- carbonctl:{command} -->"


def as_markdown(data: Estimates) -> str:
    """One comment: the verdict of a gate if there is one, then each result."""
    lines = [hidden_marker("gate" if "gate" in data else data["command"])]
    if "gate" in data:
        lines += [*_gate(data["gate"]), ""]
    for result in results(data):
        lines += [*_result(result), ""]
    return "\n".join(lines[:-1]) + "\n"


def _gate(gate: GateVerdict) -> Iterator[str]:
    yield f"### Gate: {_VERDICT_TEXT[gate['status']].strip('*')}"
    yield ""
    yield "| rule | verdict | scenario | finding |"
    yield "|---|---|---|---|"
    for rule in gate["rules"]:
        place = rule["where"]["scenario"] or rule["where"]["policy"]
        where = f" ({place['file']}:{place['line']})" if place and place["line"] else ""
        at = "" if rule["status"] == "pass" else where
        finding = rule["message"] or rule["reason"] or ""
        subject = rule["scenario"] or rule["file"]
        yield (
            f"| {escape_cell(rule['id'])} | {_VERDICT_TEXT[rule['status']]} "
            f"| {escape_cell(subject)} | {escape_cell(finding + at)} |"
        )
    said_beside = beside(gate)
    if said_beside:
        yield ""
    for label, text in said_beside:
        yield f"- {label}: {escape_cell(text)}"


def _result(data: EstimateResult) -> Iterator[str]:
    total = data["total"]
    size, symbol = numbers.mass_unit(total["value"])
    drawn = total["p05"] is not None
    said, _, rest = answer(data).partition(" CO2e")
    yield f"### {escape_cell(data['title'])}"
    yield ""
    yield f"**{said} CO2e**{rest}"
    yield ""
    yield f"| phase | {symbol} CO2e | 90 % interval | share | evidence |"
    yield "|---|---:|---:|---:|---|"
    for node in data["breakdown"]:
        yield _row(node, size, drawn=drawn)
    yield ""
    yield f"Not estimated: {escape_cell(', '.join(data['coverage']['not_estimated']))}."
    assumed = escape_cell(", ".join(item["label"] for item in data["assumptions"][:5]))
    if assumed:
        yield f"\\* Assumed, most influential first: {assumed}."
    for entry in data["warnings"]:
        at = f"{entry['file']}:{entry['line']}: " if entry["line"] else ""
        yield f"- warning {entry['code']}: {escape_cell(at + entry['message'])}"


def _row(node: Line, size: float, *, drawn: bool) -> str:
    digits = numbers.supported_digits(node["p05"], node["p95"])
    span = numbers.format_interval(node["p05"], node["p95"], size, digits) if drawn else ""
    star = " *" if node["assumed"] else ""
    value = numbers.format_significant(node["value"] / size, digits)
    cells = (escape_cell(node["label"]), value, span, numbers.format_share(node["share"]))
    return f"| {' | '.join(cells)} | {node['evidence'] or node['tier']}{star} |"


def escape_cell(text: str) -> str:
    """Text escaped for a Markdown cell: no links, images, mentions or markup."""
    plain = numbers.printable(" ".join(text.split()))
    return _AUTOLINK.sub(rf"\g<0>{_ZERO_WIDTH_SPACE}", _MARKUP.sub(_escape_match, plain))


def _escape_match(found: re.Match[str]) -> str:
    sign = found[0]
    return _ENTITIES.get(sign, "".join(f"\\{letter}" for letter in sign))


# HTML and entities; then escapes, code, emphasis, strikes, math, tables, links and images
_ENTITIES = {"&": "&amp;", "<": "&lt;"}
_MARKUP = re.compile(r"[&<]|^[>+-]|!(?=\[)|\](?:[(:\[]|(?=))|[\\`*~$|\[]|(?<!\w)_|_(?!\w)")
# text that code hosts turn into links: people, issues, merge requests, addresses
_AUTOLINK = re.compile(r"[@#](?=\w)|(?<!\w)[!%](?=\w)|\bwww(?=\.)|\bGH(?=-\d)|"
                       r"\b(?:https?|ftp|mailto|xmpp)(?=:)", re.IGNORECASE)  # fmt: skip
_ZERO_WIDTH_SPACE = "&#8203;"  # a space of no width
