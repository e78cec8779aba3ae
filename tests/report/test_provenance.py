"""Every number in the JSON of every bundled scenario has a source, a formula or a method by id."""

from __future__ import annotations

import json
import pkgutil
from importlib import import_module

import pytest
from scenarios import CONFIGS, command_of

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


def named(path):
    """The innermost key of a path that is text."""
    return next(step for step in reversed(path) if isinstance(step, str))


def resolves(entry, data, known):
    """Whether an object names a formula that is a card, or sources that are cited or the user."""
    formula = entry.get("formula")
    if formula is not None:
        card = data["formulas"][formula]
        return formula in CARDS and card["source"] in data["sources"]
    ids = [entry["source"]] if "source" in entry else entry.get("source_ids", [])
    return bool(ids) and all(i in known and (i == "user" or i in data["sources"]) for i in ids)


def found(path, around, data, known):
    """Whether a number can be followed to what made it."""
    if named(path) in PLACES or path[0] == "sources":  # the years of citations
        return True
    entry = data["provenance"].get(named(path))
    if entry is not None:
        if "formula" in entry or "source" in entry:
            return resolves(entry, data, known)
        return bool(entry.get("method") or entry.get("flag"))
    return any(resolves(one, data, known) for one in reversed(around))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_number_has_a_source_or_a_formula(file, carbonctl, known):
    ran = carbonctl(command_of(file), file, "--samples", "100", "-f", "json")
    data = json.loads(ran.out)
    all_of_them = list(numbers(data))
    lost = [path for path, around in all_of_them if not found(path, around, data, known)]
    assert len(all_of_them) > 50
    assert lost == [], f"{1 - len(lost) / len(all_of_them):.1%} have one"


def test_a_number_without_a_source_would_be_seen(known):
    data = {"provenance": {}, "formulas": {}, "sources": {}, "metrics": {"x": {"value": 1.0}}}
    ((path, around),) = numbers(data)
    assert not found(path, around, data, known)
