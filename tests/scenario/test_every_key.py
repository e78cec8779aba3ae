"""Every key that is accepted moves a number, or is refused."""

from __future__ import annotations

import json

import pytest
import yaml
from scenario_keys import LABELS, cases, every_key

KEYS = list(every_key())


def numbers(value):
    """Every number in plain data, in order."""
    if isinstance(value, dict):
        return [x for item in value.values() for x in numbers(item)]
    if isinstance(value, list):
        return [x for item in value for x in numbers(item)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def moved(before, after):
    """Whether an estimate, a metric, a check or a budget differs, beside what was put in."""
    said = {"inputs", "provenance", "facts", "schema_version", "warnings"}
    left, right = (
        [numbers({k: v for k, v in data.items() if k not in said})] for data in (before, after)
    )
    return left != right


@pytest.fixture
def estimate(carbonctl):
    seen = {}

    def of(command, data):
        text = yaml.safe_dump(data, sort_keys=False)
        if (command, text) not in seen:
            ran = carbonctl(command, "-", "-f", "json", "--samples", "0", stdin=text)
            seen[command, text] = ran.code, json.loads(ran.out)
        return seen[command, text]

    return of


def test_every_key_moves_a_number_or_is_refused(estimate):
    wrong = []
    for key in KEYS:
        bare = key.replace("train.runs.0.", "train.")
        if bare in LABELS:
            continue
        try:
            found = list(cases(key))
        except KeyError:
            wrong.append(f"{key}: no scenario in tests/scenario_keys.py")
            continue
        for command, without, with_key in found:
            code, after = estimate(command, with_key)
            refused = code == 3 and all(e["code"] not in ("CC101",) for e in after["errors"])
            if refused:
                wrong.append(f"R {key}: {[e['message'] for e in after['errors']]}")
                continue
            was, before = estimate(command, without)
            if code != 0 or (was == 0 and not moved(before, after)):
                wrong.append(f"{key} ({command}): changes nothing {[w['message'] for w in after['warnings']] if code==0 else code}")
    assert not wrong, "\n".join(wrong)
