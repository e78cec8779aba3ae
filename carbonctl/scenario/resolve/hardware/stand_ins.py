"""Stand-ins for parts of a machine that no record describes, by vendor and year, with warnings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from carbonctl.scenario.resolve.context import as_archetype, derive_fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.catalog.read import Catalog, Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context

RACK_SCALE = "rack-scale"  # category of a machine that is a whole rack with its switches
WORKSTATION = "archetype-workstation"
# First year in which servers have a generation of memory modules.
_MODULES = ((2022, "ddr5-rdimm"),)
_OLDEST_MODULES = "ddr4-rdimm"


class _Platform(NamedTuple):
    """A processor of a known machine, with the machine's vendors and year."""

    cpu: str
    makers: frozenset[str]
    year: int
    workstation: bool


def find_vendors(record: Record) -> frozenset[str]:
    """Vendors of a record; two where one builds with parts of the other."""
    return frozenset(filter(None, record.text("vendor").split("/")))


def find_year(catalog: Catalog, server: Record, card: Record | None = None) -> int | None:
    """Year of a machine: as recorded, else that of its newest processor; or None."""
    years = [server.data.get("launched")]
    if not isinstance(years[0], int):
        cpu = server.text("cpu")
        accelerator = server.text("accelerator")
        years = [catalog.record("cpus", cpu).data.get("launched")] if cpu else []
        if card is None and accelerator:
            card = catalog.record("accelerators", accelerator)
        years += [card.data.get("launched")] if card is not None else []
    return max((year for year in years if isinstance(year, int)), default=None)


def memory_generation(year: object) -> str:
    """Generation of memory modules in servers of a year; the oldest for an unknown year."""
    since = year if isinstance(year, int | float) else 0
    return next((name for first, name in _MODULES if since >= first), _OLDEST_MODULES)


def typical_host(ctx: Context, like: Record, card: Record, path: Path) -> Record:
    """A typical host, with a warning, for an accelerator that no known server has.

    Its processors and its generation of memory follow the accelerator's vendor and year.
    """
    data = dict(like.data)
    chosen = _typical_processor(ctx, like, card) if data.get("cpus") else like.text("cpu")
    if chosen != like.text("cpu"):
        data["cpu"] = chosen
        data["dram_type"] = memory_generation(
            ctx.catalog.record("cpus", chosen).data.get("launched")
        )
    message = f"no server with {card.name} is known: {_described(ctx, like.name, data)}"
    ctx.warn("CC304", f"{message} is assumed as its host", path, "give embodied.host or a server")
    return replace(like, data=data, where=ctx.mark(path))


def _described(ctx: Context, name: str, data: dict[str, object]) -> str:
    """Name of a typical host and its processors, for a warning."""
    cpu = data.get("cpu")
    return f"{name} with {ctx.catalog.record('cpus', str(cpu)).name}" if cpu else name


def host_class(card: Record) -> str:
    """Id of the typical host for an accelerator's form factor; "" where there is none."""
    form = card.text("form_factor").upper()
    if form.startswith("PCIE"):
        return "archetype-pcie-8"
    return "archetype-oam-8" if form.startswith(("SXM", "OAM", "CUSTOM")) else ""


def _typical_processor(ctx: Context, like: Record, card: Record) -> str:
    """Id of the processor of a typical host, by the accelerator's vendor and year.

    A workstation takes cards of any vendor, so it keeps its own processor if of about that year.
    """
    year = card.data.get("launched")
    own = like.text("cpu")
    if like.id == WORKSTATION:
        built = ctx.catalog.record("cpus", own).number("launched")
        if not isinstance(year, int) or built is None or abs(built - year) <= _max_years_apart(ctx):
            return own
        return _nearest(ctx.catalog, frozenset(), year, _max_years_apart(ctx), workstation=True)
    if not isinstance(year, int):
        return own
    return _nearest(ctx.catalog, find_vendors(card), year, _max_years_apart(ctx))


def _max_years_apart(ctx: Context) -> float:
    return ctx.default("stand_in_years").value


def processor(ctx: Context, server: Record, card: Record | None, path: Path) -> Record:
    """Processor of a server: as recorded, else one by vendor and year, with a warning."""
    named = server.text("cpu")
    if named:
        return ctx.record("cpus", named, path)
    year = find_year(ctx.catalog, server, card)
    if year is None:
        message = f"neither the processors of {server.name} nor its year are in its record"
        ctx.fail("CC304", message, path, "give its host: embodied.host: 900 kg")
    found = _nearest(ctx.catalog, find_vendors(server), year, _max_years_apart(ctx))
    made = ctx.record("cpus", found, path)
    message = f"the processors of {server.name} ({year}) are not in its record"
    hint = "give embodied.host, or name them in its record"
    ctx.warn("CC304", f"{message}: {made.name} is assumed", path, hint)
    return made


