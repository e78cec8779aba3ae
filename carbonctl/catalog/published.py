"""Reading of tables of published measurements: checks columns, cells and duplicates."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from typing import TYPE_CHECKING, NoReturn

from carbonctl.core import files
from carbonctl.core.errors import InputError, Mark, Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    Row = dict[str, str]


def read_table(
    path: Path,
    needed: Sequence[str],
    least: Mapping[str, float],
    like: str,
    name: str,
    words: Mapping[str, Collection[str]] | None = None,
) -> tuple[list[Row], str]:
    """Rows and sha256 of a table; InputError with a problem for every invalid cell.

    ``needed`` are the required columns. ``least`` is the minimum by numeric column, ``words`` the
    allowed words by column; empty cells are allowed. ``like`` is the bundled table with the same
    columns, for the hint. ``name`` is the column that only names a row: two rows that differ in
    nothing else are duplicates.
    """
    raw = files.read(str(path), files.MAX_LOG)
    if len(raw) > files.MAX_LOG:
        _refuse("CC005", f"the file is larger than {files.MAX_LOG // 10**6} MB", Mark(str(path)))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError([Problem("CC008", str(error).lower(), Mark(str(path)))]) from None
    rows: list[Row] = []
    problems: list[Problem] = []
    lines: dict[tuple[str, ...], int] = {}
    for row, mark in _rows(text, str(path), needed, like):
        problems += _bad_cells(row, least, words or {}, mark)
        content = tuple(cell.strip() for column, cell in row.items() if column != name)
        same = lines.setdefault(content, mark.line or 0)
        if same != mark.line:
            hint = f"a case counts once, whatever its {name}: delete one of the two rows"
            problems.append(Problem("CC505", f"the same case as line {same}", mark, hint))
        rows.append(row)
    if problems:
        raise InputError(problems)
    if not rows:
        _refuse("CC502", "there are no rows", Mark(str(path)))
    return rows, hashlib.sha256(raw).hexdigest()


def _rows(text: str, file: str, needed: Sequence[str], like: str) -> Iterator[tuple[Row, Mark]]:
    """Rows with their positions; InputError for a row with more or fewer cells than columns."""
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
            _check_columns(header, needed, like, mark)
        elif cells:  # skip empty lines
            if len(cells) != len(header):
                message = f"{len(cells)} cells under {len(header)} columns"
                _refuse("CC502", message, mark, "put a cell that contains a comma in quotes")
            yield dict(zip(header, cells, strict=True)), mark


def _check_columns(header: list[str], needed: Sequence[str], like: str, mark: Mark) -> None:
    hint = f"the columns are those of hardware_db/published/{like}"
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        _refuse("CC502", f"two columns are called {twice}", mark, hint)
    missing = next((name for name in needed if name not in header), None)
    if missing is not None:
        _refuse("CC502", f"no column {missing}", mark, hint)


def _bad_cells(
    row: Row, least: Mapping[str, float], words: Mapping[str, Collection[str]], mark: Mark
) -> Iterator[Problem]:
    """A problem for each cell that is not a number, or not a word, of its column."""
    for name, smallest in least.items():
        if not _is_number(row.get(name, ""), smallest):
            message = f'{name} is "{row[name]}", not a number of {smallest:g} or more'
            yield Problem("CC502", message, mark)
    for name, allowed in words.items():
        if row.get(name, "").strip() not in {"", *allowed}:
            message = f'{name} is "{row[name]}", not one of {", ".join(allowed)}'
            yield Problem("CC502", message, mark, did_you_mean(row[name], allowed))


def _is_number(cell: str, smallest: float) -> bool:
    """Whether a cell is empty or a finite number of at least ``smallest``."""
    try:
        return not cell.strip() or smallest <= float(cell) < math.inf
    except ValueError:
        return False


def _refuse(code: str, message: str, mark: Mark, hint: str = "") -> NoReturn:
    raise InputError([Problem(code, message, mark, hint)])


def cell_number(row: Row, column: str) -> float:
    """The positive number in a cell; nan if it is empty or not a positive number."""
    try:
        value = float(row[column])
    except (TypeError, ValueError):
        return math.nan
    return value if value > 0 else math.nan
