"""Read one record of hardware_db by its id; nothing else is opened."""

from __future__ import annotations

import csv
import os
import re
from dataclasses import replace
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carbonctl.catalog.locate import bundled
from carbonctl.catalog.record import Record
from carbonctl.core import strict_yaml
from carbonctl.core.errors import CarbonctlError, DataError, Problem
from carbonctl.core.record import compared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.core.fact import Fact

__all__ = ["ALIASES", "AmbiguousName", "Catalog", "Record", "UnknownName", "default_names"]
_ID = re.compile(r"[a-zA-Z0-9][\w.+-]{0,99}")
_FITTED = {model: f"{model}/constants.yaml" for model in ("training", "serving", "embodied")}
OVERLAY_VARIABLE = "CARBONCTL_HARDWARE_DB"
ALIASES = {
    "accelerators": "aliases.csv",
    "models": "models/aliases.csv",
    "network": "network/aliases.csv",
}


class UnknownName(LookupError):  # noqa: N818 - said to users as "unknown", it is no defect
    """No record has this name; carries the names that do exist."""

    def __init__(self, kind: str, name: str, choices: list[str]) -> None:
        super().__init__(name)
        self.kind, self.name, self.choices = kind, name, choices


class AmbiguousName(LookupError):  # noqa: N818
    """A short name fits several records; carries them."""

    def __init__(self, name: str, choices: list[str]) -> None:
        super().__init__(name)
        self.name, self.choices = name, choices


@compared
class Catalog:
    """The folders that records are looked up in: a user's overlay first, then the bundled one."""

    roots: tuple[Path, ...]

    @classmethod
    def open(cls, overlay: str | None = None) -> Catalog:
        """The bundled base, under ``overlay`` or the folder that the environment names."""
        folder = overlay or os.environ.get(OVERLAY_VARIABLE)
        roots: tuple[Path, ...] = (bundled("hardware_db"),)
        if not roots[0].is_dir():
            raise DataError([Problem("CC401", f"{roots[0]}: the bundled folder is missing")])
        if folder:
            if not Path(folder).is_dir() or not os.access(folder, os.R_OK | os.X_OK):
                hint = "--hardware-db and CARBONCTL_HARDWARE_DB name a readable folder"
                raise DataError([Problem("CC401", f"{folder}: not a readable folder", None, hint)])
            roots = (Path(folder), *roots)
        return cls(roots)

    @property
    def overlay(self) -> str:
        """The folder of one's own that lies over the bundled one; empty where there is none."""
        return str(self.roots[0]) if len(self.roots) > 1 else ""

    def path(self, kind: str, record_id: str) -> Path | None:
        """The file of a record, from the first folder that has it."""
        if not _ID.fullmatch(str(record_id)):  # of what is unknown there is no text
            return None
        paths = (root / kind / f"{record_id}.yaml" for root in self.roots)
        return next((path for path in paths if path.is_file()), None)

    def ids(self, kind: str) -> list[str]:
        """Every id of a kind, sorted."""
        found = {p.stem for root in self.roots for p in (root / kind).glob("*.yaml")}
        return sorted(found)

    def record(self, kind: str, name: str) -> Record:
        """The record with this id or alias; UnknownName or AmbiguousName when there is none."""
        path = self.path(kind, name) or self.path(kind, self._alias(kind, name))
        if path is None:
            choices = [*self.ids(kind), *(self.aliases(kind))]
            raise UnknownName(kind, name, choices)
        document = _document(path)
        return Record(kind, path.stem, document.data, document, self._overlay(path))

    def _overlay(self, path: Path) -> str:
        """The file as people know it, where it is one of the user's own; else nothing."""
        own = len(self.roots) > 1 and self.roots[0] in path.parents
        return str(path) if own else ""

    def _alias(self, kind: str, name: str) -> str:
        """The id behind another spelling, or behind an id without its vendor."""
        wanted = name.lower().strip()
        found = self.aliases(kind).get(wanted) or [
            i for i in self.ids(kind) if wanted and (i == wanted or i.endswith(f"-{wanted}"))
        ]
        if len(found) > 1:
            raise AmbiguousName(name, found)
        return found[0] if found else ""

    @cache  # noqa: B019 - a catalog lives as long as the program
    def aliases(self, kind: str) -> dict[str, list[str]]:
        """Other spellings of the ids of a kind; several ids where a spelling is ambiguous."""
        found: dict[str, list[str]] = {}
        for row in self.table(ALIASES[kind]) if kind in ALIASES else ():
            found.setdefault(row["spelling"], []).append(row["id"])
        return found

    def default(self, name: str) -> Fact:
        """A default fact: judged in ``defaults.yaml``, or fitted to published runs."""
        for path in _paths_of_defaults(self):
            if name in (document := _document(path)).data:
                record = Record(
                    "defaults", "defaults", document.data, document, self._overlay(path)
                )
                fact = record.fact(name, origin="default")
                assert fact is not None  # noqa: S101 - the name is there
                label = str(document.data[name].get("label", name.replace("_", " ")))
                return replace(fact, key=f"default:{name}", tier="modeled", label=label)
        raise DataError([Problem("CC402", f"defaults.yaml has no fact {name}")])

    def sources(self) -> dict[str, dict[str, Any]]:
        """Citations by id."""
        merged: dict[str, dict[str, Any]] = {}
        for root in reversed(self.roots):
            path = root / "sources.yaml"
            if path.is_file():
                merged |= _document(path).data
        return merged

    def table(self, name: str) -> Iterator[dict[str, str]]:
        """Rows of a CSV table, the overlay's first."""
        for root in self.roots:
            path = root / name
            if path.is_file():
                yield from _rows(path)

    def own(self, row: dict[str, str]) -> str:
        """The file of a table's row as people know it, where it is one of the user's own."""
        return self._overlay(row.path) if isinstance(row, _Row) else ""

    def overlaid(self, key: str) -> bool:
        """Whether the record behind a fact's key comes from the user's own folder."""
        kind, _, rest = key.partition("/")
        found = self.path(kind, rest.partition(":")[0])
        return found is not None and self._overlay(found) != ""


def default_names(catalog: Catalog) -> list[str]:
    """Names of every default fact."""
    paths = _paths_of_defaults(catalog)
    return list(dict.fromkeys(name for path in paths for name in _document(path).data))


def fitted_names(catalog: Catalog, model: str) -> list[str]:
    """Names of the constants of the model of training, of serving, or of what is embodied."""
    return list(_document(catalog.roots[-1] / _FITTED[model]).data)


@cache
def _paths_of_defaults(catalog: Catalog) -> list[Path]:
    names = ("defaults.yaml", *_FITTED.values())
    paths = (root / name for root in catalog.roots for name in names)
    return [path for path in paths if path.is_file()]


@cache
def _document(path: Path) -> strict_yaml.Document:
    try:
        document = strict_yaml.read(path)
    except CarbonctlError as error:
        raise DataError(error.problems) from None
    if not isinstance(document.data, dict):
        raise DataError([Problem("CC402", f"{path}: not a mapping")])
    return document


class _Row(dict[str, str]):
    """A row of a table; asking for a column that its table lacks is a data error."""

    path = Path()  # the file that it stands in

    def __missing__(self, column: str) -> str:
        raise DataError([Problem("CC402", f"a table of hardware_db has no column {column}")])


@cache
def _rows(path: Path) -> list[_Row]:
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            lines = csv.reader(handle)
            head = next(lines, [])
            rows = [_Row(zip_longest(head, cells)) for cells in lines if cells]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError([Problem("CC401", f"{path}: {error}")]) from None
    for row in rows:
        row.path = path
    return rows
