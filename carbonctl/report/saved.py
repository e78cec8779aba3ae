"""Results that were saved as JSON, read back: strictly, for they may come from anywhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from carbonctl.core.errors import InputError, Mark, Problem

MAX_BYTES = 50_000_000
_LARGEST = 1e60  # beyond it nothing is physical, and sums overflow
_NUMBER, _TEXT = (int, float), (str,)
_NULL = type(None)
_INTERVAL = {"value": (*_NUMBER, _NULL)} | dict.fromkeys(("p05", "p50", "p95"), (*_NUMBER, _NULL))
_LINE: dict[str, Any] = _INTERVAL | {
    "id": _TEXT,
    "label": _TEXT,
    "kind": _TEXT,
    "tier": (str, _NULL),
    "value": _NUMBER,
    "share": (*_NUMBER, _NULL),
    "children": [],
}
_FACT = dict.fromkeys(("label", "unit", "origin", "source", "tier"), _TEXT) | {
    "value": _NUMBER,
    "where": (str, _NULL),
}
# what a gate reads of a result; "*" stands for every key, a list for every item
_RESULT: dict[str, Any] = {
    "command": _TEXT,
    "tool": {"version": _TEXT},
    "data": {"version": _TEXT},
    "name": _TEXT,
    "title": _TEXT,
    "accounting": _TEXT,
    "total_kgco2e": _NUMBER,
    "total": _INTERVAL | {"value": _NUMBER},
    "operational": {"market": {"value": (*_NUMBER, _NULL)}},
    "breakdown": [_LINE],
    "metrics": {"*": _INTERVAL | {"value": _NUMBER}},
    "drivers": [{"key": _TEXT, "variance_share": _NUMBER}],
    "assumptions": [{"key": _TEXT, "variance_share": _NUMBER}],
    "facts": {"*": _FACT},
    "coverage": {"not_estimated": {"*": _TEXT}},
}


def is_result(raw: bytes) -> bool:
    """Whether bytes look like a result of ours rather than like a scenario."""
    head = raw[:200].lstrip()
    return head.startswith(b"{") and b'"schema_version"' in head


def results(raw: bytes, name: str) -> list[dict[str, Any]]:
    """Every result in a saved file; InputError when it is none of ours."""
    if len(raw) > MAX_BYTES:
        _refuse(f"the file is larger than {MAX_BYTES} bytes", name)
    try:
        data = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        place = Mark(name, getattr(error, "lineno", 1), getattr(error, "colno", 1))
        reason = getattr(error, "msg", None) or "it is nested too deeply, or no text"
        raise InputError([Problem("CC609", f"this is not JSON: {reason}", place)]) from None
    version = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(version, str) or not version.startswith("1."):
        _refuse("this is no result of carbonctl, or one of another schema_version than 1", name)
    if "errors" in data:
        _refuse("this holds the errors of a command, not its result", name)
    found = data.get("results", [data])
    if not isinstance(found, list) or not found:
        _refuse("results is no list of results", name)
    at = "results" if "results" in data else ""
    try:
        for position, result in enumerate(found):
            _check(result, _RESULT, at and f"{at}[{position}]", name)
    except RecursionError:
        _refuse("the breakdown is nested too deeply", name)
    return found


def _no_constant(text: str) -> NoReturn:
    message = f"{text} is no number"
    raise ValueError(message)


def _refuse(message: str, name: str) -> NoReturn:
    raise InputError([Problem("CC609", message, Mark(name, 1, 1))])


def _check(value: Any, shape: Any, at: str, name: str) -> None:
    """A value against its shape: types, a mapping, or a list."""
    if isinstance(shape, tuple):
        if not isinstance(value, shape) or isinstance(value, bool):
            _refuse(f"{at} is not what a result has there", name)
        if isinstance(value, int | float) and not abs(value) < _LARGEST:
            _refuse(f"{at} is not a number of any physical size", name)
        return
    kind = list if isinstance(shape, list) else dict
    if not isinstance(value, kind):
        _refuse(f"{at or 'the result'} is not what a result has there", name)
    if isinstance(shape, list):
        below = shape[0] if shape else _LINE
        for place, item in enumerate(value):
            _check(item, below, f"{at}[{place}]", name)
        return
    for key in value if "*" in shape else shape:
        if key not in value:
            _refuse(f"{f'{at}.{key}'.lstrip('.')} is missing", name)
        _check(value[key], shape.get("*") or shape[key], f"{at}.{key}".lstrip("."), name)


def raw_of(source: str) -> bytes:
    """The bytes of a file that the user named, or of stdin for ``-``."""
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (getattr(error, "strerror", None) or "cannot be read").lower()
        raise InputError([Problem("CC008", reason, Mark(source))]) from None
