"""Power samples of ``nvidia-smi --query-gpu=timestamp,index,... --format=csv``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.imports.lines import read_table_rows
from carbonctl.imports.power_log import (
    HINT,
    Device,
    Sample,
    check_all_devices_read,
    read_time_and_power,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.imports.import_records import Row
    from carbonctl.imports.lines import Log

_ID_COLUMNS = ("index", "uuid", "pci.bus_id")
_POWER_COLUMNS = ("power.draw", "power.draw.average", "power.draw.instant")


def read_samples(log: Log) -> Iterator[Sample]:
    """Power samples in the order of the log."""
    devices: dict[tuple[str, ...], Device] = {}
    rows: dict[Device, Row] = {}
    good: set[Device] = set()
    for row in read_table_rows(log, ",", ("timestamp",), HINT):
        power = next((name for name in _POWER_COLUMNS if name in row.columns), "")
        if not power:
            row.raise_error("CC502", "the column power.draw is missing", hint=HINT)
        row.columns.setdefault("time", row.columns["timestamp"])
        row.columns.setdefault("power", row.columns[power])
        names = ("uuid", "hostname", "index", "pci.bus_id", "name")
        key = tuple(row.get(name) for name in names)
        sample = None
        with log.errors.row:
            if key not in devices:
                devices[key] = _read_device(row)
            rows.setdefault(devices[key], row)
            sample = Sample(devices[key], *read_time_and_power(row), row)
        if sample is not None:
            good.add(sample.device)
            yield sample
    check_all_devices_read(log, rows, good)


def _read_device(row: Row) -> Device:
    uuid, host, name = (row.get(column) for column in ("uuid", "hostname", "name"))
    place = row.get("index") or row.get("pci.bus_id")
    if not (uuid or place) and any(column in row.columns for column in _ID_COLUMNS):
        row.raise_error(
            "CC502", "the row names no device", hint="delete the row if it was cut short"
        )
    if not (uuid or place):
        return Device(
            ("file", row.file, host, name), name, name or "the one device", is_unnamed_single=True
        )
    shown = f"GPU {place or uuid}" + (f" of {host}" if host else "")
    if uuid:
        return Device(("uuid", uuid), name, shown)
    if host:
        return Device(("host", host, place), name, shown)
    return Device(("file", row.file, place), name, shown)
