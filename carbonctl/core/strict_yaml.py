"""Strict YAML reader: plain data with positions of values, bounded in size and depth.

Built on libyaml's event stream, so hostile input causes no recursion. Scalars follow the
YAML 1.2 core schema (``7e9`` is a number, ``NO`` is Norway, ``017`` is 17, ``12:30`` is text);
duplicate keys and tags are errors.
"""

from __future__ import annotations

import copy
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

import yaml

from carbonctl.core import files
from carbonctl.core.errors import InputError, Mark, Problem

if TYPE_CHECKING:
    from pathlib import Path as FilePath

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Path = tuple[str | int, ...]

MAX_BYTES = files.MAX_TEXT
MAX_DEPTH = 40
MAX_VALUES = 100_000
_MAX_DIGITS = 40

_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_FIRST = set("~nNtTfF+-.0123456789")  # a scalar with another first character is text
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


class Document:
    """A parsed file: plain data, and the position of each value and key.

    Positions are computed at the first use.
    """

    def __init__(
        self,
        data: Any,
        marks: dict[Path, Mark] | None = None,
        keys: dict[Path, Mark] | None = None,
        sources: dict[str, list[str]] | None = None,
    ) -> None:
        self.data = data
        self.deferred_problems: list[Problem] = []  # reported later, with others
        self.invalid_paths: list[Path] = []  # paths whose value is unknown because of these
        self.unknown_top_keys: set[str] = set()  # top-level keys that the schema does not have
        self.hardware_flag = ""  # the flag that replaces the hardware of the file
        self.overrides: list[tuple[str, str, Any]] = []  # path, flag, value before the flag
        self.sources = {} if sources is None else sources
        self.events: tuple[str, dict[Path, Any], dict[Path, Any]] = ("", {}, {})
        if marks is not None:
            self.marks, self.keys = marks, {} if keys is None else keys

    @cached_property
    def marks(self) -> dict[Path, Mark]:
        """Position of every value."""
        name, values, _ = self.events
        return {path: _mark(name, event) for path, event in values.items()}

    @cached_property
    def keys(self) -> dict[Path, Mark]:
        """Position of every key."""
        name, _, keys = self.events
        return {path: _mark(name, event) for path, event in keys.items()}

    def deep_copy(self) -> Document:
        """A copy with its own data and positions."""
        document = Document(
            copy.deepcopy(self.data), dict(self.marks), dict(self.keys), dict(self.sources)
        )
        document.deferred_problems, document.invalid_paths = (
            list(self.deferred_problems),
            list(self.invalid_paths),
        )
        document.unknown_top_keys, document.hardware_flag = (
            set(self.unknown_top_keys),
            self.hardware_flag,
        )
        document.overrides = list(self.overrides)
        return document

    def mark(self, path: Path, *, key: bool = False) -> Mark | None:
        """Position of the value at ``path``, or of the nearest enclosing value."""
        if key and path in self.keys:
            return self.keys[path]
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path)


def _mark(name: str, event: Any) -> Mark:
    start, end = event.start_mark, event.end_mark
    same_line = end.line == start.line and end.column > start.column
    length = end.column - start.column if same_line else 1
    return Mark(name, start.line + 1, start.column + 1, length)


def parse_scalar(text: str) -> Any:
    """The value of a plain scalar by the YAML 1.2 core schema; NaN and infinity stay text."""
    if text and text[0] not in _FIRST:
        return text
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if len(text) <= _MAX_DIGITS:
        if _INT.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    return text


def read(path: FilePath, *, keep_duplicate_keys: bool = False) -> Document:
    """Read and parse a file; any failure is an InputError."""
    return parse(
        files.read(str(path), MAX_BYTES), str(path), keep_duplicate_keys=keep_duplicate_keys
    )


def read_text(path: FilePath, raw: bytes | None = None) -> str:
    """The text of a file, part of which is YAML; ``raw`` are its bytes if already read."""
    return _decode(files.read(str(path), MAX_BYTES) if raw is None else raw, str(path))


def _decode(raw: bytes, name: str) -> str:
    if len(raw) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 10**6} MB"
        raise _error("CC005", message, Mark(name, 1, 1))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise _error("CC002", "this is not UTF-8 text", Mark(name, line, column)) from None


