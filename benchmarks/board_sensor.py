"""NVIDIA boards by NVML (pynvml) or by nvidia-smi: readings, facts, who holds them."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from board_power import BoardError, Reading, Sensor

if TYPE_CHECKING:
    from collections.abc import Mapping

MIB_GB = 1024**2 / 1e9
UNSEEN_GB = 2.0  # memory in use without a listed process: one that a container hides
THROTTLE = {  # bits of NVML's clock event reasons that mean heat or a fault; not idle, not the cap
    0x08: "hardware slowdown",
    0x20: "software thermal slowdown",
    0x40: "hardware thermal slowdown",
    0x80: "power brake",
}
SMI_FIELDS = (
    "power.draw", "pstate", "clocks.sm", "clocks.mem", "temperature.gpu", "memory.used",
    "memory.total", "power.limit", "name", "driver_version", "persistence_mode",
    "mig.mode.current", "clocks_throttle_reasons.active", "compute_cap", "utilization.gpu",
)  # fmt: skip
INSTALL = "install the NVIDIA driver, and `pip install nvidia-ml-py` for its energy counter"


@dataclass(frozen=True)
class BoardFacts:
    """What the driver says of a board; ``capability`` is None where it does not say."""

    name: str
    memory_gb: float
    power_limit_w: float
    driver: str
    persistence: str
    mig: bool
    capability: tuple[int, int] | None


@dataclass(frozen=True)
class Holders:
    """Processes on a board by name or number, memory in use, and share of time that it works."""

    processes: tuple[str, ...]
    used_gb: float
    busy_percent: float


class BoardSensor(Sensor, Protocol):
    """A sensor that also says what the board is and who uses it."""

    def facts(self) -> BoardFacts:
        """What the driver says of the board."""
        ...

    def holders(self) -> Holders:
        """Who uses the board now."""
        ...


def check_facts(facts: BoardFacts) -> None:
    """Raise BoardError for a board whose power is not that of one job."""
    if facts.mig:
        raise BoardError("MIG is on, and the power sensor is that of the whole board: turn it off")


def check_unused(holders: Holders) -> None:
    """Raise BoardError where anything but this program holds the board."""
    if holders.processes:
        held = ", ".join(holders.processes)
        raise BoardError(f"other processes hold the board ({held}): stop them, or choose --device")
    if holders.used_gb > UNSEEN_GB or holders.busy_percent > 0:
        raise BoardError(
            f"the board has {holders.used_gb:.1f} GB in use and is {holders.busy_percent:.0f} % "
            "busy, by a process that is not visible here: choose another with --device"
        )


def check_alone(holders: Holders) -> None:
    """Raise BoardError where a second process joined; the only one is this program.

    Processes are counted and not compared by number, which differs inside a container.
    """
    if len(holders.processes) > 1:
        held = ", ".join(holders.processes)
        raise BoardError(f"another process joined the measurement ({held}): stop it, and repeat")


def throttle_names(bits: int) -> str:
    """Names of the reasons among NVML's bits that spoil a measurement; empty for none."""
    return ", ".join(name for bit, name in THROTTLE.items() if bits & bit)


class _Clock:
    def now(self) -> float:
        """Time in s."""
        return time.perf_counter()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class NvmlSensor(_Clock):
    """A board read by NVML; ``nvml`` is the module pynvml."""

    def __init__(self, nvml: Any, index: int) -> None:
        self.nvml = nvml
        nvml.nvmlInit()
        count = nvml.nvmlDeviceGetCount()
        if index >= count:
            raise BoardError(f"there is no board {index}: the driver sees {count}, from 0")
        self.handle = nvml.nvmlDeviceGetHandleByIndex(index)

    def _ask(self, name: str, *more: Any, otherwise: Any = None) -> Any:
        """What a function of NVML says of the board; ``otherwise`` where it is not supported."""
        try:
            return getattr(self.nvml, name)(self.handle, *more)
        except (self.nvml.NVMLError, AttributeError):
            return otherwise

    def read(self) -> Reading:
        """State now."""
        nvml = self.nvml
        counter = self._ask("nvmlDeviceGetTotalEnergyConsumption")
        reasons = self._ask("nvmlDeviceGetCurrentClocksThrottleReasons", otherwise=0)
        state = self._ask("nvmlDeviceGetPerformanceState")
        power = self._ask("nvmlDeviceGetPowerUsage")
        if power is None:
            raise BoardError("the driver reports no power: this board has no power sensor")
        return Reading(
            self.now(),
            power / 1e3,
            None if counter is None else counter / 1e3,
            "" if state is None else f"P{state}",
            float(self._ask("nvmlDeviceGetClockInfo", nvml.NVML_CLOCK_SM, otherwise=0)),
            float(self._ask("nvmlDeviceGetClockInfo", nvml.NVML_CLOCK_MEM, otherwise=0)),
            float(self._ask("nvmlDeviceGetTemperature", nvml.NVML_TEMPERATURE_GPU, otherwise=0)),
            throttle_names(reasons),
        )

    def facts(self) -> BoardFacts:
        """What the driver says of the board."""
        driver = self.nvml.nvmlSystemGetDriverVersion()
        mig = self._ask("nvmlDeviceGetMigMode", otherwise=(0, 0))
        persistence = self._ask("nvmlDeviceGetPersistenceMode")
        capability = self._ask("nvmlDeviceGetCudaComputeCapability")
        return BoardFacts(
            _text(self._ask("nvmlDeviceGetName", otherwise="unknown")),
            self._ask("nvmlDeviceGetMemoryInfo").total / 1e9,
            self._ask("nvmlDeviceGetEnforcedPowerLimit", otherwise=0) / 1e3,
            _text(driver),
            {0: "off", 1: "on"}.get(persistence, "unknown"),
            bool(mig[0]),
            None if capability is None else (int(capability[0]), int(capability[1])),
        )

    def holders(self) -> Holders:
        """Who uses the board now."""
        compute = self._ask("nvmlDeviceGetComputeRunningProcesses", otherwise=[])
        graphics = self._ask("nvmlDeviceGetGraphicsRunningProcesses", otherwise=[])
        pids = dict.fromkeys(str(process.pid) for process in [*compute, *graphics])
        busy = self._ask("nvmlDeviceGetUtilizationRates")
        used = self._ask("nvmlDeviceGetMemoryInfo").used / 1e9
        return Holders(tuple(pids), used, 0.0 if busy is None else float(busy.gpu))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def parse_smi(line: str) -> dict[str, str]:
    """Values of a line of ``nvidia-smi --query-gpu`` by field; what is not supported is left out.

    Raises BoardError for a line with other fields.
    """
    cells = [cell.strip() for cell in line.strip().split(",")]
    if len(cells) != len(SMI_FIELDS):
        raise BoardError(f"nvidia-smi printed {line.strip()!r} instead of {len(SMI_FIELDS)} values")
    pairs = zip(SMI_FIELDS, cells, strict=True)
    return {field: cell for field, cell in pairs if not cell.startswith(("[", "N/A"))}


