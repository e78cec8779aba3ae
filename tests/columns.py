"""Facts of a scenario bound as columns, and whether rows equal single estimates of their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scenarios import command_of

from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.estimate.inputs import bind, collect_facts
from carbonctl.scenario.read.read_scenario import read_scenario
from carbonctl.scenario.resolve.hardware.embodied_target import resolve_item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from carbonctl.core.fact import Fact
    from carbonctl.scenario.read.read_scenario import Setting

STEPS = (0.8, 1.0, 1.25)
_RELATIVE_TOLERANCE = 1e-12  # vectorized exp and log may differ from scalar ones in the last bit


def inputs_of(config: Path, *phases: str, settings: Iterable[Setting] = ()) -> Any:
    """Facts of some phases of a bundled scenario, or of the item that it describes."""
    catalog = Catalog.open()
    scenario, document = read_scenario(str(config), settings, catalog)
    if command_of(config) == "embodied":
        return resolve_item(scenario, document, catalog).inputs
    return plan_scenario(scenario, document, catalog, phases).inputs


def steps_of(fact: Fact) -> list[float]:
    """Values around that of a fact which it can have: a share is at most 1, a PUE at least."""
    values = [fact.value * step for step in STEPS]
    if fact.shape == "share":
        return [min(value, 1.0) for value in values]
    return [max(value, 1.0) for value in values] if fact.shape == "pue" else values


def bind_changed(inputs: Any, changes: dict[str, Any]) -> Any:
    """Inputs at their central values, but for facts of these keys."""
    return bind(inputs, lambda fact: changes.get(fact.key, fact.value))


def differing_columns(
    inputs: Any, measure: Callable[[Any], dict[str, Any]], keys: list[str] | None = None
) -> list[str]:
    """Facts whose column gives other numbers than single estimates of its values, in words.

    ``measure`` turns bound inputs into numbers by name.
    """
    known = collect_facts(inputs)
    central = measure(bind_changed(inputs, {}))
    return [
        f"{key}: {problem}"
        for key in (known if keys is None else keys)
        if (problem := _difference(inputs, measure, known[key], central))
    ]


def _difference(
    inputs: Any, measure: Callable[[Any], dict[str, Any]], fact: Fact, central: dict[str, Any]
) -> str:
    values = steps_of(fact)
    column = measure(bind_changed(inputs, {fact.key: np.array(values).reshape(-1, 1)}))
    for row, value in enumerate(values):
        own = value != fact.value
        single = measure(bind_changed(inputs, {fact.key: value})) if own else central
        if single.keys() != column.keys():
            return f"names differ at {value:g}: {single.keys() ^ column.keys()}"
        for name, number in single.items():
            found = np.broadcast_to(column[name], (len(values), 1))[row, 0]
            if not np.isclose(found, number, rtol=_RELATIVE_TOLERANCE, atol=0.0, equal_nan=True):
                return f"{name} is {found} in a column and {number} alone at {value:g}"
    return ""
