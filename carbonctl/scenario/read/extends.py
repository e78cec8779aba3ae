"""Merge a scenario file over the files that it ``extends``, all within one folder."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carbonctl.core import files, strict_yaml
from carbonctl.core.errors import InputError, Problem, UsageError
from carbonctl.core.strict_yaml import MAX_BYTES, Document

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_EXTENDS = 10


def load(source: str, raw: bytes | None = None, root: str | None = None) -> Document:
    """The document of a file, or of stdin for ``-``, merged over those that it extends.

    ``raw`` are the bytes of the file where the caller has read them already. Files that it extends
    must lie, after following symbolic links, in ``root``; by default in the git work tree of the
    file, or in its folder.
    """
    regular = files.is_regular(source)
    folder = Path(source).parent if regular else Path()
    allowed = _root(root, folder)
    given = files.read(source, MAX_BYTES) if raw is None else raw
    quoted = not regular or _is_inside(source, allowed)
    document = _parsed(given, files.display_name(source), quoted=quoted)
    return _extended(document, folder, allowed, ())


def _root(root: str | None, folder: Path) -> Path:
    if root is None:
        return work_tree(folder.resolve())
    if not Path(root).is_dir():
        raise UsageError(f"--root {root}: there is no such folder")
    return Path(root).resolve()


def work_tree(folder: Path) -> Path:
    """Root of the git work tree that contains a folder; the folder itself where none does."""
    above = (one for one in (folder, *folder.parents) if (one / ".git").exists())
    return next(above, folder)


def is_quotable(source: str) -> bool:
    """Whether errors may quote lines of a file: not where it links out of its work tree."""
    return not files.is_regular(source) or _is_inside(
        source, work_tree(Path(source).parent.resolve())
    )


def _is_inside(file: str | Path, allowed: Path) -> bool:
    """Whether a file lies in a folder once its symbolic links are followed."""
    try:
        return Path(os.path.realpath(file)).is_relative_to(allowed)
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return False


def _parsed(raw: bytes, name: str, *, quoted: bool) -> Document:
    """The document of a mapping; errors quote its lines only where ``quoted``."""
    try:
        document = strict_yaml.parse(raw, name, keep_duplicate_keys=True)
    except InputError as error:
        raise InputError(error.problems, error.sources if quoted else {}) from None
    if not quoted:
        document.sources = {}
    if not isinstance(document.data, dict):
        problem = Problem(
            "CC007", "expected a scenario: a mapping of keys to values", document.mark(())
        )
        raise InputError([*document.deferred_problems, problem], document.sources)
    return document


def _extended(document: Document, folder: Path, allowed: Path, seen: Sequence[str]) -> Document:
    base = document.data.pop("extends", None)
    if base is None:
        return document
    mark = document.mark(("extends",))
    if not isinstance(base, str):
        raise InputError(
            [Problem("CC201", "expected the name of one file under extends", mark)],
            document.sources,
        )
    below = folder / base
    target = str(below)
    if target in seen or len(seen) >= MAX_EXTENDS:
        raise InputError([Problem("CC009", f"{base} extends itself", mark)], document.sources)
    if not _is_inside(below, allowed):
        message, hint = f"{base} is outside of {allowed}", "--root DIR names another folder"
        raise InputError([Problem("CC010", message, mark, hint)], document.sources)
    parent = _parsed(_bytes(target, document), target, quoted=True)
    return _merge(_extended(parent, below.parent, allowed, (*seen, target)), document)


def _bytes(target: str, document: Document) -> bytes:
    """The bytes of an extended file; an error at ``extends`` where it cannot be read."""
    try:
        return files.read(os.path.join(".", target), MAX_BYTES)  # noqa: PTH118 - "-" is a file here
    except InputError as error:
        mark = document.mark(("extends",))
        moved = [replace(p, mark=mark, message=f"{target}: {p.message}") for p in error.problems]
        raise InputError(moved, document.sources) from None


def _merge(base: Document, head: Document) -> Document:
    """``head`` laid over ``base``: mappings merge, anything else is replaced."""
    merged = Document(
        base.data,
        dict(base.marks),
        dict(base.keys),
        {**base.sources, **head.sources},
    )
    merged.deferred_problems, merged.invalid_paths = (
        base.deferred_problems + head.deferred_problems,
        base.invalid_paths + head.invalid_paths,
    )
    _merge_into(merged, head, merged.data, head.data, ())
    return merged


def _merge_into(
    merged: Document, head: Document, under: dict[str, Any], over: dict[str, Any], path: Any
) -> None:
    for key, value in over.items():
        here = (*path, key)
        if isinstance(value, dict) and isinstance(under.get(key), dict):
            _merge_into(merged, head, under[key], value, here)
            continue
        under[key] = value
        for old in [p for p in merged.marks if p[: len(here)] == here]:
            del merged.marks[old]
        merged.marks |= {p: m for p, m in head.marks.items() if p[: len(here)] == here}
        merged.keys |= {p: m for p, m in head.keys.items() if p[: len(here)] == here}
