"""JSON Schema of a quantity, for editors, and the choices of its long form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carbonctl.scenario.schema.quantity import Limits

RANGE_KINDS = {"p05_p95", "p10_p90", "min_max", "judged"}
SCOPES = ("gpu", "node", "it_system", "facility")
HOURS_KEY = "accelerator_hours"  # beside a measured energy: the hours that it was measured over


def json_schema(limits: Limits) -> dict[str, Any]:
    """JSON Schema of a quantity in its three forms: number, range, long form."""
    number: dict[str, Any] = {"type": ["string", "number"], "examples": [limits.example]}
    long_form: dict[str, Any] = {
        "type": "object",
        "required": ["value"],
        "additionalProperties": False,
        "properties": {
            "value": number,
            "range": {"type": "array", "items": number, "minItems": 2, "maxItems": 2},
            "range_kind": {"enum": sorted(RANGE_KINDS)},
            "source": {"type": "string"},
            "note": {"type": "string"},
            "scope": {"enum": list(SCOPES)},
        },
    }
    if limits.hours is not None:
        long_form["properties"][HOURS_KEY] = json_schema(limits.hours)
    triple = {"type": "array", "items": number, "minItems": 3, "maxItems": 3}
    return {"anyOf": [number, triple, long_form], "description": f"a quantity in {limits.unit}"}
