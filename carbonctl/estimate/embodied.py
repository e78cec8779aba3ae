"""Hardware, cradle to gate and beyond: a machine part by part, and a phase's share of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from carbonctl.core.formula import part
from carbonctl.estimate.bom import Capacity, Counted, Die, Interposer, Module, Racked, Rated
from carbonctl.estimate.results import Item, Line
from carbonctl.formulas import allocation, end_of_life, fab, parts, transport

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.bom import Hardware, Part
    from carbonctl.estimate.inputs import ItemInputs


@dataclass(frozen=True, slots=True)
class MachineCarbon:
    """Carbon of one whole machine by stage; None where mass is unknown."""

    lines: tuple[Line, ...]
    manufacturing_kgco2e: Num
    transport_kgco2e: Num | None
    end_of_life_kgco2e: Num | None
    recovery_credit_kgco2e: Num | None

    @property
    def stages(self) -> tuple[Num, ...]:
        """What is known of it from cradle to grave, the credit apart."""
        made = (self.manufacturing_kgco2e, self.transport_kgco2e, self.end_of_life_kgco2e)
        return tuple(amount for amount in made if amount is not None)


def machine(hardware: Hardware[Num]) -> MachineCarbon:
    """One whole machine: manufacturing by part, transport, end of life, credit apart."""
    lines = tuple(_line(item) for item in hardware.machine.parts)
    manufacturing = allocation.total_kgco2e(parts_kgco2e=tuple(line.kgco2e for line in lines))
    mass = hardware.machine.mass_kg
    if mass is None:
        return MachineCarbon(lines, manufacturing, None, None, None)
    credit = hardware.recovery_credit_kgco2e_per_kg
    return MachineCarbon(
        lines,
        manufacturing,
        _delivery(mass, hardware),
        end_of_life.end_of_life_kgco2e(
            mass_kg=mass, end_of_life_kgco2e_per_kg=hardware.end_of_life_kgco2e_per_kg
        ),
        None
        if credit is None
        else end_of_life.recovery_credit_kgco2e(mass_kg=mass, recovery_credit_kgco2e_per_kg=credit),
    )


def _delivery(mass_kg: Num, hardware: Hardware[Num]) -> Num:
    """Delivery over a stated distance, else by a typical mix per mass."""
    route = hardware.route
    if route is None:
        assert hardware.transport_kgco2e_per_kg is not None  # noqa: S101 - one of the two
        return transport.transport_kgco2e(
            mass_kg=mass_kg, transport_kgco2e_per_kg=hardware.transport_kgco2e_per_kg
        )
    per_tkm = transport.transport_kgco2e_per_tkm(
        air_share=route.air_share,
        air_kgco2e_per_tkm=route.air_kgco2e_per_tkm,
        surface_kgco2e_per_tkm=route.surface_kgco2e_per_tkm,
    )
    return transport.transport_kgco2e_by_distance(
        mass_kg=mass_kg, distance_km=route.distance_km, transport_kgco2e_per_tkm=per_tkm
    )


def amortize(
    item_kgco2e: Num | None, accelerator_hours: Num, hardware: Hardware[Num]
) -> Num | None:
    """The share of a whole machine's carbon that these device-hours carry."""
    if item_kgco2e is None:
        return None
    hours = allocation.machine_hours(
        accelerator_hours=accelerator_hours,
        accelerators_per_machine=hardware.machine.accelerators_per_machine,
    )
    return allocation.amortized_kgco2e(
        item_kgco2e=item_kgco2e,
        machine_hours=hours,
        lifetime_hours=hardware.lifetime_hours,
        allocation_rate=hardware.allocation_rate,
    )


