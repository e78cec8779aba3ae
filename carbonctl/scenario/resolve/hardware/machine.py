"""Resolve hardware: the device, its machine with a bill of materials, and allocation rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.record import value_record
from carbonctl.estimate.embodied.bom import (
    Comparator,
    CountedPart,
    Hardware,
    Machine,
    Route,
)
from carbonctl.scenario.read.consistency import instance_row
from carbonctl.scenario.resolve.context import ONE, attempt
from carbonctl.scenario.resolve.hardware import network_parts, stand_ins, stated_figures
from carbonctl.scenario.resolve.hardware.machine_extras import (
    find_mass,
    published_comparators,
    spare_parts,
)
from carbonctl.scenario.resolve.hardware.machine_parts import accelerator_part, bounded, host_parts

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.embodied.bom import Part
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import scenario_file as schema

_WITH_HOST = {"machine", "machine+dc"}  # boundaries of published figures that include the host


@value_record
class Device:
    """The accelerator (or whole server) that runs the work, and its host."""

    accelerator: Record | None
    server: Record | None
    per_machine: Fact
    count: Fact | None
    path: Path
    is_host_known: bool = True  # else the server is a typical host of the accelerator

    @property
    def record(self) -> Record:
        """The record with peak and power: of the accelerator, else of the server."""
        record = self.accelerator or self.server
        assert record is not None  # noqa: S101 - resolve_device() gives one of them
        return record


def resolve_device(ctx: Context, section: schema.Hardware | None, path: Path) -> Device:
    """The device that a hardware section names, with its host and count."""
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
        count = ctx.stated_fact(section.count, (*path, "count"), "devices")
    if section.instance:
        return _instance_device(ctx, section.instance, count, path)
    if section.accelerator:
        accelerator = ctx.record("accelerators", section.accelerator, (*path, "accelerator"))
        host = _find_host(ctx, section.server or "", accelerator, (*path, "server"))
        return _make_device(accelerator, host, count, path, named=section.server)
    server = ctx.record("servers", section.server or "", (*path, "server"))
    name = server.text("accelerator")
    card = ctx.record("accelerators", name, (*path, "server")) if name else None
    return _make_device(card, server, count, path, named=server.id)


def _find_host(ctx: Context, named: str, accelerator: Record, path: Path) -> Record | None:
    """Record of an accelerator's server: as named, as in its record, or typical; or None."""
    name = named or accelerator.text("host") or stand_ins.host_class(accelerator)
    return ctx.record("servers", name, path) if name else None


def _make_device(
    accelerator: Record | None,
    server: Record | None,
    count: Fact | None,
    path: Path,
    *,
    named: str | None,
) -> Device:
    per_machine = (
        server.plain_fact("accelerators", label="accelerators per machine") if server else None
    )
    if per_machine is None or per_machine.value < 1:
        per_machine = ONE
    known = bool(named) or server is None or not server.id.startswith("archetype")
    return Device(accelerator, server, per_machine, count, path, known)


def _instance_device(ctx: Context, name: str, count: Fact | None, path: Path) -> Device:
    where = (*path, "instance")
    row = instance_row(ctx, name, where)
    accelerator = ctx.record("accelerators", row["accelerator"], where)
    server = _find_host(ctx, row["server"], accelerator, where)
    return _make_device(accelerator, server, count, path, named=row["server"])


def resolve_hardware(
    ctx: Context,
    machine: Machine[Fact],
    embodied: schema.Embodied | None,
    end_of_life: schema.EndOfLife | None,
    path: Path = ("embodied",),
) -> Hardware[Fact]:
    """A machine with lifetime, allocation rate, transport and end of life."""
    spared = any(piece.id == "spares" for piece in machine.parts)
    if embodied is not None and embodied.spares is not None and not spared:
        message = "spares is not used: it applies to accelerators of a named server"
        ctx.warn("CC303", message, (*path, "spares"))
    end = ctx.catalog.record("end_of_life", end_of_life.route if end_of_life else "recycle")
    transport = embodied.transport if embodied else None
    mode = transport.mode if transport else "mixed"
    route = _route(ctx, transport, mode, path) if transport else None
    per_kg = None
    if route is None:
        delivery = ctx.catalog.record("transport", _DELIVERY[mode])
        per_kg = ctx.required_fact(delivery, "embodied_per_kg", path, "delivery per kg")
    rate = _allocation_rate(ctx, embodied, path)
    credit = None
    if end_of_life is None or end_of_life.credit == "shown":
        credit = end.fact("credit_per_kg", label="recovery credit")
    return Hardware(
        machine=machine,
        lifetime_hours=stated_figures.lifetime(ctx, embodied, path),
        allocation_rate=rate,
        transport_kgco2e_per_kg=per_kg,
        route=route,
        end_of_life_kgco2e_per_kg=ctx.required_fact(
            end, "embodied_per_kg", path, "end of life per kg"
        ),
        recovery_credit_kgco2e_per_kg=credit,
    )


_DELIVERY = {"mixed": "mixed", "air": "air-delivery", "sea": "sea-delivery"}


def _route(ctx: Context, transport: schema.Transport, mode: str, path: Path) -> Route[Fact] | None:
    """Transport over a stated distance; None without one. ``mixed`` goes by air in part."""
    if transport.distance is None:
        return None
    air, sea = (ctx.catalog.record("transport", name) for name in ("air", "sea"))
    shares = {"air": ctx.default("air_all"), "sea": ctx.default("air_none")}
    return Route(
        ctx.stated_fact(transport.distance, (*path, "transport", "distance"), "distance"),
        shares.get(mode) or ctx.default("air_mixed"),
        ctx.required_fact(air, "embodied_per_tkm", path, "air freight per tonne-km"),
        ctx.required_fact(sea, "embodied_per_tkm", path, "sea freight per tonne-km"),
    )


