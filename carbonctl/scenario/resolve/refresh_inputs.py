"""Resolve the ``refresh`` section: two kinds of machine, one site, and rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from carbonctl.core.errors import InputError, Problem, sort_problems
from carbonctl.estimate.embodied.bom import CountedPart, Machine
from carbonctl.estimate.replacement_inputs import Fleet, Peaks, RefreshInputs, SecondLife
from carbonctl.scenario.read.consistency import check_consistency
from carbonctl.scenario.resolve.context import ONE, Context, as_archetype, attempt, derive_fact
from carbonctl.scenario.resolve.hardware.machine import (
    Device,
    resolve_device,
    resolve_hardware,
    resolve_machine,
)
from carbonctl.scenario.resolve.horizon_checks import check_growth, check_horizon
from carbonctl.scenario.resolve.site import resolve_site

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Document, Path
    from carbonctl.estimate.embodied.bom import Hardware
    from carbonctl.scenario.resolve.hardware.part_model import PartModel
    from carbonctl.scenario.schema import refresh_section as schema_refresh
    from carbonctl.scenario.schema import scenario_file as schema
    from carbonctl.scenario.schema.quantity import StatedQuantity

_GRID_STEPS = 6
_NOT_ESTIMATED = {
    "datacenter construction": "the same in both choices",
    "rack and datacenter network": "assumed to be kept",
    "end of life of the old machines": "the same in both choices",
}
# rule of a second life -> the key that it needs and that others do not use
_KEY_OF_RULE = {"cut_off": "", "time_share": "years", "displacement": "displaced_share"}
_EXAMPLE = "as in refresh: {old: {...}, new: {...}}"
_UNUSED_EMBODIED_KEYS = (
    "parts", "chassis", "accelerator", "host", "count", "subject", "mass", "spares", "fab",
    "device", "datacenter", "per_rack",
)  # fmt: skip


@dataclass(frozen=True)
class ResolvedRefresh:
    """Inputs of the decision, with warnings and what is not estimated."""

    old_name: str
    new_name: str
    site_name: str
    inputs: RefreshInputs[Fact]
    warnings: list[Problem]
    not_estimated: dict[str, str]


def resolve_refresh(
    scenario: schema.Scenario, document: Document, catalog: Catalog, part_model: PartModel
) -> ResolvedRefresh:
    """Inputs of a replacement; InputError with all problems when there are any."""
    ctx = Context(document, catalog, list(document.deferred_problems), part_model=part_model)
    section = scenario.refresh
    if section is None:
        message = "nothing to decide: give refresh, with old and new"
        attempt(lambda: ctx.fail("CC302", message, (), _EXAMPLE, absent=True))
        raise InputError(sort_problems(ctx.problems), document.sources)
    check_consistency(ctx, scenario)
    for check in (
        _check_no_new_count,
        _check_location_basis,
        _check_pue_not_included,
        _warn_unused_embodied_keys,
    ):
        attempt(partial(check, ctx, scenario, section))
    made = attempt(lambda: _resolve_inputs(ctx, scenario, section))
    if made is None or ctx.problems:
        raise InputError(sort_problems(ctx.problems), document.sources)
    old, new, inputs, where = made
    return ResolvedRefresh(
        old.name, new.name, where, inputs, ctx.warnings, ctx.not_estimated | _NOT_ESTIMATED
    )


def _resolve_inputs(
    ctx: Context, scenario: schema.Scenario, section: schema_refresh.Refresh
) -> tuple[_MachineKind, _MachineKind, RefreshInputs[Fact], str] | None:
    """Both kinds of machine, the inputs, and the site's name; all parts are checked first."""
    old = attempt(lambda: _resolve_kind(ctx, scenario, section.old, ("refresh", "old")))
    new = attempt(lambda: _resolve_kind(ctx, scenario, section.new, ("refresh", "new")))
    place = attempt(lambda: resolve_site(ctx, scenario.site, ("site",)))
    after = attempt(lambda: _second_life(ctx, section))
    if old is None or new is None:
        return None
    speed = attempt(lambda: _performance(ctx, section, old, new))
    if place is None or speed is None:
        return None
    ctx.not_estimated.pop("water", None)  # noted for sites; this decision does not use water
    growth, path = section.demand_growth, ("refresh", "demand_growth")
    span = _optional_fact(ctx, section.horizon, ("refresh", "horizon"), "span")
    span = span or new.fleet.hardware.lifetime_hours
    check_horizon(ctx, span, new.fleet.hardware.lifetime_hours)
    ratio = ctx.stated_or_default(
        growth.ratio if growth else None, (*path, "ratio"), "growth_ratio"
    )
    per = ctx.stated_or_default(growth.per if growth else None, (*path, "per"), "growth_hours")
    check_growth(ctx, span, ratio, per)
    inputs = RefreshInputs(
        old=old.fleet,
        new=new.fleet,
        old_machines=_old_machines(old),
        performance=speed,
        age_hours=_optional_fact(ctx, section.old.age, ("refresh", "old", "age"), "age"),
        second_life=after,
        pue=place.pue,
        ci_location_kgco2e_per_kwh=place.ci_location_kgco2e_per_kwh,
        service_hours=span,
        growth_ratio=ratio,
        growth_hours=per,
        task_hours=ctx.default("task_hours"),
        one=ONE,
        steps=_grid_steps(ctx, section),
    )
    return old, new, inputs, place.name


