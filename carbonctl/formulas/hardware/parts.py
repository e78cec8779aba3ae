"""Manufacturing of parts other than dies: memory, boards, power supplies, chassis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="kgCO2e", equation="C = n * c", source="conservation")
def part_kgco2e(*, part_count: Num, unit_kgco2e: Num) -> Num:
    """Manufacturing of parts counted by the piece.

    Parameters
    ----------
    part_count
        Pieces. [1]
    unit_kgco2e
        Carbon of one. [kgCO2e]

    Examples
    --------
    >>> part_kgco2e(part_count=2.0, unit_kgco2e=45.0)
    90.0
    """
    return part_count * unit_kgco2e


@formula(unit="kgCO2e", equation="C = S * k", source="act-2022")
def part_kgco2e_by_capacity(*, capacity_gb: Num, capacity_kgco2e_per_gb: Num) -> Num:
    """Manufacturing of memory or storage by its capacity.

    Parameters
    ----------
    capacity_gb
        Capacity, physical rather than enabled. [GB]
    capacity_kgco2e_per_gb
        Carbon per capacity of the generation. [kgCO2e/GB]

    Examples
    --------
    >>> part_kgco2e_by_capacity(capacity_gb=2_000.0, capacity_kgco2e_per_gb=0.9)
    1800.0
    """
    return capacity_gb * capacity_kgco2e_per_gb


@formula(unit="kgCO2e", equation="C = S * a * k", source="carbonctl-embodied-model")
def memory_kgco2e(*, capacity_gb: Num, area_cm2_per_gb: Num, memory_kgco2e_per_cm2: Num) -> Num:
    """Manufacturing of memory by its die area per GB.

    Parameters
    ----------
    capacity_gb
        Capacity, physical rather than enabled. [GB]
    area_cm2_per_gb
        Die area per capacity of the generation. [cm2/GB]
    memory_kgco2e_per_cm2
        Carbon per area of good die, with its share of package or module. [kgCO2e/cm2]

    Examples
    --------
    >>> memory_kgco2e(capacity_gb=80.0, area_cm2_per_gb=0.5, memory_kgco2e_per_cm2=1.5)
    60.0
    """
    return capacity_gb * area_cm2_per_gb * memory_kgco2e_per_cm2


@formula(unit="kgCO2e", equation="C = S * k / Y", source="act-2022")
def memory_kgco2e_by_yield(*, capacity_gb: Num, capacity_kgco2e_per_gb: Num, fab_yield: Num) -> Num:
    """Manufacturing of memory by the fab's carbon per GB and yield, as in ACT.

    Parameters
    ----------
    capacity_gb
        Capacity. [GB]
    capacity_kgco2e_per_gb
        Carbon per capacity made. [kgCO2e/GB]
    fab_yield
        Good over made. [1]

    Examples
    --------
    >>> memory_kgco2e_by_yield(capacity_gb=32.0, capacity_kgco2e_per_gb=0.5, fab_yield=0.8)
    20.0
    """
    return capacity_gb * capacity_kgco2e_per_gb / fab_yield


@formula(unit="kgCO2e", equation="C = n * b + S * a * k", source="carbonctl-embodied-model")
def memory_kgco2e_by_boards(
    *,
    part_count: Num,
    board_kgco2e: Num,
    capacity_gb: Num,
    area_cm2_per_gb: Num,
    memory_kgco2e_per_cm2: Num,
) -> Num:
    """Manufacturing of memory modules and drives: boards by the piece, dies by area.

    Parameters
    ----------
    part_count
        Modules or drives. [1]
    board_kgco2e
        Board of one; of a drive with controller and case. [kgCO2e]
    capacity_gb
        Capacity of all of them. [GB]
    area_cm2_per_gb
        Die area per capacity of the generation. [cm2/GB]
    memory_kgco2e_per_cm2
        Carbon per area of memory or flash. [kgCO2e/cm2]

    Examples
    --------
    >>> memory_kgco2e_by_boards(part_count=2.0, board_kgco2e=3.0, capacity_gb=1_000.0,
    ...     area_cm2_per_gb=0.02, memory_kgco2e_per_cm2=1.0)
    26.0
    """
    boards = part_count * board_kgco2e
    return boards + capacity_gb * area_cm2_per_gb * memory_kgco2e_per_cm2


@formula(unit="kgCO2e", equation="C = f * c", source="carbonctl-embodied-model")
def body_kgco2e(*, body_factor: Num, unit_kgco2e: Num) -> Num:
    """Manufacturing of one part of a server's body: board, chassis, fans, assembly.

    Parameters
    ----------
    body_factor
        Product footprints over the sum of such parts; one number for all of them. [1]
    unit_kgco2e
        Carbon of the part. [kgCO2e]

    Examples
    --------
    >>> body_kgco2e(body_factor=1.5, unit_kgco2e=100.0)
    150.0
    """
    return body_factor * unit_kgco2e


@formula(unit="kgCO2e", equation="C = m * k", source="conservation")
def part_kgco2e_by_mass(*, mass_kg: Num, material_kgco2e_per_kg: Num) -> Num:
    """Manufacturing of metal parts by their mass.

    Parameters
    ----------
    mass_kg
        Mass. [kg]
    material_kgco2e_per_kg
        Carbon per mass, shaped and finished. [kgCO2e/kg]

    Examples
    --------
    >>> part_kgco2e_by_mass(mass_kg=10.0, material_kgco2e_per_kg=2.5)
    25.0
    """
    return mass_kg * material_kgco2e_per_kg


@formula(unit="kgCO2e", equation="C = P * k", source="dell-r740-lca-2019")
def part_kgco2e_by_power(*, rated_w: Num, rated_kgco2e_per_w: Num) -> Num:
    """Manufacturing of power supplies and coolers by their rating.

    Parameters
    ----------
    rated_w
        Rated power. [W]
    rated_kgco2e_per_w
        Carbon per rated power. [kgCO2e/W]

    Examples
    --------
    >>> part_kgco2e_by_power(rated_w=1_000.0, rated_kgco2e_per_w=0.01)
    10.0
    """
    return rated_w * rated_kgco2e_per_w


@formula(unit="kgCO2e", equation="C = n * u * r * sum(C_i)", source="carbonctl-embodied-model")
def module_kgco2e(
    *,
    module_count: Num,
    assembly_uplift: Num,
    module_residual: Num,
    parts_kgco2e: tuple[Num, ...],
) -> Num:
    """Manufacturing of accelerator modules from their parts.

    Parameters
    ----------
    module_count
        Modules. [1]
    assembly_uplift
        Assembly and inbound transport. [1] 1.06 to 1.10
    module_residual
        Error of this bottom-up model itself: 1, with a range. [1] 0.6 to 2
    parts_kgco2e
        Dies, interposer, memory, cooling, board. [kgCO2e]

    Examples
    --------
    >>> module_kgco2e(module_count=1.0, assembly_uplift=1.08, module_residual=1.0,
    ...     parts_kgco2e=(40.0, 60.0))
    108.0
    """
    parts = sum(parts_kgco2e[1:], start=parts_kgco2e[0])
    return module_count * assembly_uplift * module_residual * parts


@formula(unit="kgCO2e", equation="C = n * sum(C_i)", source="conservation")
def machines_kgco2e(*, machine_count: Num, parts_kgco2e: tuple[Num, ...]) -> Num:
    """Manufacturing of equal machines from their parts.

    Parameters
    ----------
    machine_count
        Machines. [1]
    parts_kgco2e
        Parts of one. [kgCO2e]

    Examples
    --------
    >>> machines_kgco2e(machine_count=2.0, parts_kgco2e=(10.0, 5.0))
    30.0
    """
    return machine_count * sum(parts_kgco2e[1:], start=parts_kgco2e[0])


@formula(unit="kgCO2e", equation="C = r * sum(C_i)", source="carbonctl-embodied-model")
def modeled_kgco2e(*, model_residual: Num, parts_kgco2e: tuple[Num, ...]) -> Num:
    """Manufacturing of a modeled part, with the residual of the model.

    Parameters
    ----------
    model_residual
        Error of the model itself: 1, with a range. [1]
    parts_kgco2e
        What the model makes. [kgCO2e]

    Examples
    --------
    >>> modeled_kgco2e(model_residual=1.0, parts_kgco2e=(45.0,))
    45.0
    """
    return model_residual * sum(parts_kgco2e[1:], start=parts_kgco2e[0])


@formula(unit="kgCO2e", equation="C = c * h / H", source="greensku-2024")
def rack_kgco2e(*, unit_kgco2e: Num, rack_units: Num, rack_height: Num) -> Num:
    """Share of an empty rack by the height that a machine takes.

    Parameters
    ----------
    unit_kgco2e
        Carbon of one rack with power distribution. [kgCO2e]
    rack_units, rack_height
        Height of the machine and of the rack. [1]

    Examples
    --------
    >>> rack_kgco2e(unit_kgco2e=420.0, rack_units=8.0, rack_height=42.0)
    80.0
    """
    return unit_kgco2e * rack_units / rack_height
