"""What is larger than a machine, or needs no list: racks, clusters, datacenters, devices."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.embodied.bom import Building, Counted, Machine, Machines, Plant, Racked
from carbonctl.scenario.resolve.context import ONE, derived
from carbonctl.scenario.resolve.hardware import machine as machines
from carbonctl.scenario.resolve.hardware.bill_of_materials import bill, given_comparators
from carbonctl.scenario.resolve.hardware.machine_extras import mass_of
from carbonctl.scenario.resolve.hardware.network_parts import fabric, switches
from carbonctl.scenario.resolve.hardware.stand_ins import RACK_SCALE

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.fact import Fact
    from carbonctl.estimate.embodied.bom import Part
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import embodied_section as schema_embodied
    from carbonctl.scenario.schema import scenario_file as schema

    Built = tuple[Plant[Fact] | Building[Fact], ...]

_HARDWARE = ("hardware",)
_DATACENTER = ("embodied", "datacenter")
_PLANT = ("shell", "ups", "batteries", "gensets", "cooling")
_LABELS = {"shell": "structure and shell", "ups": "UPS", "gensets": "standby generators"}
# Canonical units in the units of the record: square meters, kilowatts, kilowatt-hours.
_SIZES = {"shell": 1e4, "ups": 1e3, "batteries": 1.0, "gensets": 1e3, "cooling": 1e3}


def rack(ctx: Context, scenario: schema.Scenario, section: schema.Embodied) -> Machine[Fact]:
    """A rack with as many machines as its height holds, or as are stated."""
    found, one = _machine(ctx, scenario, section)
    empty = _empty_rack(ctx)
    height = ctx.default("rack_height")
    units = None if found.server is None else found.server.plain("rack_units", label="rack units")
    if section.per_rack is not None:
        held = ctx.given(section.per_rack, ("embodied", "per_rack"), "machines per rack")
    elif units is None:
        ctx.fail("CC206", f"no height is known of {one.name}", ("embodied",), "give per_rack: 4")
    else:
        fitting = max(1.0, math.floor(height.value / units.value))
        note = f"{height.value:g} units over {units.value:g}"
        held = derived("rack:machines", fitting, ONE, note, "machines per rack")
    label = f"{held.value:g} x {one.name}"
    parts: list[Part[Fact]] = [Machines("machines", label, held, one.parts), empty]
    parts += _network(ctx, found, section, held)
    devices = derived("rack:devices", held.value * one.accelerators_per_machine.value, ONE,
                      "in all machines", "devices")  # fmt: skip
    mass = _mass(one, held.value)
    return Machine(f"rack of {label}", devices, tuple(parts), mass)


def cluster(ctx: Context, scenario: schema.Scenario, section: schema.Embodied) -> Machine[Fact]:
    """All machines of the hardware, with their racks and their network."""
    found, one = _machine(ctx, scenario, section)
    if found.count is None:
        ctx.fail("CC206", "a cluster needs `count`", _HARDWARE, "as in count: 64")
    devices, each = found.count, one.accelerators_per_machine
    needed = devices.value / each.value
    note = f"{devices.value:g} devices, {each.value:g} in each"
    count = derived("cluster:machines", needed, devices, note, "machines")
    parts: list[Part[Fact]] = [
        Machines("machines", f"{count.value:,.6g} x {one.name}", count, one.parts)
    ]
    units = None if found.server is None else found.server.plain("rack_units", label="rack units")
    if units is not None:
        empty, height = _empty_rack(ctx), ctx.default("rack_height")
        share = derived("cluster:rack_units", units.value * needed, ONE, note, "rack units")
        parts.append(Racked("racks", "racks", empty.unit_kgco2e, share, height))
    if found.accelerator is not None or found.record.number("accelerators"):
        parts.append(fabric(ctx, devices, _HARDWARE))
    else:
        parts += _network(ctx, found, section, count)
    mass = _mass(one, needed)
    title = f"{devices.value:,.6g} x {found.record.name}"
    return Machine(f"cluster of {title}", devices, tuple(parts), mass)


def device(ctx: Context, _scenario: schema.Scenario, section: schema.Embodied) -> Machine[Fact]:
    """A client device: as listed, or as its maker publishes it."""
    if section.parts:
        return bill(ctx, section, ONE)
    path = ("embodied", "device")
    if section.device is None:
        hint = "as in device: apple-iphone-14-128gb, or list its parts"
        ctx.fail("CC206", "a device is named or listed part by part", ("embodied",), hint)
    record = ctx.record("devices", section.device, path)
    whole = ctx.needed(record, "embodied", path, f"{record.name}, published footprint")
    mass = mass_of(ctx, record, section, ("embodied",))
    part = Counted("device", record.name, ONE, whole)
    return Machine(record.name, ONE, (part,), mass, given_comparators(section))


def datacenter(ctx: Context, scenario: schema.Scenario, section: schema.Embodied) -> Machine[Fact]:
    """The machines of a datacenter, where its hardware is named; else the empty building."""
    if scenario.hardware is not None:
        return replace(cluster(ctx, scenario, section), name="datacenter")
    ctx.not_estimated["machines of the datacenter"] = "no hardware is named"
    return Machine("datacenter", ONE, (), None)


LARGER: dict[str, Callable[[Context, schema.Scenario, schema.Embodied], Machine[Fact]]] = {
    "rack": rack,
    "cluster": cluster,
    "datacenter": datacenter,
    "device": device,
}


def building(ctx: Context, scenario: schema.Scenario, section: schema.Embodied) -> Built:
    """Construction of a datacenter, by IT power or by its parts, never both."""
    said = section.datacenter
    listed = [] if said is None else [name for name in _PLANT if getattr(said, name) is not None]
    life = ctx.either(said.life if said else None, (*_DATACENTER, "life"), "building_life")
    record = ctx.catalog.record("datacenters", "construction")
    if said is not None and listed:
        if said.construction_per_kw_year is not None:
            message = f"construction is given per kW-year and by its parts ({', '.join(listed)})"
            where = (*_DATACENTER, "construction_per_kw_year")
            ctx.fail("CC303", message, where, "keep one of the two")
        for name in ("it_power", "load"):
            if getattr(said, name) is not None:
                message = f"{name} changes nothing of a building by its parts"
                ctx.fail("CC303", message, (*_DATACENTER, name), "keep one of the two")
        return tuple(_plant(ctx, said, name, life) for name in listed)
    own = said.construction_per_kw_year if said else None
    factor = ctx.needed(record, "construction_per_kw_year", _DATACENTER, "construction per kW-year")
    if own is not None:
        at = (*_DATACENTER, "construction_per_kw_year")
        factor = ctx.given(own, at, "construction per average IT kW")
    load = ctx.either(said.load if said else None, (*_DATACENTER, "load"), "it_load")
    power = _it_power(ctx, scenario, said)
    return (Building("building", "building by IT power", power, load, life, factor),)


def _plant(ctx: Context, said: schema_embodied.Datacenter, name: str, life: Fact) -> Plant[Fact]:
    record = ctx.catalog.record("datacenters", "construction")
    label = _LABELS.get(name, name)
    amount = ctx.given(getattr(said, name), (*_DATACENTER, name), label)
    size = _SIZES[name]
    amount = replace(
        amount,
        value=amount.value / size,
        unit="1",
        low=None if amount.low is None else amount.low / size,
        high=None if amount.high is None else amount.high / size,
    )
    each = ctx.needed(record, f"embodied_{name}", (*_DATACENTER, name), f"{label}, one unit")
    lasts = life if name == "shell" else ctx.default("plant_life")
    return Plant(name, label, amount, each, life, lasts)


def _it_power(
    ctx: Context, scenario: schema.Scenario, said: schema_embodied.Datacenter | None
) -> Fact:
    """Design IT power: as stated, or what all machines of the hardware may draw."""
    if said is not None and said.it_power is not None:
        return ctx.given(said.it_power, (*_DATACENTER, "it_power"), "design IT power")
    hint = "as in datacenter: {it_power: 10 MW}, or --set 'embodied.datacenter.it_power=P MW'"
    if scenario.hardware is None:
        message = "a datacenter needs its IT power or its hardware"
        ctx.fail("CC206", message, _DATACENTER, hint, absent=True)
    found = machines.device(ctx, scenario.hardware, _HARDWARE)
    if found.count is None:
        many = "as in count: 64, or --set hardware.count=N"
        ctx.fail("CC206", "a datacenter needs `count`", _HARDWARE, many)
    most = None if found.server is None else found.server.fact("max_power", label="rating")
    if most is None:
        named = found.server or found.record
        ctx.fail("CC206", f"no power is known of {named.name}", _HARDWARE, hint)
    total = most.value * found.count.value / found.per_machine.value
    note = f"{most.value:g} W a machine"
    return derived("datacenter:it_power", total, most, note, "design IT power")


def _machine(
    ctx: Context, scenario: schema.Scenario, section: schema.Embodied
) -> tuple[machines.Device, Machine[Fact]]:
    """One machine of the hardware, without what it shares with others."""
    found = machines.device(ctx, scenario.hardware, _HARDWARE)
    if section.parts:
        return found, bill(ctx, section, found.per_machine, found.accelerator)
    return found, machines.machine(ctx, found, section, bare=True)


def _network(
    ctx: Context, found: machines.Device, section: schema.Embodied, count: Fact
) -> list[Part[Fact]]:
    """Switches and links of machines: a port and a link for each of their network cards.

    A list of parts that holds network equipment is taken as it stands.
    """
    server = None if section.parts else found.server
    whole = server is not None and server.text("category") == RACK_SCALE  # its switches are its own
    if whole or any(entry.network is not None for entry in section.parts):
        return []
    return switches(ctx, server, count, _HARDWARE)


def _mass(one: Machine[Fact], count: float) -> Fact | None:
    """Mass of several machines, where that of one is known."""
    if one.mass_kg is None:
        return None
    return derived("machines:mass", one.mass_kg.value * count, one.mass_kg, "of all", "mass")


def _empty_rack(ctx: Context) -> Counted[Fact]:
    record = ctx.catalog.record("parts", "rack")
    return Counted("rack", "rack", ONE, ctx.needed(record, "embodied", _HARDWARE, "rack"))
