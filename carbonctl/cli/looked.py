"""The files that ``gate`` is given: saved results as they are, scenarios evaluated."""

from __future__ import annotations

from dataclasses import field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from carbonctl.cli.run import PHASES, beside, evaluate, load
from carbonctl.core.errors import UsageError
from carbonctl.core.record import compared, record
from carbonctl.report.envelope import Beside, envelope
from carbonctl.report.given import given
from carbonctl.scenario.resolve import BUDGET
from carbonctl.scenario.rules import budget_rules
from carbonctl.study.causes import Causes, Remembered
from carbonctl.study.gate import Subject
from carbonctl.study.montecarlo import evaluate as study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from carbonctl.catalog.read import Catalog
    from carbonctl.cli.run import Loaded
    from carbonctl.core.errors import Problem
    from carbonctl.core.strict_yaml import Document
    from carbonctl.core.types import Array
    from carbonctl.estimate.results import Item, Lifecycle, Line
    from carbonctl.scenario.rules import Rule
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


@compared
class Wanted:
    """On which basis a result is wanted first, and on which others its rules ask for it."""

    first: str | None = None
    others: frozenset[str] = frozenset()


def look(file: str, flags: dict[str, Any], wanted: Wanted) -> list[Looked]:
    """The results of one file; of a scenario there is one."""
    if file != "-" and Path(file).suffix != ".json":
        return [_scenario(file, flags, wanted)]
    from carbonctl.report import saved  # noqa: PLC0415 - JSON, for what may be a saved result
    from carbonctl.report.findings import results  # noqa: PLC0415

    raw = saved.raw_of(file)
    if not saved.is_result(raw):
        return [_scenario(file, flags, wanted, raw)]
    found = results(saved.parse(raw, _name(file)).data)
    if flags["sets"]:
        message = "--set changes a scenario; a saved result stays as it is"
        raise UsageError(message)
    names = (
        [_name(file)] if len(found) == 1 else [f"{_name(file)}#{i + 1}" for i in range(len(found))]
    )
    return [_remembered(data, name) for data, name in zip(found, names, strict=True)]


def _name(file: str) -> str:
    return "<stdin>" if file == "-" else file


def _remembered(data: dict[str, Any], file: str) -> Looked:
    from carbonctl.report.remembered import facts  # noqa: PLC0415 - for saved results alone

    own = data["accounting"]
    bases = {own: data} if own in BASES else dict.fromkeys(BASES, data)
    shares = {d["key"]: d["variance_share"] for d in data["drivers"]}
    subject = Subject(file, data["name"] or Path(file).stem, bases)
    kept = {key: value for key, value in data.items() if key != "gate"}
    return Looked(subject, kept, Remembered(facts(data), shares))


def _scenario(file: str, flags: dict[str, Any], wanted: Wanted, raw: bytes | None = None) -> Looked:
    """A scenario of either kind, as ``validate`` tells them apart."""
    loaded = load(flags, file, raw)
    scenario = loaded[0]
    if any(getattr(scenario, name) is not None for name in PHASES) or scenario.embodied is None:
        return _life(file, flags, wanted, loaded)
    return _item(file, flags, loaded)


def _life(file: str, flags: dict[str, Any], wanted: Wanted, loaded: Loaded) -> Looked:
    scenario, document, catalog = loaded
    from carbonctl.estimate.lifecycle import lifecycle  # noqa: PLC0415 - not for whole items

    needs_period = scenario.infer is not None or scenario.data is not None
    resolved, result, _ = evaluate(loaded, flags, PHASES, need_period=needs_period)
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
    told = beside(resolved, catalog)
    made = {basis: envelope("lifecycle", r, catalog, told) for basis, r in evaluated.items()}
    first = own if own in made else scenario.accounting
    causes = _causes(
        resolved.inputs, partial(lifecycle, basis=first), result, made[first], document
    )
    return Looked(
        Subject(_name(file), _title(scenario.name, file), made, _draws(evaluated)),
        made[first],
        causes,
        budget_rules(scenario, document, BUDGET),
        resolved.warnings,
        document.sources,
        catalog,
    )


def _item(file: str, flags: dict[str, Any], loaded: Loaded) -> Looked:
    """Whole machines: no electricity, so the same on every basis."""
    from carbonctl.estimate.embodied import embodied  # noqa: PLC0415 - for whole items alone
    from carbonctl.scenario.item import resolve_item  # noqa: PLC0415

    scenario, document, catalog = loaded
    item = resolve_item(scenario, document, catalog)
    result = study(item.inputs, embodied, samples=flags["samples"], seed=flags["seed"])
    beside = Beside(
        scenario.name or "", item.title, None, item.not_estimated, item.warnings,
        inputs=given(document),
    )  # fmt: skip
    data = envelope("embodied", result, catalog, beside)
    return Looked(
        Subject(
            _name(file),
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
    )


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
