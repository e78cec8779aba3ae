"""What ``hw``, ``grid`` and ``model`` share: rows in, a table or data out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from carbonctl.cli.complete import of
from carbonctl.cli.output_format import format_of
from carbonctl.core.errors import InputError, Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMATS = ("table", "json", "csv")
Word = Annotated[str, typer.Argument(help="Part of a name.")]
ONE = ("table", "json")
Format = Annotated[
    str | None,
    typer.Option("-f", "--format", help="table, json or csv.", autocompletion=of(FORMATS)),
]
OneFormat = Annotated[
    str | None, typer.Option("-f", "--format", help="table or json.", autocompletion=of(ONE))
]


def chosen(format: str | None, choices: tuple[str, ...] = FORMATS, *, json: bool) -> str:
    """The format of the rows; UsageError where there is none such."""
    return format_of(format, choices, json=json)


def show_rows(rows: list[dict[str, Any]], form: str) -> None:
    """Print rows with the columns of the first one."""
    if form == "json":
        from carbonctl.report.machine import as_json  # noqa: PLC0415 - only the one asked for

        sys.stdout.write(as_json(rows))
    elif form == "csv":
        _csv(rows)
    else:
        _table(rows)


def _csv(rows: list[dict[str, Any]]) -> None:
    import csv  # noqa: PLC0415 - only the one asked for

    from carbonctl.report.rows import inert  # noqa: PLC0415

    writer = csv.DictWriter(sys.stdout, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: inert(value) for key, value in row.items()} for row in rows)


def _table(rows: list[dict[str, Any]]) -> None:
    from carbonctl.report.numbers import printable  # noqa: PLC0415 - only the one asked for
    from carbonctl.report.wrapped import table, terminal_width  # noqa: PLC0415

    if rows:
        cells = [[printable(_cell(value)) for value in row.values()] for row in rows]
        numeric = [_numeric(rows, key) for key in rows[0]]
        sys.stdout.write(table([list(rows[0]), *cells], numeric, terminal_width()))


def _numeric(rows: list[dict[str, Any]], key: str) -> bool:
    return all(isinstance(r[key], int | float) or r[key] in (None, "") for r in rows)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:g}" if isinstance(value, float) else str(value)


def say(text: str) -> None:
    """A sentence under a table."""
    from carbonctl.report.wrapped import fold, terminal_width  # noqa: PLC0415 - for people alone

    sys.stdout.write("\n" + "\n".join(fold(text, terminal_width())) + "\n")


def matching(names: Iterable[str], word: str) -> list[str]:
    """Names that hold every part of ``word``, else the nearest ones."""
    from carbonctl.catalog.similar import similar  # noqa: PLC0415 - only to search

    parts = word.lower().replace("_", " ").replace("-", " ").split()
    known = list(names)
    found = [n for n in known if all(p in n.lower().replace("-", " ") for p in parts)]
    return found or similar(word, {name: name for name in known})


def note(message: str) -> None:
    """Say on stderr what was assumed; data on stdout stay as they are."""
    sys.stderr.write(f"note: {message}\n")


def unknown(code: str, message: str, hint: str) -> InputError:
    """A name on the command line that leads nowhere."""
    return InputError([Problem(code, message, Mark("argument"), hint)])
