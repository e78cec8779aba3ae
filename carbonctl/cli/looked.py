"""The files that ``gate`` is given: saved results as they are, scenarios evaluated."""

from __future__ import annotations

from dataclasses import field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from carbonctl.catalog.read import Catalog
from carbonctl.cli.run import PHASES, PHASES_OF, beside, evaluate, load
from carbonctl.core.errors import UsageError
from carbonctl.core.record import compared, record
from carbonctl.estimate.inputs import facts as facts_of
from carbonctl.report.envelope import Beside, envelope
from carbonctl.report.given import given
from carbonctl.scenario.resolve import BUDGET
from carbonctl.scenario.rules import budget_rules
from carbonctl.study.causes import Causes, Remembered
from carbonctl.study.gate import Subject
from carbonctl.study.montecarlo import evaluate as study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from carbonctl.cli.run import Loaded
    from carbonctl.core.errors import Problem
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_json import Json
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
    path: str = ""  # the file of the scenario, by which a baseline is found
    saved: dict[str, Any] | None = None  # what a saved result said, and what was made of it
    overlay: dict[str, Any] | None = None  # the folder of one's own, and the facts it changed


@compared
class Wanted:
    """On which basis a result is wanted first, on which others its rules ask for it.

    ``overlays`` are the folders of hardware data that the policy allows.
    """

    first: str | None = None
    others: frozenset[str] = frozenset()
    overlays: tuple[str, ...] = ()


def look(file: str, flags: dict[str, Any], wanted: Wanted) -> list[Looked]:
    """The results of one file; of a scenario there is one."""
    if file != "-" and Path(file).suffix != ".json":
        return [_scenario(file, flags, wanted)]
    from carbonctl.report import saved  # noqa: PLC0415 - JSON, for what may be a saved result
    from carbonctl.report.findings import results  # noqa: PLC0415

    raw = saved.raw_of(file)
    if not saved.is_result(raw):
        return [_scenario(file, flags, wanted, raw)]
    from carbonctl.cli.again import only_estimates  # noqa: PLC0415 - for saved results alone

    made = saved.parse(raw, _name(file))
    only_estimates(made)
    if flags["sets"]:
        message = "--set changes a scenario; a saved result stays as it is"
        raise UsageError(message)
    several = "results" in made.data
    found = results(made.data)
    names = [_name(file) + (f"#{i + 1}" if len(found) > 1 else "") for i in range(len(found))]
    places: list[tuple[str | int, ...]] = [
        ("results", place) if several else () for place in range(len(found))
    ]
    return [
        _saved(made, at, data, name, flags, wanted)
        for at, data, name in zip(places, found, names, strict=True)
    ]


def _name(file: str) -> str:
    return "<stdin>" if file == "-" else file


def _saved(
    made: Json,
    at: tuple[str | int, ...],
    data: dict[str, Any],
    name: str,
    flags: dict[str, Any],
    wanted: Wanted,
) -> Looked:
    """A saved result: computed again, or as it stands where that is asked for or refused anyway."""
    own = data["data"].get("overlay_folder")
    if flags.get("trust_result"):
        return _remembered(data, name, "trusted")
    recorded = own is not None or bool(data["data"]["overlay"])
    if recorded and not is_allowed(own, wanted.overlays):
        return _remembered(data, name, "refused")
    if recorded:
        flags = flags | {"hardware_db": flags.get("hardware_db") or own}
    return _recomputed(made, at, name, flags, wanted)


def is_allowed(folder: str | None, overlays: tuple[str, ...]) -> bool:
    """Whether a folder of hardware data is one that the policy allows."""
    return folder is not None and str(Path(folder).resolve()) in overlays


def _remembered(data: dict[str, Any], file: str, status: str) -> Looked:
    from carbonctl.report.remembered import facts  # noqa: PLC0415 - for saved results alone

    own = data["accounting"]
    bases = {own: data} if own in BASES else dict.fromkeys(BASES, data)
    shares = {d["key"]: d["variance_share"] for d in data["drivers"]}
    subject = Subject(file, data["name"] or Path(file).stem, bases)
    kept = {key: value for key, value in data.items() if key != "gate"}
    keys, folder = data["data"]["overlay"], data["data"].get("overlay_folder")
    return Looked(
        subject,
        kept,
        Remembered(facts(data), shares),
        path=_path_of(data, file),
        saved=_told(data, file, subject.name, status, None),
        overlay={"folder": folder, "facts": keys} if keys or folder else None,
    )


def _told(
    data: dict[str, Any], file: str, name: str, status: str, now: float | None
) -> dict[str, Any]:
    """What a verdict says of a saved result."""
    return {
        "file": file,
        "scenario": name,
        "status": status,
        "tool_version": data["tool"]["version"],
        "data_version": data["data"]["version"],
        "saved_kgco2e": data["total_kgco2e"],
        "recomputed_kgco2e": now,
    }


