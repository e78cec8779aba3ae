"""Inputs of a replacement decision: two kinds of machine, a site, a horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from carbonctl.core.record import record

if TYPE_CHECKING:
    from carbonctl.estimate.embodied.bom import Hardware

T = TypeVar("T")
Rule = Literal["cut_off", "time_share", "displacement"]


@record
class Fleet(Generic[T]):
    """One kind of machine in service: hardware, power, spares per year."""

    hardware: Hardware[T]
    busy_share: T
    mean_power_w: T | None
    idle_power_w: T | None
    loaded_power_w: T | None
    spares_per_year: T


@record
class Peaks(Generic[T]):
    """Peaks from which the performance ratio is computed where none is stated."""

    new_peak_flop_per_s: T
    new_accelerators: T
    old_peak_flop_per_s: T
    old_accelerators: T
    reached_ratio: T


@record
class SecondLife(Generic[T]):
    """Second life of the old hardware, and the rule that allocates its embodied carbon."""

    rule: Rule
    second_life_hours: T | None
    displaced_share: T | None


@record
class RefreshInputs(Generic[T]):
    """Old and new machines, their site, and the work that both do."""

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
