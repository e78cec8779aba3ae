"""One record of hardware_db: plain values, and facts in canonical units."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, get_args

from carbonctl.catalog.fields import SHARES, SIGNED, unit_of_field
from carbonctl.catalog.ranges import expected_value, is_above_zero
from carbonctl.core.errors import EXIT_INPUT, DataError, Problem, UserDataError
from carbonctl.core.fact import Fact, Origin, RangeKind, Shape, Tier
from carbonctl.core.record import value_record
from carbonctl.core.units import UnitError, parse

if TYPE_CHECKING:
    from carbonctl.core import strict_yaml
    from carbonctl.core.errors import Mark

RANGE_KINDS: tuple[str, ...] = get_args(RangeKind)
SHAPES: tuple[str, ...] = get_args(Shape)


@value_record
class Record:
    """One file of hardware_db."""

    kind: str
    id: str
    data: dict[str, Any]
    document: strict_yaml.Document
    overlay: str = ""  # the file, if it is in the user's own folder
    where: Mark | None = None  # position of the name in the user's file
    assumed: str = ""  # note on the choice, if the name could mean other records too
    read: dict[object, Fact] = field(default_factory=dict)  # facts by path, without a position

    @property
    def name(self) -> str:
        """Display name."""
        return str(self.data.get("name", self.id))

    def text(self, field: str) -> str:
        """A plain field as text, empty when absent."""
        value = self.data.get(field)
        return "" if value is None else str(value)

    def number(self, *fields: str) -> float | None:
        """A plain number at a path of keys; None if it is missing."""
        value: Any = self.data
        for key in fields:
            value = value.get(key) if isinstance(value, dict) else None
        return float(value) if isinstance(value, int | float) else None

    def fact(self, *path: str | int, label: str = "", origin: Origin | None = None) -> Fact | None:
        """The fact at a path of keys, in its canonical unit; None when the record lacks it."""
        asked = (path, label, origin)
        known = self.read.get(asked)
        if known is None:
            known = self._fact_at(path, label, origin)
            if known is None:
                return None
            self.read[asked] = known
        return known if self.where is None else replace(known, where=self.where)

    def _fact_at(
        self, path: tuple[str | int, ...], label: str, origin: Origin | None
    ) -> Fact | None:
        """The fact at a path of keys, read from the file; None when the record lacks it."""
        entry: Any = self.data
        for step in path:
            try:
                entry = entry[step]
            except (KeyError, IndexError, TypeError):
                return None
        names = [p for p in reversed(path) if isinstance(p, str)]
        name = next((name for name in names if unit_of_field(name)), names[0])
        return self._fact(path, name, entry, label, origin)

    def plain_fact(self, field: str, *, label: str = "") -> Fact | None:
        """A plain number as a fact, with the source of the whole record; None if missing."""
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
            note=self._note(""),
            label=label or field.replace("_", " "),
            where=self.where,
        )

    def _any_source(self) -> str:
        """The source of the first fact of the record."""
        entries = (e for e in self.data.values() if isinstance(e, dict) and "source" in e)
        return next((str(entry["source"]) for entry in entries), "")

    @property
    def _origin(self) -> Origin:
        return "archetype" if self.id.startswith("archetype") else "hardware_db"

    def _fact(
        self, path: tuple[str | int, ...], field: str, entry: Any, label: str, origin: Origin | None
    ) -> Fact:
        if not isinstance(entry, dict):
            raise self._data_error(path, "expected a fact: {value, source}")
        own = None if self.kind == "defaults" else unit_of_field(field)
        unit = str(entry.get("unit") or own or "1")
        if self.overlay and own not in (None, unit):
            raise self._value_error(path, f"expected the unit {own}, got {unit}", "unit")
        try:
            value = parse(entry["value"], unit)
        except (UnitError, KeyError, TypeError) as error:
            endless = isinstance(error, UnitError) and error.code == "CC204"
            raise (self._value_error if endless else self._data_error)(path, str(error)) from None
        shape = self._choice(path, entry.get("shape") or shape_of(field), SHAPES)
        if self.overlay and self.kind != "defaults" and shape != shape_of(field):
            raise self._value_error(path, f"its shape is {shape_of(field)}, not {shape}", "shape")
        self._check_value(path, "value", value, shape)
        low, high = self._range(path, entry, unit, value)
        for end in (low, high):
            self._check_value(path, "range", value if end is None else end, shape)
        mark_text = entry.get("mark")
        return Fact(
            key=self._key(path),
            value=value,
            unit=unit,
            source=str(entry.get("source", "")),
            origin=origin or self._origin,
            low=low,
            high=high,
            range_kind=self._choice(path, entry.get("range_kind", "p05_p95"), RANGE_KINDS),
            shape=shape,
            tier=_tier(mark_text),
            mark=mark_text,
            note=self._note(str(entry.get("note", ""))),
            label=label or f"{self.name}, {field.replace('_', ' ')}",
            boundary=str(entry.get("boundary", "")),
        )

    def _key(self, path: tuple[str | int, ...]) -> str:
        return f"{self.kind}/{self.id}:" + ".".join(map(str, path))

    def _data_error(self, path: tuple[str | int, ...], message: str, at: str = "") -> DataError:
        """The error of a malformed fact, at one of its keys if given."""
        where = (*path, at) if at else path
        text = f"{self._key(path)}: {message}"
        return DataError([Problem("CC402", text, self.document.mark(where))])

    def _value_error(self, path: tuple[str | int, ...], message: str, at: str = "") -> DataError:
        """The error of an impossible value, in the user's own folder or in the bundled one."""
        error = self._data_error(path, message, at)
        return UserDataError(error.problems) if self.overlay else error

    def _check_value(self, path: tuple[str | int, ...], at: str, value: float, shape: str) -> None:
        """Raise an error for a value, or an end of a range, that its shape does not allow.

        In the user's own folder zero is an error as well. ``ranges.expected_default`` checks the
        ends of defaults.
        """
        if at == "range" and (not self.overlay or self.kind == "defaults"):
            return
        name = next((step for step in reversed(path) if isinstance(step, str)), "")
        above = self.overlay != "" and self.kind != "defaults" and is_above_zero(shape, name)
        expected = expected_value(value, shape, above_zero=above)
        if expected:
            ends = "its range holds" if at == "range" else "this is"
            raise self._value_error(path, f"{ends} {value:g}, expected {expected}", at)

    def _note(self, note: str) -> str:
        """The note of a fact; for the user's own folder the file comes first."""
        return "; ".join(filter(None, (self.overlay and f"from {self.overlay}", note)))

    def _choice(self, path: tuple[str | int, ...], value: Any, choices: tuple[str, ...]) -> Any:
        if value not in choices:
            raise self._data_error(path, f"{value} is not one of {', '.join(choices)}")
        return value

    def _range(
        self, path: tuple[str | int, ...], entry: dict[str, Any], unit: str, value: float
    ) -> tuple[float | None, float | None]:
        if "range" not in entry:
            return None, None
        suffix = str(entry["value"]).partition(" ")[2] if isinstance(entry["value"], str) else ""
        try:
            low, high = (parse(f"{e} {suffix}" if suffix else e, unit) for e in entry["range"])
        except (UnitError, TypeError, ValueError) as error:
            hint = str(error) if isinstance(error, UnitError) else "a range is [low, high]"
            endless = isinstance(error, UnitError) and error.code == "CC204"
            raise (self._value_error if endless else self._data_error)(
                path, hint, "range"
            ) from None
        if not low <= value <= high:
            unordered = self._data_error(path, "its range does not contain its value", "range")
            unordered.exit_code = EXIT_INPUT if self.overlay else unordered.exit_code
            raise unordered
        return low, high


def shape_of(field: str) -> Shape:
    """The shape of a fact (its distribution and valid range), by the name of its field."""
    if field == "pue" or field.endswith("_pue"):
        return "pue"
    if field in SHARES or field.endswith("_share"):
        return "share"
    return "signed" if field in SIGNED else "positive"


def _tier(mark: str | None) -> Tier:
    return "published" if mark is None else "modeled"
