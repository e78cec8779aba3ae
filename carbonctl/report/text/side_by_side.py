"""Report of ``compare``: verdict, table, and the input that would change the order."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from rich.table import Table
from rich.text import Text

from carbonctl import __version__
from carbonctl.core.units import HOURS_PER_YEAR
from carbonctl.report import csv_rows, numbers, provenance
from carbonctl.report.envelope import SCHEMA_VERSION, breakdown_lines, metric_records, total_node
from carbonctl.report.machine import as_json
from carbonctl.report.numbers import printable
from carbonctl.report.text import ranking
from carbonctl.report.text.markdown import escape_cell, hidden_marker
from carbonctl.report.text.notes import MIN_FULL_WIDTH, print_note
from carbonctl.report.text.ranking import MIN_RANKED, scenario_letter
from carbonctl.report.text.table import RULED
from carbonctl.report.text.wrapping import fold_text
from carbonctl.study.montecarlo import interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import Console

    from carbonctl.core.fact import Fact
    from carbonctl.estimate.results import Lifecycle
    from carbonctl.result.compare import (
        ComparedRow,
        CompareResult,
        DifferenceToFirst,
        DifferenceToLeast,
        DifferingInput,
    )
    from carbonctl.result.node import Metric
    from carbonctl.scenario.resolve.resolve_scenario import ResolvedScenario
    from carbonctl.study.compare import Comparison, Row
    from carbonctl.study.montecarlo import Evaluated

_MIN_SURE_SHARE = 0.95
_NAME = 16  # columns of a name
_ANY_WIDTH = 10_000  # more columns than a table has
_MAX_DIFFERING_INPUTS = 5  # inputs that are named


def compare_as_data(
    compared: Comparison,
    names: list[str],
    titles: list[str],
    results: list[Evaluated[Lifecycle]],
    resolved: list[ResolvedScenario],
) -> CompareResult:
    """A comparison as plain data."""
    turning = compared.turning
    return {
        "schema_version": SCHEMA_VERSION,
        "command": "compare",
        "tool": {"name": "carbonctl", "version": __version__},
        "accounting": results[0].point.basis,
        "samples": results[0].samples,
        "seed": results[0].seed,
        "scenarios": [
            {
                "name": name,
                "title": title,
                "period_hours": r.period.value,
                "not_estimated": r.not_estimated,
                "less_than_first": share,
                "above_least": _above_least(compared, place, results[0].samples),
                "total": total_node(result),
                "breakdown": breakdown_lines(result),
                "energy": _energy(result),
            }
            for place, (name, title, r, result, share) in enumerate(
                zip(names, titles, resolved, results, compared.less_than_first, strict=True)
            )
        ],
        "breakdown": [_row(row, results[0].samples) for row in compared.rows],
        "total": _row(compared.total, results[0].samples),
        "turning_point": None
        if turning is None
        else {"key": turning.fact.key, "label": turning.fact.label,
              "now": turning.fact.value, "value": turning.value, "unit": turning.fact.unit},
        "inputs_that_differ": [
            {"label": (a or b).label, "unit": (a or b).unit, "a": _value(a), "b": _value(b)}  # type: ignore[union-attr]
            for a, b in compared.differing
        ],
        "provenance": provenance.compare_provenance(),
    }  # fmt: skip


def _above_least(compared: Comparison, place: int, samples: int) -> DifferenceToLeast:
    """How far the total of a scenario is above the least one; percentiles only of draws."""
    totals = [value or 0.0 for value in compared.total.values]
    ends = interval(compared.above_least[place]) if samples else None
    low, middle, high = ends or (None, None, None)
    return {"value": totals[place] - min(totals), "p05": low, "p50": middle, "p95": high}


def _energy(result: Evaluated[Lifecycle]) -> dict[str, Metric]:
    """Facility energy of each phase, as metrics of the scenario."""
    found = cast("dict[str, Metric]", metric_records(result))  # energy is never null
    return {name: found[name] for name in found if name.endswith(csv_rows.ENERGY_METRIC)}


def _value(fact: Fact | None) -> float | None:
    return None if fact is None else fact.value


def _row(row: Row, samples: int) -> ComparedRow:
    ends = [interval(d) if samples else None for d in row.differences]
    first = row.values[0]
    return {
        "kind": row.kind,
        "label": row.label,
        "unit": "kgCO2e",
        "values": list(row.values),
        "differences": [
            {
                "value": None if v is None and first is None else (v or 0.0) - (first or 0.0),
                "p05": e[0] if e else None,
                "p50": e[1] if e else None,
                "p95": e[2] if e else None,
            }
            for v, e in zip(row.values, ends, strict=True)
        ],
    }


def render(data: CompareResult, out: Console) -> None:
    """Print a comparison."""
    names = [s["name"] for s in data["scenarios"]]
    years = {s["period_hours"] for s in data["scenarios"]}
    period = f"{next(iter(years)) / HOURS_PER_YEAR:.3g} y" if len(years) == 1 else "periods differ"
    out.print(Text(f"{data['accounting']} basis, {period}; common draws"))
    verdict = "\n".join(fold_text(printable(_verdict_text(data, names)), out.width))
    out.print(Text(verdict, style="bold"))
    out.print()
    compact = out.width < MIN_FULL_WIDTH
    table = _table(data, names, compact=compact)
    wide = out.measure(table, options=out.options.update(max_width=_ANY_WIDTH)).maximum
    if len(names) >= MIN_RANKED or wide > out.width:
        ranking.print_ranking(data, out)
    else:
        out.print(table)
        for place, scenario in enumerate(data["scenarios"]):
            print_note(out, scenario_letter(place), scenario["title"])
        if len(names) > 2:  # noqa: PLR2004 - of a pair the verdict says it
            print_note(out, "above the least", ranking.medians_above_least(data))
    print_note(out, "medians", ranking.medians_of_totals(data))
    turning = data["turning_point"]
    if turning and turning["value"] > 0:
        text = f"{turning['label']} passes {turning['value']:.3g} kg/kWh (now {turning['now']:.3g})"
        print_note(out, "order turns when", text)
    differ = [_differing_input_text(d) for d in data["inputs_that_differ"]]
    more = (
        [f"and {len(differ) - _MAX_DIFFERING_INPUTS} more"]
        if len(differ) > _MAX_DIFFERING_INPUTS
        else []
    )
    between = "A and B differ" if len(names) > 2 else "differ"  # noqa: PLR2004 - a pair is clear
    print_note(out, between, "; ".join([*differ[:_MAX_DIFFERING_INPUTS], *more]))
    missing = dict.fromkeys(n for s in data["scenarios"] for n in s["not_estimated"])
    print_note(out, "not estimated", ", ".join(missing))


def _verdict_text(data: CompareResult, names: list[str]) -> str:
    totals = ranking.total_masses(data)
    if len(names) == 2:  # noqa: PLR2004 - a pair has a verdict, more have a ranking
        if _is_zero(data["total"]["differences"][1]):
            return f"A and B emit the same: {numbers.format_mass(totals[0])} CO2e"
        share, n = data["scenarios"][1]["less_than_first"], data["samples"]
        less = share if totals[1] < totals[0] else 1 - share
        cheap = "B" if totals[1] < totals[0] else "A"
        sure = f"{round(less * n):,} of {n:,} draws" if n else "the central estimate"
        words = "emits less in" if less >= _MIN_SURE_SHARE or not n else "emits less, but only in"
        change = f"{numbers.format_mass(totals[0])} -> {numbers.format_mass(totals[1])} CO2e"
        return f"{cheap} {words} {sure}: {change}{_median_text(data)}"
    if len(names) >= MIN_RANKED:
        return ranking.ranking_verdict(data)
    ranked = (
        f"{scenario_letter(i)} {names[i]} {numbers.format_mass(totals[i])}"
        for i in ranking.order_by_total(data)
    )
    return "least first: " + ", ".join(ranked)


def _median_text(data: CompareResult) -> str:
    """The median of the difference of a pair; empty without draws."""
    median = data["total"]["differences"][1]["p50"]
    if not data["samples"] or median is None:
        return ""
    size, symbol = numbers.mass_unit(abs(median))
    return f"; median of B - A {_carbon(median, size)} {symbol}"


def _differing_input_text(entry: DifferingInput) -> str:
    ends = (
        "-" if v is None else numbers.format_quantity(v, entry["unit"])
        for v in (entry["a"], entry["b"])
    )
    return f"{entry['label']} ({' -> '.join(ends)})"


def _table(data: CompareResult, names: list[str], *, compact: bool) -> Table:
    pair = len(names) == 2 and not compact  # noqa: PLR2004 - a pair shows its difference
    size, symbol = numbers.mass_unit(max(ranking.total_masses(data)))
    table = Table(box=RULED, show_footer=True, show_edge=False, pad_edge=False)
    table.add_column(f"{symbol} CO2e", footer="total", no_wrap=True)
    for place, name in enumerate(names):
        value = _carbon(data["total"]["values"][place], size)
        head = scenario_letter(place)
        if not compact:
            head = "\n".join(fold_text(f"{head} {printable(name)}", _NAME))
        table.add_column(head, footer=Text(value, "bold"), justify="right", no_wrap=True)
    if pair:
        cells = _difference(data["total"], size, data["samples"])
        table.add_column("B - A", footer=cells[0], justify="right", no_wrap=True)
        table.add_column("90 % interval", footer=cells[1], justify="right", no_wrap=True)
    for row in data["breakdown"]:
        values = [_carbon(v, size) for v in row["values"]]
        extra = _difference(row, size, data["samples"]) if pair else ()
        table.add_row(row["label"], *values, *extra)
    return table


def _difference(row: ComparedRow, size: float, samples: int) -> tuple[str, str]:
    change = row["differences"][1]
    if samples and _is_zero(change):
        return "0", "same facts"
    value = _carbon(change["value"], size)
    if not samples or change["p05"] == change["p95"]:
        return value, ""
    low, high = (_carbon(change[p], size) for p in ("p05", "p95"))
    return value, f"{low} to {high}"


def _carbon(kgco2e: float | None, size: float) -> str:
    """A mass in the unit of the table; a dash for None."""
    return "-" if kgco2e is None else numbers.format_significant(kgco2e / size, decimals=6)


def _is_zero(change: DifferenceToFirst) -> bool:
    """Whether a difference is zero, at central values and in all draws."""
    return change["value"] == 0 and not change["p05"] and not change["p95"]


def _csv(data: CompareResult) -> str:
    """CSV rows of each scenario, as its own command would write them."""
    names = csv_rows.distinct_names([s["name"] for s in data["scenarios"]])
    return csv_rows.write_csv(
        row for place, name in enumerate(names) for row in _csv_rows_of_scenario(data, place, name)
    )


def _csv_rows_of_scenario(data: CompareResult, place: int, name: str) -> Iterable[dict[str, Any]]:
    scenario = data["scenarios"][place]
    if "breakdown" not in scenario:  # a result saved by an older version
        lines = [_row_as_node(row, place) for row in data["breakdown"]]
        total = _row_as_node(data["total"], place) | {"id": "total"}
        return csv_rows.breakdown_rows(
            [n for n in lines if n["value"] is not None], total, lambda _: None, name
        )
    energy = partial(csv_rows.facility_energy_kwh, metrics=scenario["energy"])
    return csv_rows.breakdown_rows(scenario["breakdown"], scenario["total"], energy, name)


def _row_as_node(row: ComparedRow, place: int) -> dict[str, Any]:
    """A row of a comparison as a node with its value only."""
    known = {key: row[key] for key in ("label", "unit")}
    return known | {"id": row["kind"], "value": row["values"][place], "source_ids": []}


def _markdown(data: CompareResult) -> str:
    names = [s["name"] for s in data["scenarios"]]
    size, symbol = numbers.mass_unit(max(ranking.total_masses(data)))
    lines = [
        hidden_marker("compare"),
        "### " + escape_cell(" / ".join(names)),
        "",
        f"**{escape_cell(_verdict_text(data, names))}**",
        "",
    ]
    medians = ranking.medians_of_totals(data)
    apart = ["", f"Medians: {escape_cell(medians)}."] if medians else []
    if len(names) >= MIN_RANKED:
        lines += [*ranking.ranking_markdown(data), *apart]
        return "\n".join(lines) + "\n"
    lines += [
        f"| {symbol} CO2e | " + " | ".join(map(escape_cell, names)) + " |",
        "|---|" + "---:|" * len(names),
    ]
    for row in (*data["breakdown"], data["total"]):
        cells = (_carbon(v, size) for v in row["values"])
        lines.append(f"| {escape_cell(row['label'])} | " + " | ".join(cells) + " |")
    if len(names) > 2 and (above := ranking.medians_above_least(data)):  # noqa: PLR2004
        lines += ["", f"Above the least: {escape_cell(above)}."]
    lines += apart
    return "\n".join(lines) + "\n"


RENDERERS: dict[str, Callable[[CompareResult], str]] = {
    "json": as_json,
    "csv": _csv,
    "markdown": _markdown,
}