def reading_from_smi(values: Mapping[str, str], now: float) -> Reading:
    """State of a board from fields of nvidia-smi; BoardError without a power."""
    if "power.draw" not in values:
        raise BoardError("nvidia-smi reports no power: this board has no power sensor")
    number = {field: float(values.get(field, 0)) for field in SMI_FIELDS[2:5]}
    bits = int(values.get("clocks_throttle_reasons.active", "0"), 16)
    power, state = float(values["power.draw"]), values.get("pstate", "")
    return Reading(now, power, None, state, *number.values(), throttle_names(bits))


def facts_from_smi(values: Mapping[str, str]) -> BoardFacts:
    """What the driver says of a board from fields of nvidia-smi."""
    major, _, minor = values.get("compute_cap", "").partition(".")
    return BoardFacts(
        values.get("name", "unknown"),
        float(values.get("memory.total", 0)) * MIB_GB,
        float(values.get("power.limit", 0)),
        values.get("driver_version", "unknown"),
        {"Enabled": "on", "Disabled": "off"}.get(values.get("persistence_mode", ""), "unknown"),
        values.get("mig.mode.current") == "Enabled",
        (int(major), int(minor)) if major and minor else None,
    )


class SmiSensor(_Clock):
    """A board read by nvidia-smi, which has no energy counter; a reading takes about 50 ms."""

    def __init__(self, program: str, index: int) -> None:
        self.program, self.index = program, index
        self.read()

    def _query(self, *arguments: str) -> str:
        command = [self.program, "-i", str(self.index), *arguments]
        command += ["--format=csv,noheader,nounits"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stdout or done.stderr).strip().splitlines()
            raise BoardError(f"nvidia-smi: {said[0] if said else 'failed'}")
        return done.stdout

    def _values(self) -> dict[str, str]:
        return parse_smi(self._query("--query-gpu=" + ",".join(SMI_FIELDS)))

    def read(self) -> Reading:
        """State now."""
        before = self.now()
        values = self._values()
        return reading_from_smi(values, (before + self.now()) / 2)

    def facts(self) -> BoardFacts:
        """What the driver says of the board."""
        return facts_from_smi(self._values())

    def holders(self) -> Holders:
        """Who uses the board now; nvidia-smi lists no process that only draws."""
        listed = self._query("--query-compute-apps=pid").split()
        values = self._values()
        used = float(values.get("memory.used", 0)) * MIB_GB
        return Holders(tuple(listed), used, float(values.get("utilization.gpu", 0)))


def open_sensor(index: int) -> BoardSensor:
    """The sensor of a board: NVML, else nvidia-smi; BoardError says what to install."""
    try:
        nvml: Any = import_module("pynvml")
        return NvmlSensor(nvml, index)
    except ImportError:
        program = shutil.which("nvidia-smi")
        if program is None:
            raise BoardError(f"no NVIDIA board: {INSTALL}") from None
        return SmiSensor(program, index)
    except BoardError:
        raise
    except Exception as error:
        if type(error).__name__.startswith("NVMLError"):
            raise BoardError(f"no NVIDIA board ({error}): {INSTALL}") from None
        raise
