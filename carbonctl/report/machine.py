"""Forms for programs and for pull requests: JSON, CSV, Markdown."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from carbonctl.report import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

CSV_COLUMNS = ("id", "label", "unit", "value", "p05", "p50", "p95", "share", "evidence", "tier",
               "assumed")  # fmt: skip


def as_json(data: Any) -> str:
    """The envelope as JSON, one stable byte sequence for the same result."""
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _flat(nodes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in nodes:
        yield node
        yield from _flat(node["children"])


def as_csv(data: dict[str, Any]) -> str:
    """The breakdown as rows with fixed columns, the total last."""
    text = io.StringIO()
    writer = csv.DictWriter(text, CSV_COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_flat(data["breakdown"]))
    writer.writerow(data["total"] | {"share": 1.0, "evidence": ""})
    return text.getvalue()


def cell(text: str) -> str:
    """Text that cannot break out of a Markdown table or heading."""
    return " ".join(text.split()).replace("|", "\\|")


def as_markdown(data: dict[str, Any]) -> str:
    """The breakdown as a Markdown table under the answer."""
    total = data["total"]
    size, symbol = numbers.carbon_unit(total["value"])
    count = numbers.digits(total["p05"], total["p95"])
    drawn = total["p05"] is not None
    answer = f"**{numbers.significant(total['value'] / size, count)} {symbol} CO2e**"
    if drawn:
        ends = numbers.interval(total["p05"], total["p95"], size, count)
        answer += f", 90 % interval {ends} {symbol}"
    lines = [
        f"### {cell(data['title'])}",
        "",
        f"{answer} ({data['accounting']} basis)",
        "",
        f"| phase | {symbol} CO2e | 90 % interval | share | evidence |",
        "|---|---:|---:|---:|---|",
    ]
    for node in data["breakdown"]:
        digits = numbers.digits(node["p05"], node["p95"])
        span = numbers.interval(node["p05"], node["p95"], size, digits) if drawn else ""
        star = " *" if node["assumed"] else ""
        value = numbers.significant(node["value"] / size, digits)
        evidence = node["evidence"] or node["tier"]
        lines.append(
            f"| {cell(node['label'])} | {value} | {span} | {numbers.share(node['share'])} "
            f"| {evidence}{star} |"
        )
    missing = ", ".join(data["coverage"]["not_estimated"])
    assumed = ", ".join(item["label"] for item in data["assumptions"][:5])
    lines += ["", f"Not estimated: {missing}."]
    if assumed:
        lines.append(f"\\* Assumed, most influential first: {assumed}.")
    return "\n".join(lines) + "\n"
