"""Stack records with the same fields into one record of columns, one row per record."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from carbonctl.core.fact import Fact
from carbonctl.estimate.inputs import bind

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    from carbonctl.core.types import Indexes, Num


@dataclass(frozen=True)
class Column:
    """One field of many records: its values, and the fitted constants in some of its rows."""

    values: Num
    constants: tuple[str, ...]
    which: Indexes

    def at(self, constants: Mapping[str, Num]) -> Num:
        """The values with these constants filled in; one column per value of the constants."""
        if not self.constants:
            return self.values
        own = [constants[name] if name else np.nan for name in self.constants]
        if len(own) == 1:
            return own[0]
        stacked = np.stack(np.broadcast_arrays(*map(np.atleast_1d, own)))[self.which]
        if "" not in self.constants:
            return stacked
        return np.where(np.isnan(stacked), self.values, stacked)


@dataclass(frozen=True)
class Stack:
    """Records with the same fields: their indices among all, and their fields as columns."""

    places: Indexes
    like: Any
    columns: tuple[Column, ...]

    def bind(self, constants: Mapping[str, Num]) -> Any:
        """The record with arrays of shape (rows, 1) or (rows, values of the constants)."""
        columns = iter(self.columns)
        return bind(self.like, lambda _: next(columns).at(constants))


@dataclass(frozen=True)
class Form:
    """What a record has: paths of its facts with words and flags among them, and the facts."""

    key: Hashable
    facts: tuple[Fact, ...]

    @classmethod
    def of(cls, record: Any) -> Form:
        """The form of a record."""
        leaves = list(_leaves(record, ()))
        words = tuple(_choices(record))
        key = (type(record).__name__, tuple(path for path, _ in leaves), words)
        return cls(key, tuple(fact for _, fact in leaves))


def stack_records(
    records: Sequence[Any], forms: Sequence[Form], constant_of: Callable[[Fact], str],
    apart: Sequence[Hashable],
) -> list[Stack]:  # fmt: skip
    """Stacks of records of the same form; different values of ``apart`` are not stacked.

    ``constant_of`` names the constant that a fact is; empty where it is none.
    """
    kinds = [(key, form.key) for key, form in zip(apart, forms, strict=True)]
    places_of: dict[Hashable, list[int]] = {}
    for place, kind in enumerate(kinds):
        places_of.setdefault(kind, []).append(place)
    stacks = []
    for places in places_of.values():
        rows = [forms[place].facts for place in places]
        columns = tuple(_column(facts, constant_of) for facts in zip(*rows, strict=True))
        stacks.append(Stack(np.array(places), records[places[0]], columns))
    return stacks


def _leaves(value: Any, path: tuple[Hashable, ...]) -> Iterator[tuple[tuple[Hashable, ...], Fact]]:
    """Path and value of every fact of a record, in the order of ``bind``."""
    if isinstance(value, Fact):
        yield path, value
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            yield from _leaves(item, (*path, place))
    elif is_dataclass(value):
        for one in fields(value):
            yield from _leaves(getattr(value, one.name), (*path, type(value).__name__, one.name))


def _choices(value: Any) -> Iterator[Hashable]:
    """Words and flags of a record, at any depth: they choose what is computed."""
    if isinstance(value, str | bool):
        yield value
    elif is_dataclass(value) and not isinstance(value, Fact):
        for one in fields(value):
            yield from _choices(getattr(value, one.name))


def _column(facts: Sequence[Fact], constant_of: Callable[[Fact], str]) -> Column:
    names = [constant_of(fact) for fact in facts]
    values = np.array([[fact.value] for fact in facts])
    plain: Num = float(values[0, 0]) if (values == values[0, 0]).all() else values
    if not any(names):
        return Column(plain, (), np.array([], dtype=int))
    unique = tuple(dict.fromkeys(names))
    return Column(values, unique, np.array([unique.index(name) for name in names]))
