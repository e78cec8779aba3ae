"""Read one record of hardware_db by its id; nothing else is opened."""

from __future__ import annotations

import csv
import io
import os
import re
from dataclasses import replace
from functools import cache, cached_property
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carbonctl.catalog import own, ranges
from carbonctl.catalog.locate import bundled
from carbonctl.catalog.record import Record
from carbonctl.core import files, strict_yaml
from carbonctl.core.errors import (
    CarbonctlError,
    DataError,
    Mark,
    OwnDataError,
    Problem,
    format_did_you_mean,
)
from carbonctl.core.record import value_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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

    def __init__(
        self,
        kind: str,
        name: str,
        choices: list[str],
        known: dict[str, str] | None = None,
        near: Callable[[], list[str]] | None = None,
    ) -> None:
        """``known`` is the id by each of its names, ``near`` looks for what to offer instead."""
        super().__init__(name)
        self._near = near
        self.kind, self.name, self.choices = kind, name, choices
        self.known = known or {choice: choice for choice in choices}

    @cached_property
    def near(self) -> list[str]:
        """Names to offer instead; found when asked for, as that takes longer than any look-up."""
        from carbonctl.catalog.similar import similar  # noqa: PLC0415 - on the way out

        return similar(self.name, self.known) if self._near is None else self._near()

    def hint(self) -> str:
        """``did you mean ...?`` with what is spelled nearly alike; empty where nothing is."""
        return format_did_you_mean(self.near)


class AmbiguousName(LookupError):  # noqa: N818
    """A short name fits several records; carries them."""

    def __init__(self, name: str, choices: list[str]) -> None:
        super().__init__(name)
        self.name, self.choices = name, choices


@value_record
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
            files.register_folder(roots[0])
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
        return list(self._ids(kind))

    @cache  # noqa: B019 - a catalog lives as long as the program
    def _ids(self, kind: str) -> tuple[str, ...]:
        found = {p.stem for root in self.roots for p in (root / kind).glob("*.yaml")}
        return tuple(sorted(found))

    def record(self, kind: str, name: str) -> Record:
        """The record with this id or alias; UnknownName or AmbiguousName when there is none."""
        record = self.unchecked(kind, name)
        if record.overlay:
            own.check_record(self, kind, record.id)
        return record

    def unchecked(self, kind: str, name: str) -> Record:
        """The same, for those who say themselves what is wrong with the values in it."""
        path, match = self.path(kind, name), None
        if path is None:
            from carbonctl.catalog.named import find_record  # noqa: PLC0415 - an id opens one file

            match = find_record(self, kind, name)
            path = self.path(kind, match.id)
        if path is None:
            raise UnknownName(kind, name, self.ids(kind))
        document = document_of(path)
        data = document.data
        if match and match.stored:
            data = data | {"default_dtype": match.stored, "dtype_named": name}
        assumed = match.note if match else ""
        return Record(kind, path.stem, data, document, self._overlay(path), assumed=assumed)

    def _overlay(self, path: Path) -> str:
        """The file as people know it, where it is one of the user's own; else nothing."""
        own = len(self.roots) > 1 and self.roots[0] in path.parents
        return str(path) if own else ""

    @cache  # noqa: B019 - a catalog lives as long as the program
    def aliases(self, kind: str) -> dict[str, list[str]]:
        """Other spellings of the ids of a kind; several ids where a spelling is ambiguous.

        A spelling of the user's own folder stands in for the bundled one.
        """
        found: dict[str, list[str]] = {}
        for rows in self._alias_rows(kind):
            mine: dict[str, list[str]] = {}
            for row in rows:
                mine.setdefault(row["spelling"].lower(), []).append(row["id"])
            found = mine | found
        return found

    def alias_notes(self, kind: str) -> dict[tuple[str, str], str]:
        """Why a spelling that several records share means one of them, by spelling and id."""
        aliases = self.aliases(kind)
        rows = (row for rows in self._alias_rows(kind) for row in rows)
        return {
            (row["spelling"].lower(), row["id"]): note
            for row in rows
            if (note := row.get("note")) and row["id"] in aliases[row["spelling"].lower()]
        }

    def _alias_rows(self, kind: str) -> Iterator[Sequence[dict[str, str]]]:
        """Rows of other spellings, a list a folder, the overlay's first."""
        for root in self.roots if kind in ALIASES else ():
            path = root / ALIASES[kind]
            if path.is_file():
                yield self._checked_rows(path, kind, ALIASES[kind])

    @cache  # noqa: B019 - a catalog lives as long as the program
    def default(self, name: str) -> Fact:
        """A default fact: judged in ``defaults.yaml``, or fitted to published runs."""
        if len(self.roots) > 1:
            own.check_defaults(self)
        return self.unchecked_default(name)

    def unchecked_default(self, name: str) -> Fact:
        """The same, for those who say themselves what is wrong with the others."""
        found = [path for path in paths_of_defaults(self) if name in document_of(path).data]
        if not found:
            raise DataError([Problem("CC402", f"defaults.yaml has no fact {name}")])
        base = self._default(name, found[-1], {})
        if len(found) == 1 or not self._overlay(found[0]):
            return base
        return self._default(name, found[0], document_of(found[-1]).data[name], base)

    def _default(
        self, name: str, path: Path, like: dict[str, Any], base: Fact | None = None
    ) -> Fact:
        """A default of one file; unit and shape are those of the bundled one where there is one."""
        document = document_of(path)
        data = document.data
        if like and isinstance(data[name], dict):
            kept = {key: like[key] for key in ("unit", "shape") if key in like}
            data = data | {name: kept | data[name]}
        record = Record("defaults", "defaults", data, document, self._overlay(path))
        fact = record.fact(name, origin="default")
        assert fact is not None  # noqa: S101 - the name is there
        expected = "" if base is None else ranges.unlike(fact, base)
        if expected:
            mark = document.mark((name,))
            raise OwnDataError([Problem("CC402", f"default:{name}: expected {expected}", mark)])
        label = str(data[name].get("label", name.replace("_", " ")))
        return replace(fact, key=f"default:{name}", tier="modeled", label=label)

    def sources(self) -> dict[str, dict[str, Any]]:
        """Citations by id."""
        merged: dict[str, dict[str, Any]] = {}
        for root in reversed(self.roots):
            path = root / "sources.yaml"
            if path.is_file():
                merged |= document_of(path).data
        return merged

    def table(self, name: str) -> Iterator[dict[str, str]]:
        """Rows of a CSV table, the overlay's first."""
        for root in self.roots:
            path = root / name
            if path.is_file():
                kind = next((kind for kind, table in ALIASES.items() if table == name), "")
                yield from self._checked_rows(path, kind, name)

    def _checked_rows(self, path: Path, kind: str, name: str) -> Sequence[dict[str, str]]:
        """Rows of one file; those of the user's own folder are held to what they can be."""
        rows = rows_of(path)
        if self._overlay(path):
            own.check_table(self, kind, path, self.roots[-1] / name)
        return rows

    def own(self, row: dict[str, str]) -> str:
        """The file of a table's row as people know it, where it is one of the user's own."""
        return self._overlay(row.path) if isinstance(row, Row) else ""

    def overlaid(self, key: str) -> bool:
        """Whether the record behind a fact's key comes from the user's own folder."""
        kind, _, rest = key.partition("/")
        found = self.path(kind, rest.partition(":")[0])
        return found is not None and self._overlay(found) != ""


