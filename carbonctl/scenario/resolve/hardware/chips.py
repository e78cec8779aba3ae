"""Dies and packages: how a fab is modeled, and what a chip is put together from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.fact import Fact
from carbonctl.core.record import value_record
from carbonctl.estimate.embodied.bom import (
    Chip,
    CountedPart,
    Die,
    Interposer,
    Inventory,
    Process,
    RatedPart,
    Wafer,
    Yield,
)
from carbonctl.scenario.resolve.context import ONE, as_archetype, derive_fact
from carbonctl.scenario.resolve.hardware import stand_ins

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.strict_yaml import Path
    from carbonctl.estimate.embodied.bom import Piece
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import embodied_section as schema

_PATH: Path = ("embodied", "fab")
_ARCHETYPES = ((2022, "intel-xeon-platinum-8480p"), (2020, "intel-xeon-platinum-8358"))
_OLDEST = "intel-xeon-gold-6148"


@value_record
class FabChoice:
    """How dies are made: the method's facts of a node, the yield model, the wafer."""

    section: schema.Fab | None

    @property
    def act(self) -> bool:
        """Whether energy, gases and materials are counted, rather than an inventory."""
        return self.section is not None and self.section.method == "act"

    def carbon(self, ctx: Context, node: Record, path: Path) -> Inventory[Fact] | Process[Fact]:
        """Carbon per wafer area of a node."""
        if not self.act:
            inventory = ctx.required_fact(
                node, "inventory_per_cm2", path, f"fab inventory, {node.id}"
            )
            return Inventory(inventory, ctx.default("logic_upstream_factor"))
        section = self.section
        assert section is not None  # noqa: S101 - act is the section's word
        if section.grid is None:
            hint = "as in fab: {method: act, grid: 583 g/kWh}"
            ctx.fail("CC206", "method act needs the fab's grid", _PATH, hint)
        return Process(
            ctx.required_fact(node, "fab_energy_per_cm2", path, f"fab energy, {node.id}"),
            ctx.stated_fact(section.grid, (*_PATH, "grid"), "grid of the fab"),
            ctx.required_fact(
                node, f"fab_gases_per_cm2_{section.abated}", path, f"gases, {node.id}"
            ),
            ctx.required_fact(node, "fab_materials_per_cm2", path, f"materials, {node.id}"),
        )

    def good(self, ctx: Context, node: Record, path: Path) -> Yield[Fact]:
        """The yield model with what it needs."""
        section = self.section
        said = None if section is None else section.good
        wafer = ctx.catalog.record("processes", "wafer")
        fixed = ctx.required_fact(wafer, "fixed_yield", path, "yield of every die")
        if said is None and self.act:
            return Yield("fixed", fab_yield=fixed)
        if said is None:
            return Yield("murphy", self._defects(ctx, node, path))
        at = (*_PATH, "yield")
        if said.by == "fixed":
            given = said.share
            share = fixed if given is None else ctx.stated_fact(given, (*at, "share"), "fab yield")
            return Yield("fixed", fab_yield=share)
        clustering = None
        if said.by == "negative-binomial":
            own = said.clustering
            clustering = ctx.required_fact(
                wafer, "defect_clustering", path, "clustering of defects"
            )
            if own is not None:
                clustering = ctx.stated_fact(own, (*at, "clustering"), "clustering of defects")
        defects = self._defects(ctx, node, path)
        if said.defects is not None:
            defects = ctx.stated_fact(said.defects, (*at, "defects"), "defect density")
        return Yield(said.by, defects, clustering)

    def _defects(self, ctx: Context, node: Record, path: Path) -> Fact:
        return ctx.required_fact(node, "defect_density", path, f"defect density, {node.id}")

    def wafer(self, ctx: Context, path: Path) -> Wafer[Fact] | None:
        """The wafer, unless dies are charged by their own area alone."""
        edge = None if self.section is None else self.section.edge
        if edge == "ignored" or (edge is None and self.act):
            return None
        record = ctx.catalog.record("processes", "wafer")
        return Wafer(
            ctx.required_fact(record, "wafer_diameter", path, "wafer diameter"),
            ctx.required_fact(record, "edge_exclusion", path, "edge exclusion"),
            ctx.required_fact(record, "kerf", path, "kerf"),
        )


DEFAULT = FabChoice(None)


def dies_of(ctx: Context, record: Record, choice: FabChoice, path: Path) -> list[Die[Fact]]:
    """The dies that a record lists."""
    made = []
    for place, entry in enumerate(record.data.get("dies") or []):
        node = ctx.record("processes", str(entry.get("node", "")), path)
        area = record.fact("dies", place, "area", label=f"die area, {node.id}")
        assert area is not None  # noqa: S101 - hw check requires it
        key = f"{record.kind}/{record.id}:dies.{place}.count"
        value = float(str(entry["count"]))
        count = Fact(key, value, "1", area.source, "hardware_db", tier="published", label="dies")
        made.append(_die(ctx, (count, area), node, choice, path, place))
    return made


def _die(
    ctx: Context, sized: tuple[Fact, Fact], node: Record, choice: FabChoice, path: Path, place: int
) -> Die[Fact]:
    count, area = sized
    return Die(
        f"die_{place + 1}_{node.id}",
        f"{count.value:g} x die {node.id}",
        count,
        area,
        choice.carbon(ctx, node, path),
        choice.good(ctx, node, path),
        choice.wafer(ctx, path),
    )


