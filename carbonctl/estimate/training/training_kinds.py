"""Registry of the functions that estimate each kind of training evidence.

A new kind is a record in ``training_run`` (or of its work), its functions, and one line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from carbonctl.estimate.training.sample_inputs import SampleWork
from carbonctl.estimate.training.train_dlrm import dlrm_limits, unit_s
from carbonctl.estimate.training.train_hours import llm_flop, llm_hours, rollout_hours
from carbonctl.estimate.training.training_run import (
    MeteredDays,
    MeteredHours,
    RecommendationWork,
    RolloutWork,
    Trials,
)
from carbonctl.estimate.training.work_inputs import LlmWork
from carbonctl.formulas import recommendation_work
from carbonctl.formulas.training import training_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.types import Num

    Hours = tuple[Num, dict[str, Num]]


def _none(_: Any) -> None:
    return None


class TrainingKind(NamedTuple):
    """Functions of one kind of evidence; each returns ``None`` where it is not known.

    ``hours`` returns device-hours before corrections, and details by name; ``flop`` model FLOP;
    ``goodput`` the useful share of billed hours. Where a kind ``has_work``, the work of a cross
    check is not used in its place.
    """

    hours: Callable[[Any], Hours]
    flop: Callable[[Any], Num | None] = _none
    goodput: Callable[[Any], Num | None] = _none
    has_work: bool = False


def training_kind(evidence: object) -> TrainingKind:
    """The registered functions of the type of a record of evidence."""
    return _KINDS[type(evidence)]


def _metered_hours(x: MeteredHours[Num]) -> Hours:
    return x.accelerator_hours, {}


def _metered_days(x: MeteredDays[Num]) -> Hours:
    hours = training_time.accelerator_hours_from_days(
        accelerators=x.accelerators, wall_hours=x.wall_hours
    )
    return hours, {"wall_hours": x.wall_hours}


def _trials(x: Trials[Num]) -> Hours:
    hours = training_time.accelerator_hours_from_trials(
        trials=x.trials,
        median_hours=x.median_hours,
        tail_hours=x.tail_hours,
        tail_z=x.tail_z,
    )
    return hours, {}


def _language(x: LlmWork[Num]) -> Hours:
    return llm_hours(x), {}


def _samples(x: SampleWork[Num]) -> Hours:
    from carbonctl.estimate.training.train_samples import sample_hours

    return sample_hours(x), {}


def _sample_flop(x: SampleWork[Num]) -> Num:
    from carbonctl.estimate.training.train_samples import sample_work_flop

    return sample_work_flop(x)


def _recommendation(x: RecommendationWork[Num]) -> Hours:
    limits = dlrm_limits(x.work)
    hours = recommendation_work.accelerator_hours_from_samples(
        train_samples=x.train_samples, unit_s=unit_s(limits)
    )
    return hours, limits


def _rollouts(x: RolloutWork[Num]) -> Hours:
    return rollout_hours(x.work, x.rollouts), {}


_KINDS: dict[type, TrainingKind] = {
    MeteredHours: TrainingKind(_metered_hours),
    MeteredDays: TrainingKind(_metered_days),
    Trials: TrainingKind(_trials),
    LlmWork: TrainingKind(_language, llm_flop, lambda x: x.goodput, has_work=True),
    SampleWork: TrainingKind(_samples, _sample_flop, lambda x: x.goodput, has_work=True),
    RecommendationWork: TrainingKind(_recommendation),
    RolloutWork: TrainingKind(_rollouts, goodput=lambda x: x.work.goodput, has_work=True),
}