def default_names(catalog: Catalog) -> list[str]:
    """Names of every default fact."""
    paths = paths_of_defaults(catalog)
    return list(dict.fromkeys(name for path in paths for name in document_of(path).data))


def fitted_names(catalog: Catalog, model: str) -> list[str]:
    """Names of the constants of the model of training, of serving, or of what is embodied."""
    return list(document_of(catalog.roots[-1] / _FITTED[model]).data)


@cache
def mfu_constant(architecture: str) -> str:
    """Name of the fact that holds the saturated utilization of an accelerator architecture."""
    return f"saturated_mfu_{architecture.lower().replace(' ', '_')}"


def paths_of_defaults(catalog: Catalog) -> list[Path]:
    names = ("defaults.yaml", *_FITTED.values())
    paths = (root / name for root in catalog.roots for name in names)
    return [path for path in paths if path.is_file()]


_TOO_LARGE = {"CC005", "CC011"}


@cache
def document_of(path: Path) -> strict_yaml.Document:
    try:
        document = strict_yaml.read(path)
    except CarbonctlError as error:
        if error.problems[0].code in _TOO_LARGE:
            raise
        raise DataError(error.problems) from None
    if not isinstance(document.data, dict):
        raise DataError([Problem("CC402", f"{path}: not a mapping")])
    return document


class Row(dict[str, str]):
    """A row of a table; asking for a column that its table lacks is a data error."""

    path = Path()  # the file that it stands in
    line = 0

    def __missing__(self, column: str) -> str:
        raise DataError([Problem("CC402", f"a table of hardware_db has no column {column}")])


@cache
def rows_of(path: Path) -> list[Row]:
    raw = files.read(str(path), files.MAX_TEXT)
    if len(raw) > files.MAX_TEXT:
        message = f"the file is larger than {files.MAX_TEXT // 10**6} MB"
        raise OwnDataError([Problem("CC005", message, Mark(str(path)))])
    rows: list[Row] = []
    try:
        lines = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
        head = next(lines, [])
        for cells in lines:
            if cells:
                rows.append(Row(zip_longest(head, cells)))
                rows[-1].path, rows[-1].line = path, lines.line_num
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError([Problem("CC401", f"{path}: {error}")]) from None
    return rows
