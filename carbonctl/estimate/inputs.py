"""What an estimate needs, as records of facts before the maths and of numbers inside it.

Each record is generic: ``Site[Fact]`` carries provenance, ``Site[Num]`` is what formulas see.
``bind(record, lens)`` turns the first into the second, with ``lens`` a way to look at a fact:
its central value, its draws, or a number that remembers it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Generic, Literal, TypeVar

from carbonctl.core.fact import Fact

T = TypeVar("T")
PhaseKind = Literal["data", "experiments", "train", "idle", "infer"]
Evidence = Literal["energy", "hours", "work", "storage", "throughput", "share"]


@dataclass(frozen=True, slots=True)
class Site(Generic[T]):
    """Where the work runs."""

    name: str
    pue: T
    ci_location_kgco2e_per_kwh: T
    contracted_share: T | None
    wue_l_per_kwh: T | None
    ewif_l_per_kwh: T | None
    construction_kgco2e_per_kw_year: T


@dataclass(frozen=True, slots=True)
class Counted(Generic[T]):
    """Parts by the piece, a published footprint among them."""

    id: str
    label: str
    part_count: T
    unit_kgco2e: T


@dataclass(frozen=True, slots=True)
class Capacity(Generic[T]):
    """Memory or storage by capacity."""

    id: str
    label: str
    capacity_gb: T
    capacity_kgco2e_per_gb: T


@dataclass(frozen=True, slots=True)
class Rated(Generic[T]):
    """Power supplies or coolers by rating."""

    id: str
    label: str
    rated_w: T
    rated_kgco2e_per_w: T


@dataclass(frozen=True, slots=True)
class Racked(Generic[T]):
    """A share of a rack by height."""

    id: str
    label: str
    unit_kgco2e: T
    rack_units: T
    rack_height: T


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Interposer(Generic[T]):
    """The silicon that carries dies and stacks."""

    id: str
    label: str
    interposer_area_cm2: T
    interposer_kgco2e_per_cm2: T
    interposer_yield: T


@dataclass(frozen=True, slots=True)
class Module(Generic[T]):
    """An accelerator module built from its parts, where no footprint is published."""

    id: str
    label: str
    module_count: T
    assembly_uplift: T
    module_residual: T
    parts: tuple[Die[T] | Interposer[T] | Capacity[T] | Rated[T] | Counted[T], ...]


Part = Counted[T] | Capacity[T] | Rated[T] | Racked[T] | Module[T]


@dataclass(frozen=True, slots=True)
class Comparator:
    """Somebody else's figure for the same thing: shown with its gap, never used."""

    label: str
    kgco2e: float
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Machine(Generic[T]):
    """A whole machine: its parts, how many accelerators share it, what it weighs."""

    name: str
    accelerators_per_machine: T
    parts: tuple[Part[T], ...]
    mass_kg: T | None
    comparators: tuple[Comparator, ...] = ()


@dataclass(frozen=True, slots=True)
class Hardware(Generic[T]):
    """A machine, and the rules by which its carbon is brought to the work."""

    machine: Machine[T]
    lifetime_hours: T
    allocation_rate: T
    transport_kgco2e_per_kg: T
    end_of_life_kgco2e_per_kg: T
    recovery_credit_kgco2e_per_kg: T | None


@dataclass(frozen=True, slots=True)
class LlmWork(Generic[T]):
    """Training work of a language model."""

    active_params: T
    train_tokens: T
    peak_flop_per_s: T
    billed_mfu: T | None
    mfu: T | None
    goodput: T | None


@dataclass(frozen=True, slots=True)
class DlrmWork(Generic[T]):
    """Work of a recommendation model, per sample or item."""

    dense_params: T
    tables: T
    table_rows: T
    lookups: T
    embedding_dim: T
    embedding_bytes: T
    compute_passes: T
    memory_passes: T
    peak_flop_per_s: T
    matmul_efficiency: T
    bandwidth_gb_per_s: T
    gather_efficiency: T


@dataclass(frozen=True, slots=True)
class Power(Generic[T]):
    """Power per accelerator, given or from its rating, with the boundary it stands on."""

    boundary: str
    power_w: T | None
    tdp_w: T | None
    device_power_share: T | None
    host_power_factor: T | None


@dataclass(frozen=True, slots=True)
class Trials(Generic[T]):
    """Experiments of lognormal size between a median and a tail."""

    trials: T
    median_hours: T
    tail_hours: T
    tail_z: T


@dataclass(frozen=True, slots=True)
class TrainRun(Generic[T]):
    """One training run, by exactly one kind of evidence."""

    power: Power[T]
    energy_kwh: T | None = None
    energy_boundary: str = ""
    accelerator_hours: T | None = None
    accelerators: T | None = None
    wall_hours: T | None = None
    llm: LlmWork[T] | None = None
    dlrm: DlrmWork[T] | None = None
    train_samples: T | None = None
    trials: Trials[T] | None = None
    residual: T | None = None
    period_hours: T | None = None
    cadence_hours: T | None = None


