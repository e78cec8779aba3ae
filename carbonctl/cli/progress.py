"""How far a long command is: on a terminal, on stderr, and gone when it ends."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

T = TypeVar("T")
PATIENCE_SECONDS = 0.5


def steps(items: Sequence[T], what: str) -> Iterator[T]:
    """The items one by one, counted on a terminal once they take long."""
    start, said = time.monotonic(), ""
    try:
        for place, item in enumerate(items):
            if sys.stderr.isatty() and time.monotonic() - start >= PATIENCE_SECONDS:
                said = f"{what}: {place} of {len(items)}"
                sys.stderr.write(f"\r{said}")
                sys.stderr.flush()
            yield item
    finally:
        if said:
            sys.stderr.write(f"\r{' ' * len(said)}\r")
            sys.stderr.flush()
