"""Resolve a user's bill of materials, entry by entry, to a machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.estimate.embodied.bom import (
    CapacityPart,
    Comparator,
    CountedPart,
    FabMemory,
    Machine,
    RatedPart,
    WeighedPart,
)
from carbonctl.scenario.resolve import plausible
from carbonctl.scenario.resolve.context import ONE, Unresolved, derive_fact
from carbonctl.scenario.resolve.hardware import chips, machine_parts
from carbonctl.scenario.resolve.hardware.chips import FabChoice

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.embodied.bom import Part
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import embodied_section as schema

# Kinds of entry that are or may include accelerators.
_WITH_ACCELERATORS = {"published", "baseboard", "accelerator", "chip"}
KINDS = ("published", "baseboard", "accelerator", "chip", "cpu", "dram", "memory", "ssd", "hdd",
         "nic", "network", "part", "psu")  # fmt: skip
# Boundary of a published figure -> kinds of part that it includes.
_KINDS_WITHIN = {
    "die": (),
    "module": ("accelerator",),
    "baseboard": ("accelerator", "baseboard"),
    "tray": ("accelerator", "baseboard"),
    "machine": KINDS,
    "machine+dc": KINDS,
}
_KIND_OF_RECORD = {"dram": "memory", "memory": "memory", "ssd": "storage", "hdd": "storage"}


def resolve_bill(
    ctx: Context, section: schema.Embodied, per_machine: Fact, card: Record | None = None
) -> Machine[Fact]:
    """A machine from a bill of materials; problems of all entries are noted.

    Where the scenario names an accelerator (``card``), the list must include it.
    """
    _check_accelerators_listed(ctx, section, per_machine, card)
    parts: list[Part[Fact]] = []
    kinds: dict[int, str] = {}
    choice = FabChoice(section.fab)
    for place, entry in enumerate(section.parts):
        path: Path = ("embodied", "parts", place)
        try:
            named = [kind for kind in KINDS if getattr(entry, kind) is not None]
            if len(named) != 1:
                choices = ", ".join(KINDS)
                ctx.fail("CC206", f"a part needs exactly one of {choices}", path)
            kinds[place] = named[0]
            made = _resolve_part(ctx, entry, named[0], path, choice)
            plausible.die_yields(ctx, made, (*path, named[0]))
            parts += made
        except Unresolved:
            continue
    _check_listed_once(ctx, section, kinds)
    if section.chassis is not None:
        size = "8u" if section.chassis[0] in "48" else "2u"
        parts += machine_parts.chassis_parts(ctx, size, ("embodied", "chassis"))
    if not choice.act:
        parts = machine_parts.modeled(ctx, parts)
    mass = None
    if section.mass is not None:
        mass = ctx.stated_fact(section.mass, ("embodied", "mass"), "mass")
    else:
        ctx.not_estimated["transport, end of life"] = "give embodied.mass"
    comparators = stated_comparators(section)
    return Machine("machine as listed", per_machine, tuple(parts), mass, comparators)


def _check_accelerators_listed(
    ctx: Context, section: schema.Embodied, per_machine: Fact, card: Record | None
) -> None:
    """Report a list of parts without the accelerator that the scenario names."""
    listed = {kind for entry in section.parts for kind in KINDS if getattr(entry, kind) is not None}
    if card is not None and not listed & _WITH_ACCELERATORS:
        message = f"the parts do not include the named accelerator {card.id}"
        hint = f"as in parts: [{{accelerator: {card.id}, count: {per_machine.value:g}}}]"
        ctx.fail("CC304", message, ("embodied", "parts"), hint)


def stated_comparators(section: schema.Embodied | None) -> tuple[Comparator, ...]:
    """Figures of others that the scenario states for comparison."""
    if section is None:
        return ()
    return tuple(
        Comparator("given", c.value, c.source or "user", c.note) for c in section.comparators
    )


def _check_listed_once(ctx: Context, section: schema.Embodied, kinds: dict[int, str]) -> None:
    """Report parts that another entry's figure already includes."""
    first = {kind: place for place, kind in reversed(kinds.items())}
    if {"baseboard", "accelerator"} <= set(first):
        message = "a baseboard includes its accelerators; listing them again counts them twice"
        where = ("embodied", "parts", first["accelerator"])
        ctx.fail("CC303", message, where, "remove one of the two")
    for place, kind in kinds.items():
        boundary = section.parts[place].boundary
        if kind != "published" or boundary is None:
            continue
        for other, other_kind in kinds.items():
            if other != place and other_kind in _KINDS_WITHIN[boundary]:
                message = f"a published figure of the {boundary} already includes this {other_kind}"
                where = ("embodied", "parts", other)
                ctx.fail("CC303", message, where, "remove one of the two")
        if section.chassis is not None and _KINDS_WITHIN[boundary] is KINDS:
            message = f"a published figure of the {boundary} already includes its chassis"
            ctx.fail("CC303", message, ("embodied", "chassis"), "remove one of the two")


