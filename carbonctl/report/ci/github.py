"""Annotations of GitHub Actions: workflow commands, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.report.ci.findings import answer, findings, problem, results
from carbonctl.report.numbers import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.report.ci.findings import Finding
    from carbonctl.result.estimate import Estimates

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_STDIN = "<stdin>"


def as_github(data: Estimates) -> str:
    """Verdicts and warnings as annotations, the answer of each result as a notice."""
    lines = [_line(found) for found in findings(data) if found.level in _COMMANDS]
    lines += [
        f"::notice title={_property(result['title'])}::{_message(answer(result))}"
        for result in results(data)
    ]
    return "".join(f"{line}\n" for line in lines)


def errors_as_github(found: Iterable[dict[str, Any]]) -> str:
    """Problems of an input as annotations."""
    return "".join(f"{_line(problem(entry))}\n" for entry in found)


def _line(found: Finding) -> str:
    place = found.place
    words = []
    if place is not None and place["file"] != _STDIN:
        at = {"line": place["line"], "col": place["column"], "endColumn": place["end_column"]}
        words = [f"file={_property(place['file'])}"]
        words += [f"{name}={number}" for name, number in at.items() if number is not None]
    words.append(f"title={_property(found.rule)}")
    waived = f" (excepted: {found.waived})" if found.waived else ""
    return f"::{_COMMANDS[found.level]} {','.join(words)}::{_message(found.message + waived)}"


def _message(text: str) -> str:
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return printable(escaped)


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
