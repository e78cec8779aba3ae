"""Numbers of a training run that the plan checks for feasibility."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.estimate.training.train import train
from carbonctl.estimate.training.train_hours import expected_mfu
from carbonctl.estimate.training.training_run import MeteredDays, MeteredEnergy, MeteredHours
from carbonctl.plan.training import TrainingLimits

if TYPE_CHECKING:
    from typing import Literal

    from carbonctl.core.types import Num
    from carbonctl.estimate.inputs import Site
    from carbonctl.estimate.training.training_run import TrainRun


def training_limits(run: TrainRun[Num], site: Site[Num], life_hours: Num) -> TrainingLimits[Num]:
    """Limits of one run: devices, MFU, hours, and the life of its hardware."""
    use = train(run, site)
    details, check = use.details | use.cross_check, run.cross_check
    metered = isinstance(run.evidence, MeteredEnergy)
    return TrainingLimits(
        accelerators=run.accelerators,
        minimum_accelerators=details.get("minimum_accelerators"),
        implied_mfu=details.get("implied_mfu"),
        expected_mfu=None if check is None or check.work is None else expected_mfu(check.work),
        stated_hours_ratio=details.get("stated_hours_ratio"),
        devices_days=_devices_days(run),
        wall_hours=None if metered else details.get("wall_hours"),
        life_hours=life_hours,
        cadence_hours=None if run.cadence is None else run.cadence.cadence_hours,
    )


def _devices_days(run: TrainRun[Num]) -> Literal["", "evidence", "cross_check"]:
    """Whether the evidence or the cross check states devices x days beside device-hours."""
    check = run.cross_check
    if isinstance(run.evidence, MeteredDays):
        return "evidence"
    days = check is not None and check.accelerator_hours is None and check.wall_hours is not None
    return "cross_check" if isinstance(run.evidence, MeteredHours) and days else ""
