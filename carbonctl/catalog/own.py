"""Checks of a folder of the user's own, made when a file of it is read: values that cannot be."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from carbonctl.catalog import ranges
from carbonctl.core.errors import Mark, OwnDataError, Problem, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    from carbonctl.catalog.read import Catalog


def check_record(catalog: Catalog, kind: str, record_id: str) -> None:
    """OwnDataError with every value of a record that cannot be."""
    _raise(_of_record(catalog, kind, record_id))


def check_defaults(catalog: Catalog) -> None:
    """OwnDataError with every default that cannot be, or that nothing asks for."""
    _raise(_of_defaults(catalog))


def check_table(catalog: Catalog, kind: str, path: Path, bundled_path: Path) -> None:
    """OwnDataError with every cell that cannot be; ``kind`` is what a table of aliases is of."""
    _raise(_of_table(catalog, kind, path, bundled_path))


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise OwnDataError(problems)


@cache
def _of_record(catalog: Catalog, kind: str, record_id: str) -> list[Problem]:
    return ranges.of_record(catalog.unchecked(kind, record_id))


@cache
def _of_defaults(catalog: Catalog) -> list[Problem]:
    from carbonctl.catalog.read import document_of, paths_of_defaults  # noqa: PLC0415 - it calls us

    paths = paths_of_defaults(catalog)
    own = [path for path in paths if catalog.roots[0] in path.parents]
    names = [name for path in paths if path not in own for name in document_of(path).data]
    problems: list[Problem] = []
    for path in own:
        document = document_of(path)
        for name in document.data:
            if name not in names:
                mark, hint = document.mark((name,), key=True), did_you_mean(name, names)
                problems.append(Problem("CC402", f'there is no default "{name}"', mark, hint))
                continue
            try:
                catalog.unchecked_default(name)
            except OwnDataError as error:
                problems += error.problems
    return problems


@cache
def _of_table(catalog: Catalog, kind: str, path: Path, bundled_path: Path) -> list[Problem]:
    from carbonctl.catalog.read import rows_of  # noqa: PLC0415 - it calls us

    ours = rows_of(bundled_path) if bundled_path.is_file() else []
    rows = [row for row in rows_of(path) if row not in ours]
    problems = [found for row in rows for found in ranges.of_row(row, str(path), row.line)]
    for row in rows if kind else ():
        record_id = row.get("id") or ""
        if record_id and catalog.path(kind, record_id) is None:
            message = f"{row.get('spelling')}: {record_id} has no file"
            problems.append(Problem("CC402", message, Mark(str(path), row.line, 1)))
    return problems
