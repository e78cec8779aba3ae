"""From a checked scenario to inputs full of facts; every problem of a scenario in one pass."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING

from carbonctl.core.errors import InputError, Problem, in_order
from carbonctl.core.record import compared, record
from carbonctl.estimate.inputs import LifecycleInputs
from carbonctl.scenario.read.consistency import agreement
from carbonctl.scenario.read.flag_reach import evidence_of_other_hardware, flagged
from carbonctl.scenario.read.unused_keys import unused_in_life
from carbonctl.scenario.resolve.context import Context, tried
from carbonctl.scenario.resolve.phases import Sections, builders
from carbonctl.scenario.resolve.serving.held_hardware import check_held
from carbonctl.scenario.resolve.training.base_model import base

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


@compared
class Resolved:
    """Inputs of an estimate, and what must be said beside its numbers."""

    scenario: schema.Scenario
    document: Document
    inputs: LifecycleInputs[Fact]
    period: Fact
    warnings: list[Problem]
    not_estimated: dict[str, str]
    counted: list[CountedDevices] = field(default_factory=list)
    budget: dict[str, float] = field(default_factory=dict)


class ResolveError(InputError):
    """Problems of a scenario, and its phases that have none of them."""

    def __init__(self, problems: list[Problem], partial: Resolved) -> None:
        super().__init__(problems, partial.document.sources)
        self.partial = partial


@record
class Draft:
    """A scenario while its phases are resolved one by one, so that each can be planned."""

    sections: Sections
    asked: tuple[str, ...]
    wanted: list[str]
    agreed: bool

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
    ) -> Draft:
        """A draft of the wanted phases of a scenario, with problems of the scenario as a whole."""
        ctx = Context(
            document,
            catalog,
            list(document.found),
            accounting=scenario.accounting,
            part_model=part_model,
        )
        wanted = [name for name in phases if getattr(scenario, name) is not None]
        period = _period(ctx, scenario, need=need_period)
        known = len(ctx.problems)
        agreement(ctx, scenario)
        tried(lambda: check_held(ctx, scenario))
        agreed = len(ctx.problems) == known
        if not wanted:
            message = f"nothing to estimate: give {' or '.join(phases)}"
            tried(lambda: ctx.fail("CC302", message, (), absent=True))
        return cls(Sections(ctx, scenario, period), phases, wanted, agreed)

    @property
    def ctx(self) -> Context:
        """Positions, catalog, problems and notes of the scenario."""
        return self.sections.ctx

    def phases(self) -> Iterator[Phase[Fact]]:
        """Each phase that can be resolved, with problems of the others noted."""
        for build in builders(self.sections, self.wanted):
            phase = tried(build)
            if phase is not None:
                yield phase

    def resolved(self, made: list[Phase[Fact]]) -> Resolved:
        """Inputs of these phases; InputError with all problems when there are any."""
        ctx, scenario = self.ctx, self.sections.scenario
        _refuse_flags_without_effect(ctx, self.wanted, made)
        if "train" in self.wanted:
            ctx.warnings.extend(evidence_of_other_hardware(ctx.document))
        made_from = None
        if not ctx.problems:
            made_from = base(ctx, scenario, self.wanted)
            unused_in_life(ctx, scenario, self.wanted)
        if ctx.problems:
            from carbonctl.scenario.read.recovery import overlooked  # noqa: PLC0415 - of faulty files

            overlooked(self.sections, self.wanted)
            raise ResolveError(in_order(ctx.problems), self._known(made))
        _say_what_is_missing(ctx, scenario, self.asked, made)
        return replace(
            self._known(made),
            inputs=LifecycleInputs(tuple(made), _unit(scenario), made_from),
            warnings=list(dict.fromkeys(ctx.warnings)),
            budget=_budget(scenario),
        )

    def _known(self, made: list[Phase[Fact]]) -> Resolved:
        """What is known of a scenario, be there problems or not."""
        return Resolved(
            scenario=self.sections.scenario,
            document=self.ctx.document,
            inputs=LifecycleInputs(tuple(made)),
            period=self.sections.period,
            warnings=[],
            not_estimated=self.ctx.not_estimated,
            counted=self.sections.counted if self.agreed else [],
        )


def _refuse_flags_without_effect(ctx: Context, wanted: list[str], made: list[Phase[Fact]]) -> None:
    """A flag that names hardware must reach a phase that runs on some."""
    if ctx.problems or not wanted or any(phase.hardware is not None for phase in made):
        return
    flag = next((m for m in flagged(ctx.document, "hardware")), None)
    if flag is not None:
        message = "no estimated phase runs on hardware of its own here, so this changes nothing"
        ctx.problems.append(Problem("CC303", message, flag, "leave it out"))


def _period(ctx: Context, scenario: schema.Scenario, *, need: bool) -> Fact:
    """The period of a scenario; where a mistake hides it, what rests on it gives up."""
    found = tried(lambda: _stated_period(ctx, scenario, need=need))
    if found is None:
        from carbonctl.scenario.read.recovery import UNKNOWN  # noqa: PLC0415 - for faulty files alone

        found = UNKNOWN
    return found


def _stated_period(ctx: Context, scenario: schema.Scenario, *, need: bool) -> Fact:
    horizon = scenario.infer.horizon if scenario.infer is not None else None
    where = ("infer", "horizon")
    ctx.read.add(where)
    if scenario.period is not None:
        if horizon is not None and horizon.value != scenario.period.value:
            message = "the horizon of serving is another than the period"
            problem = Problem("CC303", message, ctx.mark(where), "keep one of the two")
            ctx.problems.append(problem)
        return ctx.given(scenario.period, ("period",), "period")
    if horizon is not None:
        return ctx.given(horizon, where, "period")
    if need:
        message = "period is required: it says what the whole life means"
        tried(lambda: ctx.fail("CC206", message, (), "as in period: 2 y", absent=True))
    return ctx.default("period")


def _unit(scenario: schema.Scenario) -> str:
    """The functional unit: as stated, else by the load that is served."""
    if scenario.functional_unit is not None:
        return scenario.functional_unit
    infer = scenario.infer
    served = [unit for name, unit in UNITS.items() if infer and getattr(infer, name) is not None]
    return served[0] if served else ""


def _budget(scenario: schema.Scenario) -> dict[str, float]:
    """Limits by the name of the metric that each one holds."""
    return {
        metric: given.value
        for key, metric in BUDGET.items()
        if (given := getattr(scenario.budget, key, None)) is not None
    }


def _say_what_is_missing(
    ctx: Context, scenario: schema.Scenario, phases: tuple[str, ...], made: list[Phase[Fact]]
) -> None:
    for name in phases:
        if getattr(scenario, name) is None and len(phases) > 1:
            ctx.not_estimated.setdefault(name, "not in the scenario")
    if any(phase.hardware is None and phase.kind == "train" for phase in made):
        ctx.not_estimated["embodied share of training"] = "no hardware is named"
    for name, reason in _OUTSIDE.items():
        ctx.not_estimated.setdefault(name, reason)
