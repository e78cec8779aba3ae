"""Records of a result: they hold every key that is written, and refuse what does not fit."""

from __future__ import annotations

import copy
import json
import random

import pytest
from gate_example import GATED, several
from jsonschema import Draft202012Validator
from scenarios import CONFIGS

from carbonctl.result.check import find_schema_problems
from carbonctl.result.kinds import KINDS, commands_of, kind_of
from carbonctl.result.schema import json_schema

BLOOM, LLAMA = CONFIGS / "train-bloom.yaml", CONFIGS / "train-llama-2.yaml"
TABLES = {"facts", "formulas", "sources", "replaced", "provenance"}  # of many entries alike
OTHERS = (None, True, -1, 1.5, 2.0, "x", [], {}, [None])  # a value of every type
CHANGES = 80  # of a result of each kind


@pytest.fixture(scope="module")
def kept():
    return {}


@pytest.fixture
def written(kept, carbonctl):
    """A result of each kind as it is written, by kind."""
    few = ("--samples", "100", "-f", "json")

    def ran(*words, stdin=""):
        return json.loads(carbonctl(*words, stdin=stdin).out)

    if not kept:
        kept["estimate"], kept["gate"] = GATED, several()
        kept["compare"] = ran("compare", BLOOM, LLAMA, *few)
        kept["diff"] = ran("diff", BLOOM, LLAMA, *few)
        kept["refresh"] = ran("refresh", CONFIGS / "refresh-v100-to-h100.yaml", *few)
        saved = ran("train", BLOOM, *few)
        saved["facts"]["train.accelerator_hours"]["label"] = "another"
        kept["verify"] = ran("verify", "-", "-f", "json", stdin=json.dumps(saved))
        kept["errors"] = ran("train", "-", "-f", "json", stdin="name: x\nperiod: -1\n")
    return kept


def closed(schema):
    """A schema in which a record has no other keys than those that it names."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: closed(item) for key, item in schema.items()}
    if made.get("type") == "object" and "properties" in made:
        made.setdefault("additionalProperties", False)
    return made


def cut(data, key=""):
    """Plain data with one item of each list, and two entries of each table of many alike."""
    if isinstance(data, list):
        return [cut(item) for item in data[:1]]
    if not isinstance(data, dict):
        return data
    names = list(data)[:2] if key in TABLES else data
    return {name: cut(data[name], name) for name in names}


def paths(data, path=()):
    """Every path into plain data but the first."""
    if isinstance(data, dict | list):
        for key in data if isinstance(data, dict) else range(len(data)):
            yield (*path, key)
            yield from paths(data[key], (*path, key))


def changed(data, path, value=...):
    """Plain data with another value at a path, or with none where none is given."""
    made = here = copy.deepcopy(data)
    for step in path[:-1]:
        here = here[step]
    if value is ...:
        del here[path[-1]]
    else:
        here[path[-1]] = value
    return made


def test_there_is_a_result_of_every_kind(written):
    assert set(written) == set(KINDS)
    kinds = [kind_of(data.get("command")) for data in written.values()]
    assert kinds == [None if kind == "errors" else kind for kind in written]


def test_records_hold_every_key_that_is_written(written):
    schema = json_schema()
    records = {name: closed(record) for name, record in schema["$defs"].items()}
    strict = Draft202012Validator(schema | {"$defs": records})
    for kind, data in written.items():
        assert [error.message for error in strict.iter_errors(data)] == [], kind


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_result_is_refused_where_the_schema_refuses_it(kind, written):
    data, pick, refused = cut(written[kind]), random.Random(kind), 0
    schema = json_schema()
    record = next(one["then"] for one, of in zip(schema["allOf"], KINDS, strict=True) if of == kind)
    complete = Draft202012Validator(record | {"$defs": schema["$defs"]})
    for path in pick.choices([*paths(data)], k=CHANGES):
        made = changed(data, path, pick.choice((*OTHERS, ...)))
        found = list(find_schema_problems(made, kind))
        assert bool(found) == (not complete.is_valid(made)), (path, found)
        assert all(one.path[: len(path) - 1] == path[:-1] for one in found), (path, found)
        refused += bool(found)
    assert CHANGES / 3 < refused < CHANGES


@pytest.mark.parametrize(
    ("path", "value", "code", "message"),
    [
        (("total", "value"), "high", "CC201", 'expected a number, got "high"'),
        (("total", "value"), None, "CC201", "expected a number, got null"),
        (("samples",), 1.5, "CC201", "expected a whole number, got 1.5"),
        (("samples",), True, "CC201", "expected a whole number, got true"),
        (("breakdown",), {}, "CC201", "expected a list, got keys and values"),
        (("name",), ["x"], "CC201", "expected text, got a list"),
        (("samples",), -1, "CC203", "must be at least 0, got -1"),
        (("seed",), 2.0, None, ""),  # JSON has one type of number
        (("data", "later"), 5, None, ""),  # later versions add keys
        (("inputs", "sha256"), "abc", "CC203", "expected text that matches ^[0-9a-f]{64}$"),
        (("accounting",), "global", "CC207", 'expected "location", "market" or "whole item"'),
        (("gate", "exit_code"), False, "CC207", "expected 0, 4 or 5, got false"),
        (("inputs", "flags"), [{"path": [1.5], "flag": "x"}], "CC201", "expected text"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_with_what_was_expected(path, value, code, message):
    found = list(find_schema_problems(changed(GATED, path, value), "estimate"))
    assert [one.code for one in found] == ([] if code is None else [code])
    assert all(one.message.startswith(message) for one in found)


def test_every_key_that_is_missing_is_named_at_the_record_that_lacks_it():
    made = changed(changed(GATED, ("total", "value")), ("total", "unit"))
    found = list(find_schema_problems(made, "estimate"))
    assert {(one.code, one.path) for one in found} == {("CC206", ("total",))}
    assert {one.message for one in found} == {f'"{k}" is required here' for k in ("value", "unit")}


def test_results_are_told_apart_by_their_command():
    for kind in KINDS:
        assert all(kind_of(command) == kind for command in commands_of(kind))
    assert [kind_of(command) for command in (None, True, [], "errors", "hw")] == [None] * 5


def test_a_decision_that_never_pays_back_is_read_back(carbonctl):
    file = CONFIGS / "refresh-v100-to-h100.yaml"
    ran = carbonctl("refresh", file, "--performance", "1", "--samples", "0", "-f", "json")
    data = json.loads(ran.out)
    assert data["metrics"]["break_even_kgco2e_per_kwh"]["value"] is None
    assert list(find_schema_problems(data, "refresh")) == []
    least = changed(data, ("metrics", "carbon_ratio", "value"), None)
    assert [one.code for one in find_schema_problems(least, "refresh")] == ["CC201"]
