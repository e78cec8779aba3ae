"""Estimate phases of a scenario: plan, evaluate, check the capacity, build the result."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from carbonctl.app.load import PHASES_OF
from carbonctl.app.outcome import Result

if TYPE_CHECKING:
    from carbonctl.app.load import Scenario
    from carbonctl.catalog.read import Catalog
    from carbonctl.estimate.results import Lifecycle
    from carbonctl.report.envelope import ResultMetadata
    from carbonctl.scenario.resolve.resolve_scenario import ResolvedScenario
    from carbonctl.study.montecarlo import Evaluated


def estimate(
    scenario: Scenario, command: str, *, samples: int, seed: int, need_period: bool = False
) -> Result:
    """The result of ``train``, ``infer`` or ``lifecycle`` for a scenario.

    Raises InputError with every problem of the scenario, including a load beyond the stated
    devices. With ``need_period``, a scenario with serving must state its period.
    """
    resolved, evaluated = evaluate(
        scenario, PHASES_OF[command], samples=samples, seed=seed, need_period=need_period
    )
    from carbonctl.report.envelope import build_result

    catalog = scenario.catalog
    data = build_result(command, evaluated, catalog, result_metadata(resolved, catalog))
    return Result(data, resolved.warnings, catalog, evaluated)


def evaluate(
    scenario: Scenario,
    phases: tuple[str, ...],
    *,
    samples: int,
    seed: int,
    need_period: bool = False,
) -> tuple[ResolvedScenario, Evaluated[Lifecycle]]:
    """The resolved and planned phases of a scenario, and their evaluation."""
    from carbonctl.app.capacity import check_capacity
    from carbonctl.app.plan_scenario import plan_scenario
    from carbonctl.app.serving_checks import check_draws
    from carbonctl.estimate.lifecycle import lifecycle
    from carbonctl.study.montecarlo import evaluate as study

    resolved = plan_scenario(*scenario, phases, need_period=need_period)
    run = partial(lifecycle, basis=scenario.sections.accounting)
    evaluated = study(resolved.inputs, run, samples=samples, seed=seed)
    check_draws(resolved, evaluated.infeasible_share)
    check_capacity(resolved, evaluated)
    return resolved, evaluated


def result_metadata(resolved: ResolvedScenario, catalog: Catalog) -> ResultMetadata:
    """Metadata of the result of some phases."""
    from carbonctl.report.envelope import ResultMetadata
    from carbonctl.report.phase_charges import phase_charges, result_title
    from carbonctl.report.user_inputs import user_inputs

    every, stated = phase_charges(resolved, catalog), resolved.scenario.budget
    return ResultMetadata(
        name=resolved.scenario.name or "",
        title=result_title(resolved, every),
        period_hours=resolved.period.value,
        not_estimated=resolved.not_estimated,
        warnings=resolved.warnings,
        budget=resolved.budget,
        budget_statistic="p50" if stated is None else stated.statistic,
        period=resolved.period,
        inputs=user_inputs(resolved.document),
        charged=[one.as_dict() for one in every],
    )
