"""The context in which a scenario is resolved: positions, catalog, problems and notes."""

from __future__ import annotations

import shlex
from dataclasses import field, replace
from typing import TYPE_CHECKING, NoReturn, TypeVar

from carbonctl.catalog.read import AmbiguousName, Catalog, Record, UnknownName
from carbonctl.core.errors import Mark, Problem
from carbonctl.core.fact import Fact, Shape, Tier, weakest_tier
from carbonctl.core.record import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.strict_yaml import Document, Path
    from carbonctl.scenario.resolve.hardware.part_model import PartModel
    from carbonctl.scenario.resolve.serving.service_check import ServiceCheck
    from carbonctl.scenario.schema.quantity import StatedQuantity

T = TypeVar("T")
ONE = Fact("one", 1.0, "1", "conservation", "derived", tier="published", label="one piece")

_NAMES_OF_KINDS = {
    "accelerators": ("CC103", "accelerator", "hw"),
    "servers": ("CC104", "server", "hw"),
    "models": ("CC105", "model", "model"),
}


class Unresolved(Exception):  # noqa: N818 - a signal between resolving functions, never shown
    """Raised where a part of the scenario cannot be resolved; its problem is already noted."""


def attempt(build: Callable[[], T]) -> T | None:
    """The result of ``build``; None where it raises ``Unresolved``."""
    try:
        return build()
    except Unresolved:
        return None


