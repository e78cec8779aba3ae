"""Whole hardware for ``embodied``: from the database, or from a bill of materials."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from carbonctl.core.errors import InputError, Problem, sort_problems
from carbonctl.estimate.embodied.bom import Comparator, CountedPart, Machine, Machines
from carbonctl.estimate.inputs import ItemInputs
from carbonctl.scenario.read.consistency import check_hardware_section
from carbonctl.scenario.read.flag_reach import flags_of_section
from carbonctl.scenario.read.unused_keys import check_parts_keys, report_unused_embodied_keys
from carbonctl.scenario.resolve.context import ONE, Context, attempt, derive_fact
from carbonctl.scenario.resolve.hardware import machine as machines
from carbonctl.scenario.resolve.hardware import machine_parts as parts_
from carbonctl.scenario.resolve.hardware import racks_and_sites as subjects
from carbonctl.scenario.resolve.hardware import stated_figures as figures
from carbonctl.scenario.resolve.hardware.bill_of_materials import resolve_bill, stated_comparators
from carbonctl.scenario.resolve.hardware.machine_extras import find_mass, published_comparators

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog, Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Document
    from carbonctl.estimate.embodied.bom import Hardware, Part
    from carbonctl.scenario.resolve.hardware.part_model import PartModel
    from carbonctl.scenario.schema import scenario_file as schema

_NOT_ESTIMATED = {
    "use": "carbonctl lifecycle estimates it",
    "datacenter construction": "it follows IT energy, not hardware",
}
_SHARED = {
    "rack and datacenter network": "shared with other machines; carbonctl lifecycle charges them",
}


@dataclass(frozen=True)
class ResolvedItem:
    """Inputs of an embodied estimate, and what must be said beside its numbers."""

    title: str
    inputs: ItemInputs[Fact]
    warnings: list[Problem]
    not_estimated: dict[str, str]


def resolve_item(
    scenario: schema.Scenario, document: Document, catalog: Catalog, part_model: PartModel
) -> ResolvedItem:
    """Facts of whole machines; InputError with all problems when there are any."""
    ctx = Context(document, catalog, list(document.deferred_problems), part_model=part_model)
    attempt(lambda: check_hardware_section(ctx, scenario, ("hardware",)))
    made = attempt(lambda: _made(ctx, scenario))
    if made is not None and not ctx.problems:
        report_unused_embodied_keys(ctx, scenario.embodied)
    if made is None or ctx.problems:
        raise InputError(sort_problems(ctx.problems), document.sources)
    hardware, count, built = made
    name = hardware.machine.name
    if count.value != 1:
        several = _compared(_relabeled(hardware.machine, count.value), count.value)
        hardware = replace(hardware, machine=several)
    return ResolvedItem(
        _title(scenario.name, name, count.value),
        ItemInputs(hardware, count, built),
        ctx.warnings,
        ctx.not_estimated | (_NOT_ESTIMATED if not built else {"use": _NOT_ESTIMATED["use"]}),
    )


def _made(
    ctx: Context, scenario: schema.Scenario
) -> tuple[Hardware[Fact], Fact, subjects.BuildingParts]:
    """One item with the rules of sharing it, how many there are, and their building."""
    section = scenario.embodied
    built: subjects.BuildingParts = ()
    if section is not None and section.subject == "datacenter":
        built = subjects.resolve_building(ctx, scenario, section)
    made = _item(ctx, scenario, section)
    hardware = machines.resolve_hardware(ctx, made, section, scenario.end_of_life)
    return hardware, _count(ctx, scenario, made), built


def _item(
    ctx: Context, scenario: schema.Scenario, section: schema.Embodied | None
) -> Machine[Fact]:
    """One of what the subject says: from a list, from the database, or made of machines."""
    subject = section.subject if section is not None else None
    if section is not None:
        _used(ctx, section, scenario.hardware)
        subject = "device" if section.device is not None else subject
    if section is not None and subject in subjects.RESOLVERS:
        return subjects.RESOLVERS[subject](ctx, scenario, section)
    if section is not None and section.parts:
        return resolve_bill(ctx, section, _held(ctx, scenario))
    return _from_database(ctx, scenario, section)


def _used(ctx: Context, section: schema.Embodied, named: schema.Hardware | None) -> None:
    """Keys that another subject would use are errors, not silence."""
    other = named and (named.accelerator or named.server or named.instance)
    if section.device is not None and other:
        message = f"{section.device} is named as the device, and {other} as the hardware"
        ctx.fail("CC303", message, ("embodied", "device"), "keep one of the two")
    for key, subject in (("device", "device"), ("datacenter", "datacenter"), ("per_rack", "rack")):
        said = section.subject or ("device" if key == "device" else None)
        if getattr(section, key) is not None and said != subject:
            message = f"{key} says nothing of a {said or 'machine'}"
            ctx.fail("CC303", message, ("embodied", key), f"add subject: {subject}")
    flag = next(flags_of_section(ctx.document, "hardware"), None)
    if section.parts and flag is not None:
        message = "the file lists the parts of a machine, so other hardware changes nothing in it"
        ctx.problems.append(Problem("CC303", message, flag, "leave it out, or estimate it alone"))
    check_parts_keys(ctx, section)
    alone = {"accelerator": ("host",), "baseboard": ("host", "accelerator"),
             "device": ("host", "accelerator", "spares")}  # fmt: skip
    for key in alone.get(section.subject or "", ()):
        if getattr(section, key) is not None:
            message = f"{key} is no part of a {section.subject}"
            ctx.fail("CC303", message, ("embodied", key), "add subject: server")


def _count(ctx: Context, scenario: schema.Scenario, made: Machine[Fact]) -> Fact:
    """How many items: as stated, else as many as the accelerators of the hardware fill."""
    section, named = scenario.embodied, scenario.hardware
    own = section.count if section is not None else None
    held = named.count if named is not None else None
    if own is not None and held is not None:
        message = "embodied.count and hardware.count both say how many"
        ctx.fail("CC303", message, ("embodied", "count"), "keep one of the two")
    if own is not None:
        return ctx.stated_fact(own, ("embodied", "count"), "machines")
    if held is None:
        return ONE
    devices = ctx.stated_fact(held, ("hardware", "count"), "devices")
    each = made.accelerators_per_machine.value
    if each == 1:
        return devices
    note = f"{devices.value:g} accelerators, {each:g} in each"
    return derive_fact("hardware.count/machines", devices.value / each, devices, note, "machines")


def _compared(machine: Machine[Fact], count: float) -> Machine[Fact]:
    """Other people's figures are of one item; beside several they are times as many."""
    times = tuple(
        replace(c, kgco2e=c.kgco2e * count, note=f"{c.note}, x {count:g}".removeprefix(", "))
        for c in machine.comparators
    )
    return replace(machine, comparators=times)


