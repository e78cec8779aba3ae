"""Checks of the user's own hardware data, run when a file of the folder is read."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from carbonctl.catalog import ranges
from carbonctl.core.errors import Mark, Problem, UserDataError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    from carbonctl.catalog.read import Catalog


def check_record(catalog: Catalog, kind: str, record_id: str) -> None:
    """UserDataError with every impossible value of a record."""
    _raise_if_any(_record_problems(catalog, kind, record_id))


def check_defaults(catalog: Catalog) -> None:
    """UserDataError with every default that is impossible or does not exist."""
    _raise_if_any(_default_problems(catalog))


def check_table(catalog: Catalog, kind: str, path: Path, bundled_path: Path) -> None:
    """UserDataError with every impossible cell; ``kind`` is the record kind of an alias table."""
    _raise_if_any(_table_problems(catalog, kind, path, bundled_path))


def _raise_if_any(problems: list[Problem]) -> None:
    if problems:
        raise UserDataError(problems)


@cache
def _record_problems(catalog: Catalog, kind: str, record_id: str) -> list[Problem]:
    return ranges.record_problems(catalog.unchecked_record(kind, record_id))


@cache
def _default_problems(catalog: Catalog) -> list[Problem]:
    from carbonctl.catalog.read import default_files, load_document

    paths = default_files(catalog)
    own = [path for path in paths if catalog.roots[0] in path.parents]
    names = [name for path in paths if path not in own for name in load_document(path).data]
    problems: list[Problem] = []
    for path in own:
        document = load_document(path)
        for name in document.data:
            if name not in names:
                mark, hint = document.mark((name,), key=True), did_you_mean(name, names)
                problems.append(Problem("CC402", f'there is no default "{name}"', mark, hint))
                continue
            try:
                catalog.unchecked_default(name)
            except UserDataError as error:
                problems += error.problems
    return problems


@cache
def _table_problems(catalog: Catalog, kind: str, path: Path, bundled_path: Path) -> list[Problem]:
    from carbonctl.catalog.read import load_rows

    ours = load_rows(bundled_path) if bundled_path.is_file() else []
    rows = [row for row in load_rows(path) if row not in ours]
    problems = [found for row in rows for found in ranges.row_problems(row, str(path), row.line)]
    for row in rows if kind else ():
        record_id = row.get("id") or ""
        if record_id and catalog.path(kind, record_id) is None:
            message = f"{row.get('spelling')}: {record_id} has no file"
            problems.append(Problem("CC402", message, Mark(str(path), row.line, 1)))
    return problems
