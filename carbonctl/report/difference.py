"""Report of ``diff``: data, table and Markdown of two results and the changes between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from rich.table import Table
from rich.text import Text

from carbonctl import __version__
from carbonctl.report import numbers, provenance
from carbonctl.report.envelope import SCHEMA_VERSION
from carbonctl.report.machine import as_json
from carbonctl.report.text.markdown import escape_cell, hidden_marker
from carbonctl.report.text.notes import MIN_FULL_WIDTH, print_note
from carbonctl.report.text.table import RULED
from carbonctl.study.difference import MISSING, attribution_method

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from carbonctl.core.errors import Mark
    from carbonctl.core.strict_yaml import Document
    from carbonctl.result.diff import ChangeRecord, DiffLine, DiffResult, DiffSide
    from carbonctl.result.problem import Place
    from carbonctl.study.difference import Change, Difference, Side

_MAX_CHANGES = 12
_RELATIVE_TOLERANCE = 1e-12  # of a total; below it a share is numerical noise
_MAX_VALUE_WIDTH = 18


def diff_as_data(difference: Difference, samples: int, seed: int) -> DiffResult:
    """A difference as plain data."""
    base, head = difference.base, difference.head
    whole = head.total - base.total
    ends = difference.ends or (None, None, None)
    entries = [*_input_changes(difference), *_data_changes(difference), *_tool_change(difference)]
    for entry in entries:
        moved = abs(whole) > _RELATIVE_TOLERANCE * max(abs(base.total), abs(head.total))
        entry["share"] = entry["contribution_kgco2e"] / whole if moved else None
    return {
        "schema_version": SCHEMA_VERSION,
        "command": "diff",
        "tool": {"name": "carbonctl", "version": __version__},
        "base": _side_record(base),
        "head": _side_record(head),
        "accounting": head.data["accounting"],
        "samples": samples if difference.ends else 0,
        "seed": seed,
        "method": attribution_method(len(difference.moved)),
        "total": {
            "base_kgco2e": base.total,
            "head_kgco2e": head.total,
            "difference_kgco2e": whole,
            "formula": "total_kgco2e",
            "p05": ends[0],
            "p50": ends[1],
            "p95": ends[2],
        },
        "changes": sorted(entries, key=lambda e: -abs(e["contribution_kgco2e"])),
        "breakdown": _breakdown_rows(base, head),
        "provenance": provenance.diff_provenance(attribution_method(len(difference.moved))),
    }


def _side_record(side: Side) -> DiffSide:
    return {
        "name": side.data["name"],
        "title": side.data["title"],
        "file": side.file,
        "kind": "scenario" if side.result is None else "result",
        "tool_version": side.data["tool"]["version"],
        "data_version": side.data["data"]["version"],
        "inputs_sha256": side.data["inputs"]["sha256"],
    }


def _input_changes(difference: Difference) -> Iterator[ChangeRecord]:
    for change, moved in zip(difference.inputs, difference.moved, strict=False):
        one = len(change.edits) == 1
        ends = [_values_of_change(change, side) for side in (1, 2)]
        yield {
            "kind": "input",
            "key": _dotted_path(change.path) if one or change.path else "the scenario",
            "label": _dotted_path(change.path) if one or change.path else "the scenario",
            "unit": None,
            "base": next(iter(ends[0].values()), None) if one else ends[0],
            "head": next(iter(ends[1].values()), None) if one else ends[1],
            "contribution_kgco2e": moved,
            "source": "user",
            "where": _place_of_change(change, difference),
            "share": None,  # set by the caller
        }


def _values_of_change(change: Change, side: int) -> dict[str, Any]:
    values = ((edit[0], edit[side]) for edit in change.edits)
    return {_dotted_path(path): value for path, value in values if value is not MISSING}


def _dotted_path(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))


def _place_of_change(change: Change, difference: Difference) -> Place | None:
    """Position of a change in the head; in the base if the head lacks the value."""
    path, _, value = change.edits[0]
    document: Document = (difference.base if value is MISSING else difference.head).document
    mark: Mark | None = document.mark(path)
    if mark is None or mark.line is None or mark.column is None:
        return None
    ends = mark.column + mark.length
    return {"file": mark.file, "line": mark.line, "column": mark.column, "end_column": ends}


def _data_changes(difference: Difference) -> Iterator[ChangeRecord]:
    moved = difference.moved[len(difference.inputs) :]
    for (before, after), contribution in zip(difference.data, moved, strict=True):
        yield {
            "kind": "data",
            "key": after.key,
            "label": after.label or after.key,
            "unit": after.unit,
            "base": before.value,
            "head": after.value,
            "contribution_kgco2e": contribution,
            "source": after.source,
            "where": None,
            "share": None,
        }


def _tool_change(difference: Difference) -> Iterator[ChangeRecord]:
    """The part of the difference from another version of the formulas."""
    ends = [side.data["tool"]["version"] for side in (difference.base, difference.head)]
    if difference.tool or ends[0] != ends[1]:
        yield {
            "kind": "tool",
            "key": "tool.version",
            "label": "formulas of carbonctl",
            "unit": None,
            "base": ends[0],
            "head": ends[1],
            "contribution_kgco2e": difference.tool,
            "source": None,
            "where": None,
            "share": None,
        }


def _breakdown_rows(base: Side, head: Side) -> list[DiffLine]:
    sides = [{line["id"]: line for line in side.data["breakdown"]} for side in (base, head)]
    rows: list[DiffLine] = []
    for line_id in dict.fromkeys((*sides[0], *sides[1])):
        a, b = (side.get(line_id) for side in sides)
        values = [None if line is None else line["value"] for line in (a, b)]
        label = next(line["label"] for line in (b, a) if line is not None)
        rows.append(
            {
                "id": line_id,
                "label": label,
                "base_kgco2e": values[0],
                "head_kgco2e": values[1],
                "difference_kgco2e": (values[1] or 0.0) - (values[0] or 0.0),
            }
        )
    return rows


def render(data: DiffResult, out: Console) -> None:
    """Print the difference, the contribution of each change, and the changed lines."""
    out.print(Text(_heading(data)))
    out.print(Text(_answer_text(data), style="bold"))
    if data["changes"]:
        out.print()
        out.print(_table(data, compact=out.width < MIN_FULL_WIDTH))
    hidden = len(data["changes"]) - _MAX_CHANGES
    print_note(out, "and", f"{hidden} more changes; -f json lists all" if hidden > 0 else "")
    size, symbol = _mass_unit(data)
    shows = [
        f"{row['label']} {_format_signed(row['difference_kgco2e'], size)} {symbol}"
        for row in data["breakdown"]
        if row["difference_kgco2e"]
    ]
    print_note(out, "shows in", ", ".join(shows))
    print_note(out, "median", _why_no_median(data))


def _heading(data: DiffResult) -> str:
    names = (data[side]["name"] or data[side]["file"] for side in ("base", "head"))
    return numbers.printable(" -> ".join(names)).replace("\n", " ")[:80]


def _mass_unit(data: DiffResult) -> tuple[float, str]:
    total = data["total"]
    return numbers.mass_unit(max(total["base_kgco2e"], total["head_kgco2e"]))


def _answer_text(data: DiffResult) -> str:
    total, (size, symbol) = data["total"], _mass_unit(data)
    ends = (
        numbers.format_significant(total[side] / size, 3) for side in ("base_kgco2e", "head_kgco2e")
    )
    text = f"{' -> '.join(ends)} {symbol} CO2e"
    if not total["difference_kgco2e"]:
        return f"{text}, the same" + ("" if data["changes"] else "; nothing changed")
    text += f", {_format_signed(total['difference_kgco2e'], size)} {symbol}"
    if total["p50"] is not None:
        text += f"   median {_format_signed(total['p50'], size)} {symbol}"
    if (interval := numbers.interval_ends(total)) is not None:
        low, high = (_format_signed(end, size) for end in interval)
        text += f", 90 % interval {low} to {high} {symbol}"
    return text


def _why_no_median(data: DiffResult) -> str:
    """Why the difference has no median: no draws, or those of another version are not known."""
    if data["total"]["p50"] is not None or not data["total"]["difference_kgco2e"]:
        return ""
    if any(entry["kind"] == "tool" for entry in data["changes"]):
        return "not known: the draws of another version cannot be repeated"
    return "not known without draws (--samples 0)"


def _format_signed(value: float, size: float) -> str:
    text = numbers.format_significant(value / size)
    return f"+{text}" if value > 0 and not text.startswith("<") else text


def _table(data: DiffResult, *, compact: bool) -> Table:
    size, symbol = _mass_unit(data)
    table = Table(box=RULED, show_footer=True, show_edge=False, pad_edge=False)
    table.add_column("what changed", footer="total", no_wrap=True)
    if not compact:
        table.add_column("base", justify="right", no_wrap=True)
        table.add_column("head", justify="right", no_wrap=True)
    whole = _format_signed(data["total"]["difference_kgco2e"], size)
    table.add_column(f"{symbol} CO2e", footer=Text(whole, "bold"), justify="right", no_wrap=True)
    for entry in data["changes"][:_MAX_CHANGES]:
        ends = () if compact else (_format_value(entry, "base"), _format_value(entry, "head"))
        mark = {"data": " (data)", "tool": " (version)"}.get(entry["kind"], "")
        wide = 24 if compact else 30
        label = Text(numbers.clip_text(numbers.printable(entry["label"]), wide - len(mark)) + mark)
        table.add_row(label, *map(Text, ends), _format_signed(entry["contribution_kgco2e"], size))
    return table


def _format_value(entry: ChangeRecord, side: Literal["base", "head"]) -> str:
    value = entry[side]
    if value is None:
        return "-"
    if entry["unit"] is not None and isinstance(value, int | float):
        return numbers.clip_text(numbers.format_quantity(value, entry["unit"]), _MAX_VALUE_WIDTH)
    if isinstance(value, dict):
        value = ", ".join(key.rpartition(".")[2] for key in value) or "-"
    text = f"{len(value)} values" if isinstance(value, list) else numbers.printable(str(value))
    return numbers.clip_text(text.replace("\n", " "), _MAX_VALUE_WIDTH)


def _markdown(data: DiffResult) -> str:
    size, symbol = _mass_unit(data)
    lines = [
        hidden_marker("diff"),
        f"### {escape_cell(_heading(data))}",
        "",
        f"**{escape_cell(_answer_text(data).replace('   ', ', '))}**",
    ]
    if data["changes"]:
        lines += ["", f"| what changed | base | head | {symbol} CO2e |", "|---|---:|---:|---:|"]
    for entry in data["changes"]:
        ends = (escape_cell(_format_value(entry, side)) for side in ("base", "head"))
        moved = _format_signed(entry["contribution_kgco2e"], size)
        kind = "" if entry["kind"] == "input" else f" ({entry['kind']})"
        lines.append(f"| {escape_cell(entry['label'])}{kind} | {' | '.join(ends)} | {moved} |")
    if missing := _why_no_median(data):
        lines += ["", f"Median of the difference: {escape_cell(missing)}."]
    return "\n".join(lines) + "\n"


RENDERERS: dict[str, Callable[[DiffResult], str]] = {"json": as_json, "markdown": _markdown}
