"""Power samples of NVIDIA DCGM: the table of ``dcgmi dmon -e 155``, or Prometheus lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from carbonctl.core.errors import Mark
from carbonctl.imports.import_records import Row, raise_at
from carbonctl.imports.power_log import Device, Sample, read_time_and_power

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.imports.lines import Log

METRIC = "DCGM_FI_DEV_POWER_USAGE"
OLD_METRIC = "dcgm_power_usage"  # of dcgm-exporter before 2.0
HEADER = re.compile(r"#\s*Entity\b(.*)")
_TABLE_ROW = re.compile(r"(?:(?P<time>\S.*?\s+)?GPU\s+)?(?P<gpu>\d{1,4})\s+(?P<rest>\S.*)")
_METRIC_ROW = re.compile(
    rf"(?:{METRIC}|{OLD_METRIC})\{{(?P<labels>[^}}]*)\}}\s+(?P<value>\S+)(?:\s+(?P<time>\S+))?"
)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def read_samples(log: Log) -> Iterator[Sample]:
    """Power samples in the order of the log; time is None if the log has no times."""
    has_samples, earlier_errors = False, len(log.errors.problems) + log.errors.skipped_rows
    for sample in (_read_table if any(map(HEADER.search, log.head)) else _read_metrics)(log):
        has_samples = True
        yield sample
    if not has_samples and len(log.errors.problems) + log.errors.skipped_rows == earlier_errors:
        hint = "log with dcgmi dmon -e 155, or export that field"
        raise_at("CC502", f"the file has no power: no {METRIC}", Mark(log.name, 1, 1), hint)


def _read_table(log: Log) -> Iterator[Sample]:
    names: list[str] = []
    for row in log.rows():
        header = HEADER.search(row.text)
        if header is not None:
            names = header[1].split()
            if "POWER" not in names:
                row.raise_error(
                    "CC502", "the column POWER is missing", hint="log with dcgmi dmon -e 155"
                )
            continue
        if re.search(r"(^|\s)ID(\s|$)", row.text, re.IGNORECASE) or not names:
            continue  # the line of units, or shell output before the header
        sample = None
        with log.errors.row:
            sample = _table_sample(row, names)
        if sample is not None:
            yield sample


def _table_sample(row: Row, names: list[str]) -> Sample:
    match = _TABLE_ROW.fullmatch(row.text.strip())
    values = match["rest"].split() if match else []
    if match is None or len(values) != len(names):
        message = f"this row does not have the {len(names)} values of the header"
        row.raise_error("CC502", message, hint="delete the row if the log was cut short")
    power = 2 + names.index("POWER")
    time = (match["time"] or "").strip()
    columns = {"time": 0, "power": power}
    full = Row(row.file, row.number, row.text, [time, match["gpu"], *values], columns)
    device = Device(("file", row.file, match["gpu"]), "", f"GPU {match['gpu']}")
    moment, drawn = read_time_and_power(full, timed=bool(time))
    return Sample(device, moment, drawn, full)


def _read_metrics(log: Log) -> Iterator[Sample]:
    for row in log.rows():
        if row.text.startswith((METRIC + "{", OLD_METRIC + "{")):
            sample = None
            with log.errors.row:
                sample = _metric_sample(row)
            if sample is not None:
                yield sample


def _metric_sample(row: Row) -> Sample:
    match = _METRIC_ROW.fullmatch(row.text.strip())
    if match is None:
        hint = "delete the row if the log was cut short"
        row.raise_error("CC502", f"expected a line of {METRIC}", hint=hint)
    values = [match["labels"], match["value"], match["time"] or ""]
    full = Row(row.file, row.number, row.text, values, {"power": 1, "time": 2})
    time, power = read_time_and_power(full, timed=bool(match["time"]))
    return Sample(_device_of_labels(dict(_LABEL.findall(match["labels"])), full), time, power, full)


def _device_of_labels(labels: dict[str, str], row: Row) -> Device:
    host, index = labels.get("Hostname", ""), labels.get("gpu", "")
    shown = f"GPU {index} of {host}" if host else f"GPU {index}"
    name = labels.get("modelName", "")
    uuid = labels.get("UUID") or labels.get("uuid")
    if uuid:
        return Device(("uuid", uuid), name, shown)
    if not index:
        row.raise_error("CC502", "the line has neither the label gpu nor UUID")
    if host:
        return Device(("host", host, index), name, shown)
    return Device(("file", row.file, index), name, shown)
