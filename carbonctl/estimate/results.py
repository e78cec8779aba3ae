"""Results of an estimate: intermediate values as fields, and lines of the breakdown."""

from __future__ import annotations

from dataclasses import field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from carbonctl.core.record import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.types import Num
    from carbonctl.estimate.embodied.bom import Comparator
    from carbonctl.estimate.inputs import Evidence, PhaseKind


@record
class ServiceSummary:
    """Busy hours, operating point and other units of a service over its period."""

    period_hours: Num
    day_hours: Num
    busy_hours: Num
    peak_to_mean: Num
    replica_accelerators: Num | None  # None where units run on single devices
    loaded_energy_kwh: Num | None = None
    thousand_tokens: Num | None = None
    video_seconds: Num | None = None
    batch: Num | None = None  # sequences in flight on one replica
    chosen: dict[str, Num] = field(default_factory=dict)  # of the operating point, by fact key
    is_feasible: Any = True  # whether some replica keeps the limits; an array over draws


@record
class UsePhase:
    """Use phase: provisioned device-hours, and energy of the IT system and at the meter."""

    accelerator_hours: Num | None
    it_energy_kwh: Num
    facility_energy_kwh: Num
    storage_embodied_kgco2e: Num | None = None
    functional_units: Num | None = None
    device_energy_kwh: Num | None = None
    goodput: Num | None = None
    served: ServiceSummary | None = None
    cross_check: dict[str, Num] = field(default_factory=dict)
    details: dict[str, Num] = field(default_factory=dict)


@record
class PhaseResult:
    """Result of one phase: electricity, water, and its share of hardware and buildings."""

    id: str
    label: str
    kind: PhaseKind
    evidence: Evidence
    use: UsePhase
    operational_location_kgco2e: Num
    operational_market_kgco2e: Num | None
    water_l: Num | None
    construction_kgco2e: Num
    manufacturing_kgco2e: Num | None
    transport_kgco2e: Num | None
    end_of_life_kgco2e: Num | None
    credit: Callable[[], Num | None]
    allocation_rate: Num | None = None
    architecture: str = ""

    @cached_property
    def recovery_credit_kgco2e(self) -> Num | None:
        """Credit for recovered metals [kgCO2e], never netted; computed on first access."""
        return self.credit()


@record
class Line:
    """A row of the breakdown; its value is the sum of its children where it has any."""

    id: str
    label: str
    kgco2e: Num
    kind: str = ""
    evidence: str = ""
    boundary: str = ""
    children: tuple[Line, ...] = ()
    comparators: tuple[Comparator, ...] = ()


@record
class NamedMetrics:
    """Metrics computed in advance, so that their arrays can be joined and reordered."""

    metrics: dict[str, Num]

    def __call__(self) -> dict[str, Num]:
        """Every number that has a name."""
        return self.metrics


@record
class Lifecycle:
    """Result of a whole life cycle on one basis: total, breakdown, metrics by name."""

    basis: str
    total_kgco2e: Num
    lines: tuple[Line, ...]
    phases: tuple[PhaseResult, ...]
    name_metrics: Callable[[], dict[str, Num]]

    @cached_property
    def metrics(self) -> dict[str, Num]:
        """Every metric by name; computed on first access."""
        return self.name_metrics()

    def with_named_metrics(self) -> Lifecycle:
        """The same result with its metrics computed now."""
        return replace(self, name_metrics=NamedMetrics(self.metrics))


@record
class Item:
    """Result of whole machines: manufacturing by part, transport, end of life, and credit."""

    total_kgco2e: Num
    lines: tuple[Line, ...]
    recovery_credit_kgco2e: Num | None
    metrics: dict[str, Num]
    basis: str = "whole item"
    phases: tuple[PhaseResult, ...] = ()
