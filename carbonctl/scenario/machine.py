"""What the work runs on: device, machine, bill of materials, and the rules of sharing it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from carbonctl.core.errors import did_you_mean
from carbonctl.core.fact import Fact
from carbonctl.estimate.inputs import (
    Capacity,
    Comparator,
    Counted,
    Die,
    Hardware,
    Interposer,
    Machine,
    Module,
    Racked,
    Rated,
)
from carbonctl.scenario.context import ONE


if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.inputs import Part
    from carbonctl.scenario import schema
    from carbonctl.scenario.context import Context

_WORKSTATION = "archetype-workstation"
_WATTS_OF_SMALL_CARD = 150.0


@dataclass(frozen=True, slots=True)
class Device:
    """The accelerator (or whole server) that does the work, and the host that holds it."""

    accelerator: Record | None
    server: Record | None
    per_machine: Fact
    count: Fact | None
    path: Path

    @property
    def record(self) -> Record:
        """The record with peaks and power: the accelerator, else the server."""
        record = self.accelerator or self.server
        assert record is not None  # noqa: S101 - device() fails before it makes an empty one
        return record


def device(ctx: Context, section: schema.Hardware | None, path: Path) -> Device:
    """The device that a hardware section names."""
    if section is None or not (section.accelerator or section.server or section.instance):
        ctx.fail(
            "CC206",
            "hardware is required: an accelerator, a server or an instance",
            path,
            "as in hardware: {accelerator: h100-sxm, count: 64}",
            "carbonctl hw list",
        )
    count = None
    if section.count is not None:
        count = ctx.given(section.count, (*path, "count"), "devices")
    if section.instance:
        return _instance(ctx, section.instance, count, path)
    if section.accelerator:
        accelerator = ctx.record("accelerators", section.accelerator, (*path, "accelerator"))
        named = section.server or accelerator.text("host")
        server = ctx.record("servers", named, (*path, "server")) if named else None
    else:
        server = ctx.record("servers", section.server or "", (*path, "server"))
        held = server.text("accelerator")
        accelerator = ctx.record("accelerators", held, (*path, "server")) if held else None
    return _device(accelerator, server, count, path)


def _device(
    accelerator: Record | None, server: Record | None, count: Fact | None, path: Path
) -> Device:
    per_machine = server.plain("accelerators", label="accelerators per machine") if server else None
    if per_machine is None or per_machine.value < 1:
        per_machine = ONE
    return Device(accelerator, server, per_machine, count, path)


def _instance(ctx: Context, name: str, count: Fact | None, path: Path) -> Device:
    provider, _, instance = name.rpartition(":")
    rows = list(ctx.catalog.table("instances/cloud.csv"))
    for row in rows:
        if row["instance"] == instance and provider in ("", row["provider"]):
            where = (*path, "instance")
            accelerator = ctx.record("accelerators", row["accelerator"], where)
            held = row["server"] or accelerator.text("host")
            server = ctx.record("servers", held, where) if held else None
            return _device(accelerator, server, count, path)
    hint = did_you_mean(name, [f"{r['provider']}:{r['instance']}" for r in rows])
    ctx.fail("CC104", f'unknown instance "{name}"', (*path, "instance"), hint)


def hardware(
    ctx: Context,
    machine: Machine[Fact],
    embodied: schema.Embodied | None,
    end_of_life: schema.EndOfLife | None,
    path: Path = ("embodied",),
) -> Hardware[Fact]:
    """A machine with the rules by which its carbon reaches the work."""
    route = ctx.catalog.record("end_of_life", end_of_life.route if end_of_life else "recycle")
    transport = embodied.transport if embodied else None
    mode = ctx.catalog.record("transport", _DELIVERY[transport.mode if transport else "mixed"])
    rate = _rate(ctx, embodied, path)
    credit = None
    if end_of_life is None or end_of_life.credit == "shown":
        credit = route.fact("credit_per_kg", label="recovery credit")
    if transport is not None and transport.distance is not None:
        ctx.warn(
            "CC306",
            "transport.distance is recorded; delivery is priced per kg by mode",
            (*path, "transport", "distance"),
        )
    return Hardware(
        machine=machine,
        lifetime_hours=ctx.either(
            embodied.lifetime if embodied else None, (*path, "lifetime"), "lifetime"
        ),
        allocation_rate=rate,
        transport_kgco2e_per_kg=ctx.needed(mode, "embodied_per_kg", path, "delivery per kg"),
        end_of_life_kgco2e_per_kg=ctx.needed(route, "embodied_per_kg", path, "end of life per kg"),
        recovery_credit_kgco2e_per_kg=credit,
    )


_DELIVERY = {"mixed": "mixed", "air": "air-delivery", "sea": "sea-delivery"}


def _rate(ctx: Context, embodied: schema.Embodied | None, path: Path) -> Fact:
    if embodied is None:
        return ctx.default("allocation_rate")
    if embodied.allocation == "sci":
        if embodied.allocation_rate is not None:
            where = (*path, "allocation_rate")
            ctx.fail("CC303", "allocation: sci has no allocation_rate; idle is unallocated", where)
        return ctx.default("allocation_rate_sci")
    return ctx.either(embodied.allocation_rate, (*path, "allocation_rate"), "allocation_rate")


def machine(
    ctx: Context, found: Device, embodied: schema.Embodied | None, path: Path = ("embodied",)
) -> Machine[Fact]:
    """The bill of materials of one machine; a published footprint replaces what it covers."""
    parts: list[Part[Fact]] = []
    if found.accelerator is not None:
        parts += _accelerators(ctx, found, embodied, path)
    if embodied is not None and embodied.host is not None:
        host = ctx.given(embodied.host, (*path, "host"), "host, as given")
        parts.append(Counted("host", "host without accelerators", ONE, host))
    elif found.server is not None:
        parts += host_parts(ctx, found.server, path)
        if found.accelerator is not None and found.server.id != _WORKSTATION:
            fabric = ctx.catalog.record("network", "fabric-per-accelerator")
            each = ctx.needed(fabric, "embodied", path, "fabric per accelerator")
            parts.append(Counted("fabric", "network fabric", found.per_machine, each))
    body = found.server or found.record
    mass = body.fact("mass", label=f"mass, {body.name}")
    if mass is None:
        reason = f"no mass is known of {body.name}"
        ctx.not_estimated["transport, end of life"] = reason
    return Machine(body.name, found.per_machine, tuple(parts), mass, comparators(body))


def comparators(record: Record) -> tuple[Comparator, ...]:
    found = []
    for place in range(len(record.data.get("comparators", []))):
        entry = record.data["comparators"][place]
        value = float(str(entry["value"]).split()[0])
        note = str(entry.get("note", ""))
        found.append(Comparator(record.name, value, str(entry["source"]), note))
    return tuple(found)


def _accelerators(
    ctx: Context, found: Device, embodied: schema.Embodied | None, path: Path
) -> list[Part[Fact]]:
    """All accelerators of a machine: as given, as published for their baseboard or module, or built."""
    record = found.record
    if embodied is not None and embodied.accelerator is not None:
        each = ctx.given(embodied.accelerator, (*path, "accelerator"), "accelerator, as given")
        return [Counted("accelerators", "accelerators", found.per_machine, each)]
    board = found.server.text("baseboard") if found.server else ""
    if board:
        whole = ctx.needed(ctx.catalog.record("baseboards", board), "embodied", path)
        return [Counted("baseboard", f"baseboard {board}", ONE, whole)]
    return [accelerator_part(ctx, record, found.per_machine, path)]


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


def host_parts(ctx: Context, server: Record, path: Path) -> list[Part[Fact]]:
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
    return [*parts, *_body_parts(ctx, server, path)]


def _capacity(
    ctx: Context, part_id: str, label: str, amount: Fact, folder: str, kind: str, path: Path
) -> Capacity[Fact]:
    per_gb = ctx.needed(ctx.record(folder, kind, path), "embodied_per_gb", path, f"{kind} per GB")
    return Capacity(part_id, label, amount, per_gb)


def _body_parts(ctx: Context, server: Record, path: Path) -> list[Part[Fact]]:
    """Network cards, power supplies, board, chassis, fans, assembly, and a share of a rack."""
    cards = server.fact("nics", label=f"network cards, {server.name}")
    cards = cards or ctx.default("nics_per_machine")
    nic = ctx.needed(ctx.catalog.record("network", "nic-400g"), "embodied", path, "network card")
    one = ONE
    rated = server.fact("psu", label="power supplies") or server.fact("max_power", label="rating")
    parts: list[Part[Fact]] = [Counted("nic", "network cards", cards, nic)]
    if rated is not None:
        psu = ctx.needed(ctx.catalog.record("parts", "psu"), "embodied_per_w", path, "PSU per W")
        parts.append(Rated("psu", "power supplies", rated, psu))
    height = server.plain("rack_units", label="rack units")
    tall = height is not None and height.value > _TALL_UNITS
    parts += chassis_parts(ctx, "8u" if tall else "2u", path)
    if height is not None:
        rack = ctx.needed(ctx.catalog.record("parts", "rack"), "embodied", path, "rack")
        parts.append(Racked("rack", "rack share", rack, height, ctx.default("rack_height")))
    return parts


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
