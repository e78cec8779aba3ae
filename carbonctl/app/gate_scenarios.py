"""A scenario as a gate sees it: evaluated on every basis that its rules ask for."""

from __future__ import annotations

from dataclasses import field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from carbonctl.app.estimate import evaluate, result_metadata
from carbonctl.app.load import PHASES, PHASES_OF, load_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.core.files import display_name
from carbonctl.core.record import record, value_record
from carbonctl.estimate.inputs import collect_facts as facts_of
from carbonctl.gate.causes import Causes, Remembered
from carbonctl.gate.judge import Subject
from carbonctl.gate.rules import budget_rules
from carbonctl.report.envelope import ResultMetadata, build_result
from carbonctl.report.user_inputs import user_inputs
from carbonctl.scenario.read.read_scenario import parse_sets
from carbonctl.scenario.resolve.resolve_scenario import BUDGET
from carbonctl.study.montecarlo import evaluate as study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from carbonctl.app.load import Scenario as Loaded
    from carbonctl.core.errors import Problem
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Document
    from carbonctl.core.types import Array
    from carbonctl.estimate.results import Item, Lifecycle, Line
    from carbonctl.gate.rules import Rule
    from carbonctl.study.montecarlo import Evaluated

BASES = ("location", "market")


@record
class Looked:
    """One result, ready to be held: what a gate sees, what moves it, and its own budget."""

    subject: Subject
    data: dict[str, Any]
    causes: Causes | Remembered
    budget: tuple[Rule, ...] = ()
    warnings: list[Problem] = field(default_factory=list)
    sources: dict[str, list[str]] = field(default_factory=dict)
    catalog: Catalog | None = None
    path: str = ""  # the file of the scenario, by which a baseline is found
    saved: dict[str, Any] | None = None  # what a saved result said, and what was made of it
    overlay: dict[str, Any] | None = None  # the folder of one's own, and the facts it changed


@value_record
class Wanted:
    """On which basis a result is wanted first, on which others its rules ask for it.

    ``overlays`` are the folders of hardware data that the policy allows.
    """

    first: str | None = None
    others: frozenset[str] = frozenset()
    overlays: tuple[str, ...] = ()


def scenario_input(
    file: str, flags: dict[str, Any], wanted: Wanted, raw: bytes | None = None
) -> Looked:
    """A scenario of either kind, as ``validate`` tells them apart."""
    loaded = load_scenario(
        file,
        parse_sets(flags.get("sets") or ()),
        Catalog.open(flags.get("hardware_db")),
        raw=raw,
        root=flags.get("root"),
    )
    scenario = loaded[0]
    if any(getattr(scenario, name) is not None for name in PHASES) or scenario.embodied is None:
        return evaluate_life(file, flags, wanted, loaded)
    return evaluate_item(file, flags, loaded)


def evaluate_life(
    file: str, flags: dict[str, Any], wanted: Wanted, loaded: Loaded, command: str = "lifecycle"
) -> Looked:
    """The phases that a command estimates, on every basis that is wanted."""
    scenario, document, catalog = loaded
    from carbonctl.estimate.lifecycle import lifecycle  # noqa: PLC0415 - not for whole items

    phases = PHASES_OF[command]
    needs_period = scenario.infer is not None or scenario.data is not None
    need = needs_period and command == "lifecycle"
    resolved, result = evaluate(
        loaded, phases, samples=flags["samples"], seed=flags["seed"], need_period=need
    )
    own = wanted.first or scenario.accounting
    bases = {scenario.accounting, own, *wanted.others}
    if "operational_market_kgco2e" not in result.point.metrics:
        bases -= {"market"}  # no contracts: null on this basis
    evaluated = {scenario.accounting: result} | {
        basis: study(
            resolved.inputs,
            partial(lifecycle, basis=basis),
            samples=flags["samples"],
            seed=flags["seed"],
        )
        for basis in sorted(bases - {scenario.accounting})
    }
    told = result_metadata(resolved, catalog)
    made: dict[str, dict[str, Any]] = {
        basis: cast("dict[str, Any]", build_result(command, r, catalog, told))
        for basis, r in evaluated.items()
    }
    first = own if own in made else scenario.accounting
    causes = _causes(
        resolved.inputs, partial(lifecycle, basis=first), result, made[first], document
    )
    return Looked(
        Subject(display_name(file), _title(scenario.name, file), made, _draws(evaluated)),
        made[first],
        causes,
        budget_rules(scenario, document, BUDGET),
        resolved.warnings,
        document.sources,
        catalog,
        path="" if file == "-" else file,
        overlay=_overlay(loaded, resolved.inputs, made, command),
    )


