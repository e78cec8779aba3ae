"""What is said of a machine beside its parts: mass, spares, other people's figures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.core.units import HOURS_PER_YEAR
from carbonctl.estimate.embodied.bom import Comparator, Counted, Module
from carbonctl.scenario.resolve.context import derived

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.embodied.bom import Part
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import scenario_file as schema


def mass_of(
    ctx: Context, record: Record, embodied: schema.Embodied | None, path: Path
) -> Fact | None:
    """Mass in kg of what a record describes: as stated, else as recorded; unknown is said."""
    if embodied is not None and embodied.mass is not None:
        return ctx.given(embodied.mass, (*path, "mass"), "mass")
    mass = record.fact("mass", label=f"mass, {record.name}")
    if mass is None:
        reason = f"no mass is known of {record.name}; give embodied.mass"
        ctx.not_estimated["transport, end of life"] = reason
    return mass


def spares(
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
