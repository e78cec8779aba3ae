"""JUnit XML: a suite for each scenario, a case for each rule; what warns passes and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from carbonctl.core.errors import Mark
from carbonctl.report.ci.findings import answer, findings, problem, results
from carbonctl.report.numbers import printable

if TYPE_CHECKING:
    from carbonctl.report.ci.findings import Finding
    from carbonctl.result.estimate import EstimateResult, Estimates


def as_junit(data: Estimates) -> str:
    """Verdicts and warnings as test cases, beside one that holds the answer."""
    suites: dict[str, list[ET.Element]] = {}
    for result in results(data):
        case = _element("testcase", name="estimate", classname=_named(result))
        _element("system-out", case).text = printable(answer(result))
        suites.setdefault(_named(result), []).append(case)
    for found in findings(data):
        suites.setdefault(found.subject or "carbonctl", []).append(_case(found))
    return _document(suites)


def errors_as_junit(found: list[dict[str, Any]]) -> str:
    """Problems of an input as cases that could not run."""
    suites: dict[str, list[ET.Element]] = {}
    for entry in found:
        error = problem(entry)
        case = _element("testcase", name=error.rule, classname=error.subject or "carbonctl")
        said = _element("error", case, message=error.message, type=error.rule)
        said.text = printable(_where(error))
        suites.setdefault(error.subject or "carbonctl", []).append(case)
    return _document(suites)


def _named(result: EstimateResult) -> str:
    return str(result["name"] or result["command"])


def _case(found: Finding) -> ET.Element:
    case = _element("testcase", name=found.rule, classname=found.subject or "carbonctl")
    if found.waived is not None:
        _element("skipped", case, message=f"excepted: {found.waived}")
    if found.level == "error":
        failed = _element("failure", case, message=found.message, type=found.rule)
        failed.text = printable(_where(found))
    else:
        word = "warning: " if found.level == "warning" else ""
        _element("system-out", case).text = printable(f"{word}{found.message}\n{_where(found)}")
    return case


def _where(found: Finding) -> str:
    places = [place for place in (found.place, *found.related) if place is not None]
    return "\n".join(str(Mark(p["file"], p["line"], p["column"])) for p in places)


def _document(suites: dict[str, list[ET.Element]]) -> str:
    root = _element("testsuites", name="carbonctl")
    for name, cases in suites.items():
        suite = _element("testsuite", root, name=name)
        suite.extend(cases)
        _count(suite, cases)
    _count(root, [case for cases in suites.values() for case in cases])
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _count(element: ET.Element, cases: list[ET.Element]) -> None:
    element.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        if element.tag == "testsuite" or name != "skipped":
            element.set(name, str(sum(case.find(tag) is not None for case in cases)))


def _element(tag: str, under: ET.Element | None = None, **attributes: str) -> ET.Element:
    """An element; what XML cannot hold is taken out of its attributes."""
    kept = {name: printable(value) for name, value in attributes.items()}
    return ET.Element(tag, kept) if under is None else ET.SubElement(under, tag, kept)
