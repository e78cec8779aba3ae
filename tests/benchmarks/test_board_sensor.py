"""What NVML and nvidia-smi say, and who may hold a board."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import simulated_board
from tables import for_each

import board_sensor as sensor  # isort: skip
from board_power import BoardError  # isort: skip

LINE = (
    "71.20, P0, 1980, 2619, 31, 540, 81559, 700.00, NVIDIA H100 80GB HBM3, 580.95, Enabled, "
    "[N/A], 0x0000000000000024, 9.0, 0"
)


class NotSupported(Exception):  # noqa: N818
    """What NVML raises."""


class Nvml:
    """A driver with one board without an energy counter."""

    NVMLError, NVML_CLOCK_SM, NVML_CLOCK_MEM, NVML_TEMPERATURE_GPU = NotSupported, 1, 2, 0

    def nvmlInit(self): ...  # noqa: N802

    def __getattr__(self, name):
        said = {
            "nvmlDeviceGetCount": 1,
            "nvmlDeviceGetHandleByIndex": "board",
            "nvmlDeviceGetPowerUsage": 71200,
            "nvmlDeviceGetPerformanceState": 8,
            "nvmlDeviceGetClockInfo": 300,
            "nvmlDeviceGetTemperature": 31,
            "nvmlDeviceGetCurrentClocksThrottleReasons": 0x24,
            "nvmlDeviceGetName": b"NVIDIA A10",
            "nvmlDeviceGetMemoryInfo": SimpleNamespace(total=24e9, used=0.5e9),
            "nvmlSystemGetDriverVersion": "580.95",
            "nvmlDeviceGetComputeRunningProcesses": [SimpleNamespace(pid=7)],
        }

        def ask(*_):
            if name not in said:
                raise NotSupported
            return said[name]

        return ask


def test_a_line_of_nvidia_smi():
    values = sensor.parse_smi(LINE)
    reading, facts = sensor.reading_from_smi(values, 5.0), sensor.facts_from_smi(values)
    assert (reading.power_w, reading.energy_j, reading.p_state) == (71.2, None, "P0")
    assert (reading.sm_mhz, reading.memory_mhz, reading.temperature_c) == (1980.0, 2619.0, 31.0)
    assert reading.throttle == "software thermal slowdown"
    assert (facts.capability, facts.persistence, facts.mig) == ((9, 0), "on", False)
    assert facts.memory_gb == pytest.approx(85.5, abs=0.1)


@for_each("line", ["No devices were found", LINE + ", 5"])
def test_another_line_is_refused(line):
    with pytest.raises(BoardError, match="nvidia-smi printed"):
        sensor.parse_smi(line)


def test_a_board_without_a_power_sensor_is_refused():
    with pytest.raises(BoardError, match="no power sensor"):
        sensor.reading_from_smi(sensor.parse_smi(LINE.replace("71.20", "[N/A]")), 0.0)


def test_what_nvml_does_not_support_is_left_out():
    board = sensor.NvmlSensor(Nvml(), 0)
    reading, facts = board.read(), board.facts()
    assert (reading.power_w, reading.energy_j, reading.p_state) == (71.2, None, "P8")
    assert (facts.name, facts.persistence, facts.capability) == ("NVIDIA A10", "unknown", None)
    assert board.holders().processes == ("7",)
    with pytest.raises(BoardError, match="no board 3"):
        sensor.NvmlSensor(Nvml(), 3)


def test_a_board_that_is_used_is_refused():
    free = sensor.Holders((), 0.5, 0.0)
    sensor.check_unused(free)
    sensor.check_alone(replace(free, processes=("1",)))
    for used in ({"processes": ("41",)}, {"used_gb": 9.0}, {"busy_percent": 80.0}):
        with pytest.raises(BoardError, match="--device"):
            sensor.check_unused(replace(free, **used))
    with pytest.raises(BoardError, match="joined"):
        sensor.check_alone(replace(free, processes=("1", "2")))
    with pytest.raises(BoardError, match="MIG"):
        sensor.check_facts(replace(simulated_board.FACTS, mig=True))


def test_a_missing_driver_is_one_line(monkeypatch):
    monkeypatch.setattr(sensor, "import_module", lambda _: (_ for _ in ()).throw(ImportError))
    monkeypatch.setattr(sensor.shutil, "which", lambda _: None)
    with pytest.raises(BoardError, match="nvidia-ml-py"):
        sensor.open_sensor(0)
