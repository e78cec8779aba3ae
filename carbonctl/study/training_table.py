"""The rows of a table of training runs: whole, once each, their numbers numbers."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING, NoReturn

from carbonctl.core.errors import InputError, Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    Row = dict[str, str]

_NUMBERS = ("active_params_b", "train_tokens_b", "accel_hours", "avg_power_w_per_accel", "pue",
            "energy_mwh")  # fmt: skip
_NEEDED = ("run_id", "family", "organisation", "arch_type", "active_params_b", "train_tokens_b",
           "accelerator_id", "accel_hours", "avg_power_w_per_accel", "power_boundary", "pue",
           "energy_mwh", "energy_boundary", "use_in_time_test", "use_in_power_test",
           "use_in_energy_test")  # fmt: skip
_HINT = "the columns are those of hardware_db/published/training.csv"


def rows(text: str, file: str) -> list[Row]:
    """Rows of a table by their columns; InputError with a line where it is no such table."""
    found: list[Row] = []
    lines: dict[tuple[str, ...], int] = {}
    for row, mark in _rows(text, file):
        _numbers(row, mark)
        same = lines.setdefault(_run(row), mark.line or 0)
        if same != mark.line:
            message = f"the run of line {same} again"
            hint = "a run counts once, by whatever run_id: delete one of the two"
            _refuse("CC505", message, mark, hint)
        found.append(row)
    if not found:
        _refuse("CC502", "there are no rows", Mark(file))
    return found


def _rows(text: str, file: str) -> Iterator[tuple[Row, Mark]]:
    """Rows that have a cell for each column, and no other."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            _refuse("CC502", str(error), Mark(file, reader.line_num, 1))
        mark = Mark(file, reader.line_num, 1)
        if cells is None:
            return
        if not header:
            header = cells
        elif cells:  # an empty line is no row
            _whole(header, cells, mark)
            yield dict(zip(header, cells, strict=True)), mark


def _whole(header: list[str], cells: list[str], mark: Mark) -> None:
    if len(cells) != len(header):
        message = f"{len(cells)} cells under {len(header)} columns"
        _refuse("CC502", message, mark, "a cell that holds a comma stands in quotes")
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        _refuse("CC502", f"two columns are called {twice}", mark, _HINT)
    missing = next((name for name in _NEEDED if name not in header), None)
    if missing is not None:
        _refuse("CC502", f"no column {missing}", mark, _HINT)


def _numbers(row: Row, mark: Mark) -> None:
    for name in _NUMBERS:
        least = 1.0 if name == "pue" else 0.0
        try:
            good = not row[name].strip() or least <= float(row[name]) < math.inf
        except ValueError:
            good = False
        if not good:
            message = f'{name} is "{row[name]}", not a number of {least:g} or more'
            _refuse("CC502", message, mark)


def _run(row: Row) -> tuple[str, ...]:
    """What a row says of its run, whatever it calls it."""
    return tuple(cell.strip() for name, cell in row.items() if name != "run_id")


def _refuse(code: str, message: str, mark: Mark, hint: str = "") -> NoReturn:
    raise InputError([Problem(code, message, mark, hint)])
