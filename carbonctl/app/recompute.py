"""Recompute a saved result from its inputs, and check that it matches."""

from __future__ import annotations

import copy
from pathlib import PurePath
from typing import TYPE_CHECKING

from carbonctl import __version__
from carbonctl.app.load import PHASES_OF, from_document
from carbonctl.core.errors import InputError, Mark, Problem
from carbonctl.core.strict_yaml import Document

if TYPE_CHECKING:
    from carbonctl.app.outcome import Result
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_json import JsonDocument
    from carbonctl.core.strict_yaml import Path
    from carbonctl.result.estimate import EstimateResult
    from carbonctl.result.verify import ValueDifference

_RELATIVE_TOLERANCE = 1e-9


def input_document(saved_document: JsonDocument, at: Path = ()) -> Document:
    """The scenario in a saved result, with positions in the file of the result.

    The position of a value from a flag is the flag, so it counts as given by a flag again.
    """
    result = saved_document.data
    for step in at:
        result = result[step]
    if "inputs" not in result:
        message = "this result does not contain its inputs, so it cannot be recomputed"
        hint = "give the scenario itself, or save its result with this version"
        raise InputError(
            [Problem("CC705", message, saved_document.mark(at), hint)], saved_document.sources
        )
    inputs = result["inputs"]
    prefix = (*at, "inputs", "scenario")
    values, keys = saved_document.positions
    marks = _relative_marks(values, prefix)
    for entry in inputs["flags"]:
        marks[tuple(entry["path"])] = Mark(entry["flag"])
    document = Document(
        copy.deepcopy(inputs["scenario"]),
        marks,
        _relative_marks(keys, prefix),
        saved_document.sources,
    )
    document.overrides = [
        (r["path"], r["flag"], r["before"]) for r in inputs.get("replaced_by_flags", ())
    ]
    return document


def _relative_marks(marks: dict[Path, Mark], prefix: Path) -> dict[Path, Mark]:
    size = len(prefix)
    return {path[size:]: mark for path, mark in marks.items() if path[:size] == prefix}


def recompute(
    command: str, document: Document, catalog: Catalog, *, samples: int, seed: int
) -> Result:
    """The result of a command for a document, on the present data."""
    scenario = from_document(document, catalog)
    if command == "embodied":
        from carbonctl.app.embodied import embodied

        return embodied(scenario, samples=samples, seed=seed)
    from carbonctl.app.estimate_scenario import estimate

    return estimate(scenario, command, samples=samples, seed=seed)


def is_current_version(data: EstimateResult) -> bool:
    """Whether this version of the program and its data made a saved result."""
    return {data["tool"]["version"], data["data"]["version"]} == {__version__}


def check_matches_recomputation(
    saved_document: JsonDocument, at: Path, data: EstimateResult, now: EstimateResult
) -> None:
    """InputError if a saved result differs from its recomputation."""
    from carbonctl.report.verification import find_differences

    differing = [
        one
        for one in find_differences(data, now, _RELATIVE_TOLERANCE)[1]
        if _is_number_or_digest(one)
    ]
    if not differing:
        return
    first = differing[0]
    path = tuple(int(s) if s.isdecimal() else s for s in first["path"].split("/"))
    message = f"{first['path']} is {first['saved']} here and {first['now']} recomputed"
    more = f"; {len(differing) - 1} other values differ" if len(differing) > 1 else ""
    hint = "save it again; --trust-result accepts it, and the verdict notes that"
    problem = Problem("CC613", message + more, saved_document.mark((*at, *path)), hint)
    raise InputError([problem], saved_document.sources)


def _is_number_or_digest(difference: ValueDifference) -> bool:
    """Whether a difference is in a number or in the digest of the inputs, not in a label."""
    ends = [difference["saved"], difference["now"]]
    return difference["path"] == "inputs/sha256" or any(
        isinstance(end, int | float) and not isinstance(end, bool) for end in ends
    )


def bundled_facts(document: Document, catalog: Catalog, command: str) -> dict[str, Fact] | None:
    """Facts of a scenario without the user's own folder; None if it needs the folder."""
    from carbonctl.app.plan_hardware import plan_item
    from carbonctl.app.plan_scenario import plan_scenario
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.errors import CarbonctlError
    from carbonctl.estimate.inputs import collect_facts

    copied = Document(copy.deepcopy(document.data), {}, {}, document.sources)
    try:
        plain = from_document(copied, Catalog(catalog.roots[-1:]))
        if command == "embodied":
            return collect_facts(plan_item(*plain).inputs)
        return collect_facts(plan_scenario(*plain, PHASES_OF[command]).inputs)
    except CarbonctlError:
        return None


def load_saved(source: str | None) -> tuple[bytes | None, JsonDocument | None]:
    """The bytes and the saved result of a file; None for what was not read or is not a result."""
    from carbonctl.report import saved

    if source is None or (source != "-" and PurePath(source).suffix != ".json"):
        return None, None
    raw = saved.read_bytes(source)
    if not saved.is_result(raw):
        return raw, None
    return raw, saved.parse_result(raw, "<stdin>" if source == "-" else source)


def single_result(saved_document: JsonDocument) -> tuple[EstimateResult, Path]:
    """The single result of a file, and its path; InputError if there are several."""
    from carbonctl.report.ci.findings import results

    check_is_estimate(saved_document)
    saved_results = results(saved_document.data)
    if len(saved_results) != 1:
        message = f"expected a file with one result, got {len(saved_results)}"
        problem = Problem("CC705", message, saved_document.mark(("results",)))
        raise InputError([problem], saved_document.sources)
    return saved_results[0], ("results", 0) if "results" in saved_document.data else ()


def check_is_estimate(saved_document: JsonDocument) -> None:
    """InputError for a saved result of another kind, such as a comparison."""
    from carbonctl.report.saved import ESTIMATES

    command = saved_document.data["command"]
    if command not in ESTIMATES:
        message = f'expected the result of an estimate, got one of "{command}"'
        raise InputError(
            [Problem("CC705", message, saved_document.mark(("command",)))], saved_document.sources
        )
