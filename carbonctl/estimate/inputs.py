"""Inputs of an estimate: records of facts outside of it, of numbers inside.

Each record is generic: ``Site[Fact]`` carries provenance, ``Site[Num]`` is what formulas see.
``bind(record, lens)`` turns the first into the second. ``lens`` maps a fact to its central value,
to its draws, or to a traced number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from carbonctl.core.fact import Fact
from carbonctl.core.record import record
from carbonctl.estimate.embodied.bom import Comparator

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.estimate.embodied.bom import Building, BuildingPart, Hardware
    from carbonctl.estimate.serving.service import Serving
    from carbonctl.estimate.training.training_run import TrainRun
    from carbonctl.estimate.training.work_inputs import Federated

T = TypeVar("T")
PhaseKind = Literal["data", "experiments", "train", "idle", "infer"]
Evidence = Literal["energy", "hours", "work", "storage", "throughput", "share"]


@record
class Site(Generic[T]):
    """Site of a phase: grid intensity, PUE, water, construction."""

    name: str
    pue: T
    ci_location_kgco2e_per_kwh: T
    coverage: str  # of that factor: lifecycle or direct
    direct_share: T | None  # combustion over a lifecycle factor; None beside a direct one
    contracted_share: T | None
    wue_l_per_kwh: T | None
    ewif_l_per_kwh: T | None
    construction_kgco2e_per_kw_year: T
    operator: str = "own"  # who operates the hardware: own, colocation or cloud


@record
class PowerBySize(Generic[T]):
    """Board power between a resident and a saturated share of its rating."""

    active_params: T | None
    resident_power_share: T
    saturated_power_share: T
    half_power_params: T


@record
class Power(Generic[T]):
    """Power per accelerator, stated or from its TDP, and the boundary at which it is metered."""

    boundary: str
    power_w: T | None
    tdp_w: T | None
    by_size: PowerBySize[T] | None
    host_power_factor: T | None
    residual: T | None = None


@record
class MeteredPower(Power[T]):
    """Power of a run that is metered at nodes, with the factor from boards to nodes."""

    node_power_factor: T | None = None


@record
class ShareOfTraining(Generic[T]):
    """Experiments as a share of the training runs."""

    share: T


@record
class Storage(Generic[T]):
    """Data stored over the period."""

    data_gb: T
    replicas: T
    mean_growth: T | None
    growth_ratio: T | None
    growth_hours: T | None
    storage_w_per_gb: T
    storage_kgco2e_per_gb: T
    period_hours: T
    lifetime_hours: T


@record
class Phase(Generic[T]):
    """One phase of the life cycle: its work, site and hardware."""

    id: str
    label: str
    kind: PhaseKind
    evidence: Evidence
    work: TrainRun[T] | Federated[T] | ShareOfTraining[T] | Storage[T] | Serving[T]
    site: Site[T]
    hardware: Hardware[T] | None
    architecture: str = ""  # kind of the trained model, or the training method


@record
class BaseModelShare(Generic[T]):
    """Footprint of a base model, and the number of models that share it."""

    footprint_kgco2e: T
    downstream_uses: T


@record
class LifecycleInputs(Generic[T]):
    """All phases of a life cycle, and the base model that training starts from."""

    phases: tuple[Phase[T], ...]
    unit: str = ""
    base: BaseModelShare[T] | None = None


@record
class ItemInputs(Generic[T]):
    """Whole machines and buildings, for an estimate without the use phase."""

    hardware: Hardware[T]
    machines: T
    building: tuple[BuildingPart[T] | Building[T], ...] = ()


def bind(record: Any, lens: Callable[[Fact], Any]) -> Any:
    """The same record with ``lens(fact)`` in place of every fact."""
    if isinstance(record, Fact):
        return lens(record)
    if isinstance(record, tuple):
        return tuple(bind(item, lens) for item in record)
    known = getattr(record, "__dataclass_fields__", None)
    if known is None or isinstance(record, type | Comparator):
        return record
    held, made = record.__dict__, object.__new__(type(record))
    made.__dict__.update({name: bind(held[name], lens) for name in known})
    return made


def collect_facts(record: Any) -> dict[str, Fact]:
    """Every fact in a record by its key, in order of appearance."""
    by_key: dict[str, Fact] = {}
    bind(record, lambda fact: by_key.setdefault(fact.key, fact))
    return by_key
