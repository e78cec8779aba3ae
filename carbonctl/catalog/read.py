"""Read one record of hardware_db by its id; nothing else is opened."""

from __future__ import annotations

import csv
import os
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carbonctl.catalog.fields import SHARES, SIGNED, unit_of_field
from carbonctl.catalog.locate import bundled
from carbonctl.core import strict_yaml
from carbonctl.core.errors import CarbonctlError, DataError, Mark, Problem
from carbonctl.core.fact import Fact, Origin, Shape, Tier
from carbonctl.core.units import UnitError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

_ID = re.compile(r"[a-zA-Z0-9][\w.+-]{0,99}")
OVERLAY_VARIABLE = "CARBONCTL_HARDWARE_DB"


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


@dataclass(frozen=True)
class Record:
    """One file of hardware_db."""

    kind: str
    id: str
    data: dict[str, Any]
    document: strict_yaml.Document

    @property
    def name(self) -> str:
        """Name for people."""
        return str(self.data.get("name", self.id))

    def text(self, field: str) -> str:
        """A plain field as text, empty when absent."""
        value = self.data.get(field)
        return "" if value is None else str(value)

    def number(self, *fields: str) -> float | None:
        """A plain number, by a path of keys; None when unknown."""
        value: Any = self.data
        for field in fields:
            value = value.get(field) if isinstance(value, dict) else None
        return float(value) if isinstance(value, int | float) else None

    def fact(self, *path: str | int, label: str = "", origin: Origin | None = None) -> Fact | None:
        """The fact at a path of keys, in its canonical unit; None when the record lacks it."""
        entry: Any = self.data
        for step in path:
            try:
                entry = entry[step]
            except (KeyError, IndexError, TypeError):
                return None
        names = [p for p in reversed(path) if isinstance(p, str)]
        field = next((name for name in names if unit_of_field(name)), names[0])
        return self._fact(path, field, entry, label, origin)

    def plain(self, field: str, *, label: str = "") -> Fact | None:
        """A plain number of a record that names one source for the whole file."""
        value = self.data.get(field)
        if not isinstance(value, int | float):
            return None
        recalled = "recalled" if field in self.data.get("recalled", []) else None
        return Fact(
            key=f"{self.kind}/{self.id}:{field}",
            value=float(value),
            unit="1",
            source=self.text("source") or self._any_source(),
            origin=self._origin,
            tier="published",
            mark=self.text("mark") or recalled,
            label=label or field.replace("_", " "),
        )

    def _any_source(self) -> str:
        """Where a record of facts was read: the source of its first fact."""
        entries = (e for e in self.data.values() if isinstance(e, dict) and "source" in e)
        return next((str(entry["source"]) for entry in entries), "")

    @property
    def _origin(self) -> Origin:
        return "archetype" if self.id.startswith("archetype") else "hardware_db"

    def _fact(
        self, path: tuple[str | int, ...], field: str, entry: Any, label: str, origin: Origin | None
    ) -> Fact:
        key = f"{self.kind}/{self.id}:" + ".".join(map(str, path))
        if not isinstance(entry, dict):
            problem = Problem("CC402", f"{key}: a fact is {{value, source}}", self._mark(path))
            raise DataError([problem])
        own = None if self.kind == "defaults" else unit_of_field(field)
        unit = str(entry.get("unit") or own or "1")
        try:
            value = parse(entry["value"], unit)
            low, high = self._range(entry, unit)
        except (UnitError, KeyError, TypeError) as error:
            raise DataError([Problem("CC402", f"{key}: {error}", self._mark(path))]) from None
        mark_text = entry.get("mark")
        return Fact(
            key=key,
            value=value,
            unit=unit,
            source=str(entry.get("source", "")),
            origin=origin or self._origin,
            low=low,
            high=high,
            range_kind=entry.get("range_kind", "p05_p95"),
            shape=entry.get("shape") or _shape(field),
            tier=_tier(mark_text),
            mark=mark_text,
            note=str(entry.get("note", "")),
            label=label or f"{self.name}, {field.replace('_', ' ')}",
            boundary=str(entry.get("boundary", "")),
        )

    def _mark(self, path: tuple[str | int, ...]) -> Mark | None:
        return self.document.mark(path)

    @staticmethod
    def _range(entry: dict[str, Any], unit: str) -> tuple[float | None, float | None]:
        if "range" not in entry:
            return None, None
        suffix = str(entry["value"]).partition(" ")[2] if isinstance(entry["value"], str) else ""
        low, high = (parse(f"{end} {suffix}" if suffix else end, unit) for end in entry["range"])
        return low, high


def _shape(field: str) -> Shape:
    if field == "pue":
        return "pue"
    if field in SHARES or field.endswith("_share"):
        return "share"
    return "signed" if field in SIGNED else "positive"


def _tier(mark: str | None) -> Tier:
    return "published" if mark is None else "modeled"


@dataclass(frozen=True)
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

    def path(self, kind: str, record_id: str) -> Path | None:
        """The file of a record, from the first folder that has it."""
        if not _ID.fullmatch(record_id):
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
        return _read(kind, path)

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
        tables = {"accelerators": "aliases.csv", "models": "models/aliases.csv"}
        found: dict[str, list[str]] = {}
        for row in self.table(tables[kind]) if kind in tables else ():
            found.setdefault(row["spelling"], []).append(row["id"])
        return found

    def default(self, name: str) -> Fact:
        """A default fact; every default lives in ``defaults.yaml``."""
        for root in self.roots:
            path = root / "defaults.yaml"
            if path.is_file() and name in (document := _document(path)).data:
                record = Record("defaults", "defaults", document.data, document)
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

    def overlaid(self, key: str) -> bool:
        """Whether the record behind a fact's key comes from the user's own folder."""
        kind, _, rest = key.partition("/")
        found = self.path(kind, rest.partition(":")[0])
        return len(self.roots) > 1 and found is not None and self.roots[0] in found.parents


def default_names(catalog: Catalog) -> list[str]:
    """Names of every default fact."""
    paths = (root / "defaults.yaml" for root in catalog.roots)
    return list(dict.fromkeys(n for path in paths if path.is_file() for n in _document(path).data))


@cache
def _document(path: Path) -> strict_yaml.Document:
    try:
        document = strict_yaml.read(path)
    except CarbonctlError as error:
        raise DataError(error.problems) from None
    if not isinstance(document.data, dict):
        raise DataError([Problem("CC402", f"{path}: not a mapping")])
    return document


def _read(kind: str, path: Path) -> Record:
    document = _document(path)
    return Record(kind, path.stem, document.data, document)


class _Row(dict[str, str]):
    """A row of a table; asking for a column that its table lacks is a data error."""

    def __missing__(self, column: str) -> str:
        raise DataError([Problem("CC402", f"a table of hardware_db has no column {column}")])


@cache
def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            return [_Row(row) for row in csv.DictReader(handle)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError([Problem("CC401", f"{path}: {error}")]) from None
