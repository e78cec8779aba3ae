"""What the work runs on: device, machine, bill of materials, and the rules of sharing it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.core.record import compared
from carbonctl.core.units import HOURS_PER_YEAR
from carbonctl.estimate.bom import (
    Comparator,
    Counted,
    Hardware,
    Machine,
    Module,
    Route,
)
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.part_carbon import part_carbon
from carbonctl.scenario import figures
from carbonctl.scenario.consistency import instance_row
from carbonctl.scenario.context import ONE, derived
from carbonctl.scenario.parts import accelerator_part, bounded, host_parts

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.bom import Part
    from carbonctl.scenario import schema
    from carbonctl.scenario.context import Context

_WORKSTATION = "archetype-workstation"
_WITH_HOST = {"machine", "machine+dc"}  # published figures that hold the host as well


@compared
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
            absent=section is None,
        )
    count = None
    if section.count is not None:
        count = ctx.given(section.count, (*path, "count"), "devices")
    if section.instance:
        return _instance(ctx, section.instance, count, path)
    if section.accelerator:
        accelerator = ctx.record("accelerators", section.accelerator, (*path, "accelerator"))
        named = section.server or accelerator.text("host")
        host = ctx.record("servers", named, (*path, "server")) if named else None
        return _device(accelerator, host, count, path)
    server = ctx.record("servers", section.server or "", (*path, "server"))
    held = server.text("accelerator")
    card = ctx.record("accelerators", held, (*path, "server")) if held else None
    return _device(card, server, count, path)


def _device(
    accelerator: Record | None, server: Record | None, count: Fact | None, path: Path
) -> Device:
    per_machine = server.plain("accelerators", label="accelerators per machine") if server else None
    if per_machine is None or per_machine.value < 1:
        per_machine = ONE
    return Device(accelerator, server, per_machine, count, path)


def _instance(ctx: Context, name: str, count: Fact | None, path: Path) -> Device:
    where = (*path, "instance")
    row = instance_row(ctx, name, where)
    accelerator = ctx.record("accelerators", row["accelerator"], where)
    host = row["server"] or accelerator.text("host")
    server = ctx.record("servers", host, where) if host else None
    return _device(accelerator, server, count, path)


def hardware(
    ctx: Context,
    machine: Machine[Fact],
    embodied: schema.Embodied | None,
    end_of_life: schema.EndOfLife | None,
    path: Path = ("embodied",),
) -> Hardware[Fact]:
    """A machine with the rules by which its carbon reaches the work."""
    spared = any(piece.id == "spares" for piece in machine.parts)
    if embodied is not None and embodied.spares is not None and not spared:
        message = "spares is not used: they are counted for accelerators of a named server"
        ctx.warn("CC303", message, (*path, "spares"))
    end = ctx.catalog.record("end_of_life", end_of_life.route if end_of_life else "recycle")
    transport = embodied.transport if embodied else None
    mode = transport.mode if transport else "mixed"
    route = _route(ctx, transport, mode, path) if transport else None
    per_kg = None
    if route is None:
        delivery = ctx.catalog.record("transport", _DELIVERY[mode])
        per_kg = ctx.needed(delivery, "embodied_per_kg", path, "delivery per kg")
    rate = _rate(ctx, embodied, path)
    credit = None
    if end_of_life is None or end_of_life.credit == "shown":
        credit = end.fact("credit_per_kg", label="recovery credit")
    return Hardware(
        machine=machine,
        lifetime_hours=figures.lifetime(ctx, embodied, path),
        allocation_rate=rate,
        transport_kgco2e_per_kg=per_kg,
        route=route,
        end_of_life_kgco2e_per_kg=ctx.needed(end, "embodied_per_kg", path, "end of life per kg"),
        recovery_credit_kgco2e_per_kg=credit,
    )


_DELIVERY = {"mixed": "mixed", "air": "air-delivery", "sea": "sea-delivery"}


def _route(ctx: Context, transport: schema.Transport, mode: str, path: Path) -> Route[Fact] | None:
    """A stated distance by a mode; ``mixed`` is flown in part."""
    if transport.distance is None:
        return None
    air, sea = (ctx.catalog.record("transport", name) for name in ("air", "sea"))
    shares = {"air": ctx.default("air_all"), "sea": ctx.default("air_none")}
    return Route(
        ctx.given(transport.distance, (*path, "transport", "distance"), "distance"),
        shares.get(mode) or ctx.default("air_mixed"),
        ctx.needed(air, "embodied_per_tkm", path, "air freight per tonne-km"),
        ctx.needed(sea, "embodied_per_tkm", path, "sea freight per tonne-km"),
    )


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
    ctx: Context,
    found: Device,
    embodied: schema.Embodied | None,
    path: Path = ("embodied",),
    *,
    bare: bool = False,
) -> Machine[Fact]:
    """The bill of materials of one machine; a published footprint replaces what it covers.

    A ``bare`` machine leaves out what it shares with others: rack and network of the datacenter.
    """
    whole = _published(ctx, found, embodied, path)
    if whole is not None:
        return whole
    parts: list[Part[Fact]] = []
    if found.accelerator is not None:
        parts += _accelerators(ctx, found, embodied, path)
    else:
        _unnamed(ctx, found.record)
    if embodied is not None and embodied.spares is not None:
        parts += _spares(ctx, parts, embodied, path)
    if embodied is not None and embodied.host is not None:
        host = figures.host(ctx, embodied, found.server, path)
        parts.append(Counted("host", "host without accelerators", ONE, host))
    elif found.server is not None and not _holds_host(found, embodied):
        parts += host_parts(ctx, found.server, path, bare=bare)
        if not bare and found.accelerator is not None and found.server.id != _WORKSTATION:
            fabric = ctx.catalog.record("network", "fabric-per-accelerator")
            each = ctx.needed(fabric, "embodied", path, "fabric per accelerator")
            parts.append(Counted("fabric", "network fabric", found.per_machine, each))
    elif found.accelerator is not None:
        reason = "no server is known that holds it; give embodied.host"
        ctx.not_estimated[f"host of {found.accelerator.name}"] = reason
    body = found.server or found.record
    mass = body.fact("mass", label=f"mass, {body.name}")
    if mass is None:
        reason = f"no mass is known of {body.name}"
        ctx.not_estimated["transport, end of life"] = reason
    return Machine(body.name, found.per_machine, tuple(parts), mass, comparators(body))


def _unnamed(ctx: Context, server: Record) -> None:
    """Accelerators that a server holds but its record does not name are in no part."""
    held = server.number("accelerators")
    if held:
        reason = f"it holds {held:g}, which its record does not name; give hardware.accelerator too"
        ctx.not_estimated[f"accelerators of {server.name}"] = reason


def _holds_host(found: Device, embodied: schema.Embodied | None) -> bool:
    """Whether the accelerator's published figure is that of a whole machine."""
    card = found.accelerator
    if card is None or (embodied is not None and embodied.accelerator is not None):
        return False
    figure = card.fact("embodied")
    return figure is not None and figure.boundary in _WITH_HOST


