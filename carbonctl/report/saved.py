"""Reading of saved results, with strict checks, because a file may have been edited."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, cast

from carbonctl.core import files, strict_json
from carbonctl.core.errors import InputError, Problem
from carbonctl.core.metrics import TOTAL
from carbonctl.gate.measures import nodes, parts
from carbonctl.report.ci.findings import results
from carbonctl.result.check import find_schema_problems
from carbonctl.result.kinds import Kind, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from carbonctl.core.strict_json import JsonDocument
    from carbonctl.result.estimate import EstimateResult
    from carbonctl.result.node import Node, Total

ESTIMATES = ("train", "infer", "lifecycle", "embodied", "gate")
_RELATIVE_TOLERANCE = 1e-9
_SUMS = {"facility_energy_kwh", "water_l"}  # metrics of the total that are sums over phases
_PER_UNIT = re.compile(r"per_(request|image|video|item|sample)_kgco2e")


def is_result(raw: bytes) -> bool:
    """Whether bytes are a saved result rather than a scenario."""
    text = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if not text.startswith(b"{") or b'"schema_version"' not in text:
        return False
    try:
        return "schema_version" in json.loads(text)
    except (ValueError, RecursionError):  # invalid JSON: report it as a broken result
        return b'"schema_version"' in text[:200]


def read_bytes(source: str) -> bytes:
    """The bytes of a file that the user named, or of stdin for ``-``."""
    return files.read(source, strict_json.MAX_BYTES)


def read_result(source: str) -> dict[str, Any]:
    """The data of the result in a file, or on stdin for ``-``; InputError with all problems."""
    data: dict[str, Any] = read_document(source).data
    return data


def read_document(source: str) -> JsonDocument:
    """The result in a file, or on stdin for ``-``, with positions for later errors."""
    return parse_result(read_bytes(source), files.display_name(source))


def parse_result(raw: bytes, name: str, *, metrics: bool = False) -> JsonDocument:
    """The result in bytes of the file ``name``; with ``metrics`` their sums are checked too."""
    document = strict_json.parse(raw, name)
    problems = list(_result_problems(document))
    if metrics and not problems:
        problems = list(_metric_problems(document))
    if problems:
        raise InputError(problems, document.sources)
    return document


def _result_problems(document: JsonDocument) -> Iterator[Problem]:
    data = document.data
    kind = _kind_or_problem(data)
    if isinstance(kind, Problem):
        where = document.mark(() if kind.code == "CC702" else ("schema_version",))
        yield Problem(kind.code, kind.message, where, kind.hint)
        return
    problems = [
        Problem(code, said, document.mark(path))
        for code, said, path in find_schema_problems(data, kind)
    ]
    if problems:
        yield from sorted(problems, key=_position)
        return
    yield from _percentile_problems(document)
    if kind in ("estimate", "gate"):
        several = "results" in data
        for place, result in enumerate(results(data)):
            at: tuple[str | int, ...] = ("results", place) if several else ()
            yield from _sum_problems(result, at, document)
    elif kind == "compare":
        yield from _compare_problems(document)
    elif kind == "refresh":
        yield from _refresh_problems(document)


def _position(problem: Problem) -> tuple[int, int]:
    """Line and column of a problem."""
    mark = problem.mark
    return (mark.line or 0, mark.column or 0) if mark is not None else (0, 0)


def _kind_or_problem(data: Any) -> Kind | Problem:
    """The kind of result in a file, or the problem if it is no result."""
    if not isinstance(data, dict) or "schema_version" not in data:
        hint = "carbonctl lifecycle FILE -f json -o RESULT.json writes one"
        return Problem("CC702", "this is not a result of carbonctl", None, hint)
    if "errors" in data:
        return Problem("CC702", "this contains the errors of a command, not its result")
    version = data["schema_version"]
    if not isinstance(version, str) or not version.startswith("1."):
        return Problem("CC703", f'schema version "{version}" is not one of 1.x')
    kind = kind_of(data.get("command"))
    return kind or Problem("CC702", "this is not a result of carbonctl: its command is unknown")


def _sum_problems(
    result: EstimateResult, at: tuple[str | int, ...], document: JsonDocument
) -> Iterator[Problem]:
    """Problems of sums in one result, as in a file that was edited."""
    total = result["total_kgco2e"]
    if result["total"]["value"] != total:
        mark = document.mark((*at, "total", "value"))
        yield Problem("CC704", "this differs from total_kgco2e", mark)
    if (result["samples"] > 0) != (result["total"]["p05"] is not None):
        message = "expected an interval if and only if there are draws"
        yield Problem("CC704", message, document.mark((*at, "samples")))
    if not _adds_up(result["breakdown"], total):
        mark = document.mark((*at, "breakdown"))
        yield Problem("CC704", "the breakdown does not add up to total_kgco2e", mark)
    todo = [((*at, "breakdown", i), line) for i, line in enumerate(result["breakdown"])]
    while todo:
        path, line = todo.pop()
        if line["children"] and not _adds_up(line["children"], line["value"]):
            yield Problem("CC704", "the children do not add up to this value", document.mark(path))
        todo += [((*path, "children", i), child) for i, child in enumerate(line["children"])]


def _metric_problems(document: JsonDocument) -> Iterator[Problem]:
    """Problems of metrics that contradict the rest of a result, for all results of a file."""
    several = "results" in document.data
    for place, result in enumerate(results(document.data)):
        if "metrics" in result and "breakdown" in result and "total_kgco2e" in result:
            yield from _metric_problems_of_result(
                result, ("results", place) if several else (), document
            )


def _metric_problems_of_result(
    result: EstimateResult, at: tuple[str | int, ...], document: JsonDocument
) -> Iterator[Problem]:
    """Problems of metrics that differ from the breakdown or from the metrics they sum."""
    metrics = result["metrics"]
    for name, wanted in _implied_metrics(result):
        found = metrics.get(name)
        if found is None or found["value"] is None or _is_close(found["value"], wanted):
            continue
        message = f"this differs from {wanted:.12g}, the value computed from the rest of the result"
        yield Problem("CC704", message, document.mark((*at, "metrics", name, "value")))
    electricity = result["operational"]
    whole: list[tuple[str, Total | Node]] = [
        (TOTAL, result["total"]),
        ("operational_location_kgco2e", electricity["location"]),
        ("operational_market_kgco2e", electricity["market"]),
    ]
    for name, node in whole:
        for end in ("p05", "p50", "p95"):
            if name in metrics and metrics[name][end] != node[end]:
                mark = document.mark((*at, "metrics", name, end))
                yield Problem("CC704", f"this differs from the {end} of {node['id']}", mark)


def _implied_metrics(result: EstimateResult) -> Iterator[tuple[str, float]]:
    """Names and values of metrics that follow from the total, the breakdown and other metrics."""
    plain = cast("dict[str, Any]", result)
    yield TOTAL, result["total_kgco2e"]
    for basis in ("location", "market"):
        value = result["operational"][basis]["value"]
        if value is not None:
            yield f"operational_{basis}_kgco2e", value
    for node in nodes(plain["breakdown"]):
        yield f"{node['id']}_kgco2e", node["value"]
    values = {name: node["value"] for name, node in result["metrics"].items()}
    for name, value in values.items():
        phase, _, what = name.rpartition(".")
        if name != TOTAL and (what == TOTAL or name in _SUMS):
            lines = parts(plain, name)
            if lines:
                yield name, math.fsum(line.value for line in lines)
        unit = _PER_UNIT.fullmatch(what)
        units = values.get("infer.functional_units")
        whole = values.get(f"{phase}.{TOTAL}" if phase else TOTAL)
        if unit and value is not None and units and whole is not None and phase in {"", "infer"}:
            yield name, whole / units


def _is_close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=_RELATIVE_TOLERANCE, abs_tol=1e-12)


def _adds_up(lines: Sequence[Mapping[str, Any]], whole: float) -> bool:
    return _is_close(sum(line["value"] for line in lines), whole)


def _percentile_problems(document: JsonDocument) -> Iterator[Problem]:
    """Problems of percentiles that are incomplete or not in order.

    The upper ones of a number that is never reached in many draws, such as a time to break even,
    are null; a mass is never.
    """
    for path, node in strict_json.walk(document.data):
        aside = {"inputs", "provenance"} & set(path)
        if aside or not isinstance(node, dict) or not {"p05", "p50", "p95"} <= node.keys():
            continue
        ends = [node["p05"], node["p50"], node["p95"]]
        known = [end for end in ends if end is not None]
        lacking = ends[len(known) :] if node.get("unit") != "kgCO2e" else []
        if known and sorted(known) + lacking != ends:
            yield Problem("CC704", "the percentiles are not in order", document.mark(path))


def _compare_problems(document: JsonDocument) -> Iterator[Problem]:
    """Problems of a comparison: numbers missing for a scenario, or wrong sums."""
    data = document.data
    count = len(data["scenarios"])
    rows = [(("breakdown", place), row) for place, row in enumerate(data["breakdown"])]
    for path, row in [*rows, (("total",), data["total"])]:
        complete = len(row["values"]) == len(row["differences"]) == count > 1
        if not complete or (path == ("total",) and None in row["values"]):
            yield Problem("CC704", "expected a number for each scenario", document.mark(path))
            return
    for place, scenario in enumerate(data["scenarios"]):
        if "breakdown" in scenario and not (
            scenario["total"]["value"] == data["total"]["values"][place]
            and _adds_up(scenario["breakdown"], scenario["total"]["value"])
        ):
            mark = document.mark(("scenarios", place, "breakdown"))
            yield Problem("CC704", "the breakdown does not add up to the total", mark)


def _refresh_problems(document: JsonDocument) -> Iterator[Problem]:
    """Problems of the sums of both choices."""
    for side in ("keep", "replace"):
        choice = document.data[side]
        if not _adds_up(choice["breakdown"], choice["total"]["value"]):
            mark = document.mark((side, "breakdown"))
            yield Problem("CC704", "the breakdown does not add up to its total", mark)
