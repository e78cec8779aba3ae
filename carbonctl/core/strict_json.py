"""The one JSON reader: plain data, positions when somebody asks, traps closed, size bounded.

Duplicate keys, NaN and numbers too large for a float are errors, as they are in our YAML.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from carbonctl.core import files
from carbonctl.core.errors import InputError, Mark, Problem
from carbonctl.core.record import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.core.strict_yaml import Path

MAX_BYTES = files.MAX_RESULT
MAX_DEPTH = 60
_LARGEST = 10**300  # no float is much larger
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_DEEPER = re.compile(r'"(?:[^"\\]|\\.)*"|([{\[])|([}\]])')


@record
class Json:
    """A parsed file: its data, and where each value and key stands."""

    data: Any
    name: str
    text: str = field(repr=False)

    @cached_property
    def places(self) -> tuple[dict[Path, Mark], dict[Path, Mark]]:
        """Positions of values and of keys, worked out when the first one is asked for."""
        return _places(self.text, self.name)

    @property
    def sources(self) -> dict[str, list[str]]:
        """Lines of the file, for errors that show them."""
        return {self.name: self.text.splitlines()}

    def mark(self, path: Path, *, key: bool = False) -> Mark:
        """Where ``path`` is written, or the nearest enclosing place."""
        values, keys = self.places
        if key and path in keys:
            return keys[path]
        while path and path not in values:
            path = path[:-1]
        return values.get(path, Mark(self.name, 1, 1))


def parse(raw: bytes, name: str) -> Json:
    """Parse bytes that came from ``name``; every way in which that fails is an InputError."""
    if len(raw) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 10**6} MB"
        raise _error("CC005", message, Mark(name, 1, 1))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise _error("CC002", "this is not UTF-8 text", Mark(name, line, column)) from None
    if not text.strip():
        raise _error("CC007", "the file is empty", Mark(name, 1, 1))
    _bounded(text, name)
    twice: list[str] = []
    try:
        data = json.loads(text, object_pairs_hook=lambda pairs: _once(pairs, twice))
    except json.JSONDecodeError as error:
        mark = Mark(name, error.lineno, error.colno)
        raise _error("CC701", f"not JSON: {error.msg.lower()}", mark, text) from None
    except ValueError:  # an integer of thousands of digits
        raise _error("CC204", "a number has too many digits", Mark(name, 1, 1)) from None
    made = Json(data, name, text)
    problems = [*(_twice(made) if twice else ()), *_not_finite(made)]
    if problems:
        raise InputError(problems, made.sources)
    return made


def _bounded(text: str, name: str) -> None:
    """Refuse what is nested deeper than any of ours before anything recurses on it."""
    depth = 0
    for found in _DEEPER.finditer(text):
        depth += bool(found[1]) - bool(found[2])
        if depth > MAX_DEPTH:
            mark = _at(text, found.start(), name)
            raise _error("CC005", f"nested deeper than {MAX_DEPTH} levels", mark, text)


def _once(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice.append("a key")
    return made


def _not_finite(made: Json) -> Iterator[Problem]:
    if _is_finite(made.data):
        return
    for path, value in walk(made.data):
        if not isinstance(value, dict | list) and not _is_finite(value):
            yield Problem("CC204", "this is not a finite number", made.mark(path))


def _is_finite(value: Any) -> bool:
    """Whether every number in plain data is finite, integers beyond the largest float counted."""
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list):
        return all(map(_is_finite, value))
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or abs(value) <= _LARGEST


def _twice(made: Json) -> Iterator[Problem]:
    seen: set[Path] = set()
    for path, start, size, key in _tokens(made.text):
        if key and path in seen:
            mark = _at(made.text, start, made.name, size)
            yield Problem("CC003", f'the key "{path[-1]}" is given twice', mark)
        elif key:
            seen.add(path)


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value with its path, depth first, containers before what is in them."""
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from walk(item, (*path, place))


def _places(text: str, name: str) -> tuple[dict[Path, Mark], dict[Path, Mark]]:
    values: dict[Path, Mark] = {}
    keys: dict[Path, Mark] = {}
    line, line_start, seen = 1, 0, 0
    for path, start, size, key in _tokens(text):
        line += text.count("\n", seen, start)
        line_start = text.rfind("\n", 0, start) + 1 if "\n" in text[seen:start] else line_start
        seen = start
        (keys if key else values)[path] = Mark(name, line, start - line_start + 1, size)
    return values, keys


def _tokens(text: str) -> Iterator[tuple[Path, int, int, bool]]:
    """Path, start and length of every key and value of text that is JSON."""
    here: list[str | int] = []
    inside: list[str] = []
    wants_key = False
    for found in _TOKEN.finditer(text):
        word = found[0]
        if word in "}]":
            inside.pop()
            here.pop()
        elif word == ",":
            wants_key = inside[-1] == "{"
            here[-1] = here[-1] + 1 if isinstance(here[-1], int) else here[-1]
        elif word == ":":
            wants_key = False
        elif wants_key:
            here[-1] = json.loads(word) if "\\" in word else word[1:-1]
            yield tuple(here), found.start(), len(word), True
        else:
            yield tuple(here), found.start(), len(word), False
            if word in "{[":
                inside.append(word)
                here.append("" if word == "{" else 0)
                wants_key = word == "{"


def _at(text: str, start: int, name: str, size: int = 1) -> Mark:
    return Mark(name, text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start), size)


def _error(code: str, message: str, mark: Mark, text: str = "") -> InputError:
    return InputError(
        [Problem(code, message, mark)], {mark.file: text.splitlines()} if text else {}
    )
