"""What values facts, plain numbers and cells of hardware_db may have.

``hw check`` asks this of every record. A folder of the user's own is asked when a file of it is
read, so that no estimate rests on a power below zero or on a share above one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from carbonctl.catalog.fields import (
    CELLS,
    CHOICES,
    MAY_BE_ZERO,
    NEEDED_CELLS,
    PLAIN_ABOVE_ZERO,
    SHARES,
    unit_of_field,
)
from carbonctl.core.errors import DataError, Mark, OwnDataError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from carbonctl.catalog.record import Record
    from carbonctl.core.fact import Fact, Shape

_LIMITS = {
    "share": (0.0, 1.0, "a share from 0 to 1"),
    "pue": (1.0, math.inf, "1 or more, as energy over that of IT is"),
    "positive": (0.0, math.inf, "a number above 0"),
    "amount": (0.0, math.inf, "0 or more"),
}


def is_above_zero(shape: str, name: str) -> bool:
    """Whether a quantity that is positive may not be zero either, by its name."""
    return shape == "positive" and name not in MAY_BE_ZERO


def wrong(value: float, shape: Shape | str, *, above_zero: bool = False) -> str:
    """What was expected in place of a value; empty where it may be."""
    if not math.isfinite(value):
        return "a finite number"
    if shape == "signed":
        return ""
    least, most, expected = _LIMITS[shape]
    if not least <= value <= most or (above_zero and value == 0):
        return expected if above_zero or shape != "positive" else _LIMITS["amount"][2]
    return ""


def unlike(fact: Fact, base: Fact) -> str:
    """What was expected of an own value of a default, by the bundled one; empty where it fits."""
    if fact.unit != base.unit:
        return f"the unit {base.unit}, not {fact.unit}"
    if fact.shape != base.shape:
        return f"the shape {base.shape}, not {fact.shape}"
    known = [base.value, *(end for end in (base.low, base.high) if end is not None)]
    above_zero = base.shape == "positive" and min(known) > 0
    for end in (fact.low, fact.value, fact.high):
        if end is not None and not min(known) <= end <= max(known):  # our own ends are measured
            expected = wrong(end, base.shape, above_zero=above_zero)
            if expected:
                return f"{expected}, not {end:g}"
    return ""


def facts(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Every fact of a record with its path."""
    if isinstance(value, dict):
        if "value" in value:
            yield path, value
            return
        for key, item in value.items():
            yield from facts(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from facts(item, (*path, place))


def of_record(record: Record) -> list[Problem]:
    """What is wrong with the values of a record of the user's own."""
    problems = list(of_plain_numbers(record))
    for path, _ in facts(record.data):
        names = [name for name in path if isinstance(name, str)]
        if any(unit_of_field(name) for name in names):
            try:
                record.fact(*path)
            except OwnDataError as error:
                problems += error.problems
            except DataError:  # its form is wrong, which whoever needs it is told
                continue
    return problems


def of_plain_numbers(record: Record) -> Iterator[Problem]:
    """What is wrong with the numbers of a record that are no facts."""
    for path, value in _numbers(record.data, ()):
        problem = _plain(record, path, value)
        if problem is not None:
            yield problem


def _numbers(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[Any, Any]]:
    """Every value of a record that is no part of a fact."""
    if isinstance(value, dict):
        if "value" not in value:
            for key, item in value.items():
                yield from _numbers(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _numbers(item, (*path, place))
    else:
        yield path, value


def _plain(record: Record, path: tuple[str | int, ...], value: Any) -> Problem | None:
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    needed = name in PLAIN_ABOVE_ZERO.get(record.kind, ())
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number and not (needed and value is not None):
        return None
    share = name in SHARES or name.endswith("_share")
    shape = "share" if share else "positive" if needed else "amount"
    expected = wrong(value, shape, above_zero=needed) if number else _LIMITS["positive"][2]
    if not expected:
        return None
    where = f"{record.kind}/{record.id}:{'.'.join(map(str, path))}"
    return Problem("CC402", f"{where} is {value}, expected {expected}", record.document.mark(path))


def of_row(row: Mapping[str, str | None], file: str, line: int) -> Iterator[Problem]:
    """What is wrong with the cells of one row of a table of the user's own."""
    mark = Mark(file, line, 1)
    if None in row or None in row.values():
        yield Problem("CC402", "this row has not as many cells as there are columns", mark)
        return
    for column, text in row.items():
        expected = _wrong_cell(column, (text or "").strip())
        if expected:
            yield Problem("CC402", f'{column} is "{text}", expected {expected}', mark)


def _wrong_cell(column: str, text: str) -> str:
    if column in CHOICES and text not in CHOICES[column]:
        return f"one of {', '.join(CHOICES[column])}"
    if not text:
        return "a value" if column in NEEDED_CELLS else ""
    shape = CELLS.get(column)
    if shape is None:
        return ""
    try:
        value = float(text)
    except ValueError:
        return _LIMITS[shape][2]
    return wrong(value, shape, above_zero=shape == "positive")
