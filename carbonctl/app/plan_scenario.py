"""A scenario that is resolved and planned: where scenario, estimate and plan meet."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from carbonctl.estimate.inputs import bind
from carbonctl.estimate.training_run import TrainRun
from carbonctl.scenario.context import tried
from carbonctl.scenario.resolve import PHASES, Draft

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Document
    from carbonctl.estimate.inputs import Phase
    from carbonctl.scenario.resolve import Resolved
    from carbonctl.scenario.schema import Scenario


def plan_scenario(
    scenario: Scenario,
    document: Document,
    catalog: Catalog,
    phases: tuple[str, ...] = PHASES,
    *,
    need_period: bool = False,
) -> Resolved:
    """Facts of every wanted phase that can be; InputError with all problems when there are any."""
    draft = Draft.open(scenario, document, catalog, phases, need_period=need_period)
    planned = (tried(partial(_planned, draft, phase)) for phase in draft.phases())
    return draft.resolved([phase for phase in planned if phase is not None])


def _planned(draft: Draft, phase: Phase[Fact]) -> Phase[Fact]:
    """The same phase, once its plan is found to be feasible at its central values."""
    check = draft.sections.training_checks.get(phase.id)
    if check is None or not isinstance(phase.work, TrainRun):
        return phase
    from carbonctl.app.training_messages import Planned, report_training_status  # noqa: PLC0415
    from carbonctl.estimate.training_limits import training_limits  # noqa: PLC0415 - to train

    numbers = bind(phase.work, _central), bind(phase.site, _central)
    found = training_limits(*numbers, check.life.value)
    mfu, billed = check.run.mfu, check.run.billed_mfu
    limits = replace(
        found,
        mfu=None if mfu is None else mfu.value,
        billed_mfu=None if billed is None else billed.value,
    )
    report_training_status(Planned(draft.ctx, check, phase.work, limits))
    return phase


def _central(fact: Fact) -> float:
    return fact.value
