"""Facts of a scenario bound as columns, and whether rows equal single estimates of their values."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from scenarios import LIVES_AND_ITEMS, command_of

from carbonctl.app.plan_hardware import plan_item
from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.core.phase_names import PHASES
from carbonctl.estimate.embodied.hardware import embodied
from carbonctl.estimate.inputs import ItemInputs, bind, collect_facts
from carbonctl.estimate.lifecycle import lifecycle
from carbonctl.estimate.serving.service import Decoder, Serving
from carbonctl.estimate.training.training_limits import training_limits
from carbonctl.estimate.training.training_run import TrainRun
from carbonctl.plan.training import training_notices, training_status
from carbonctl.scenario.read.read_scenario import read_scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from carbonctl.core.fact import Fact
    from carbonctl.scenario.read.read_scenario import Setting
    from carbonctl.study.montecarlo import Draws

    Measure = Callable[[Any], dict[str, Any]]

STEPS = (0.8, 1.0, 1.25)
FAR_STEPS = (0.1, 0.4, 0.8, 1.25, 3.0, 10.0)  # far enough that a plan takes another size or batch
BELOW_ONE = {"infer.speculative.acceptance", "infer.cache_hits"}  # 1 is refused when it is read
DEVICES = {"hardware.count", "infer.data_parallel", "infer.tensor_parallel"}  # one at least
LIFE_HOURS = 43_800.0
# Vectorized exp and log differ from scalar ones in the last bit, and a search of a fixed number of
# steps stops at another last bit then; a row that belongs to another value differs far more.
_RELATIVE_TOLERANCE = 1e-9
_REFUSED = (ValueError, TypeError, IndexError, ArithmeticError, AssertionError)


def inputs_of(config: Path, *phases: str, settings: Iterable[Setting] = ()) -> Any:
    """Facts of some phases of a bundled scenario, or of the item that it describes."""
    catalog = Catalog.open()
    scenario, document = read_scenario(str(config), settings, catalog)
    if command_of(config) == "embodied":
        return plan_item(scenario, document, catalog).inputs
    return plan_scenario(scenario, document, catalog, phases).inputs


def every_input() -> Iterator[tuple[str, Any]]:
    """Name and facts of every bundled scenario, all of its phases."""
    for config in LIVES_AND_ITEMS:
        yield config.stem, inputs_of(config, *PHASES)


def steps_of(fact: Fact) -> list[float]:
    """Values around that of a fact which it can have: a share is at most 1, a PUE at least."""
    return [_possible(fact, fact.value * step) for step in STEPS]


def far_values_of(fact: Fact) -> list[float]:
    """Other values that a fact can have: the ends of its range, a tenth to ten times its own."""
    ends = [end for end in (fact.low, fact.high) if end is not None]
    values = [_possible(fact, value) for value in (*ends, *(fact.value * x for x in FAR_STEPS))]
    return [value for value in dict.fromkeys(values) if value != fact.value]


def some_values_of(name: str, fact: Fact, most: int) -> list[float]:
    """A few of the far values, others in each scenario and the same in each run."""
    values = far_values_of(fact)
    random = np.random.default_rng(zlib.crc32(f"{name} {fact.key}".encode()))
    return [values[place] for place in random.permutation(len(values))[:most]]


def _possible(fact: Fact, value: float) -> float:
    """The nearest value that a fact can have."""
    if fact.shape == "share":
        return min(value, 0.95 if fact.key in BELOW_ONE else 1.0)
    if fact.key in DEVICES:
        return max(value, 1.0)
    return max(value, 1.0) if fact.shape == "pue" else value


def bind_changed(inputs: Any, changes: dict[str, Any]) -> Any:
    """Inputs at their central values, but for facts of these keys."""
    return bind(inputs, lambda fact: changes.get(fact.key, fact.value))


def measured(inputs: Any) -> dict[str, Any]:
    """Every number of a result by name, what a plan says of training runs, and what it chose."""
    result: Any = embodied(inputs) if isinstance(inputs, ItemInputs) else lifecycle(inputs)
    found = {"total": result.total_kgco2e, **result.metrics}
    found |= {f"line {line.id}": line.kgco2e for line in result.lines}
    for phase in getattr(inputs, "phases", ()):
        if isinstance(phase.work, TrainRun):
            limits = training_limits(phase.work, phase.site, LIFE_HOURS)
            found[f"{phase.id} status"] = training_status(limits)
            found[f"{phase.id} notices"] = training_notices(limits)
    for phase in getattr(result, "phases", ()):
        if phase.use.served is not None:
            found |= phase.use.served.chosen
            found[f"{phase.id} is feasible"] = np.asarray(phase.use.served.is_feasible, dtype=float)
    return found


def forms_of(inputs: Any) -> dict[str, Any]:
    """The form of work, or the part of a scenario, in which each fact takes part, by its key."""
    found: dict[str, Any] = dict.fromkeys(collect_facts(inputs), ())
    for phase in getattr(inputs, "phases", ()):
        parts = ((phase.work, _form_of(phase.work)), (phase.site, "site"), (phase.hardware, "box"))
        for part, form in parts:
            found |= {key: (*found[key], form) for key in collect_facts(part)}
    return found


def _form_of(work: Any) -> Any:
    """Kind of evidence of a training run; of a service its model, and what bounds its replica."""
    if not isinstance(work, Serving):
        return type(getattr(work, "evidence", work)).__name__
    model, held = work.model, work.fleet.fleet_share is not None
    if not isinstance(model, Decoder):
        return type(model).__name__, held
    parts = (model.moe, model.speculation, model.measured, model.media_residual)
    given: list[Any] = [part is not None for part in parts]
    if model.limits is not None:
        bounds = model.limits
        given += [bounds.is_stated, bounds.is_full, bounds.itl_s is None, bounds.ttft_s is None,
                  bounds.replica_accelerators is None, bounds.accelerators is None]  # fmt: skip
    return "Decoder", held, *given


def differing_columns(inputs: Any, measure: Measure, values: dict[str, list[float]]) -> list[str]:
    """Facts whose column gives other numbers than single estimates of its values, in words.

    ``measure`` turns bound inputs into numbers by name; ``values`` are those to look at, by the
    key of the fact, beside its own.
    """
    known = collect_facts(inputs)
    central = measure(bind_changed(inputs, {}))
    return [
        f"{key}: {problem}"
        for key, others in values.items()
        if (problem := _difference(inputs, measure, (known[key], others), central))
    ]


def _difference(
    inputs: Any, measure: Measure, column: tuple[Fact, list[float]], central: dict[str, Any]
) -> str:
    fact, others = column
    values = [fact.value, *others]
    try:
        rows = measure(bind_changed(inputs, {fact.key: np.array(values).reshape(-1, 1)}))
    except _REFUSED as error:
        return f"no column can be estimated: {error!r}"
    for row, value in enumerate(values):
        single = measure(bind_changed(inputs, {fact.key: value})) if row else central
        problem = _unlike(rows, row, single)
        if problem:
            return f"at {value:g} {problem}"
    return ""


def _unlike(rows: dict[str, Any], row: int, single: dict[str, Any]) -> str:
    """The first number of a row that is another alone, in words."""
    if single.keys() != rows.keys():
        return f"names differ: {single.keys() ^ rows.keys()}"
    for name, number in single.items():
        values = np.ravel(rows[name])
        found = values[row] if values.size > 1 else values[0]
        if not np.isclose(found, number, rtol=_RELATIVE_TOLERANCE, atol=0.0, equal_nan=True):
            return f"{name} is {found} in an array and {number} alone"
    return ""


def differing_draws(inputs: Any, measure: Measure, draws: Draws) -> list[str]:
    """Draws of all facts at once that give other numbers than their values alone, in words."""
    rows = measure(bind(inputs, draws))

    def value(fact: Fact, row: int) -> float:
        drawn = np.ravel(draws(fact))
        return float(drawn[row] if drawn.size > 1 else drawn[0])

    alone = (
        measure(bind(inputs, lambda f, row=row: value(f, row))) for row in range(draws.samples)
    )
    problems = (_unlike(rows, row, single) for row, single in enumerate(alone))
    return [f"draw {row}: {problem}" for row, problem in enumerate(problems) if problem]
