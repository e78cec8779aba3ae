"""What machines read is held to schemas: ours for JSON, SARIF 2.1.0 and JUnit as specified."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from gate_example import GATED, several
from jsonschema import Draft202012Validator
from pydantic import ValidationError
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Log
from scenarios import CONFIGS, command_of

from carbonctl.report.formats import render
from carbonctl.result.schema import json_schema

FILES = sorted(CONFIGS.glob("*.yaml"))
SARIF = json.loads((Path(__file__).parent / "sarif_2_1_0_subset.json").read_text(encoding="utf-8"))
RESULTS = [file for file in FILES if command_of(file) != "refresh"]
BROKEN = "name: x\nhardwre: {}\nperiod: -1\n"


@pytest.fixture(scope="module")
def ours():
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_json_of_every_bundled_scenario_fits_our_schema(file, carbonctl, ours):
    ran = carbonctl(command_of(file), file, "--samples", "100", "-f", "json")
    data = json.loads(ran.out)
    assert [error.message for error in ours.iter_errors(data)] == []
    # what newcomers are shown gives no reason for one, but that its board was not measured
    kept = [w for w in data["warnings"] if "outside of what was fitted" not in w["message"]]
    assert kept == []


@pytest.mark.parametrize(
    "words",
    [
        ("compare", CONFIGS / "train-bloom.yaml", CONFIGS / "train-llama-2.yaml"),
        ("diff", CONFIGS / "train-bloom.yaml", CONFIGS / "train-llama-2.yaml"),
    ],
    ids=lambda words: words[0],
)
def test_json_of_two_scenarios_fits_our_schema(words, carbonctl, ours):
    ran = carbonctl(*words, "--samples", "100", "-f", "json")
    assert [error.message for error in ours.iter_errors(json.loads(ran.out))] == []


def test_errors_fit_our_schema(carbonctl, ours):
    ran = carbonctl("train", "-", "-f", "json", stdin=BROKEN)
    assert [error.message for error in ours.iter_errors(json.loads(ran.out))] == []


@pytest.mark.parametrize("data", [GATED, several()], ids=["one file", "several files"])
def test_a_verdict_fits_our_schema(data, ours):
    assert [error.message for error in ours.iter_errors(data)] == []


def test_the_schema_is_printed(carbonctl):
    assert json.loads(carbonctl("validate", "--print-schema", "result").out) == json_schema()


def sarif_of(text):
    log = json.loads(text)
    assert [error.message for error in Draft202012Validator(SARIF).iter_errors(log)] == []
    Log.model_validate(log)  # made from the schema of OASIS, no key allowed that is not in it
    return log


@pytest.mark.parametrize("file", RESULTS, ids=lambda file: file.stem)
def test_sarif_of_every_bundled_scenario_is_sarif(file, carbonctl):
    ran = carbonctl(command_of(file), file, "--samples", "0", "-f", "sarif")
    (run,) = sarif_of(ran.out)["runs"]
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 0}]


def test_a_decision_has_no_findings_and_says_so_in_the_format_asked_for(carbonctl):
    file = CONFIGS / "refresh-v100-to-h100.yaml"
    ran = carbonctl("refresh", file, "-f", "sarif")
    assert ran.code == 2
    (found,) = sarif_of(ran.out)["runs"][0]["results"]
    assert "choose table, json, csv, markdown" in found["message"]["text"]


def test_a_key_that_sarif_does_not_have_is_seen():
    log = json.loads(render(GATED, "sarif"))
    log["runs"][0]["results"][0]["severity"] = "error"
    with pytest.raises(ValidationError):
        Log.model_validate(log)


def test_sarif_says_where_a_rule_is_violated():
    (run,) = sarif_of(render(GATED, "sarif"))["runs"]
    by_rule = {result["ruleId"]: result for result in run["results"]}
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])
    over = by_rule["launch-cap"]
    place = over["locations"][0]["physicalLocation"]
    assert (over["level"], over["kind"]) == ("error", "fail")
    assert place["artifactLocation"]["uri"] == "configs/chat%207b.yaml"
    assert place["region"] == {"startLine": 14, "startColumn": 16, "endColumn": 18}
    policy = over["relatedLocations"][0]["physicalLocation"]
    assert policy["artifactLocation"]["uri"] == "policy.yaml"
    assert (by_rule["complete"]["level"], by_rule["complete"]["kind"]) == ("none", "pass")
    assert by_rule["evidence"]["level"] == "warning"
    assert by_rule["per-request"]["level"] == "error"  # undecided, and asked to fail then
    assert by_rule["pilot"]["suppressions"] == [{"kind": "external", "justification": "pilot"}]
    assert run["invocations"][0]["exitCode"] == 4


def test_sarif_of_a_broken_scenario_is_not_a_successful_run(carbonctl):
    ran = carbonctl("lifecycle", "-", "-f", "sarif", stdin=BROKEN)
    (run,) = sarif_of(ran.out)["runs"]
    assert ran.code == 3
    assert run["invocations"] == [{"executionSuccessful": False, "exitCode": 3}]
    assert {result["ruleId"] for result in run["results"]} == {"CC101", "CC202"}
    lines = [
        result["locations"][0]["physicalLocation"]["region"]["startLine"]
        for result in run["results"]
    ]
    assert sorted(lines) == [2, 3]


# elements and attributes of the JUnit XML that Jenkins and GitLab read, written from their manuals
JUNIT = {
    "testsuites": ({"name", "tests", "failures", "errors", "time", "disabled"}, ["testsuite"]),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id"},
        ["properties", "testcase", "system-out", "system-err"],
    ),
    "testcase": (
        {"name", "classname", "time", "assertions", "status", "file"},
        ["skipped", "error", "failure", "system-out", "system-err"],
    ),
    "failure": ({"message", "type"}, []),
    "error": ({"message", "type"}, []),
    "skipped": ({"message"}, []),
    "system-out": (set(), []),
}


def junit_of(text):
    root = ET.fromstring(text)  # noqa: S314 - written by us a moment ago
    assert root.tag == "testsuites"
    for element in root.iter():
        attributes, children = JUNIT[element.tag]
        assert set(element.attrib) <= attributes, element.tag
        order = [children.index(child.tag) for child in element]
        assert order == sorted(order), element.tag
    for suite in root:
        cases = suite.findall("testcase")
        assert all(case.get("name") and case.get("classname") for case in cases)
        assert int(suite.get("tests")) == len(cases)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(name)) == sum(case.find(tag) is not None for case in cases)
    for name in ("tests", "failures", "errors"):
        assert int(root.get(name)) == sum(int(suite.get(name)) for suite in root)
    return root


@pytest.mark.parametrize("file", RESULTS, ids=lambda file: file.stem)
def test_junit_of_every_bundled_scenario_is_junit_and_green(file, carbonctl):
    root = junit_of(carbonctl(command_of(file), file, "--samples", "0", "-f", "junit").out)
    assert (root.get("failures"), root.get("errors")) == ("0", "0")
    assert int(root.get("tests")) >= 1


def test_junit_has_a_case_for_every_rule():
    root = junit_of(render(GATED, "junit"))
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert set(cases) == {"estimate", *(rule["id"] for rule in GATED["gate"]["rules"])}
    failure = cases["launch-cap"].find("failure")
    assert failure.get("message").startswith("total, p95: 101 t")
    assert "configs/chat 7b.yaml:14:16" in failure.text
    assert cases["complete"].find("failure") is None
    assert cases["pilot"].find("skipped").get("message") == "excepted: pilot"
    assert "warning: " in cases["evidence"].find("system-out").text


def test_junit_of_a_broken_scenario_is_red(carbonctl):
    ran = carbonctl("lifecycle", "-", "-f", "junit", stdin=BROKEN)
    root = junit_of(ran.out)
    assert ran.code == 3
    assert root.get("errors") == "2"


def test_junit_of_several_files_has_a_suite_for_each():
    root = junit_of(render(several(), "junit"))
    assert [suite.get("name") for suite in root] == ["chat-7b", "other"]


@pytest.mark.parametrize("form", ["sarif", "junit", "github", "markdown"])
def test_what_xml_and_terminals_cannot_hold_is_taken_out(form):
    data = copy.deepcopy(GATED)
    data["gate"]["rules"][0]["message"] = "a\x00b\x1b[31m<c>&\ufffe"
    text = render(data, form)
    assert "\x1b" not in text
    assert "\x00" not in text
    if form == "junit":
        junit_of(text)
