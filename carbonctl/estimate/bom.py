"""Bills of materials: what a machine is made of, generic over facts and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, eq=False, repr=False)
class Counted(Generic[T]):
    """Parts by the piece, a published footprint among them."""

    id: str
    label: str
    part_count: T
    unit_kgco2e: T


@dataclass(frozen=True, eq=False, repr=False)
class Capacity(Generic[T]):
    """Memory or storage by capacity."""

    id: str
    label: str
    capacity_gb: T
    capacity_kgco2e_per_gb: T


@dataclass(frozen=True, eq=False, repr=False)
class Rated(Generic[T]):
    """Power supplies or coolers by rating."""

    id: str
    label: str
    rated_w: T
    rated_kgco2e_per_w: T


@dataclass(frozen=True, eq=False, repr=False)
class Racked(Generic[T]):
    """A share of a rack by height."""

    id: str
    label: str
    unit_kgco2e: T
    rack_units: T
    rack_height: T


@dataclass(frozen=True, eq=False, repr=False)
class Die(Generic[T]):
    """Equal dies of one node in a package."""

    id: str
    label: str
    die_count: T
    die_area_cm2: T
    cpa_kgco2e_per_cm2: T
    defect_density_per_cm2: T
    wafer_cm: T
    edge_cm: T
    kerf_cm: T


@dataclass(frozen=True, eq=False, repr=False)
class Interposer(Generic[T]):
    """The silicon that carries dies and stacks."""

    id: str
    label: str
    interposer_area_cm2: T
    interposer_kgco2e_per_cm2: T
    interposer_yield: T


@dataclass(frozen=True, eq=False, repr=False)
class Module(Generic[T]):
    """An accelerator module built from its parts, where no footprint is published."""

    id: str
    label: str
    module_count: T
    assembly_uplift: T
    module_residual: T
    parts: tuple[Die[T] | Interposer[T] | Capacity[T] | Rated[T] | Counted[T], ...]


Part = Counted[T] | Capacity[T] | Rated[T] | Racked[T] | Module[T]


@dataclass(frozen=True, eq=False, repr=False)
class Comparator:
    """Somebody else's figure for the same thing: shown with its gap, never used."""

    label: str
    kgco2e: float
    source: str
    note: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class Machine(Generic[T]):
    """A whole machine: its parts, how many accelerators share it, what it weighs."""

    name: str
    accelerators_per_machine: T
    parts: tuple[Part[T], ...]
    mass_kg: T | None
    comparators: tuple[Comparator, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Route(Generic[T]):
    """A stated distance, flown in part."""

    distance_km: T
    air_share: T
    air_kgco2e_per_tkm: T
    surface_kgco2e_per_tkm: T


@dataclass(frozen=True, eq=False, repr=False)
class Hardware(Generic[T]):
    """A machine, and the rules by which its carbon is brought to the work."""

    machine: Machine[T]
    lifetime_hours: T
    allocation_rate: T
    transport_kgco2e_per_kg: T | None
    route: Route[T] | None
    end_of_life_kgco2e_per_kg: T
    recovery_credit_kgco2e_per_kg: T | None