def _nearest(
    catalog: Catalog,
    makers: frozenset[str],
    year: int,
    most_years: float,
    *,
    workstation: bool = False,
) -> str:
    """Id of the server processor nearest in year: of the vendors' machines, else made by them.

    Vendors that sell known machines build with processors of others, so only their machines of
    about that year count. Where there are none, the nearest machine of any vendor counts.
    """
    known = [p for p in _platforms(catalog) if p.workstation == workstation]
    theirs = [p for p in known if p.makers & makers]
    near = [p for p in theirs if abs(p.year - year) <= most_years]
    own = [] if theirs else list(_processors(catalog, makers))
    chosen = min(near or own or known, key=lambda p: (abs(p.year - year), p.cpu))
    return chosen.cpu


def _platforms(catalog: Catalog) -> Iterator[_Platform]:
    """Machines with a known processor, and with known accelerators or none, in order of id."""
    for server_id in catalog.ids("servers"):
        server = catalog.record("servers", server_id)
        is_unknown = server.number("accelerators") and not server.text("accelerator")
        year = find_year(catalog, server)
        if is_unknown or year is None or not server.text("cpu"):
            continue
        desk = server.text("category") == "workstation"
        yield _Platform(server.text("cpu"), find_vendors(server), year, desk)


def _processors(catalog: Catalog, makers: frozenset[str]) -> Iterator[_Platform]:
    """Server processors made by these vendors."""
    for cpu_id in catalog.ids("cpus"):
        cpu = catalog.record("cpus", cpu_id)
        year = cpu.data.get("launched")
        if find_vendors(cpu) & makers and isinstance(year, int):
            yield _Platform(cpu_id, makers, year, workstation=False)


def cpu_with_known_dies(catalog: Catalog, cpu: Record, usual: str) -> Record:
    """Processor of the same vendor, nearest in year, whose dies are known; else ``usual``."""
    year = cpu.data.get("launched")
    candidates: list[tuple[int, str]] = []
    for cpu_id in catalog.ids("cpus"):
        other = catalog.record("cpus", cpu_id)
        launched = other.data.get("launched")
        same = find_vendors(other) & find_vendors(cpu)
        if same and other.data.get("dies") and isinstance(launched, int) and isinstance(year, int):
            candidates.append((abs(launched - year), cpu_id))
    return catalog.record("cpus", min(candidates)[1] if candidates else usual)


def network_cards(ctx: Context, server: Record, path: Path) -> Fact:
    """Number of network cards of a machine: recorded, per accelerator in a rack, or default."""
    known = server.fact("nics", label=f"network cards, {server.name}")
    accelerators = server.number("accelerators")
    if known is not None:
        return known
    if server.text("category") != RACK_SCALE or not accelerators:
        return ctx.default("nics_per_machine")
    each = ctx.default("nics_per_accelerator")
    note = f"{each.value:g} for each of {accelerators:g} accelerators"
    key = f"{each.key}/{server.id}"
    made = derive_fact(key, each.value * accelerators, each, note, f"network cards, {server.name}")
    message = (
        f"the network cards of {server.name} are not in its record: {made.value:,.0f} are assumed"
    )
    ctx.warn("CC304", message, path, "give embodied.host, or the number in its record")
    return as_archetype(made, note)


def find_capacity(ctx: Context, server: Record, kind: str, path: Path) -> Fact:
    """DRAM or SSD capacity of a server [GB]: recorded, else a default with a warning."""
    shown = kind.upper()
    known = server.fact(kind, label=f"{shown}, {server.name}")
    if known is not None:
        return known
    accelerators = server.number("accelerators")
    per = "accelerator" if accelerators else "server"
    each = ctx.default(f"host_{kind}_per_{per}")
    note = f"{accelerators or 1:g} {per}s of {each.value:g} GB each, {each.low:g} to {each.high:g}"
    key = f"{each.key}/{server.id}"
    made = derive_fact(key, each.value * (accelerators or 1), each, note, f"{shown}, {server.name}")
    message = (
        f"the {shown} of {server.name} is not in its record: {made.value:,.0f} GB are assumed,"
    )
    rest = f"{made.low:,.0f} to {made.high:,.0f}, as in servers of its class"
    ctx.warn("CC304", f"{message} {rest}", path, "give embodied.host, or the figure in its record")
    return as_archetype(made, note)
