"""Collection of errors of many rows and files, raised together after all are read.

A broken row is skipped with a note if other rows are valid. A row that contradicts other rows is
an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.errors import InputError, Problem, position_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

MAX_ERRORS = 1000  # reading stops after this many


class ErrorCollector:
    """Collects InputErrors: ``with errors: ...`` keeps an error and continues after the block.

    ``with errors.row: ...`` keeps the error of a broken row, which is skipped.
    ``raise_if_any`` raises all errors if there is one that is not of a row; ``raise_if_no_rows``
    raises the errors of rows too, for a file without valid rows.
    """

    def __init__(self) -> None:
        self.problems: dict[Problem, None] = {}
        self.row_problems: dict[Problem, None] = {}
        self.sources: dict[str, list[str]] = {}
        self.is_full = False
        self.has_valid_rows = False
        self.skipped_rows = 0
        self.row = _RowErrorCollector(self)

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, InputError) or self.is_full:
            return False
        self.add(error, self.problems)
        self.is_full = len(self.problems) >= MAX_ERRORS
        if self.is_full:
            self.raise_if_any()
        return True

    def add(self, error: InputError, where: dict[Problem, None]) -> None:
        """Add the problems of an error, with their lines."""
        where |= dict.fromkeys(error.problems)
        for file, lines in error.sources.items():
            known = self.sources.setdefault(file, [])
            known += [""] * (len(lines) - len(known))
            known[len(lines) - 1] = lines[-1]

    def raise_if_any(self) -> None:
        """Raise all collected errors by file and line, if one is not of a row."""
        if self.problems:
            self._raise(self.problems | self.row_problems)

    def raise_if_no_rows(self) -> None:
        """Raise all collected errors, also if they are errors of rows only."""
        self.raise_if_any()
        if self.row_problems:
            self._raise(self.row_problems)

    def _raise(self, problems: dict[Problem, None]) -> None:
        files = list(dict.fromkeys(position_key(problem)[0] for problem in problems))
        ordered = sorted(
            problems, key=lambda p: (files.index(position_key(p)[0]), position_key(p)[1:])
        )
        raise InputError(ordered, self.sources)


class _RowErrorCollector:
    """Collects the errors of rows that are skipped."""

    def __init__(self, errors: ErrorCollector) -> None:
        self.errors = errors

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        errors = self.errors
        if not isinstance(error, InputError) or errors.is_full:
            return False
        errors.skipped_rows += 1
        if len(errors.row_problems) < MAX_ERRORS:
            errors.add(error, errors.row_problems)
        elif not errors.has_valid_rows:
            errors.is_full = True
            errors.raise_if_no_rows()
        return True


def read_together(*readers: Callable[[], float]) -> list[float]:
    """Results of all readers; one InputError with the problems of all that fail."""
    errors = ErrorCollector()
    values = []
    for reader in readers:
        with errors:
            values.append(reader())
    errors.raise_if_any()
    return values
