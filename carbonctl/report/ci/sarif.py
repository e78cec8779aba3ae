"""SARIF 2.1.0: verdicts and warnings at the line that drives them, for code scanning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from carbonctl import __version__
from carbonctl.report.ci.findings import answer, findings, problem, results
from carbonctl.report.machine import as_json

if TYPE_CHECKING:
    from carbonctl.report.ci.findings import Finding
    from carbonctl.result.estimate import Estimates
    from carbonctl.result.problem import Place

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def as_sarif(data: Estimates) -> str:
    """A run whose results are the findings, and whose invocation says how the gate ended."""
    ended = data["gate"]["exit_code"] if "gate" in data else 0
    answers = [{"name": r["name"], "answer": answer(r)} for r in results(data)]
    return _log(findings(data), ended, {"answers": answers})


def errors_as_sarif(found: list[dict[str, Any]]) -> str:
    """Problems of an input: the run was not successful, so that nothing reads as green."""
    ended = max(entry["exit_code"] for entry in found)
    return _log([problem(entry) for entry in found], ended, {}, successful=False)


def _log(
    found: list[Finding], ended: int, properties: dict[str, Any], *, successful: bool = True
) -> str:
    rules = list(dict.fromkeys((f.rule, f.about) for f in found))
    places = {rule: place for place, (rule, _) in reversed(list(enumerate(rules)))}
    run = {
        "tool": {
            "driver": {
                "name": "carbonctl",
                "version": __version__,
                "rules": [
                    {"id": rule, "shortDescription": {"text": about}} for rule, about in rules
                ],
            }
        },
        "invocations": [{"executionSuccessful": successful, "exitCode": ended}],
        "columnKind": "unicodeCodePoints",
        "results": [_result(f, places[f.rule]) for f in found],
        "properties": properties,
    }
    return as_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _result(found: Finding, index: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": found.rule,
        "ruleIndex": index,
        "kind": "pass" if found.level == "none" else "fail",
        "level": found.level,
        "message": {"text": _plain(found.message)},
    }
    if found.place is not None:
        result["locations"] = [_location(found.place)]
    if found.related:
        result["relatedLocations"] = [_location(place) for place in found.related]
    if found.waived is not None:
        result["suppressions"] = [{"kind": "external", "justification": found.waived}]
    return result


def _plain(text: str) -> str:
    """Text in which viewers find no embedded link, which SARIF writes as ``[words](target)``."""
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def _location(place: Place) -> dict[str, Any]:
    where: dict[str, Any] = {"artifactLocation": {"uri": quote(place["file"].replace("\\", "/"))}}
    region = {
        "startLine": place["line"],
        "startColumn": place["column"],
        "endColumn": place["end_column"],
    }
    if place["line"] is not None:
        where["region"] = {key: value for key, value in region.items() if value is not None}
    return {"physicalLocation": where}
