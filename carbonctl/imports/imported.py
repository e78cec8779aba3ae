"""What an importer finds, and how it refuses what it cannot read."""

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
    """One training run: its evidence, the device as the log calls it, and where it was read.

    ``hours`` are the device-hours that an energy was measured over, devices as software counts
    them; ``boards_kwh`` is the part of the energy that the boards drew, where the log has it;
    ``place``, ``region`` and ``pue`` are of its site, where runs have sites of their own.
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
    """The shape of a language model, by the names of the scenario file, or its ``name``."""

    shape: dict[str, int]
    comments: tuple[str, ...]
    precision: str
    precision_comment: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """Everything that the files say; what they cannot say stays empty."""

    runs: tuple[ImportedRun, ...] = ()
    comments: tuple[str, ...] = ()
    place: str = ""
    region: str = ""
    pue: float | None = None
    model: ImportedModel | None = None
    notes: tuple[str, ...] = ()  # what was left out or looks wrong, for those who run the import


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a log, cut into values; ``columns`` names their places."""

    file: str
    number: int
    text: str
    values: list[str] = field(default_factory=list)
    columns: dict[str, int] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """The value of a column, empty when the log has no such column."""
        place = self.columns.get(name)
        return self.values[place] if place is not None and place < len(self.values) else ""

    def mark(self, name: str = "") -> Mark:
        """Where the value of a column stands, or the line as a whole."""
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

    def refuse(self, code: str, message: str, name: str = "", hint: str = "") -> NoReturn:
        """An error at a column of this line."""
        raise_at(code, message, self.mark(name), hint, self.text)


def raise_at(code: str, message: str, mark: Mark, hint: str = "", text: str = "") -> NoReturn:
    """An error at a place, with its line where that is known."""
    before = [""] * ((mark.line or 1) - 1)
    sources = {mark.file: [*before, text]} if text else {}
    raise InputError([Problem(code, message, mark, hint)], sources)


def printable(text: str) -> str:
    """Text on one line, without what a terminal or YAML could take for more than text."""
    return "".join(c if c.isprintable() else "?" for c in text)


def base_name(file: str) -> str:
    """The last part of a file's name, for notes."""
    return file.replace("\\", "/").rpartition("/")[2]


def format_list(names: Iterable[str], most: int = 4) -> str:
    """The first few of some names, and how many more there are."""
    all_names = list(dict.fromkeys(names))
    more = len(all_names) - most
    return ", ".join(all_names[:most]) + (f" and {more} more" if more > 0 else "")


def format_count(number: int, noun: str) -> str:
    """``1 run``, ``2 runs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
