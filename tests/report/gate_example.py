"""A result with the verdict of a gate, in every state that a rule can be in."""

from __future__ import annotations

import copy
import io
import json
import random
from contextlib import redirect_stdout

from scenarios import CONFIGS

from carbonctl.cli.app import run


def result():
    """The JSON of a bundled scenario."""
    text = io.StringIO()
    words = ["lifecycle", str(CONFIGS / "lifecycle-chat-7b.yaml"), "--samples", "100", "-f", "json"]
    with redirect_stdout(text):
        assert run(words) == 0
    return json.loads(text.getvalue())


def place(file, line, column, end):
    return {"file": file, "line": line, "column": column, "end_column": end}


SCENARIO = place("configs/chat 7b.yaml", 14, 16, 18)
POLICY = place("policy.yaml", 4, 3, 30)


def rule(rule_id, status, exit_code, message, **other):
    return {
        "id": rule_id,
        "kind": "max",
        "level": "error",
        "status": status,
        "exit_code": exit_code,
        "file": "configs/chat 7b.yaml",
        "scenario": "chat-7b",
        "metric": "total_kgco2e",
        "label": "total",
        "unit": "kgCO2e",
        "statistic": "p95",
        "accounting": "location",
        "limit": 40000.0,
        "observed": 101363.6,
        "margin": -61363.6,
        "margin_share": -1.534,
        "probability": 0.94,
        "message": message,
        "reason": None,
        "findings": [],
        "contributors": [],
        "changes": [],
        "exception": None,
        "where": {"scenario": SCENARIO, "policy": POLICY},
    } | other


RULES = [
    rule("launch-cap", "fail", 4, "total, p95: 101 t CO2e is 61 t (153 %) over 40 t"),
    rule("per-request", "uncertain", 5, "per request: the interval straddles 0.1 g"),
    rule("evidence", "warn", 0, "60 % is assumed, more than 50 %", level="warn"),
    rule("complete", "pass", 0, "all there", metric=None, unit=None, limit=None, observed=None),
    rule(
        "pilot",
        "excepted",
        0,
        "total is over",
        exception={"reason": "pilot", "until": "2027-03-31", "expired": False},
    ),
    rule("regression", "skipped", 0, "", reason="no baseline is given"),
]
GATE = {
    "status": "fail",
    "exit_code": 4,
    "policy": {"file": "policy.yaml", "sha256": "0" * 64},
    "baseline": None,
    "today": "2026-11-25",
    "counts": {"pass": 1, "warn": 1, "fail": 1, "uncertain": 1, "excepted": 1, "skipped": 1},
    "rules": RULES,
}
GATED = result() | {"gate": GATE}


def several():
    """The verdict on two files."""
    one = {key: value for key, value in copy.deepcopy(GATED).items() if key != "gate"}
    other = one | {"name": "other"}
    rules = [*RULES, rule("launch-cap", "pass", 0, "total is 1 t", scenario="other")]
    head = {"schema_version": "1.0", "command": "gate", "tool": one["tool"]}
    return head | {"results": [one, other], "gate": GATE | {"rules": rules}}


def mutations(data, count, seed):
    """Copies of a result, each with one value gone or replaced, anywhere in it."""
    pick = random.Random(seed)
    for _ in range(count):
        made = copy.deepcopy(data)
        here, key = made, pick.choice(list(made))
        for _ in range(pick.randrange(6)):
            inner = here[key]
            keys = range(len(inner)) if isinstance(inner, list) else inner
            if not isinstance(inner, list | dict) or not keys:
                break
            here, key = inner, pick.choice(list(keys))
        if pick.random() < 0.3:
            del here[key]
        else:
            here[key] = pick.choice([None, True, -1, 1.5, "x", "", [], {}, 10**400, "1.0", [None]])
        yield made
