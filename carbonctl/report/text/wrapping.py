"""Wrapping of text and tables to the width of a terminal; nothing is cut."""

from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEFAULT, _NARROWEST = 80, 40
_GAP = "  "
_MIN_PATH_WIDTH = 64  # from this width on paths are not broken
NO_BREAK_SPACE = "\u00a0"  # between words that stay on one line
_MARK_WIDTH = 1  # letters of a first cell that marks a row, such as ``*``


def terminal_width() -> int:
    """Columns of the terminal, at least 40; 80 for a pipe, unless COLUMNS is set."""
    return max(_NARROWEST, shutil.get_terminal_size((_DEFAULT, 24)).columns)


def wrap_lines(text: str, width: int) -> str:
    """Text with long lines wrapped and indented; no-break spaces become spaces."""
    lines = (part for line in text.splitlines() for part in _wrap_line(line, width))
    return "".join(f"{line}\n" for line in lines).replace(NO_BREAK_SPACE, " ")


def _wrap_line(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    indent = len(line) - len(line.lstrip())
    indent = min(indent, width // 2)
    further = min(indent + 4, width // 2 + 4)
    whole = width >= _MIN_PATH_WIDTH  # so that a path can be copied
    return fold_text(line.strip(), width, " " * indent, " " * further, whole=whole)


def fold_text(
    text: str, width: int, first: str = "", rest: str = "", *, whole: bool = False
) -> list[str]:
    """Lines of at most ``width`` columns.

    A word that is too long for a line is broken, unless ``whole``.
    """
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=not whole,
    )
    return lines or [first]


def format_table(rows: list[list[str]], numeric: list[bool], width: int) -> str:
    """Rows as a text table, the header first; cells wrap between words.

    A first cell that is too wide gets its own line. If the columns still do not fit, each row
    becomes a name with ``column value`` pairs below it. ``numeric`` marks columns that are
    right-aligned and never wrap.
    """
    room = width - len(_GAP) * (len(numeric) - 1)
    least = [
        _min_width(column, fixed=fixed)
        for column, fixed in zip(table_columns(rows), numeric, strict=True)
    ]
    spilled = [len(rows[0][0]), *least[1:]]
    for floor in (least, spilled):
        if sum(floor) <= room:
            return "".join(_table_lines(rows, _fit_widths(rows, floor, room), numeric))
    return "".join(_row_blocks(rows, width))


def table_columns(rows: list[list[str]]) -> list[tuple[str, ...]]:
    """The cells of each column."""
    return list(zip(*rows, strict=True))


def _min_width(column: tuple[str, ...], *, fixed: bool) -> int:
    """The smallest width of a column that breaks no word, number or header."""
    words = column if fixed else (column[0], *(word for cell in column for word in cell.split()))
    return max(map(len, words))


def _fit_widths(rows: list[list[str]], floor: list[int], room: int) -> list[int]:
    """Widths of columns that fit into ``room``: the widest shrink first, down to ``floor``."""
    widths = [
        max(least, *map(len, column))
        for least, column in zip(floor, table_columns(rows), strict=True)
    ]
    while sum(widths) > room:
        wide = [i for i, least in enumerate(floor) if widths[i] > least]
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def _table_lines(rows: list[list[str]], widths: list[int], numeric: list[bool]) -> Iterator[str]:
    for row in rows:
        spills = len(row[0]) > widths[0] and " " not in row[0]
        if spills:
            yield f"{row[0]}\n"
        left = ["", *row[1:]] if spills else row
        cells = [fold_text(cell, size) for cell, size in zip(left, widths, strict=True)]
        for place in range(max(map(len, cells))):
            parts = (
                f"{cell[place] if place < len(cell) else '':{'>' if right else '<'}{size}}"
                for cell, size, right in zip(cells, widths, numeric, strict=True)
            )
            yield _GAP.join(parts).rstrip() + "\n"


def _row_blocks(rows: list[list[str]], width: int) -> Iterator[str]:
    """Each row as its first cell, and below it the other cells with their column names."""
    head, *body = rows
    for row in body:
        name, after = (
            (row[0], 1) if len(row[0]) > _MARK_WIDTH else (f"{row[0]:<{_MARK_WIDTH}} {row[1]}", 2)
        )
        yield from (f"{line}\n" for line in fold_text(name, width, "", "    "))
        rest = zip(head[after:], row[after:], strict=True)
        said = "; ".join(f"{column} {cell or '-'}" for column, cell in rest)
        yield from (f"{line}\n" for line in fold_text(said, width, "    ", "    "))
