"""Progress of a long command, on stderr of a terminal, erased at the end."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

T = TypeVar("T")
DELAY_SECONDS = 0.5
_UPDATE_SECONDS = 0.5
_COUNTER_LOCK = threading.Lock()


def count_steps(items: Sequence[T], what: str) -> Iterator[T]:
    """Yield the items; show how many are done after half a second, on a terminal."""
    start, text = time.monotonic(), ""
    mine = _COUNTER_LOCK.acquire(blocking=False)
    try:
        for place, item in enumerate(items):
            if sys.stderr.isatty() and time.monotonic() - start >= DELAY_SECONDS:
                text = f"{what}: {place} of {len(items)}"
                _write(text)
            yield item
    finally:
        _erase(text)
        if mine:
            _COUNTER_LOCK.release()


@contextmanager
def count_draws(samples: int) -> Iterator[None]:
    """Context that shows the elapsed seconds of draws after half a second, on a terminal."""
    quiet = samples == 0 or not sys.stderr.isatty()
    if quiet or not _COUNTER_LOCK.acquire(blocking=False):  # an outer counter is active
        yield
        return
    done, texts = threading.Event(), [""]
    counter = threading.Thread(target=_show_seconds, args=(samples, done, texts), daemon=True)
    counter.start()
    try:
        yield
    finally:
        done.set()
        counter.join()
        _erase(texts[-1])
        _COUNTER_LOCK.release()


def _show_seconds(samples: int, done: threading.Event, texts: list[str]) -> None:
    start = time.monotonic()
    pause = DELAY_SECONDS
    while not done.wait(pause):
        texts.append(f"{samples:,} draws: {time.monotonic() - start:.0f} s")
        _write(texts[-1])
        pause = _UPDATE_SECONDS


def _write(text: str) -> None:
    sys.stderr.write(f"\r{text}")
    sys.stderr.flush()


def _erase(text: str) -> None:
    if text:
        _write(f"{' ' * len(text)}\r")
