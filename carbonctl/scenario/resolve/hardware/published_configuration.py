"""What the ``config`` of a published footprint says a machine holds."""

from __future__ import annotations

import re
from dataclasses import dataclass

_GB = {"gb": 1.0, "go": 1.0, "tb": 1000.0}
_SIZE = re.compile(r"([\d.]+)\s?(TB|GB|Go)\b", re.IGNORECASE)
_CPU = re.compile(r"^(\d+(?:\.\d+)?)(?:x|$)")
_IN_WORDS = re.compile(r"(\d+)x\s+(?:\d+-core\s+)?(?:Xeon|EPYC|CPU)", re.IGNORECASE)
_DIMMS = re.compile(r"(\d+)\s?x\s?(\d+)\s?GB\s+(DDR[345])", re.IGNORECASE)
_DRIVES_IN_WORDS = re.compile(r"(\d+)x([\d.]+)(TB|GB)(?=[^,;]*\b(SSD|HDD))", re.IGNORECASE)
# One kind of drive under a key of its own: "24x1600.0GB", "1xnanGB", "8", "0".
_OF_A_KEY = re.compile(r"^(\d+)(?:\.0)?(?:\s?x\s?([\d.]+|nan)\s?(GB|TB))?$", re.IGNORECASE)
# Several in one text: "x2 480GB 2.5in SSD x4 1TB 3.5in HDD", "2 x 480GB SSD".
_IN_A_TEXT = re.compile(
    r"(?:x\s?(\d+)|(\d+)\s?x)\s?([\d.]+)\s?(GB|TB)\s+(?:([23]\.5)\s?in\s+)?"
    r"(?:(?:SATA|SAS|NVMe|M\.2)\s+)*(HDD|SSD)(\s*blank)?",
    re.IGNORECASE,
)
_NO_SIZE = re.compile(r"^(\d+)\s+(SSD|HDD)$", re.IGNORECASE)
_NONE = re.compile(r"^(?:|0|none|.*blank)$", re.IGNORECASE)


@dataclass(frozen=True)
class Drive:
    """Equal drives; ``gb`` is None where their size is not stated."""

    count: float
    gb: float | None
    disk: bool = False
    small: bool | None = None


@dataclass(frozen=True)
class Build:
    """Processors, memory and drives of a server; drives are None where they cannot be read."""

    cpus: float
    dram_gb: float
    dram_kind: str
    drives: tuple[Drive, ...] | None
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
        for count, size, unit, kind in _DRIVES_IN_WORDS.findall(config)
    )
    kind = f"{dimms[3].lower()}-rdimm"
    return Build(float(cpus[1]), float(dimms[1]) * float(dimms[2]), kind, drives, float(dimms[1]))


def _pairs(config: str) -> list[tuple[str, str]]:
    entries = (entry.partition("=") for entry in config.split(";"))
    return [(key.strip().lower(), value.strip()) for key, _, value in entries]


def _by_keys(keys: dict[str, str]) -> Build:
    cpus = _CPU.match(keys.get("cpu", ""))
    found = [
        _of_text(keys.get("disk", "")),
        _of_key(keys.get("ssd", ""), disk=False),
        _of_key(keys.get("hdd", ""), disk=True),
    ]
    read = [drives for drives in found if drives is not None]
    drives = None if len(read) < len(found) else tuple(d for some in read for d in some if d.count)
    return Build(float(cpus[1]) if cpus else 0.0, _float(keys.get("ram_gb", "")), "", drives)


def _of_key(text: str, *, disk: bool) -> list[Drive] | None:
    if _NONE.match(text):
        return []
    found = _OF_A_KEY.match(text)
    if found is None:
        return None
    known = found[2] is not None and found[2].lower() != "nan"
    gb = float(found[2]) * _GB[found[3].lower()] if known else None
    return [Drive(float(found[1]), gb, disk)]


def _of_text(text: str) -> list[Drive] | None:
    if _NONE.match(text):
        return []
    if unsized := _NO_SIZE.match(text):
        return [Drive(float(unsized[1]), None, unsized[2].upper() == "HDD")]
    drives = []
    for before, after, size, unit, inch, kind, blank in _IN_A_TEXT.findall(text):
        small = None if not inch else inch == "2.5"
        gb = float(size) * _GB[unit.lower()]
        count = 0.0 if blank else float(before or after)
        drives.append(Drive(count, gb, kind.upper() == "HDD", small))
    return drives if drives and not _IN_A_TEXT.sub("", text).strip(" ,") else None


def _float(text: str) -> float:
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else 0.0
