"""Errors of several rows and files, kept until all are read and then raised together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.errors import InputError, Problem, place

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

MOST = 1000  # a file in which every row is wrong says no more after these


class Refused:
    """``with refused: ...`` keeps an error and goes on after the block; ``end`` raises them all."""

    def __init__(self) -> None:
        self.problems: dict[Problem, None] = {}
        self.sources: dict[str, list[str]] = {}
        self.full = False

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, InputError) or self.full:
            return False
        self.problems |= dict.fromkeys(error.problems)
        for file, lines in error.sources.items():
            known = self.sources.setdefault(file, [])
            known += [""] * (len(lines) - len(known))
            known[len(lines) - 1] = lines[-1]
        self.full = len(self.problems) >= MOST
        if self.full:
            self.end()
        return True

    def end(self) -> None:
        """Raise everything that was kept, in the order of the files and their lines."""
        if not self.problems:
            return
        files = list(dict.fromkeys(place(problem)[0] for problem in self.problems))
        ordered = sorted(self.problems, key=lambda p: (files.index(place(p)[0]), place(p)[1:]))
        raise InputError(ordered, self.sources)


def together(*readers: Callable[[], float]) -> list[float]:
    """What the readers of one row give, or the errors of all of them in one."""
    refused = Refused()
    values = []
    for reader in readers:
        with refused:
            values.append(reader())
    refused.end()
    return values
