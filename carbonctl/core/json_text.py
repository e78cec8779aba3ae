"""JSON text with an indent of two: the bytes of ``json.dumps(data, indent=2)``, only faster."""

from __future__ import annotations

import math
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_WORDS = {None: "null", True: "true", False: "false"}


def indented_json(data: Any) -> str:
    """Plain data as JSON text, keys in their order; ValueError where a number is not finite."""
    pieces: list[str] = []
    _append(data, "\n", pieces.append)
    return "".join(pieces)


def _append(value: Any, line: str, append: Callable[[str], None]) -> None:
    """Append the text of a value in pieces; ``line`` is a line break and the indent around it."""
    if isinstance(value, str):
        append(encode_basestring(value))
    elif value is None or isinstance(value, bool):
        append(_WORDS[value])
    elif isinstance(value, int):
        append(int.__repr__(value))
    elif isinstance(value, float):
        if not math.isfinite(value):
            message = f"{value!r} is no number of JSON"
            raise ValueError(message)
        append(float.__repr__(value))
    elif isinstance(value, dict):
        _append_dict(value, line, append)
    else:
        _append_list(value, line, append)


def _append_dict(value: dict[str, Any], line: str, append: Callable[[str], None]) -> None:
    deeper = f"{line}  "
    before = f"{{{deeper}"
    for key, one in value.items():
        append(f"{before}{encode_basestring(key)}: ")
        _append(one, deeper, append)
        before = f",{deeper}"
    append(f"{line}}}" if value else "{}")


def _append_list(value: list[Any], line: str, append: Callable[[str], None]) -> None:
    deeper = f"{line}  "
    before = f"[{deeper}"
    for one in value:
        append(before)
        _append(one, deeper, append)
        before = f",{deeper}"
    append(f"{line}]" if value else "[]")
