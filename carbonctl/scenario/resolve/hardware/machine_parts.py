"""Parts of a machine: published footprints where there are any, else what the record lists."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.embodied.bom import (
    Chip,
    CountedPart,
    Interposer,
    Machines,
    Memory,
    MemoryOnBoards,
    ModeledPart,
    Module,
    RackShare,
    RatedPart,
    ServerBody,
)
from carbonctl.scenario.resolve.context import ONE, derive_fact
from carbonctl.scenario.resolve.hardware import chips, stand_ins
from carbonctl.scenario.resolve.hardware.chips import DEFAULT
from carbonctl.scenario.resolve.hardware.network_parts import rack_scale_network

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.embodied.bom import Part, Piece
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.chips import FabChoice

_WATTS_OF_SMALL_CARD = 150.0
# First year of the drives that hold a generation of flash.
_FLASH = ((2022, "nvme-tlc-2022"), (2019, "ssd-2019"), (2017, "ssd-2017"))
_OLDEST_FLASH = "ssd-2016"
_TALL_UNITS = 3.0
_MOST_OF_MEMORY = 0.8  # footprints state 15 to 62 %; a tenfold factor gives more than 80 %
_OURS = (ServerBody, Chip, Machines, Memory, MemoryOnBoards, RatedPart)


def accelerator_part(
    ctx: Context, record: Record, count: Fact, path: Path, fab: FabChoice = DEFAULT
) -> Part[Fact]:
    """Accelerators as one entry: the published footprint where there is one, else their parts."""
    published = record.fact("embodied", label=f"{record.name}, published footprint")
    if published is not None:
        bounded(ctx, published, record, path)
        return CountedPart("accelerators", record.name, count, published)
    made = module(ctx, record, count, path, fab)
    _without_interposer(ctx, record, made)
    return made


def _without_interposer(ctx: Context, record: Record, made: Module[Fact]) -> None:
    """Stacked memory is joined to its die by silicon; of unknown area, it is no piece."""
    stacked = record.text("memory_type").startswith("hbm")
    if stacked and not any(isinstance(piece, Interposer) for piece in made.parts):
        ctx.note_not_estimated(f"interposer or bridges of {record.name}", "its area is not known")


def bounded(ctx: Context, figure: Fact, record: Record, path: Path) -> Fact:
    """A published figure of a record, which says what lies inside it."""
    if not figure.boundary:
        message = f"the published figure of {record.name} names no boundary"
        ctx.fail("CC206", message, path, "in its record, as in boundary: module")
    return figure


def module(
    ctx: Context, record: Record, count: Fact, path: Path, fab: FabChoice = DEFAULT
) -> Module[Fact]:
    """An accelerator module from dies, interposer, memory, cooling and board."""
    dies = chips.dies_of(ctx, record, fab, path)
    if not dies:
        ctx.fail(
            "CC304",
            f"{record.name} has neither a published footprint nor a known die",
            path,
            "give one: embodied.accelerator: 160 kg",
        )
    kind = record.text("memory_type") or "gddr6"
    tdp = ctx.required_fact(record, "tdp", path)
    fixed = ctx.catalog.record("parts", _fixed_part(record, tdp.value))
    each = ctx.required_fact(fixed, "embodied", path, "board and fixed parts")
    pieces: tuple[Piece[Fact], ...] = (
        *dies,
        *chips.interposer(ctx, record, path),
        memory(
            ctx, "memory", f"memory {kind}", ctx.required_fact(record, "memory", path), kind, path
        ),
        RatedPart("thermal", "cooling", tdp, ctx.default("cooling_per_w")),
        CountedPart("board", "board", ONE, each),
    )
    _plausible(ctx, record, pieces, path)
    uplift, residual = ctx.default("assembly_uplift"), ctx.default("accelerator_residual")
    return Module("accelerators", record.name, count, uplift, residual, pieces)


def _plausible(ctx: Context, record: Record, pieces: tuple[Piece[Fact], ...], path: Path) -> None:
    """Memory that is most of an accelerator's carbon points to a wrong factor or capacity."""
    if ctx.part_model is None:
        return
    carbon = {piece.id: ctx.part_model.part_kgco2e(piece) for piece in pieces}
    share = carbon["memory"] / sum(carbon.values())
    if share > _MOST_OF_MEMORY:
        message = f"memory is {share:.0%} of the carbon of {record.name}"
        ctx.warn("CC307", message, path, "check its capacity and the factor of its memory")


