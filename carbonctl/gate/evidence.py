"""Findings about what a result rests on: its warnings, and numbers given without a source."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from carbonctl.core.errors import Mark
from carbonctl.core.record import value_record
from carbonctl.gate.measures import is_unsourced

if TYPE_CHECKING:
    from collections.abc import Iterable

Place = dict[str, Any]


@value_record
class Finding:
    """One thing that a rule misses or refuses, and the line of the breakdown that it is about."""

    name: str
    reason: str
    line: str = ""
    where: Place | None = None


def warned(data: dict[str, Any], codes: tuple[str, ...]) -> tuple[Finding, ...]:
    """Warnings of a result that have one of these codes."""
    keys = ("file", "line", "column", "end_column")
    return tuple(
        Finding(
            entry["code"],
            entry["message"],
            where=None if entry["line"] is None else {key: entry[key] for key in keys},
        )
        for entry in data["warnings"]
        if entry["code"] in codes
    )


def unsourced(
    bases: Iterable[dict[str, Any]], paths: tuple[str, ...] = ("*",)
) -> tuple[Finding, ...]:
    """Numbers at these paths, or below them, that are given without a source on any basis."""
    facts = {key: fact for data in bases for key, fact in data["facts"].items()}
    marks = {key: Mark.parse(fact["where"]) for key, fact in facts.items()}
    return tuple(
        Finding(key, "no source", where=None if (mark := marks[key]) is None else mark.as_span())
        for key, fact in facts.items()
        if is_unsourced(fact)
        and any(fnmatchcase(key, path) or fnmatchcase(key, f"{path}.*") for path in paths)
    )
