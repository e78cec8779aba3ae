"""How far a long command is: on a terminal, on stderr, and gone when it ends."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

T = TypeVar("T")
PATIENCE_SECONDS = 0.5
_BEAT_SECONDS = 0.5
_COUNTING = threading.Lock()


def steps(items: Sequence[T], what: str) -> Iterator[T]:
    """The items one by one, counted on a terminal once they take long."""
    start, said = time.monotonic(), ""
    mine = _COUNTING.acquire(blocking=False)
    try:
        for place, item in enumerate(items):
            if sys.stderr.isatty() and time.monotonic() - start >= PATIENCE_SECONDS:
                said = f"{what}: {place} of {len(items)}"
                _write(said)
            yield item
    finally:
        _erase(said)
        if mine:
            _COUNTING.release()


@contextmanager
def draws(samples: int) -> Iterator[None]:
    """Seconds that some draws take, counted on a terminal once they take long."""
    quiet = samples == 0 or not sys.stderr.isatty()
    if quiet or not _COUNTING.acquire(blocking=False):  # a block around this one counts already
        yield
        return
    done, said = threading.Event(), [""]
    counter = threading.Thread(target=_count, args=(samples, done, said), daemon=True)
    counter.start()
    try:
        yield
    finally:
        done.set()
        counter.join()
        _erase(said[-1])
        _COUNTING.release()


def _count(samples: int, done: threading.Event, said: list[str]) -> None:
    start = time.monotonic()
    pause = PATIENCE_SECONDS
    while not done.wait(pause):
        said.append(f"{samples:,} draws: {time.monotonic() - start:.0f} s")
        _write(said[-1])
        pause = _BEAT_SECONDS


def _write(text: str) -> None:
    sys.stderr.write(f"\r{text}")
    sys.stderr.flush()


def _erase(said: str) -> None:
    if said:
        _write(f"{' ' * len(said)}\r")
