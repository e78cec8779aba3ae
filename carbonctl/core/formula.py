"""Formula cards, and traced numbers: floats that keep the formula call that computed them.

``@formula`` registers the card of a pure function. Called with plain numbers, the function only
computes. Called with ``Traced`` numbers, it returns a ``Traced`` number whose ``cause`` is the
step that computed it, so ``explain`` can walk from any result down to facts.
``with part("server")`` names the part that the steps inside it belong to.
"""

from __future__ import annotations

import functools
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np

from carbonctl.core.record import value_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from carbonctl.core.fact import Fact
    from carbonctl.core.types import Num

P = ParamSpec("P")
_part: ContextVar[tuple[str, ...]] = ContextVar("part", default=())


@value_record
class Card:
    """The description of a formula: name, unit, equation, source and parameters."""

    name: str
    unit: str
    equation: str
    source: str
    parameters: tuple[str, ...]
    summary: str

    @property
    def quantity(self) -> str:
        """Name of the quantity: the formula's name without ``_from_...`` or ``_by_...``."""
        return self.name.split("_from_")[0].split("_by_")[0]


@value_record
class Step:
    """One call of a formula: its card, its arguments, and the part it belongs to."""

    card: Card
    arguments: dict[str, Num | tuple[Num, ...]]
    part: str

    @property
    def id(self) -> str:
        """Name of the quantity within its part."""
        return f"{self.part}.{self.card.quantity}" if self.part else self.card.quantity


class Traced(float):
    """A float with its ``cause``: the fact that it is, or the step that computed it."""

    __slots__ = ("cause",)
    cause: Fact | Step

    def __new__(cls, value: float, cause: Fact | Step) -> Traced:  # noqa: PYI034 - final in use
        """A float with a cause."""
        made = super().__new__(cls, value)
        made.cause = cause
        return made


CARDS: dict[str, Card] = {}
FUNCTIONS: dict[str, Callable[..., Num]] = {}


@contextmanager
def part(name: str) -> Iterator[None]:
    """Context in which steps belong to a part, such as ``"train"`` or ``"server/gpu"``."""
    token = _part.set((*_part.get(), name))
    try:
        yield
    finally:
        _part.reset(token)


def _is_traced(value: object) -> bool:
    return isinstance(value, Traced) or (
        isinstance(value, tuple) and any(isinstance(item, Traced) for item in value)
    )


def formula(
    *, unit: str, equation: str, source: str
) -> Callable[[Callable[P, Num]], Callable[P, Num]]:
    """Decorator that registers a function as a formula, with its card."""

    def register(function: Callable[P, Num]) -> Callable[P, Num]:
        name = function.__name__
        summary = (function.__doc__ or "").strip().split("\n", 1)[0]
        card = Card(name, unit, equation, source, tuple(_parameter_names(function)), summary)

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> Num:
            value = function(*args, **kwargs)
            if type(value) is np.float64 or (type(value) is np.ndarray and value.ndim == 0):
                value = float(value)  # numpy returns these for float arguments
            if any(map(_is_traced, kwargs.values())):
                arguments: dict[str, Any] = dict(kwargs)
                step = Step(card, arguments, ".".join(_part.get()))
                return Traced(float(value), step)
            return value

        CARDS[name], FUNCTIONS[name] = card, function
        return call

    return register


def _parameter_names(function: Callable[..., object]) -> tuple[str, ...]:
    code = function.__code__
    return tuple(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
