"""Valid ranges of facts, plain numbers and table cells of hardware_db.

``hw check`` checks every record. A file of the user's own folder is checked when it is read, so
no estimate uses a negative power or a share above one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from carbonctl.catalog.fields import (
    CELL_RANGES,
    CHOICES,
    MAY_BE_ZERO,
    POSITIVE_PLAIN_NUMBERS,
    REQUIRED_COLUMNS,
    SHARES,
    unit_of_field,
)
from carbonctl.core.errors import DataError, Mark, Problem, UserDataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from carbonctl.catalog.record import Record
    from carbonctl.core.fact import Fact, Shape

_LIMITS = {
    "share": (0.0, 1.0, "a share from 0 to 1"),
    "pue": (1.0, math.inf, "1 or more (facility energy over IT energy)"),
    "positive": (0.0, math.inf, "a number above 0"),
    "amount": (0.0, math.inf, "0 or more"),
}


def is_above_zero(shape: str, name: str) -> bool:
    """Whether a quantity must be above zero, by its shape and name."""
    return shape == "positive" and name not in MAY_BE_ZERO


def expected_value(value: float, shape: Shape | str, *, above_zero: bool = False) -> str:
    """The expected values in words, if a value is invalid; empty if it is valid."""
    if not math.isfinite(value):
        return "a finite number"
    if shape == "signed":
        return ""
    least, most, expected = _LIMITS[shape]
    if not least <= value <= most or (above_zero and value == 0):
        return expected if above_zero or shape != "positive" else _LIMITS["amount"][2]
    return ""


def expected_default(fact: Fact, base: Fact) -> str:
    """What is expected of the user's value of a default, if invalid; empty if it is valid."""
    if fact.unit != base.unit:
        return f"the unit {base.unit}, not {fact.unit}"
    if fact.shape != base.shape:
        return f"the shape {base.shape}, not {fact.shape}"
    known = [base.value, *(end for end in (base.low, base.high) if end is not None)]
    above_zero = base.shape == "positive" and min(known) > 0
    for end in (fact.low, fact.value, fact.high):
        if end is not None and not min(known) <= end <= max(known):  # bundled ends are valid
            expected = expected_value(end, base.shape, above_zero=above_zero)
            if expected:
                return f"{expected}, not {end:g}"
    return ""


def fact_entries(
    value: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The data of every fact of a record, with its path."""
    if isinstance(value, dict):
        if "value" in value:
            yield path, value
            return
        for key, item in value.items():
            yield from fact_entries(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from fact_entries(item, (*path, place))


def record_problems(record: Record) -> list[Problem]:
    """Problems of the values of a record of the user's own folder."""
    problems = list(plain_number_problems(record))
    for path, _ in fact_entries(record.data):
        names = [name for name in path if isinstance(name, str)]
        if any(unit_of_field(name) for name in names):
            try:
                record.fact(*path)
            except UserDataError as error:
                problems += error.problems
            except DataError:  # malformed: reported when the fact is used
                continue
    return problems


def plain_number_problems(record: Record) -> Iterator[Problem]:
    """Problems of the plain numbers of a record, which are not facts."""
    for path, value in _plain_values(record.data, ()):
        problem = _plain_number_problem(record, path, value)
        if problem is not None:
            yield problem


def _plain_values(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[Any, Any]]:
    """Every value of a record that is not part of a fact, with its path."""
    if isinstance(value, dict):
        if "value" not in value:
            for key, item in value.items():
                yield from _plain_values(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _plain_values(item, (*path, place))
    else:
        yield path, value


def _plain_number_problem(
    record: Record, path: tuple[str | int, ...], value: Any
) -> Problem | None:
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    needed = name in POSITIVE_PLAIN_NUMBERS.get(record.kind, ())
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number and not (needed and value is not None):
        return None
    share = name in SHARES or name.endswith("_share")
    shape = "share" if share else "positive" if needed else "amount"
    expected = expected_value(value, shape, above_zero=needed) if number else _LIMITS["positive"][2]
    if not expected:
        return None
    where = f"{record.kind}/{record.id}:{'.'.join(map(str, path))}"
    return Problem("CC402", f"{where} is {value}, expected {expected}", record.document.mark(path))


def row_problems(row: Mapping[str, str | None], file: str, line: int) -> Iterator[Problem]:
    """Problems of the cells of one row of a table of the user's own folder."""
    mark = Mark(file, line, 1)
    if None in row or None in row.values():
        yield Problem("CC402", "expected one cell per column; this row has more or fewer", mark)
        return
    for column, text in row.items():
        expected = _expected_cell(column, (text or "").strip())
        if expected:
            yield Problem("CC402", f'{column} is "{text}", expected {expected}', mark)


def _expected_cell(column: str, text: str) -> str:
    if column in CHOICES and text not in CHOICES[column]:
        return f"one of {', '.join(CHOICES[column])}"
    if not text:
        return "a value" if column in REQUIRED_COLUMNS else ""
    shape = CELL_RANGES.get(column)
    if shape is None:
        return ""
    try:
        value = float(text)
    except ValueError:
        return _LIMITS[shape][2]
    return expected_value(value, shape, above_zero=shape == "positive")
