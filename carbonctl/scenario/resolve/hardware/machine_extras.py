"""Mass, spare parts and published comparators of a machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.core.units import HOURS_PER_YEAR
from carbonctl.estimate.embodied.bom import Comparator, CountedPart, Module
from carbonctl.scenario.resolve.context import derive_fact

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.embodied.bom import Part
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import scenario_file as schema


def find_mass(
    ctx: Context, record: Record, embodied: schema.Embodied | None, path: Path
) -> Fact | None:
    """Mass [kg]: as stated, else of the record; None, with a note, where it is not known."""
    if embodied is not None and embodied.mass is not None:
        return ctx.stated_fact(embodied.mass, (*path, "mass"), "mass")
    mass = record.fact("mass", label=f"mass, {record.name}")
    if mass is None:
        reason = f"the mass of {record.name} is not known; give embodied.mass"
        ctx.not_estimated["transport, end of life"] = reason
    return mass


def spare_parts(
    ctx: Context, accelerators: list[Part[Fact]], embodied: schema.Embodied, path: Path
) -> list[Part[Fact]]:
    """Accelerators that replace failed ones over the lifetime, as separate parts."""
    rate = ctx.stated_fact(embodied.spares, (*path, "spares"), "accelerators replaced in a year")
    life = (
        ctx.stated_or_default(embodied.lifetime, (*path, "lifetime"), "lifetime").value
        / HOURS_PER_YEAR
    )

    def spare(count: Fact) -> Fact:
        note = f"{count.value:g} x {rate.value:g} a year x {life:g} y"
        like = replace(rate, shape="positive")
        return derive_fact(rate.key, count.value * rate.value * life, like, note, "spares")

    spares: list[Part[Fact]] = []
    for piece in accelerators:
        if isinstance(piece, CountedPart):
            count, label = spare(piece.part_count), "spare accelerators"
            spares.append(replace(piece, id="spares", label=label, part_count=count))
        elif isinstance(piece, Module):
            count, label = spare(piece.module_count), "spare accelerators"
            spares.append(replace(piece, id="spares", label=label, module_count=count))
    return spares


def published_comparators(record: Record) -> tuple[Comparator, ...]:
    """Figures of others for a record's embodied carbon."""
    figures = []
    for place in range(len(record.data.get("comparators", []))):
        entry = record.data["comparators"][place]
        value = float(str(entry["value"]).split()[0])
        note = str(entry.get("note", ""))
        figures.append(Comparator(record.name, value, str(entry["source"]), note))
    return tuple(figures)
