"""Carbon of each kind of entry of a bill of materials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import part
from carbonctl.estimate.embodied.bom import (
    BuildingPart,
    CapacityPart,
    Chip,
    CountedPart,
    Die,
    FabMemory,
    Interposer,
    Inventory,
    Machines,
    Memory,
    MemoryOnBoards,
    ModeledPart,
    Module,
    RackShare,
    RatedPart,
    ServerBody,
    WeighedPart,
)
from carbonctl.formulas.facility import datacenter
from carbonctl.formulas.hardware import fab, parts

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.embodied.bom import Building, Part, Piece, Process, Yield


def part_carbon(item: Part[Num] | Piece[Num]) -> Num:
    """Carbon of one entry of a bill of materials [kgCO2e]."""
    match item:
        case Module():
            return parts.module_kgco2e(
                module_count=item.module_count,
                assembly_uplift=item.assembly_uplift,
                module_residual=item.module_residual,
                parts_kgco2e=_carbon_of_parts(item.parts),
            )
        case Chip():
            return fab.chip_kgco2e(
                chip_count=item.chip_count,
                assembly_yield=item.assembly_yield,
                parts_kgco2e=_carbon_of_parts(item.parts),
            )
        case ModeledPart():
            return parts.modeled_kgco2e(
                model_residual=item.model_residual, parts_kgco2e=(part_carbon(item.part),)
            )
        case Machines():
            return parts.machines_kgco2e(
                machine_count=item.machine_count, parts_kgco2e=_carbon_of_parts(item.parts)
            )
        case Die() | Interposer():
            return _silicon_carbon(item)
        case Memory() | FabMemory() | MemoryOnBoards() | CapacityPart():
            return _memory_carbon(item)
        case _:
            return _other_part_carbon(item)


def _carbon_of_parts(pieces: tuple[Piece[Num] | Part[Num], ...]) -> tuple[Num, ...]:
    made = []
    for piece in pieces:
        with part(piece.id):
            made.append(part_carbon(piece))
    return tuple(made)


def construction(item: BuildingPart[Num] | Building[Num]) -> Num:
    """Construction carbon of a part of a datacenter, or of a whole one by IT power [kgCO2e]."""
    if isinstance(item, BuildingPart):
        return datacenter.plant_kgco2e(
            part_count=item.part_count,
            unit_kgco2e=item.unit_kgco2e,
            lifetime_hours=item.lifetime_hours,
            plant_lifetime_hours=item.plant_lifetime_hours,
        )
    return datacenter.construction_kgco2e_by_power(
        it_power_w=item.it_power_w,
        it_load=item.it_load,
        lifetime_hours=item.lifetime_hours,
        construction_kgco2e_per_kw_year=item.construction_kgco2e_per_kw_year,
    )


def _memory_carbon(
    item: Memory[Num] | FabMemory[Num] | MemoryOnBoards[Num] | CapacityPart[Num],
) -> Num:
    match item:
        case Memory():
            return parts.memory_kgco2e(
                capacity_gb=item.capacity_gb,
                area_cm2_per_gb=item.area_cm2_per_gb,
                memory_kgco2e_per_cm2=item.memory_kgco2e_per_cm2,
            )
        case FabMemory():
            return parts.memory_kgco2e_by_yield(
                capacity_gb=item.capacity_gb,
                capacity_kgco2e_per_gb=item.capacity_kgco2e_per_gb,
                fab_yield=item.fab_yield,
            )
        case MemoryOnBoards():
            return parts.memory_kgco2e_by_boards(
                part_count=item.part_count,
                board_kgco2e=item.board_kgco2e,
                capacity_gb=item.capacity_gb,
                area_cm2_per_gb=item.area_cm2_per_gb,
                memory_kgco2e_per_cm2=item.memory_kgco2e_per_cm2,
            )
        case CapacityPart():
            return parts.part_kgco2e_by_capacity(
                capacity_gb=item.capacity_gb, capacity_kgco2e_per_gb=item.capacity_kgco2e_per_gb
            )


def _other_part_carbon(
    item: CountedPart[Num] | RatedPart[Num] | RackShare[Num] | ServerBody[Num] | WeighedPart[Num],
) -> Num:
    match item:
        case CountedPart():
            return parts.part_kgco2e(part_count=item.part_count, unit_kgco2e=item.unit_kgco2e)
        case RatedPart():
            return parts.part_kgco2e_by_power(
                rated_w=item.rated_w, rated_kgco2e_per_w=item.rated_kgco2e_per_w
            )
        case RackShare():
            return parts.rack_kgco2e(
                unit_kgco2e=item.unit_kgco2e,
                rack_units=item.rack_units,
                rack_height=item.rack_height,
            )
        case ServerBody():
            return parts.body_kgco2e(body_factor=item.body_factor, unit_kgco2e=item.unit_kgco2e)
        case WeighedPart():
            return parts.part_kgco2e_by_mass(
                mass_kg=item.mass_kg, material_kgco2e_per_kg=item.material_kgco2e_per_kg
            )


def _silicon_carbon(item: Die[Num] | Interposer[Num]) -> Num:
    if isinstance(item, Interposer):
        return fab.interposer_kgco2e(
            interposer_area_cm2=item.interposer_area_cm2,
            interposer_kgco2e_per_cm2=item.interposer_kgco2e_per_cm2,
            interposer_yield=item.interposer_yield,
        )
    per_area = _per_area(item.carbon)
    good = good_share(item.good, item.die_area_cm2)
    wafer = item.wafer
    if wafer is None:
        return fab.die_kgco2e_by_area(
            die_count=item.die_count,
            cpa_kgco2e_per_cm2=per_area,
            die_area_cm2=item.die_area_cm2,
            fab_yield=good,
        )
    whole = fab.dies_per_wafer(
        die_area_cm2=item.die_area_cm2,
        wafer_cm=wafer.wafer_cm,
        edge_cm=wafer.edge_cm,
        kerf_cm=wafer.kerf_cm,
    )
    return fab.die_kgco2e(
        die_count=item.die_count,
        cpa_kgco2e_per_cm2=per_area,
        wafer_cm=wafer.wafer_cm,
        dies_per_wafer=whole,
        fab_yield=good,
    )


def _per_area(carbon: Inventory[Num] | Process[Num]) -> Num:
    if isinstance(carbon, Inventory):
        return fab.cpa_kgco2e_per_cm2_by_inventory(
            inventory_kgco2e_per_cm2=carbon.inventory_kgco2e_per_cm2,
            logic_upstream_factor=carbon.logic_upstream_factor,
        )
    return fab.cpa_kgco2e_per_cm2_by_process(
        epa_kwh_per_cm2=carbon.epa_kwh_per_cm2,
        fab_ci_kgco2e_per_kwh=carbon.fab_ci_kgco2e_per_kwh,
        gpa_kgco2e_per_cm2=carbon.gpa_kgco2e_per_cm2,
        mpa_kgco2e_per_cm2=carbon.mpa_kgco2e_per_cm2,
    )


def good_share(good: Yield[Num], die_area_cm2: Num) -> Num:
    """Fab yield: share of good dies of this area [1]."""
    defects = good.defect_density_per_cm2
    if good.fab_yield is not None:
        return good.fab_yield
    assert defects is not None  # noqa: S101 - every model but the fixed one has it
    if good.model == "poisson":
        return fab.fab_yield_by_poisson(die_area_cm2=die_area_cm2, defect_density_per_cm2=defects)
    if good.model == "negative-binomial":
        assert good.defect_clustering is not None  # noqa: S101 - the model has it
        return fab.fab_yield_by_negative_binomial(
            die_area_cm2=die_area_cm2,
            defect_density_per_cm2=defects,
            defect_clustering=good.defect_clustering,
        )
    return fab.fab_yield_by_murphy(die_area_cm2=die_area_cm2, defect_density_per_cm2=defects)