def _allocation_rate(ctx: Context, embodied: schema.Embodied | None, path: Path) -> Fact:
    if embodied is None:
        return ctx.default("allocation_rate")
    if embodied.allocation == "sci":
        if embodied.allocation_rate is not None:
            where = (*path, "allocation_rate")
            ctx.fail(
                "CC303",
                "allocation_rate does not apply to allocation: sci, which leaves idle time out",
                where,
            )
        return ctx.default("allocation_rate_sci")
    return ctx.stated_or_default(
        embodied.allocation_rate, (*path, "allocation_rate"), "allocation_rate"
    )


def resolve_machine(
    ctx: Context,
    device: Device,
    embodied: schema.Embodied | None,
    path: Path = ("embodied",),
    *,
    bare: bool = False,
) -> Machine[Fact]:
    """Bill of materials of one machine; a published footprint replaces the parts it covers.

    A ``bare`` machine excludes rack and datacenter network, which machines share.
    """
    whole = _published_machine(ctx, device, embodied, path)
    if whole is not None:
        return whole
    parts: list[Part[Fact]] = []
    has_accelerators = device.accelerator is not None or bool(device.record.number("accelerators"))
    if has_accelerators:
        parts += _accelerator_parts(ctx, device, embodied, path)
    if embodied is not None and embodied.spares is not None:
        parts += spare_parts(ctx, parts, embodied, path)
    if embodied is not None and embodied.host is not None:
        host = stated_figures.host(ctx, embodied, device.server, path)
        parts.append(CountedPart("host", "host without accelerators", ONE, host))
    elif device.server is not None and not _figure_includes_host(device, embodied):
        server = device.server
        if device.accelerator is not None and not device.is_host_known:
            server = stand_ins.typical_host(ctx, server, device.accelerator, path)
        parts += host_parts(ctx, server, device.accelerator, path, bare=bare)
        if not bare:
            accelerators = device.per_machine if has_accelerators else None
            parts += network_parts.machine_network(ctx, server, accelerators, path)
    elif device.server is None and not _figure_includes_host(device, embodied):
        message = f"no server with {device.record.name} is known, nor a typical host for it"
        ctx.fail("CC304", message, path, "give its host: embodied.host: 900 kg")
    body = device.server or device.record
    mass = find_mass(ctx, body, embodied, path)
    return Machine(body.name, device.per_machine, tuple(parts), mass, published_comparators(body))


def _figure_includes_host(device: Device, embodied: schema.Embodied | None) -> bool:
    """Whether the published figure of the accelerator includes the whole machine."""
    card = device.accelerator
    if card is None or (embodied is not None and embodied.accelerator is not None):
        return False
    figure = card.fact("embodied")
    return figure is not None and figure.boundary in _WITH_HOST


def _published_machine(
    ctx: Context, device: Device, embodied: schema.Embodied | None, path: Path
) -> Machine[Fact] | None:
    """A machine by its published footprint, with the modeled figure as a comparator; or None."""
    server = device.server
    figure = None if server is None else server.fact("embodied", label="published footprint")
    given = embodied is not None and (embodied.host or embodied.accelerator)
    if server is None or figure is None or given:
        return None
    if bounded(ctx, figure, server, path).boundary not in _WITH_HOST:
        message = f"the published figure of {server.name} is of a {figure.boundary}, not a machine"
        ctx.fail("CC303", message, path, "in its record: boundary: machine")
    part = CountedPart("machine", server.name, ONE, figure)
    mass = find_mass(ctx, server, embodied, path)
    others = (*_modeled_comparator(ctx, device, server, path), *published_comparators(server))
    return Machine(server.name, device.per_machine, (part,), mass, others)


def _modeled_comparator(
    ctx: Context, device: Device, server: Record, path: Path
) -> tuple[Comparator, ...]:
    """Modeled footprint of a machine as a comparator; empty where its parts are not known."""
    aside = ctx.without_notes()  # the published figure is used in any case
    accelerators = bool(device.accelerator or server.number("accelerators"))
    bare = attempt(
        lambda: (
            (_accelerator_parts(aside, device, None, path) if accelerators else [])
            + host_parts(aside, server, device.accelerator, path, bare=True)
        )
    )
    if bare is None:
        return ()
    modeled = stated_figures.modeled_kgco2e(ctx, bare)
    return (Comparator(server.name, modeled, "carbonctl-embodied-fit", "bottom-up model"),)


def _accelerator_parts(
    ctx: Context, device: Device, embodied: schema.Embodied | None, path: Path
) -> list[Part[Fact]]:
    """Accelerators of a machine: as stated, as published, or from their parts."""
    if embodied is not None and embodied.accelerator is not None:
        each = stated_figures.accelerator(ctx, embodied, device.accelerator, path)
        return [CountedPart("accelerators", "accelerators", device.per_machine, each)]
    record = device.accelerator
    if record is None:
        count = device.per_machine.value
        message = f"the {count:g} accelerators of {device.record.name} have no record"
        hint = "give each: embodied.accelerator: 160 kg, or name them: hardware.accelerator"
        ctx.fail("CC304", message, path, hint)
    board = device.server.text("baseboard") if device.server else ""
    if board:
        plate = ctx.catalog.record("baseboards", board)
        whole = bounded(ctx, ctx.required_fact(plate, "embodied", path), plate, path)
        return [CountedPart("baseboard", f"baseboard {board}", ONE, whole)]
    return [accelerator_part(ctx, record, device.per_machine, path)]