def cpu(
    ctx: Context, record: Record, count: Fact, choice: FabChoice, path: Path, part_id: str = "cpu"
) -> Chip[Fact]:
    """Packaged CPUs; dies that no source discloses are those of an archetype, and say so."""
    known = record
    if not record.data.get("dies"):
        usual = archetype_cpu(record.data.get("launched"))
        known = stand_ins.cpu_with_known_dies(ctx.catalog, record, usual)
    dies = dies_of(ctx, known, choice, path)
    if known is not record:
        reason = f"dies of {record.name} are not disclosed; as {known.name}"
        ctx.warn("CC304", reason, path)
        dies = [replaced_area(die, reason) for die in dies]
    package = ctx.catalog.record("parts", "cpu-package")
    each = ctx.required_fact(package, "embodied", path, "CPU package")
    pieces: list[Piece[Fact]] = [*dies, CountedPart("package", "package", ONE, each)]
    rated = record.fact("tdp", label=f"TDP, {record.name}")
    if rated is not None:
        pieces.append(RatedPart("cooler", "cooler", rated, ctx.default("cooling_per_w")))
    return Chip(part_id, record.name, count, _assembly_yield(ctx, path), tuple(pieces))


def archetype_cpu(year: object) -> str:
    """A server CPU of the time, where none is named or its dies are not known."""
    since = int(year) if isinstance(year, int | float) else 0
    return next((name for first, name in _ARCHETYPES if since >= first), _OLDEST)


def replaced_area(die: Die[Fact], reason: str) -> Die[Fact]:
    """The die, its area standing in for one that is not known."""
    from dataclasses import replace

    return replace(die, die_area_cm2=as_archetype(die.die_area_cm2, reason))


def _assembly_yield(ctx: Context, path: Path) -> Fact:
    wafer = ctx.catalog.record("processes", "wafer")
    return ctx.required_fact(wafer, "assembly_yield", path, "assembly yield")


def interposer(ctx: Context, record: Record, path: Path) -> list[Interposer[Fact]]:
    """The interposer of an accelerator, where its area is known."""
    wafer = ctx.catalog.record("processes", "wafer")
    area = wafer.fact("interposer_area", record.id, label="interposer area")
    return [] if area is None else [_interposer(ctx, area, path)]


def _interposer(ctx: Context, area: Fact, path: Path) -> Interposer[Fact]:
    wafer = ctx.catalog.record("processes", "wafer")
    per_area = ctx.required_fact(wafer, "interposer_per_cm2", path, "interposer per cm2")
    good = ctx.required_fact(wafer, "interposer_yield", path, "interposer yield")
    return Interposer("interposer", "interposer", area, per_area, good)


def listed(
    ctx: Context, section: schema.Chip, count: Fact, choice: FabChoice, path: Path, part_id: str
) -> Chip[Fact]:
    """A chip as a bill of materials lists it."""
    pieces: list[Piece[Fact]] = []
    for place, entry in enumerate(section.dies):
        at = (*path, "dies", place)
        if entry.node is None:
            ctx.fail("CC206", "a die names its node", at, "as in {area: 694 mm2, node: n14}")
        node = ctx.record("processes", entry.node, (*at, "node"))
        area = ctx.stated_fact(entry.area, (*at, "area"), f"die area, {node.id}")
        number = ONE
        if entry.count is not None:
            number = ctx.stated_fact(entry.count, (*at, "count"), "dies")
        die = _die(ctx, (number, area), node, choice, at, place)
        _fits(ctx, die, (*at, "area"))
        pieces.append(die)
    pieces += _packaging(ctx, section, choice, path)
    good = _assembly_yield(ctx, path)
    if section.assembly_yield is not None:
        good = ctx.stated_fact(section.assembly_yield, (*path, "assembly_yield"), "assembly yield")
    elif choice.act:
        good = derive_fact("act:assembly_yield", 1.0, ONE, "ACT has none", "assembly yield")
    return Chip(part_id, section.name or "chip", count, good, tuple(pieces))


def _fits(ctx: Context, die: Die[Fact], path: Path) -> None:
    """A die that is larger than the wafer cannot be made."""
    wafer = die.wafer or DEFAULT.wafer(ctx, path)
    assert wafer is not None  # noqa: S101 - the default has one
    if ctx.part_model is not None and ctx.part_model.dies_per_wafer(die, wafer) < 1:
        shown = f"{die.die_area_cm2.value:g} cm2 does not fit on a wafer of"
        ctx.fail("CC304", f"a die of {shown} {wafer.wafer_cm.value:g} cm", path)


def _packaging(
    ctx: Context, section: schema.Chip, choice: FabChoice, path: Path
) -> list[Piece[Fact]]:
    """Interposer, bridges, redistribution layers and packages of a listed chip."""
    wafer = ctx.catalog.record("processes", "wafer")
    made: list[Piece[Fact]] = []
    if section.interposer is not None:
        area = ctx.stated_fact(section.interposer, (*path, "interposer"), "interposer area")
        made.append(_interposer(ctx, area, path))
    if section.bridges is not None:
        count = ctx.stated_fact(section.bridges, (*path, "bridges"), "bridges")
        area = ctx.required_fact(wafer, "bridge_area", path, "area of a bridge")
        node = ctx.record("processes", wafer.text("bridge_node"), path)
        made.append(_die(ctx, (count, area), node, choice, path, len(section.dies)))
    if section.redistribution is not None:
        area = ctx.stated_fact(
            section.redistribution, (*path, "redistribution"), "redistribution area"
        )
        per_area = ctx.required_fact(
            wafer, "redistribution_per_cm2", path, "redistribution layer per cm2"
        )
        good = ctx.required_fact(wafer, "interposer_yield", path, "interposer yield")
        made.append(Interposer("redistribution", "redistribution layer", area, per_area, good))
    if section.packages is not None:
        number = ctx.stated_fact(section.packages, (*path, "packages"), "packages")
        each = ctx.required_fact(wafer, "ic_package", path, "package of one circuit")
        made.append(CountedPart("package", "packages", number, each))
    return made
