"""Table of an estimate: total, phases, then notes."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Literal, cast

from rich.box import Box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from carbonctl.core.units import HOURS_PER_DAY, HOURS_PER_YEAR
from carbonctl.report import numbers
from carbonctl.report.median import NO_DRAWS, half_of_draws_mass
from carbonctl.report.text.notes import MIN_FULL_WIDTH, print_notes
from carbonctl.report.text.wrapping import fold_text

if TYPE_CHECKING:
    from typing import TextIO

    from carbonctl.result.estimate import EstimateResult
    from carbonctl.result.node import Line

RULED = Box("    \n    \n----\n    \n----\n----\n    \n    \n", ascii=True)
_WIDEST, _NARROWEST = 80, 40
_PHASE, _COMPACT_PHASE = 30, 16
_MIN_NAME_WIDTH = 12
_MAX_RUNS = 5  # with them the whole answer fits on 24 lines
_BASIS = {"location": "location basis", "market": "market basis", "whole item": "whole item"}


def make_console(file: TextIO, *, color: bool) -> Console:
    """A Rich console of 40 to 80 columns (80 on a pipe), without highlighting or wrapping."""
    made = Console(file=file, no_color=not color, highlight=False, soft_wrap=False, emoji=False)
    made.width = max(_NARROWEST, min(_WIDEST, made.width))
    return made


def render(
    data: EstimateResult, out: Console, *, verbose: bool = False, quiet: bool = False
) -> None:
    """Print one result."""
    print_heading(data, out)
    if quiet:
        return
    table = _breakdown_table(data, out.width, verbose=verbose)
    excess = table.__rich_measure__(out, out.options).maximum - out.width
    if excess > 0:  # wrap names, never numbers
        longest = min(_PHASE, max(len(str(cell)) for cell in table.columns[0].cells))
        room = max(_MIN_NAME_WIDTH, longest - excess)
        table = _breakdown_table(data, out.width, verbose=verbose, room=room)
    out.print(table)
    print_notes(data, out, verbose=verbose)


def print_heading(data: EstimateResult, out: Console) -> None:
    """Print the title, the total with its interval and the other basis, and the median if apart."""
    basis = _BASIS[data["accounting"]]
    years = data["period_hours"]
    right = basis if years is None else f"{basis}, {format_duration(years)}"
    start = print_pair(out, data["title"], right)
    total = data["total"]
    size, symbol = numbers.mass_unit(total["value"])
    count = numbers.supported_digits(total["p05"], total["p95"])
    answer = f"{numbers.format_significant(total['value'] / size, count)} {symbol} CO2e"
    if (ends := numbers.interval_ends(total)) is not None:
        answer += f"   90 % interval {numbers.format_interval(*ends, size, count)} {symbol}"
    print_pair(out, answer, _other_basis_text(data), bold=True)
    median = NO_DRAWS if total["p50"] is None else half_of_draws_mass(total)
    if median:
        out.print(Text(median, style="bold"))
    elif start == 1:  # no blank line after a heading of more lines
        out.print()


def format_duration(hours: float) -> str:
    """A duration in years, or in days if it is shorter than a year."""
    years = hours / HOURS_PER_YEAR
    if years >= 1:
        return f"{years:.3g} year{'' if years == 1 else 's'}"
    return f"{hours / HOURS_PER_DAY:.3g} d"


def _other_basis_text(data: EstimateResult) -> str:
    """Carbon of electricity on the other basis, as text."""
    if data["command"] == "embodied":
        return ""
    other: Literal["market", "location"]
    other = "market" if data["accounting"] == "location" else "location"
    node = data["operational"][other]
    if node["value"] is None:
        return "market basis: not estimated"
    text = numbers.format_mass(node["value"], 2)
    contract = " (contractual)" if other == "market" else ""
    return f"electricity, {other} basis: {text}{contract}"


def print_pair(out: Console, left: str, right: str, *, bold: bool = False) -> int:
    """Print two texts at the left and right edge; return the number of lines."""
    style = "bold" if bold else ""
    gap = out.width - len(left) - len(right)
    if gap >= 2 or not right:  # noqa: PLR2004 - two blanks between
        out.print(Text(left, style=style) + Text(" " * gap + right if right else ""))
        return 1
    *lines, last = textwrap.wrap(left, out.width, break_on_hyphens=False)
    if not lines:  # both do not fit on one line
        out.print(Text(left, style=style))
        out.print(Text(right))
        return 2
    for line in lines:
        out.print(Text(line, style=style))
    return len(lines) + print_pair(out, last, right, bold=bold)


def _breakdown_table(
    data: EstimateResult, width: int, *, verbose: bool = False, room: int = _PHASE
) -> Table:
    size, symbol = numbers.mass_unit(data["total"]["value"])
    compact = width < MIN_FULL_WIDTH
    table = Table(box=RULED, show_footer=True, show_edge=False, pad_edge=False, expand=not compact)
    total, drawn = data["total"], bool(data["samples"])
    count = numbers.supported_digits(total["p05"], total["p95"])
    ends = numbers.format_interval(total["p05"], total["p95"], size, count) if drawn else ""
    table.add_column("phase", footer="total", no_wrap=True)
    if not compact:
        table.add_column("", justify="right", no_wrap=True)
    answer = numbers.format_significant(total["value"] / size, count)
    table.add_column(f"{symbol} CO2e", footer=Text(answer, "bold"), justify="right", no_wrap=True)
    table.add_column(
        "90 % interval" if not compact else "90 %", footer=ends, justify="right", no_wrap=True
    )
    if not compact:
        table.add_column("share", justify="right", no_wrap=True)
        table.add_column("evidence", no_wrap=True)
    for node in data["breakdown"]:
        node = node if verbose or node["kind"] != "train" else _merge_small_runs(node, data)  # noqa: PLW2901
        _add_row(table, node, data, size, compact=compact, indent="", room=room)
    return table


def _merge_small_runs(node: Line, data: EstimateResult) -> Line:
    """A node with its largest runs and one line for the rest; ``-v`` shows all."""
    runs = node["children"]
    if len(runs) <= _MAX_RUNS:
        return node
    largest = {run["id"] for run in sorted(runs, key=lambda run: -run["value"])[: _MAX_RUNS - 1]}
    rest = [run for run in runs if run["id"] not in largest]
    one = {
        **rest[0],
        "id": "",
        "label": f"{len(rest)} more runs; -v",
        "value": sum(run["value"] for run in rest),
        "share": sum(run["share"] or 0.0 for run in rest),
        "p05": None,
        "p95": None,
        "assumed": any(run["assumed"] for run in rest),
        "evidence": rest[0]["evidence"] if len({r["evidence"] for r in rest}) == 1 else "several",
        "children": [],
        "amount": _energy_of(rest, data),
    }
    return {**node, "children": [run for run in runs if run["id"] in largest] + [cast("Line", one)]}


def _energy_of(runs: list[Line], data: EstimateResult) -> str:
    """Total energy of some runs; empty if one is unknown."""
    names = [f"{run['id'].split('.operational_')[0]}.facility_energy_kwh" for run in runs]
    known = [data["metrics"][name]["value"] for name in names if name in data["metrics"]]
    return numbers.format_energy(sum(known)) if len(known) == len(runs) else ""


def _add_row(
    table: Table,
    node: Line,
    data: EstimateResult,
    size: float,
    *,
    compact: bool,
    indent: str,
    room: int,
) -> None:
    count = numbers.supported_digits(node["p05"], node["p95"])
    found = numbers.interval_ends(node)
    ends = "" if found is None else numbers.format_interval(*found, size, count)
    most = _COMPACT_PHASE if compact else room
    cells = ["\n".join(fold_text(node["label"], most, indent, f"{indent}  "))]
    value = numbers.format_significant(node["value"] / size, count)
    if compact:
        table.add_row(*cells, value, ends)
    else:
        mark = " *" if node["assumed"] else ""
        evidence = f"{_evidence_text(node)}{mark}"
        table.add_row(
            *cells,
            _amount_text(node, data),
            value,
            ends,
            numbers.format_share(node["share"]),
            evidence,
        )
    shown = data["command"] == "embodied" or node["kind"] in ("train", "data")
    for child in node["children"] if shown else ():
        _add_row(table, child, data, size, compact=compact, indent=indent + "  ", room=room)


def _evidence_text(node: Line) -> str:
    return str(node["evidence"] if node["evidence"] not in ("", "modeled") else node["tier"])


def _amount_text(node: Line, data: EstimateResult) -> str:
    """Energy for a line of electricity, device-years for manufacturing; else empty."""
    if (amount := node.get("amount")) is not None:  # of several runs together
        return str(amount)
    metrics = data["metrics"]
    if ".operational_" in node["id"]:
        energy = metrics.get(node["id"].split(".operational_")[0] + ".facility_energy_kwh")
        return numbers.format_energy(energy["value"]) if energy else ""
    if node["id"] == "manufacturing" and data["command"] != "embodied":
        hours = [m["value"] for name, m in metrics.items() if name.endswith(".accelerator_hours")]
        return (
            f"{numbers.format_significant(sum(hours) / HOURS_PER_YEAR, 2)} device-y"
            if hours
            else ""
        )
    return ""
