"""Decide whether new hardware saves more than its manufacturing, on this and other grids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.app.outcome import Outcome

if TYPE_CHECKING:
    from carbonctl.app.load import Scenario
    from carbonctl.estimate.refresh import Refresh
    from carbonctl.result.node import BreakEven
    from carbonctl.result.refresh import RefreshDecision
    from carbonctl.scenario.resolve.refresh_inputs import ResolvedRefresh
    from carbonctl.study.montecarlo import Evaluated


class Decision(Outcome):
    """Both choices, keep and replace, with the break-even time."""

    module = "refresh"
    data: RefreshDecision

    @property
    def break_even(self) -> BreakEven:
        """Years until replacing breaks even; null if it never does."""
        return self.data["break_even"]


def refresh(scenario: Scenario, *, samples: int, seed: int) -> Decision:
    """The decision on the replacement of a scenario."""
    from carbonctl.report.refresh import refresh_as_data

    resolved, decided = evaluate_refresh(scenario, samples=samples, seed=seed)
    data = refresh_as_data(scenario.name, decided, resolved, scenario.catalog)
    return Decision(data, resolved.warnings, scenario.catalog)


def evaluate_refresh(
    scenario: Scenario, *, samples: int, seed: int
) -> tuple[ResolvedRefresh, Evaluated[Refresh]]:
    """The resolved replacement of a scenario, and its evaluation."""
    from carbonctl.app.plan_hardware import plan_refresh
    from carbonctl.study.refresh import decide as study

    resolved = plan_refresh(*scenario)
    return resolved, study(resolved.inputs, samples=samples, seed=seed)
