"""Parts of a machine: published footprints where there are any, else what the record lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.fact import Fact
from carbonctl.estimate.bom import (
    Capacity,
    Counted,
    Die,
    Interposer,
    Module,
    Racked,
    Rated,
)
from carbonctl.scenario.context import ONE

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.bom import Part
    from carbonctl.scenario.context import Context

_WATTS_OF_SMALL_CARD = 150.0


def accelerator_part(ctx: Context, record: Record, count: Fact, path: Path) -> Part[Fact]:
    """Accelerators as one entry: the published footprint where there is one, else their parts."""
    published = record.fact("embodied", label=f"{record.name}, published footprint")
    if published is not None:
        return Counted("accelerators", record.name, count, published)
    return module(ctx, record, count, path)


def module(ctx: Context, record: Record, count: Fact, path: Path) -> Module[Fact]:
    """An accelerator module from dies, interposer, memory, cooling and board."""
    pieces: list[Die[Fact] | Interposer[Fact] | Capacity[Fact] | Rated[Fact] | Counted[Fact]] = []
    pieces += _dies(ctx, record, path)
    wafer = ctx.catalog.record("processes", "wafer")
    area = wafer.fact("interposer_area", record.id, label="interposer area")
    if area is not None:
        per_area = ctx.needed(wafer, "interposer_per_cm2", path, "interposer per cm2")
        good = ctx.needed(wafer, "interposer_yield", path, "interposer yield")
        pieces.append(Interposer("interposer", "interposer", area, per_area, good))
    kind = record.text("memory_type") or "gddr6"
    memory = ctx.record("memory", kind, path)
    pieces.append(
        Capacity(
            "memory",
            f"memory {kind}",
            ctx.needed(record, "memory", path),
            ctx.needed(memory, "embodied_per_gb", path, f"{kind} per GB"),
        )
    )
    thermal = ctx.catalog.record("parts", "gpu-thermal")
    tdp = ctx.needed(record, "tdp", path)
    per_watt = ctx.needed(thermal, "embodied_per_w", path, "cooling per W")
    pieces.append(Rated("thermal", "cooling", tdp, per_watt))
    fixed = ctx.catalog.record("parts", _fixed_part(record, tdp.value))
    each = ctx.needed(fixed, "embodied", path, "board and fixed parts")
    pieces.append(Counted("board", "board", ONE, each))
    uplift = ctx.catalog.record("parts", "gpu-assembly-uplift")
    return Module(
        "accelerators",
        record.name,
        count,
        ctx.needed(uplift, "factor", path, "assembly uplift"),
        ctx.default("module_residual"),
        tuple(pieces),
    )


def _fixed_part(record: Record, tdp_w: float) -> str:
    if record.text("form_factor").upper().startswith(("SXM", "OAM", "CUSTOM")):
        return "gpu-fixed-sxm"
    return "gpu-fixed-small" if tdp_w < _WATTS_OF_SMALL_CARD else "gpu-fixed-pcie"


def _dies(ctx: Context, record: Record, path: Path) -> list[Die[Fact]]:
    dies = record.data.get("dies") or []
    if not dies:
        ctx.fail(
            "CC304",
            f"{record.name} has neither a published footprint nor a known die",
            path,
            "give one: embodied.accelerator: 160 kg",
        )
    wafer = ctx.catalog.record("processes", "wafer")
    made = []
    for place, die in enumerate(dies):
        node = ctx.record("processes", str(die.get("node", "")), path)
        area = record.fact("dies", place, "area", label=f"die area, {node.id}")
        assert area is not None  # noqa: S101 - hw check requires it
        made.append(
            Die(
                f"die_{place + 1}_{node.id}",
                f"{die['count']} x die {node.id}",
                _die_count(record, place, die),
                area,
                ctx.needed(node, "cpa_imec", path, f"carbon per area, {node.id}"),
                ctx.needed(node, "defect_density", path, f"defect density, {node.id}"),
                ctx.needed(wafer, "wafer_diameter", path, "wafer diameter"),
                ctx.needed(wafer, "edge_exclusion", path, "edge exclusion"),
                ctx.needed(wafer, "kerf", path, "kerf"),
            )
        )
    return made


def _die_count(record: Record, place: int, die: dict[str, object]) -> Fact:
    area = record.fact("dies", place, "area")
    source = area.source if area else ""
    key = f"accelerators/{record.id}:dies.{place}.count"
    value = float(str(die["count"]))
    return Fact(key, value, "1", source, "hardware_db", tier="published", label="dies")


def host_parts(ctx: Context, server: Record, path: Path, *, bare: bool = False) -> list[Part[Fact]]:
    """Everything in a server but its accelerators; what the record lacks is said, not zero."""
    parts: list[Part[Fact]] = []
    lacking = []
    sockets = server.plain("cpus", label="CPU sockets")
    if sockets is not None and sockets.value > 0:
        each = ctx.needed(ctx.catalog.record("parts", "cpu-socket"), "embodied", path, "CPU socket")
        parts.append(Counted("cpu", "CPUs", sockets, each))
    elif sockets is None:
        lacking.append("CPUs")
    dram = server.fact("dram", label=f"DRAM, {server.name}")
    if dram is not None:
        kind = server.text("dram_type") or "ddr4-rdimm"
        parts.append(_capacity(ctx, "dram", f"DRAM {kind}", dram, "memory", kind, path))
    else:
        lacking.append("DRAM")
    ssd = server.fact("ssd", label=f"SSD, {server.name}")
    if ssd is not None:
        parts.append(_capacity(ctx, "ssd", "SSD", ssd, "storage", "nvme-tlc-2022", path))
    else:
        lacking.append("SSD")
    if lacking:
        ctx.not_estimated[f"{' and '.join(lacking)} of {server.name}"] = "not in the record"
    return [*parts, *_body_parts(ctx, server, path), *([] if bare else _rack(ctx, server, path))]


def _capacity(
    ctx: Context, part_id: str, label: str, amount: Fact, folder: str, kind: str, path: Path
) -> Capacity[Fact]:
    per_gb = ctx.needed(ctx.record(folder, kind, path), "embodied_per_gb", path, f"{kind} per GB")
    return Capacity(part_id, label, amount, per_gb)


def _body_parts(ctx: Context, server: Record, path: Path) -> list[Part[Fact]]:
    """Network cards, power supplies, board, chassis, fans and assembly."""
    cards = server.fact("nics", label=f"network cards, {server.name}")
    cards = cards or ctx.default("nics_per_machine")
    nic = ctx.needed(ctx.catalog.record("network", "nic-400g"), "embodied", path, "network card")
    rated = server.fact("psu", label="power supplies") or server.fact("max_power", label="rating")
    parts: list[Part[Fact]] = [Counted("nic", "network cards", cards, nic)]
    if rated is not None:
        psu = ctx.needed(ctx.catalog.record("parts", "psu"), "embodied_per_w", path, "PSU per W")
        parts.append(Rated("psu", "power supplies", rated, psu))
    height = server.plain("rack_units", label="rack units")
    tall = height is not None and height.value > _TALL_UNITS
    return [*parts, *chassis_parts(ctx, "8u" if tall else "2u", path)]


def _rack(ctx: Context, server: Record, path: Path) -> list[Part[Fact]]:
    """A share of a rack by height."""
    height = server.plain("rack_units", label="rack units")
    if height is None:
        return []
    rack = ctx.needed(ctx.catalog.record("parts", "rack"), "embodied", path, "rack")
    return [Racked("rack", "rack share", rack, height, ctx.default("rack_height"))]


_TALL_UNITS = 3.0


def chassis_parts(ctx: Context, size: str, path: Path) -> list[Part[Fact]]:
    """Board, chassis, fans and assembly of one machine."""
    names = {
        "mainboard": "mainboard",
        f"chassis-{size}": "chassis",
        f"fans-{size}": "fans",
        "assembly": "assembly",
    }
    return [
        Counted(
            label,
            label,
            ONE,
            ctx.needed(ctx.record("parts", name, path), "embodied", path, label),
        )
        for name, label in names.items()
    ]
