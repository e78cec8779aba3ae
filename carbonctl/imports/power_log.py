"""Power over time of accelerators: nvidia-smi and DCGM logs, integrated by the trapezoid rule.

Several files are several nodes. A gap, a clock that runs backward and a device that is logged twice
are errors: filling would make a measurement an estimate. A broken row is left out and said; the
trapezoid spans it, unless that makes a gap. A device without any good row is an error.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from carbonctl.imports.imported import Imported, ImportedRun, base_name, format_count, format_list
from carbonctl.imports.numbers import read_seconds, read_watts
from carbonctl.imports.refused import ErrorCollector, read_together

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from carbonctl.imports.imported import Row
    from carbonctl.imports.lines import Log

GAP_SECONDS, GAP_FACTOR = 60.0, 10.0
_BURST_SHARE = 0.2  # of the mean step; samples of one device are about as far apart as usual
HINT = "log with nvidia-smi --query-gpu=timestamp,index,uuid,name,power.draw --format=csv -l 1"


class Device(NamedTuple):
    """One accelerator: what tells it from others, its name as logged, what to call it.

    ``alone`` where the log names no devices and one row a moment says that there is one.
    """

    key: tuple[str, ...]
    name: str
    shown: str
    alone: bool = False
    every: str = "dcgmi's default of one a second (-d 1000)"  # where the log has no times


class Sample(NamedTuple):
    """A power at a moment, or at an unknown one."""

    device: Device
    time: float | None
    watts: float
    row: Row


@dataclass(slots=True)
class DeviceTrace:
    """One device in one file, integrated as it is read."""

    device: Device
    row: Row
    first: float | None
    last: float | None
    watts: float
    joules: float = 0.0
    watt_sum: float = 0.0
    samples: int = 0
    steps: array[float] = field(default_factory=lambda: array("d"))
    waits: list[tuple[float, Row]] = field(default_factory=list)
    repeated: bool = False  # two rows of one moment, where nothing tells devices apart

    def add(self, sample: Sample) -> None:
        """Take the next sample in; the first one has nothing before it."""
        self.samples += 1
        self.watt_sum += sample.watts
        last, before = self.last, self.watts
        self.last, self.watts = sample.time, sample.watts
        if (sample.time is None) != (last is None):
            sample.row.refuse("CC502", "some rows have a time and some have none", "time")
        if sample.time is not None and last is not None and self.samples > 1:
            step = sample.time - last
            if step == 0 and self.device.alone and not self.repeated:
                self.repeated = True
                _refuse_unnamed(sample.row)
            if step < 0:
                message = f"the clock runs backward by {-step:g} s for {self.device.shown}"
                hint = "cut the log there: the time between is unknown"
                sample.row.refuse("CC504", message, "time", hint)
            self.joules += step * (before + sample.watts) / 2
            if step > 0:  # instances of one device share its samples
                self.steps.append(step)
            if step > GAP_SECONDS:
                self.waits.append((step, sample.row))


def read_power_logs(logs: Iterable[Iterator[Sample]], refused: ErrorCollector) -> Imported:
    """Energy of every device of every file; a mean power where the logs have no times."""
    traces = [trace for samples in logs for trace in integrate_by_device(samples, refused)]
    if all(trace.samples == 1 and trace.first is not None for trace in traces):
        refused.end_empty()
    refused.end()
    for trace in traces:
        _check_gaps(trace, refused)
        with refused:
            _check_intervals(trace)
    _check_duplicates(traces, refused)
    refused.end()
    untimed = [trace for trace in traces if trace.first is None]
    if untimed and len(untimed) < len(traces):
        untimed[0].row.refuse("CC509", "this log has no times, and another has")
    names = dict.fromkeys(trace.device.name for trace in traces)
    groups = [[trace for trace in traces if trace.device.name == name] for name in names]
    make = _power_run if untimed else _energy_run
    runs = [make(group) for group in groups]
    return Imported(runs=_name_runs(runs), comments=_comments(traces))


def check_all_devices_read(log: Log, rows: dict[Device, Row], good: set[Device]) -> None:
    """A device that is in the log and has a power in none of its rows, where others have one."""
    for device, row in rows.items():
        if good and device not in good:
            message = f"no row of {device.shown} has a power, so its energy is unknown"
            hint = "delete its rows if it did no work of this run"
            with log.refused:
                row.refuse("CC506", message, "power", hint)


def read_time_and_power(row: Row, *, timed: bool = True) -> tuple[float | None, float]:
    """Time, where the row has one, and power of a row."""
    if not timed:
        return None, read_watts(row, "power")
    moment, power = read_together(
        lambda: read_seconds(row, "time"), lambda: read_watts(row, "power")
    )
    return moment, power


def _refuse_unnamed(row: Row) -> NoReturn:
    row.refuse("CC502", "neither index, uuid nor pci.bus_id tells devices apart", hint=HINT)


def _check_intervals(trace: DeviceTrace) -> None:
    """Rows of several devices that nobody names: a few at once, then a pause."""
    if not trace.device.alone or len(trace.steps) < 2:  # noqa: PLR2004 - one step has no rhythm
        return
    quartile = sorted(trace.steps)[len(trace.steps) // 4]
    if quartile < _BURST_SHARE * sum(trace.steps) / len(trace.steps):
        _refuse_unnamed(trace.row)


def integrate_by_device(samples: Iterator[Sample], refused: ErrorCollector) -> list[DeviceTrace]:
    """Every device of one file, integrated."""
    traces: dict[tuple[str, ...], DeviceTrace] = {}
    with refused:
        for sample in samples:
            device, time, power, row = sample
            trace = traces.get(device.key)
            if trace is None:
                trace = traces[device.key] = DeviceTrace(device, row, time, time, power)
            with refused:
                trace.add(sample)
            refused.used = True
    return list(traces.values())


def _check_gaps(trace: DeviceTrace, refused: ErrorCollector) -> None:
    """A gap is an error where it ends."""
    if trace.samples == 1 and trace.first is not None:
        message = f"{trace.device.shown} has one sample; energy needs two"
        with refused:
            trace.row.refuse("CC502", message, "time")
    usual = median(trace.steps) if trace.steps else 0.0
    for step, row in trace.waits:
        if step > GAP_FACTOR * usual:
            message = f"nothing was logged for {step:g} s before this, of {trace.device.shown}"
            hint = f"samples are {usual:g} s apart: cut the log there, and import the parts"
            with refused:
                row.refuse("CC503", message, "time", hint)


def _check_duplicates(traces: list[DeviceTrace], refused: ErrorCollector) -> None:
    """A device that two files log at the same time, and a file that is a copy of another."""
    seen: dict[object, list[DeviceTrace]] = {}
    hint = "give one log a node: ranks of one node each log all of its devices"
    said: set[str] = set()
    for trace in traces:
        copy = ("copy", trace.device.shown, trace.first, trace.last, trace.joules, trace.samples)
        for key in (trace.device.key, copy):
            for other in seen.setdefault(key, []):
                if key == copy and trace.first is None:
                    continue
                if trace.row.file in said:
                    continue  # all devices of a file are in the other one
                if key == copy or _overlaps(trace, other):
                    said.add(trace.row.file)
                    message = f"{trace.device.shown} is logged in {base_name(other.row.file)} too"
                    with refused:
                        trace.row.refuse("CC505", message, hint=hint)
            seen[key].append(trace)


def _overlaps(one: DeviceTrace, other: DeviceTrace) -> bool:
    if one.first is None or one.last is None or other.first is None or other.last is None:
        return True  # no times tell them apart
    return one.first < other.last and other.first < one.last


def _energy_run(traces: list[DeviceTrace]) -> ImportedRun:
    joules = sum(trace.joules for trace in traces)
    if joules <= 0:
        traces[0].row.refuse("CC502", "the power is 0 at all times", "power")
    hours = sum((t.last or 0.0) - (t.first or 0.0) for t in traces) / 3600
    means = [t.watt_sum / t.samples for t in traces]
    drew = f"{min(means):.4g} to {max(means):.4g}"
    count = len({trace.device.key for trace in traces})
    return ImportedRun(
        evidence="energy",
        value=joules / 3.6e6,
        note=f"from {_file_list(traces)}, {_sample_count(traces)} of {format_count(count, 'device')}, "
        "power integrated over time by trapezoids",
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
        traces[0].row.refuse("CC502", "the power is 0 at all times", "power")
    most = max(trace.samples for trace in traces)
    return ImportedRun(
        evidence="power",
        value=watts_each,
        note=f"from {_file_list(traces)}, mean of {_sample_count(traces)} of {format_count(count, 'device')}",
        scope="gpu",
        device=traces[0].device.name,
        count=count,
        comments=(
            f"the log has no times, only {format_count(most, 'sample')} a device",
            f"at {traces[0].device.every} that would be {most} s",
        ),
    )


def _name_runs(runs: list[ImportedRun]) -> tuple[ImportedRun, ...]:
    """Devices of several kinds are runs of their own, called by the device."""
    if len(runs) == 1:
        return tuple(runs)
    return tuple(replace(run, name=run.device or "unnamed device") for run in runs)


def _comments(traces: list[DeviceTrace]) -> tuple[str, ...]:
    files = len({trace.row.file for trace in traces})
    known = all(trace.device.key[0] != "file" for trace in traces)
    said = [
        f"{format_count(files, 'log')} of power at the accelerators; hosts and network are modeled"
    ]
    if files > 1 and not known:
        said.append("the logs name neither uuid nor hostname: each is taken for another node")
    if any(trace.device.alone for trace in traces):
        said.append("the log names no device: one row a moment is taken for one device")
    return tuple(said)


def _file_list(traces: list[DeviceTrace]) -> str:
    return format_list((base_name(trace.row.file) for trace in traces), 3)


def _sample_count(traces: list[DeviceTrace]) -> str:
    return format_count(sum(trace.samples for trace in traces), "sample")