def _resolve_part(
    ctx: Context, entry: schema.Part, kind: str, path: Path, choice: FabChoice
) -> list[Part[Fact]]:
    count = (
        ONE if entry.count is None else ctx.stated_fact(entry.count, (*path, "count"), f"{kind}s")
    )
    at = (*path, kind)
    part_id = f"{kind}_{int(str(path[-1])) + 1}"
    if kind in _KIND_OF_RECORD:
        return _storage_parts(ctx, entry, kind, count, path, choice)
    if kind == "psu":
        per_w = ctx.required_fact(ctx.record("parts", "psu", at), "embodied_per_w", at, "PSU per W")
        return [RatedPart(part_id, "power supplies", _rated_power(ctx, entry, count, at), per_w)]
    if kind == "part":
        return [_component_part(ctx, entry, count, at, part_id)]
    if kind in {"accelerator", "cpu", "chip"}:
        return [_processor_part(ctx, entry, kind, count, path, choice)]
    return [_counted_part(ctx, entry, kind, count, at, part_id)]


def _counted_part(
    ctx: Context, entry: schema.Part, kind: str, count: Fact, at: Path, part_id: str
) -> Part[Fact]:
    """Parts with one figure per piece."""
    if kind == "published":
        if entry.boundary is None:
            hint = "as in boundary: module; one of die, module, baseboard, tray, machine"
            ctx.fail("CC206", "a published figure needs its boundary", at[:-1], hint)
        each = ctx.stated_fact(entry.published, at, f"published figure, {entry.boundary}")
        each = replace(each, boundary=entry.boundary, tier="published")
        return CountedPart(part_id, f"published {entry.boundary}", count, each)
    name = getattr(entry, kind)
    if kind == "baseboard":
        record = ctx.record("baseboards", name, at)
        each = ctx.required_fact(record, "embodied", at, f"{record.name}, published footprint")
        return CountedPart(part_id, f"baseboard {record.id}", count, each)
    named = name if kind == "network" or name.startswith("nic-") else f"nic-{name}"
    record = ctx.record("network", named, at)
    return CountedPart(
        part_id, record.name, count, ctx.required_fact(record, "embodied", at, record.name)
    )


def _processor_part(
    ctx: Context, entry: schema.Part, kind: str, count: Fact, path: Path, choice: FabChoice
) -> Part[Fact]:
    """Accelerators, CPUs and chips of listed dies."""
    at = (*path, kind)
    part_id = f"{kind}_{int(str(path[-1])) + 1}"
    if entry.chip is not None:
        return chips.listed(ctx, entry.chip, count, choice, at, part_id)
    if kind == "cpu":
        record = ctx.record("cpus", entry.cpu or "", at)
        return chips.cpu(ctx, record, count, choice, at, part_id)
    record = ctx.record("accelerators", entry.accelerator or "", at)
    return replace(machine_parts.accelerator_part(ctx, record, count, at, choice), id=part_id)


def _component_part(
    ctx: Context, entry: schema.Part, count: Fact, at: Path, part_id: str
) -> Part[Fact]:
    """A component by the piece, such as a fan or a rack; metal by mass."""
    record = ctx.record("parts", entry.part or "", at)
    if "embodied_per_kg" not in record.data:
        each = ctx.required_fact(record, "embodied", at, record.name)
        return CountedPart(part_id, record.name, count, each)
    if entry.mass is None:
        ctx.fail("CC206", f"{record.id} needs a mass", at[:-1], "as in mass: 14 kg")
    mass = ctx.stated_fact(entry.mass, (*at[:-1], "mass"), "mass")
    mass = _multiply(mass, count, "kg")
    return WeighedPart(part_id, record.name, mass, ctx.required_fact(record, "embodied_per_kg", at))


