"""Resolving and planning of a scenario: combines ``scenario``, ``estimate`` and ``plan``."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from carbonctl.app.plan_hardware import CentralPartModel
from carbonctl.core.errors import InputError, sort_problems
from carbonctl.core.phase_names import PHASES
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.serving.service import Ranking, Serving
from carbonctl.estimate.training.training_run import TrainRun
from carbonctl.scenario.resolve.context import attempt
from carbonctl.scenario.resolve.resolve_scenario import ResolveError, ScenarioResolver

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.errors import Problem
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Document
    from carbonctl.estimate.inputs import Phase
    from carbonctl.scenario.resolve.resolve_scenario import ResolvedScenario
    from carbonctl.scenario.schema.scenario_file import Scenario


def plan_scenario(
    scenario: Scenario,
    document: Document,
    catalog: Catalog,
    phases: tuple[str, ...] = PHASES,
    *,
    need_period: bool = False,
) -> ResolvedScenario:
    """The resolved and planned phases of a scenario; InputError with all problems."""
    resolver = ScenarioResolver.open(
        scenario, document, catalog, phases, CentralPartModel(), need_period=need_period
    )
    planned = (
        attempt(partial(_check_phase, resolver, phase)) for phase in resolver.resolve_phases()
    )
    try:
        resolved = resolver.finish([phase for phase in planned if phase is not None])
    except ResolveError as error:
        errors = sort_problems([*error.problems, *_service_errors(error.partial)])
        raise InputError(errors, error.sources) from None
    if any(isinstance(phase.work, Serving) for phase in resolved.inputs.phases):
        from carbonctl.app.serving_checks import check_services

        checked = check_services(resolved)
        if checked.errors:
            raise InputError(sort_problems(checked.errors), document.sources)
        resolved.warnings.extend(checked.warnings)
    return resolved


def _service_errors(resolved: ResolvedScenario) -> list[Problem]:
    """Problems of the services of a scenario with other errors, as far as it is resolved."""
    from carbonctl.app.capacity import find_overloads, serving_hours, stated_capacities
    from carbonctl.app.serving_checks import check_services

    checked = attempt(lambda: check_services(resolved))
    if checked is None or checked.errors:
        return [] if checked is None else checked.errors
    hours = [
        (one, attempt(partial(serving_hours, phase)))
        for one, phase in attempt(lambda: stated_capacities(resolved)) or []
    ]
    return find_overloads(
        [(one, found) for one, found in hours if found is not None], resolved.document
    )[0]


def _check_phase(resolver: ScenarioResolver, phase: Phase[Fact]) -> Phase[Fact]:
    """The phase, after a check of what it cannot reach at its central values."""
    if isinstance(phase.work, Serving):
        _check_service(resolver, phase.id, phase.work)
        return phase
    check = resolver.phase_context.training_checks.get(phase.id)
    if check is None or not isinstance(phase.work, TrainRun):
        return phase
    from carbonctl.app.training_messages import PlannedRun, report_training_status
    from carbonctl.estimate.training.training_limits import training_limits

    numbers = bind(phase.work, _central_value), bind(phase.site, _central_value)
    found = training_limits(*numbers, check.life.value)
    mfu, billed = check.run.mfu, check.run.billed_mfu
    limits = replace(
        found,
        mfu=None if mfu is None else mfu.value,
        billed_mfu=None if billed is None else billed.value,
    )
    report_training_status(PlannedRun(resolver.ctx, check, phase.work, limits))
    return phase


def _check_service(resolver: ScenarioResolver, phase_id: str, service: Serving[Fact]) -> None:
    """Note what the devices of a service cannot reach, and what is not known of them."""
    check = resolver.ctx.service_checks.get(phase_id)
    if check is not None:
        from carbonctl.app.peak_checks import check_peak

        check_peak(resolver.ctx, service, check)
    if isinstance(service.model, Ranking):
        from carbonctl.app.serving_checks import note_exchange

        note_exchange(service.model, resolver.ctx.not_estimated)


def _central_value(fact: Fact) -> float:
    return fact.value
