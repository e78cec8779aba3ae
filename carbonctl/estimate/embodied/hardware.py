"""Embodied carbon of machines from cradle to grave, and a phase's share of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import part
from carbonctl.core.record import value_record
from carbonctl.estimate.embodied.part_carbon import construction, part_carbon
from carbonctl.estimate.results import Item, Line
from carbonctl.formulas.decisions import allocation
from carbonctl.formulas.hardware import end_of_life, parts, transport

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.embodied.bom import Building, BuildingPart, Hardware, Part
    from carbonctl.estimate.inputs import ItemInputs


@value_record
class MachineCarbon:
    """Carbon of one whole machine by stage [kgCO2e]; None where its mass is unknown."""

    lines: tuple[Line, ...]
    manufacturing_kgco2e: Num | None
    transport_kgco2e: Num | None
    end_of_life_kgco2e: Num | None
    recovery_credit_kgco2e: Num | None

    @property
    def stages(self) -> tuple[Num, ...]:
        """Carbon of all known stages from cradle to grave, without the credit [kgCO2e]."""
        made = (self.manufacturing_kgco2e, self.transport_kgco2e, self.end_of_life_kgco2e)
        return tuple(amount for amount in made if amount is not None)


def machine_carbon(hardware: Hardware[Num]) -> MachineCarbon:
    """Carbon of one machine: manufacturing by part, transport, end of life, and credit."""
    lines = tuple(_part_line(item) for item in hardware.machine.parts)
    made = tuple(line.kgco2e for line in lines)
    manufacturing = allocation.total_kgco2e(parts_kgco2e=made) if made else None
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
    """Share of a machine's carbon that is allocated to these device-hours [kgCO2e]."""
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
    """Embodied carbon of whole machines from manufacturing to end of life, without use."""
    with part("machine"):
        made = machine_carbon(x.hardware)
        credit = _multiply(made.recovery_credit_kgco2e, x.machines)
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
        children = _scale_lines(made.lines, x.machines) if name == "manufacturing" else ()
        comparators = x.hardware.machine.comparators if name == "manufacturing" else ()
        lines.append(Line(name, label, amount, name, "", "machine", children, comparators))
        metrics[f"{name}_kgco2e"] = amount
    if x.building:
        built = tuple(_construction_line(item) for item in x.building)
        amount = allocation.total_kgco2e(parts_kgco2e=tuple(line.kgco2e for line in built))
        lines.append(
            Line("construction", "construction", amount, "construction", "", "machine+dc", built)
        )
        metrics["construction_kgco2e"] = amount
    total = allocation.total_kgco2e(parts_kgco2e=tuple(line.kgco2e for line in lines))
    if made.stages:  # an empty building has no machine
        metrics["embodied_kgco2e_per_hour"] = _embodied_per_hour(made, x.hardware)
    if credit is not None:
        metrics["recovery_credit_kgco2e"] = credit
    return Item(total, tuple(lines), credit, {"total_kgco2e": total, **metrics})


def _embodied_per_hour(made: MachineCarbon, hardware: Hardware[Num]) -> Num:
    """Embodied carbon per device-hour [kgCO2e/h]."""
    with part("one"):
        whole = allocation.total_kgco2e(parts_kgco2e=made.stages)
    return allocation.embodied_kgco2e_per_hour(
        item_kgco2e=whole,
        accelerators_per_machine=hardware.machine.accelerators_per_machine,
        lifetime_hours=hardware.lifetime_hours,
        allocation_rate=hardware.allocation_rate,
    )


def _construction_line(item: BuildingPart[Num] | Building[Num]) -> Line:
    with part(f"construction.{item.id}"):
        return Line(f"construction.{item.id}", item.label, construction(item), "construction")


def _multiply(one: Num | None, count: Num) -> Num | None:
    return None if one is None else parts.part_kgco2e(part_count=count, unit_kgco2e=one)


def _scale_lines(lines: tuple[Line, ...], machines: Num) -> tuple[Line, ...]:
    """Lines of a machine's parts, multiplied by the number of machines."""
    scaled = []
    for line in lines:
        with part(line.id):
            amount = parts.part_kgco2e(part_count=machines, unit_kgco2e=line.kgco2e)
        scaled.append(Line(f"manufacturing.{line.id}", line.label, amount, line.kind))
    return tuple(scaled)


def _part_line(item: Part[Num]) -> Line:
    with part(item.id):
        return Line(item.id, item.label, part_carbon(item), "manufacturing")
