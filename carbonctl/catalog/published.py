"""Tables of what was published: rows with every number checked, and the hash of the file."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from typing import TYPE_CHECKING

from carbonctl.core.errors import InputError, Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def read(
    path: Path, needed: Sequence[str], least: Mapping[str, float], like: str
) -> tuple[list[dict[str, str]], str]:
    """Rows and sha256 of a table; InputError with its line for a row that cannot be read.

    ``needed`` columns must be there; those of ``least`` hold numbers of at least so much, or
    nothing. ``like`` names the bundled table whose columns they are.
    """
    try:
        raw = path.read_bytes()
        reader = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
        rows = []
        for row in reader:
            _check(row, needed, least, like, Mark(str(path), reader.line_num, 1))
            rows.append(row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError([Problem("CC008", reason.lower(), Mark(str(path)))]) from None
    if not rows:
        raise InputError([Problem("CC502", "there are no rows", Mark(str(path)))])
    return rows, hashlib.sha256(raw).hexdigest()


def _check(
    row: dict[str, str], needed: Sequence[str], least: Mapping[str, float], like: str, mark: Mark
) -> None:
    missing = [name for name in needed if row.get(name) is None]
    if missing:
        hint = f"the columns are those of hardware_db/published/{like}"
        raise InputError([Problem("CC502", f"no column {missing[0]}", mark, hint)])
    for name, smallest in least.items():
        try:
            good = not row[name].strip() or smallest <= float(row[name]) < math.inf
        except ValueError:
            good = False
        if not good:
            message = f'{name} is "{row[name]}", not a number of {smallest:g} or more'
            raise InputError([Problem("CC502", message, mark)])


def number(row: dict[str, str], column: str) -> float:
    """A cell's number; nan when it is empty or none."""
    try:
        value = float(row[column])
    except (TypeError, ValueError):
        return math.nan
    return value if value > 0 else math.nan
