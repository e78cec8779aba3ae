"""What stands in for parts of a machine that no record describes: by vendor and year, warned of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from carbonctl.scenario.resolve.context import archetype, derived

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.catalog.read import Catalog, Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context

RACK_SCALE = "rack-scale"  # the category of a machine that fills its racks, switches and all
WORKSTATION = "archetype-workstation"
# First year of the memory modules that servers of a time hold.
_MODULES = ((2022, "ddr5-rdimm"),)
_OLDEST_MODULES = "ddr4-rdimm"


class _Platform(NamedTuple):
    """A processor of a known machine, with who sold that machine and when."""

    cpu: str
    makers: frozenset[str]
    year: int
    workstation: bool


def vendors_of(record: Record) -> frozenset[str]:
    """Vendors of a record; two where one firm builds with the parts of another."""
    return frozenset(filter(None, record.text("vendor").split("/")))


def year_of(catalog: Catalog, server: Record, card: Record | None = None) -> int | None:
    """Year in which a machine was sold: as recorded, else that of its newest processor."""
    years = [server.data.get("launched")]
    if not isinstance(years[0], int):
        cpu = server.text("cpu")
        held = server.text("accelerator")
        years = [catalog.record("cpus", cpu).data.get("launched")] if cpu else []
        if card is None and held:
            card = catalog.record("accelerators", held)
        years += [card.data.get("launched")] if card is not None else []
    return max((year for year in years if isinstance(year, int)), default=None)


def modules_of(year: object) -> str:
    """The generation of memory modules in servers of a year; the oldest where it is unknown."""
    since = year if isinstance(year, int | float) else 0
    return next((name for first, name in _MODULES if since >= first), _OLDEST_MODULES)


def host_of_class(ctx: Context, like: Record, card: Record, path: Path) -> Record:
    """A host of an accelerator's class, for one that no known server holds; it is warned of.

    Its processors and the generation of its memory are those of the accelerator's vendor and year.
    """
    data = dict(like.data)
    chosen = _processor_of_class(ctx, like, card) if data.get("cpus") else like.text("cpu")
    if chosen != like.text("cpu"):
        data["cpu"] = chosen
        data["dram_type"] = modules_of(ctx.catalog.record("cpus", chosen).data.get("launched"))
    message = f"no server is known that holds {card.name}: {_described(ctx, like.name, data)}"
    ctx.warn("CC304", f"{message} stands in for its host", path, "give embodied.host or a server")
    return replace(like, data=data, where=ctx.mark(path))


def _described(ctx: Context, name: str, data: dict[str, object]) -> str:
    """A host of a class with its processors, as a warning names it."""
    cpu = data.get("cpu")
    return f"{name} with {ctx.catalog.record('cpus', str(cpu)).name}" if cpu else name


def class_of(card: Record) -> str:
    """The class of host that takes a form of accelerator; empty where the form says none."""
    form = card.text("form_factor").upper()
    if form.startswith("PCIE"):
        return "archetype-pcie-8"
    return "archetype-oam-8" if form.startswith(("SXM", "OAM", "CUSTOM")) else ""


def _processor_of_class(ctx: Context, like: Record, card: Record) -> str:
    """Processor of a class of hosts: the accelerator's vendor and year choose it.

    A workstation takes the cards of any vendor, so that its own processor stays while it is near.
    """
    year = card.data.get("launched")
    own = like.text("cpu")
    if like.id == WORKSTATION:
        built = ctx.catalog.record("cpus", own).number("launched")
        if not isinstance(year, int) or built is None or abs(built - year) <= _most_years(ctx):
            return own
        return _nearest(ctx.catalog, frozenset(), year, _most_years(ctx), workstation=True)
    if not isinstance(year, int):
        return own
    return _nearest(ctx.catalog, vendors_of(card), year, _most_years(ctx))


def _most_years(ctx: Context) -> float:
    return ctx.default("stand_in_years").value


def processor(ctx: Context, server: Record, card: Record | None, path: Path) -> Record:
    """The processor of a server: as recorded, else one of its vendor and year, warned of."""
    named = server.text("cpu")
    if named:
        return ctx.record("cpus", named, path)
    year = year_of(ctx.catalog, server, card)
    if year is None:
        message = f"neither the processors of {server.name} nor its year are in its record"
        ctx.fail("CC304", message, path, "give its host: embodied.host: 900 kg")
    found = _nearest(ctx.catalog, vendors_of(server), year, _most_years(ctx))
    made = ctx.record("cpus", found, path)
    message = f"the processors of {server.name} ({year}) are not in its record"
    hint = "give embodied.host, or name them in its record"
    ctx.warn("CC304", f"{message}: {made.name} stands in for them", path, hint)
    return made


def _nearest(
    catalog: Catalog,
    makers: frozenset[str],
    year: int,
    most_years: float,
    *,
    workstation: bool = False,
) -> str:
    """The id of a server processor: of the makers' nearest machine, else of their own make.

    Makers who sell known machines build with the processors of others, so that only the makers'
    machines of about that year count; where there are none, the nearest machine of anybody.
    """
    known = [p for p in _platforms(catalog) if p.workstation == workstation]
    theirs = [p for p in known if p.makers & makers]
    near = [p for p in theirs if abs(p.year - year) <= most_years]
    own = [] if theirs else list(_processors(catalog, makers))
    chosen = min(near or own or known, key=lambda p: (abs(p.year - year), p.cpu))
    return chosen.cpu


def _platforms(catalog: Catalog) -> Iterator[_Platform]:
    """Machines with a known processor and known accelerators, or with none, in order of id."""
    for server_id in catalog.ids("servers"):
        server = catalog.record("servers", server_id)
        held = server.number("accelerators") and not server.text("accelerator")
        year = year_of(catalog, server)
        if held or year is None or not server.text("cpu"):
            continue
        desk = server.text("category") == "workstation"
        yield _Platform(server.text("cpu"), vendors_of(server), year, desk)


def _processors(catalog: Catalog, makers: frozenset[str]) -> Iterator[_Platform]:
    """Server processors that vendors make themselves."""
    for cpu_id in catalog.ids("cpus"):
        cpu = catalog.record("cpus", cpu_id)
        year = cpu.data.get("launched")
        if vendors_of(cpu) & makers and isinstance(year, int):
            yield _Platform(cpu_id, makers, year, workstation=False)


def like_of_dies(catalog: Catalog, cpu: Record, usual: str) -> Record:
    """A processor of the same vendor and nearest year whose dies are known; else the usual one."""
    year = cpu.data.get("launched")
    found: list[tuple[int, str]] = []
    for cpu_id in catalog.ids("cpus"):
        other = catalog.record("cpus", cpu_id)
        launched = other.data.get("launched")
        same = vendors_of(other) & vendors_of(cpu)
        if same and other.data.get("dies") and isinstance(launched, int) and isinstance(year, int):
            found.append((abs(launched - year), cpu_id))
    return catalog.record("cpus", min(found)[1] if found else usual)


def network_cards(ctx: Context, server: Record, path: Path) -> Fact:
    """Network cards of a machine: of its record, of its class in a whole rack, or as is usual."""
    known = server.fact("nics", label=f"network cards, {server.name}")
    held = server.number("accelerators")
    if known is not None:
        return known
    if server.text("category") != RACK_SCALE or not held:
        return ctx.default("nics_per_machine")
    each = ctx.default("nics_per_accelerator")
    note = f"{each.value:g} for each of {held:g} accelerators"
    key = f"{each.key}/{server.id}"
    made = derived(key, each.value * held, each, note, f"network cards, {server.name}")
    message = (
        f"the network cards of {server.name} are not in its record: {made.value:,.0f} stand in"
    )
    ctx.warn("CC304", message, path, "give embodied.host, or the number in its record")
    return archetype(made, note)


def amount(ctx: Context, server: Record, kind: str, path: Path) -> Fact:
    """DRAM or SSD of a server in GB: of its record, else the range of its class, warned of."""
    shown = kind.upper()
    known = server.fact(kind, label=f"{shown}, {server.name}")
    if known is not None:
        return known
    held = server.number("accelerators")
    per = "accelerator" if held else "server"
    each = ctx.default(f"host_{kind}_per_{per}")
    note = f"{held or 1:g} {per}s of {each.value:g} GB each, {each.low:g} to {each.high:g}"
    key = f"{each.key}/{server.id}"
    made = derived(key, each.value * (held or 1), each, note, f"{shown}, {server.name}")
    message = f"the {shown} of {server.name} is not in its record: {made.value:,.0f} GB stand in,"
    rest = f"{made.low:,.0f} to {made.high:,.0f}, as in servers of its class"
    ctx.warn("CC304", f"{message} {rest}", path, "give embodied.host, or the figure in its record")
    return archetype(made, note)
