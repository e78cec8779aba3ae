"""Under tests, arithmetic of the program on traced numbers is an error outside a formula.

A ``Traced`` number is a float: added or multiplied outside of a formula it gives a plain float,
and the trace ends there without a word. At run time nothing of this exists.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from carbonctl.core.formula import Traced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OPERATORS = (
    "__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__truediv__",
    "__rtruediv__", "__floordiv__", "__rfloordiv__", "__mod__", "__rmod__", "__pow__", "__rpow__",
    "__neg__", "__abs__",
)  # fmt: skip
BODIES = ("carbonctl.formulas.", "carbonctl.core.units")  # formulas, and the conversions they call


class UntracedArithmeticError(AssertionError):
    """A traced number was used in arithmetic outside of a formula."""


@contextmanager
def no_arithmetic_outside_formulas() -> Iterator[None]:
    """Raise where a module of the program adds or multiplies what a formula should."""
    for name in OPERATORS:
        setattr(Traced, name, _guarded(name, getattr(float, name)))
    try:
        yield
    finally:
        for name in OPERATORS:
            delattr(Traced, name)


def _guarded(name: str, operator: Callable[..., float]) -> Callable[..., float]:
    def guarded(number: float, *others: float) -> float:
        frame = sys._getframe(1)  # noqa: SLF001 - who asks
        module = frame.f_globals.get("__name__", "")
        if module.startswith("carbonctl.") and not module.startswith(BODIES):
            message = f"{module}:{frame.f_lineno}: {name} of a traced number outside of a formula"
            raise UntracedArithmeticError(message)
        return operator(number, *others)

    return guarded
