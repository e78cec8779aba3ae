"""Ranking of many scenarios: one row each, the smallest total first."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.text import Text

from carbonctl.report import numbers
from carbonctl.report.median import half_of_draws_mass
from carbonctl.report.numbers import printable
from carbonctl.report.text.markdown import escape_cell
from carbonctl.report.text.notes import print_note
from carbonctl.report.text.wrapping import format_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from carbonctl.result.compare import ComparedScenario, CompareResult
    from carbonctl.result.node import Total

MIN_RANKED = 5  # scenarios; with fewer, one column per scenario fits
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def scenario_letter(place: int) -> str:
    """The letter of a scenario by its index; two letters after Z."""
    before, last = divmod(place, len(_LETTERS))
    return (scenario_letter(before - 1) if before else "") + _LETTERS[last]


def total_masses(data: CompareResult) -> list[float]:
    """The total in kg of each scenario."""
    return cast("list[float]", data["total"]["values"])


def order_by_total(data: CompareResult) -> list[int]:
    """Indexes of the scenarios, the smallest total first."""
    totals = total_masses(data)
    return sorted(range(len(totals)), key=lambda place: totals[place])


def ranking_verdict(data: CompareResult) -> str:
    """Which scenarios emit least and most, as text."""
    places, totals = order_by_total(data), total_masses(data)
    ends = (
        f"{scenario_letter(place)} {data['scenarios'][place]['name']} {word}, "
        f"{numbers.format_mass(totals[place])} CO2e"
        for place, word in ((places[0], "emits least"), (places[-1], "most"))
    )
    return "; ".join(ends)


def print_ranking(data: CompareResult, out: Console) -> None:
    """Print totals with intervals and difference to the smallest; then the phases of each."""
    head, *rows = _total_rows(data)
    out.print(
        Text(format_table([head, *rows], [False, *[True] * (len(head) - 1)], out.width), end="")
    )
    for place in order_by_total(data):
        said = ", ".join(f"{label} {value}" for label, value in _phases(data, place) if value)
        print_note(out, scenario_letter(place), f"{data['scenarios'][place]['title']}: {said}")


def _total_rows(data: CompareResult) -> Iterator[list[str]]:
    drawn = bool(data["samples"]) and "total" in data["scenarios"][0]
    with_median = bool(data["samples"]) and "above_least" in data["scenarios"][0]
    totals, places = total_masses(data), order_by_total(data)
    head = ["scenario", "CO2e", *(["90 % interval"] if drawn else []), "above the least"]
    yield [*head, *(["median"] if with_median else [])]
    for place in places:
        scenario = data["scenarios"][place]
        name = f"{scenario_letter(place)} {printable(scenario['name'])}"
        above = totals[place] - totals[places[0]]
        ends = [_interval(scenario["total"])] if drawn else []
        yield [
            name,
            numbers.format_mass(totals[place], 3),
            *ends,
            _difference_to_least(above, totals[places[0]]),
            *([_median_above_least(scenario)] if with_median else []),
        ]


def medians_of_totals(data: CompareResult) -> str:
    """Where half of the draws of each total lie, if that is apart from its central value."""
    texts = (
        (scenario_letter(place), half_of_draws_mass(scenario["total"]))
        for place, scenario in enumerate(data["scenarios"])
        if "total" in scenario
    )
    return "; ".join(f"{letter}, {text}" for letter, text in texts if text)


def medians_above_least(data: CompareResult) -> str:
    """Median of each difference to the least total, as text; says so where it was not saved."""
    if not data["samples"]:
        return ""
    places = order_by_total(data)[1:]
    if "above_least" not in data["scenarios"][0]:
        return "medians not in this result, which an earlier version saved"
    texts = (
        f"{scenario_letter(place)} {_median_above_least(data['scenarios'][place])}"
        for place in places
    )
    return f"{', '.join(texts)} (medians of the differences)"


def _median_above_least(scenario: ComparedScenario) -> str:
    """The median over common draws of a total less the least one; ``0`` for the least."""
    median = scenario["above_least"]["p50"]
    if median is None:
        return "-"
    sign = "+" if median > 0 else ""
    return f"{sign}{numbers.format_mass(median, 3)}" if median else "0"


def _difference_to_least(kgco2e: float, least: float) -> str:
    """A difference to the smallest total, with the ratio of both."""
    if kgco2e == 0:
        return "0"
    ratio = f" ({numbers.format_significant((kgco2e + least) / least, 3)} x)" if least > 0 else ""
    return f"+{numbers.format_mass(kgco2e, 3)}{ratio}"


def _interval(total: Total) -> str:
    ends = numbers.interval_ends(total)
    if ends is None:
        return ""
    size, symbol = numbers.mass_unit(total["value"])
    return f"{numbers.format_interval(*ends, size, numbers.supported_digits(*ends))} {symbol}"


def _phases(data: CompareResult, place: int) -> Iterator[tuple[str, str]]:
    """Each phase of a scenario with its carbon; empty if it has none."""
    for row in data["breakdown"]:
        value = row["values"][place]
        yield printable(row["label"]), "" if value is None else numbers.format_mass(value)


def ranking_markdown(data: CompareResult) -> Iterator[str]:
    """Rows of a Markdown table, one per scenario, with total and phases."""
    head, *rows = _total_rows(data)
    labels = [escape_cell(row["label"]) for row in data["breakdown"]]
    yield "| " + " | ".join([*head, *labels]) + " |"
    yield "|---|" + "---:|" * (len(head) + len(labels) - 1)
    for place, (name, *cells) in zip(order_by_total(data), rows, strict=True):
        values = [value or "-" for _, value in _phases(data, place)]
        yield "| " + " | ".join([escape_cell(name), *cells, *values]) + " |"
