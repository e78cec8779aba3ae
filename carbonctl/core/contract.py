"""Data held to a JSON Schema, with the path of everything that does not fit.

Only the words that our own schema uses: types, constants, required keys, properties, items,
alternatives, references. Tests hold this reading of them to that of a complete validator.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.core.strict_yaml import Path

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}
_WORDS = {
    "object": "keys and values",
    "array": "a list",
    "string": "text",
    "boolean": "true or false",
    "null": "null",
    "integer": "a whole number",
    "number": "a number",
}


class Misfit(NamedTuple):
    """One thing that does not fit: code, message, where."""

    code: str
    message: str
    path: Path


def misfits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> Iterator[Misfit]:
    """Everything in ``value`` that a schema does not allow; ``root`` holds its references."""
    todo: list[tuple[Any, dict[str, Any], Path]] = [(value, schema, ())]
    while todo:
        item, wanted, path = todo.pop()
        while "$ref" in wanted:
            wanted = root["$defs"][wanted["$ref"].rpartition("/")[2]]
        if "anyOf" in wanted:
            fitting = [s for s in wanted["anyOf"] if not any(misfits(item, s, root))]
            wanted = {} if fitting else wanted["anyOf"][-1]
            todo.append((item, wanted, path))
            continue
        problem = _scalar(item, wanted)
        if problem is not None:
            yield Misfit(*problem, path)
            continue
        yield from _missing(item, wanted, path)
        todo.extend(reversed(list(_below(item, wanted, path))))


def _scalar(item: Any, wanted: dict[str, Any]) -> tuple[str, str] | None:
    kinds = wanted.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(item, kind) for kind in kinds):
        return "CC201", f"expected {' or '.join(_WORDS[kind] for kind in kinds)}"
    if "const" in wanted and item != wanted["const"]:
        return "CC207", f'only "{wanted["const"]}" is possible here'
    if "enum" in wanted and item not in wanted["enum"]:
        return "CC207", f"expected one of {', '.join(str(e) for e in wanted['enum'])}"
    if "pattern" in wanted and isinstance(item, str) and not re.search(wanted["pattern"], item):
        return "CC203", "this has the wrong form"
    if "minimum" in wanted and item < wanted["minimum"]:
        return "CC203", f"this is at least {wanted['minimum']}"
    if "maximum" in wanted and item > wanted["maximum"]:
        return "CC203", f"this is at most {wanted['maximum']}"
    return None


def _is(item: Any, kind: str) -> bool:
    if kind != "boolean" and isinstance(item, bool):
        return False
    whole = kind == "integer" and isinstance(item, float) and item.is_integer()
    return whole or isinstance(item, _TYPES[kind])


def _missing(item: Any, wanted: dict[str, Any], path: Path) -> Iterator[Misfit]:
    if isinstance(item, dict):
        for key in wanted.get("required", ()):
            if key not in item:
                yield Misfit("CC206", f'"{key}" is required here', path)


def _below(
    item: Any, wanted: dict[str, Any], path: Path
) -> Iterator[tuple[Any, dict[str, Any], Path]]:
    if isinstance(item, list) and "items" in wanted:
        yield from ((one, wanted["items"], (*path, place)) for place, one in enumerate(item))
    elif isinstance(item, dict):
        known, rest = wanted.get("properties", {}), wanted.get("additionalProperties")
        for key, one in item.items():
            schema = known.get(key, rest)
            if schema is not None:
                yield one, schema, (*path, key)
