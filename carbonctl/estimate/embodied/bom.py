"""Bills of materials: what a machine is made of, generic over facts and numbers."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from carbonctl.core.record import record

T = TypeVar("T")


@record
class Counted(Generic[T]):
    """Parts by the piece, a published footprint among them."""

    id: str
    label: str
    part_count: T
    unit_kgco2e: T


@record
class Capacity(Generic[T]):
    """Memory or storage by capacity."""

    id: str
    label: str
    capacity_gb: T
    capacity_kgco2e_per_gb: T


@record
class Rated(Generic[T]):
    """Power supplies or coolers by rating."""

    id: str
    label: str
    rated_w: T
    rated_kgco2e_per_w: T


@record
class Racked(Generic[T]):
    """A share of a rack by height."""

    id: str
    label: str
    unit_kgco2e: T
    rack_units: T
    rack_height: T


@record
class Body(Generic[T]):
    """A part of a server's body, on the level of product footprints."""

    id: str
    label: str
    body_factor: T
    unit_kgco2e: T


@record
class Weighed(Generic[T]):
    """Metal parts by mass."""

    id: str
    label: str
    mass_kg: T
    material_kgco2e_per_kg: T


@record
class Memory(Generic[T]):
    """Memory by the silicon of its generation."""

    id: str
    label: str
    capacity_gb: T
    area_cm2_per_gb: T
    memory_kgco2e_per_cm2: T


@record
class FabMemory(Generic[T]):
    """Memory by what a fab emits per capacity, and its yield."""

    id: str
    label: str
    capacity_gb: T
    capacity_kgco2e_per_gb: T
    fab_yield: T


@record
class OnBoards(Generic[T]):
    """Memory modules or drives: boards by the piece, dies by their silicon."""

    id: str
    label: str
    part_count: T
    board_kgco2e: T
    capacity_gb: T
    area_cm2_per_gb: T
    memory_kgco2e_per_cm2: T


@record
class Inventory(Generic[T]):
    """Carbon per wafer area by a fab inventory, raised to product footprints."""

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
    """Good dies over dies: a model with what it needs, or a fixed share."""

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
    """Equal dies of one node in a package; without a wafer their own area alone is charged."""

    id: str
    label: str
    die_count: T
    die_area_cm2: T
    carbon: Inventory[T] | Process[T]
    good: Yield[T]
    wafer: Wafer[T] | None


@record
class Interposer(Generic[T]):
    """The silicon that carries dies and stacks."""

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
class Modeled(Generic[T]):
    """A part of a host by our own model, with the error of that model."""

    id: str
    label: str
    model_residual: T
    made: Part[T]


@record
class Plant(Generic[T]):
    """A part of a datacenter's building, renewed while the building stands."""

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


Piece = Die[T] | Interposer[T] | Memory[T] | Rated[T] | Counted[T]
Part = (
    Counted[T] | Capacity[T] | Rated[T] | Racked[T] | Body[T] | Weighed[T] | Memory[T]
    | FabMemory[T] | OnBoards[T] | Module[T] | Chip[T] | Machines[T] | Modeled[T]
)  # fmt: skip


@record
class Comparator:
    """Somebody else's figure for the same thing: shown with its gap, never used."""

    label: str
    kgco2e: float
    source: str
    note: str = ""


@record
class Machine(Generic[T]):
    """A whole machine: its parts, how many accelerators share it, what it weighs."""

    name: str
    accelerators_per_machine: T
    parts: tuple[Part[T], ...]
    mass_kg: T | None
    comparators: tuple[Comparator, ...] = ()


@record
class Route(Generic[T]):
    """A stated distance, flown in part."""

    distance_km: T
    air_share: T
    air_kgco2e_per_tkm: T
    surface_kgco2e_per_tkm: T


@record
class Hardware(Generic[T]):
    """A machine, and the rules by which its carbon is brought to the work."""

    machine: Machine[T]
    lifetime_hours: T
    allocation_rate: T
    transport_kgco2e_per_kg: T | None
    route: Route[T] | None
    end_of_life_kgco2e_per_kg: T
    recovery_credit_kgco2e_per_kg: T | None
