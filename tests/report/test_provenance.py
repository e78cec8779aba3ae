"""Every number in the JSON of every bundled scenario has a source, a formula or a method by id."""

from __future__ import annotations

import json
import pkgutil
from importlib import import_module

import pytest
from scenarios import CONFIGS, command_of
from tables import for_each

from carbonctl import formulas
from carbonctl.catalog.read import Catalog
from carbonctl.core.formula import CARDS

FILES = sorted(CONFIGS.glob("*.yaml"))
# numbers that say where something stands, or how a command ended: they measure nothing
PLACES = {"line", "column", "end_column", "exit_code", "path"}
for module in pkgutil.iter_modules(formulas.__path__):
    import_module(f"carbonctl.formulas.{module.name}")


@pytest.fixture(scope="module")
def known():
    return set(Catalog.open().sources()) | {"user"}


def numbers(value, path=(), around=()):
    """Every number with its path and the objects around it, the innermost last."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from numbers(item, (*path, key), (*around, value))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from numbers(item, (*path, place), around)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, around


def resolves(entry, data, known):
    """Whether an object names a formula that is a card, or sources that are cited or the user."""
    cited = data.get("sources", known)
    formula = entry.get("formula")
    if formula is not None:
        card = data.get("formulas", {formula: {"source": CARDS[formula].source}})[formula]
        return formula in CARDS and card["source"] in cited
    ids = [entry["source"]] if entry.get("source") else entry.get("source_ids", [])
    return bool(ids) and all(i in known and (i == "user" or i in cited) for i in ids)


def found(path, around, data, known):
    """Whether a number can be followed to what made it."""
    keys = [step for step in reversed(path) if isinstance(step, str)]
    if keys[0] in PLACES or path[0] == "sources":  # the years of citations
        return True
    entry = next((data["provenance"][key] for key in keys if key in data["provenance"]), {})
    if "formula" in entry or "source" in entry:
        return resolves(entry, data, known)
    if entry.get("method") or entry.get("flag"):
        return True
    return any(resolves(one, data, known) for one in reversed(around))


@for_each("file", FILES, ids=lambda file: file.stem)
def test_every_number_has_a_source_or_a_formula(file, carbonctl, known):
    ran = carbonctl(command_of(file), file, "--samples", "100", "-f", "json")
    data = json.loads(ran.out)
    all_of_them = list(numbers(data))
    lost = [path for path, around in all_of_them if not found(path, around, data, known)]
    assert len(all_of_them) > 50
    assert lost == [], f"{1 - len(lost) / len(all_of_them):.1%} have one"


@pytest.mark.parametrize("command", ["compare", "diff"])
def test_every_number_between_two_scenarios_has_one_too(command, carbonctl, known):
    for pair in (("train-bloom", "train-llama-2"), ("lifecycle-chat-7b", "dlrm-weekly")):
        files = (CONFIGS / f"{name}.yaml" for name in pair)
        data = json.loads(carbonctl(command, *files, "--samples", "100", "-f", "json").out)
        all_of_them = list(numbers(data))
        assert len(all_of_them) > 20
        assert [p for p, around in all_of_them if not found(p, around, data, known)] == []


@pytest.mark.parametrize("form", ["sci", "ghg"])
def test_every_number_of_an_inventory_and_of_a_score_has_one_too(form, carbonctl, known):
    words = ("lifecycle", CONFIGS / "lifecycle-chat-7b.yaml", "--samples", "0", "-f", form)
    data = json.loads(carbonctl(*words).out) | {"provenance": {}}
    all_of_them = list(numbers(data))
    assert len(all_of_them) >= 4
    assert [p for p, around in all_of_them if not found(p, around, data, known)] == []


def test_a_number_without_a_source_would_be_seen(known):
    data = {"provenance": {}, "formulas": {}, "sources": {}, "metrics": {"x": {"value": 1.0}}}
    ((path, around),) = numbers(data)
    assert not found(path, around, data, known)
