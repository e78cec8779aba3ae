"""Formatting of errors: position, code, the line of the file, and a hint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.errors import OutputError
from carbonctl.report.numbers import printable

if TYPE_CHECKING:
    from carbonctl.core.errors import CarbonctlError, Problem

MAX_SHOWN, MAX_CODES = 50, 3
_LONG_LINE = 200  # longer lines are not shown
_LONG_HINT = 90  # longer hints are not shown beside the line
_WIDTH = 80


def format_error(error: CarbonctlError) -> str:
    """Text of all problems of an error, in their order."""
    shown = [format_problem(p, error.sources) for p in error.problems[:MAX_SHOWN]]
    if isinstance(error, OutputError):  # "Nothing was estimated" would be wrong
        return printable("\n".join(shown)) + "\n"
    hidden = len(error.problems) - MAX_SHOWN
    if hidden > 0:
        shown.append(f"... and {hidden} more")
    count = len(error.problems)
    tail = f"{count} error{'' if count == 1 else 's'}. Nothing was estimated."
    codes = list(dict.fromkeys(p.code for p in error.problems if p.code))[:MAX_CODES]
    tail += f" Why: carbonctl help {' '.join(codes)}" if codes else ""
    return printable("\n".join([*shown, tail])) + "\n"


def format_problem(problem: Problem, sources: dict[str, list[str]], level: str = "error") -> str:
    """Text of a problem with its line, hint and help."""
    code = f"{level}[{problem.code}]" if problem.code else level
    place = f"{problem.mark}: " if problem.mark else ""
    lines = [_escape_newlines(f"{place}{code}: {problem.message}")]
    snippet = _snippet(problem, sources)
    lines += snippet
    if problem.hint and (not snippet or len(problem.hint) > _LONG_HINT):
        lines.append(_wrap_hint(problem.hint))
    if problem.help:
        lines.append(_escape_newlines(f"   help: {problem.help}"))
    return "\n".join(lines)


def _escape_newlines(text: str) -> str:
    """Text without newlines, so names in it cannot imitate lines of the output."""
    return text.replace("\n", "\\n")


def _snippet(problem: Problem, sources: dict[str, list[str]]) -> list[str]:
    mark = problem.mark
    lines = sources.get(mark.file, []) if mark else []
    if mark is None or mark.line is None or mark.column is None or mark.line > len(lines):
        return []
    text = lines[mark.line - 1].replace("\t", " ")
    if len(text) > _LONG_LINE:
        return []
    length = max(1, min(mark.length, len(text) - mark.column + 1))
    pointer = " " * (mark.column - 1) + "^" * length
    hint = f" {problem.hint}" if 0 < len(problem.hint) <= _LONG_HINT else ""
    return [f"{mark.line:>5} | {text}", f"      | {pointer}{hint}"]


def _wrap_hint(hint: str) -> str:
    """A hint on separate lines; a short one is not wrapped."""
    if len(hint) <= _LONG_HINT:
        return _escape_newlines(f"   hint: {hint}")
    from textwrap import fill

    return fill(hint, _WIDTH, initial_indent="   hint: ", subsequent_indent=" " * 9)
