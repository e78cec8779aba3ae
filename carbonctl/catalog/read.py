"""The catalog: reads records, aliases, defaults, sources and tables of hardware_db on demand."""

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

from carbonctl.catalog import ranges, user_data
from carbonctl.catalog.locate import bundled_folder
from carbonctl.catalog.record import Record
from carbonctl.core import files, strict_yaml
from carbonctl.core.errors import (
    CarbonctlError,
    DataError,
    Mark,
    Problem,
    UserDataError,
    format_did_you_mean,
)
from carbonctl.core.record import value_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from carbonctl.core.fact import Fact

__all__ = ["ALIASES", "AmbiguousName", "Catalog", "Record", "UnknownName", "default_names"]
_RECORD_ID = re.compile(r"[a-zA-Z0-9][\w.+-]{0,99}")
_CONSTANT_FILES = {
    model: f"{model}/constants.yaml" for model in ("training", "serving", "embodied")
}
OVERLAY_VARIABLE = "CARBONCTL_HARDWARE_DB"
ALIASES = {
    "accelerators": "aliases.csv",
    "models": "models/aliases.csv",
    "network": "network/aliases.csv",
}


class UnknownName(LookupError):  # noqa: N818 - an expected outcome, not a defect
    """No record has this name; holds the existing names."""

    def __init__(
        self,
        kind: str,
        name: str,
        choices: list[str],
        known: dict[str, str] | None = None,
        suggest: Callable[[], list[str]] | None = None,
    ) -> None:
        """``known`` maps names to ids; ``suggest`` returns names to suggest."""
        super().__init__(name)
        self._near = suggest
        self.kind, self.name, self.choices = kind, name, choices
        self.known = known or {choice: choice for choice in choices}

    @cached_property
    def suggestions(self) -> list[str]:
        """Names to suggest instead; computed at the first use, because it is slow."""
        from carbonctl.catalog.similar_names import similar_names

        return similar_names(self.name, self.known) if self._near is None else self._near()

    def hint(self) -> str:
        """``did you mean ...?`` with similar names; empty if there are none."""
        return format_did_you_mean(self.suggestions)


class AmbiguousName(LookupError):  # noqa: N818
    """A short name matches several records; holds their ids."""

    def __init__(self, name: str, choices: list[str]) -> None:
        super().__init__(name)
        self.name, self.choices = name, choices


