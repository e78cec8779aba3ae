"""Reading of logs line by line: streamed, bounded in size, strict UTF-8."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, BinaryIO

from carbonctl.core import files
from carbonctl.core.errors import Mark
from carbonctl.imports.error_collector import ErrorCollector
from carbonctl.imports.import_records import Row, raise_at

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = files.MAX_LOG
MAX_LINE = 4_000_000
HEAD_LINES = 2000
_QUOTED = re.compile(r'\s*"(?:[^"]|"")*"\s*')


@dataclass(frozen=True, slots=True)
class Log:
    """A named stream of lines; the first lines, ``head``, can be inspected before reading."""

    name: str
    head: list[str]
    rest: Iterator[str]
    errors: ErrorCollector = field(default_factory=ErrorCollector)

    def rows(self) -> Iterator[Row]:
        """All lines that are not blank, numbered from 1; can be read once."""
        for number, text in enumerate(chain(self.head, self.rest), 1):
            if text.strip():
                yield Row(self.name, number, text)

    def text(self) -> str:
        """The whole text; can be read once."""
        return "\n".join(chain(self.head, self.rest))


@contextmanager
def open_log(file: str, errors: ErrorCollector) -> Iterator[Log]:
    """A file, or stdin for ``-``, as a log that adds its errors to ``errors``."""
    with files.open_source(file) as handle:
        name = files.display_name(file)
        yield make_log(name, _read_lines(handle, name), errors)


def make_log(name: str, lines: Iterator[str], errors: ErrorCollector) -> Log:
    """A log from its lines; InputError if it is empty."""
    head = list(islice(lines, HEAD_LINES))
    if not any(line.strip() for line in head):
        raise_at("CC502", "the file is empty", Mark(name, 1, 1))
    return Log(name, head, lines, errors)


def _read_lines(handle: BinaryIO, name: str) -> Iterator[str]:
    size = number = 0
    while True:
        try:
            raw = handle.readline(MAX_LINE + 1)
        except OSError as error:
            files.raise_unreadable(name, error)
        if not raw:
            return
        number += 1
        size += len(raw)
        text = _decode_line(raw, name, number)
        if size > MAX_BYTES or len(raw) > MAX_LINE:
            message = f"the file is larger than {MAX_BYTES // 10**6} MB"
            if len(raw) > MAX_LINE:
                message = f"this line is longer than {MAX_LINE // 10**6} MB"
            hint = "log at longer intervals (-l 10), or split the log by node"
            raise_at("CC507", message, Mark(name, number, 1), hint)
        yield text


def _decode_line(raw: bytes, name: str, number: int) -> str:
    zero = raw.find(b"\0")
    try:
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        zero = error.start if zero < 0 else min(zero, error.start)
    if zero < 0:
        return text.rstrip("\r\n")
    wide = number == 1 and raw[:2] in {b"\xff\xfe", b"\xfe\xff"}
    hint = "it is UTF-16, as PowerShell writes it: save it as UTF-8" if wide else ""
    return raise_at("CC002", "this is not UTF-8 text", Mark(name, number, zero + 1), hint)


def split_values(text: str, separator: str) -> list[str]:
    """Values of a line without surrounding blanks; a quoted value may contain the separator."""
    if '"' not in text:
        return [value.strip() for value in text.split(separator)]
    values, start = [], 0
    while start <= len(text):
        quoted = _QUOTED.match(text, start)
        end = quoted.end() if quoted else text.find(separator, start)
        end = len(text) if end < 0 else end
        value = text[start:end].strip()
        values.append(value[1:-1].replace('""', '"') if quoted else value)
        start = end + 1
    return values


def read_table_rows(log: Log, separator: str, needed: tuple[str, ...], hint: str) -> Iterator[Row]:
    """Rows of a table below its header; raises if columns are missing, skips broken rows.

    If another release appended to the log, a later header applies to the rows below it.
    """
    rows = log.rows()
    header = next(rows)
    names = [_column_name(name) for name in split_values(header.text, separator)]
    columns = _column_index(names)
    missing = [name for name in needed if name not in columns]
    if missing:
        said = f"the column {missing[0]} is" if len(missing) == 1 else "the columns "
        said += "" if len(missing) == 1 else f"{', '.join(missing)} are"
        header.raise_error("CC502", f"{said} missing", hint=hint)
    empty = True
    for row in rows:
        if row.text == header.text:  # a log that was appended to
            continue
        values = split_values(row.text, separator)
        if needed[0] in row.text and set(needed) <= set(plain := [_column_name(v) for v in values]):
            names, columns = plain, _column_index(plain)
            continue
        if len(values) != len(names):
            message = f"this row has {len(values)} values under {len(names)} columns"
            with log.errors.row:
                row.raise_error("CC502", message, hint="delete the row if the log was cut short")
            empty = False
            continue
        empty = False
        yield Row(row.file, row.number, row.text, values, columns)
    if empty:
        header.raise_error("CC502", "there are no rows under the header")


def _column_index(names: list[str]) -> dict[str, int]:
    """Index of each column by name."""
    return {name: place for place, name in enumerate(names) if name}


def _column_name(name: str) -> str:
    """Name of a column without its unit: ``power.draw`` for ``power.draw [W]``."""
    return name.partition("[")[0].strip()
