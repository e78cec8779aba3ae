"""Table of ``refresh``: answer, both choices, break-even on other grids, drivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.table import Table
from rich.text import Text

from carbonctl.core.units import HOURS_PER_YEAR
from carbonctl.report import numbers
from carbonctl.report.refresh import (
    RENDERERS,
    choice_mass_unit,
    ends_text,
    mass_text,
    medians_text,
    table_rows,
    time_text,
    verdict_text,
    years_text,
)
from carbonctl.report.text.notes import (
    MIN_FULL_WIDTH,
    print_assumptions,
    print_drivers,
    print_not_estimated,
    print_note,
)
from carbonctl.report.text.table import RULED, format_duration, print_pair

if TYPE_CHECKING:
    from rich.console import Console

    from carbonctl.result.node import Metric
    from carbonctl.result.refresh import RefreshDecision


__all__ = ["RENDERERS", "render"]


def render(
    data: RefreshDecision, out: Console, *, verbose: bool = False, quiet: bool = False
) -> None:
    """Print a decision."""
    print_pair(out, data["title"], f"location basis, {format_duration(data['horizon_hours'])}")
    print_pair(out, verdict_text(data), _draws_text(data), bold=True)
    out.print()
    if quiet:
        return
    out.print(_choice_table(data))
    out.print()
    out.print(_grid_table(data, compact=out.width < MIN_FULL_WIDTH))
    _print_notes(data, out)
    print_drivers(data, out)
    print_assumptions(data, out, verbose=verbose)
    print_not_estimated(data, out, verbose=verbose)
    print_note(out, "next", "carbonctl explain FILE --of break_even_years")


def _draws_text(data: RefreshDecision) -> str:
    share = data["break_even"]["within_horizon_share"]
    return "" if share is None else f"within the span in {numbers.format_share(share)} of draws"


def _choice_table(data: RefreshDecision) -> Table:
    size, symbol = choice_mass_unit(data)
    rows = table_rows(data)
    total = rows.pop("total")
    table = Table(box=RULED, show_footer=True, show_edge=False, pad_edge=False)
    table.add_column(f"{symbol} CO2e", footer="total", no_wrap=True)
    for place, side in enumerate(("keep", "replace")):
        footer = Text(mass_text(total[place], size), "bold")
        table.add_column(side, footer=footer, justify="right", no_wrap=True)
    for label, values in rows.items():
        table.add_row(label, *(mass_text(value, size) for value in values))
    return table


def _grid_table(data: RefreshDecision, *, compact: bool) -> Table:
    """Table of the break-even on other grids; on a narrow terminal one row per grid."""
    heads = [f"{step['ci_kgco2e_per_kwh'] * 1e3:.4g} g" for step in data["grids"]]
    middle = [years_text(step["break_even_years"]) for step in data["grids"]]
    ends = [ends_text(step) if data["samples"] else "" for step in data["grids"]]
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


def _print_notes(data: RefreshDecision, out: Console) -> None:
    """Print notes on equal work, sunk carbon, grids, growth and the old hardware."""
    metrics = _non_null_metrics(data)
    print_note(out, "medians", medians_text(data))
    one = numbers.format_significant(metrics["machine_ratio"]["value"])
    new = numbers.format_significant(metrics["new_machines"]["value"])
    print_note(out, "equal work", f"{new} new machines; one does the work of {one} old")
    written = metrics.get("old_written_off_kgco2e")
    left = f", {numbers.format_mass(written['value'])} not yet charged" if written else ""
    sunk = numbers.format_mass(data["sunk"]["value"])
    print_note(out, "sunk, apart", f"{sunk} made the old machines{left}")
    limit = data["metrics"]["break_even_kgco2e_per_kwh"]["value"]
    if limit is not None:
        grids = (
            f"above {numbers.format_significant(limit * 1e3)} g/kWh" if limit > 0 else "on any grid"
        )
        print_note(out, "pays", f"within {format_duration(data['horizon_hours'])} {grids}")
    hardware = metrics["new.embodied_kgco2e_per_year"]["value"]
    service = metrics["saved_kgco2e_per_year"]["value"]
    costs = f"costs {numbers.format_mass(service)}" if service > 0 else "costs nothing"
    text = f"avoids {numbers.format_mass(hardware)} of new hardware, {costs} in service"
    print_note(out, "a year longer", text)
    _print_growth(data, out)
    _print_second_life(data, out)


def _non_null_metrics(data: RefreshDecision) -> dict[str, Metric]:
    """The metrics as numbers; only metrics that are never reached are null."""
    return cast("dict[str, Metric]", data["metrics"])


def _print_growth(data: RefreshDecision, out: Console) -> None:
    """Print the growth of demand that cancels the saving, and the effect of stated growth."""
    metrics = _non_null_metrics(data)
    facts = {fact["label"]: fact for fact in data["facts"].values()}
    span_of_growth, grown = map(facts.get, ("time in which demand grows", "growth of demand"))
    if span_of_growth is None or grown is None:
        return  # a saved result may lack them
    hours = span_of_growth["value"]
    per = "a year" if hours == HOURS_PER_YEAR else f"per {numbers.format_quantity(hours, 'h')}"
    most = metrics["break_even_growth_ratio"]["value"] - 1.0
    if most <= 0:
        print_note(
            out, "growth", "none is borne: the span with new machines emits no less than today"
        )
        return
    text = f"{100 * most:+.0f} % {per} undoes the saving"
    if grown["origin"] != "default":
        end = numbers.format_significant(metrics["carbon_ratio"]["value"])
        text += f"; {100 * (grown['value'] - 1.0):+.0f} % ends at {end} of today's"
    print_note(out, "growth", text)


def _print_second_life(data: RefreshDecision, out: Console) -> None:
    metrics = _non_null_metrics(data)
    first, second = (metrics.get(f"old_{life}_life_kgco2e") for life in ("first", "second"))
    credit = metrics.get("displaced_kgco2e")
    if first is None or second is None or (credit is None and second["value"] == 0):
        return  # under cut-off everything stays with the first owner
    text = f"{numbers.format_mass(first['value'])} stay here, "
    text += f"{numbers.format_mass(second['value'])} go to the next owner"
    if credit is not None:
        text += f"; {numbers.format_mass(credit['value'])} displaced, apart"
        if (credited := metrics.get("credited_break_even_years")) is not None:
            text += f": with it {time_text(credited['value'])}"
    print_note(out, "second life", text)
