"""Check whether a training run is feasible: memory, stated work and hours, wall-clock time.

Limits are numbers or arrays over ``(rows, draws)``. The result is a status code and notices of the
same shape. Messages for the codes are in ``app/training_messages.py``.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import numpy as np

from carbonctl.core.record import record
from carbonctl.core.units import HOURS_PER_YEAR
from carbonctl.formulas.training import training_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.core.types import Indexes, Mask, Num

T = TypeVar("T")
MAX_PUBLISHED_MFU = 0.65  # above every published run of a language model, over billed time
MAX_PLAUSIBLE_RATIO = 2.0  # a cross check contradicts the evidence beyond this ratio
ROUNDING = 1.02  # tolerance for rounded hours


class TrainingStatus(IntEnum):
    """Why a run is not feasible; the first reason that applies."""

    FEASIBLE = 0
    TOO_FEW_DEVICES = 1  # the devices do not hold weights, gradients and optimizer state
    WORK_ABOVE_PEAK = 2  # stated work and hours are an MFU above 1
    WORK_DISAGREES = 3  # stated work and hours are far from the expected MFU
    MORE_HOURS_THAN_DEVICES = 4  # device-hours exceed devices x days
    HOURS_DISAGREE = 5  # stated hours are far from those of the evidence
    LONGER_THAN_LIFE = 6  # the run takes longer than the life of its hardware
    LONGER_THAN_CADENCE = 7  # the run takes longer than its cadence


class TrainingNotice(IntFlag):
    """What is feasible, but unusual."""

    MFU = 1  # the stated MFU is above any published run
    BILLED_MFU = 2
    IMPLIED_MFU = 4  # the MFU implied by stated work and hours is above any published run
    LONGER_THAN_YEAR = 8


@record
class TrainingLimits(Generic[T]):
    """Numbers of a run that constrain each other; None where one is not known.

    ``devices_days`` says which hours are those of devices x days, in ``stated_hours_ratio``: of
    the evidence, of the cross check, or neither.
    """

    accelerators: T | None = None
    minimum_accelerators: T | None = None
    mfu: T | None = None
    billed_mfu: T | None = None
    implied_mfu: T | None = None
    expected_mfu: T | None = None
    stated_hours_ratio: T | None = None
    devices_days: Literal["", "evidence", "cross_check"] = ""
    wall_hours: T | None = None
    life_hours: T | None = None
    cadence_hours: T | None = None


def training_status(x: TrainingLimits[Num]) -> Indexes:
    """The ``TrainingStatus`` of a run in each cell, as integers of the shape of its limits."""
    status: Indexes = np.asarray(TrainingStatus.FEASIBLE, dtype=np.intp)
    for reason, fails in reversed([*_memory(x), *_work(x), *_hours(x), *_duration(x)]):
        status = np.where(fails, np.intp(reason), status)
    return status


def training_notices(x: TrainingLimits[Num]) -> Indexes:
    """The ``TrainingNotice`` bits of a run in each cell, as integers of the shape of its limits."""
    limits = (
        (TrainingNotice.MFU, x.mfu, MAX_PUBLISHED_MFU),
        (TrainingNotice.BILLED_MFU, x.billed_mfu, MAX_PUBLISHED_MFU),
        (TrainingNotice.IMPLIED_MFU, x.implied_mfu, MAX_PUBLISHED_MFU),
        (TrainingNotice.LONGER_THAN_YEAR, x.wall_hours, HOURS_PER_YEAR),
    )
    notices: Indexes = np.asarray(0, dtype=np.intp)
    for bit, value, most in limits:
        if value is not None:
            notices = notices + np.where(np.greater(value, most), np.intp(bit), 0)
    return notices


def accelerators_within_a_year(x: TrainingLimits[Num]) -> Num | None:
    """Devices on which the run takes a year; None where its devices are not stated."""
    if x.accelerators is None or x.wall_hours is None:
        return None
    hours = training_time.accelerator_hours_from_days(
        accelerators=x.accelerators, wall_hours=x.wall_hours
    )
    return training_time.accelerators_from_wall_time(
        accelerator_hours=hours, wall_hours=HOURS_PER_YEAR
    )


def hours_over_devices_days(x: TrainingLimits[Num]) -> Num | None:
    """Device-hours over devices x days; None where only one of the two is known."""
    ratio = x.stated_hours_ratio
    if ratio is None or not x.devices_days:
        return None
    return ratio if x.devices_days == "evidence" else 1.0 / ratio


def _memory(x: TrainingLimits[Num]) -> Iterator[tuple[TrainingStatus, Mask]]:
    """Whether the devices have too little memory for the run."""
    if x.accelerators is not None and x.minimum_accelerators is not None:
        too_few = ~np.greater_equal(x.accelerators, x.minimum_accelerators)
        yield TrainingStatus.TOO_FEW_DEVICES, too_few


def _work(x: TrainingLimits[Num]) -> Iterator[tuple[TrainingStatus, Mask]]:
    """Whether the MFU implied by stated work and evidence is above 1, or far from expected."""
    if x.implied_mfu is not None:
        yield TrainingStatus.WORK_ABOVE_PEAK, np.greater(x.implied_mfu, 1.0)
    if x.implied_mfu is not None and x.expected_mfu is not None:
        yield TrainingStatus.WORK_DISAGREES, _is_implausible(x.implied_mfu, x.expected_mfu)


def _hours(x: TrainingLimits[Num]) -> Iterator[tuple[TrainingStatus, Mask]]:
    """Whether stated hours exceed devices x days, or are far from those of the evidence."""
    over = hours_over_devices_days(x)
    if over is not None:
        yield TrainingStatus.MORE_HOURS_THAN_DEVICES, np.greater(over, ROUNDING)
    if x.stated_hours_ratio is not None:
        yield TrainingStatus.HOURS_DISAGREE, _is_implausible(x.stated_hours_ratio, 1.0)


def _duration(x: TrainingLimits[Num]) -> Iterator[tuple[TrainingStatus, Mask]]:
    """Whether the run takes longer than the life of its hardware, or than its cadence."""
    if x.wall_hours is None:
        return
    if x.life_hours is not None:
        yield TrainingStatus.LONGER_THAN_LIFE, np.greater(x.wall_hours, x.life_hours)
    if x.cadence_hours is not None:
        most = x.cadence_hours * ROUNDING
        yield TrainingStatus.LONGER_THAN_CADENCE, np.greater(x.wall_hours, most)


def _is_implausible(value: Num, expected: Num) -> Mask:
    """Whether two numbers differ by more than ``MAX_PLAUSIBLE_RATIO``."""
    return ~(
        np.less_equal(expected / MAX_PLAUSIBLE_RATIO, value)
        & np.less_equal(value, expected * MAX_PLAUSIBLE_RATIO)
    )
