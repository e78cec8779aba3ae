"""Choice of the output format from ``-f``, ``--json`` or the extension of ``-o``."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from carbonctl.core.errors import UsageError
from carbonctl.report.formats import EXTENSIONS, FORMATS

if TYPE_CHECKING:
    from carbonctl.cli.options import RunOptions


def choose_format(run: RunOptions, choices: tuple[str, ...] = FORMATS) -> str:
    """The output format of a command, from ``-f``, ``--json`` and the extension of ``-o``.

    UsageError for a format that the command does not have, for two different formats, and for a
    file whose extension belongs to another format.
    """
    return format_of(run.format, choices, json=run.json, output=run.output)


def format_of(
    asked: str | None,
    choices: tuple[str, ...] = FORMATS,
    *,
    json: bool = False,
    output: str | None = None,
) -> str:
    """The output format from the values of the flags; UsageError as in ``choose_format``."""
    if json:
        if asked not in (None, "json"):
            message = f"--json and -f {asked} ask for two formats"
            raise UsageError(message, "give one of them")
        asked = "json"
    if asked is not None and asked not in choices:
        message = f'this command has no format "{asked}"; choose {", ".join(choices)}'
        raise UsageError(message)
    return _check_extension(output, asked, choices) or asked or "table"


def format_of_file(output: str | None, choices: tuple[str, ...]) -> str | None:
    """The format of a file's extension; None without an extension."""
    return _check_extension(output, None, choices)


def _check_extension(output: str | None, asked: str | None, choices: tuple[str, ...]) -> str | None:
    """The format of a file: the requested one, else that of its extension."""
    extension = _extension(output)
    if not extension:
        return asked
    if asked is not None:
        if extension not in EXTENSIONS[asked]:
            ends = " or ".join(EXTENSIONS[asked])
            message = f"expected a file that ends in {ends} for -f {asked}, got {output}"
            raise UsageError(message, "without -f the extension sets the format")
        return asked
    form_of_extension = next((form for form in choices if extension in EXTENSIONS[form]), None)
    if form_of_extension is None:
        known = dict.fromkeys(e for form in choices for e in EXTENSIONS[form])
        message = f'this command has no format with the extension "{extension}" of {output}'
        raise UsageError(message, f"use one of {', '.join(known)}")
    return form_of_extension


def _extension(output: str | None) -> str:
    """The extension of a file in lower case; empty for stdout, devices, pipes and folders."""
    if output in (None, "-"):
        return ""
    from pathlib import Path

    path = Path(str(output))
    try:
        special = path.exists() and not path.is_file()
    except (OSError, ValueError):  # ValueError: a NUL in the name
        special = True
    return "" if special else PurePath(str(output)).suffix.lower().removesuffix(".")
