"""What ``hw``, ``grid`` and ``model`` share: rows in, a table or data out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from carbonctl.core.errors import InputError, Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

Word = Annotated[str, typer.Argument(help="Part of a name.")]
Format = Annotated[str, typer.Option("-f", "--format", help="table, json or csv.")]
FORMATS = ("table", "json", "csv")


def show_rows(rows: list[dict[str, Any]], form: str) -> None:
    """Print rows with the columns of the first one."""
    from carbonctl.cli.run import check_format  # noqa: PLC0415 - one rule for all formats

    check_format(form, FORMATS)
    if form == "json":
        from carbonctl.report.machine import as_json  # noqa: PLC0415 - only the one asked for

        sys.stdout.write(as_json(rows))
    elif form == "csv":
        _csv(rows)
    else:
        _table(rows)


def _csv(rows: list[dict[str, Any]]) -> None:
    import csv  # noqa: PLC0415 - only the one asked for

    writer = csv.DictWriter(sys.stdout, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _table(rows: list[dict[str, Any]]) -> None:
    widths = {k: max(len(k), *(len(_cell(r[k])) for r in rows)) for k in rows[0]} if rows else {}
    for row in ([dict(zip(widths, widths, strict=True))] if rows else []) + rows:
        cells = (
            f"{_cell(row[k]):>{w}}" if _numeric(rows, k) else f"{_cell(row[k]):<{w}}"
            for k, w in widths.items()
        )
        sys.stdout.write("  ".join(cells).rstrip() + "\n")


def _numeric(rows: list[dict[str, Any]], key: str) -> bool:
    return all(isinstance(r[key], int | float) or r[key] in (None, "") for r in rows)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:g}" if isinstance(value, float) else str(value)


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
