"""Parse the ``config`` column of published footprints: CPUs, memory, drives."""

from __future__ import annotations

import re
from dataclasses import dataclass

_GB_PER_UNIT = {"gb": 1.0, "go": 1.0, "tb": 1000.0}
_SIZE = re.compile(r"([\d.]+)\s?(TB|GB|Go)\b", re.IGNORECASE)
_CPU = re.compile(r"^(\d+(?:\.\d+)?)(?:x|$)")
_CPU_IN_WORDS = re.compile(r"(\d+)x\s+(?:\d+-core\s+)?(?:Xeon|EPYC|CPU)", re.IGNORECASE)
_DIMMS = re.compile(r"(\d+)\s?x\s?(\d+)\s?GB\s+(DDR[345])", re.IGNORECASE)
_DRIVES_IN_WORDS = re.compile(r"(\d+)x([\d.]+)(TB|GB)(?=[^,;]*\b(SSD|HDD))", re.IGNORECASE)
# One kind of drive under a key of its own: "24x1600.0GB", "1xnanGB", "8", "0".
_DRIVES_OF_KEY = re.compile(r"^(\d+)(?:\.0)?(?:\s?x\s?([\d.]+|nan)\s?(GB|TB))?$", re.IGNORECASE)
# Several in one text: "x2 480GB 2.5in SSD x4 1TB 3.5in HDD", "2 x 480GB SSD".
_DRIVES_OF_TEXT = re.compile(
    r"(?:x\s?(\d+)|(\d+)\s?x)\s?([\d.]+)\s?(GB|TB)\s+(?:([23]\.5)\s?in\s+)?"
    r"(?:(?:SATA|SAS|NVMe|M\.2)\s+)*(HDD|SSD)(\s*blank)?",
    re.IGNORECASE,
)
_DRIVES_WITHOUT_SIZE = re.compile(r"^(\d+)\s+(SSD|HDD)$", re.IGNORECASE)
_NONE = re.compile(r"^(?:|0|none|.*blank)$", re.IGNORECASE)


@dataclass(frozen=True)
class Drive:
    """Identical drives; ``gb`` is None where their capacity is not stated."""

    count: float
    gb: float | None
    is_hdd: bool = False
    is_small: bool | None = None


@dataclass(frozen=True)
class Build:
    """CPUs, memory and drives of a server; ``drives`` is None where they cannot be parsed."""

    cpus: float
    dram_gb: float
    dram_kind: str
    drives: tuple[Drive, ...] | None
    dimms: float = 0.0


def capacity_gb(text: str) -> float | None:
    """The first capacity in a text [GB]; None where there is none."""
    match = _SIZE.search(text)
    return float(match[1]) * _GB_PER_UNIT[match[2].lower()] if match else None


def parse_build(config: str) -> Build | None:
    """The build that a configuration states; None where it cannot be parsed."""
    if "=" in config:
        return _build_from_keys(dict(_pairs(config)))
    cpus, dimms = _CPU_IN_WORDS.search(config), _DIMMS.search(config)
    if cpus is None or dimms is None:
        return None
    drives = tuple(
        Drive(float(count), float(size) * _GB_PER_UNIT[unit.lower()], kind.upper() == "HDD")
        for count, size, unit, kind in _DRIVES_IN_WORDS.findall(config)
    )
    kind = f"{dimms[3].lower()}-rdimm"
    return Build(float(cpus[1]), float(dimms[1]) * float(dimms[2]), kind, drives, float(dimms[1]))


def _pairs(config: str) -> list[tuple[str, str]]:
    entries = (entry.partition("=") for entry in config.split(";"))
    return [(key.strip().lower(), value.strip()) for key, _, value in entries]


def _build_from_keys(keys: dict[str, str]) -> Build:
    cpus = _CPU.match(keys.get("cpu", ""))
    found = [
        _drives_of_text(keys.get("disk", "")),
        _drives_of_key(keys.get("ssd", ""), is_hdd=False),
        _drives_of_key(keys.get("hdd", ""), is_hdd=True),
    ]
    read = [drives for drives in found if drives is not None]
    drives = None if len(read) < len(found) else tuple(d for some in read for d in some if d.count)
    return Build(float(cpus[1]) if cpus else 0.0, _float(keys.get("ram_gb", "")), "", drives)


def _drives_of_key(text: str, *, is_hdd: bool) -> list[Drive] | None:
    if _NONE.match(text):
        return []
    match = _DRIVES_OF_KEY.match(text)
    if match is None:
        return None
    known = match[2] is not None and match[2].lower() != "nan"
    gb = float(match[2]) * _GB_PER_UNIT[match[3].lower()] if known else None
    return [Drive(float(match[1]), gb, is_hdd)]


def _drives_of_text(text: str) -> list[Drive] | None:
    if _NONE.match(text):
        return []
    if unsized := _DRIVES_WITHOUT_SIZE.match(text):
        return [Drive(float(unsized[1]), None, unsized[2].upper() == "HDD")]
    drives = []
    for before, after, size, unit, inch, kind, blank in _DRIVES_OF_TEXT.findall(text):
        is_small = None if not inch else inch == "2.5"
        gb = float(size) * _GB_PER_UNIT[unit.lower()]
        count = 0.0 if blank else float(before or after)
        drives.append(Drive(count, gb, kind.upper() == "HDD", is_small))
    return drives if drives and not _DRIVES_OF_TEXT.sub("", text).strip(" ,") else None


def _float(text: str) -> float:
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else 0.0