def _fixed_part(record: Record, tdp_w: float) -> str:
    if record.text("form_factor").upper().startswith(("SXM", "OAM", "CUSTOM")):
        return "gpu-fixed-sxm"
    return "gpu-fixed-small" if tdp_w < _WATTS_OF_SMALL_CARD else "gpu-fixed-pcie"


def memory(
    ctx: Context, part_id: str, label: str, amount: Fact, kind: str, path: Path
) -> Memory[Fact]:
    """Memory of a generation, by its die area and how it is packaged."""
    record = ctx.record("memory", kind, path)
    area = ctx.required_fact(record, "area_per_gb", path, f"die area per GB, {record.id}")
    built = record.text("built_as")
    per_area = ctx.default("memory_module" if built == "die" else f"memory_{built}")
    return Memory(part_id, label, amount, area, per_area)


def flash_per_gb(ctx: Context, record: Record, path: Path) -> Fact:
    """Carbon of solid-state drives per capacity, their boards spread over a common size."""
    area = ctx.required_fact(record, "area_per_gb", path, f"die area per GB, {record.id}")
    nand, board = ctx.default(f"nand_{record.text('flash')}"), ctx.default("drive_board")
    each = ctx.default("drive_common").value
    per_gb = area.value * nand.value + board.value / each
    note = f"flash by die area, and a board for each {each:,.0f} GB"
    key = f"storage/{record.id}:per_gb"
    return replace(derive_fact(key, per_gb, nand, note, "drive per stored byte"), unit="kgCO2e/GB")


def dimms(
    ctx: Context, part_id: str, label: str, amount: tuple[Fact | None, Fact], kind: str, path: Path
) -> Memory[Fact] | MemoryOnBoards[Fact]:
    """Memory of a server, on modules of a stated number or of a common size."""
    count, capacity = amount
    bare = memory(ctx, part_id, label, capacity, kind, path)
    if ctx.catalog.record("memory", kind).text("built_as") != "module":
        return bare
    if count is None:
        each = ctx.default("dimm_unknown")
        pieces = max(1.0, round(capacity.value / each.value))
        note = f"modules of {each.value:g} GB"
        count = replace(each, key=f"{capacity.key}:modules", value=pieces, unit="1", note=note,
                        low=None, high=None, label="memory modules")  # fmt: skip
    board = ctx.required_fact(
        ctx.catalog.record("parts", "dimm-board"), "embodied", path, "module board"
    )
    return MemoryOnBoards(
        part_id, label, count, board, capacity, bare.area_cm2_per_gb, bare.memory_kgco2e_per_cm2
    )


def drives(
    ctx: Context, part_id: str, label: str, amount: tuple[Fact, Fact], kind: str, path: Path
) -> MemoryOnBoards[Fact]:
    """Solid-state drives of a generation of flash: how many, and their capacity in all."""
    record = ctx.record("storage", kind, path)
    flash = record.text("flash")
    if not flash:
        ctx.fail("CC304", f"{record.name} is no solid-state drive", path)
    area = ctx.required_fact(record, "area_per_gb", path, f"die area per GB, {record.id}")
    count, capacity = amount
    board, per_area = ctx.default("drive_board"), ctx.default(f"nand_{flash}")
    return MemoryOnBoards(part_id, label, count, board, capacity, area, per_area)


def host_parts(
    ctx: Context, server: Record, card: Record | None, path: Path, *, bare: bool = False
) -> list[Part[Fact]]:
    """Everything in a server but its accelerators, of which ``card`` is one.

    Processors, DRAM and SSD carry the answer: what a record lacks of them is of the machine's
    vendor, year and class, with a warning, or a problem that says what to give.
    """
    parts: list[Part[Fact]] = []
    sockets = server.plain_fact("cpus", label="CPU sockets")
    if sockets is None:
        message = f"how many processors {server.name} has is not in its record"
        ctx.fail("CC304", message, path, "give its host: embodied.host: 900 kg")
    year = stand_ins.find_year(ctx.catalog, server, card)
    if sockets.value > 0:
        named = stand_ins.processor(ctx, server, card, path)
        parts.append(chips.cpu(ctx, named, sockets, DEFAULT, path))
    dram = stand_ins.find_capacity(ctx, server, "dram", path)
    if dram.value > 0:
        kind = server.text("dram_type") or stand_ins.memory_generation(year)
        parts.append(dimms(ctx, "dram", f"DRAM {kind}", (None, dram), kind, path))
    ssd = stand_ins.find_capacity(ctx, server, "ssd", path)
    if ssd.value > 0:
        count = _drives_of(ctx, ssd)
        parts.append(drives(ctx, "ssd", "SSD", (count, ssd), flash_of(year), path))
    parts += _body_parts(ctx, server, path)
    parts += rack_scale_network(ctx, server, path)
    return [*modeled(ctx, parts), *([] if bare else _rack(ctx, server, path))]


