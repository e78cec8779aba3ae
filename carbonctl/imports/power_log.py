"""Energy of power logs (nvidia-smi, DCGM), integrated over time by the trapezoid rule.

Several files are several nodes. A gap, a clock that runs backward and a device that is logged
twice are errors: filling a gap would turn a measurement into an estimate. A broken row is skipped
with a note; the trapezoid spans it, unless that makes a gap. A device without any valid row is
an error.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from carbonctl.imports.error_collector import ErrorCollector, read_together
from carbonctl.imports.import_records import (
    Imported,
    ImportedRun,
    base_name,
    format_count,
    format_list,
)
from carbonctl.imports.numbers import read_seconds, read_watts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from carbonctl.imports.import_records import Row
    from carbonctl.imports.lines import Log

GAP_SECONDS, GAP_FACTOR = 60.0, 10.0
_BURST_SHARE = 0.2  # of the mean step; smaller first quartiles mean several unnamed devices
HINT = "log with nvidia-smi --query-gpu=timestamp,index,uuid,name,power.draw --format=csv -l 1"


class Device(NamedTuple):
    """One accelerator: its unique key, its name in the log, and its label for messages.

    ``is_unnamed_single`` if the log names no device and has one row per time.
    """

    key: tuple[str, ...]
    name: str
    label: str
    is_unnamed_single: bool = False
    default_interval: str = "dcgmi's default of one a second (-d 1000)"  # if the log has no times


class Sample(NamedTuple):
    """The power in W of a device at a time in s; the time is None if unknown."""

    device: Device
    time: float | None
    watts: float
    row: Row


@dataclass(slots=True)
class DeviceTrace:
    """Power of one device in one file, integrated while it is read. In W, J and s."""

    device: Device
    row: Row
    first: float | None
    last: float | None
    watts: float
    joules: float = 0.0
    watt_sum: float = 0.0
    samples: int = 0
    steps: array[float] = field(default_factory=lambda: array("d"))
    gaps: list[tuple[float, Row]] = field(default_factory=list)
    has_repeated_times: bool = False  # two rows with the same time, without device names

    def add(self, sample: Sample) -> None:
        """Add the next sample to the integral."""
        self.samples += 1
        self.watt_sum += sample.watts
        last, before = self.last, self.watts
        self.last, self.watts = sample.time, sample.watts
        if (sample.time is None) != (last is None):
            sample.row.raise_error("CC502", "some rows have a time and some have none", "time")
        if sample.time is not None and last is not None and self.samples > 1:
            step = sample.time - last
            if step == 0 and self.device.is_unnamed_single and not self.has_repeated_times:
                self.has_repeated_times = True
                _refuse_unnamed(sample.row)
            if step < 0:
                message = f"the clock runs backward by {-step:g} s for {self.device.label}"
                hint = "cut the log there: the time between is unknown"
                sample.row.raise_error("CC504", message, "time", hint)
            self.joules += step * (before + sample.watts) / 2
            if step > 0:  # instances of one device share its samples
                self.steps.append(step)
            if step > GAP_SECONDS:
                self.gaps.append((step, sample.row))


def read_power_logs(logs: Iterable[Iterator[Sample]], errors: ErrorCollector) -> Imported:
    """Energy in kWh of all devices of all files; mean power in W if the logs have no times."""
    traces = [trace for samples in logs for trace in integrate_by_device(samples, errors)]
    if all(trace.samples == 1 and trace.first is not None for trace in traces):
        errors.raise_if_no_rows()
    errors.raise_if_any()
    for trace in traces:
        _check_gaps(trace, errors)
        with errors:
            _check_intervals(trace)
    _check_duplicates(traces, errors)
    errors.raise_if_any()
    untimed = [trace for trace in traces if trace.first is None]
    if untimed and len(untimed) < len(traces):
        untimed[0].row.raise_error("CC509", "this log has no times, and another has")
    names = dict.fromkeys(trace.device.name for trace in traces)
    groups = [[trace for trace in traces if trace.device.name == name] for name in names]
    make = _power_run if untimed else _energy_run
    runs = [make(group) for group in groups]
    return Imported(runs=_name_runs(runs), comments=_comments(traces))


def check_all_devices_read(log: Log, rows: dict[Device, Row], good: set[Device]) -> None:
    """Collect an error for each device without a valid power, if other devices have one."""
    for device, row in rows.items():
        if good and device not in good:
            message = f"no row of {device.label} has a power, so its energy is unknown"
            hint = "delete its rows if it did no work for this run"
            with log.errors:
                row.raise_error("CC506", message, "power", hint)


def read_time_and_power(row: Row, *, timed: bool = True) -> tuple[float | None, float]:
    """Time in s (None if not ``timed``) and power in W of a row."""
    if not timed:
        return None, read_watts(row, "power")
    moment, power = read_together(
        lambda: read_seconds(row, "time"), lambda: read_watts(row, "power")
    )
    return moment, power


def _refuse_unnamed(row: Row) -> NoReturn:
    row.raise_error(
        "CC502", "devices cannot be told apart without index, uuid or pci.bus_id", hint=HINT
    )


def _check_intervals(trace: DeviceTrace) -> None:
    """Raise an error if times come in bursts, as those of several unnamed devices do."""
    if not trace.device.is_unnamed_single or len(trace.steps) < 2:  # noqa: PLR2004 - one step has no rhythm
        return
    quartile = sorted(trace.steps)[len(trace.steps) // 4]
    if quartile < _BURST_SHARE * sum(trace.steps) / len(trace.steps):
        _refuse_unnamed(trace.row)


def integrate_by_device(samples: Iterator[Sample], errors: ErrorCollector) -> list[DeviceTrace]:
    """Traces of all devices of one file."""
    traces: dict[tuple[str, ...], DeviceTrace] = {}
    with errors:
        for sample in samples:
            device, time, power, row = sample
            trace = traces.get(device.key)
            if trace is None:
                trace = traces[device.key] = DeviceTrace(device, row, time, time, power)
            with errors:
                trace.add(sample)
            errors.has_valid_rows = True
    return list(traces.values())


def _check_gaps(trace: DeviceTrace, errors: ErrorCollector) -> None:
    """Collect an error for every gap, and for a device with one sample."""
    if trace.samples == 1 and trace.first is not None:
        message = f"{trace.device.label} has one sample; energy needs two"
        with errors:
            trace.row.raise_error("CC502", message, "time")
    usual = median(trace.steps) if trace.steps else 0.0
    for step, row in trace.gaps:
        if step > GAP_FACTOR * usual:
            message = f"nothing was logged for {step:g} s before this, of {trace.device.label}"
            hint = f"samples are {usual:g} s apart: cut the log there, and import the parts"
            with errors:
                row.raise_error("CC503", message, "time", hint)


def _check_duplicates(traces: list[DeviceTrace], errors: ErrorCollector) -> None:
    """Collect an error for a device logged by two files at once, and for a copied file."""
    seen: dict[object, list[DeviceTrace]] = {}
    hint = "give one log per node: each rank of a node logs all of its devices"
    reported_files: set[str] = set()
    for trace in traces:
        copy = ("copy", trace.device.label, trace.first, trace.last, trace.joules, trace.samples)
        for key in (trace.device.key, copy):
            for other in seen.setdefault(key, []):
                if key == copy and trace.first is None:
                    continue
                if trace.row.file in reported_files:
                    continue  # all devices of a file are in the other one
                if key == copy or _overlaps(trace, other):
                    reported_files.add(trace.row.file)
                    message = f"{trace.device.label} is logged in {base_name(other.row.file)} too"
                    with errors:
                        trace.row.raise_error("CC505", message, hint=hint)
            seen[key].append(trace)


def _overlaps(one: DeviceTrace, other: DeviceTrace) -> bool:
    if one.first is None or one.last is None or other.first is None or other.last is None:
        return True  # without times they may overlap
    return one.first < other.last and other.first < one.last


def _energy_run(traces: list[DeviceTrace]) -> ImportedRun:
    joules = sum(trace.joules for trace in traces)
    if joules <= 0:
        traces[0].row.raise_error("CC502", "the power is 0 at all times", "power")
    hours = sum((t.last or 0.0) - (t.first or 0.0) for t in traces) / 3600
    means = [t.watt_sum / t.samples for t in traces]
    drew = f"{min(means):.4g} to {max(means):.4g}"
    count = len({trace.device.key for trace in traces})
    return ImportedRun(
        evidence="energy",
        value=joules / 3.6e6,
        note=f"from {_file_list(traces)}, {_sample_count(traces)} of "
        f"{format_count(count, 'device')}, power integrated over time by trapezoids",
        scope="gpu",
        device=traces[0].device.name,
        count=count,
        comments=(f"{hours:.6g} device-hours; devices drew {drew} W on average",),
        hours=hours,
    )


def _power_run(traces: list[DeviceTrace]) -> ImportedRun:
    count = len({trace.device.key for trace in traces})
    watts_each = sum(t.watt_sum for t in traces) / sum(t.samples for t in traces)
    if watts_each <= 0:
        traces[0].row.raise_error("CC502", "the power is 0 at all times", "power")
    most = max(trace.samples for trace in traces)
    return ImportedRun(
        evidence="power",
        value=watts_each,
        note=f"from {_file_list(traces)}, mean of {_sample_count(traces)} of "
        f"{format_count(count, 'device')}",
        scope="gpu",
        device=traces[0].device.name,
        count=count,
        comments=(
            f"the log has no times, only {format_count(most, 'sample')} a device",
            f"at {traces[0].device.default_interval} that would be {most} s",
        ),
    )


def _name_runs(runs: list[ImportedRun]) -> tuple[ImportedRun, ...]:
    """Runs named by their device, if there are several kinds of device."""
    if len(runs) == 1:
        return tuple(runs)
    return tuple(replace(run, name=run.device or "unnamed device") for run in runs)


def _comments(traces: list[DeviceTrace]) -> tuple[str, ...]:
    files = len({trace.row.file for trace in traces})
    have_identity = all(trace.device.key[0] != "file" for trace in traces)
    notes = [
        f"{format_count(files, 'log')} of power at the accelerators; hosts and network are modeled"
    ]
    if files > 1 and not have_identity:
        notes.append("the logs have neither uuid nor hostname: each log counts as another node")
    if any(trace.device.is_unnamed_single for trace in traces):
        notes.append("the log names no device: one row per time counts as one device")
    return tuple(notes)


def _file_list(traces: list[DeviceTrace]) -> str:
    return format_list((base_name(trace.row.file) for trace in traces), 3)


def _sample_count(traces: list[DeviceTrace]) -> str:
    return format_count(sum(trace.samples for trace in traces), "sample")
