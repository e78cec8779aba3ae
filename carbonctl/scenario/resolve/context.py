"""What resolving a scenario carries along: positions, the catalog, problems, and notes."""

from __future__ import annotations

import shlex
from dataclasses import field, replace
from typing import TYPE_CHECKING, NoReturn, TypeVar

from carbonctl.catalog.read import AmbiguousName, Catalog, Record, UnknownName
from carbonctl.core.errors import Mark, Problem
from carbonctl.core.fact import Fact, Shape, Tier, weakest
from carbonctl.core.record import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.strict_yaml import Document, Path
    from carbonctl.scenario.resolve.hardware.part_model import PartModel
    from carbonctl.scenario.resolve.serving.service_check import ServiceCheck
    from carbonctl.scenario.schema.quantity import Given

T = TypeVar("T")
ONE = Fact("one", 1.0, "1", "conservation", "derived", tier="published", label="one piece")

_UNKNOWN = {
    "accelerators": ("CC103", "accelerator", "hw"),
    "servers": ("CC104", "server", "hw"),
    "models": ("CC105", "model", "model"),
}


class Unresolved(Exception):  # noqa: N818 - a signal between resolving functions, never shown
    """A part of the scenario cannot be resolved; the problem is already noted."""


def tried(build: Callable[[], T]) -> T | None:
    """What a part of the scenario comes to; None where it cannot be resolved."""
    try:
        return build()
    except Unresolved:
        return None


@record
class Context:
    """Positions, catalog, and what is found on the way."""

    document: Document
    catalog: Catalog
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    not_estimated: dict[str, str] = field(default_factory=dict)
    accounting: str = "location"
    part_model: PartModel | None = None  # where hardware is resolved
    read: set[Path] = field(default_factory=set)  # places of quantities that were asked for
    service_checks: dict[str | int, ServiceCheck] = field(default_factory=dict)  # by phase

    def aside(self) -> Context:
        """The same for a figure that is only compared: what is wrong with it is not said."""
        return replace(self, problems=[], warnings=[], not_estimated={})

    def written(self, path: Path) -> Path:
        """Where a value stands: a run's own entry, or what the training section says for all."""
        if path[:2] == ("train", "runs") and path not in self.document.marks:
            shared = ("train", *path[3:])
            if shared in self.document.marks:
                return shared
        return path

    def mark(self, path: Path) -> Mark | None:
        """Position of a value, or of the nearest section around it."""
        return self.document.mark(self.written(path))

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
        """Note a problem and give up this part.

        Where a section is ``absent`` it may be there under a name that nobody knows, which is told.
        """
        if not (absent and self.document.misnamed):
            self.problems.append(Problem(code, message, self.mark(path), hint, help_))
        raise Unresolved

    def warn(self, code: str, message: str, path: Path, hint: str = "") -> None:
        """Note something the user should know."""
        self.warnings.append(Problem(code, message, self.mark(path), hint))

    def leave_out(self, part: str, reason: str, path: Path = ()) -> None:
        """Note a part of hardware that no number holds: listed, and warned of."""
        self.not_estimated[part] = reason
        self.warn("CC304", f"{part}: not estimated, {reason}", path)

    def given(
        self,
        given: Given | None,
        path: Path,
        label: str,
        *,
        unit: str | None = None,
        shape: Shape | None = None,
        tier: Tier = "measured",
    ) -> Fact:
        """A fact that the user stated, with where."""
        assert given is not None  # noqa: S101 - callers have seen it in the scenario
        path = self.written(path)
        self.read.add(path)
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
        self, given: Fact, row: Fact | None, *, alike: bool = True, falls: bool = False
    ) -> Fact:
        """A given fact with the fact of hardware_db that it replaces.

        Without a source it is no better known than that fact: it keeps its range, in proportion,
        and counts as modeled. Where the two are not ``alike`` (the idle power below any power),
        only the bound is kept. ``falls`` is set where more of it means less carbon.
        """
        if row is None or row.given or not given.given:
            return given
        made = replace(given, replaces=row, falls=falls)
        sourced_row = row.origin == "hardware_db"
        if given.sourced or not alike or not sourced_row:
            return made
        return _as_wide(replace(made, tier=weakest([row.tier, "modeled"])), row)

    def default(self, name: str) -> Fact:
        """A default fact."""
        return self.catalog.default(name)

    def rule(self, name: str) -> Fact:
        """A fact that follows from what the scenario states, by a rule of ``defaults.yaml``."""
        return replace(self.default(name), origin="derived")

    def either(self, given: Given | None, path: Path, default: str) -> Fact:
        """What the user said, else the default of that name."""
        fallback = self.default(default)
        if given is None:
            return fallback
        return self.given(given, path, fallback.label, unit=fallback.unit, shape=fallback.shape)

    def record(self, kind: str, name: str, path: Path) -> Record:
        """A record by name; an unknown or ambiguous name is a problem at ``path``."""
        try:
            record = self.catalog.record(kind, name)
        except UnknownName as error:
            code, noun, verb = _UNKNOWN.get(kind, ("CC107", kind.rstrip("s"), "hw"))
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
            self.fail("CC106", f'"{name}" fits several devices', path, f"say which: {options}")
        if record.assumed:
            self.warn("CC106", record.assumed, path)
        return replace(record, where=self.mark(path))

    def needed(
        self, record: Record, field_name: str, path: Path, label: str = "", hint: str = ""
    ) -> Fact:
        """A fact of a record that the estimate cannot do without."""
        fact = record.fact(field_name, label=label)
        if fact is None:
            what = field_name.replace("_", " ")
            self.fail("CC304", f"{record.name} has no known {what}", path, hint)
        return fact

    def needed_plain(self, record: Record, field_name: str, path: Path, label: str = "") -> Fact:
        """A plain number of a record that the estimate cannot do without."""
        fact = record.plain(field_name, label=label)
        if fact is None:
            self.fail("CC304", f"{record.name} has no known {field_name.replace('_', ' ')}", path)
        return fact


def archetype(fact: Fact, reason: str) -> Fact:
    """The same fact, standing in for one that is not known."""
    return replace(fact, origin="archetype", tier="proxy", note=reason)


def _as_wide(given: Fact, row: Fact) -> Fact:
    """The same fact with the range of a row in proportion, where its own is narrower or none."""
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


def derived(key: str, value: float, like: Fact, note: str, label: str) -> Fact:
    """A fact computed from another one by simple sharing, with its source and its range ratio."""
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
