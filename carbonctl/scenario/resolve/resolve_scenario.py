"""Resolve a checked scenario to the inputs of an estimate, with all of its problems at once."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING

from carbonctl.core.errors import InputError, Problem, sort_problems
from carbonctl.core.record import record, value_record
from carbonctl.estimate.inputs import LifecycleInputs
from carbonctl.scenario.read.consistency import check_consistency
from carbonctl.scenario.read.flag_reach import flags_of_section, warn_evidence_of_replaced_hardware
from carbonctl.scenario.read.unused_keys import report_unused_keys
from carbonctl.scenario.resolve.context import Context, attempt
from carbonctl.scenario.resolve.phases import PhaseContext, phase_builders
from carbonctl.scenario.resolve.serving.dedicated_hardware import check_dedicated_hardware
from carbonctl.scenario.resolve.training.base_model import resolve_base_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Document
    from carbonctl.estimate.inputs import Phase
    from carbonctl.scenario.resolve.hardware.part_model import PartModel
    from carbonctl.scenario.resolve.phases import CountedDevices
    from carbonctl.scenario.schema import scenario_file as schema

# a load that a service states -> its functional unit
UNITS = {"requests": "request", "images": "image", "videos": "video", "items": "item",
         "samples": "sample"}  # fmt: skip
# a key of a budget -> the metric that it limits
BUDGET = {"total": "total_kgco2e"} | {
    f"per_{unit}": f"infer.per_{unit}_kgco2e" for unit in UNITS.values()
}
_OUTSIDE = {
    "wide-area network": "outside the boundary",
    "user devices": "outside the boundary",
    "data labeling": "outside the boundary",
    "idle energy of hardware provisioned to nobody": "only its embodied share is charged",
}


@value_record
class ResolvedScenario:
    """Inputs of an estimate, with warnings and what is not estimated."""

    scenario: schema.Scenario
    document: Document
    inputs: LifecycleInputs[Fact]
    period: Fact
    warnings: list[Problem]
    not_estimated: dict[str, str]
    counted: list[CountedDevices] = field(default_factory=list)
    budget: dict[str, float] = field(default_factory=dict)


class ResolveError(InputError):
    """Problems of a scenario; ``partial`` holds the phases without problems."""

    def __init__(self, problems: list[Problem], partial: ResolvedScenario) -> None:
        super().__init__(problems, partial.document.sources)
        self.partial = partial


@record
class ScenarioResolver:
    """Resolves the phases of a scenario one by one, so that the caller can plan each."""

    phase_context: PhaseContext
    requested: tuple[str, ...]
    phase_names: list[str]
    is_consistent: bool

    @classmethod
    def open(
        cls,
        scenario: schema.Scenario,
        document: Document,
        catalog: Catalog,
        phases: tuple[str, ...],
        part_model: PartModel,
        *,
        need_period: bool = False,
    ) -> ScenarioResolver:
        """Resolver for the given phases, after checks of the scenario as a whole."""
        ctx = Context(
            document,
            catalog,
            list(document.deferred_problems),
            accounting=scenario.accounting,
            part_model=part_model,
        )
        phase_names = [name for name in phases if getattr(scenario, name) is not None]
        period = _resolve_period(ctx, scenario, need=need_period)
        known = len(ctx.problems)
        check_consistency(ctx, scenario)
        attempt(lambda: check_dedicated_hardware(ctx, scenario))
        is_consistent = len(ctx.problems) == known
        if not phase_names:
            message = f"nothing to estimate: give {' or '.join(phases)}"
            attempt(lambda: ctx.fail("CC302", message, (), absent=True))
        return cls(PhaseContext(ctx, scenario, period), phases, phase_names, is_consistent)

    @property
    def ctx(self) -> Context:
        """Positions, catalog, problems and notes of the scenario."""
        return self.phase_context.ctx

    def resolve_phases(self) -> Iterator[Phase[Fact]]:
        """Each phase that can be resolved; problems of the others are noted."""
        for build in phase_builders(self.phase_context, self.phase_names):
            phase = attempt(build)
            if phase is not None:
                yield phase

    def finish(self, phases: list[Phase[Fact]]) -> ResolvedScenario:
        """The resolved scenario of these phases; ResolveError with all problems if any."""
        ctx, scenario = self.ctx, self.phase_context.scenario
        _check_hardware_flag(ctx, self.phase_names, phases)
        if "train" in self.phase_names:
            ctx.warnings.extend(warn_evidence_of_replaced_hardware(ctx.document))
        base_model = None
        if not ctx.problems:
            base_model = resolve_base_model(ctx, scenario, self.phase_names)
            report_unused_keys(ctx, scenario, self.phase_names)
        if ctx.problems:
            from carbonctl.scenario.read.recovery import check_remaining

            check_remaining(self.phase_context, self.phase_names)
            raise ResolveError(sort_problems(ctx.problems), self._partial_result(phases))
        _note_not_estimated(ctx, scenario, self.requested, phases)
        return replace(
            self._partial_result(phases),
            inputs=LifecycleInputs(tuple(phases), _functional_unit(scenario), base_model),
            warnings=list(dict.fromkeys(ctx.warnings)),
            budget=_budget_limits(scenario),
        )

    def _partial_result(self, phases: list[Phase[Fact]]) -> ResolvedScenario:
        """The resolved scenario as far as it is known, whether or not there are problems."""
        return ResolvedScenario(
            scenario=self.phase_context.scenario,
            document=self.ctx.document,
            inputs=LifecycleInputs(tuple(phases)),
            period=self.phase_context.period,
            warnings=[],
            not_estimated=self.ctx.not_estimated,
            counted=self.phase_context.counted if self.is_consistent else [],
        )


def _check_hardware_flag(ctx: Context, phase_names: list[str], phases: list[Phase[Fact]]) -> None:
    """Report a hardware flag that no phase uses."""
    if ctx.problems or not phase_names or any(phase.hardware is not None for phase in phases):
        return
    flag = next((m for m in flags_of_section(ctx.document, "hardware")), None)
    if flag is not None:
        message = "no estimated phase uses hardware here, so this has no effect"
        ctx.problems.append(Problem("CC303", message, flag, "leave it out"))


def _resolve_period(ctx: Context, scenario: schema.Scenario, *, need: bool) -> Fact:
    """The period of a scenario [h]; ``UNKNOWN`` where it is faulty."""
    period = attempt(lambda: _stated_period(ctx, scenario, need=need))
    if period is None:
        from carbonctl.scenario.read.recovery import UNKNOWN

        period = UNKNOWN
    return period


def _stated_period(ctx: Context, scenario: schema.Scenario, *, need: bool) -> Fact:
    horizon = scenario.infer.horizon if scenario.infer is not None else None
    where = ("infer", "horizon")
    ctx.used_paths.add(where)
    if scenario.period is not None:
        if horizon is not None and horizon.value != scenario.period.value:
            message = "infer.horizon differs from period"
            problem = Problem("CC303", message, ctx.mark(where), "keep one of the two")
            ctx.problems.append(problem)
        return ctx.stated_fact(scenario.period, ("period",), "period")
    if horizon is not None:
        return ctx.stated_fact(horizon, where, "period")
    if need:
        message = "period is required: the time that the whole life covers"
        attempt(lambda: ctx.fail("CC206", message, (), "as in period: 2 y", absent=True))
    return ctx.default("period")


def _functional_unit(scenario: schema.Scenario) -> str:
    """Functional unit: as stated, else that of the service's load; "" without a service."""
    if scenario.functional_unit is not None:
        return scenario.functional_unit
    infer = scenario.infer
    served = [unit for name, unit in UNITS.items() if infer and getattr(infer, name) is not None]
    return served[0] if served else ""


def _budget_limits(scenario: schema.Scenario) -> dict[str, float]:
    """Stated budgets [kgCO2e] by the metric that each limits."""
    return {
        metric: given.value
        for key, metric in BUDGET.items()
        if (given := getattr(scenario.budget, key, None)) is not None
    }


def _note_not_estimated(
    ctx: Context, scenario: schema.Scenario, requested: tuple[str, ...], phases: list[Phase[Fact]]
) -> None:
    for name in requested:
        if getattr(scenario, name) is None and len(requested) > 1:
            ctx.not_estimated.setdefault(name, "not in the scenario")
    if any(phase.hardware is None and phase.kind == "train" for phase in phases):
        ctx.not_estimated["embodied share of training"] = "no hardware is named"
    for name, reason in _OUTSIDE.items():
        ctx.not_estimated.setdefault(name, reason)
