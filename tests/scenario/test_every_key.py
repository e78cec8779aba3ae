"""Every key that is accepted moves a number, or is refused."""

from __future__ import annotations

import json

import pytest
import yaml
from scenario_keys import LABELS, LISTED, REFUSED, REFUSED_AT, cases, every_key

_BESIDE = {"inputs", "provenance", "facts", "warnings", "schema_version"}  # hold what was put in
_OF_A_RUN = "train.runs.0."


def numbers(value):
    """Every number in plain data, in order."""
    if isinstance(value, dict):
        return [x for item in value.values() for x in numbers(item)]
    if isinstance(value, list):
        return [x for item in value for x in numbers(item)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def answer(data):
    """The numbers of a result, without the copies of its inputs."""
    return numbers({key: value for key, value in data.items() if key not in _BESIDE})


def is_refused_by_rule(key):
    """Whether the only effect of a key is a refusal."""
    if key in REFUSED or key.endswith((".model.kind", ".teacher.kind", ".draft.kind")):
        return True
    return any(key.removeprefix(f"{at}.") in keys for at, keys in REFUSED_AT.items()
               if key.startswith(f"{at}."))  # fmt: skip


@pytest.fixture
def estimate(carbonctl):
    """Exit code and plain data of a command on a scenario; each scenario runs once."""
    seen = {}

    def of(command, data):
        text = yaml.safe_dump(data, sort_keys=False)
        if (command, text) not in seen:
            ran = carbonctl(command, "-", "-f", "json", "--samples", "0", stdin=text)
            seen[command, text] = ran.code, json.loads(ran.out)
        return seen[command, text]

    return of


def wrong_with(key, estimate):
    """What is wrong with a key: it changes nothing, or something else is refused."""
    for command, without, with_key in cases(key):
        before, was = estimate(command, without)
        after, now = estimate(command, with_key)
        codes = {entry["code"] for entry in now["errors"]} if after else set()
        said = [entry["message"] for entry in now["errors"]] if after else ""
        plain = key.replace(_OF_A_RUN, "train.")
        if is_refused_by_rule(plain):
            if after != 3 or before != 0 or "CC101" in codes:
                yield f"{key} ({command}): not refused, {before} -> {after} {said}"
        elif plain in LISTED:
            if LISTED[plain] not in now["coverage"]["not_estimated"]:
                yield f"{key} ({command}): not listed"
        elif after:
            yield f"{key} ({command}): refused, {said}"
        elif before == 0 and answer(was) == answer(now):
            yield f"{key} ({command}): changes nothing"


def test_every_key_moves_a_number_or_is_refused(estimate):
    wrong = []
    for key in every_key():
        plain = key.replace(_OF_A_RUN, "train.")
        if plain in LABELS or key in LABELS:
            continue
        try:
            wrong += wrong_with(key, estimate)
        except KeyError:
            wrong.append(f"{key}: has no scenario in tests/scenario_keys.py")
    assert not wrong, "\n".join(wrong)
