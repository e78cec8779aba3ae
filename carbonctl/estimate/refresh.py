"""Keep or replace: the same work on old and on new machines, and the break-even time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import part
from carbonctl.core.record import record
from carbonctl.estimate.embodied.hardware import MachineCarbon, machine_carbon
from carbonctl.estimate.product_metrics import design_metrics
from carbonctl.estimate.replacement_inputs import Peaks
from carbonctl.estimate.results import Line
from carbonctl.formulas.decisions import allocation, equal_work, replacement
from carbonctl.formulas.facility import operational
from carbonctl.formulas.hardware import parts, power, second_life

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.replacement_inputs import Fleet, RefreshInputs

_STAGES = {
    "manufacturing": "manufacturing",
    "transport": "transport",
    "end_of_life": "end of life",
}


@record
class FleetCarbon:
    """Machines of one kind over the horizon: energy, spares, and embodied carbon of one."""

    machines: Num
    machine: MachineCarbon
    facility_energy_kwh: Num
    operational_kgco2e: Num
    spares_kgco2e: Num
    running_kgco2e: Num


@record
class Step:
    """Break-even time at one grid intensity."""

    ci_kgco2e_per_kwh: Num
    break_even_years: Num


@record
class Refresh:
    """Carbon of both choices over the horizon; the old machines' embodied carbon is sunk."""

    keep: tuple[Line, ...]
    replace: tuple[Line, ...]
    keep_kgco2e: Num
    total_kgco2e: Num
    break_even_years: Num
    sunk_kgco2e: Num
    steps: tuple[Step, ...]
    metrics: dict[str, Num]
    basis: str = "location"

    @property
    def lines(self) -> tuple[Line, ...]:
        """Rows of both choices, for ``explain``."""
        return (*self.keep, *self.replace)


def refresh(x: RefreshInputs[Num]) -> Refresh:
    """Carbon of the same work on old and on new machines, with break-even and metrics."""
    ratio = _performance(x)
    per_old = equal_work.machine_ratio(
        performance_ratio=ratio,
        new_busy_share=x.new.busy_share,
        old_busy_share=x.old.busy_share,
    )
    count = equal_work.new_machines(old_machines=x.old_machines, machine_ratio=per_old)
    with part("keep"):
        old = _fleet_carbon(x.old, x.old_machines, x)
    with part("replace"):
        new = _fleet_carbon(x.new, count, x)
        bought = _embodied_lines(new, "replace")
    made = tuple(line.kgco2e for line in bought)
    with part("new"):
        new_kgco2e = allocation.total_kgco2e(parts_kgco2e=made)
    with part("replace"):
        total = allocation.total_kgco2e(parts_kgco2e=(new.running_kgco2e, *made))
    with part("old"):
        sunk = allocation.total_kgco2e(
            parts_kgco2e=tuple(line.kgco2e for line in _embodied_lines(old, "old"))
        )
    metrics = _decision_metrics(x, old, new, new_kgco2e, total)
    metrics |= {"old_embodied_kgco2e": sunk, "new_embodied_kgco2e": new_kgco2e}
    metrics |= {"performance_ratio": ratio, "new_machines": count, "machine_ratio": per_old}
    metrics |= _old_hardware_metrics(x, sunk, new_kgco2e, metrics["saved_kgco2e"])
    with part("old"):
        metrics |= design_metrics("old", x, old, sunk, x.one)
    with part("new"):
        metrics |= design_metrics("new", x, new, new_kgco2e, ratio)
    return Refresh(
        keep=_running_lines("keep", old),
        replace=(*bought, *_running_lines("replace", new)),
        keep_kgco2e=old.running_kgco2e,
        total_kgco2e=total,
        break_even_years=metrics["break_even_years"],
        sunk_kgco2e=sunk,
        steps=tuple(_grid_step(n, ci, x, old, new, new_kgco2e) for n, ci in enumerate(x.steps)),
        metrics={"total_kgco2e": total, **metrics},
    )


def _performance(x: RefreshInputs[Num]) -> Num:
    peaks = x.performance
    if not isinstance(peaks, Peaks):
        return peaks
    return equal_work.performance_ratio(
        new_peak_flop_per_s=peaks.new_peak_flop_per_s,
        new_accelerators=peaks.new_accelerators,
        old_peak_flop_per_s=peaks.old_peak_flop_per_s,
        old_accelerators=peaks.old_accelerators,
        reached_ratio=peaks.reached_ratio,
    )


def _fleet_carbon(fleet: Fleet[Num], machines: Num, x: RefreshInputs[Num]) -> FleetCarbon:
    with part("machine"):
        machine = machine_carbon(fleet.hardware)
    it = equal_work.it_energy_kwh_from_machines(
        machines=machines, service_hours=x.service_hours, it_power_w=_power(fleet)
    )
    energy = operational.facility_energy_kwh(it_energy_kwh=it, pue=x.pue)
    used = operational.operational_location_kgco2e(
        facility_energy_kwh=energy, ci_location_kgco2e_per_kwh=x.ci_location_kgco2e_per_kwh
    )
    assert machine.manufacturing_kgco2e is not None  # noqa: S101 - machines have manufacturing
    spares = replacement.spares_kgco2e(
        machines=machines,
        manufacturing_kgco2e=machine.manufacturing_kgco2e,
        spares_per_year=fleet.spares_per_year,
        service_hours=x.service_hours,
    )
    with part("running"):
        running = allocation.total_kgco2e(parts_kgco2e=(used, spares))
    return FleetCarbon(machines, machine, energy, used, spares, running)


