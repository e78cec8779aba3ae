"""The policy file: every key it may have, in one table that its reader and editors go by.

What keys mean together is checked in ``policy``. No pydantic here: its models of these few keys
would cost a gate a tenth of its time.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from carbonctl.core.errors import CODES, Problem, did_you_mean
from carbonctl.core.fact import TIERS
from carbonctl.core.record import value_record
from carbonctl.scenario.schema.shared_sections import OnUncertain, Statistic

if TYPE_CHECKING:
    from carbonctl.core.strict_yaml import Document, Path

SCHEMA = "carbonctl/policy/v1"
COVERED = ("data", "experiments", "train", "infer", "embodied", "manufacturing", "construction",
           "transport", "end_of_life", "water", "market")  # fmt: skip
_FEW = 20  # choices that an error lists
_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,63}")


@value_record
class Key:
    """What may stand at a key: anything, a text, an id, texts, a map or a list of maps."""

    kind: str = "any"
    choices: tuple[str, ...] = ()
    of: dict[str, Key] | None = None
    required: bool = False


_CHOICES = {
    "level": Key("text", ("error", "warn")),
    "statistic": Key("text", get_args(Statistic)),
    "accounting": Key("text", ("location", "market")),
    "on_uncertain": Key("text", get_args(OnUncertain)),
    "baseline": Key("text", ("required", "optional")),
}
RULE = {
    "id": Key("id", required=True),
    "metric": Key("text"),
    "max": Key(),
    "max_probability": Key(),
    "max_increase": Key(),
    "min_delta": Key(),
    "require": Key("texts", COVERED),
    "forbid_tier": Key("texts", TIERS),
    "above_share": Key(),
    "forbid_warnings": Key("texts", tuple(CODES)),
    "require_source": Key("texts"),
    "max_given_without_source": Key(),
    "scenarios": Key("texts"),
    **_CHOICES,
}
EXCEPTION = {
    "rule": Key("text", required=True),
    "scenario": Key("text"),
    "until": Key("text", required=True),
    "reason": Key("text", required=True),
    "approved_by": Key("text"),
}
POLICY = {
    "schema": Key("text", (SCHEMA,), required=True),
    "defaults": Key("map", of=_CHOICES),
    "carbon_price": Key(),
    "allow_overlay": Key("texts"),
    "allow_given": Key("texts"),
    "rules": Key("list", of=RULE, required=True),
    "exceptions": Key("list", of=EXCEPTION),
}


def check(document: Document) -> list[Problem]:
    """What of a policy has no place, is missing, or has the wrong form."""
    return list(_Check(document).map(document.data, POLICY, ()))


class _Check:
    """Walks a document beside the table of its keys."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def _at(self, code: str, message: str, path: Path, hint: str = "", *, key: bool = False) -> Any:
        return Problem(code, message, self.document.mark(path, key=key), hint)

    def map(self, data: Any, keys: dict[str, Key], path: Path) -> Any:
        if not isinstance(data, dict):
            yield self._at("CC201", "keys and values are wanted here", path)
            return
        for name, value in data.items():
            here = (*path, name)
            if name not in keys:
                hint = did_you_mean(name, keys) or "keys here: " + ", ".join(sorted(keys))
                yield self._at("CC101", f'unknown key "{name}"', here, hint, key=True)
            elif value is not None or keys[name].required:
                yield from self.value(value, keys[name], here)
        for name, key in keys.items():
            if key.required and name not in data:
                yield self._at("CC206", f'"{name}" is required here', path)

    def value(self, value: Any, key: Key, path: Path) -> Any:
        if key.kind == "map":
            yield from self.map(value, key.of or {}, path)
        elif key.kind in {"list", "texts"}:
            yield from self.items(value, key, path)
        elif key.kind in {"text", "id"}:
            yield from self.text(value, key, path)

    def items(self, value: Any, key: Key, path: Path) -> Any:
        if not isinstance(value, list):
            yield self._at("CC201", "expected a list", path)
            return
        for place, item in enumerate(value):
            if key.kind == "list":
                yield from self.map(item, key.of or {}, (*path, place))
            else:
                yield from self.text(item, key, (*path, place))

    def text(self, value: Any, key: Key, path: Path) -> Any:
        if not isinstance(value, str):
            yield self._at("CC201", "expected text", path)
        elif key.kind == "id" and not _ID.fullmatch(value):
            message = f'"{value}" is no id: a word of letters, digits and - _ .'
            yield self._at("CC203", message, path)
        elif key.choices and value not in key.choices:
            hint = did_you_mean(value, key.choices)
            listed = ", ".join(key.choices) if len(key.choices) <= _FEW else "the codes known"
            message = f'"{value}" is not one of {listed}'
            yield self._at("CC207", message, path, hint)


def json_schema() -> dict[str, Any]:
    """JSON Schema of a policy file, for editors."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "carbonctl policy"}
    return head | _object(POLICY)


def _object(keys: dict[str, Key]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name, key in keys.items() if key.required],
        "properties": {name: _form(key) for name, key in keys.items()},
    }


def _form(key: Key) -> dict[str, Any]:
    if key.kind == "any":
        return {"type": ["string", "number"], "description": "a quantity with its unit"}
    if key.kind == "map":
        return _object(key.of or {})
    if key.kind == "list":
        return {"type": "array", "items": _object(key.of or {}), "minItems": int(key.required)}
    word = {"enum": list(key.choices)} if key.choices else {"type": "string"}
    if key.kind == "id":
        word = {"type": "string", "pattern": f"^{_ID.pattern}$"}
    return word if key.kind != "texts" else {"type": "array", "items": word, "minItems": 1}
