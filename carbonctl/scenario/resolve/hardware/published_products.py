"""Read published footprints of products, each with a bill of materials from its row."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from carbonctl.catalog import published
from carbonctl.catalog.published import cell_number
from carbonctl.core.strict_yaml import Document
from carbonctl.estimate.embodied.bom import CountedPart, MemoryOnBoards, RatedPart
from carbonctl.scenario.resolve.context import ONE, Context, Unresolved, derive_fact
from carbonctl.scenario.resolve.hardware import chips, machine_parts, stand_ins
from carbonctl.scenario.resolve.hardware.chips import DEFAULT
from carbonctl.scenario.resolve.hardware.published_configuration import (
    Drive,
    capacity_gb,
    parse_build,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path as FilePath

    from carbonctl.catalog.read import Catalog, Record
    from carbonctl.core.fact import Fact
    from carbonctl.estimate.embodied.bom import Part

    Parts = list[Part[Fact]]

NEEDED = ("product", "kind", "year", "manufacturing_kgco2e", "config", "whats_included", "source",
          "read_or_recalled", "confidence", "family")  # fmt: skip
_LEAST = {"manufacturing_kgco2e": 0.0, "year": 0.0}
SUBJECTS = {"gpu": "accelerator", "gpu_baseboard": "accelerator", "cpu": "server",
            "server": "server", "gpu_server_host": "server", "hdd": "storage", "ssd": "storage",
            "flash": "storage"}  # fmt: skip
_NO_PARTS = {
    "tpu": "a tray whose parts are not stated",
    "tpu_machine_share": "a machine whose parts are not stated",
    "phone": "a client device whose parts are not stated",
    "laptop": "a client device whose parts are not stated",
    "network": "a network device whose parts are not stated",
}
_SET_ASIDE = (
    ("count once", "the same footprint as another row"),
    ("use neither|do not use", "set aside in the table, see its notes"),
    ("model output|estimate|not lca|not measured", "a model's estimate, no footprint"),
)
_VENDORS = {"nvidia", "amd", "intel", "google"}  # a vendor's name is ignored when names are matched
_PATH: tuple[str, ...] = ()
_LARGEST_SMALL_DISK_GB = 3000.0  # 2.5 inch disks of servers hold less, 3.5 inch ones more


@dataclass(frozen=True)
class Product:
    """One product: its row, its parts, and its published manufacturing footprint [kgCO2e]."""

    row: dict[str, str]
    subject: str
    measured: float
    parts: tuple[Part[Fact], ...]
    is_pooled: bool

    @property
    def derived(self) -> bool:
        """Whether the figure is computed from another row's."""
        return self.row["read_or_recalled"] == "derived"


@dataclass(frozen=True)
class Products:
    """Products to estimate, counts of excluded rows by reason, and the hash of the table."""

    products: list[Product]
    excluded: dict[str, int]
    sha256: str


def read_cases(path: FilePath, catalog: Catalog) -> Products:
    """Products of a table of published footprints; InputError where it lacks a column."""
    rows, sha256 = published.read_table(path, NEEDED, _LEAST, "embodied.csv", "product")
    products, excluded = [], Counter[str]()
    for row in rows:
        reason = _exclusion_reason(row, rows)
        if reason:
            excluded[reason] += 1
            continue
        ctx = Context(Document({}, {}), catalog)
        try:
            made = _BUILDERS[SUBJECTS[row["kind"]]](ctx, row)
        except Unresolved:
            excluded[ctx.problems[-1].message] += 1
            continue
        products.append(_product(row, made))
    return Products(products, dict(sorted(excluded.items())), sha256)


def _product(row: dict[str, str], made: Parts) -> Product:
    pooled = "PAIA" in row["confidence"] and row["product"].startswith("Dell")
    measured = cell_number(row, "manufacturing_kgco2e")
    return Product(row, SUBJECTS[row["kind"]], measured, tuple(made), pooled)


def _exclusion_reason(row: dict[str, str], rows: list[dict[str, str]]) -> str:
    """Why a row cannot be compared with an estimate; "" where it can."""
    if row["kind"] in _NO_PARTS:
        return _NO_PARTS[row["kind"]]
    if row["kind"] not in SUBJECTS:
        return f"kind {row['kind']} is not modeled"
    if math.isnan(cell_number(row, "manufacturing_kgco2e")):
        return "no manufacturing figure"
    said = f"{row['whats_included']} {row['confidence']}".lower()
    for pattern, reason in _SET_ASIDE:
        if re.search(pattern, said):
            return reason
    if row["confidence"].lower().startswith(("low", "very low")):
        return "marked low confidence"
    return "a share of another row" if _is_share(row, rows) else ""


def _is_share(row: dict[str, str], rows: list[dict[str, str]]) -> bool:
    """Whether a row is a fraction of another row, as a module is 1/8 of a baseboard."""
    found = re.search(r"\(1/(\d+) of", row["product"])
    if found is None:
        return False
    whole = cell_number(row, "manufacturing_kgco2e") * int(found[1])
    return any(
        math.isclose(cell_number(r, "manufacturing_kgco2e"), whole, rel_tol=1e-3) for r in rows
    )


def _ids_by_words(ctx: Context, kind: str) -> dict[frozenset[str], list[str]]:
    """Record ids of a kind by the words of each of their spellings."""
    ids_by_words: dict[frozenset[str], list[str]] = {}
    for record_id in ctx.catalog.ids(kind):
        ids_by_words.setdefault(_words(record_id), []).append(record_id)
    for spelling, ids in ctx.catalog.aliases(kind).items():
        ids_by_words.setdefault(_words(spelling), []).extend(ids)
    return ids_by_words


