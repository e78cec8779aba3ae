"""Resolve racks, clusters, datacenters and client devices for ``carbonctl embodied``."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.embodied.bom import (
    Building,
    BuildingPart,
    CountedPart,
    Machine,
    Machines,
    RackShare,
)
from carbonctl.scenario.resolve.context import ONE, derive_fact
from carbonctl.scenario.resolve.hardware.bill_of_materials import resolve_bill, stated_comparators
from carbonctl.scenario.resolve.hardware.machine import resolve_device, resolve_machine
from carbonctl.scenario.resolve.hardware.machine_extras import find_mass
from carbonctl.scenario.resolve.hardware.network_parts import fabric_part, switches_and_links
from carbonctl.scenario.resolve.hardware.stand_ins import RACK_SCALE

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.fact import Fact
    from carbonctl.estimate.embodied.bom import Part
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.resolve.hardware.machine import Device
    from carbonctl.scenario.schema import embodied_section as schema_embodied
    from carbonctl.scenario.schema import scenario_file as schema

    BuildingParts = tuple[BuildingPart[Fact] | Building[Fact], ...]

_HARDWARE = ("hardware",)
_DATACENTER = ("embodied", "datacenter")
_PLANT = ("shell", "ups", "batteries", "gensets", "cooling")
_LABELS = {"shell": "structure and shell", "ups": "UPS", "gensets": "standby generators"}
# Factors from canonical units to units of the record: m2, kW, kWh.
_SIZES = {"shell": 1e4, "ups": 1e3, "batteries": 1.0, "gensets": 1e3, "cooling": 1e3}


def resolve_rack(
    ctx: Context, scenario: schema.Scenario, section: schema.Embodied
) -> Machine[Fact]:
    """A rack with the stated number of machines, else as many as fit its height."""
    device, one = _one_machine(ctx, scenario, section)
    empty = _empty_rack(ctx)
    height = ctx.default("rack_height")
    units = (
        None
        if device.server is None
        else device.server.plain_fact("rack_units", label="rack units")
    )
    if section.per_rack is not None:
        machine_count = ctx.stated_fact(
            section.per_rack, ("embodied", "per_rack"), "machines per rack"
        )
    elif units is None:
        ctx.fail(
            "CC206", f"the height of {one.name} is not known", ("embodied",), "give per_rack: 4"
        )
    else:
        fitting = max(1.0, math.floor(height.value / units.value))
        note = f"{height.value:g} units over {units.value:g}"
        machine_count = derive_fact("rack:machines", fitting, ONE, note, "machines per rack")
    label = f"{machine_count.value:g} x {one.name}"
    parts: list[Part[Fact]] = [Machines("machines", label, machine_count, one.parts), empty]
    parts += _network_parts(ctx, device, section, machine_count)
    in_rack = machine_count.value * one.accelerators_per_machine.value
    devices = derive_fact("rack:devices", in_rack, ONE, "in all machines", "devices")
    mass = _total_mass(one, machine_count.value)
    return Machine(f"rack of {label}", devices, tuple(parts), mass)


def resolve_cluster(
    ctx: Context, scenario: schema.Scenario, section: schema.Embodied
) -> Machine[Fact]:
    """All machines of the hardware, with racks and network."""
    device, one = _one_machine(ctx, scenario, section)
    if device.count is None:
        ctx.fail("CC206", "a cluster needs `count`", _HARDWARE, "as in count: 64")
    devices, each = device.count, one.accelerators_per_machine
    needed = devices.value / each.value
    note = f"{devices.value:g} devices, {each.value:g} in each"
    count = derive_fact("cluster:machines", needed, devices, note, "machines")
    parts: list[Part[Fact]] = [
        Machines("machines", f"{count.value:,.6g} x {one.name}", count, one.parts)
    ]
    units = (
        None
        if device.server is None
        else device.server.plain_fact("rack_units", label="rack units")
    )
    if units is not None:
        empty, height = _empty_rack(ctx), ctx.default("rack_height")
        share = derive_fact("cluster:rack_units", units.value * needed, ONE, note, "rack units")
        parts.append(RackShare("racks", "racks", empty.unit_kgco2e, share, height))
    if device.accelerator is not None or device.record.number("accelerators"):
        parts.append(fabric_part(ctx, devices, _HARDWARE))
    else:
        parts += _network_parts(ctx, device, section, count)
    mass = _total_mass(one, needed)
    title = f"{devices.value:,.6g} x {device.record.name}"
    return Machine(f"cluster of {title}", devices, tuple(parts), mass)


def resolve_client_device(
    ctx: Context, _scenario: schema.Scenario, section: schema.Embodied
) -> Machine[Fact]:
    """A client device: from listed parts, or by its published footprint."""
    if section.parts:
        return resolve_bill(ctx, section, ONE)
    path = ("embodied", "device")
    if section.device is None:
        hint = "as in device: apple-iphone-14-128gb, or list its parts"
        ctx.fail(
            "CC206", "expected the name of a device, or a list of its parts", ("embodied",), hint
        )
    record = ctx.record("devices", section.device, path)
    whole = ctx.required_fact(record, "embodied", path, f"{record.name}, published footprint")
    mass = find_mass(ctx, record, section, ("embodied",))
    part = CountedPart("device", record.name, ONE, whole)
    return Machine(record.name, ONE, (part,), mass, stated_comparators(section))


def resolve_datacenter(
    ctx: Context, scenario: schema.Scenario, section: schema.Embodied
) -> Machine[Fact]:
    """The machines of a datacenter; none where the scenario names no hardware."""
    if scenario.hardware is not None:
        return replace(resolve_cluster(ctx, scenario, section), name="datacenter")
    ctx.not_estimated["machines of the datacenter"] = "no hardware is named"
    return Machine("datacenter", ONE, (), None)


RESOLVERS: dict[str, Callable[[Context, schema.Scenario, schema.Embodied], Machine[Fact]]] = {
    "rack": resolve_rack,
    "cluster": resolve_cluster,
    "datacenter": resolve_datacenter,
    "device": resolve_client_device,
}


def resolve_building(
    ctx: Context, scenario: schema.Scenario, section: schema.Embodied
) -> BuildingParts:
    """Construction of a datacenter: by its stated parts, else by IT power."""
    building = section.datacenter
    listed = (
        [] if building is None else [name for name in _PLANT if getattr(building, name) is not None]
    )
    life = ctx.stated_or_default(
        building.life if building else None, (*_DATACENTER, "life"), "building_life"
    )
    record = ctx.catalog.record("datacenters", "construction")
    if building is not None and listed:
        if building.construction_per_kw_year is not None:
            message = f"construction is given per kW-year and by its parts ({', '.join(listed)})"
            where = (*_DATACENTER, "construction_per_kw_year")
            ctx.fail("CC303", message, where, "keep one of the two")
        for name in ("it_power", "load"):
            if getattr(building, name) is not None:
                message = f"{name} has no effect on a building that is given by its parts"
                ctx.fail("CC303", message, (*_DATACENTER, name), "keep one of the two")
        return tuple(_plant_part(ctx, building, name, life) for name in listed)
    own = building.construction_per_kw_year if building else None
    factor = ctx.required_fact(
        record, "construction_per_kw_year", _DATACENTER, "construction per kW-year"
    )
    if own is not None:
        at = (*_DATACENTER, "construction_per_kw_year")
        factor = ctx.stated_fact(own, at, "construction per average IT kW")
    load = ctx.stated_or_default(
        building.load if building else None, (*_DATACENTER, "load"), "it_load"
    )
    power = _it_power(ctx, scenario, building)
    return (Building("building", "building by IT power", power, load, life, factor),)


def _plant_part(
    ctx: Context, building: schema_embodied.Datacenter, name: str, life: Fact
) -> BuildingPart[Fact]:
    record = ctx.catalog.record("datacenters", "construction")
    label = _LABELS.get(name, name)
    amount = ctx.stated_fact(getattr(building, name), (*_DATACENTER, name), label)
    size = _SIZES[name]
    amount = replace(
        amount,
        value=amount.value / size,
        unit="1",
        low=None if amount.low is None else amount.low / size,
        high=None if amount.high is None else amount.high / size,
    )
    each = ctx.required_fact(record, f"embodied_{name}", (*_DATACENTER, name), f"{label}, one unit")
    lasts = life if name == "shell" else ctx.default("plant_life")
    return BuildingPart(name, label, amount, each, life, lasts)


def _it_power(
    ctx: Context, scenario: schema.Scenario, building: schema_embodied.Datacenter | None
) -> Fact:
    """Design IT power [W]: as stated, or the maximum power of all machines."""
    if building is not None and building.it_power is not None:
        return ctx.stated_fact(building.it_power, (*_DATACENTER, "it_power"), "design IT power")
    hint = "as in datacenter: {it_power: 10 MW}, or --set 'embodied.datacenter.it_power=P MW'"
    if scenario.hardware is None:
        message = "a datacenter needs its IT power or its hardware"
        ctx.fail("CC206", message, _DATACENTER, hint, absent=True)
    device = resolve_device(ctx, scenario.hardware, _HARDWARE)
    if device.count is None:
        many = "as in count: 64, or --set hardware.count=N"
        ctx.fail("CC206", "a datacenter needs `count`", _HARDWARE, many)
    most = None if device.server is None else device.server.fact("max_power", label="rating")
    if most is None:
        named = device.server or device.record
        ctx.fail("CC206", f"the power of {named.name} is not known", _HARDWARE, hint)
    total = most.value * device.count.value / device.per_machine.value
    note = f"{most.value:g} W a machine"
    return derive_fact("datacenter:it_power", total, most, note, "design IT power")


def _one_machine(
    ctx: Context, scenario: schema.Scenario, section: schema.Embodied
) -> tuple[Device, Machine[Fact]]:
    """The device, and one machine of the hardware without rack and network."""
    device = resolve_device(ctx, scenario.hardware, _HARDWARE)
    if section.parts:
        return device, resolve_bill(ctx, section, device.per_machine, device.accelerator)
    return device, resolve_machine(ctx, device, section, bare=True)


def _network_parts(
    ctx: Context, device: Device, section: schema.Embodied, count: Fact
) -> list[Part[Fact]]:
    """Switches and links of machines: a port and a link for each network card.

    Nothing where listed parts include network equipment, or the machine is a whole rack.
    """
    server = None if section.parts else device.server
    whole = server is not None and server.text("category") == RACK_SCALE  # it includes its switches
    if whole or any(entry.network is not None for entry in section.parts):
        return []
    return switches_and_links(ctx, server, count, _HARDWARE)


def _total_mass(one: Machine[Fact], count: float) -> Fact | None:
    """Mass of several machines [kg]; None where the mass of one is not known."""
    if one.mass_kg is None:
        return None
    return derive_fact("machines:mass", one.mass_kg.value * count, one.mass_kg, "of all", "mass")


def _empty_rack(ctx: Context) -> CountedPart[Fact]:
    record = ctx.catalog.record("parts", "rack")
    return CountedPart(
        "rack", "rack", ONE, ctx.required_fact(record, "embodied", _HARDWARE, "rack")
    )
