"""The table: the answer first, then phases, what decides it, what was assumed, what is missing."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from rich.box import Box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from carbonctl.core.units import HOURS_PER_DAY, HOURS_PER_YEAR
from carbonctl.report import numbers
from carbonctl.report.notes import COMPACT, notes
from carbonctl.report.wrapped import fold

if TYPE_CHECKING:
    from typing import TextIO

RULED = Box("    \n    \n----\n    \n----\n----\n    \n    \n", ascii=True)
_WIDEST, _NARROWEST = 80, 40
_PHASE, _COMPACT_PHASE = 30, 16
_BASIS = {"location": "location basis", "market": "market basis", "whole item": "whole item"}


def console(file: TextIO, *, color: bool) -> Console:
    """A console that neither guesses nor wraps: 80 columns on a pipe, at most 80 in a terminal."""
    made = Console(file=file, no_color=not color, highlight=False, soft_wrap=False, emoji=False)
    made.width = max(_NARROWEST, min(_WIDEST, made.width))
    return made


def render(
    data: dict[str, Any], out: Console, *, verbose: bool = False, quiet: bool = False
) -> None:
    """Print one result."""
    heading(data, out)
    if quiet:
        return
    out.print(_breakdown(data, out.width))
    notes(data, out, verbose=verbose)


def heading(data: dict[str, Any], out: Console) -> None:
    """What was estimated, and the answer with its interval."""
    basis = _BASIS[data["accounting"]]
    years = data["period_hours"]
    right = basis if years is None else f"{basis}, {span(years)}"
    pair(out, data["title"], right)
    total = data["total"]
    size, symbol = numbers.carbon_unit(total["value"])
    count = numbers.digits(total["p05"], total["p95"])
    answer = f"{numbers.significant(total['value'] / size, count)} {symbol} CO2e"
    if total["p05"] is not None and total["p95"] > total["p05"]:
        ends = numbers.interval(total["p05"], total["p95"], size, count)
        answer += f"   90 % interval {ends} {symbol}"
    pair(out, answer, _market(data), bold=True)
    out.print()


def span(hours: float) -> str:
    """A stretch of time in years, or in days where it is shorter."""
    years = hours / HOURS_PER_YEAR
    if years >= 1:
        return f"{years:.3g} year{'' if years == 1 else 's'}"
    return f"{hours / HOURS_PER_DAY:.3g} d"


def _market(data: dict[str, Any]) -> str:
    """What the electricity is on the other basis."""
    if data["command"] == "embodied":
        return ""
    other = "market" if data["accounting"] == "location" else "location"
    node = data["operational"][other]
    if node["value"] is None:
        return "market basis: not estimated"
    text = numbers.carbon(node["value"], 2)
    contract = " (contractual)" if other == "market" else ""
    return f"electricity, {other} basis: {text}{contract}"


def pair(out: Console, left: str, right: str, *, bold: bool = False) -> None:
    """Two texts at the two edges, on two lines where one is too narrow."""
    room = out.width - len(right) - 2
    if right and len(left) > room >= COMPACT // 2 and not bold:
        left = left[: room - 3] + "..."
    style = "bold" if bold else ""
    gap = out.width - len(left) - len(right)
    if gap >= 2 or not right:  # noqa: PLR2004 - two blanks between
        out.print(Text(left, style=style) + Text(" " * gap + right if right else ""))
        return
    for line in textwrap.wrap(left, out.width):
        out.print(Text(line, style=style))
    out.print(Text(right))


def _breakdown(data: dict[str, Any], width: int) -> Table:
    size, symbol = numbers.carbon_unit(data["total"]["value"])
    compact = width < COMPACT
    table = Table(box=RULED, show_footer=True, show_edge=False, pad_edge=False, expand=not compact)
    total, drawn = data["total"], bool(data["samples"])
    count = numbers.digits(total["p05"], total["p95"])
    ends = numbers.interval(total["p05"], total["p95"], size, count) if drawn else ""
    table.add_column("phase", footer="total", no_wrap=True)
    if not compact:
        table.add_column("", justify="right", no_wrap=True)
    answer = numbers.significant(total["value"] / size, count)
    table.add_column(f"{symbol} CO2e", footer=Text(answer, "bold"), justify="right", no_wrap=True)
    table.add_column(
        "90 % interval" if not compact else "90 %", footer=ends, justify="right", no_wrap=True
    )
    if not compact:
        table.add_column("share", justify="right", no_wrap=True)
        table.add_column("evidence", no_wrap=True)
    for node in data["breakdown"]:
        _row(table, node, data, size, compact=compact, indent="")
    return table


def _row(
    table: Table,
    node: dict[str, Any],
    data: dict[str, Any],
    size: float,
    *,
    compact: bool,
    indent: str,
) -> None:
    count = numbers.digits(node["p05"], node["p95"])
    ends = ""
    if node["p05"] is not None and node["p95"] > node["p05"]:
        ends = numbers.interval(node["p05"], node["p95"], size, count)
    most = _COMPACT_PHASE if compact else _PHASE
    cells = ["\n".join(fold(node["label"], most, indent, f"{indent}  "))]
    value = numbers.significant(node["value"] / size, count)
    if compact:
        table.add_row(*cells, value, ends)
    else:
        mark = " *" if node["assumed"] else ""
        evidence = f"{_evidence(node)}{mark}"
        table.add_row(
            *cells, _amount(node, data), value, ends, numbers.share(node["share"]), evidence
        )
    shown = data["command"] == "embodied" or node["kind"] in ("train", "data")
    for child in node["children"] if shown else ():
        _row(table, child, data, size, compact=compact, indent=indent + "  ")


def _evidence(node: dict[str, Any]) -> str:
    return str(node["evidence"] if node["evidence"] not in ("", "modeled") else node["tier"])


def _amount(node: dict[str, Any], data: dict[str, Any]) -> str:
    """Energy beside a phase's electricity, device-years beside manufacturing."""
    metrics = data["metrics"]
    if ".operational_" in node["id"]:
        energy = metrics.get(node["id"].split(".operational_")[0] + ".facility_energy_kwh")
        return numbers.energy(energy["value"]) if energy else ""
    if node["id"] == "manufacturing" and data["command"] != "embodied":
        hours = [m["value"] for name, m in metrics.items() if name.endswith(".accelerator_hours")]
        return f"{numbers.significant(sum(hours) / HOURS_PER_YEAR, 2)} device-y" if hours else ""
    return ""
