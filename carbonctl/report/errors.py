"""Errors as people read them: position, code, the line itself, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.report.numbers import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.core.errors import CarbonctlError, Problem

MAX_SHOWN, MAX_CODES = 50, 3


def as_text(error: CarbonctlError) -> str:
    """All problems of an error, in the order in which they stand in the files."""
    shown = [_problem(p, error.sources) for p in error.problems[:MAX_SHOWN]]
    hidden = len(error.problems) - MAX_SHOWN
    if hidden > 0:
        shown.append(f"... and {hidden} more")
    count = len(error.problems)
    tail = f"{count} error{'' if count == 1 else 's'}. Nothing was estimated."
    codes = list(dict.fromkeys(p.code for p in error.problems if p.code))[:MAX_CODES]
    tail += f" Why: carbonctl help {' '.join(codes)}" if codes else ""
    return printable("\n".join([*shown, tail])) + "\n"


def as_github(problems: Iterable[Problem], level: str = "error") -> str:
    """Problems as workflow commands, which GitHub shows beside the line they are about."""
    return "".join(f"::{level} {_place(p)}::{_escaped(_said(p))}\n" for p in problems)


def _said(problem: Problem) -> str:
    return printable(f"{problem.message}; {problem.hint}" if problem.hint else problem.message)


def _place(problem: Problem) -> str:
    mark = problem.mark
    parts = {"title": problem.code or "carbonctl"}
    if mark is not None and mark.line is not None and mark.column is not None:
        end = mark.column + mark.length
        parts |= {"file": mark.file, "line": str(mark.line), "col": str(mark.column)}
        parts["endColumn"] = str(end)
    elif mark is not None:
        parts["file"] = mark.file
    return ",".join(f"{key}={_escaped(text, inside=True)}" for key, text in parts.items())


def _escaped(text: str, *, inside: bool = False) -> str:
    """Text of a workflow command; a property may hold neither colon nor comma."""
    pairs = [("%", "%25"), ("\r", "%0D"), ("\n", "%0A")]
    for plain, code in [*pairs, (":", "%3A"), (",", "%2C")] if inside else pairs:
        text = text.replace(plain, code)
    return text


def _problem(problem: Problem, sources: dict[str, list[str]]) -> str:
    code = f"error[{problem.code}]" if problem.code else "error"
    place = f"{problem.mark}: " if problem.mark else ""
    lines = [f"{place}{code}: {problem.message}"]
    snippet = _snippet(problem, sources)
    lines += snippet
    if problem.hint and not snippet:
        lines.append(f"   hint: {problem.hint}")
    if problem.help:
        lines.append(f"   help: {problem.help}")
    return "\n".join(lines)


def _snippet(problem: Problem, sources: dict[str, list[str]]) -> list[str]:
    mark = problem.mark
    lines = sources.get(mark.file, []) if mark else []
    if mark is None or mark.line is None or mark.column is None or mark.line > len(lines):
        return []
    text = lines[mark.line - 1].replace("\t", " ")
    if len(text) > 200:  # noqa: PLR2004 - a line that fits no terminal says nothing
        return [f"         {problem.hint}"] if problem.hint else []
    length = max(1, min(mark.length, len(text) - mark.column + 1))
    pointer = " " * (mark.column - 1) + "^" * length
    hint = f" {problem.hint}" if problem.hint else ""
    return [f"{mark.line:>5} | {text}", f"      | {pointer}{hint}"]