def _optional_fact(
    ctx: Context, given: StatedQuantity | None, path: Path, label: str
) -> Fact | None:
    return None if given is None else ctx.stated_fact(given, path, label)


# The following checks report keys that the decision does not use.


def _check_no_new_count(ctx: Context, _: schema.Scenario, section: schema_refresh.Refresh) -> None:
    if section.new.count is not None:
        message, at = (
            "the number of new machines follows from the work",
            ("refresh", "new", "count"),
        )
        hint = "state refresh.old.count alone"
        ctx.problems.append(Problem("CC303", message, ctx.mark(at), hint))


def _check_location_basis(
    ctx: Context, scenario: schema.Scenario, _: schema_refresh.Refresh
) -> None:
    if scenario.accounting == "market":
        message = "refresh uses the location basis: contracts save no energy"
        ctx.problems.append(Problem("CC306", message, ctx.mark(("accounting",))))


def _check_pue_not_included(
    ctx: Context, scenario: schema.Scenario, _: schema_refresh.Refresh
) -> None:
    if scenario.site is not None and scenario.site.pue == "included":
        message = "pue: included is not supported here: refresh takes power before PUE"
        ctx.problems.append(Problem("CC303", message, ctx.mark(("site", "pue"))))


def _warn_unused_embodied_keys(
    ctx: Context, scenario: schema.Scenario, _: schema_refresh.Refresh
) -> None:
    embodied = scenario.embodied
    for key in _UNUSED_EMBODIED_KEYS if embodied is not None else ():
        if key in embodied.model_fields_set:  # type: ignore[union-attr]
            hint = "refresh.old.embodied and refresh.new.embodied state a machine"
            ctx.warn(
                "CC303", f"{key} is not used: refresh names its hardware", ("embodied", key), hint
            )


@dataclass(frozen=True)
class _MachineKind:
    """The old or the new kind of machine: its name, device and fleet."""

    name: str
    device: Device
    fleet: Fleet[Fact]


def _resolve_kind(
    ctx: Context, scenario: schema.Scenario, section: schema_refresh.NewMachines, path: Path
) -> _MachineKind:
    device = resolve_device(ctx, section, path)
    hardware = _hardware(ctx, scenario, section, device, path)
    spares = ctx.default("spares_per_year")
    if section.spares is not None:
        spares = ctx.stated_fact(section.spares, (*path, "spares"), spares.label, unit=spares.unit)
    mean = None
    if section.power is not None:
        mean = ctx.stated_fact(
            section.power, (*path, "power"), f"mean power, {hardware.machine.name}"
        )
        if mean.boundary not in ("", "node", "it_system"):
            message = "expected AC power of a whole machine before PUE: scope node or it_system"
            ctx.fail("CC303", message, (*path, "power"))
    idle = loaded = None
    if mean is None:
        idle, loaded = _idle_and_loaded_power(ctx, device, path)
    busy = ctx.stated_or_default(section.busy_share, (*path, "busy_share"), "busy_share")
    return _MachineKind(
        hardware.machine.name, device, Fleet(hardware, busy, mean, idle, loaded, spares)
    )