def _power(fleet: Fleet[Num]) -> Num:
    """Mean power of one machine [W]: as stated, else between idle and loaded by busy share."""
    if fleet.mean_power_w is not None:
        return fleet.mean_power_w
    assert fleet.idle_power_w is not None  # noqa: S101 - resolve gives the mean or both ends
    assert fleet.loaded_power_w is not None  # noqa: S101
    return power.it_power_w(
        idle_power_w=fleet.idle_power_w,
        loaded_power_w=fleet.loaded_power_w,
        mean_busy_share=fleet.busy_share,
    )


def _running_lines(side: str, service: FleetCarbon) -> tuple[Line, ...]:
    return (
        Line(f"{side}.operational", "electricity", service.operational_kgco2e, "operational"),
        Line(f"{side}.spares", "spares", service.spares_kgco2e, "spares"),
    )


def _embodied_lines(service: FleetCarbon, side: str) -> tuple[Line, ...]:
    """Embodied carbon of all machines of a kind by stage."""
    lines = []
    for stage, label in _STAGES.items():
        one = getattr(service.machine, f"{stage}_kgco2e")
        if one is None:
            continue
        with part(stage):
            amount = parts.part_kgco2e(part_count=service.machines, unit_kgco2e=one)
        lines.append(Line(f"{side}.{stage}", label, amount, stage, "modeled", "machine"))
    return tuple(lines)


def _decision_metrics(
    x: RefreshInputs[Num], old: FleetCarbon, new: FleetCarbon, new_kgco2e: Num, total: Num
) -> dict[str, Num]:
    """Savings, break-even time, break-even grid intensity and break-even growth."""
    saved = replacement.saved_kgco2e(
        kept_kgco2e=old.running_kgco2e, replaced_kgco2e=new.running_kgco2e
    )
    return {
        "keep_kgco2e": old.running_kgco2e,
        "saved_kgco2e": saved,
        "saved_kgco2e_per_year": replacement.saved_kgco2e_per_year(
            saved_kgco2e=saved, service_hours=x.service_hours
        ),
        "break_even_years": replacement.break_even_years(
            new_kgco2e=new_kgco2e, saved_kgco2e=saved, service_hours=x.service_hours
        ),
        "break_even_kgco2e_per_kwh": replacement.break_even_kgco2e_per_kwh(
            new_kgco2e=new_kgco2e,
            new_spares_kgco2e=new.spares_kgco2e,
            old_spares_kgco2e=old.spares_kgco2e,
            old_facility_energy_kwh=old.facility_energy_kwh,
            new_facility_energy_kwh=new.facility_energy_kwh,
        ),
        "carbon_ratio": replacement.carbon_ratio(
            replaced_kgco2e=total,
            kept_kgco2e=old.running_kgco2e,
            growth_ratio=x.growth_ratio,
            growth_hours=x.growth_hours,
            service_hours=x.service_hours,
        ),
        "break_even_growth_ratio": replacement.break_even_growth_ratio(
            kept_kgco2e=old.running_kgco2e,
            replaced_kgco2e=total,
            growth_hours=x.growth_hours,
            service_hours=x.service_hours,
        ),
    }


def _old_hardware_metrics(
    x: RefreshInputs[Num], sunk: Num, new_kgco2e: Num, saved: Num
) -> dict[str, Num]:
    """Embodied carbon of old machines: written off, and allocated to first and second life."""
    named: dict[str, Num] = {}
    lifetime, age, after = x.old.hardware.lifetime_hours, x.age_hours, x.second_life
    if age is not None:
        named["old_written_off_kgco2e"] = second_life.written_off_kgco2e(
            item_kgco2e=sunk, age_hours=age, lifetime_hours=lifetime
        )
    if after is None:
        return named
    first = sunk
    if age is not None and after.second_life_hours is not None:
        first = second_life.first_life_kgco2e(
            item_kgco2e=sunk, first_life_hours=age, second_life_hours=after.second_life_hours
        )
    named["old_first_life_kgco2e"] = first
    named["old_second_life_kgco2e"] = second_life.second_life_kgco2e(
        item_kgco2e=sunk, carried_kgco2e=first
    )
    if after.displaced_share is not None:
        credit = second_life.displaced_kgco2e(
            displaced_share=after.displaced_share, equivalent_kgco2e=new_kgco2e
        )
        with part("credited"):
            named["credited_break_even_years"] = replacement.break_even_years(
                new_kgco2e=second_life.credited_kgco2e(
                    new_kgco2e=new_kgco2e, displaced_kgco2e=credit
                ),
                saved_kgco2e=saved,
                service_hours=x.service_hours,
            )
        named["displaced_kgco2e"] = credit
    return named


def _grid_step(
    place: int, ci: Num, x: RefreshInputs[Num], old: FleetCarbon, new: FleetCarbon, new_kgco2e: Num
) -> Step:
    """Break-even time at another grid intensity."""
    with part(f"grid_{place + 1}"):
        running = []
        for side, service in (("keep", old), ("replace", new)):
            with part(side):
                used = operational.operational_location_kgco2e(
                    facility_energy_kwh=service.facility_energy_kwh, ci_location_kgco2e_per_kwh=ci
                )
                both = (used, service.spares_kgco2e)
                running.append(allocation.total_kgco2e(parts_kgco2e=both))
        saved = replacement.saved_kgco2e(kept_kgco2e=running[0], replaced_kgco2e=running[1])
        years = replacement.break_even_years(
            new_kgco2e=new_kgco2e, saved_kgco2e=saved, service_hours=x.service_hours
        )
    return Step(ci, years)
