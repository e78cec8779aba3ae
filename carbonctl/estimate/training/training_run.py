"""Inputs of one training run: power, evidence, corrections, cross check.

Evidence is one record of a union: metered energy or hours, or the work of a kind of model. The
functions of each kind are registered in ``estimate/training/training_kinds.py``.
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
    """A measured energy, its boundary, and device-hours measured with it."""

    energy_kwh: T
    boundary: str
    accelerator_hours: T | None = None


@record
class MeteredHours(Generic[T]):
    """Stated device-hours."""

    accelerator_hours: T


@record
class MeteredDays(Generic[T]):
    """A number of devices over a stated wall-clock time."""

    accelerators: T
    wall_hours: T


@record
class Trials(Generic[T]):
    """Experiments of lognormal size, by median and tail percentile."""

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
    """Rollouts of a language model, and the work of training on them."""

    work: LlmWork[T]
    rollouts: Rollouts[T]


@record
class Corrections(Generic[T]):
    """Factors from device-hours modeled from work to billed device-hours."""

    residual: T | None = None
    recompute_factor: T | None = None
    scaling: StrongScaling[T] | None = None


@record
class Cadence(Generic[T]):
    """How often a run is repeated within the period."""

    period_hours: T
    cadence_hours: T


@record
class CrossCheck(Generic[T]):
    """A second kind of evidence, only compared with the estimate."""

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
