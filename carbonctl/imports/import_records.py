"""Records of an import: runs, models, rows of logs; and errors at a position of a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NoReturn

from carbonctl.core.errors import InputError, Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

LogFormat = Literal["codecarbon", "nvidia-smi", "dmon", "dcgm", "slurm", "hf-config"]
Evidence = Literal["energy", "accelerator_hours", "power"]


@dataclass(frozen=True, slots=True)
class ImportedRun:
    """One training run: its evidence, the device name in the log, and a note on its source.

    ``value`` is in kWh, W or device-hours, by ``evidence``. ``hours`` are the device-hours of a
    measured energy; ``boards_kwh`` is the energy of the accelerator boards in kWh, if known.
    ``place``, ``region`` and ``pue`` are set if the runs have different sites.
    """

    evidence: Evidence
    value: float
    note: str
    scope: str = ""
    name: str = ""
    device: str = ""
    count: int = 0
    comments: tuple[str, ...] = ()
    hours: float = 0.0
    place: str = ""
    region: str = ""
    pue: float | None = None
    boards_kwh: float | None = None


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """The shape of a language model by keys of the scenario file, or the ``name`` of a model."""

    shape: dict[str, int]
    comments: tuple[str, ...]
    precision: str
    precision_comment: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """Contents of the imported files; unknown values are empty."""

    runs: tuple[ImportedRun, ...] = ()
    comments: tuple[str, ...] = ()
    place: str = ""
    region: str = ""
    pue: float | None = None
    model: ImportedModel | None = None
    notes: tuple[str, ...] = ()  # excluded rows and implausible values, printed by the command


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a log, split into values; ``columns`` maps names to indexes."""

    file: str
    number: int
    text: str
    values: list[str] = field(default_factory=list)
    columns: dict[str, int] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """The value of a column; empty if the log has no such column."""
        place = self.columns.get(name)
        return self.values[place] if place is not None and place < len(self.values) else ""

    def mark(self, name: str = "") -> Mark:
        """Position of the value of a column, or of the line."""
        place = self.columns.get(name)
        if place is None or place >= len(self.values):
            return Mark(self.file, self.number, 1)
        start = after = 0
        for value in self.values[: place + 1]:
            start = max(self.text.find(value, after), after)
            after = start + len(value)
            after += self.text[after : after + 1] == '"'
            after += self.text[after : after + 1] in {",", "|"}
        return Mark(self.file, self.number, start + 1, max(1, len(self.values[place])))

    def raise_error(self, code: str, message: str, name: str = "", hint: str = "") -> NoReturn:
        """Raise an InputError at a column of this line."""
        raise_at(code, message, self.mark(name), hint, self.text)


def raise_at(code: str, message: str, mark: Mark, hint: str = "", text: str = "") -> NoReturn:
    """Raise an InputError at a position, with the text of the line if known."""
    before = [""] * ((mark.line or 1) - 1)
    sources = {mark.file: [*before, text]} if text else {}
    raise InputError([Problem(code, message, mark, hint)], sources)


def printable(text: str) -> str:
    """Text on one line, with unprintable characters replaced by ``?``."""
    return "".join(c if c.isprintable() else "?" for c in text)


def base_name(file: str) -> str:
    """The file name without folders."""
    return file.replace("\\", "/").rpartition("/")[2]


def format_list(names: Iterable[str], most: int = 4) -> str:
    """Distinct names as text, at most ``most`` and the number of the others."""
    all_names = list(dict.fromkeys(names))
    more = len(all_names) - most
    return ", ".join(all_names[:most]) + (f" and {more} more" if more > 0 else "")


def format_count(number: int, noun: str) -> str:
    """A count with its noun: ``1 run``, ``2 runs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