def _published(
    ctx: Context, found: Device, embodied: schema.Embodied | None, path: Path
) -> Machine[Fact] | None:
    """A whole machine by its published footprint, our own figure of its parts beside it."""
    server = found.server
    figure = None if server is None else server.fact("embodied", label="published footprint")
    given = embodied is not None and (embodied.host or embodied.accelerator)
    if server is None or figure is None or given:
        return None
    if bounded(ctx, figure, server, path).boundary not in _WITH_HOST:
        message = f"the published figure of {server.name} is of a {figure.boundary}, no machine"
        ctx.fail("CC303", message, path, "in its record: boundary: machine")
    bare: list[Part[Fact]] = []
    aside = replace(ctx, not_estimated={})  # what our own figure lacks, the published one holds
    if found.accelerator is not None:
        bare += _accelerators(aside, found, embodied, path)
    bare += host_parts(aside, server, path, bare=True)
    modeled = sum(float(part_carbon(bind(part, lambda fact: fact.value))) for part in bare)
    ours = Comparator(server.name, modeled, "carbonctl-embodied-fit", "bottom-up model")
    part = Counted("machine", server.name, ONE, figure)
    mass = server.fact("mass", label=f"mass, {server.name}")
    if mass is None:
        ctx.not_estimated["transport, end of life"] = f"no mass is known of {server.name}"
    return Machine(server.name, found.per_machine, (part,), mass, (ours, *comparators(server)))


def _spares(
    ctx: Context, accelerators: list[Part[Fact]], embodied: schema.Embodied, path: Path
) -> list[Part[Fact]]:
    """Accelerators that are made to replace failed ones over the life, as parts of their own."""
    rate = ctx.given(embodied.spares, (*path, "spares"), "accelerators replaced in a year")
    life = ctx.either(embodied.lifetime, (*path, "lifetime"), "lifetime").value / HOURS_PER_YEAR

    def spare(count: Fact) -> Fact:
        note = f"{count.value:g} x {rate.value:g} a year x {life:g} y"
        like = replace(rate, shape="positive")
        return derived(rate.key, count.value * rate.value * life, like, note, "spares")

    made: list[Part[Fact]] = []
    for piece in accelerators:
        if isinstance(piece, Counted):
            count, label = spare(piece.part_count), "spare accelerators"
            made.append(replace(piece, id="spares", label=label, part_count=count))
        elif isinstance(piece, Module):
            count, label = spare(piece.module_count), "spare accelerators"
            made.append(replace(piece, id="spares", label=label, module_count=count))
    return made


def comparators(record: Record) -> tuple[Comparator, ...]:
    """Other people's figures for a record's embodied carbon."""
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
    """All accelerators of a machine: as given, as published, or built from their parts."""
    record = found.record
    if embodied is not None and embodied.accelerator is not None:
        each = figures.accelerator(ctx, embodied, record, path)
        return [Counted("accelerators", "accelerators", found.per_machine, each)]
    board = found.server.text("baseboard") if found.server else ""
    if board:
        held = ctx.catalog.record("baseboards", board)
        whole = bounded(ctx, ctx.needed(held, "embodied", path), held, path)
        return [Counted("baseboard", f"baseboard {board}", ONE, whole)]
    return [accelerator_part(ctx, record, found.per_machine, path)]