@value_record
class Catalog:
    """Hardware data of the bundled folder and, before it, of the user's own folder if any."""

    roots: tuple[Path, ...]

    @classmethod
    def open(cls, overlay: str | None = None) -> Catalog:
        """The catalog of the bundled folder, with ``overlay`` or the folder of the environment."""
        folder = overlay or os.environ.get(OVERLAY_VARIABLE)
        roots: tuple[Path, ...] = (bundled_folder("hardware_db"),)
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
        """The user's own folder, laid over the bundled one; empty if there is none."""
        return str(self.roots[0]) if len(self.roots) > 1 else ""

    def path(self, kind: str, record_id: str) -> Path | None:
        """The file of a record in the first folder that has it; None if no folder has."""
        if not _RECORD_ID.fullmatch(str(record_id)):
            return None
        paths = (root / kind / f"{record_id}.yaml" for root in self.roots)
        return next((path for path in paths if path.is_file()), None)

    def ids(self, kind: str) -> list[str]:
        """All ids of a kind, sorted."""
        return list(self._ids(kind))

    @cache  # noqa: B019 - a catalog lives as long as the program
    def _ids(self, kind: str) -> tuple[str, ...]:
        found = {p.stem for root in self.roots for p in (root / kind).glob("*.yaml")}
        return tuple(sorted(found))

    @cache  # noqa: B019 - a catalog lives as long as the program
    def record(self, kind: str, name: str) -> Record:
        """The record with this id or alias; UnknownName or AmbiguousName unless one matches."""
        record = self.unchecked_record(kind, name)
        if record.overlay:
            user_data.check_record(self, kind, record.id)
        return record

    def unchecked_record(self, kind: str, name: str) -> Record:
        """The same without checks of its values, for callers that check them."""
        path, match = self.path(kind, name), None
        if path is None:
            from carbonctl.catalog.record_lookup import find_record

            match = find_record(self, kind, name)
            path = self.path(kind, match.id)
        if path is None:
            raise UnknownName(kind, name, self.ids(kind))
        document = load_document(path)
        data = document.data
        if match and match.weight_format:
            data = data | {"default_dtype": match.weight_format, "dtype_named": name}
        assumed = match.note if match else ""
        return Record(kind, path.stem, data, document, self._overlay(path), assumed=assumed)

    def _overlay(self, path: Path) -> str:
        """The path as text, if the file is in the user's own folder; else empty."""
        own = len(self.roots) > 1 and self.roots[0] in path.parents
        return str(path) if own else ""

    @cache  # noqa: B019 - a catalog lives as long as the program
    def aliases(self, kind: str) -> dict[str, list[str]]:
        """Ids of a kind by alias; several ids if the alias is ambiguous.

        An alias of the user's own folder replaces the bundled one.
        """
        by_alias: dict[str, list[str]] = {}
        for rows in self._alias_rows(kind):
            mine: dict[str, list[str]] = {}
            for row in rows:
                mine.setdefault(row["spelling"].lower(), []).append(row["id"])
            by_alias = mine | by_alias
        return by_alias

    def alias_notes(self, kind: str) -> dict[tuple[str, str], str]:
        """Why an ambiguous alias means one of its ids, by alias and id."""
        aliases = self.aliases(kind)
        rows = (row for rows in self._alias_rows(kind) for row in rows)
        return {
            (row["spelling"].lower(), row["id"]): note
            for row in rows
            if (note := row.get("note")) and row["id"] in aliases[row["spelling"].lower()]
        }

    def _alias_rows(self, kind: str) -> Iterator[Sequence[dict[str, str]]]:
        """Alias rows of each folder, the user's own first."""
        for root in self.roots if kind in ALIASES else ():
            path = root / ALIASES[kind]
            if path.is_file():
                yield self._checked_rows(path, kind, ALIASES[kind])

    @cache  # noqa: B019 - a catalog lives as long as the program
    def default(self, name: str) -> Fact:
        """A default fact: judged in ``defaults.yaml``, or a constant fitted to published data."""
        if len(self.roots) > 1:
            user_data.check_defaults(self)
        return self.unchecked_default(name)

    def unchecked_default(self, name: str) -> Fact:
        """The same without checks of the other defaults, for callers that check them."""
        paths = [path for path in default_files(self) if name in load_document(path).data]
        if not paths:
            raise DataError([Problem("CC402", f"defaults.yaml has no fact {name}")])
        base = self._default(name, paths[-1], {})
        if len(paths) == 1 or not self._overlay(paths[0]):
            return base
        return self._default(name, paths[0], load_document(paths[-1]).data[name], base)

    def _default(
        self, name: str, path: Path, like: dict[str, Any], base: Fact | None = None
    ) -> Fact:
        """A default of one file; unit and shape come from the bundled default if there is one."""
        document = load_document(path)
        data = document.data
        if like and isinstance(data[name], dict):
            kept = {key: like[key] for key in ("unit", "shape") if key in like}
            data = data | {name: kept | data[name]}
        record = Record("defaults", "defaults", data, document, self._overlay(path))
        fact = record.fact(name, origin="default")
        assert fact is not None  # noqa: S101 - the name is there
        expected = "" if base is None else ranges.expected_default(fact, base)
        if expected:
            mark = document.mark((name,))
            raise UserDataError([Problem("CC402", f"default:{name}: expected {expected}", mark)])
        label = str(data[name].get("label", name.replace("_", " ")))
        return replace(fact, key=f"default:{name}", tier="modeled", label=label)

    def sources(self) -> dict[str, dict[str, Any]]:
        """Sources (citations) by id."""
        merged: dict[str, dict[str, Any]] = {}
        for root in reversed(self.roots):
            path = root / "sources.yaml"
            if path.is_file():
                merged |= load_document(path).data
        return merged

    def table(self, name: str) -> Iterator[dict[str, str]]:
        """Rows of a CSV table, those of the user's own folder first."""
        for root in self.roots:
            path = root / name
            if path.is_file():
                kind = next((kind for kind, table in ALIASES.items() if table == name), "")
                yield from self._checked_rows(path, kind, name)

    def _checked_rows(self, path: Path, kind: str, name: str) -> Sequence[dict[str, str]]:
        """Rows of one file; rows of the user's own folder are checked."""
        rows = load_rows(path)
        if self._overlay(path):
            user_data.check_table(self, kind, path, self.roots[-1] / name)
        return rows

    def user_file(self, row: dict[str, str]) -> str:
        """The file of a table row, if it is in the user's own folder; else empty."""
        return self._overlay(row.path) if isinstance(row, TableRow) else ""

    def is_overlaid(self, key: str) -> bool:
        """Whether the record of a fact's key comes from the user's own folder."""
        kind, _, rest = key.partition("/")
        found = self.path(kind, rest.partition(":")[0])
        return found is not None and self._overlay(found) != ""


def default_names(catalog: Catalog) -> list[str]:
    """Names of all default facts."""
    paths = default_files(catalog)
    return list(dict.fromkeys(name for path in paths for name in load_document(path).data))


def constant_names(catalog: Catalog, model: str) -> list[str]:
    """Names of the fitted constants of a model: ``training``, ``serving`` or ``embodied``."""
    return list(load_document(catalog.roots[-1] / _CONSTANT_FILES[model]).data)


@cache
def saturated_mfu_name(architecture: str) -> str:
    """Name of the default fact of the saturated MFU of an accelerator architecture."""
    return f"saturated_mfu_{architecture.lower().replace(' ', '_')}"


def default_files(catalog: Catalog) -> list[Path]:
    names = ("defaults.yaml", *_CONSTANT_FILES.values())
    paths = (root / name for root in catalog.roots for name in names)
    return [path for path in paths if path.is_file()]


_TOO_LARGE = {"CC005", "CC011"}


@cache
def load_document(path: Path) -> strict_yaml.Document:
    try:
        document = strict_yaml.read(path)
    except CarbonctlError as error:
        if error.problems[0].code in _TOO_LARGE:
            raise
        raise DataError(error.problems) from None
    if not isinstance(document.data, dict):
        raise DataError([Problem("CC402", f"{path}: not a mapping")])
    return document


class TableRow(dict[str, str]):
    """A row of a table; a missing column raises DataError."""

    path = Path()  # its file
    line = 0

    def __missing__(self, column: str) -> str:
        raise DataError([Problem("CC402", f"a table of hardware_db has no column {column}")])


@cache
def load_rows(path: Path) -> list[TableRow]:
    raw = files.read(str(path), files.MAX_TEXT)
    if len(raw) > files.MAX_TEXT:
        message = f"the file is larger than {files.MAX_TEXT // 10**6} MB"
        raise UserDataError([Problem("CC005", message, Mark(str(path)))])
    rows: list[TableRow] = []
    try:
        lines = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
        head = next(lines, [])
        for cells in lines:
            if cells:
                rows.append(TableRow(zip_longest(head, cells)))
                rows[-1].path, rows[-1].line = path, lines.line_num
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError([Problem("CC401", f"{path}: {error}")]) from None
    return rows
