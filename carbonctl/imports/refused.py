"""Errors of several rows and files, kept until all are read and then raised together.

A row that is broken is left out and said, where others can be used; what contradicts other rows
is an error of the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.errors import InputError, Problem, position_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

MAX_ERRORS = 1000  # a file in which every row is wrong says no more after these


class ErrorCollector:
    """``with refused: ...`` keeps an error and goes on after the block; ``end`` raises them all.

    ``with refused.row: ...`` does the same with the errors of a broken row, which ``end`` raises
    only beside others, and ``end_empty`` where no row could be used.
    """

    def __init__(self) -> None:
        self.problems: dict[Problem, None] = {}
        self.broken: dict[Problem, None] = {}
        self.sources: dict[str, list[str]] = {}
        self.full = False
        self.used = False  # whether any row was good
        self.lost = 0  # rows left out
        self.row = _RowErrorCollector(self)

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
        self.keep(error, self.problems)
        self.full = len(self.problems) >= MAX_ERRORS
        if self.full:
            self.end()
        return True

    def keep(self, error: InputError, where: dict[Problem, None]) -> None:
        """Note the problems of an error, with their lines."""
        where |= dict.fromkeys(error.problems)
        for file, lines in error.sources.items():
            known = self.sources.setdefault(file, [])
            known += [""] * (len(lines) - len(known))
            known[len(lines) - 1] = lines[-1]

    def end(self) -> None:
        """Raise everything that was kept, in the order of the files and their lines."""
        if self.problems:
            self._raise(self.problems | self.broken)

    def end_empty(self) -> None:
        """Raise what is wrong with the rows of files that have no usable one."""
        self.end()
        if self.broken:
            self._raise(self.broken)

    def _raise(self, problems: dict[Problem, None]) -> None:
        files = list(dict.fromkeys(position_key(problem)[0] for problem in problems))
        ordered = sorted(
            problems, key=lambda p: (files.index(position_key(p)[0]), position_key(p)[1:])
        )
        raise InputError(ordered, self.sources)


class _RowErrorCollector:
    """Keeps the errors of a row that is left out."""

    def __init__(self, refused: ErrorCollector) -> None:
        self.refused = refused

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        refused = self.refused
        if not isinstance(error, InputError) or refused.full:
            return False
        refused.lost += 1
        if len(refused.broken) < MAX_ERRORS:
            refused.keep(error, refused.broken)
        elif not refused.used:
            refused.full = True
            refused.end_empty()
        return True


def read_together(*readers: Callable[[], float]) -> list[float]:
    """What the readers of one row give, or the errors of all of them in one."""
    refused = ErrorCollector()
    values = []
    for reader in readers:
        with refused:
            values.append(reader())
    refused.end()
    return values
