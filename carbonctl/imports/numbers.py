"""Parsing of numbers and times in logs; anything else is an InputError at its position."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carbonctl.imports.import_records import Row

MAX_WATTS = 20_000.0  # a wafer-scale system; no single accelerator draws more
_WATTS = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?: ?W)?")
_EPOCH_MS = 1e11  # larger epochs are in milliseconds


def read_number(row: Row, name: str, *, least: float = 0.0) -> float:
    """The finite number in a column; InputError if it is below ``least``."""
    text = row.get(name)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        row.raise_error("CC506", f'{name} is "{text[:40]}", not a number', name)
    if value < least:
        row.raise_error("CC506", f"{name} is {text[:40]}, below {least:g}", name)
    return value


def read_watts(row: Row, name: str) -> float:
    """The power in W of one device in a column."""
    text = row.get(name)
    match = _WATTS.fullmatch(text)
    if match is None:
        hint = "delete the rows of this device if it did no work for this run"
        row.raise_error("CC506", f'the power is "{text[:40]}", not a number of watts', name, hint)
    value = float(match[1])
    if value > MAX_WATTS:
        row.raise_error("CC506", f"{text[:40]} W is too much for one device", name)
    return value


def read_seconds(row: Row, name: str) -> float:
    """The time in a column, in seconds since the epoch; a time without a zone counts as UTC."""
    text = row.get(name)
    if re.fullmatch(r"[0-9]{9,16}(\.[0-9]+)?", text):
        value = float(text)
        return value / 1000 if value > _EPOCH_MS else value
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        row.raise_error("CC506", f'"{text[:40]}" is not a date and time', name)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
