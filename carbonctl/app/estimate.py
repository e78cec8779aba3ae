"""Estimate phases of a scenario: resolve, check the capacity, evaluate, and say it as a result."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from carbonctl.app.load import PHASES_OF
from carbonctl.app.outcome import Result
from carbonctl.core.errors import InputError, Problem, in_order

if TYPE_CHECKING:
    from carbonctl.app.load import Scenario
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.strict_yaml import Document
    from carbonctl.estimate.results import Lifecycle
    from carbonctl.report.envelope import ResultMetadata
    from carbonctl.scenario.capacity import Capacity
    from carbonctl.scenario.resolve import Resolved
    from carbonctl.study.montecarlo import Evaluated


def estimate(
    scenario: Scenario, command: str, *, samples: int, seed: int, need_period: bool = False
) -> Result:
    """The result that ``train``, ``infer`` or ``lifecycle`` makes of a scenario.

    InputError with every problem of the scenario, also where the load needs more devices than it
    states. With ``need_period`` a scenario that serves has to say for how long.
    """
    resolved, evaluated = evaluate(
        scenario, PHASES_OF[command], samples=samples, seed=seed, need_period=need_period
    )
    from carbonctl.report.envelope import envelope  # noqa: PLC0415 - after a good input

    catalog = scenario.catalog
    data = envelope(command, evaluated, catalog, metadata_of(resolved, catalog))
    return Result(data, resolved.warnings, catalog, evaluated.point)


def evaluate(
    scenario: Scenario,
    phases: tuple[str, ...],
    *,
    samples: int,
    seed: int,
    need_period: bool = False,
) -> tuple[Resolved, Evaluated[Lifecycle]]:
    """Phases of a scenario, resolved and evaluated on the basis of the scenario."""
    from carbonctl.estimate.lifecycle import lifecycle  # noqa: PLC0415 - with the heavy ones
    from carbonctl.scenario.resolve import ResolveError, resolve  # noqa: PLC0415
    from carbonctl.study.montecarlo import evaluate as study  # noqa: PLC0415

    sections, document, catalog = scenario
    try:
        resolved = resolve(sections, document, catalog, phases, need_period=need_period)
    except ResolveError as error:
        errors = [*error.problems, *_overloads(error.loads, document)[0]]
        raise InputError(in_order(errors), error.sources) from None
    run = partial(lifecycle, basis=sections.accounting)
    evaluated = study(resolved.inputs, run, samples=samples, seed=seed)
    _check_capacity(resolved, evaluated)
    return resolved, evaluated


def metadata_of(resolved: Resolved, catalog: Catalog) -> ResultMetadata:
    """What a result says beside the numbers of some phases."""
    from carbonctl.report.charged import charged, title  # noqa: PLC0415 - after a good input
    from carbonctl.report.envelope import ResultMetadata  # noqa: PLC0415
    from carbonctl.report.given import given  # noqa: PLC0415

    every = charged(resolved, catalog)
    return ResultMetadata(
        name=resolved.scenario.name or "",
        title=title(resolved, every),
        period_hours=resolved.period.value,
        not_estimated=resolved.not_estimated,
        warnings=resolved.warnings,
        budget=resolved.budget,
        period=resolved.period,
        inputs=given(resolved.document),
        charged=[one.as_dict() for one in every],
    )


def _check_capacity(resolved: Resolved, result: Evaluated[Lifecycle]) -> None:
    """A load that the stated devices cannot carry even when always busy is an error."""
    metrics = result.point.metrics
    loads = [(one, _hours(one, metrics)) for one in resolved.capacity]
    errors, warnings = _overloads(loads, resolved.document)
    if errors:
        raise InputError(errors, resolved.document.sources)
    resolved.warnings.extend(warnings)


def _hours(capacity: Capacity, metrics: dict[str, Any]) -> float:
    """Device-hours that a load takes; of devices that it holds, those of work at its peak."""
    hours = float(metrics[f"{capacity.phase}.accelerator_hours"])
    if not capacity.held:
        return hours
    return hours * float(metrics[f"{capacity.phase}.peak_busy_share"])


def _overloads(
    loads: list[tuple[Capacity, float]], document: Document
) -> tuple[list[Problem], list[Problem]]:
    """Loads that devices cannot carry even when always busy, and those that take more of them."""
    from carbonctl.report.numbers import significant  # noqa: PLC0415 - with the report

    errors, warnings = [], []
    for capacity, hours in loads:
        needed = capacity.devices * hours / capacity.hours
        mark = document.mark((*capacity.path, "count"))
        amount = significant(needed, 3)
        message = f"the load needs {amount} devices at a busy share of {capacity.busy_share:g}"
        given = f"hardware.count is {capacity.devices:g}"
        if capacity.fleet_share < 1:
            given = f"this share of the fleet is {significant(capacity.devices, 3)}"
        least = max(needed * capacity.busy_share, capacity.memory_devices)
        hint = f"at least {math.ceil(least / capacity.fleet_share):g} when always busy"
        if least == capacity.memory_devices:
            message = f"the tables take the memory of {capacity.memory_devices:g} devices"
            hint = f"at least {math.ceil(least / capacity.fleet_share):g}"
        problem = Problem("CC304", f"{message}; {given}", mark, hint)
        if least > capacity.devices:
            errors.append(problem)
        elif needed > capacity.devices:
            warnings.append(problem)
        elif capacity.held and needed > capacity.usual_busy * capacity.devices:
            usual = f"{100 * capacity.usual_busy:g} %"
            message = f"the load keeps {amount} of {capacity.devices:g} devices busy at its peak"
            hint = f"services are seldom busier than {usual}: requests would wait"
            warnings.append(Problem("CC304", message, mark, hint))
    return errors, warnings
