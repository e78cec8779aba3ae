"""Whether the budgets of a scenario are met, judged as a gate does, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from carbonctl.report import numbers
from carbonctl.report.median import mass_of_median
from carbonctl.report.phase_inputs import given_scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.result.estimate import BudgetLine, EstimateResult
    from carbonctl.scenario.schema.shared_sections import Statistic

BudgetStatus = Literal["not estimated", "over", "uncertain", "undecided", "within"]


def budget_lines(result: EstimateResult) -> Iterator[BudgetLine]:
    """Budgets of a result. What an earlier version did not save beside them stands elsewhere in it.

    That is the median, among the metrics, and the statistic, in the scenario.
    """
    budget = given_scenario(result).get("budget")
    stated = budget.get("statistic") if isinstance(budget, dict) else None
    for line in result["budget"]:
        if "statistic" in line:
            yield line
            continue
        metric = result["metrics"].get(line["metric"])
        statistic = cast("Statistic", stated if stated in ("value", "p95") else "p50")
        yield {**line, "statistic": statistic, "p50": None if metric is None else metric["p50"]}


def budget_status(line: BudgetLine) -> BudgetStatus:
    """Whether a budget is met: by its statistic, and by the 95th percentile where there is one.

    Undecided is a budget whose statistic the result lacks, as the median without draws.
    """
    if line["value"] is None:
        return "not estimated"
    found, limit = _observed(line), line["max_kgco2e"]
    if found is None:
        return "undecided"
    if found > limit:
        return "over"
    high = line["p95"]
    return "within" if high is not None and high <= limit else "uncertain"


def _observed(line: BudgetLine) -> float | None:
    """The statistic that a budget limits [kgCO2e]; None where the result has none."""
    statistic = line.get("statistic", "p50")
    if statistic == "value":
        return line["value"]
    return line["p95"] if statistic == "p95" else line.get("p50")


def budget_text(line: BudgetLine) -> str:
    """Whether a budget is met, in words, as in ``within, p95 100 t over``."""
    status = budget_status(line)
    if status == "undecided":
        name = "p95" if line.get("statistic") == "p95" else "median"
        side = "within" if (line["value"] or 0.0) <= line["max_kgco2e"] else "over"
        return f"undecided, no {name} in this result (central value {side})"
    if status == "uncertain":
        high = line["p95"]
        return f"within, p95 {'unknown' if high is None else f'{numbers.format_mass(high)} over'}"
    found = _observed(line)
    if status == "over" and found is not None:
        name = {"value": "central value", "p95": "p95"}.get(line.get("statistic", ""), "median")
        return f"over, {name} {mass_of_median(found)}"
    return status
