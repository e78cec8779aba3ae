"""Report of ``verify``: differences between a saved result and its recomputation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from carbonctl import __version__
from carbonctl.report import numbers
from carbonctl.report.envelope import SCHEMA_VERSION
from carbonctl.report.machine import as_json
from carbonctl.report.text.markdown import escape_cell, hidden_marker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from carbonctl.result.estimate import EstimateResult
    from carbonctl.result.verify import ValueDifference, VerifiedResult, VerifyResult

_MAX_DIFFERENCES = 12
# keys that are not compared: metadata, positions; of the inputs only the digest is compared
_IGNORED_KEYS = {
    "tool",
    "data",
    "title",
    "inputs",
    "provenance",
    "formulas",
    "sources",
    "gate",
    "command",
}
_ID_KEYS = ("id", "key", "metric")
_IGNORED_NESTED_KEYS = {"where", "warnings"}
# keys of a budget that were added later: a result saved before them lacks them and is no other one
_ADDED_TO_BUDGETS = ("/statistic", "/p50")
_KINDS: dict[str, Literal["total", "data"]] = {
    "total_kgco2e": "total",
    "total": "total",
    "facts": "data",
    "assumptions": "data",
}


def find_differences(
    saved: EstimateResult, now: EstimateResult, tolerance: float
) -> tuple[int, list[ValueDifference]]:
    """Number of compared values, and the differences: total first, then data, then the rest."""
    before, after = (_values_by_path(result) for result in (saved, now))
    paths = [path for path in dict.fromkeys((*before, *after)) if not _is_added(path, before)]
    differing: list[ValueDifference] = []
    for path in paths:
        a, b = before.get(path), after.get(path)
        relative = _relative_difference(a, b)
        if a == b or (relative is not None and abs(relative) <= tolerance):
            continue
        kind = _KINDS.get(path.split("/", 1)[0]) or ("text" if relative is None else "number")
        differing.append({"path": path, "kind": kind, "saved": a, "now": b, "relative": relative})
    order = ["total", "data", "number", "text"]
    return len(paths), sorted(differing, key=lambda one: order.index(one["kind"]))


def _is_added(path: str, before: dict[str, Any]) -> bool:
    """Whether a value is new: the saved result was made before its key was added."""
    is_new = path.startswith("budget/") and path.endswith(_ADDED_TO_BUDGETS)
    return is_new and path not in before


def _relative_difference(a: Any, b: Any) -> float | None:
    if any(isinstance(v, bool) or not isinstance(v, int | float) for v in (a, b)):
        return None
    change = (b - a) / abs(a) if a else math.inf
    return change if math.isfinite(change) else None


def _values_by_path(result: EstimateResult) -> dict[str, Any]:
    return dict(_flatten(result)) | {"inputs/sha256": result["inputs"]["sha256"]}


def _flatten(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Values by path; items of lists by id or key if they have one."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in _IGNORED_NESTED_KEYS and (path or key not in _IGNORED_KEYS):
                yield from _flatten(item, f"{path}/{key}" if path else key)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            names = [item.get(key) for key in _ID_KEYS] if isinstance(item, dict) else []
            name = next((name for name in names if name), place)
            yield from _flatten(item, f"{path}/{name}")
    else:
        yield path, value


def verification_as_data(
    file: str, tolerance: float, results: list[VerifiedResult]
) -> VerifyResult:
    """A verification as plain data."""
    same = all(one["status"] == "same" for one in results)
    return {
        "schema_version": SCHEMA_VERSION,
        "command": "verify",
        "tool": {"name": "carbonctl", "version": __version__},
        "file": file,
        "status": "same" if same else "differs",
        "tolerance": tolerance,
        "results": results,
    }


def verify_result(saved: EstimateResult, now: EstimateResult, tolerance: float) -> VerifiedResult:
    """The record of one verified result."""
    compared, differing = find_differences(saved, now, tolerance)
    return {
        "name": saved["name"],
        "command": saved["command"],
        "tool_version": saved["tool"]["version"],
        "data_version": saved["data"]["version"],
        "status": "differs" if differing else "same",
        "compared": compared,
        "differences": differing,
    }


def verification_lines(data: VerifyResult) -> Iterator[str]:
    """Lines of text with the differences."""
    for result in data["results"]:
        name = result["name"] or result["command"]
        made = f"saved by carbonctl {result['tool_version']}"
        now = f"recomputed by {data['tool']['version']}"
        yield f"{name}: {made}, {now}"
        if result["status"] == "same":
            yield f"same: {result['compared']:,} values within {data['tolerance']:g}"
            continue
        differing = result["differences"]
        yield f"differs: {len(differing):,} of {result['compared']:,} values"
        for difference in differing[:_MAX_DIFFERENCES]:
            yield f"  {_difference_text(difference)}"
        if len(differing) > _MAX_DIFFERENCES:
            yield f"  and {len(differing) - _MAX_DIFFERENCES} more; -f json lists all"


def _difference_text(difference: ValueDifference) -> str:
    relative = difference["relative"]
    change = "" if relative is None else f" ({100 * relative:+.3g} %)"
    ends = (_value(difference[side]) for side in ("saved", "now"))
    return f"{difference['path']}: {' -> '.join(ends)}{change}"


def _value(value: Any) -> str:
    if value is None:
        return "nothing"
    return f"{value:.6g}" if isinstance(value, float) else numbers.printable(str(value))


def render(data: VerifyResult, out: Console) -> None:
    """Print the differences."""
    out.print("\n".join(verification_lines(data)), markup=False, soft_wrap=True)


def _markdown(data: VerifyResult) -> str:
    listed = [escape_cell(line) for line in verification_lines(data)]
    return "\n".join([hidden_marker("verify"), *(f"- {line}" for line in listed)]) + "\n"


RENDERERS: dict[str, Callable[[VerifyResult], str]] = {"json": as_json, "markdown": _markdown}