def _path_of(data: dict[str, Any], file: str) -> str:
    """The scenario that a saved result was made of, else the file of the result."""
    files = data.get("inputs", {}).get("files", [])
    return str(files[-1]) if files else file


def _recomputed(
    made: Json, at: tuple[str | int, ...], name: str, flags: dict[str, Any], wanted: Wanted
) -> Looked:
    """A saved result computed again; InputError where the same version comes to another one."""
    from carbonctl.cli import again  # noqa: PLC0415 - for saved results alone
    from carbonctl.report.findings import results  # noqa: PLC0415

    data = results(made.data)[int(at[-1]) if at else 0]
    document = again.given(made, at)
    loaded = again.loaded(document, Catalog.open(flags["hardware_db"]))
    own = {data["accounting"]} & set(BASES)
    wider = Wanted(wanted.first, wanted.others | own, wanted.overlays)
    drawn = {"samples": data["samples"], "seed": data["seed"]}
    same = again.is_of_this_version(data)

    def evaluated(asked: dict[str, Any]) -> Looked:
        if data["command"] == "embodied":
            return _item(name, flags | asked, loaded)
        return _life(name, flags | asked, wider, loaded, data["command"])

    looked = None
    if same:
        looked = evaluated(drawn)
        now = looked.subject.bases.get(data["accounting"]) or looked.data
        again.check_agrees(made, at, data, now)
    own_draws = {key: flags[key] for key in drawn}
    if looked is None or own_draws != drawn:
        looked = evaluated(own_draws)
    now = looked.subject.bases.get(data["accounting"]) or looked.data
    status = "agrees" if same else "other version"
    told = _told(data, name, looked.subject.name, status, now["total_kgco2e"])
    causes = _placed_as_saved(looked, data["facts"])
    return replace(looked, causes=causes, path=_path_of(data, name), saved=told)


def _placed_as_saved(looked: Looked, saved: dict[str, dict[str, Any]]) -> Causes | Remembered:
    """The causes of a result with its facts at the lines of the scenario, not of the result."""
    from carbonctl.report.remembered import place  # noqa: PLC0415 - for saved results alone

    causes = looked.causes
    known = {key: place(saved[key]["where"]) for key in causes.facts if key in saved}
    for data in looked.subject.bases.values():
        for key in known.keys() & data["facts"].keys():
            data["facts"][key]["where"] = saved[key]["where"]
    moved = {
        key: replace(fact, where=known[key]) if key in known else fact
        for key, fact in causes.facts.items()
    }
    if isinstance(causes, Causes):  # its sections are those of the saved file
        return replace(causes, facts=moved, sections={})
    return replace(causes, facts=moved)


def _scenario(file: str, flags: dict[str, Any], wanted: Wanted, raw: bytes | None = None) -> Looked:
    """A scenario of either kind, as ``validate`` tells them apart."""
    loaded = load(flags, file, raw)
    scenario = loaded[0]
    if any(getattr(scenario, name) is not None for name in PHASES) or scenario.embodied is None:
        return _life(file, flags, wanted, loaded)
    return _item(file, flags, loaded)


def _life(
    file: str, flags: dict[str, Any], wanted: Wanted, loaded: Loaded, command: str = "lifecycle"
) -> Looked:
    scenario, document, catalog = loaded
    from carbonctl.estimate.lifecycle import lifecycle  # noqa: PLC0415 - not for whole items

    phases = PHASES_OF[command]
    needs_period = scenario.infer is not None or scenario.data is not None
    need = needs_period and command == "lifecycle"
    resolved, result, _ = evaluate(loaded, flags, phases, need_period=need)
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
    made = {basis: envelope(command, r, catalog, told) for basis, r in evaluated.items()}
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
        path="" if file == "-" else file,
        overlay=_overlay(loaded, resolved.inputs, made, command),
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
    from carbonctl.cli.again import bundled_facts  # noqa: PLC0415 - where there is a folder

    used = {key for data in made.values() for key in data["facts"]}
    own = {key: fact for key, fact in facts_of(inputs).items() if key in used}
    plain = bundled_facts(document, catalog, command)
    named = {key for data in made.values() for key in data["data"]["overlay"]}
    if plain is not None:
        named |= {
            key for key, fact in own.items() if not fact.given and _moved(fact, plain.get(key))
        }
    for data in made.values():
        data["data"]["overlay"] = sorted(named)
    return {"folder": folder, "facts": sorted(named)}


def _moved(fact: Fact, bundled: Fact | None) -> bool:
    if bundled is None:
        return True
    return (fact.value, fact.low, fact.high) != (bundled.value, bundled.low, bundled.high)


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
