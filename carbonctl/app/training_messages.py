"""Problems and warnings of training plans: code, message, position and hints."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from carbonctl.core.units import HOURS_PER_DAY, HOURS_PER_YEAR
from carbonctl.estimate.training.training_run import MeteredDays
from carbonctl.plan.training import (
    MAX_PLAUSIBLE_RATIO,
    MAX_PUBLISHED_MFU,
    TrainingNotice,
    TrainingStatus,
    accelerators_within_a_year,
    hours_over_devices_days,
    training_notices,
    training_status,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.core.types import Num
    from carbonctl.estimate.training.training_run import TrainRun
    from carbonctl.plan.training import TrainingLimits
    from carbonctl.plan.training_memory import Activations, TrainingMemory
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.training.training_check import TrainingCheck

    Text = tuple[str, Path, tuple[str, ...]]  # message, position, hints


class PlannedRun(NamedTuple):
    """A training run with its limits and its position in the scenario."""

    ctx: Context
    check: TrainingCheck
    run: TrainRun[Fact]
    limits: TrainingLimits[Num]

    @property
    def count_path(self) -> Path:
        """Path of the number of devices in the scenario."""
        own = self.ctx.path_in_file((*self.check.path, "hardware", "count"))
        return own if own in self.ctx.document.marks else ("hardware", "count")


def report_training_status(planned: PlannedRun) -> None:
    """Raise the problem of an infeasible run; else add warnings of implausible values."""
    ctx, limits = planned.ctx, planned.limits
    status = TrainingStatus(int(training_status(limits)))
    if status is not TrainingStatus.FEASIBLE:
        code, text = _PROBLEMS[status]
        message, path, hints = text(planned)
        ctx.fail(code, message, path, *hints)
    notices = TrainingNotice(int(training_notices(limits)))
    for notice, (code, text) in _WARNINGS.items():
        if notice in notices:
            message, path, hints = text(planned)
            ctx.warn(code, message, path, *hints)


def _too_few_devices(x: PlannedRun) -> Text:
    memory = x.run.memory
    assert memory is not None  # noqa: S101 - the least count comes from it
    message = (
        f"training this model{_other_models_text(memory)} takes at least "
        f"{x.limits.minimum_accelerators:,.0f} "
        f"devices of {memory.device_memory_gb.value:.0f} GB for weights, "
        f"gradients{_state_text(memory.activations)}; {x.limits.accelerators:,.0f} are named"
    )
    return message, x.count_path, _memory_hints(memory.activations)


def _other_models_text(memory: TrainingMemory[Fact]) -> str:
    if memory.critic_params is not None:
        return " with a critic, a reference and a reward model"
    return " with its reference" if memory.reference_params is not None else ""


def _state_text(activations: Activations[Fact] | None) -> str:
    if activations is None:
        return " and optimizer state"
    return f", optimizer state and activations of {activations.context_tokens.value:,.0f} tokens"


def _memory_hints(activations: Activations[Fact] | None) -> tuple[str, ...]:
    if activations is None:
        return ("activations come on top; train.state_bytes where the optimizer keeps less",)
    return (
        "train.recompute: full or a shorter train.context where fewer activations are kept",
        "train.state_bytes where the optimizer keeps less",
    )


def _work_above_peak(x: PlannedRun) -> Text:
    message = f"these tokens in that time are an MFU of {x.limits.implied_mfu:.2f}"
    return f"{message}: above 1, impossible", (*x.check.path, "cross_check", "tokens"), ()


def _work_disagrees(x: PlannedRun) -> Text:
    message = (
        f"these tokens imply an MFU of {x.limits.implied_mfu:.2g} per billed hour, where "
        f"{x.limits.expected_mfu:.2g} is expected: more than {MAX_PLAUSIBLE_RATIO:g} times apart"
    )
    hints = ("correct the evidence or the cross check",)
    return message, (*x.check.path, "cross_check", "tokens"), hints


def _more_hours_than_devices(x: PlannedRun) -> Text:
    over = hours_over_devices_days(x.limits)
    return (
        f"more device-hours than devices x days: {over:.3g} times as many",
        _cross_check_path(x),
        (),
    )


def _hours_disagree(x: PlannedRun) -> Text:
    message = (
        f"the stated hours are {x.limits.stated_hours_ratio:.2g} times those of the evidence: more "
        f"than {MAX_PLAUSIBLE_RATIO:g} times apart"
    )
    return message, _cross_check_path(x), ("correct the evidence or the cross check",)


def _cross_check_path(x: PlannedRun) -> Path:
    """Path of the stated hours of the cross check."""
    check = x.run.cross_check
    name = "days" if check is None or check.accelerator_hours is None else "accelerator_hours"
    return (*x.check.path, "cross_check", name)


def _longer_than_life(x: PlannedRun) -> Text:
    years = x.check.life.value / HOURS_PER_YEAR
    message = (
        f"the run takes {_format_duration(x.limits.wall_hours)}, longer than its hardware lasts"
    )
    return f"{message} ({years:g} y)", _duration_path(x), (_devices_for_a_year(x),)


def _longer_than_cadence(x: PlannedRun) -> Text:
    message = f"one run takes {_format_duration(x.limits.wall_hours)} and starts again every "
    return message + _format_duration(x.limits.cadence_hours), (*x.check.path, "every"), ()


def _longer_than_a_year(x: PlannedRun) -> Text:
    message = f"the run takes {_format_duration(x.limits.wall_hours)} on its devices"
    return message, _duration_path(x), (_devices_for_a_year(x),)


def _duration_path(x: PlannedRun) -> Path:
    days = isinstance(x.run.evidence, MeteredDays)
    return (*x.check.path, "days") if days else x.count_path


def _devices_for_a_year(x: PlannedRun) -> str:
    count = accelerators_within_a_year(x.limits)
    if count is None or isinstance(x.run.evidence, MeteredDays):
        return ""
    return f"{count:,.0f} devices would take a year"


def _format_duration(duration: Num | None) -> str:
    assert duration is not None  # noqa: S101 - a status of duration comes from it
    hours = float(duration)
    if hours > HOURS_PER_YEAR:
        return f"{hours / HOURS_PER_YEAR:,.3g} y"
    return f"{hours / HOURS_PER_DAY:.3g} d"


def _high_mfu(x: PlannedRun, name: str, value: Num | None) -> Text:
    message = f"an MFU of {value:.2f} is above any published run ({MAX_PUBLISHED_MFU})"
    return message, (*x.check.path, name), ()


def _high_implied_mfu(x: PlannedRun) -> Text:
    message = f"these tokens imply an MFU of {x.limits.implied_mfu:.2f}, above any published run"
    return message, (*x.check.path, "cross_check", "tokens"), ()


_PROBLEMS: dict[TrainingStatus, tuple[str, Callable[[PlannedRun], Text]]] = {
    TrainingStatus.TOO_FEW_DEVICES: ("CC304", _too_few_devices),
    TrainingStatus.WORK_ABOVE_PEAK: ("CC303", _work_above_peak),
    TrainingStatus.WORK_DISAGREES: ("CC303", _work_disagrees),
    TrainingStatus.MORE_HOURS_THAN_DEVICES: ("CC303", _more_hours_than_devices),
    TrainingStatus.HOURS_DISAGREE: ("CC303", _hours_disagree),
    TrainingStatus.LONGER_THAN_LIFE: ("CC304", _longer_than_life),
    TrainingStatus.LONGER_THAN_CADENCE: ("CC304", _longer_than_cadence),
}
_WARNINGS: dict[TrainingNotice, tuple[str, Callable[[PlannedRun], Text]]] = {
    TrainingNotice.MFU: ("CC303", lambda x: _high_mfu(x, "mfu", x.limits.mfu)),
    TrainingNotice.BILLED_MFU: (
        "CC303",
        lambda x: _high_mfu(x, "billed_mfu", x.limits.billed_mfu),
    ),
    TrainingNotice.IMPLIED_MFU: ("CC303", _high_implied_mfu),
    TrainingNotice.LONGER_THAN_YEAR: ("CC304", _longer_than_a_year),
}