def _rated_power(ctx: Context, entry: schema.Part, count: Fact, at: Path) -> Fact:
    return _multiply(ctx.stated_fact(entry.psu, at, "power supplies"), count, "W")


def _multiply(each: Fact, count: Fact, unit: str) -> Fact:
    """Total of several pieces of one size."""
    note = f"{count.value:g} x {each.value:g} {unit}" if count is not ONE else each.note
    return replace(
        each,
        value=each.value * count.value,
        low=None if each.low is None else each.low * count.value,
        high=None if each.high is None else each.high * count.value,
        note=note,
    )


def _format_capacity(gb: float) -> str:
    """Capacity of one piece as text, to distinguish entries of one kind."""
    return f"{gb / 1e3:g} TB" if gb >= 1e3 else f"{gb:g} GB"  # noqa: PLR2004 - a terabyte


def _storage_parts(
    ctx: Context, entry: schema.Part, kind: str, count: Fact, path: Path, choice: FabChoice
) -> list[Part[Fact]]:
    """Memory and drives: by their silicon, by a stated figure per GB, or by the piece."""
    at, name = (*path, kind), getattr(entry, kind)
    part_id = f"{kind}_{int(str(path[-1])) + 1}"
    if entry.per_gb is None:
        record = ctx.record(_KIND_OF_RECORD[kind], name, at)
        if record.text("form"):
            return [CountedPart(part_id, record.name, count, ctx.default(record.text("form")))]
    if entry.amount is None:
        ctx.fail("CC206", f"{kind} needs an amount", path, "as in amount: 2048 GB")
    each = ctx.stated_fact(entry.amount, (*path, "amount"), f"{kind} capacity")
    size = (
        _format_capacity(each.value)
        if entry.count is None
        else f"{count.value:g} x {_format_capacity(each.value)}"
    )
    amount, label = _multiply(each, count, "GB"), f"{kind.upper()} {size}, {name}"
    if entry.per_gb is not None:
        return _memory_from_fab(ctx, entry, (count, amount), choice, path, (part_id, label))
    if kind == "ssd":
        return [machine_parts.drives(ctx, part_id, label, (count, amount), name, at)]
    if kind == "hdd":
        record = ctx.record("storage", name, at)
        per_gb = ctx.required_fact(record, "embodied_per_tb", at, f"{record.name} per GB")
        return [CapacityPart(part_id, label, amount, per_gb)]
    if kind == "memory":
        return [machine_parts.memory(ctx, part_id, label, amount, name, at)]
    modules = None if entry.count is None else count
    return [machine_parts.dimms(ctx, part_id, label, (modules, amount), name, at)]


def _memory_from_fab(
    ctx: Context, entry: schema.Part, sized: tuple[Fact, Fact], choice: FabChoice, path: Path,
    named: tuple[str, str],
) -> list[Part[Fact]]:  # fmt: skip
    """Memory by a stated figure per GB over the fab yield, with its packages."""
    count, amount = sized
    part_id, label = named
    per_gb = ctx.stated_fact(entry.per_gb, (*path, "per_gb"), "carbon per GB")
    good = derive_fact("memory:yield", 1.0, ONE, "no fixed yield is given", "yield")
    said = None if choice.section is None else choice.section.good
    if choice.act or (said is not None and said.by == "fixed"):
        node = ctx.catalog.record("processes", "n28")  # a fixed yield is that of every node
        share = choice.good(ctx, node, path).fab_yield
        good = good if share is None else share
    made: list[Part[Fact]] = [FabMemory(part_id, label, amount, per_gb, good)]
    if entry.packages is not None:
        number = ctx.stated_fact(entry.packages, (*path, "packages"), "packages")
        each = ctx.required_fact(
            ctx.catalog.record("processes", "wafer"), "ic_package", path, "package"
        )
        pieces = _multiply(number, count, "packages")
        made.append(CountedPart(f"{part_id}_packages", f"packages, {label}", pieces, each))
    return made