@record
class Context:
    """Positions and catalog, with the problems, warnings and notes collected so far."""

    document: Document
    catalog: Catalog
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    not_estimated: dict[str, str] = field(default_factory=dict)
    accounting: str = "location"
    part_model: PartModel | None = None  # where hardware is resolved
    used_paths: set[Path] = field(default_factory=set)  # paths of quantities that were used
    service_checks: dict[str | int, ServiceCheck] = field(default_factory=dict)  # by phase

    def without_notes(self) -> Context:
        """A copy whose problems are discarded, for a figure that is only compared."""
        return replace(self, problems=[], warnings=[], not_estimated={})

    def path_in_file(self, path: Path) -> Path:
        """Path at which a value is written: in the run itself, or in ``train`` for all runs."""
        if path[:2] == ("train", "runs") and path not in self.document.marks:
            shared = ("train", *path[3:])
            if shared in self.document.marks:
                return shared
        return path

    def mark(self, path: Path) -> Mark | None:
        """Position in the file of a value, or of the nearest enclosing section."""
        return self.document.mark(self.path_in_file(path))

    def fail(
        self,
        code: str,
        message: str,
        path: Path,
        hint: str = "",
        help_: str = "",
        *,
        absent: bool = False,
    ) -> NoReturn:
        """Note a problem and raise ``Unresolved``.

        A problem of an ``absent`` section is not noted where the file has a misspelled section,
        which is reported already.
        """
        if not (absent and self.document.unknown_top_keys):
            self.problems.append(Problem(code, message, self.mark(path), hint, help_))
        raise Unresolved

    def warn(self, code: str, message: str, path: Path, hint: str = "") -> None:
        """Note a warning."""
        self.warnings.append(Problem(code, message, self.mark(path), hint))

    def note_not_estimated(self, part: str, reason: str, path: Path = ()) -> None:
        """Note a part of hardware that is not estimated, with a warning."""
        self.not_estimated[part] = reason
        self.warn("CC304", f"{part}: not estimated, {reason}", path)

    def stated_fact(
        self,
        given: StatedQuantity | None,
        path: Path,
        label: str,
        *,
        unit: str | None = None,
        shape: Shape | None = None,
        tier: Tier = "measured",
    ) -> Fact:
        """The fact of a stated quantity, with its position; the quantity counts as used."""
        assert given is not None  # noqa: S101 - callers have seen it in the scenario
        path = self.path_in_file(path)
        self.used_paths.add(path)
        mark = self.document.mark(path)
        return Fact(
            key=".".join(str(step) for step in path),
            value=given.value,
            unit=unit or given.unit,
            source=given.source or "user",
            origin="scenario" if mark and mark.line else "cli",
            low=given.low,
            high=given.high,
            range_kind=given.range_kind,
            shape=shape or given.shape,
            tier=tier,
            note=given.note,
            label=label,
            boundary=given.scope,
            where=mark,
        )

    def override(
        self,
        given: Fact,
        row: Fact | None,
        *,
        alike: bool = True,
        more_is_less_carbon: bool = False,
    ) -> Fact:
        """A stated fact that replaces a fact of hardware_db.

        Without a source it takes the relative range of that fact, and counts as modeled. Where the
        two are not ``alike`` (the idle power is a lower bound of any power), it keeps its own
        range. ``more_is_less_carbon`` marks a fact whose larger value means less carbon.
        """
        if row is None or row.is_from_user or not given.is_from_user:
            return given
        made = replace(given, replaces=row, more_is_less_carbon=more_is_less_carbon)
        sourced_row = row.origin == "hardware_db"
        if given.has_source or not alike or not sourced_row:
            return made
        return _widen_range(replace(made, tier=weakest_tier([row.tier, "modeled"])), row)

    def default(self, name: str) -> Fact:
        """The default of this name, from ``defaults.yaml``."""
        return self.catalog.default(name)

    def rule(self, name: str) -> Fact:
        """The default of this name, where a stated value implies it; its origin is "derived"."""
        return replace(self.default(name), origin="derived")

    def stated_or_default(self, given: StatedQuantity | None, path: Path, default: str) -> Fact:
        """The fact of a stated quantity, else the default of that name."""
        fallback = self.default(default)
        if given is None:
            return fallback
        return self.stated_fact(
            given, path, fallback.label, unit=fallback.unit, shape=fallback.shape
        )

    def record(self, kind: str, name: str, path: Path) -> Record:
        """A record by name; an unknown or ambiguous name is a problem at ``path``."""
        try:
            record = self.catalog.record(kind, name)
        except UnknownName as error:
            code, noun, verb = _NAMES_OF_KINDS.get(kind, ("CC107", kind.rstrip("s"), "hw"))
            hint = error.hint()
            word = name.split("-", maxsplit=1)[0] or name
            self.fail(
                code,
                f'unknown {noun} "{name}"',
                path,
                hint,
                f"carbonctl {verb} search {shlex.quote(word)}",
            )
        except AmbiguousName as error:
            options = ", ".join(error.choices)
            self.fail("CC106", f'"{name}" matches several devices', path, f"say which: {options}")
        if record.assumed:
            self.warn("CC106", record.assumed, path)
        return replace(record, where=self.mark(path))

    def required_fact(
        self, record: Record, field_name: str, path: Path, label: str = "", hint: str = ""
    ) -> Fact:
        """A fact of a record; a missing one is a problem at ``path``."""
        fact = record.fact(field_name, label=label)
        if fact is None:
            what = field_name.replace("_", " ")
            self.fail("CC304", f"{record.name} has no known {what}", path, hint)
        return fact

    def required_number(self, record: Record, field_name: str, path: Path, label: str = "") -> Fact:
        """A number of a record that has no range; a missing one is a problem at ``path``."""
        fact = record.plain_fact(field_name, label=label)
        if fact is None:
            self.fail("CC304", f"{record.name} has no known {field_name.replace('_', ' ')}", path)
        return fact


def as_archetype(fact: Fact, reason: str) -> Fact:
    """The same fact as a stand-in for an unknown one: origin "archetype", tier "proxy"."""
    return replace(fact, origin="archetype", tier="proxy", note=reason)


def _widen_range(given: Fact, row: Fact) -> Fact:
    """The fact with the relative range of a row, where its own range is narrower or absent."""
    if row.low is None or row.high is None:
        return given
    least = 1.0 if row.shape == "pue" else 0.0
    if row.value <= least:
        return given
    ratio = (given.value - least) / (row.value - least)
    low, high = (least + (end - least) * ratio for end in (row.low, row.high))
    if given.low is not None and given.high is not None and given.low <= low <= high <= given.high:
        return given
    return replace(given, low=low, high=high, range_kind=row.range_kind)


def derive_fact(key: str, value: float, like: Fact, note: str, label: str) -> Fact:
    """A fact proportional to another one, with its source and its relative range."""
    ratio = value / like.value if like.value else 1.0
    return replace(
        like,
        key=key,
        value=value,
        low=None if like.low is None else like.low * ratio,
        high=None if like.high is None else like.high * ratio,
        note=note,
        label=label,
        replaces=None,
        derived_from=(*like.derived_from, like.key),
    )
