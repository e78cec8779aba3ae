"""A measurement of a board from deep idle to training, with the device behind protocols."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from board_power import (
    BoardError,
    Idle,
    Reading,
    Spread,
    Window,
    fall_back_power,
    sensor_agreement,
    wait_until_steady,
    window_energy,
)
from board_sensor import check_alone, check_facts, check_unused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from board_plan import Options, Plan, Point
    from board_power import Mode
    from board_sensor import BoardSensor

IN_FLIGHT = 2  # chunks that the board has before it: it never waits for a reading
CHUNK_S = 0.1
SAMPLE_S = 0.05  # between readings; the sensors of boards update every 20 to 100 ms
BURST_S, GAP_S, SETTLE_S, BURSTS = 2.0, 3.0, 1.5, 5
DEEP, P0, RESIDENT, BETWEEN = "deep_idle", "p0_without_context", "resident", "between_requests"


class Work(Protocol):
    """A point loaded on the board, whose steps can be put in its queue."""

    def enqueue(self, steps: int) -> None:
        """Put steps in the queue, without waiting."""
        ...

    def pending(self) -> int:
        """Calls of ``enqueue`` whose steps are not done."""
        ...

    def drain(self) -> None:
        """Wait until the queue is empty."""
        ...


class Device(Protocol):
    """What can be run on a board."""

    def burst_in_child(self) -> None:
        """Work for some seconds in a process of its own, which ends and leaves no context."""
        ...

    def load(self, point: Point) -> AbstractContextManager[Work]:
        """The work of a point; weights of a shape and precision are kept for the next point."""
        ...


@dataclass(frozen=True)
class Measured:
    """A point by its repeats: energy and time of a step, power, states of the board."""

    point: Point
    joules: Spread
    seconds: Spread
    watts: Spread
    mode: Mode
    agreement: float
    resolution: float
    sm_mhz: Spread
    memory_mhz: float
    temperature_c: Spread
    throttle: str


@dataclass
class Session:
    """All that was measured of a board, and what was not, with reasons."""

    idle: dict[str, Idle] = field(default_factory=dict)
    points: list[Measured] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)


def _sample_until(sensor: BoardSensor, work: Work, pending: int, readings: list[Reading]) -> None:
    """Read at least once, and until at most ``pending`` chunks are in the queue."""
    readings.append(sensor.read())
    while work.pending() > pending:
        sensor.sleep(SAMPLE_S)
        readings.append(sensor.read())


def drive(sensor: BoardSensor, work: Work, seconds: float, chunk: int) -> tuple[int, Window]:
    """Steps done in at least ``seconds``, and their energy; the board is never idle between."""
    work.drain()
    readings, steps = [sensor.read()], 0
    while sensor.now() - readings[0].time_s < seconds:
        work.enqueue(chunk)
        steps += chunk
        _sample_until(sensor, work, IN_FLIGHT - 1, readings)
    _sample_until(sensor, work, 1, readings)
    work.drain()
    readings.append(sensor.read())
    return steps, window_energy(readings)


def chunk_steps(sensor: BoardSensor, work: Work) -> int:
    """Steps that take longer than two readings, and at least ``CHUNK_S``."""
    before = sensor.now()
    sensor.read()
    length = max(CHUNK_S, 2 * (sensor.now() - before))
    work.enqueue(1)  # the first step compiles and loads kernels
    work.drain()
    steps = 1
    while True:
        before = sensor.now()
        work.enqueue(steps)
        work.drain()
        took = sensor.now() - before
        if took >= length / 4:
            return max(1, math.ceil(steps * length / took))
        steps *= 4


def warm_up(sensor: BoardSensor, work: Work, options: Options, chunk: int) -> None:
    """Run until two successive parts of the warm-up draw alike, five parts at most."""
    last = math.nan
    for _ in range(5):
        power = drive(sensor, work, options.warm_up_s / 2, chunk)[1].power_w
        if abs(power - last) <= 0.02 * power:
            return
        last = power


def measure_point(sensor: BoardSensor, work: Work, point: Point, options: Options) -> Measured:
    """Energy and time of a step of a point, over repeats after a warm-up."""
    chunk = chunk_steps(sensor, work)
    warm_up(sensor, work, options, chunk)
    runs = [drive(sensor, work, options.window_s, chunk) for _ in range(options.repeats)]
    windows = [window for _, window in runs]
    if len({window.mode for window in windows}) > 1:
        raise BoardError(f"{point.label}: the counter stalled in some repeats: lengthen --window")
    readings = [reading for window in windows for reading in window.readings]
    throttles = sorted({r.throttle for r in readings if r.throttle})
    return Measured(
        point,
        Spread.of([window.joules / steps for steps, window in runs]),
        Spread.of([window.seconds / steps for steps, window in runs]),
        Spread.of([window.power_w for window in windows]),
        windows[0].mode,
        sensor_agreement(windows),
        max(window.resolution for window in windows),
        Spread.of([reading.sm_mhz for reading in readings]),
        readings[-1].memory_mhz,
        Spread.of([reading.temperature_c for reading in readings]),
        "; ".join(throttles),
    )


def between_requests(sensor: BoardSensor, work: Work) -> Idle:
    """Power in the gaps of a load in bursts, after the sensor forgot the burst."""
    chunk = chunk_steps(sensor, work)
    means: list[float] = []
    last: Reading | None = None
    start = sensor.now()
    for _ in range(BURSTS):
        drive(sensor, work, BURST_S, chunk)
        sensor.sleep(SETTLE_S)
        end, powers = sensor.now() + GAP_S - SETTLE_S, []
        while not powers or sensor.now() < end:
            last = sensor.read()
            powers.append(last.power_w)
            sensor.sleep(CHUNK_S)
        means.append(sum(powers) / len(powers))
    assert last is not None  # noqa: S101 - BURSTS is not 0
    return Idle(BETWEEN, Spread.of(means), True, last, sensor.now() - start)


def _idle_without_context(
    sensor: BoardSensor, device: Device, session: Session, say: Callable[[str], None]
) -> None:
    say("deep idle: waiting until the power is steady")
    session.idle[DEEP] = wait_until_steady(sensor, DEEP)
    device.burst_in_child()
    held = fall_back_power(sensor, P0)
    if held is None:
        session.left_out.append((P0, "the board leaves P0 as soon as no context exists"))
    else:
        session.idle[P0] = held


def _idle_with_model(
    sensor: BoardSensor, work: Work, session: Session, say: Callable[[str], None]
) -> None:
    session.idle[BETWEEN] = between_requests(sensor, work)
    say("resident: waiting until the power is steady")
    session.idle[RESIDENT] = wait_until_steady(sensor, RESIDENT)


def _run_point(
    sensor: BoardSensor,
    device: Device,
    point: Point,
    options: Options,
    session: Session,
    say: Callable[[str], None],
) -> None:
    with device.load(point) as work:
        check_alone(sensor.holders())
        if RESIDENT not in session.idle:
            _idle_with_model(sensor, work, session, say)
        session.points.append(measure_point(sensor, work, point, options))
        check_alone(sensor.holders())


def run_session(
    sensor: BoardSensor,
    device: Device,
    plan: Plan,
    say: Callable[[str], None],
    is_out_of_memory: Callable[[Exception], bool] = lambda _: False,
) -> Iterator[Session]:
    """The session after each point, so that a caller can save what is there.

    Raises BoardError where another process holds the board, before or during the measurement.
    """
    check_facts(sensor.facts())
    check_unused(sensor.holders())
    session = Session(left_out=list(plan.left_out))
    _idle_without_context(sensor, device, session, say)
    check_unused(sensor.holders())
    yield session
    for place, point in enumerate(plan.points, 1):
        say(f"{place}/{len(plan.points)} {point.label}")
        try:
            _run_point(sensor, device, point, plan.options, session, say)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            session.left_out.append((point.label, "out of memory"))
        yield session
