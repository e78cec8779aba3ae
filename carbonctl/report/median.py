"""The median of the draws in words, where it differs from the central value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.report import numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# The central value is the estimate with all facts central, and half of the draws need not lie above
# it: what skews upward moves the median away. A tenth is more than what rounding hides.
_APART = 0.1
_DIGITS = 3  # as a gate prints them
NO_DRAWS = "no draws: neither interval nor median"


def median_apart(number: Mapping[str, Any], value: str = "value") -> float | None:
    """The median of a number that differs from its central value by more than 10 %; else None."""
    central, median = number[value], number.get("p50")
    if central is None or median is None or abs(median - central) <= _APART * abs(central):
        return None
    return float(median)


def half_of_draws(
    number: Mapping[str, Any], shown: Callable[[float], str], value: str = "value"
) -> str:
    """Half of the draws, as in ``half of the draws lie above 11.6 t``; empty if none is apart."""
    median = median_apart(number, value)
    if median is None:
        return ""
    side = "above" if median > number[value] else "below"
    return f"half of the draws lie {side} {shown(median)}"


def half_of_draws_mass(number: Mapping[str, Any]) -> str:
    """The same of a number in kgCO2e."""
    return half_of_draws(number, mass_of_median)


def mass_of_median(kgco2e: float) -> str:
    """A median in kg with a fitting unit and three digits."""
    return numbers.format_mass(kgco2e, _DIGITS)