def embodied(x: ItemInputs[Num]) -> Item:
    """Whole machines, from manufacturing to end of life, without use."""
    with part("machine"):
        made = machine(x.hardware)
        credit = _times(made.recovery_credit_kgco2e, x.machines)
    stages = (
        ("manufacturing", "manufacturing", made.manufacturing_kgco2e),
        ("transport", "transport", made.transport_kgco2e),
        ("end_of_life", "end of life", made.end_of_life_kgco2e),
    )
    lines, metrics = [], {}
    for name, label, one in stages:
        if one is None:
            continue
        with part(name):
            amount = parts.part_kgco2e(part_count=x.machines, unit_kgco2e=one)
        children = _scaled(made.lines, x.machines) if name == "manufacturing" else ()
        comparators = x.hardware.machine.comparators if name == "manufacturing" else ()
        lines.append(Line(name, label, amount, name, "", "machine", children, comparators))
        metrics[f"{name}_kgco2e"] = amount
    total = allocation.total_kgco2e(parts_kgco2e=tuple(line.kgco2e for line in lines))
    with part("one"):
        whole = allocation.total_kgco2e(parts_kgco2e=made.stages)
    metrics["embodied_kgco2e_per_hour"] = allocation.embodied_kgco2e_per_hour(
        item_kgco2e=whole,
        accelerators_per_machine=x.hardware.machine.accelerators_per_machine,
        lifetime_hours=x.hardware.lifetime_hours,
        allocation_rate=x.hardware.allocation_rate,
    )
    if credit is not None:
        metrics["recovery_credit_kgco2e"] = credit
    return Item(total, tuple(lines), credit, {"total_kgco2e": total, **metrics})


def _times(one: Num | None, count: Num) -> Num | None:
    return None if one is None else parts.part_kgco2e(part_count=count, unit_kgco2e=one)


def _scaled(lines: tuple[Line, ...], machines: Num) -> tuple[Line, ...]:
    """The machine's parts, times machines."""
    scaled = []
    for line in lines:
        with part(line.id):
            amount = parts.part_kgco2e(part_count=machines, unit_kgco2e=line.kgco2e)
        scaled.append(Line(f"manufacturing.{line.id}", line.label, amount, line.kind))
    return tuple(scaled)


def _line(item: Part[Num]) -> Line:
    with part(item.id):
        return Line(item.id, item.label, part_carbon(item), "manufacturing")


def part_carbon(item: Part[Num] | Die[Num] | Interposer[Num]) -> Num:
    """Carbon of one entry of a bill of materials."""
    match item:
        case Counted():
            return parts.part_kgco2e(part_count=item.part_count, unit_kgco2e=item.unit_kgco2e)
        case Capacity():
            return parts.part_kgco2e_by_capacity(
                capacity_gb=item.capacity_gb, capacity_kgco2e_per_gb=item.capacity_kgco2e_per_gb
            )
        case Rated():
            return parts.part_kgco2e_by_power(
                rated_w=item.rated_w, rated_kgco2e_per_w=item.rated_kgco2e_per_w
            )
        case Racked():
            return parts.rack_kgco2e(
                unit_kgco2e=item.unit_kgco2e,
                rack_units=item.rack_units,
                rack_height=item.rack_height,
            )
        case Die():
            return _die_kgco2e(item)
        case Interposer():
            return fab.interposer_kgco2e(
                interposer_area_cm2=item.interposer_area_cm2,
                interposer_kgco2e_per_cm2=item.interposer_kgco2e_per_cm2,
                interposer_yield=item.interposer_yield,
            )
        case Module():
            return _module_kgco2e(item)


def _module_kgco2e(item: Module[Num]) -> Num:
    made = []
    for piece in item.parts:
        with part(piece.id):
            made.append(part_carbon(piece))
    return parts.module_kgco2e(
        module_count=item.module_count,
        assembly_uplift=item.assembly_uplift,
        module_residual=item.module_residual,
        parts_kgco2e=tuple(made),
    )


def _die_kgco2e(die: Die[Num]) -> Num:
    whole = fab.dies_per_wafer(
        die_area_cm2=die.die_area_cm2,
        wafer_cm=die.wafer_cm,
        edge_cm=die.edge_cm,
        kerf_cm=die.kerf_cm,
    )
    good = fab.fab_yield(
        die_area_cm2=die.die_area_cm2, defect_density_per_cm2=die.defect_density_per_cm2
    )
    return fab.die_kgco2e(
        die_count=die.die_count,
        cpa_kgco2e_per_cm2=die.cpa_kgco2e_per_cm2,
        wafer_cm=die.wafer_cm,
        dies_per_wafer=whole,
        fab_yield=good,
    )