def parse(raw: bytes, name: str, *, keep_duplicate_keys: bool = False) -> Document:
    """Parse bytes of ``name``, a file or ``<stdin>``; any failure is an InputError.

    With ``keep_duplicate_keys``, a key given twice becomes a deferred problem of the document.
    """
    text = _decode(raw, name)
    lines = text.splitlines()
    try:
        document, problems = _Builder(name, lines).build(text)
    except yaml.MarkedYAMLError as error:
        place = error.problem_mark or error.context_mark
        mark = Mark(name, place.line + 1, place.column + 1) if place else Mark(name, 1, 1)
        raise _error("CC001", error.problem or "not valid YAML", mark, name, lines) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position] if isinstance(error.position, int) else ""
        mark = Mark(name, before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise _error("CC002", "a control character is not allowed here", mark) from None
    if keep_duplicate_keys and all(problem.code == "CC003" for problem in problems):
        document.deferred_problems = problems
    elif problems:
        raise InputError(problems, document.sources)
    return document


def _error(
    code: str, message: str, mark: Mark, name: str = "", lines: list[str] | None = None
) -> InputError:
    return InputError([Problem(code, message, mark)], {name: lines} if lines else {})


class _OpenCollection:
    """A mapping or list whose end has not been read yet."""

    __slots__ = ("anchor", "key", "path", "value")

    def __init__(self, value: Any, path: Path, anchor: str | None) -> None:
        self.value, self.path, self.anchor = value, path, anchor
        self.key: str | None = None


class _Builder:
    """Builds a Document from the event stream, with an explicit stack."""

    def __init__(self, name: str, lines: list[str]) -> None:
        self.name = name
        self.values: dict[Path, Any] = {}
        self.keys: dict[Path, Any] = {}
        self.doc = Document(None, sources={name: lines})
        self.doc.events = (name, self.values, self.keys)
        self.stack: list[_OpenCollection] = []
        self.anchors: dict[str, Any] = {}
        self.count = 0
        self.problems: list[Problem] = []
        self.done = False

    def build(self, text: str) -> tuple[Document, list[Problem]]:
        for event in yaml.parse(text, Loader=_Loader):
            kind = event.__class__
            if kind is yaml.ScalarEvent:
                self._scalar(event)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._open(event, {} if kind is yaml.MappingStartEvent else [])
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                closed = self.stack.pop()
                if closed.anchor:
                    self.anchors[closed.anchor] = closed.value
            elif kind is yaml.AliasEvent:
                self._alias(event)
            elif kind is yaml.DocumentStartEvent and self.done:
                self._stop("CC001", "expected one document per file; remove the second ---", event)
        if not self.done:
            raise _error("CC007", "the file is empty", Mark(self.name, 1, 1))
        return self.doc, self.problems

    def _stop(self, code: str, message: str, event: Any) -> None:
        problem = Problem(code, message, _mark(self.name, event))
        raise InputError([*self.problems, problem], self.doc.sources)

    def _refuse_tag(self, event: Any) -> None:
        message = f'the tag "{event.tag}" is not supported'
        self.problems.append(Problem("CC004", message, _mark(self.name, event)))

    def _grow(self, event: Any, values: int) -> None:
        self.count += values
        if self.count > MAX_VALUES:
            self._stop("CC006", f"more than {MAX_VALUES} values", event)

    def _open(self, event: Any, value: Any) -> None:
        if event.tag is not None and not event.implicit:
            self._refuse_tag(event)
        if len(self.stack) >= MAX_DEPTH:
            self._stop("CC005", f"nested deeper than {MAX_DEPTH} levels", event)
        path = self._place(event, value)
        self.stack.append(_OpenCollection(value, path, event.anchor))

    def _scalar(self, event: Any) -> None:
        if event.tag is not None and not (event.implicit[0] or event.implicit[1]):
            self._refuse_tag(event)
        if self.stack:
            parent = self.stack[-1]
            if parent.key is None and parent.value.__class__ is dict:
                self._key(event, parent)
                return
        plain = event.implicit[0] and not event.style
        value = parse_scalar(event.value) if plain else event.value
        self._place(event, value)
        if event.anchor:
            self.anchors[event.anchor] = value

    def _key(self, event: Any, parent: _OpenCollection) -> None:
        key = event.value
        path = (*parent.path, key)
        if key in parent.value:
            first = _mark(self.name, self.keys[path])
            message = f'the key "{key}" is given twice (first on line {first.line})'
            self.problems.append(Problem("CC003", message, _mark(self.name, event)))
            self.doc.invalid_paths.append(path)
        self.keys[path] = event
        parent.key = key

    def _alias(self, event: Any) -> None:
        if event.anchor not in self.anchors:
            self._stop("CC001", f'the alias "{event.anchor}" has no anchor before it', event)
        value = self.anchors[event.anchor]
        self._grow(event, _count_values(value, MAX_VALUES))
        self._place(event, value)

    def _place(self, event: Any, value: Any) -> Path:
        self._grow(event, 1)
        path: Path = ()
        if not self.stack:
            self.done, self.doc.data = True, value
        else:
            parent = self.stack[-1]
            if parent.value.__class__ is dict:
                if parent.key is None:
                    self._stop("CC001", "a key must be plain text, not a list or a mapping", event)
                path = (*parent.path, str(parent.key))
                parent.value[parent.key] = value
                parent.key = None
            else:
                path = (*parent.path, len(parent.value))
                parent.value.append(value)
        self.values[path] = event
        return path


def _count_values(value: Any, limit: int) -> int:
    """Number of values that an alias expands to; counting stops above ``limit``."""
    count, todo = 0, [value]
    while todo and count <= limit:
        item = todo.pop()
        count += 1
        if isinstance(item, dict):
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
    return count
