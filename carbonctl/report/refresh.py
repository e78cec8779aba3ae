"""Report of ``refresh`` as plain data, CSV and Markdown: both choices, break-even, grids."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from carbonctl import __version__
from carbonctl.core.units import HOURS_PER_YEAR
from carbonctl.report import csv_rows, numbers, provenance
from carbonctl.report.envelope import (
    SCHEMA_VERSION,
    build_node,
    build_total_node,
    driver_records,
    finite_or_none,
    metric_records,
    warning_records,
)
from carbonctl.report.facts import assumption_records, data_version, fact_as_dict, used_facts
from carbonctl.report.machine import as_json
from carbonctl.report.median import NO_DRAWS, half_of_draws, half_of_draws_mass
from carbonctl.report.text.markdown import escape_cell
from carbonctl.study.montecarlo import interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from carbonctl.catalog.read import Catalog
    from carbonctl.estimate.refresh import Refresh
    from carbonctl.result.refresh import Choice, GridStep, RefreshDecision
    from carbonctl.scenario.resolve.refresh_inputs import ResolvedRefresh
    from carbonctl.study.montecarlo import Evaluated

_SHOWN_IN_MONTHS = 2.0
_MONTHS = 12.0


def refresh_as_data(
    name: str, result: Evaluated[Refresh], resolved: ResolvedRefresh, catalog: Catalog
) -> RefreshDecision:
    """A decision to replace as plain data; a break-even that is never reached is null."""
    point, drawn = result.point, result.drawn
    used = used_facts(result)
    years = build_node(
        "break_even", "break-even", point.break_even_years,
        drawn.break_even_years if drawn else None, "y",
    )  # fmt: skip
    return {
        "schema_version": SCHEMA_VERSION,
        "command": "refresh",
        "tool": {"name": "carbonctl", "version": __version__},
        "data": data_version(result, catalog),
        "name": name,
        "title": f"{resolved.old_name} to {resolved.new_name} in {resolved.site_name}",
        "samples": result.samples,
        "seed": result.seed,
        "accounting": point.basis,
        "horizon_hours": resolved.inputs.service_hours.value,
        "break_even": {
            **years,
            "unit": "y",
            "within_horizon_share": _within_horizon_share(result, resolved),
        },
        "keep": _choice_record("keep", resolved.old_name, result),
        "replace": _choice_record("replace", resolved.new_name, result),
        "sunk": build_total_node(
            "sunk", "made the old machines", point.sunk_kgco2e, drawn.sunk_kgco2e if drawn else None
        ),
        "grids": list(_grid_steps(result)),
        "metrics": metric_records(result),
        "drivers": driver_records(result),
        "assumptions": assumption_records(result, point.total_kgco2e, point.keep_kgco2e),
        "facts": {key: fact_as_dict(fact) for key, fact in used.items()},
        "coverage": {
            "included": list(dict.fromkeys(line.label for line in point.lines)),
            "excluded": ["what made the old machines: sunk, shown apart"],
            "not_estimated": resolved.not_estimated,
        },
        "warnings": warning_records(resolved.warnings),
        "provenance": provenance.refresh_provenance(resolved.inputs.service_hours),
    }


def _within_horizon_share(result: Evaluated[Refresh], resolved: ResolvedRefresh) -> float | None:
    """Share of the draws that break even within the horizon."""
    if result.drawn is None:
        return None
    years = np.broadcast_to(np.asarray(result.drawn.break_even_years), (result.samples,))
    return float((years <= resolved.inputs.service_hours.value / HOURS_PER_YEAR).mean())


def _choice_record(side: str, machine: str, result: Evaluated[Refresh]) -> Choice:
    point, drawn = result.point, result.drawn
    total = "keep_kgco2e" if side == "keep" else "total_kgco2e"
    lines = getattr(point, side)
    below = getattr(drawn, side) if drawn else (None,) * len(lines)
    whole = getattr(point, total)
    return {
        "machine": machine,
        "breakdown": [
            {
                **build_total_node(
                    line.id, line.label, line.kgco2e, other.kgco2e if other else None
                ),
                "kind": line.kind,
            }
            for line, other in zip(lines, below, strict=True)
        ],
        "total": build_total_node(side, side, whole, getattr(drawn, total) if drawn else None),
    }


def _grid_steps(result: Evaluated[Refresh]) -> Iterator[GridStep]:
    """Break-even on each grid of the table."""
    drawn = result.drawn.steps if result.drawn else (None,) * len(result.point.steps)
    for step, other in zip(result.point.steps, drawn, strict=True):
        ends = interval(other.break_even_years) if other else None
        low, middle, high = map(finite_or_none, ends) if ends else (None, None, None)
        yield {
            "ci_kgco2e_per_kwh": float(step.ci_kgco2e_per_kwh),
            "break_even_years": finite_or_none(step.break_even_years),
            "p05": low,
            "p50": middle,
            "p95": high,
        }


def verdict_text(data: RefreshDecision) -> str:
    """The break-even time with its interval, in words, and its median if apart."""
    node = data["break_even"]
    if node["value"] is None:
        return "never breaks even: the new machines save nothing in operation"
    text = f"pays back in {time_text(node['value'])}"
    if node["p05"] is None:
        return f"{text}   {NO_DRAWS}"
    if node["p50"] is None:
        text += ", in half of the draws never"
    elif median := half_of_draws(node, time_text):
        text += f", {median}"
    return f"{text}   90 % interval {time_text(node['p05'])} to {time_text(node['p95'])}"


def medians_text(data: RefreshDecision) -> str:
    """Where half of the draws of a choice lie, if that is apart from its total."""
    texts = {side: half_of_draws_mass(data[side]["total"]) for side in ("keep", "replace")}
    return "; ".join(f"{side}, {text}" for side, text in texts.items() if text)


def time_text(years: float | None) -> str:
    """A time in years, or in months if it is short; ``never`` for None."""
    if years is None:
        return "never"
    if years < _SHOWN_IN_MONTHS:
        return f"{numbers.format_significant(years * _MONTHS, decimals=1)} months"
    return f"{numbers.format_significant(years, decimals=1)} years"


def table_rows(data: RefreshDecision) -> dict[str, list[float | None]]:
    """Values of keep and replace by label of the line."""
    values_by_label: dict[str, list[float | None]] = {}
    for place, choice in enumerate((data["keep"], data["replace"])):
        for node in choice["breakdown"]:
            values_by_label.setdefault(node["label"], [None, None])[place] = node["value"]
    values_by_label["total"] = [data["keep"]["total"]["value"], data["replace"]["total"]["value"]]
    return values_by_label


def choice_mass_unit(data: RefreshDecision) -> tuple[float, str]:
    """Size in kg and symbol of the mass unit that fits both choices."""
    return numbers.mass_unit(max(data[side]["total"]["value"] for side in ("keep", "replace")))


def mass_text(value: float | None, size: float) -> str:
    """A mass in a unit of ``size`` kg; a dash for None."""
    return "-" if value is None else numbers.format_significant(value / size, decimals=2)


def years_text(years: float | None) -> str:
    """A break-even in years; ``never`` for None."""
    return "never" if years is None else numbers.format_significant(years)


def ends_text(step: GridStep) -> str:
    """The 90 % interval of a break-even; only a lower end if the upper one is never reached."""
    if step["p95"] is None and step["p05"] is not None:
        return f"> {years_text(step['p05'])}"
    return f"{years_text(step['p05'])}-{years_text(step['p95'])}"


def _csv(data: RefreshDecision) -> str:
    """CSV of both choices, each with its total, then the break-even on each grid."""
    csv_rows_: list[dict[str, Any]] = []
    name = data["name"]
    for side in ("keep", "replace"):
        choice = data[side]
        scenario = f"{name}, {side}" if name else side
        energy = partial(csv_rows.facility_energy_kwh, metrics=data["metrics"])
        csv_rows_ += csv_rows.breakdown_rows(choice["breakdown"], choice["total"], energy, scenario)
    paid = {"level": 0, "leaf": False, "scenario": name}
    csv_rows_.append(
        data["break_even"] | paid | {"sources": csv_rows.source_ids_text(data["break_even"])}
    )
    for step in data["grids"]:
        label = f"break-even at {step['ci_kgco2e_per_kwh']:g} kgCO2e/kWh"
        ends = {key: step[key] for key in ("p05", "p50", "p95") if key in step}
        number = {"id": "break_even_years", "label": label, "unit": "y"}
        csv_rows_.append(number | {"value": step["break_even_years"]} | ends | paid)
    return csv_rows.write_csv(csv_rows_)


def _markdown(data: RefreshDecision) -> str:
    """Markdown with the verdict, both choices and the grids."""
    size, symbol = choice_mass_unit(data)
    lines = [f"### {escape_cell(data['title'])}", "", f"**{escape_cell(verdict_text(data))}**", ""]
    lines += [f"| {symbol} CO2e | keep | replace |", "|---|---:|---:|"]
    for label, values in table_rows(data).items():
        lines.append(
            f"| {escape_cell(label)} | " + " | ".join(mass_text(v, size) for v in values) + " |"
        )
    if median := medians_text(data):
        lines += ["", f"Medians: {escape_cell(median)}."]
    lines += ["", "| grid, g/kWh | pays back in years | 90 % interval |", "|---:|---:|---:|"]
    for step in data["grids"]:
        ends = ends_text(step) if data["samples"] else ""
        head = f"{step['ci_kgco2e_per_kwh'] * 1e3:.4g}"
        lines.append(f"| {head} | {years_text(step['break_even_years'])} | {ends} |")
    return "\n".join(lines) + "\n"


RENDERERS: dict[str, Callable[[RefreshDecision], str]] = {
    "json": as_json,
    "csv": _csv,
    "markdown": _markdown,
}