def modeled(ctx: Context, made: list[Part[Fact]]) -> list[Part[Fact]]:
    """Parts of a host, those that our model makes with the error of that model."""
    residual = ctx.default("server_residual")
    return [
        ModeledPart(part.id, part.label, residual, part) if isinstance(part, _OURS) else part
        for part in made
    ]


def _drives_of(ctx: Context, ssd: Fact) -> Fact:
    """Drives of a common size that hold a capacity which a record states in all."""
    each = ctx.default("drive_common")
    few, many = (None if gb is None else max(1.0, ssd.value / gb) for gb in (each.high, each.low))
    pieces, note = max(1.0, round(ssd.value / each.value)), f"drives of about {each.value:,.0f} GB"
    return replace(each, key=f"{ssd.key}:drives", value=pieces, unit="1", note=note, label="drives",
                   low=few and min(few, pieces), high=many and max(many, pieces))  # fmt: skip


def flash_of(year: object) -> str:
    """The generation of flash that drives of a year are of; the newest where it is unknown."""
    if not isinstance(year, int | float):
        return _FLASH[0][1]
    return next((name for first, name in _FLASH if year >= first), _OLDEST_FLASH)


def _body_parts(ctx: Context, server: Record, path: Path) -> list[Part[Fact]]:
    """Network cards, power supplies, board, chassis, fans and assembly."""
    cards = stand_ins.network_cards(ctx, server, path)
    nic = ctx.required_fact(
        ctx.catalog.record("network", "nic-400g"), "embodied", path, "network card"
    )
    psu = ctx.required_fact(ctx.catalog.record("parts", "psu"), "embodied_per_w", path, "PSU per W")
    parts: list[Part[Fact]] = [
        CountedPart("nic", "network cards", cards, nic),
        RatedPart("psu", "power supplies", _rated(ctx, server), psu),
    ]
    height = server.plain_fact("rack_units", label="rack units")
    tall = height is not None and height.value > _TALL_UNITS
    body = chassis_parts(ctx, "8u" if tall else "2u", path)
    trays = server.plain_fact("trays", label="trays")
    if trays is not None:
        body = [Machines("trays", f"{trays.value:g} trays", trays, tuple(body))]
    return [*parts, *body]


def _rated(ctx: Context, server: Record) -> Fact:
    """What power supplies are rated for; the default is that of a server without accelerators."""
    rated = server.fact("psu", label="power supplies") or server.fact("max_power", label="rating")
    if rated is not None:
        return rated
    usual = ctx.default("psu_unknown")
    if server.number("accelerators"):
        reason = f"its rating is not in the record; {usual.value:,.0f} W are counted for its host"
        ctx.note_not_estimated(f"power supplies for the accelerators of {server.name}", reason)
    return usual


def _rack(ctx: Context, server: Record, path: Path) -> list[Part[Fact]]:
    """A share of a rack by height."""
    height = server.plain_fact("rack_units", label="rack units")
    if height is None:
        return []
    rack = ctx.required_fact(ctx.catalog.record("parts", "rack"), "embodied", path, "rack")
    return [RackShare("rack", "rack share", rack, height, ctx.default("rack_height"))]


def chassis_parts(ctx: Context, size: str, path: Path) -> list[Part[Fact]]:
    """Board, chassis, fans and assembly of one machine."""
    names = {
        "mainboard": "mainboard",
        f"chassis-{size}": "chassis",
        f"fans-{size}": "fans",
        "assembly": "assembly",
    }
    factor = ctx.default("body_factor")
    return [
        ServerBody(
            label,
            label,
            factor,
            ctx.required_fact(ctx.record("parts", name, path), "embodied", path),
        )
        for name, label in names.items()
    ]
