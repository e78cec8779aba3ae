"""Shared parts of ``hw``, ``grid`` and ``model``: flags, and output of rows and records."""

import sys
from typing import Annotated, Any

import typer

from carbonctl.cli import options as o
from carbonctl.cli.complete import complete_choices
from carbonctl.core.record import record as record_class

ROW_FORMATS, RECORD_FORMATS = ("table", "json", "csv"), ("table", "json")
Word = Annotated[str, typer.Argument(help="Part of a name.")]
_ROW_FORMAT_OPTION = typer.Option(
    "-f", "--format", help="table, json or csv.", autocompletion=complete_choices(ROW_FORMATS)
)
_RECORD_FORMAT_OPTION = typer.Option(
    "-f", "--format", help="table or json.", autocompletion=complete_choices(RECORD_FORMATS)
)
FLAGS = ("format", "json", "hardware_db")


@record_class
class RowListOptions(o.RunOptions):
    """The flags of a command that lists rows."""

    format: Annotated[o.Text, _ROW_FORMAT_OPTION] = None


@record_class
class RecordOptions(o.RunOptions):
    """The flags of a command that shows one record."""

    format: Annotated[o.Text, _RECORD_FORMAT_OPTION] = None


def open_catalog(run: o.RunOptions) -> Any:
    """The catalog, with the user's own folder of ``--hardware-db`` if any."""
    from carbonctl.catalog.read import Catalog

    return Catalog.open(run.hardware_db)


def show_record(record: Any, form: str) -> None:
    """Print one record: every fact with its range and source."""
    from carbonctl.report.machine import as_json
    from carbonctl.report.text import record as report
    from carbonctl.report.text.wrapping import terminal_width

    if record.assumed:
        write_note(record.assumed)
    data = as_json(report.record_as_data(record)) if form == "json" else ""
    sys.stdout.write(data or report.format_record(record, terminal_width()))


def show_rows(rows: list[dict[str, Any]], form: str) -> None:
    """Print rows; the columns are those of the first row."""
    if form == "json":
        from carbonctl.report.machine import as_json

        sys.stdout.write(as_json(rows))
    elif form == "csv":
        _write_csv(rows)
    else:
        _write_table(rows)


def _write_csv(rows: list[dict[str, Any]]) -> None:
    import csv

    from carbonctl.report.csv_rows import escape_formula

    writer = csv.DictWriter(sys.stdout, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: escape_formula(value) for key, value in row.items()} for row in rows)


def _write_table(rows: list[dict[str, Any]]) -> None:
    from carbonctl.report.numbers import printable
    from carbonctl.report.text.wrapping import format_table, terminal_width

    if rows:
        cells = [[printable(_format_cell(value)) for value in row.values()] for row in rows]
        numeric = [_is_numeric(rows, key) for key in rows[0]]
        sys.stdout.write(format_table([list(rows[0]), *cells], numeric, terminal_width()))


def _is_numeric(rows: list[dict[str, Any]], key: str) -> bool:
    return all(isinstance(r[key], int | float) or r[key] in (None, "") for r in rows)


def _format_cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:g}" if isinstance(value, float) else str(value)


def write_sentence(text: str) -> None:
    """Write a sentence below a table."""
    from carbonctl.report.text.wrapping import fold_text, terminal_width

    sys.stdout.write("\n" + "\n".join(fold_text(text, terminal_width())) + "\n")


def write_note(message: str) -> None:
    """Write a note to stderr."""
    sys.stderr.write(f"note: {message}\n")
