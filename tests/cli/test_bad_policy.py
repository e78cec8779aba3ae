"""Every file of ``bad/policies/`` says in its first lines which errors a gate by it must give.

The form is that of ``bad/``: ``# expect: CC607 at 3:8 exit 3`` is one problem.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from tables import for_each

HERE = Path(__file__).parent
FILES = sorted((HERE / "bad" / "policies").glob("*.yaml"))
SCENARIO = HERE.parent / "gate_demo" / "base" / "chat.yaml"
EXPECTED = re.compile(r"# expect: (CC\d{3}) at (\d+):(\d+) exit (\d)")
SHOWN = re.compile(r"^(.+?):(\d+):(\d+): error\[(CC\d{3})\]: ", re.MULTILINE)
# what only a gate can see: which numbers its scenario has, its name, its baseline
AT_THE_GATE = {"CC604", "CC605", "CC606"}
every_file = for_each("path", FILES, ids=lambda path: path.stem)


def promised(path):
    found = EXPECTED.findall(path.read_text(encoding="utf-8"))
    places = sorted((int(line), int(column), code) for code, line, column, _ in found)
    return places, {int(code) for *_, code in found}


def first_of_each_code():
    """The first file of every error code."""
    firsts = {}
    for path in FILES:
        for *_, code in promised(path)[0]:
            firsts.setdefault(code, path)
    return sorted(set(firsts.values()))


def shown(text):
    return sorted((int(line), int(column), code) for _, line, column, code in SHOWN.findall(text))


def test_the_corpus_is_large_enough_and_every_file_promises_something():
    assert len(FILES) >= 70
    assert [path.name for path in FILES if not promised(path)[0]] == []


@every_file
def test_a_broken_policy_ends_with_3_and_names_every_place(path, carbonctl, tmp_path):
    places, codes = promised(path)
    target = tmp_path / "result.json"
    words = ("gate", SCENARIO, "--policy", path, "--samples", "0")
    ran = carbonctl(*words, "-f", "json", "-o", target)
    assert shown(ran.err) == places, ran.err
    assert codes == {ran.code} == {3}
    assert "Traceback" not in ran.err
    assert {Path(file).name for file, *_ in SHOWN.findall(ran.err)} == {path.name}
    assert not target.exists()
    errors = json.loads(ran.out)["errors"]
    assert sorted((e["line"], e["column"], e["code"]) for e in errors) == places
    assert {e["exit_code"] for e in errors} == {3}


@for_each("path", first_of_each_code(), ids=lambda path: path.stem)
def test_a_gate_that_cannot_be_held_prints_no_table(path, carbonctl, tmp_path):
    target = tmp_path / "result.txt"
    ran = carbonctl("gate", SCENARIO, "--policy", path, "--samples", "0", "-o", target)
    assert (ran.code, ran.out, target.exists()) == (3, "", False)
    assert shown(ran.err) == promised(path)[0], ran.err


@every_file
def test_validate_refuses_what_a_gate_refuses(path, carbonctl):
    places, _ = promised(path)
    ran = carbonctl("validate", path)
    if {code for *_, code in places} & AT_THE_GATE and "carbonctl/policy" in path.read_text():
        seen = [place for place in places if place[2] == "CC606" and place in shown(ran.err)]
        assert ran.code == (3 if seen else 0)
        return
    assert ran.code == 3, ran.out
    if "carbonctl/policy" in path.read_text():
        assert shown(ran.err) == places
