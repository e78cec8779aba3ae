"""A saved result may come from anywhere: what is none of ours is refused, never half read."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from tables import for_each

BASE = Path(__file__).parents[1] / "gate_demo" / "base" / "chat.yaml"
POLICY = BASE.parents[1] / "policy.yaml"


@pytest.fixture(scope="module")
def kept():
    return {}


@pytest.fixture
def result(kept, carbonctl):
    if not kept:
        ran = carbonctl("lifecycle", BASE, "--samples", "100", "-f", "json")
        kept.update(json.loads(ran.out))
    return copy.deepcopy(kept)


def change(data, path, value):
    for step in path[:-1]:
        data = data[step]
    data[path[-1]] = value


@for_each(
    "path, value",
    [
        (("schema_version",), "2.0"),
        (("schema_version",), 1),
        (("accounting",), 5),
        (("total_kgco2e",), None),
        (("total_kgco2e",), "970"),
        (("total_kgco2e",), True),
        (("total", "value"), None),
        (("total", "p95"), "high"),
        (("metrics",), []),
        (("metrics", "total_kgco2e"), 970.0),
        (("metrics", "total_kgco2e", "p95"), [1]),
        (("breakdown",), {}),
        (("breakdown", 0), "train"),
        (("breakdown", 0, "value"), None),
        (("breakdown", 0, "children"), [1]),
        (("facts", "train.days"), None),
        (("facts", "train.days", "value"), "ten"),
        (("coverage", "not_estimated"), ["data"]),
        (("assumptions", 0), 3),
        (("drivers",), None),
    ],
)
def test_a_changed_result_is_refused_with_3(path, value, result, carbonctl, tmp_path):
    change(result, path, value)
    target = tmp_path / "result.json"
    target.write_text(json.dumps(result), encoding="utf-8")
    for words in ((target,), (BASE, "--baseline", target)):
        ran = carbonctl("gate", *words, "--policy", POLICY, "--samples", "0")
        assert (ran.code, ran.out) == (3, ""), path
        assert "result.json" in ran.err
        assert "Traceback" not in ran.err


@for_each("key", ["metrics", "total", "breakdown", "facts", "coverage", "name", "tool"])
def test_a_result_without_a_part_is_refused_with_3(key, result, carbonctl, tmp_path):
    del result[key]
    target = tmp_path / "result.json"
    target.write_text(json.dumps(result), encoding="utf-8")
    assert carbonctl("gate", target, "--policy", POLICY).code == 3


@for_each(
    "text",
    [
        '{"schema_version": "1.0"',
        '{"schema_version": "1.0", "total_kgco2e": NaN}',
        '{"schema_version": "1.0", "total_kgco2e": 1e999}',
        '{"schema_version": "1.0", "errors": []}',
        '{"schema_version": "1.0", "results": []}',
        '{"schema_version": "1.0", "results": {}}',
        '{"schema_version": "1.0", "results": [[]]}',
        '{"schema_version": "1.0", "a": ' + "[" * 100_000,
        '{"schema_version": "1.0", "a": ' + "9" * 5000 + "}",
        '{"schema_version": "1.0", "a": "\udcff"}',
    ],
    ids=range(10),
)
def test_hostile_json_is_refused_with_3(text, carbonctl, tmp_path):
    target = tmp_path / "result.json"
    target.write_bytes(text.encode("utf-8", "surrogateescape"))
    ran = carbonctl("gate", target, "--policy", POLICY)
    assert (ran.code, ran.out) == (3, "")
    assert "Traceback" not in ran.err
    assert len(ran.err) < 5000


def test_a_place_that_is_none_is_forgotten(result, carbonctl, tmp_path):
    for fact in result["facts"].values():
        fact["where"] = "nowhere"
    target = tmp_path / "result.json"
    target.write_text(json.dumps(result), encoding="utf-8")
    strict = tmp_path / "policy.yaml"
    strict.write_text(
        "schema: carbonctl/policy/v1\nrules:\n  - {id: cap, metric: total_kgco2e, max: 1 kg}\n",
        encoding="utf-8",
    )
    ran = carbonctl("gate", target, "--policy", strict, "-f", "json")
    assert ran.code == 4
    assert json.loads(ran.out)["gate"]["rules"][0]["where"]["scenario"] is None


def test_a_name_that_would_steer_a_terminal_is_shown_as_text(result, carbonctl, tmp_path):
    result["name"] = result["title"] = "x\x1b[31mred\x07"
    result["facts"]["train.days"]["label"] = "\x1b]0;title\x07"
    result["breakdown"][0]["label"] = "train\x1b[2J"
    target, strict = tmp_path / "result.json", tmp_path / "policy.yaml"
    target.write_text(json.dumps(result), encoding="utf-8")
    strict.write_text(
        "schema: carbonctl/policy/v1\nrules:\n  - {id: cap, metric: total_kgco2e, max: 1 kg}\n",
        encoding="utf-8",
    )
    for words in ((), ("-f", "json")):
        ran = carbonctl("gate", target, "--policy", strict, *words)
        assert ran.code == 4
        assert not {"\x1b", "\x07"} & set(ran.out + ran.err)


def test_a_break_even_that_half_of_the_draws_never_reach_is_read_again(carbonctl):
    words = ("--old", "dgx-a100-320gb:4", "--new", "dgx-h100", "--region", "NO", "--pue", "1.2")
    data = json.loads(carbonctl("refresh", *words, "--samples", "100", "-f", "json").out)
    for ends, code in (
        ((1.0, 2.0, None), 0),
        ((1.0, None, None), 0),
        ((None, None, None), 0),
        ((None, 2.0, 3.0), 3),
        ((1.0, None, 3.0), 3),
        ((2.0, 1.0, None), 3),
    ):
        data["break_even"] |= {"value": 1.9} | dict(zip(("p05", "p50", "p95"), ends, strict=True))
        ran = carbonctl("report", "-", stdin=json.dumps(data))
        assert ran.code == code, ends
        assert ("in half of the draws never" in ran.out) == (ends == (1.0, None, None))


def test_a_mass_without_one_of_its_percentiles_is_no_result(result, carbonctl):
    for node in (result["total"], result["breakdown"][0], result["metrics"]["total_kgco2e"]):
        kept, node["p95"] = node["p95"], None
        assert "error[CC704]" in carbonctl("report", "-", stdin=json.dumps(result)).err
        node["p95"] = kept
