"""Capacity of stated devices: load beyond it, and load that does not fill one replica."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from carbonctl.core.errors import InputError, Problem
from carbonctl.core.record import value_record
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.serving.infer import infer
from carbonctl.estimate.serving.recommendation_service import table_devices
from carbonctl.estimate.serving.service import Decoder, Diffusion, Ranking, Serving

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Document, Path
    from carbonctl.estimate.inputs import Phase
    from carbonctl.estimate.results import Lifecycle
    from carbonctl.scenario.resolve.phases import CountedDevices
    from carbonctl.scenario.resolve.resolve_scenario import ResolvedScenario
    from carbonctl.study.montecarlo import Evaluated

_MIN_FILLED_SHARE = 0.5  # below it most of the replica is left to other loads


@value_record
class StatedCapacity:
    """Stated devices of a phase, their device-hours in the period, and the path of the count."""

    phase: str
    devices: float
    hours: float
    busy_share: float
    path: Path
    fleet_share: float = 1.0
    memory_devices: float = 0.0
    is_held: bool = False
    usual_busy_share: float = 1.0


def stated_capacities(resolved: ResolvedScenario) -> list[tuple[StatedCapacity, Phase[Fact]]]:
    """The stated capacity of every service with a count of devices, and its phase."""
    phases = {phase.id: phase for phase in resolved.inputs.phases}
    return [
        (_stated_capacity(phase.work, one, resolved.period.value), phase)
        for one in resolved.counted
        if (phase := phases.get(one.phase)) is not None and isinstance(phase.work, Serving)
    ]


def _stated_capacity(
    work: Serving[Fact], counted: CountedDevices, period_hours: float
) -> StatedCapacity:
    share, usual, count = work.fleet.fleet_share, counted.default_busy_share, counted.count.value
    own, busy = (1.0, work.fleet.busy_share.value) if share is None else (share.value, 1.0)
    least = 0.0
    if isinstance(work.model, Ranking):
        least = float(table_devices(bind(work.model, _central_value)))
    hours = count * own * period_hours
    most = usual.high if usual.high is not None else usual.value
    return StatedCapacity(
        counted.phase, count * own, hours, busy, counted.path, own, least, share is not None, most
    )


def serving_hours(phase: Phase[Fact]) -> float:
    """Device-hours of a service at central values; at its peak if it holds its devices."""
    plain = bind(phase, _central_value)
    assert isinstance(plain.work, Serving)  # noqa: S101 - only services have a capacity
    use = infer(plain.work, plain.site)
    assert use.accelerator_hours is not None  # noqa: S101 - every service takes hours
    assert use.served is not None  # noqa: S101 - and says how busy they are
    if plain.work.fleet.fleet_share is None:
        return float(use.accelerator_hours)
    return float(use.served.busy_hours) * float(use.served.peak_to_mean)


def underfilled_replica_note(phase: Phase[Fact]) -> str | None:
    """A note if a load is charged less than half of its replica; else None."""
    work = phase.work
    assert isinstance(work, Serving)  # noqa: S101 - the caller checks
    if work.fleet.fleet_share is not None or not isinstance(work.model, Decoder | Diffusion):
        return None
    plain = bind(phase, _central_value)
    use = infer(plain.work, plain.site)
    assert use.served is not None  # noqa: S101 - every service says how it was served
    devices = use.served.replica_accelerators
    assert devices is not None  # noqa: S101 - these models have replicas
    filled = float(use.accelerator_hours / (plain.work.fleet.period_hours * devices))
    if filled >= _MIN_FILLED_SHARE:
        return None
    reason = f"the load uses {filled:.2g} of its {devices:g} devices; the rest is not charged;"
    return f"{reason} infer.hardware with count: {devices:g} charges all of them"


def _central_value(fact: Fact) -> float:
    return fact.value


def check_capacity(resolved: ResolvedScenario, result: Evaluated[Lifecycle]) -> None:
    """InputError if a load exceeds the stated devices even at a busy share of 1."""
    metrics = result.point.metrics
    errors, warnings = find_overloads(
        [(one, _load_hours(one, metrics)) for one, _ in stated_capacities(resolved)],
        resolved.document,
    )
    if errors:
        raise InputError(errors, resolved.document.sources)
    resolved.warnings.extend(warnings)


def _load_hours(capacity: StatedCapacity, metrics: dict[str, Any]) -> float:
    """Device-hours of a load; at its peak if it holds its devices."""
    hours = float(metrics[f"{capacity.phase}.accelerator_hours"])
    if not capacity.is_held:
        return hours
    return hours * float(metrics[f"{capacity.phase}.peak_busy_share"])


def find_overloads(
    loads: list[tuple[StatedCapacity, float]], document: Document
) -> tuple[list[Problem], list[Problem]]:
    """Errors for loads beyond the devices even if always busy, and warnings for high loads."""
    from carbonctl.report.numbers import format_significant

    errors, warnings = [], []
    for capacity, hours in loads:
        needed = capacity.devices * hours / capacity.hours
        mark = document.mark((*capacity.path, "count"))
        amount = format_significant(needed, 3)
        message = f"the load needs {amount} devices at a busy share of {capacity.busy_share:g}"
        stated = f"hardware.count is {capacity.devices:g}"
        if capacity.fleet_share < 1:
            stated = f"this share of the fleet is {format_significant(capacity.devices, 3)}"
        least = max(needed * capacity.busy_share, capacity.memory_devices)
        hint = f"at least {math.ceil(least / capacity.fleet_share):g} when always busy"
        if least == capacity.memory_devices:
            message = f"the tables take the memory of {capacity.memory_devices:g} devices"
            hint = f"at least {math.ceil(least / capacity.fleet_share):g}"
        problem = Problem("CC304", f"{message}; {stated}", mark, hint)
        if least > capacity.devices:
            errors.append(problem)
        elif needed > capacity.devices:
            warnings.append(problem)
        elif capacity.is_held and needed > capacity.usual_busy_share * capacity.devices:
            usual = f"{100 * capacity.usual_busy_share:g} %"
            message = f"the load keeps {amount} of {capacity.devices:g} devices busy at its peak"
            hint = f"few services exceed {usual}: requests would queue"
            warnings.append(Problem("CC304", message, mark, hint))
    return errors, warnings