def _words(text: str) -> frozenset[str]:
    joined = re.sub(r"(\d)\s+gb\b", r"\1gb", text.lower())
    return frozenset(re.findall(r"[a-z0-9]+", joined)) - _VENDORS


def _find_record(ctx: Context, kind: str, text: str) -> Record:
    """The record whose spelling matches most words of a product's name."""
    wanted = _words(text)
    fitting = [(len(w), ids) for w, ids in _ids_by_words(ctx, kind).items() if w <= wanted]
    most = max((size for size, _ in fitting), default=0)
    ids = {i for size, found in fitting if size == most for i in found}
    if len(ids) != 1:
        noun = "ambiguous" if ids else "not in hardware_db"
        ctx.fail("CC103", f"{kind.rstrip('s')} {noun}", _PATH)
    return ctx.catalog.record(kind, ids.pop())


def _accelerator_parts(ctx: Context, row: dict[str, str]) -> Parts:
    record = _find_record(ctx, "accelerators", row["product"])
    count_in_name = re.search(r"\((\d+)x ", row["product"]) or re.match(r"(\d+) GPU", row["config"])
    if row["kind"] == "gpu_baseboard" and count_in_name is None:
        ctx.fail("CC304", "a baseboard that does not say how many it holds", _PATH)
    count = ONE
    if row["kind"] == "gpu_baseboard" and count_in_name is not None:
        count = derive_fact(
            "products:modules", float(count_in_name[1]), ONE, "of its name", "modules"
        )
    return [machine_parts.module(ctx, record, count, _PATH)]


def _server_parts(ctx: Context, row: dict[str, str]) -> Parts:
    """Parts of a server, or of a CPU alone."""
    year = cell_number(row, "year")
    since = None if math.isnan(year) else year
    if row["kind"] == "cpu":
        return [chips.cpu(ctx, _find_record(ctx, "cpus", row["product"]), ONE, DEFAULT, _PATH)]
    build = parse_build(row["config"])
    if build is None or not build.cpus or not build.dram_gb:
        ctx.fail("CC304", "processors or memory are not stated", _PATH)
    if build.drives is None:
        ctx.fail("CC304", "its drives cannot be read", _PATH)
    named = ctx.catalog.record("cpus", chips.archetype_cpu(since))
    sockets = _stated_amount("sockets", build.cpus)
    dram = replace(_stated_amount("dram", build.dram_gb), unit="GB")
    modules = _stated_amount("modules", build.dimms) if build.dimms else None
    kind = build.dram_kind or stand_ins.memory_generation(since)
    made: Parts = [
        chips.cpu(ctx, named, sockets, DEFAULT, _PATH),
        machine_parts.dimms(ctx, "dram", f"DRAM {kind}", (modules, dram), kind, _PATH),
        *_drive_parts(ctx, build.drives, since),
    ]
    nic = ctx.required_fact(ctx.catalog.record("network", "nic-400g"), "embodied", _PATH)
    made.append(CountedPart("nic", "network cards", ctx.default("nics_per_machine"), nic))
    per_w = ctx.required_fact(ctx.catalog.record("parts", "psu"), "embodied_per_w", _PATH)
    made.append(RatedPart("psu", "power supplies", ctx.default("psu_unknown"), per_w))
    return [*made, *machine_parts.chassis_parts(ctx, "2u", _PATH)]


def _stated_amount(name: str, value: float) -> Fact:
    return derive_fact(f"products:{name}", value, ONE, "as the row states", name)


def _drive_parts(ctx: Context, listed: tuple[Drive, ...], year: float | None) -> Parts:
    made: Parts = []
    unknown = ctx.default("drive_unknown").value
    for place, drive in enumerate(listed):
        part_id = f"drive_{place + 1}"
        each = unknown if drive.gb is None else drive.gb
        if drive.is_hdd:
            made.append(_disk_part(ctx, part_id, drive.count, each, drive.is_small))
            continue
        amount = (
            _stated_amount(f"{part_id}.count", drive.count),
            _stated_amount(part_id, drive.count * each),
        )
        made.append(
            machine_parts.drives(ctx, part_id, "SSD", amount, machine_parts.flash_of(year), _PATH)
        )
    return made


def _disk_part(
    ctx: Context, part_id: str, count: float, gb: float, small: bool | None
) -> CountedPart[Fact]:
    """Hard disks of a stated size (2.5 or 3.5 inch), else of the size usual for the capacity."""
    small = gb < _LARGEST_SMALL_DISK_GB if small is None else small
    each = ctx.default("hdd_25" if small else "hdd_35")
    return CountedPart(part_id, each.label, _stated_amount(f"{part_id}.count", count), each)


def _storage_parts(ctx: Context, row: dict[str, str]) -> Parts:
    gb = capacity_gb(row["product"]) or capacity_gb(row["config"])
    if gb is None:
        ctx.fail("CC304", "no capacity is stated", _PATH)
    if row["kind"] == "hdd":
        return [_disk_part(ctx, "drive", 1.0, gb, None)]
    year = cell_number(row, "year")
    flash = machine_parts.flash_of(None if math.isnan(year) else year)
    amount = (_stated_amount("drives", 1.0), _stated_amount("flash", gb))
    made = machine_parts.drives(ctx, "drive", "SSD", amount, flash, _PATH)
    if row["kind"] == "flash":  # a package without a board of its own
        made = _without_boards(made)
    return [made]


def _without_boards(made: MemoryOnBoards[Fact]) -> MemoryOnBoards[Fact]:
    return replace(made, part_count=_stated_amount("boards", 0.0))


_BUILDERS: dict[str, Callable[[Context, dict[str, str]], Parts]] = {
    "accelerator": _accelerator_parts,
    "server": _server_parts,
    "storage": _storage_parts,
}
