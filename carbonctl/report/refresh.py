"""Keep or replace, as plain data and as a table: both choices, the break-even, the grids."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table
from rich.text import Text

from carbonctl import __version__
from carbonctl.core.units import HOURS_PER_YEAR
from carbonctl.report import numbers
from carbonctl.report.envelope import SCHEMA_VERSION, finite, metrics_of, node_of
from carbonctl.report.facts import assumptions, fact_as_dict, overlay, used_facts
from carbonctl.report.machine import cell
from carbonctl.report.notes import COMPACT, assumed, decides, missing, say
from carbonctl.report.table import RULED, pair
from carbonctl.study.montecarlo import interval

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from carbonctl.catalog.read import Catalog
    from carbonctl.estimate.refresh import Refresh
    from carbonctl.scenario.refresh import ResolvedRefresh
    from carbonctl.study.montecarlo import Evaluated

_SHOWN_IN_MONTHS = 2.0
_MONTHS = 12.0


def as_data(
    name: str, result: Evaluated[Refresh], resolved: ResolvedRefresh, catalog: Catalog
) -> dict[str, Any]:
    """A decision to replace as plain data; a time that is never reached is null."""
    point, drawn = result.point, result.drawn
    used = used_facts(result)
    years = node_of(
        "break_even", "break-even", point.break_even_years,
        drawn.break_even_years if drawn else None, "y",
    )  # fmt: skip
    return {
        "schema_version": SCHEMA_VERSION,
        "command": "refresh",
        "tool": {"name": "carbonctl", "version": __version__},
        "data": {"version": __version__, "overlay": overlay(result, catalog)},
        "name": name,
        "title": f"{resolved.old_name} to {resolved.new_name} in {resolved.site_name}",
        "samples": result.samples,
        "seed": result.seed,
        "accounting": point.basis,
        "horizon_hours": resolved.inputs.service_hours.value,
        "break_even": years | {"within_horizon_share": _within(result, resolved)},
        "keep": _choice("keep", resolved.old_name, result),
        "replace": _choice("replace", resolved.new_name, result),
        "sunk": node_of(
            "sunk", "made the old machines", point.sunk_kgco2e, drawn.sunk_kgco2e if drawn else None
        ),
        "grids": list(_grids(result)),
        "metrics": metrics_of(result),
        "drivers": [
            {"key": d.fact.key, "label": d.fact.label, "variance_share": d.share}
            for d in result.drivers
        ],
        "assumptions": assumptions(result, point.total_kgco2e, point.keep_kgco2e),
        "facts": {key: fact_as_dict(fact) for key, fact in used.items()},
        "coverage": {
            "included": list(dict.fromkeys(line.label for line in point.lines)),
            "excluded": ["what made the old machines: sunk, shown apart"],
            "not_estimated": resolved.not_estimated,
        },
        "warnings": [problem.as_dict(0) | {"level": "warning"} for problem in resolved.warnings],
    }


def _within(result: Evaluated[Refresh], resolved: ResolvedRefresh) -> float | None:
    """Share of the draws in which the new machines pay back within the span."""
    if result.drawn is None:
        return None
    years = np.broadcast_to(np.asarray(result.drawn.break_even_years), (result.samples,))
    return float((years <= resolved.inputs.service_hours.value / HOURS_PER_YEAR).mean())


def _choice(side: str, machine: str, result: Evaluated[Refresh]) -> dict[str, Any]:
    point, drawn = result.point, result.drawn
    total = "keep_kgco2e" if side == "keep" else "total_kgco2e"
    lines = getattr(point, side)
    below = getattr(drawn, side) if drawn else (None,) * len(lines)
    whole = getattr(point, total)
    return {
        "machine": machine,
        "breakdown": [
            node_of(line.id, line.label, line.kgco2e, other.kgco2e if other else None)
            | {"kind": line.kind}
            for line, other in zip(lines, below, strict=True)
        ],
        "total": node_of(side, side, whole, getattr(drawn, total) if drawn else None),
    }


def _grids(result: Evaluated[Refresh]) -> Iterator[dict[str, Any]]:
    """Break-even on each grid of the table."""
    drawn = result.drawn.steps if result.drawn else (None,) * len(result.point.steps)
    for step, other in zip(result.point.steps, drawn, strict=True):
        ends = interval(other.break_even_years) if other else None
        low, middle, high = map(finite, ends) if ends else (None, None, None)
        yield {
            "ci_kgco2e_per_kwh": float(step.ci_kgco2e_per_kwh),
            "break_even_years": finite(step.break_even_years),
            "p05": low,
            "p50": middle,
            "p95": high,
        }


def render(
    data: dict[str, Any], out: Console, *, verbose: bool = False, quiet: bool = False
) -> None:
    """Print a decision."""
    years = data["horizon_hours"] / HOURS_PER_YEAR
    pair(out, data["title"], f"location basis, {years:.3g} years")
    pair(out, _verdict(data), _sure(data), bold=True)
    out.print()
    if quiet:
        return
    out.print(_choices(data))
    out.print()
    out.print(_by_grid(data, compact=out.width < COMPACT))
    _notes(data, out)
    decides(data, out)
    assumed(data, out, verbose=verbose)
    missing(data, out, verbose=verbose)
    say(out, "next", "carbonctl explain FILE --of break_even_years")


def _verdict(data: dict[str, Any]) -> str:
    node = data["break_even"]
    if node["value"] is None:
        return "does not pay back: the new machines save nothing in service"
    text = f"pays back in {_time(node['value'])}"
    if node["p05"] is not None:
        high = node["p95"]
        text += f"   90 % interval {_time(node['p05'])} to {_time(high)}"
    return text


def _sure(data: dict[str, Any]) -> str:
    share = data["break_even"]["within_horizon_share"]
    return "" if share is None else f"within the span in {numbers.share(share)} of draws"


def _time(years: float | None) -> str:
    """Months where they are few."""
    if years is None:
        return "never"
    if years < _SHOWN_IN_MONTHS:
        return f"{numbers.significant(years * _MONTHS, decimals=1)} months"
    return f"{numbers.significant(years, decimals=1)} years"


def _rows(data: dict[str, Any]) -> dict[str, list[float | None]]:
    """Rows of the table by label: keep, replace."""
    rows: dict[str, list[float | None]] = {}
    for place, side in enumerate(("keep", "replace")):
        for node in (*data[side]["breakdown"], data[side]["total"] | {"label": "total"}):
            rows.setdefault(node["label"], [None, None])[place] = node["value"]
    rows["total"] = rows.pop("total")
    return rows


def _unit(data: dict[str, Any]) -> tuple[float, str]:
    return numbers.carbon_unit(max(data[side]["total"]["value"] for side in ("keep", "replace")))


def _choices(data: dict[str, Any]) -> Table:
    size, symbol = _unit(data)
    rows = _rows(data)
    total = rows.pop("total")
    table = Table(box=RULED, show_footer=True, show_edge=False, pad_edge=False)
    table.add_column(f"{symbol} CO2e", footer="total", no_wrap=True)
    for place, side in enumerate(("keep", "replace")):
        footer = Text(_cell(total[place], size), "bold")
        table.add_column(side, footer=footer, justify="right", no_wrap=True)
    for label, values in rows.items():
        table.add_row(label, *(_cell(value, size) for value in values))
    return table


def _cell(value: float | None, size: float) -> str:
    return "-" if value is None else numbers.significant(value / size, decimals=2)


def _by_grid(data: dict[str, Any], *, compact: bool) -> Table:
    """Break-even on other grids; on a narrow terminal one row a grid."""
    heads = [f"{step['ci_kgco2e_per_kwh'] * 1e3:.4g} g" for step in data["grids"]]
    middle = [_short(step["break_even_years"]) for step in data["grids"]]
    ends = [_ends(step) if data["samples"] else "" for step in data["grids"]]
    table = Table(box=RULED, show_edge=False, pad_edge=False)
    if compact:
        for head in ("per kWh", "years", "90 %"):
            table.add_column(head, justify="right", no_wrap=True)
        for row in zip(heads, middle, ends, strict=True):
            table.add_row(*row)
        return table
    table.add_column("per kWh", no_wrap=True)
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    table.add_row("years", *middle)
    if data["samples"]:
        table.add_row("90 %", *ends)
    return table


def _short(years: float | None) -> str:
    return "never" if years is None else numbers.significant(years)


def _ends(step: dict[str, Any]) -> str:
    return f"{_short(step['p05'])}-{_short(step['p95'])}"


def _notes(data: dict[str, Any], out: Console) -> None:
    """Equal work, the sunk part, the grid above which it pays, growth, the old hardware."""
    metrics = data["metrics"]
    one = numbers.significant(metrics["machine_ratio"]["value"])
    new = numbers.significant(metrics["new_machines"]["value"])
    say(out, "equal work", f"{new} new machines; one does the work of {one} old")
    written = metrics.get("old_written_off_kgco2e")
    left = f", {numbers.carbon(written['value'])} not yet charged" if written else ""
    sunk = numbers.carbon(data["sunk"]["value"])
    say(out, "sunk, apart", f"{sunk} made the old machines{left}; in neither choice")
    limit = metrics["break_even_kgco2e_per_kwh"]["value"]
    years = data["horizon_hours"] / HOURS_PER_YEAR
    if limit is not None:
        grids = f"above {numbers.significant(limit * 1e3)} g/kWh" if limit > 0 else "on any grid"
        say(out, "pays", f"within {years:.3g} years {grids}")
    _growth(data, out)
    _second_life(data, out)


def _growth(data: dict[str, Any], out: Console) -> None:
    """How much growth the saving bears, and what is left of it under the growth stated."""
    metrics = data["metrics"]
    facts = {fact["label"]: fact for fact in data["facts"].values()}
    per = numbers.quantity(facts["time in which demand grows"]["value"], "h")
    most = metrics["break_even_growth_ratio"]["value"] - 1.0
    if most <= 0:
        say(out, "growth", "none is borne: the span with new machines emits no less than today")
        return
    text = f"{100 * most:.0f} % more demand every {per} brings today's carbon back"
    grown = facts["growth of demand"]
    if grown["origin"] != "default":
        end = numbers.significant(metrics["carbon_ratio"]["value"])
        text += f"; at {100 * (grown['value'] - 1.0):+.0f} % the span ends at {end} of today's"
    say(out, "growth", text)


def _second_life(data: dict[str, Any], out: Console) -> None:
    metrics = data["metrics"]
    first, second = (metrics.get(f"old_{life}_life_kgco2e") for life in ("first", "second"))
    if first is None or second is None:
        return
    text = f"{numbers.carbon(first['value'])} stay here, "
    text += f"{numbers.carbon(second['value'])} go to the next owner"
    credit = metrics.get("displaced_kgco2e")
    if credit is not None:
        time = _time(metrics["credited_break_even_years"]["value"])
        text += f"; {numbers.carbon(credit['value'])} displaced, apart: with it {time}"
    say(out, "second life", text)


def as_csv(data: dict[str, Any]) -> str:
    """Rows of both choices, then the break-even on each grid."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["label", "unit", "keep", "replace"])
    for label, values in _rows(data).items():
        writer.writerow([label, "kgCO2e", *values])
    writer.writerow(["break_even_years", "y", "", data["break_even"]["value"]])
    for step in data["grids"]:
        label = f"break_even_years at {step['ci_kgco2e_per_kwh']:g} kgCO2e/kWh"
        writer.writerow([label, "y", "", step["break_even_years"]])
    return text.getvalue()


def as_markdown(data: dict[str, Any]) -> str:
    """A heading, the verdict, both choices, the grids."""
    size, symbol = _unit(data)
    lines = [f"### {cell(data['title'])}", "", f"**{_verdict(data)}**", ""]
    lines += [f"| {symbol} CO2e | keep | replace |", "|---|---:|---:|"]
    for label, values in _rows(data).items():
        lines.append(f"| {label} | " + " | ".join(_cell(v, size) for v in values) + " |")
    lines += ["", "| grid, g/kWh | pays back in years | 90 % interval |", "|---:|---:|---:|"]
    for step in data["grids"]:
        ends = _ends(step) if data["samples"] else ""
        head = f"{step['ci_kgco2e_per_kwh'] * 1e3:.4g}"
        lines.append(f"| {head} | {_short(step['break_even_years'])} | {ends} |")
    return "\n".join(lines) + "\n"