def _relabeled(machine: Machine[Fact], count: float) -> Machine[Fact]:
    """Lines that say how many machines they are of, as many as there are in all items."""
    parts = tuple(_all_of(p, count) if isinstance(p, Machines) else p for p in machine.parts)
    return replace(machine, parts=parts)


def _all_of(held: Machines[Fact], count: float) -> Machines[Fact]:
    each = held.machine_count.value
    what = held.label.removeprefix(f"{each:g} ")
    return replace(held, label=f"{each * count:,.6g} {what}")


def _title(name: str | None, item: str, count: float) -> str:
    counted = item if count == 1 else f"{count:,.6g} x {item}"
    return f"{name}: {counted}" if name and count != 1 else name or counted


def _held(ctx: Context, scenario: schema.Scenario) -> Fact:
    """Accelerators in a machine that is listed part by part; those of the hardware, if named."""
    named = scenario.hardware
    if named is None or named.count is None:
        return ONE
    return machines.resolve_device(ctx, named, ("hardware",)).per_machine


def _from_database(
    ctx: Context, scenario: schema.Scenario, section: schema.Embodied | None
) -> Machine[Fact]:
    device = machines.resolve_device(ctx, scenario.hardware, ("hardware",))
    named = scenario.hardware
    subject = section.subject if section is not None else None
    if subject is None:
        alone = named is not None and named.accelerator and not named.server
        subject = "accelerator" if alone else "server"
    if subject == "server":
        whole = machines.resolve_machine(ctx, device, section, bare=True)
        ctx.not_estimated.update(_SHARED)
        others = (*stated_comparators(section), *whole.comparators)
        return replace(whole, comparators=others)
    if device.accelerator is None:
        message = f"{device.record.name} names no accelerator in its record"
        ctx.fail("CC304", message, ("hardware",), "name it too: hardware.accelerator")
    if subject == "baseboard":
        return _baseboard(ctx, device, section)
    record = device.accelerator
    part: Part[Fact]
    if section is not None and section.accelerator is not None:
        each = ctx.stated_fact(
            section.accelerator, ("embodied", "accelerator"), "accelerator, as given"
        )
        part = CountedPart("accelerators", "accelerators", ONE, each)
    else:
        part = parts_.accelerator_part(ctx, record, ONE, ("hardware",))
    others = (
        *_modeled(ctx, record, part),
        *stated_comparators(section),
        *published_comparators(record),
    )
    mass = find_mass(ctx, record, section, ("embodied",))
    return Machine(record.name, ONE, (part,), mass, others)


def _baseboard(
    ctx: Context, device: machines.Device, section: schema.Embodied | None
) -> Machine[Fact]:
    board = device.server.text("baseboard") if device.server else ""
    if not board:
        ctx.fail("CC304", f"no baseboard is known that holds {device.record.name}", ("hardware",))
    record = ctx.record("baseboards", board, ("hardware",))
    whole = ctx.required_fact(
        record, "embodied", ("hardware",), f"{record.name}, published footprint"
    )
    part = CountedPart("baseboard", record.name, ONE, whole)
    modeled = _modeled_board(ctx, record, device)
    mass = find_mass(ctx, record, section, ("embodied",))
    return Machine(
        record.name, device.per_machine, (part,), mass, (*modeled, *stated_comparators(section))
    )


def _modeled(ctx: Context, record: Record, part: Part[Fact]) -> tuple[Comparator, ...]:
    """Our own bottom-up figure beside a published one."""
    if not isinstance(part, CountedPart) or not record.data.get("dies"):
        return ()
    built = parts_.module(ctx, record, ONE, ("hardware",))
    value = figures.modeled_kgco2e(ctx, [built])
    boundary, note = part.unit_kgco2e.boundary, "bottom-up model"
    if boundary not in ("module", ""):
        note = f"bottom-up model of the module; the figure is of the {boundary}"
    return (Comparator(record.name, value, "carbonctl-embodied-fit", note),)


def _modeled_board(ctx: Context, board: Record, device: machines.Device) -> tuple[Comparator, ...]:
    assert device.accelerator is not None  # noqa: S101 - the caller looked
    built = parts_.module(ctx, device.accelerator, device.per_machine, ("hardware",))
    value = figures.modeled_kgco2e(ctx, [built])
    note = "bottom-up model of its modules"
    return (Comparator(board.name, value, "carbonctl-embodied-fit", note),)
