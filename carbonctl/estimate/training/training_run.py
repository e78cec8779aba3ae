"""One training run: its power, its evidence, and what is known beside them.

Evidence is one record of a union: an energy or hours that were metered, or the work of a kind of
model. What each kind needs from the estimate is registered in ``estimate/training_kinds.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from carbonctl.core.record import record

if TYPE_CHECKING:
    from carbonctl.estimate.inputs import Power
    from carbonctl.estimate.training.sample_inputs import SampleWork
    from carbonctl.estimate.training.work_inputs import DlrmWork, LlmWork, Rollouts, StrongScaling
    from carbonctl.plan.training_memory import TrainingMemory

T = TypeVar("T")


@record
class MeteredEnergy(Generic[T]):
    """A measured energy with the boundary it stands on, and device-hours measured with it."""

    energy_kwh: T
    boundary: str
    accelerator_hours: T | None = None


@record
class MeteredHours(Generic[T]):
    """Device-hours that somebody states."""

    accelerator_hours: T


@record
class MeteredDays(Generic[T]):
    """Devices that run over a stated wall-clock time."""

    accelerators: T
    wall_hours: T


@record
class Trials(Generic[T]):
    """Experiments of lognormal size between a median and a tail."""

    trials: T
    median_hours: T
    tail_hours: T
    tail_z: T


@record
class RecommendationWork(Generic[T]):
    """Training of a recommendation model on a number of samples."""

    work: DlrmWork[T]
    train_samples: T


@record
class RolloutWork(Generic[T]):
    """Answers that a language model generates, and the work of learning from them."""

    work: LlmWork[T]
    rollouts: Rollouts[T]


@record
class Corrections(Generic[T]):
    """Factors between device-hours modeled from work and those that are billed."""

    residual: T | None = None
    recompute_factor: T | None = None
    scaling: StrongScaling[T] | None = None


@record
class Cadence(Generic[T]):
    """How often a run is made again within the period."""

    period_hours: T
    cadence_hours: T


@record
class CrossCheck(Generic[T]):
    """Evidence that is only compared with that of the run."""

    work: LlmWork[T] | None = None
    accelerator_hours: T | None = None
    wall_hours: T | None = None


@record
class TrainRun(Generic[T]):
    """One training run, by exactly one kind of evidence."""

    power: Power[T]
    evidence: (
        MeteredEnergy[T]
        | MeteredHours[T]
        | MeteredDays[T]
        | Trials[T]
        | LlmWork[T]
        | SampleWork[T]
        | RecommendationWork[T]
        | RolloutWork[T]
    )
    corrections: Corrections[T] | None = None
    accelerators: T | None = None
    cadence: Cadence[T] | None = None
    cross_check: CrossCheck[T] | None = None
    memory: TrainingMemory[T] | None = None