def evaluate_item(file: str, flags: dict[str, Any], loaded: Loaded) -> Looked:
    """Whole machines: no electricity, so the same on every basis."""
    from carbonctl.estimate.embodied.hardware import embodied  # noqa: PLC0415 - for whole items alone
    from carbonctl.scenario.resolve.hardware.embodied_target import resolve_item  # noqa: PLC0415

    scenario, document, catalog = loaded
    item = resolve_item(scenario, document, catalog)
    result = study(item.inputs, embodied, samples=flags["samples"], seed=flags["seed"])
    beside = ResultMetadata(
        scenario.name or "", item.title, None, item.not_estimated, item.warnings,
        inputs=user_inputs(document),
    )  # fmt: skip
    data = cast("dict[str, Any]", build_result("embodied", result, catalog, beside))
    return Looked(
        Subject(
            display_name(file),
            _title(scenario.name, file),
            dict.fromkeys(BASES, data),
            _draws(dict.fromkeys(BASES, result)),
        ),
        data,
        _causes(item.inputs, embodied, result, data, document),
        budget_rules(scenario, document, BUDGET),
        item.warnings,
        document.sources,
        catalog,
        path="" if file == "-" else file,
        overlay=_overlay(loaded, item.inputs, {"": data}, "embodied"),
    )


def _overlay(
    loaded: Loaded, inputs: Any, made: dict[str, dict[str, Any]], command: str
) -> dict[str, Any] | None:
    """The folder that lies over the bundled data, and the facts in use that it changed."""
    _, document, catalog = loaded
    folder = catalog.overlay
    if not folder:
        return None
    from carbonctl.app.recompute import bundled_facts  # noqa: PLC0415 - where there is a folder

    used = {key for data in made.values() for key in data["facts"]}
    own = {key: fact for key, fact in facts_of(inputs).items() if key in used}
    plain = bundled_facts(document, catalog, command)
    named = {key for data in made.values() for key in data["data"]["overlay"]}
    if plain is not None:
        named |= {
            key
            for key, fact in own.items()
            if not fact.is_from_user and _moved(fact, plain.get(key))
        }
    for data in made.values():
        data["data"]["overlay"] = sorted(named)
    return {"folder": folder, "facts": sorted(named)}


def _moved(fact: Fact, bundled: Fact | None) -> bool:
    if bundled is None:
        return True
    return (fact.value, fact.low, fact.high) != (bundled.value, bundled.low, bundled.high)


def left_out(data: dict[str, Any]) -> set[str]:
    """Phases of a scenario that the command which made its result does not estimate."""
    given = data.get("inputs", {}).get("scenario", {})
    estimated = PHASES_OF.get(data["command"], ())
    return {name for name in PHASES if given.get(name) is not None and name not in estimated}


def _title(name: str | None, file: str) -> str:
    return name or ("stdin" if file == "-" else Path(file).stem)


def _causes(
    inputs: object,
    estimate: Callable[[Any], Lifecycle | Item],
    result: Evaluated[Any],
    data: dict[str, Any],
    document: Document,
) -> Causes:
    used = {key: result.facts[key] for key in data["facts"] if key in result.facts}
    sections = {key: document.mark((key,), key=True) for key in document.data}
    sections[""] = document.mark(())
    placed = {key: mark for key, mark in sections.items() if mark is not None and mark.line}
    return Causes(inputs, estimate, used, placed)


def _draws(results: dict[str, Evaluated[Any]]) -> dict[str, dict[str, Array]]:
    return {
        basis: {}
        if result.drawn is None
        else {
            name: np.asarray(value, dtype=float)
            for name, value in (*result.drawn.metrics.items(), *_lines(result.drawn.lines))
        }
        for basis, result in results.items()
    }


def _lines(lines: Iterable[Line]) -> Iterable[tuple[str, Any]]:
    for line in lines:
        yield f"{line.id}_kgco2e", line.kgco2e
        yield from _lines(line.children)
