"""Numbers and times as logs write them; anything else is an error at its place."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carbonctl.imports.imported import Row

MAX_WATTS = 20_000.0  # a wafer-scale system; no single accelerator draws more
_WATTS = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?: ?W)?")
_EPOCH_MS = 1e11  # larger epochs are in milliseconds


def read_number(row: Row, name: str, *, least: float = 0.0) -> float:
    """A finite number of at least ``least`` in a column."""
    text = row.get(name)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        row.refuse("CC506", f'{name} is "{text[:40]}", not a number', name)
    if value < least:
        row.refuse("CC506", f"{name} is {text[:40]}, below {least:g}", name)
    return value


def read_watts(row: Row, name: str) -> float:
    """A power of one device."""
    text = row.get(name)
    found = _WATTS.fullmatch(text)
    if found is None:
        hint = "leave out the device or the row if it did no work of this run"
        row.refuse("CC506", f'the power is "{text[:40]}", not a number of watts', name, hint)
    value = float(found[1])
    if value > MAX_WATTS:
        row.refuse("CC506", f"{text[:40]} is no power of one device, in watts", name)
    return value


def read_seconds(row: Row, name: str) -> float:
    """A moment in seconds; clocks without a zone are read as they stand."""
    text = row.get(name)
    if re.fullmatch(r"[0-9]{9,16}(\.[0-9]+)?", text):
        value = float(text)
        return value / 1000 if value > _EPOCH_MS else value
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        row.refuse("CC506", f'"{text[:40]}" is no date and time', name)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
