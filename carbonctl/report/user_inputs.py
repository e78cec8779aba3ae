"""What the user gave, kept in a result: enough to compute it again, and to see what changed."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carbonctl.core.strict_yaml import Document
    from carbonctl.result.facts import Inputs


def user_inputs(document: Document) -> Inputs:
    """The scenario as it was read, ``extends`` and flags laid over it, and which values are flags.

    Its digest is that of the values, so that comments and order do not change it.
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
    """YAML's values as JSON has them; a number that overflows stays as text."""
    if isinstance(value, dict):
        return {str(key): _as_json_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json_value(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
