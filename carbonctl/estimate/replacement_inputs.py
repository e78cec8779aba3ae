"""What a decision to replace hardware needs: two kinds of machine, a site, a span of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from carbonctl.core.record import record

if TYPE_CHECKING:
    from carbonctl.estimate.embodied.bom import Hardware

T = TypeVar("T")
Rule = Literal["cut_off", "time_share", "displacement"]


@record
class Fleet(Generic[T]):
    """One kind of machine in service: what it is, what it draws, how often parts fail."""

    hardware: Hardware[T]
    busy_share: T
    mean_power_w: T | None
    idle_power_w: T | None
    loaded_power_w: T | None
    spares_per_year: T


@record
class Peaks(Generic[T]):
    """What a ratio of performance is taken from where none is stated."""

    new_peak_flop_per_s: T
    new_accelerators: T
    old_peak_flop_per_s: T
    old_accelerators: T
    reached_ratio: T


@record
class SecondLife(Generic[T]):
    """What becomes of the old hardware, and by which rule its making is shared."""

    rule: Rule
    second_life_hours: T | None
    displaced_share: T | None


@record
class RefreshInputs(Generic[T]):
    """Old machines, the kind that may replace them, and the work that both would do."""

    old: Fleet[T]
    new: Fleet[T]
    old_machines: T
    performance: Peaks[T] | T
    age_hours: T | None
    second_life: SecondLife[T] | None
    pue: T
    ci_location_kgco2e_per_kwh: T
    service_hours: T
    growth_ratio: T
    growth_hours: T
    task_hours: T
    one: T
    steps: tuple[T, ...]
