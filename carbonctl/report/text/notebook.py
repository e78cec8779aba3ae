"""A result for notebooks: one line of text, and a small HTML table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from carbonctl.report import numbers
from carbonctl.report.median import half_of_draws_mass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carbonctl.result.estimate import EstimateResult

_LEFT, _RIGHT = ' style="text-align:left"', ' style="text-align:right"'


def one_line_summary(data: EstimateResult) -> str:
    """Name, total and interval, as in ``chat-7b: 69 t CO2e (49-111)``, and the median if apart."""
    total = data["total"]
    median = f", {text}" if (text := half_of_draws_mass(total)) else ""
    name = numbers.printable(data["name"] or data["title"]).replace("\n", " ")
    said = numbers.format_with_interval(total["value"], total["p05"], total["p95"])
    return f"{name}: {said}{median}"


def as_html(data: EstimateResult) -> str:
    """HTML table with title, lines of the breakdown and total; all text is escaped."""
    size, symbol = numbers.mass_unit(data["total"]["value"])
    rows = [_row(line, size) for line in data["breakdown"]]
    rows.append(_row({**data["total"], "share": None}, size, tag="th"))
    head = "".join(
        f"<th{side}>{text}</th>"
        for text, side in (
            ("line", _LEFT), (f"{symbol} CO2e", _RIGHT), ("90 % interval", _RIGHT),
            ("share", _RIGHT),
        )
    )  # fmt: skip
    median = f"; {text}" if (text := half_of_draws_mass(data["total"])) else ""
    caption = escape(numbers.printable(data["title"]) + median)
    return (
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _row(line: Mapping[str, Any], size: float, tag: str = "td") -> str:
    count = numbers.supported_digits(line["p05"], line["p95"])
    cells = [
        numbers.format_significant(line["value"] / size, count),
        ""
        if line["p05"] is None
        else numbers.format_interval(line["p05"], line["p95"], size, count),
        "" if line["share"] is None else numbers.format_share(line["share"]),
    ]
    label = escape(numbers.printable(line["label"]))
    shown = "".join(f"<{tag}{_RIGHT}>{escape(cell)}</{tag}>" for cell in cells)
    return f"<tr><{tag}{_LEFT}>{label}</{tag}>{shown}</tr>"
