"""A scenario as a gate sees it: evaluated on every basis that its rules ask for."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from carbonctl.app.estimate_scenario import evaluate, result_metadata
from carbonctl.app.gate_input import BASES, Contents, GateInput, pack
from carbonctl.app.load import PHASES_OF, load_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.core.files import display_name
from carbonctl.core.phase_names import PHASES
from carbonctl.estimate.inputs import collect_facts as facts_of
from carbonctl.gate.causes import Causes
from carbonctl.gate.measures import shares_over
from carbonctl.gate.rules import budget_rules
from carbonctl.report.envelope import ResultMetadata, build_result
from carbonctl.report.user_inputs import user_inputs
from carbonctl.scenario.read.read_scenario import parse_sets
from carbonctl.scenario.resolve.resolve_scenario import BUDGET
from carbonctl.study.montecarlo import evaluate as study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from carbonctl.app.gate_input import GateOptions, Request
    from carbonctl.app.load import Scenario as Loaded
    from carbonctl.core.errors import Problem
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Document
    from carbonctl.core.types import Array
    from carbonctl.estimate.results import Item, Lifecycle, Line
    from carbonctl.study.montecarlo import Evaluated


def load_scenario_input(
    file: str, options: GateOptions, request: Request, raw: bytes | None = None
) -> GateInput:
    """The result of a scenario of either kind, as ``validate`` tells them apart."""
    loaded = load_scenario(
        file, parse_sets(options.sets), Catalog.open(options.hardware_db), raw=raw,
        root=options.root,
    )  # fmt: skip
    sections = loaded.sections
    if loaded.has_phases or sections.embodied is None:
        return evaluate_life(file, options, request, loaded)
    return evaluate_item(file, options, request, loaded)


def evaluate_life(
    file: str, options: GateOptions, request: Request, loaded: Loaded, command: str = "lifecycle"
) -> GateInput:
    """The phases that a command estimates, on every basis that is requested."""
    scenario, document, catalog = loaded
    from carbonctl.estimate.lifecycle import lifecycle

    needs_period = scenario.infer is not None or scenario.data is not None
    need = needs_period and command == "lifecycle"
    resolved, result = evaluate(
        loaded,
        PHASES_OF[command],
        samples=options.samples,
        seed=options.seed,
        need_period=need,
    )
    own = request.first or scenario.accounting
    bases = {scenario.accounting, own, *request.others}
    if "operational_market_kgco2e" not in result.point.metrics:
        bases -= {"market"}  # no contracts: null on this basis
    evaluated = {scenario.accounting: result} | {
        basis: study(
            resolved.inputs,
            partial(lifecycle, basis=basis),
            samples=options.samples,
            seed=options.seed,
        )
        for basis in sorted(bases - {scenario.accounting})
    }
    metadata = result_metadata(resolved, catalog)
    data: dict[str, dict[str, Any]] = {
        basis: cast("dict[str, Any]", build_result(command, one, catalog, metadata))
        for basis, one in evaluated.items()
    }
    first = own if own in data else scenario.accounting
    estimate = partial(lifecycle, basis=first)
    causes = _causes(resolved.inputs, estimate, result, data[first], document)
    overlay = _overlay(loaded, resolved.inputs, data, command)
    made = _Evaluated(data, data[first], causes, evaluated, resolved.warnings, overlay)
    return made.as_input(file, loaded, request)


def evaluate_item(file: str, options: GateOptions, request: Request, loaded: Loaded) -> GateInput:
    """Whole machines: no electricity, so the same on every basis."""
    from carbonctl.app.plan_hardware import plan_item
    from carbonctl.estimate.embodied.hardware import embodied

    scenario, document, catalog = loaded
    item = plan_item(scenario, document, catalog)
    result = study(item.inputs, embodied, samples=options.samples, seed=options.seed)
    metadata = ResultMetadata(
        scenario.name or "", item.title, None, item.not_estimated, item.warnings,
        inputs=user_inputs(document),
    )  # fmt: skip
    data = cast("dict[str, Any]", build_result("embodied", result, catalog, metadata))
    causes = _causes(item.inputs, embodied, result, data, document)
    overlay = _overlay(loaded, item.inputs, {"": data}, "embodied")
    made = _Evaluated(
        dict.fromkeys(BASES, data), data, causes, dict.fromkeys(BASES, result), item.warnings,
        overlay,
    )  # fmt: skip
    return made.as_input(file, loaded, request)


class _Evaluated(NamedTuple):
    """An evaluated scenario, before its draws are counted and forgotten."""

    bases: dict[str, dict[str, Any]]
    data: dict[str, Any]
    causes: Causes
    results: dict[str, Evaluated[Any]]
    warnings: list[Problem]
    overlay: dict[str, Any] | None

    def as_input(self, file: str, loaded: Loaded, request: Request) -> GateInput:
        """The result with the share of its draws over each limit of the policy and the budget."""
        scenario, document, catalog = loaded
        budget = budget_rules(scenario, document, BUDGET)
        own = [limit for rule in budget if (limit := rule.draw_limit) is not None]
        limits = dict.fromkeys([*request.limits, *own])
        return GateInput(
            display_name(file),
            _title(scenario.name, file),
            pack(Contents(self.bases, self.data, self.causes)),
            shares_over(limits, _draws(self.results)),
            frozenset(phases_left_out(self.data)),
            budget=budget,
            warnings=tuple(self.warnings),
            sources=document.sources,
            catalog=catalog,
            path="" if file == "-" else file,
            overlay=self.overlay,
        )


def _overlay(
    loaded: Loaded, inputs: Any, made: dict[str, dict[str, Any]], command: str
) -> dict[str, Any] | None:
    """The folder that lies over the bundled data, and the facts in use that it changed."""
    _, document, catalog = loaded
    folder = catalog.overlay
    if not folder:
        return None
    from carbonctl.app.recompute import bundled_facts

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


def phases_left_out(data: dict[str, Any]) -> set[str]:
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
