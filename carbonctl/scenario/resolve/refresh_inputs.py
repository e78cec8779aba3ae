"""From the ``refresh`` section to inputs full of facts: two kinds of machine and one site."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from carbonctl.core.errors import InputError, Problem, in_order
from carbonctl.estimate.embodied.bom import Counted, Machine
from carbonctl.estimate.replacement_inputs import Fleet, Peaks, RefreshInputs, SecondLife
from carbonctl.scenario.read.consistency import agreement
from carbonctl.scenario.resolve.context import ONE, Context, archetype, derived, tried
from carbonctl.scenario.resolve.hardware import machine as machines
from carbonctl.scenario.resolve.horizon_checks import check_growth, check_life
from carbonctl.scenario.resolve.site import site

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Document, Path
    from carbonctl.estimate.embodied.bom import Hardware
    from carbonctl.scenario.resolve.hardware.part_model import PartModel
    from carbonctl.scenario.schema import refresh_section as schema_refresh
    from carbonctl.scenario.schema import scenario_file as schema
    from carbonctl.scenario.schema.quantity import Given

_STEPS = 6
_NOTHING = {
    "datacenter construction": "the building stands either way",
    "rack and datacenter network": "taken to stay",
    "end of life of the old machines": "it comes either way",
}
# what one rule of a second life needs, and what the others do not use
_NEEDED = {"cut_off": "", "time_share": "years", "displacement": "displaced_share"}
_EXAMPLE = "as in refresh: {old: {...}, new: {...}}"
_UNUSED = ("parts", "chassis", "accelerator", "host", "count", "subject", "mass", "spares", "fab",
           "device", "datacenter", "per_rack")  # fmt: skip


@dataclass(frozen=True)
class ResolvedRefresh:
    """Inputs of the decision, and what must be said beside its numbers."""

    old_name: str
    new_name: str
    site_name: str
    inputs: RefreshInputs[Fact]
    warnings: list[Problem]
    not_estimated: dict[str, str]


def resolve_refresh(
    scenario: schema.Scenario, document: Document, catalog: Catalog, part_model: PartModel
) -> ResolvedRefresh:
    """Facts of a replacement; InputError with all problems when there are any."""
    ctx = Context(document, catalog, list(document.found), part_model=part_model)
    section = scenario.refresh
    if section is None:
        message = "nothing to decide: give refresh, with old and new"
        tried(lambda: ctx.fail("CC302", message, (), _EXAMPLE, absent=True))
        raise InputError(in_order(ctx.problems), document.sources)
    agreement(ctx, scenario)
    for check in (_no_new_count, _on_location, _before_pue, _unused):
        tried(partial(check, ctx, scenario, section))
    made = tried(lambda: _gathered(ctx, scenario, section))
    if made is None or ctx.problems:
        raise InputError(in_order(ctx.problems), document.sources)
    old, new, inputs, where = made
    return ResolvedRefresh(
        old.name, new.name, where, inputs, ctx.warnings, ctx.not_estimated | _NOTHING
    )


def _gathered(
    ctx: Context, scenario: schema.Scenario, section: schema_refresh.Refresh
) -> tuple[_Side, _Side, RefreshInputs[Fact], str] | None:
    """Both sides, the site and the rules; every part is tried before giving up."""
    old = tried(lambda: _side(ctx, scenario, section.old, ("refresh", "old")))
    new = tried(lambda: _side(ctx, scenario, section.new, ("refresh", "new")))
    place = tried(lambda: site(ctx, scenario.site, ("site",)))
    after = tried(lambda: _second_life(ctx, section))
    if old is None or new is None:
        return None
    speed = tried(lambda: _performance(ctx, section, old, new))
    if place is None or speed is None:
        return None
    ctx.not_estimated.pop("water", None)  # said of sites; no decision here rests on it
    growth, path = section.demand_growth, ("refresh", "demand_growth")
    span = _given(ctx, section.horizon, ("refresh", "horizon"), "span")
    span = span or new.fleet.hardware.lifetime_hours
    check_life(ctx, span, new.fleet.hardware.lifetime_hours)
    ratio = ctx.either(growth.ratio if growth else None, (*path, "ratio"), "growth_ratio")
    per = ctx.either(growth.per if growth else None, (*path, "per"), "growth_hours")
    check_growth(ctx, span, ratio, per)
    inputs = RefreshInputs(
        old=old.fleet,
        new=new.fleet,
        old_machines=_old_machines(old),
        performance=speed,
        age_hours=_given(ctx, section.old.age, ("refresh", "old", "age"), "age"),
        second_life=after,
        pue=place.pue,
        ci_location_kgco2e_per_kwh=place.ci_location_kgco2e_per_kwh,
        service_hours=span,
        growth_ratio=ratio,
        growth_hours=per,
        task_hours=ctx.default("task_hours"),
        one=ONE,
        steps=_steps(ctx, section),
    )
    return old, new, inputs, place.name


def _given(ctx: Context, given: Given | None, path: Path, label: str) -> Fact | None:
    return None if given is None else ctx.given(given, path, label)


# What would change the decision silently, or not at all, is said.


def _no_new_count(ctx: Context, _: schema.Scenario, section: schema_refresh.Refresh) -> None:
    if section.new.count is not None:
        message, at = "equal work says how many new machines there are", ("refresh", "new", "count")
        hint = "state refresh.old.count alone"
        ctx.problems.append(Problem("CC303", message, ctx.mark(at), hint))


def _on_location(ctx: Context, scenario: schema.Scenario, _: schema_refresh.Refresh) -> None:
    if scenario.accounting == "market":
        message = "a replacement is decided on the location basis: contracts save no energy"
        ctx.problems.append(Problem("CC306", message, ctx.mark(("accounting",))))


def _before_pue(ctx: Context, scenario: schema.Scenario, _: schema_refresh.Refresh) -> None:
    if scenario.site is not None and scenario.site.pue == "included":
        message = "a replacement takes power before PUE, so PUE is in no number yet"
        ctx.problems.append(Problem("CC303", message, ctx.mark(("site", "pue"))))


def _unused(ctx: Context, scenario: schema.Scenario, _: schema_refresh.Refresh) -> None:
    embodied = scenario.embodied
    for key in _UNUSED if embodied is not None else ():
        if key in embodied.model_fields_set:  # type: ignore[union-attr]
            hint = "refresh.old.embodied and refresh.new.embodied state a machine"
            ctx.warn(
                "CC303", f"{key} is not used: refresh names its hardware", ("embodied", key), hint
            )


@dataclass(frozen=True)
class _Side:
    """One kind of machine: its facts, and the device that they were found for."""

    name: str
    found: machines.Device
    fleet: Fleet[Fact]


def _side(
    ctx: Context, scenario: schema.Scenario, section: schema_refresh.NewMachines, path: Path
) -> _Side:
    found = machines.device(ctx, section, path)
    hardware = _hardware(ctx, scenario, section, found, path)
    spares = ctx.default("spares_per_year")
    if section.spares is not None:
        spares = ctx.given(section.spares, (*path, "spares"), spares.label, unit=spares.unit)
    mean = None
    if section.power is not None:
        mean = ctx.given(section.power, (*path, "power"), f"mean power, {hardware.machine.name}")
        if mean.boundary not in ("", "node", "it_system"):
            message = "power is of the whole machine, AC, before PUE: node or it_system"
            ctx.fail("CC303", message, (*path, "power"))
    idle = loaded = None
    if mean is None:
        idle, loaded = _ends_of_power(ctx, found, path)
    busy = ctx.either(section.busy_share, (*path, "busy_share"), "busy_share")
    return _Side(hardware.machine.name, found, Fleet(hardware, busy, mean, idle, loaded, spares))


def _hardware(
    ctx: Context,
    scenario: schema.Scenario,
    section: schema_refresh.NewMachines,
    found: machines.Device,
    path: Path,
) -> Hardware[Fact]:
    """A whole machine, as stated from cradle to grave or from its parts."""
    if section.embodied is None:
        made = _built(ctx, found, path)
    else:
        whole = ctx.given(section.embodied, (*path, "embodied"), "one machine, as given")
        name = (found.server or found.record).name
        parts = (Counted("machine", name, ONE, whole),)
        made = Machine(name, found.per_machine, parts, None)
    rules = scenario.embodied
    if rules is not None:
        rules = rules.model_copy(update={"spares": None})  # a decision has its own, of both sides
    return machines.hardware(ctx, made, rules, scenario.end_of_life)


def _built(ctx: Context, found: machines.Device, path: Path) -> Machine[Fact]:
    """A machine from its parts; what to state instead is said in words of this section."""
    hint = "state one whole machine, as in embodied: 5 t"
    problems, warnings = len(ctx.problems), len(ctx.warnings)
    try:
        return machines.machine(ctx, found, None, path, bare=True)
    finally:
        for said, before in ((ctx.problems, problems), (ctx.warnings, warnings)):
            said[before:] = [replace(problem, hint=hint) for problem in said[before:]]


def _ends_of_power(ctx: Context, found: machines.Device, path: Path) -> tuple[Fact, Fact]:
    """Idle and loaded power of one machine from its record."""
    server = found.server
    loaded = server.fact("typical_power", label=f"loaded power, {server.name}") if server else None
    if server is None or loaded is None:
        name = (server or found.record).name
        hint = "give the mean AC power of one machine, as in power: 4 kW"
        ctx.fail("CC304", f"the power of {name} in service is not known", path, hint)
    idle = server.fact("idle_power", label=f"idle power, {server.name}")
    if idle is None:
        share = ctx.default("idle_power_share")
        label = f"idle power, {server.name}"
        scaled = derived(f"{share.key}/{server.id}", share.value * loaded.value, share, "", label)
        idle = archetype(replace(scaled, unit="W", shape="positive"), "a share of loaded power")
    return idle, loaded


def _performance(
    ctx: Context, section: schema_refresh.Refresh, old: _Side, new: _Side
) -> Peaks[Fact] | Fact:
    """Work of one new machine over one old, as stated or from dense 16-bit peaks."""
    path = ("refresh", "performance")
    if section.performance is not None:
        return ctx.given(section.performance, path, "work of a new machine over an old one")
    peaks = []
    for name, side in (("new", new), ("old", old)):
        peak = side.found.record.fact("peak_bf16", label=f"dense 16-bit peak, {side.name}")
        if peak is None:
            message = f"{side.found.record.name} has no known 16-bit peak"
            ctx.fail("CC304", message, ("refresh", name), "give refresh.performance")
        peaks.append(peak)
    return Peaks(
        peaks[0],
        new.found.per_machine,
        peaks[1],
        old.found.per_machine,
        ctx.default("reached_ratio"),
    )


def _old_machines(old: _Side) -> Fact:
    """Whole machines in service: as many as the accelerators fill, else one."""
    devices = old.found.count
    if devices is None:
        return ONE
    each = old.found.per_machine.value
    note = f"{devices.value:g} accelerators, {each:g} in each"
    return derived("refresh.old.machines", devices.value / each, devices, note, "old machines")


def _second_life(ctx: Context, section: schema_refresh.Refresh) -> SecondLife[Fact] | None:
    after, path = section.second_life, ("refresh", "second_life")
    if after is None:
        return None
    needed = _NEEDED[after.rule]
    for name, example in (("years", "2 y"), ("displaced_share", "30 %")):
        stated = getattr(after, name) is not None
        if name == needed and not stated:
            ctx.fail("CC206", f"{after.rule} needs {name}", path, f"as in {name}: {example}")
        if stated and name != needed:
            ctx.fail("CC303", f"{name} is not used by {after.rule}", (*path, name))
    if after.rule == "time_share" and section.old.age is None:
        ctx.fail("CC206", "time_share needs the age of the old machines", ("refresh", "old"))
    return SecondLife(
        after.rule,
        _given(ctx, after.years, (*path, "years"), "second life"),
        _given(ctx, after.displaced_share, (*path, "displaced_share"), "displaced share"),
    )


def _steps(ctx: Context, section: schema_refresh.Refresh) -> tuple[Fact, ...]:
    """Grid intensities of the table."""
    if section.grids:
        return tuple(
            ctx.given(given, ("refresh", "grids", place), "grid of the table")
            for place, given in enumerate(section.grids)
        )
    return tuple(ctx.default(f"grid_step_{place + 1}") for place in range(_STEPS))
