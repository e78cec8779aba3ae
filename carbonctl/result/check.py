"""Check of a saved result against the schema of its kind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from carbonctl.core.units import describe_type
from carbonctl.result.kinds import Kind, type_adapter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails

    from carbonctl.core.strict_yaml import Path

_EXPECTED = {
    "dict_type": "keys and values",
    "list_type": "a list",
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
}
_MAX_SHOWN_LENGTH = 40  # characters of a value that an error shows


class SchemaProblem(NamedTuple):
    """A violation of the schema: error code, message and path in the data."""

    code: str
    message: str
    path: Path


def find_schema_problems(data: Any, kind: Kind) -> Iterator[SchemaProblem]:
    """Every violation of the schema of ``kind`` in ``data``; values are not converted."""
    try:
        type_adapter(kind).validate_python(data, strict=True)
    except ValidationError as error:
        seen: set[Path] = set()
        for found in error.errors(include_url=False):
            misfit = _schema_problem(found, data)
            if misfit.code == "CC206" or misfit.path not in seen:
                yield misfit
            seen.add(misfit.path)


def _schema_problem(error: ErrorDetails, data: Any) -> SchemaProblem:
    """An error of pydantic as a SchemaProblem."""
    kind, path = error["type"], error["loc"]
    if kind == "missing":
        return SchemaProblem("CC206", f'"{path[-1]}" is required here', path[:-1])
    path, got, context = (
        _existing_path(path, data),
        _format_value(error["input"]),
        error.get("ctx", {}),
    )
    if kind == "literal_error":
        expected = context["expected"].replace("'", '"')
        return SchemaProblem("CC207", f"expected {expected}, got {got}", path)
    if kind in {"greater_than_equal", "less_than_equal"}:
        limit = f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
        return SchemaProblem("CC203", f"must be {limit}, got {got}", path)
    if kind == "string_pattern_mismatch":
        return SchemaProblem(
            "CC203", f"expected text that matches {context['pattern']}, got {got}", path
        )
    return SchemaProblem(
        "CC201", f"expected {_EXPECTED.get(kind, 'another value')}, got {got}", path
    )


def _existing_path(path: Path, data: Any) -> Path:
    """The part of a path that exists in the data; pydantic adds names of union members."""
    for place, step in enumerate(path):
        is_item = isinstance(data, list) and isinstance(step, int)
        if not is_item and not (isinstance(data, dict) and step in data):
            return path[:place]
        data = data[step]
    return path


def _format_value(value: Any) -> str:
    """An invalid value as JSON; for long values and containers only the type."""
    if (
        isinstance(value, str | int | float | None)
        and len(written := json.dumps(value)) <= _MAX_SHOWN_LENGTH
    ):
        return written
    return describe_type(value)
