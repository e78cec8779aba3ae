"""Power samples of ``nvidia-smi dmon``, with or without dates and times.

``-o T`` prints the time of day only: a time that decreases by more than half a day has passed
midnight. ``--format csv`` separates values with commas.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from carbonctl.core.errors import Mark
from carbonctl.imports.import_records import Row, raise_at
from carbonctl.imports.numbers import read_seconds, read_watts
from carbonctl.imports.power_log import Device, Sample, check_all_devices_read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.imports.lines import Log

HEADER = re.compile(r"\s*#\s*(?:date[\s,]+)?(?:time[\s,]+)?gpu\b.*", re.IGNORECASE)
_HINT = "log with nvidia-smi dmon -s p -o DT"
_DEFAULT_INTERVAL = "dmon's default of one a second (-d 1)"
_TIME = re.compile(r"\d\d?:\d\d:\d\d(?:\.\d+)?")
_DAY = 86400.0


class _Clock:
    """Converts times of day into continuous seconds, if the log has no dates."""

    def __init__(self) -> None:
        self.days, self.last = 0, 0.0

    def read(self, row: Row) -> float | None:
        """Time of a row in s; None if the log has no times."""
        if "time" not in row.columns:
            return None
        if not _TIME.fullmatch(row.get("time")):
            row.raise_error("CC506", f'"{row.get("time")[:40]}" is not a time of day', "time")
        if "date" in row.columns:
            date = re.sub(r"\D", "", row.get("date"))
            moment = f"{date[:4]}-{date[4:6]}-{date[6:]}T{row.get('time').zfill(8)}"
            columns = {"moment": 0, "date": 0}
            return read_seconds(Row(row.file, row.number, row.text, [moment], columns), "moment")
        hours, minutes, rest = row.get("time").split(":")
        moment_s = int(hours) * 3600 + int(minutes) * 60 + float(rest)
        if moment_s < self.last - _DAY / 2:
            self.days += 1
        self.last = moment_s
        return self.days * _DAY + moment_s


def read_samples(log: Log) -> Iterator[Sample]:
    """Power samples in the order of the log; time is None if the log has no times."""
    columns: dict[str, int] = {}
    clock, rows, good = _Clock(), {}, set()  # type: ignore[var-annotated]
    for row in log.rows():
        if HEADER.fullmatch(row.text):
            columns = {name.lower(): place for place, name in enumerate(_split_values(row.text))}
            if "pwr" not in columns:
                row.raise_error("CC502", "the column pwr is missing", hint=_HINT)
            continue
        if row.text.lstrip().startswith("#") or not columns:
            continue  # the line of units, or shell output before the header
        sample = None
        with log.errors.row:
            full = _row_with_columns(row, columns)
            device = _read_device(full)
            rows.setdefault(device, full)
            sample = Sample(device, clock.read(full), read_watts(full, "power"), full)
        if sample is not None:
            good.add(sample.device)
            yield sample
    check_all_devices_read(log, rows, good)
    if not (rows or log.errors.skipped_rows):
        raise_at("CC502", "there are no rows under the header", Mark(log.name, 1, 1), _HINT)


def _split_values(text: str) -> list[str]:
    return [value for value in re.split(r"[\s,]+", text.strip().lstrip("#").strip()) if value]


def _row_with_columns(row: Row, columns: dict[str, int]) -> Row:
    values = _split_values(row.text)
    if len(values) != len(columns):
        message = f"this row has {len(values)} values under {len(columns)} columns"
        row.raise_error("CC502", message, hint="delete the row if the log was cut short")
    named = columns | {"power": columns["pwr"]}
    return Row(row.file, row.number, row.text, values, named)


def _read_device(row: Row) -> Device:
    index = row.get("gpu")
    if not index.isdecimal():
        row.raise_error("CC502", f'"{index[:40]}" is not the index of a GPU', "gpu")
    return Device(("file", row.file, index), "", f"GPU {index}", default_interval=_DEFAULT_INTERVAL)
