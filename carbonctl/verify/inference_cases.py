"""Tables of measured services, of energy or of published throughput, as cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core import files
from carbonctl.verify import serving_cases, throughput_cases
from carbonctl.verify.serving_cases import Cases

if TYPE_CHECKING:
    from pathlib import Path

    from carbonctl.catalog.read import Catalog


def read_cases(path: Path, catalog: Catalog) -> Cases:
    """Cases of a table of either kind, told apart by its columns; InputError with bad cells.

    The bundled table of energy comes with that of throughput, its neighbor.
    """
    if _is_of_throughput(path):
        return throughput_cases.read_cases(path, catalog)
    table = serving_cases.read_cases(path, catalog)
    if path != catalog.roots[-1] / "published" / "inference.csv":
        return table
    more = throughput_cases.read_cases(path.with_name("throughput.csv"), catalog)
    return Cases([*table.cases, *more.cases], table.excluded | more.excluded, table.sha256)


def _is_of_throughput(path: Path) -> bool:
    head = files.read(str(path), files.MAX_LOG).split(b"\n", 1)[0]
    return throughput_cases.MARK_COLUMN.encode() in head
