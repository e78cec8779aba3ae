"""The schema that editors get and the reader that a gate has are one table, and agree."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
from tables import for_each

from carbonctl.core import strict_yaml
from carbonctl.core.errors import CarbonctlError
from carbonctl.gate.policy_schema import check, json_schema

TESTS = Path(__file__).parents[1]
FILES = sorted((TESTS / "cli" / "bad" / "policies").glob("*.yaml"))
GOOD = [TESTS / "gate_demo" / "policy.yaml"]


def parsed(path):
    try:
        document = strict_yaml.read(path)
    except CarbonctlError:
        return None
    return document if isinstance(document.data, dict) else None


READ = [path for path in FILES if parsed(path) is not None]


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(json_schema())


@for_each("path", [*GOOD, *READ], ids=lambda path: path.stem)
def test_what_the_table_refuses_the_schema_refuses(path):
    document = parsed(path)
    fits = jsonschema.Draft202012Validator(json_schema()).is_valid(document.data)
    refused = check(document)
    assert not (refused and fits), refused
    if path in GOOD:
        assert (refused, fits) == ([], True)


def test_the_corpus_has_files_that_only_their_meaning_makes_wrong():
    validator = jsonschema.Draft202012Validator(json_schema())
    meant = [path for path in READ if validator.is_valid(parsed(path).data)]
    codes = {c for p in meant for c in re.findall(r"expect: (CC\d+)", p.read_text("utf-8"))}
    assert {"CC202", "CC203", "CC605", "CC606", "CC607", "CC608", "CC610", "CC611"} <= codes
    assert len(READ) - len(meant) >= 20
