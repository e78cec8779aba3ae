"""A board and a model in numbers: a clock that only moves when something waits or works."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from scenarios import ROOT

sys.path.append(str(ROOT / "benchmarks"))  # after tests/, which has names of its own

from board_power import Reading
from board_sensor import BoardFacts, Holders

FACTS = BoardFacts("NVIDIA H100 80GB HBM3", 85.0, 700.0, "580.1", "on", False, (9, 0))
READ_S = 0.002


@dataclass
class SimulatedBoard:
    """Holds P0 for ``hold_s`` after work; draws by its state; a counter with ``tick_s`` if any."""

    deep_w: float = 70.0
    context_w: float = 110.0
    busy_w: float = 400.0
    hold_s: float = 1e12
    tick_s: float | None = 0.02
    is_deep_at_p0: bool = True
    ramp_w: float = 0.0  # above the idle power at the start, decays within a minute
    throttle: str = ""
    facts_: BoardFacts = FACTS
    others: tuple[str, ...] = ()
    joins_at_s: float = 1e9
    time: float = 0.0
    busy_until: float = 0.0
    worked: float = -1e9
    has_context: bool = False
    joules: float = 0.0
    ticked: float = 0.0
    last_tick: float = 0.0
    queue: list[float] = field(default_factory=list)

    def now(self):
        return self.time

    def sleep(self, seconds):
        while seconds > 1e-12:
            step = min(seconds, self.busy_until - self.time if self.is_busy else seconds)
            self.joules += step * self.power_w()
            self.time += step
            if self.busy_until == self.time:
                self.worked = self.time
            seconds -= step
        if self.tick_s is not None and self.time - self.last_tick >= self.tick_s:
            self.ticked, self.last_tick = self.joules, self.time

    @property
    def is_busy(self):
        return self.busy_until > self.time

    @property
    def is_awake(self):
        return self.is_busy or self.time - self.worked < self.hold_s

    def power_w(self):
        if self.is_busy:
            return self.busy_w
        idle = self.context_w if self.has_context and self.is_awake else self.deep_w
        return idle + self.ramp_w * 2 ** (-self.time / 10)

    def read(self):
        self.sleep(READ_S)
        fallen = not self.is_awake or (self.worked < 0 and not self.is_deep_at_p0)
        counter = None if self.tick_s is None else self.ticked
        state, clock = ("P8", 300.0) if fallen else ("P0", 1980.0)
        heat = 60.0 if self.is_busy else 35.0
        return Reading(
            self.time, self.power_w(), counter, state, clock, 2619.0, heat,
            self.throttle if self.is_busy else "",
        )  # fmt: skip

    def facts(self):
        return self.facts_

    def holders(self):
        own = ("1",) if self.has_context else ()
        joined = ("99",) if self.time > self.joins_at_s else ()
        return Holders((*own, *self.others, *joined), 0.5, 0.0)


class SimulatedWork:
    """Steps of a fixed time and power."""

    def __init__(self, board, step_s, power_w):
        self.board, self.step_s = board, step_s
        board.busy_w = power_w
        self.ends = []

    def enqueue(self, steps):
        board = self.board
        board.busy_until = max(board.busy_until, board.time) + steps * self.step_s
        self.ends.append(board.busy_until)

    def pending(self):
        return sum(end > self.board.time + 1e-9 for end in self.ends)

    def drain(self):
        if self.board.is_busy:
            self.board.sleep(self.board.busy_until - self.board.time)
        self.ends.clear()


@dataclass
class SimulatedDevice:
    """Points at a bandwidth and a rate; out of memory at a label."""

    board: SimulatedBoard
    no_memory_at: str = ""
    loaded: list[str] = field(default_factory=list)

    def burst_in_child(self):
        work = SimulatedWork(self.board, 1.0, 350.0)
        work.enqueue(3)
        work.drain()

    def step_s(self, point):
        shape = point.shape
        tokens = point.batch * (1 if point.kind == "decode" else point.context)
        moved = 2.0 * shape.active_params + shape.kv_bytes_per_token * point.batch * point.context
        flop = (6.0 if point.kind == "train" else 2.0) * shape.active_params * tokens
        return max(moved / 2.5e12, flop / 5e14) + 1e-4

    def power_w(self, point):
        return {"decode": 300.0 + point.batch, "prefill": 600.0, "train": 650.0}[point.kind]

    @contextmanager
    def load(self, point):
        self.loaded.append(point.label)
        if point.label == self.no_memory_at:
            raise MemoryError
        self.board.has_context = True
        yield SimulatedWork(self.board, self.step_s(point), self.power_w(point))


def with_capability(major, minor, **more):
    """Facts of a board of another generation."""
    return replace(FACTS, capability=(major, minor), **more)