@dataclass(frozen=True, slots=True)
class ShareOfTraining(Generic[T]):
    """Experiments as a share of the training runs before them."""

    share: T


@dataclass(frozen=True, slots=True)
class Storage(Generic[T]):
    """Data at rest for the period."""

    data_gb: T
    replicas: T
    mean_growth: T | None
    growth_ratio: T | None
    growth_hours: T | None
    storage_w_per_gb: T
    storage_kgco2e_per_gb: T
    period_hours: T
    lifetime_hours: T


@dataclass(frozen=True, slots=True)
class Fleet(Generic[T]):
    """How much comes in, and how the fleet is provisioned for it."""

    rate_per_hour: T
    period_hours: T
    cache_hit_share: T
    busy_share: T
    peak_to_mean: T
    idle_power_share: T
    host_share: T
    psu_efficiency: T


@dataclass(frozen=True, slots=True)
class Decoder(Generic[T]):
    """A language model at its operating point on one replica."""

    prompt_tokens: T
    output_tokens: T
    output_cv: T
    total_params: T
    active_params: T
    layers: T
    hidden_size: T
    heads: T
    kv_heads: T
    head_dim: T
    experts: T | None
    experts_per_token: T | None
    weight_bytes: T
    kv_bytes: T
    batch: T
    device_memory_gb: T
    memory_share: T
    bandwidth_gb_per_s: T
    peak_flop_per_s: T
    link_gb_per_s: T
    tdp_w: T
    resident_power_w: T | None
    busy_power_w: T | None
    energy_j_per_flop: T | None
    energy_j_per_gb: T | None
    resident_power_share: T
    busy_power_share: T
    flop_power_ratio: T
    byte_power_ratio: T
    weight_efficiency: T
    kv_efficiency: T
    matmul_efficiency: T
    expert_overhead: T
    layer_launch_s: T
    sequence_overhead_s: T
    communication_factor: T
    energy_residual: T


@dataclass(frozen=True, slots=True)
class Throughput(Generic[T]):
    """A language service whose throughput is known."""

    output_tokens: T
    accelerators: T
    throughput_per_hour: T
    tdp_w: T
    device_power_share: T


@dataclass(frozen=True, slots=True)
class Diffusion(Generic[T]):
    """An image or video model at its operating point."""

    steps: T
    guidance_passes: T
    width: T
    height: T
    frames: T
    latent_frames: T
    token_edge: T | None
    params_per_token: T | None
    layers: T | None
    hidden_size: T | None
    reference_flop: T | None
    reference_pixels: T | None
    decoder_pixel_flop: T
    text_encoder_params: T
    text_tokens: T
    peak_flop_per_s: T
    compute_efficiency: T
    tdp_w: T
    device_power_share: T
    energy_residual: T


@dataclass(frozen=True, slots=True)
class Ranking(Generic[T]):
    """A recommendation service on whole servers or accelerators."""

    work: DlrmWork[T]
    device_memory_gb: T
    memory_share: T
    idle_power_w: T
    loaded_power_w: T
    energy_residual: T


@dataclass(frozen=True, slots=True)
class Serving(Generic[T]):
    """A service: its load and fleet, and one model."""

    fleet: Fleet[T]
    model: Decoder[T] | Throughput[T] | Diffusion[T] | Ranking[T]


@dataclass(frozen=True, slots=True)
class Phase(Generic[T]):
    """One phase of the life: what runs, where, on what."""

    id: str
    label: str
    kind: PhaseKind
    evidence: Evidence
    work: TrainRun[T] | ShareOfTraining[T] | Storage[T] | Serving[T]
    site: Site[T]
    hardware: Hardware[T] | None


@dataclass(frozen=True, slots=True)
class LifecycleInputs(Generic[T]):
    """All phases of a life."""

    phases: tuple[Phase[T], ...]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ItemInputs(Generic[T]):
    """Whole machines, cradle to grave, without use."""

    hardware: Hardware[T]
    machines: T


def bind(record: Any, lens: Callable[[Fact], Any]) -> Any:
    """The same record with every fact replaced by what ``lens`` sees in it."""
    if isinstance(record, Fact):
        return lens(record)
    if isinstance(record, tuple):
        return tuple(bind(item, lens) for item in record)
    if is_dataclass(record) and not isinstance(record, type | Comparator):
        changes = {f.name: bind(getattr(record, f.name), lens) for f in fields(record)}
        return replace(record, **changes)
    return record


def facts(record: Any) -> dict[str, Fact]:
    """Every fact in a record by its key, in the order in which they appear."""
    found: dict[str, Fact] = {}
    bind(record, lambda fact: found.setdefault(fact.key, fact))
    return found
