"""What ``hw``, ``grid`` and ``model`` share: rows in, a table or data out."""

import sys
from typing import Annotated, Any

import typer

from carbonctl.cli import options as o
from carbonctl.cli.complete import of
from carbonctl.core.record import record as record_class

ROWS, ONE = ("table", "json", "csv"), ("table", "json")
Word = Annotated[str, typer.Argument(help="Part of a name.")]
_ROWS = typer.Option("-f", "--format", help="table, json or csv.", autocompletion=of(ROWS))
_ONE = typer.Option("-f", "--format", help="table or json.", autocompletion=of(ONE))
FLAGS = ("format", "json", "hardware_db")


@record_class
class RowsRunOptions(o.RunOptions):
    """The flags of a command that lists rows."""

    format: Annotated[o.Text, _ROWS] = None


@record_class
class OneRunOptions(o.RunOptions):
    """The flags of a command that shows one record."""

    format: Annotated[o.Text, _ONE] = None


def open_catalog(run: o.RunOptions) -> Any:
    """The catalog with the folder of one's own, if any."""
    from carbonctl.catalog.read import Catalog  # noqa: PLC0415 - after good flags

    return Catalog.open(run.hardware_db)


def show_record(record: Any, form: str) -> None:
    """Print one record: every fact with its range and source."""
    from carbonctl.report.machine import as_json  # noqa: PLC0415
    from carbonctl.report.text import record as report  # noqa: PLC0415 - only to show one
    from carbonctl.report.text.wrapped import terminal_width  # noqa: PLC0415

    if record.assumed:
        note(record.assumed)
    data = as_json(report.as_data(record)) if form == "json" else ""
    sys.stdout.write(data or report.as_text(record, terminal_width()))


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
    from carbonctl.report.text.wrapped import table, terminal_width  # noqa: PLC0415

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
    from carbonctl.report.text.wrapped import fold, terminal_width  # noqa: PLC0415 - for people alone

    sys.stdout.write("\n" + "\n".join(fold(text, terminal_width())) + "\n")


def note(message: str) -> None:
    """Say on stderr what was assumed; data on stdout stay as they are."""
    sys.stderr.write(f"note: {message}\n")
