"""Strict JSON reader: plain data with positions of values, bounded in size and depth.

Duplicate keys, NaN and numbers too large for a float are errors, as in ``strict_yaml``.
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
_MAX_INTEGER = 10**300  # close to the largest float
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|([{\[])|([}\]])')


@record
class JsonDocument:
    """A parsed file: its data, and the position of each value and key."""

    data: Any
    name: str
    text: str = field(repr=False)

    @cached_property
    def positions(self) -> tuple[dict[Path, Mark], dict[Path, Mark]]:
        """Positions of values and of keys, computed at the first use."""
        return _find_positions(self.text, self.name)

    @property
    def sources(self) -> dict[str, list[str]]:
        """Lines of the file, which errors show."""
        return {self.name: self.text.splitlines()}

    def mark(self, path: Path, *, key: bool = False) -> Mark:
        """Position of the value at ``path``, or of the nearest enclosing value."""
        values, keys = self.positions
        if key and path in keys:
            return keys[path]
        while path and path not in values:
            path = path[:-1]
        return values.get(path, Mark(self.name, 1, 1))


def parse(raw: bytes, name: str) -> JsonDocument:
    """Parse bytes of the file ``name``; any failure is an InputError."""
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
    _check_depth(text, name)
    duplicates: list[str] = []
    try:
        data = json.loads(text, object_pairs_hook=lambda pairs: _build_object(pairs, duplicates))
    except json.JSONDecodeError as error:
        mark = Mark(name, error.lineno, error.colno)
        raise _error("CC701", f"not JSON: {error.msg.lower()}", mark, text) from None
    except ValueError:  # an integer of thousands of digits
        raise _error("CC204", "a number has too many digits", Mark(name, 1, 1)) from None
    document = JsonDocument(data, name, text)
    problems = [*(_duplicate_keys(document) if duplicates else ()), *_non_finite_numbers(document)]
    if problems:
        raise InputError(problems, document.sources)
    return document


def _check_depth(text: str, name: str) -> None:
    """Refuse deep nesting before a recursive function sees it."""
    depth = 0
    for found in _BRACKET.finditer(text):
        depth += bool(found[1]) - bool(found[2])
        if depth > MAX_DEPTH:
            mark = _mark_at(text, found.start(), name)
            raise _error("CC005", f"nested deeper than {MAX_DEPTH} levels", mark, text)


def _build_object(pairs: list[tuple[str, Any]], duplicates: list[str]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        duplicates.append("a key")
    return mapping


def _non_finite_numbers(document: JsonDocument) -> Iterator[Problem]:
    if _is_finite(document.data):
        return
    for path, value in walk(document.data):
        if not isinstance(value, dict | list) and not _is_finite(value):
            yield Problem("CC204", "this is not a finite number", document.mark(path))


def _is_finite(value: Any) -> bool:
    """Whether every number in plain data is finite, integers beyond the largest float counted."""
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list):
        return all(map(_is_finite, value))
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or abs(value) <= _MAX_INTEGER


def _duplicate_keys(document: JsonDocument) -> Iterator[Problem]:
    seen: set[Path] = set()
    for path, start, size, key in _tokens(document.text):
        if key and path in seen:
            mark = _mark_at(document.text, start, document.name, size)
            yield Problem("CC003", f'the key "{path[-1]}" is given twice', mark)
        elif key:
            seen.add(path)


def walk(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value with its path, depth first, each container before its items."""
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from walk(item, (*path, place))


def _find_positions(text: str, name: str) -> tuple[dict[Path, Mark], dict[Path, Mark]]:
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
    for token in _TOKEN.finditer(text):
        word = token[0]
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
            yield tuple(here), token.start(), len(word), True
        else:
            yield tuple(here), token.start(), len(word), False
            if word in "{[":
                inside.append(word)
                here.append("" if word == "{" else 0)
                wants_key = word == "{"


def _mark_at(text: str, start: int, name: str, size: int = 1) -> Mark:
    return Mark(name, text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start), size)


def _error(code: str, message: str, mark: Mark, text: str = "") -> InputError:
    return InputError(
        [Problem(code, message, mark)], {mark.file: text.splitlines()} if text else {}
    )
