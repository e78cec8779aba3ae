"""What the ``config`` of a published footprint says a machine holds."""

from __future__ import annotations

import re
from dataclasses import dataclass

_GB = {"gb": 1.0, "go": 1.0, "tb": 1000.0}
_SIZE = re.compile(r"([\d.]+)\s?(TB|GB|Go)\b", re.IGNORECASE)
_DISK = re.compile(
    r"x\s?(\d+)\s+([\d.]+)\s?(GB|TB)\s+(?:([23]\.5)\s?in\s+)?(HDD|SSD)(?!\s*blank)", re.IGNORECASE
)
_DRIVES_OF_UNKNOWN_SIZE = re.compile(r"^(\d+)\s+(SSD|HDD)$", re.IGNORECASE)
_SSD = re.compile(r"^(\d+)x([\d.]+|nan)GB$", re.IGNORECASE)
_CPU = re.compile(r"^(\d+(?:\.\d+)?)(?:x|$)")
_IN_WORDS = re.compile(r"(\d+)x\s+(?:\d+-core\s+)?(?:Xeon|EPYC|CPU)", re.IGNORECASE)
_DIMMS = re.compile(r"(\d+)\s?x\s?(\d+)\s?GB\s+(DDR[345])", re.IGNORECASE)
_SSDS_IN_WORDS = re.compile(r"(\d+)x([\d.]+)(TB|GB)(?=[^,;]*\b(SSD|HDD))", re.IGNORECASE)


@dataclass(frozen=True)
class Drive:
    """Equal drives; ``gb`` is None where their size is not stated."""

    count: float
    gb: float | None
    disk: bool = False
    small: bool | None = None


@dataclass(frozen=True)
class Build:
    """Processors, memory and drives of a server."""

    cpus: float
    dram_gb: float
    dram_kind: str
    drives: tuple[Drive, ...]
    dimms: float = 0.0


def capacity_gb(text: str) -> float | None:
    """The first capacity that a text names."""
    found = _SIZE.search(text)
    return float(found[1]) * _GB[found[2].lower()] if found else None


def read_build(config: str) -> Build | None:
    """The build that a configuration states, or None where it states none."""
    if "=" in config:
        return _by_keys(dict(_pairs(config)))
    cpus, dimms = _IN_WORDS.search(config), _DIMMS.search(config)
    if cpus is None or dimms is None:
        return None
    drives = tuple(
        Drive(float(count), float(size) * _GB[unit.lower()], kind.upper() == "HDD")
        for count, size, unit, kind in _SSDS_IN_WORDS.findall(config)
    )
    kind = f"{dimms[3].lower()}-rdimm"
    return Build(float(cpus[1]), float(dimms[1]) * float(dimms[2]), kind, drives, float(dimms[1]))


def _pairs(config: str) -> list[tuple[str, str]]:
    entries = (entry.partition("=") for entry in config.split(";"))
    return [(key.strip().lower(), value.strip()) for key, _, value in entries]


def _by_keys(keys: dict[str, str]) -> Build:
    cpus = _CPU.match(keys.get("cpu", ""))
    dram = keys.get("ram_gb", "")
    drives: list[Drive] = []
    for count, size, unit, inch, kind in _DISK.findall(keys.get("disk", "")):
        gb = float(size) * _GB[unit.lower()]
        small = None if not inch else inch == "2.5"
        drives.append(Drive(float(count), gb, kind.upper() == "HDD", small))
    if unsized := _DRIVES_OF_UNKNOWN_SIZE.match(keys.get("disk", "")):
        drives.append(Drive(float(unsized[1]), None, unsized[2].upper() == "HDD"))
    if ssd := _SSD.match(keys.get("ssd", "")):
        drives.append(Drive(float(ssd[1]), None if ssd[2].lower() == "nan" else float(ssd[2])))
    held = tuple(drive for drive in drives if drive.count)
    return Build(float(cpus[1]) if cpus else 0.0, _float(dram), "", held)


def _float(text: str) -> float:
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else 0.0
