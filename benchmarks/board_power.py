"""Power of a board: readings, energy of a window, steadiness, spread of repeats."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Mode = Literal["counter", "samples"]
STEADY_SHARE = 0.03  # range of the power over the steady window, of its mean
STEADY_WATTS = 2.0  # and in W: sensors of small boards read whole watts
STEADY_WINDOW_S = 30.0
STEADY_TIMEOUT_S = 300.0
LEAST_TICKS = 20  # updates of the counter in a window, below which samples are integrated
WIDE_SHARE = 0.05  # spread of repeats above which a point counts as unsteady
BUSY_STATES = "P0"


class BoardError(Exception):
    """The board cannot be measured; the message says why and what to do."""


@dataclass(frozen=True)
class Reading:
    """State of a board at a time; ``energy_j`` is the counter since the driver loaded, or None."""

    time_s: float
    power_w: float
    energy_j: float | None
    p_state: str
    sm_mhz: float
    memory_mhz: float
    temperature_c: float
    throttle: str = ""  # reasons why the clocks are reduced, other than idle and the power cap


class Sensor(Protocol):
    """A board that can be read; ``now`` and ``sleep`` are its clock."""

    def now(self) -> float:
        """Time in s."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def read(self) -> Reading:
        """State now."""
        ...


@dataclass(frozen=True)
class Window:
    """Energy of an interval, how it was read, and the states at its readings."""

    seconds: float
    joules: float
    mode: Mode
    readings: tuple[Reading, ...]
    integral_j: float
    resolution: float  # share of the energy that one update of the counter or sensor holds

    @property
    def power_w(self) -> float:
        """Mean power."""
        return self.joules / self.seconds


@dataclass(frozen=True)
class Spread:
    """Median of repeats with their extremes."""

    middle: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Median, least and greatest of values."""
        return cls(median(values), min(values), max(values), len(values))

    @property
    def share(self) -> float:
        """Range over the median; infinite where the median is 0."""
        return (self.high - self.low) / self.middle if self.middle else math.inf


def trapezoid_j(readings: Sequence[Reading]) -> float:
    """Energy in J between the first and the last reading, by the trapezoid rule on power."""
    return sum(
        (after.time_s - before.time_s) * (before.power_w + after.power_w) / 2
        for before, after in pairwise(readings)
    )


def _changes(values: Iterable[float]) -> int:
    return sum(before != after for before, after in pairwise(values))


def window_energy(readings: Sequence[Reading]) -> Window:
    """Energy between the first and the last reading.

    The counter where it ticked at least ``LEAST_TICKS`` times, else the samples. Raises BoardError
    for fewer than two readings, for time that stands still, or for a counter that runs backwards.
    """
    if len(readings) < 2 or readings[-1].time_s <= readings[0].time_s:  # noqa: PLR2004
        raise BoardError("fewer than two readings in a window: lengthen --window")
    seconds = readings[-1].time_s - readings[0].time_s
    integral = trapezoid_j(readings)
    counted = [reading.energy_j for reading in readings if reading.energy_j is not None]
    ticks = _changes(counted) if len(counted) == len(readings) else 0
    if ticks >= LEAST_TICKS:
        joules = counted[-1] - counted[0]
        if joules <= 0:
            raise BoardError("the energy counter of the driver ran backwards: measure again")
        return Window(seconds, joules, "counter", tuple(readings), integral, 1 / ticks)
    changed = _changes(reading.power_w for reading in readings)
    if integral <= 0:
        raise BoardError("the driver reports no power: this board has no power sensor")
    return Window(seconds, integral, "samples", tuple(readings), integral, 1 / max(changed, 1))


def sensor_agreement(windows: Sequence[Window]) -> float:
    """Counter over integrated samples, median; nan where no window has both."""
    both = [w.joules / w.integral_j for w in windows if w.mode == "counter" and w.integral_j > 0]
    return median(both) if both else math.nan


def is_steady(powers_w: Sequence[float]) -> bool:
    """Whether neither noise nor drift of the power exceeds its tolerance.

    The range is that of four means, so that a sensor which flickers by a watt still settles.
    """
    if len(powers_w) < 8:  # noqa: PLR2004 - two a quarter
        return False
    size = len(powers_w) // 4
    quarters = [fmean(powers_w[place * size : (place + 1) * size]) for place in range(4)]
    tolerance = max(STEADY_WATTS / 2, STEADY_SHARE * fmean(quarters))
    return max(quarters) - min(quarters) <= tolerance


@dataclass(frozen=True)
class Idle:
    """Power of an idle state: median and extremes, whether it settled, state of the board."""

    state: str
    watts: Spread
    is_settled: bool
    last: Reading
    waited_s: float


def wait_until_steady(
    sensor: Sensor,
    state: str,
    poll_s: float = 1.0,
    window_s: float = STEADY_WINDOW_S,
    timeout_s: float = STEADY_TIMEOUT_S,
) -> Idle:
    """Power of an idle state once one P-state and its power held for ``window_s``.

    After ``timeout_s`` the last window stands, and ``is_settled`` is false.
    """
    start = sensor.now()
    recent: deque[Reading] = deque()
    while True:
        recent.append(sensor.read())
        now = recent[-1].time_s
        while recent[0].time_s < now - window_s:
            recent.popleft()
        is_full = now - start >= window_s
        is_one_state = len({reading.p_state for reading in recent}) == 1
        settled = is_full and is_one_state and is_steady([r.power_w for r in recent])
        if settled or now - start >= timeout_s:
            watts = Spread.of([reading.power_w for reading in recent])
            return Idle(state, watts, settled, recent[-1], now - start)
        sensor.sleep(poll_s)


def fall_back_power(
    sensor: Sensor, state: str, poll_s: float = 0.2, timeout_s: float = 60.0
) -> Idle | None:
    """Power while a board without a context still holds P0; None if it left P0 within 3 s.

    A data-center board holds P0 and settles; another falls back, and what was read before it
    left P0 stands, without the first second, which averages the work before it.
    """
    start, held = sensor.now(), []
    while sensor.now() - start < timeout_s:
        reading = sensor.read()
        if reading.p_state != BUSY_STATES:
            break
        held.append(reading)
        recent = [r for r in held if r.time_s >= reading.time_s - STEADY_WINDOW_S]
        is_full = reading.time_s - start >= STEADY_WINDOW_S
        if is_full and is_steady([r.power_w for r in recent]):
            watts = Spread.of([r.power_w for r in recent])
            return Idle(state, watts, True, reading, reading.time_s - start)
        sensor.sleep(poll_s)
    late = [reading for reading in held if reading.time_s >= start + 1.0]
    if not late or late[-1].time_s - start < 3.0:  # noqa: PLR2004
        return None
    watts = Spread.of([r.power_w for r in late])
    return Idle(state, watts, False, late[-1], late[-1].time_s - start)
