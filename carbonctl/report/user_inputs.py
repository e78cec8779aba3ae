"""The user's inputs in a result, complete enough to recompute it and to find changes."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carbonctl.core.strict_yaml import Document
    from carbonctl.result.facts import Inputs


def user_inputs(document: Document) -> Inputs:
    """The scenario after ``extends`` and flags, with its digest and the values from flags.

    The digest is computed from the values, so comments and order do not change it.
    """
    scenario = _as_json_value(document.data)
    text = json.dumps(scenario, sort_keys=True, ensure_ascii=False)
    return {
        "source": "user",
        "files": list(document.sources),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "flags": [
            {"path": list(path), "flag": mark.file}
            for path, mark in document.marks.items()
            if mark.line is None
        ],
        "replaced_by_flags": [
            {"path": path, "flag": flag, "before": _as_json_value(before)}
            for path, flag, before in document.overrides
        ],
        "scenario": scenario,
    }


def _as_json_value(value: Any) -> Any:
    """A YAML value as a JSON value; an infinite number becomes text."""
    if isinstance(value, dict):
        return {str(key): _as_json_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json_value(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
