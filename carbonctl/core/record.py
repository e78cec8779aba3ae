"""Frozen records: dataclasses that share their methods instead of compiling them per class.

Compiling the methods would take most of the import time of the records of an estimate.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, FrozenInstanceError, dataclass
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from typing import NoReturn

T = TypeVar("T")


@dataclass_transform(frozen_default=True, eq_default=False)
def record(cls: type[T]) -> type[T]:
    """Class decorator: a frozen dataclass that is compared by identity."""
    frozen: Any = dataclass(init=False, repr=False, eq=False)(cls)
    frozen.__init__, frozen.__setattr__, frozen.__delattr__ = (
        _init,
        _refuse_assignment,
        _refuse_assignment,
    )
    typed: type[T] = frozen
    return typed


@dataclass_transform(frozen_default=True)
def value_record(cls: type[T]) -> type[T]:
    """Class decorator: a frozen dataclass that is compared by the values of its fields."""
    frozen: Any = record(cls)
    frozen.__eq__, frozen.__hash__, frozen.__repr__ = _equal, _hash, _repr
    typed: type[T] = frozen
    return typed


def _init(self: Any, *values: Any, **named: Any) -> None:
    fields: dict[str, Field[Any]] = self.__dataclass_fields__
    arguments = dict(zip(fields, values, strict=False)) | named
    if len(arguments) != len(values) + len(named) or not arguments.keys() <= fields.keys():
        unknown = ", ".join(sorted(arguments.keys() - fields.keys())) or "fields given twice"
        message = f"{type(self).__name__}: {unknown}"
        raise TypeError(message)
    if len(arguments) < len(fields):
        for name, one in fields.items():
            if name not in arguments:
                arguments[name] = _default(self, name, one)
    self.__dict__.update(arguments)


def _default(self: Any, name: str, one: Field[Any]) -> Any:
    if one.default is not MISSING:
        return one.default
    if one.default_factory is not MISSING:
        return one.default_factory()
    message = f"{type(self).__name__} lacks {name}"
    raise TypeError(message)


def _refuse_assignment(self: object, name: str, *_: object) -> NoReturn:
    message = f"{name} of {type(self).__name__} is set once"
    raise FrozenInstanceError(message)


def _equal(self: Any, other: object) -> Any:
    return _values(self) == _values(other) if type(self) is type(other) else NotImplemented


def _hash(self: Any) -> int:
    return hash(_values(self))


def _repr(self: Any) -> str:
    shown = zip(self.__dataclass_fields__, _values(self), strict=True)
    return f"{type(self).__qualname__}({', '.join(f'{name}={value!r}' for name, value in shown)})"


def _values(self: Any) -> tuple[Any, ...]:
    return tuple(map(self.__dict__.__getitem__, self.__dataclass_fields__))
