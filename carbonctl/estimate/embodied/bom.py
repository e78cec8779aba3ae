"""Bills of materials, as records of facts or of numbers."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from carbonctl.core.record import record

T = TypeVar("T")


@record
class CountedPart(Generic[T]):
    """Parts with one figure per piece, such as a published footprint."""

    id: str
    label: str
    part_count: T
    unit_kgco2e: T


@record
class CapacityPart(Generic[T]):
    """Memory or storage by capacity."""

    id: str
    label: str
    capacity_gb: T
    capacity_kgco2e_per_gb: T


@record
class RatedPart(Generic[T]):
    """Power supplies or coolers by rating."""

    id: str
    label: str
    rated_w: T
    rated_kgco2e_per_w: T


@record
class RackShare(Generic[T]):
    """A share of a rack by height."""

    id: str
    label: str
    unit_kgco2e: T
    rack_units: T
    rack_height: T


@record
class ServerBody(Generic[T]):
    """A component of a server other than silicon, scaled to match published footprints."""

    id: str
    label: str
    body_factor: T
    unit_kgco2e: T


@record
class WeighedPart(Generic[T]):
    """Metal parts by mass."""

    id: str
    label: str
    mass_kg: T
    material_kgco2e_per_kg: T


@record
class Memory(Generic[T]):
    """Memory by its die area per GB."""

    id: str
    label: str
    capacity_gb: T
    area_cm2_per_gb: T
    memory_kgco2e_per_cm2: T


@record
class FabMemory(Generic[T]):
    """Memory by the fab's carbon per GB and its yield."""

    id: str
    label: str
    capacity_gb: T
    capacity_kgco2e_per_gb: T
    fab_yield: T


@record
class MemoryOnBoards(Generic[T]):
    """Memory modules or drives: boards by the piece, dies by area."""

    id: str
    label: str
    part_count: T
    board_kgco2e: T
    capacity_gb: T
    area_cm2_per_gb: T
    memory_kgco2e_per_cm2: T


@record
class Inventory(Generic[T]):
    """Carbon per wafer area from a fab inventory, scaled to match product footprints."""

    inventory_kgco2e_per_cm2: T
    logic_upstream_factor: T


@record
class Process(Generic[T]):
    """Carbon per wafer area from electricity, gases and materials."""

    epa_kwh_per_cm2: T
    fab_ci_kgco2e_per_kwh: T
    gpa_kgco2e_per_cm2: T
    mpa_kgco2e_per_cm2: T


YieldModel = Literal["murphy", "poisson", "negative-binomial", "fixed"]


@record
class Yield(Generic[T]):
    """Fab yield, the share of good dies: a yield model with its inputs, or a fixed share."""

    model: YieldModel
    defect_density_per_cm2: T | None = None
    defect_clustering: T | None = None
    fab_yield: T | None = None


@record
class Wafer(Generic[T]):
    """The wafer that dies are cut from."""

    wafer_cm: T
    edge_cm: T
    kerf_cm: T


@record
class Die(Generic[T]):
    """Identical dies of one node in a package; without a wafer only their own area counts."""

    id: str
    label: str
    die_count: T
    die_area_cm2: T
    carbon: Inventory[T] | Process[T]
    good: Yield[T]
    wafer: Wafer[T] | None


@record
class Interposer(Generic[T]):
    """Silicon interposer that carries dies and memory stacks."""

    id: str
    label: str
    interposer_area_cm2: T
    interposer_kgco2e_per_cm2: T
    interposer_yield: T


@record
class Module(Generic[T]):
    """An accelerator module built from its parts, where no footprint is published."""

    id: str
    label: str
    module_count: T
    assembly_uplift: T
    module_residual: T
    parts: tuple[Piece[T], ...]


@record
class Chip(Generic[T]):
    """A packaged chip of one or more dies."""

    id: str
    label: str
    chip_count: T
    assembly_yield: T
    parts: tuple[Piece[T], ...]


@record
class Machines(Generic[T]):
    """Equal machines, each of the same parts."""

    id: str
    label: str
    machine_count: T
    parts: tuple[Part[T], ...]


@record
class ModeledPart(Generic[T]):
    """A part of a host as modeled, with the residual of the model."""

    id: str
    label: str
    model_residual: T
    part: Part[T]


@record
class BuildingPart(Generic[T]):
    """A part of a datacenter building, replaced during the life of the building."""

    id: str
    label: str
    part_count: T
    unit_kgco2e: T
    lifetime_hours: T
    plant_lifetime_hours: T


@record
class Building(Generic[T]):
    """A datacenter by the IT power that it houses."""

    id: str
    label: str
    it_power_w: T
    it_load: T
    lifetime_hours: T
    construction_kgco2e_per_kw_year: T


Piece = Die[T] | Interposer[T] | Memory[T] | RatedPart[T] | CountedPart[T]
Part = (
    CountedPart[T] | CapacityPart[T] | RatedPart[T] | RackShare[T] | ServerBody[T]
    | WeighedPart[T] | Memory[T] | FabMemory[T] | MemoryOnBoards[T] | Module[T] | Chip[T]
    | Machines[T] | ModeledPart[T]
)  # fmt: skip


@record
class Comparator:
    """A figure of others for the same item: printed for comparison, never used."""

    label: str
    kgco2e: float
    source: str
    note: str = ""


@record
class Machine(Generic[T]):
    """A whole machine: its parts, number of accelerators and mass."""

    name: str
    accelerators_per_machine: T
    parts: tuple[Part[T], ...]
    mass_kg: T | None
    comparators: tuple[Comparator, ...] = ()


@record
class Route(Generic[T]):
    """Transport over a stated distance, in part by air."""

    distance_km: T
    air_share: T
    air_kgco2e_per_tkm: T
    surface_kgco2e_per_tkm: T


@record
class Hardware(Generic[T]):
    """A machine with the inputs that allocate its embodied carbon to the work."""

    machine: Machine[T]
    lifetime_hours: T
    allocation_rate: T
    transport_kgco2e_per_kg: T | None
    route: Route[T] | None
    end_of_life_kgco2e_per_kg: T
    recovery_credit_kgco2e_per_kg: T | None