def _hardware(
    ctx: Context,
    scenario: schema.Scenario,
    section: schema_refresh.NewMachines,
    device: Device,
    path: Path,
) -> Hardware[Fact]:
    """Hardware of one machine: with its stated embodied carbon, or from its parts."""
    if section.embodied is None:
        made = _build_machine(ctx, device, path)
    else:
        whole = ctx.stated_fact(section.embodied, (*path, "embodied"), "one machine, as given")
        name = (device.server or device.record).name
        parts = (CountedPart("machine", name, ONE, whole),)
        made = Machine(name, device.per_machine, parts, None)
    rules = scenario.embodied
    if rules is not None:
        rules = rules.model_copy(
            update={"spares": None}
        )  # refresh states spares for each kind of machine
    return resolve_hardware(ctx, made, rules, scenario.end_of_life)


def _build_machine(ctx: Context, device: Device, path: Path) -> Machine[Fact]:
    """A machine from its parts; hints of problems refer to keys of ``refresh``."""
    hint = "state one whole machine, as in embodied: 5 t"
    problems, warnings = len(ctx.problems), len(ctx.warnings)
    try:
        return resolve_machine(ctx, device, None, path, bare=True)
    finally:
        for said, before in ((ctx.problems, problems), (ctx.warnings, warnings)):
            said[before:] = [replace(problem, hint=hint) for problem in said[before:]]


def _idle_and_loaded_power(ctx: Context, device: Device, path: Path) -> tuple[Fact, Fact]:
    """Idle and loaded power of one machine from its record [W]."""
    server = device.server
    loaded = server.fact("typical_power", label=f"loaded power, {server.name}") if server else None
    if server is None or loaded is None:
        name = (server or device.record).name
        hint = "give the mean AC power of one machine, as in power: 4 kW"
        ctx.fail("CC304", f"the power of {name} in service is not known", path, hint)
    idle = server.fact("idle_power", label=f"idle power, {server.name}")
    if idle is None:
        share = ctx.default("idle_power_share")
        label = f"idle power, {server.name}"
        scaled = derive_fact(
            f"{share.key}/{server.id}", share.value * loaded.value, share, "", label
        )
        idle = as_archetype(replace(scaled, unit="W", shape="positive"), "a share of loaded power")
    return idle, loaded


def _performance(
    ctx: Context, section: schema_refresh.Refresh, old: _MachineKind, new: _MachineKind
) -> Peaks[Fact] | Fact:
    """Work of one new machine over one old: as stated, or from dense 16-bit peaks."""
    path = ("refresh", "performance")
    if section.performance is not None:
        return ctx.stated_fact(section.performance, path, "work of a new machine over an old one")
    peaks = []
    for name, side in (("new", new), ("old", old)):
        peak = side.device.record.fact("peak_bf16", label=f"dense 16-bit peak, {side.name}")
        if peak is None:
            message = f"{side.device.record.name} has no known 16-bit peak"
            ctx.fail("CC304", message, ("refresh", name), "give refresh.performance")
        peaks.append(peak)
    return Peaks(
        peaks[0],
        new.device.per_machine,
        peaks[1],
        old.device.per_machine,
        ctx.default("reached_ratio"),
    )


def _old_machines(old: _MachineKind) -> Fact:
    """Number of old machines: the stated accelerators over those per machine, else one."""
    devices = old.device.count
    if devices is None:
        return ONE
    each = old.device.per_machine.value
    note = f"{devices.value:g} accelerators, {each:g} in each"
    return derive_fact("refresh.old.machines", devices.value / each, devices, note, "old machines")


def _second_life(ctx: Context, section: schema_refresh.Refresh) -> SecondLife[Fact] | None:
    after, path = section.second_life, ("refresh", "second_life")
    if after is None:
        return None
    needed = _KEY_OF_RULE[after.rule]
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
        _optional_fact(ctx, after.years, (*path, "years"), "second life"),
        _optional_fact(ctx, after.displaced_share, (*path, "displaced_share"), "displaced share"),
    )


def _grid_steps(ctx: Context, section: schema_refresh.Refresh) -> tuple[Fact, ...]:
    """Grid intensities for which break-even is tabulated [kgCO2e/kWh]."""
    if section.grids:
        return tuple(
            ctx.stated_fact(given, ("refresh", "grids", place), "grid of the table")
            for place, given in enumerate(section.grids)
        )
    return tuple(ctx.default(f"grid_step_{place + 1}") for place in range(_GRID_STEPS))
