"""What the work runs on: device, machine, bill of materials, and the rules of sharing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.record import compared
from carbonctl.estimate.embodied.bom import (
    Comparator,
    Counted,
    Hardware,
    Machine,
    Route,
)
from carbonctl.scenario.read.consistency import instance_row
from carbonctl.scenario.resolve.context import ONE, tried
from carbonctl.scenario.resolve.hardware import network_parts as network
from carbonctl.scenario.resolve.hardware import stand_ins
from carbonctl.scenario.resolve.hardware import stated_figures as figures
from carbonctl.scenario.resolve.hardware.machine_extras import comparators, mass_of, spares
from carbonctl.scenario.resolve.hardware.machine_parts import accelerator_part, bounded, host_parts

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.embodied.bom import Part
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import scenario_file as schema

_WITH_HOST = {"machine", "machine+dc"}  # published figures that hold the host as well


@compared
class Device:
    """The accelerator (or whole server) that does the work, and the host that holds it."""

    accelerator: Record | None
    server: Record | None
    per_machine: Fact
    count: Fact | None
    path: Path
    is_host_known: bool = True  # else the server is a class of hosts, of the accelerator's form

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
        host = _host(ctx, section.server or "", accelerator, (*path, "server"))
        return _device(accelerator, host, count, path, named=section.server)
    server = ctx.record("servers", section.server or "", (*path, "server"))
    held = server.text("accelerator")
    card = ctx.record("accelerators", held, (*path, "server")) if held else None
    return _device(card, server, count, path, named=server.id)


def _host(ctx: Context, named: str, accelerator: Record, path: Path) -> Record | None:
    """The server that holds an accelerator: as named, as its record says, or of its class."""
    name = named or accelerator.text("host") or stand_ins.class_of(accelerator)
    return ctx.record("servers", name, path) if name else None


def _device(
    accelerator: Record | None,
    server: Record | None,
    count: Fact | None,
    path: Path,
    *,
    named: str | None,
) -> Device:
    per_machine = server.plain("accelerators", label="accelerators per machine") if server else None
    if per_machine is None or per_machine.value < 1:
        per_machine = ONE
    known = bool(named) or server is None or not server.id.startswith("archetype")
    return Device(accelerator, server, per_machine, count, path, known)


def _instance(ctx: Context, name: str, count: Fact | None, path: Path) -> Device:
    where = (*path, "instance")
    row = instance_row(ctx, name, where)
    accelerator = ctx.record("accelerators", row["accelerator"], where)
    server = _host(ctx, row["server"], accelerator, where)
    return _device(accelerator, server, count, path, named=row["server"])


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
    has_accelerators = found.accelerator is not None or bool(found.record.number("accelerators"))
    if has_accelerators:
        parts += _accelerators(ctx, found, embodied, path)
    if embodied is not None and embodied.spares is not None:
        parts += spares(ctx, parts, embodied, path)
    if embodied is not None and embodied.host is not None:
        host = figures.host(ctx, embodied, found.server, path)
        parts.append(Counted("host", "host without accelerators", ONE, host))
    elif found.server is not None and not _holds_host(found, embodied):
        server = found.server
        if found.accelerator is not None and not found.is_host_known:
            server = stand_ins.host_of_class(ctx, server, found.accelerator, path)
        parts += host_parts(ctx, server, found.accelerator, path, bare=bare)
        if not bare:
            held = found.per_machine if has_accelerators else None
            parts += network.of_machine(ctx, server, held, path)
    elif found.server is None and not _holds_host(found, embodied):
        message = f"no server is known that holds {found.record.name}, nor any of its class"
        ctx.fail("CC304", message, path, "give its host: embodied.host: 900 kg")
    body = found.server or found.record
    mass = mass_of(ctx, body, embodied, path)
    return Machine(body.name, found.per_machine, tuple(parts), mass, comparators(body))


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
    part = Counted("machine", server.name, ONE, figure)
    mass = mass_of(ctx, server, embodied, path)
    others = (*_modeled(ctx, found, server, path), *comparators(server))
    return Machine(server.name, found.per_machine, (part,), mass, others)


def _modeled(ctx: Context, found: Device, server: Record, path: Path) -> tuple[Comparator, ...]:
    """Our own figure of a machine's parts beside its published one, where its parts are known."""
    aside = ctx.aside()  # the published figure stands
    accelerators = bool(found.accelerator or server.number("accelerators"))
    bare = tried(
        lambda: (
            (_accelerators(aside, found, None, path) if accelerators else [])
            + host_parts(aside, server, found.accelerator, path, bare=True)
        )
    )
    if bare is None:
        return ()
    modeled = figures.modeled_kgco2e(ctx, bare)
    return (Comparator(server.name, modeled, "carbonctl-embodied-fit", "bottom-up model"),)


def _accelerators(
    ctx: Context, found: Device, embodied: schema.Embodied | None, path: Path
) -> list[Part[Fact]]:
    """All accelerators of a machine: as given, as published, or built from their parts."""
    if embodied is not None and embodied.accelerator is not None:
        each = figures.accelerator(ctx, embodied, found.accelerator, path)
        return [Counted("accelerators", "accelerators", found.per_machine, each)]
    record = found.accelerator
    if record is None:
        held = found.per_machine.value
        message = f"the {held:g} accelerators of {found.record.name} have no record"
        hint = "give each: embodied.accelerator: 160 kg, or name them: hardware.accelerator"
        ctx.fail("CC304", message, path, hint)
    board = found.server.text("baseboard") if found.server else ""
    if board:
        plate = ctx.catalog.record("baseboards", board)
        whole = bounded(ctx, ctx.needed(plate, "embodied", path), plate, path)
        return [Counted("baseboard", f"baseboard {board}", ONE, whole)]
    return [accelerator_part(ctx, record, found.per_machine, path)]
