"""Limits of a policy: quantities in the unit of their metric, money, the price of carbon."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from carbonctl.core.units import UnitError, describe_type, factor, parse

_AMOUNT = re.compile(r"([^\sA-Za-z]+(?:[eE][+-]?\d+)?)\s*([A-Z]{3})")
_PRICE = re.compile(r"(.*[A-Z]{3})\s*/\s*([A-Za-z0-9]+)")
_LARGEST = 1e60


class Price(NamedTuple):
    """What a kilogram of CO2e costs."""

    per_kgco2e: float
    currency: str


def quantity(raw: Any, unit: str, example: str = "") -> float:
    """A limit that is not negative; UnitError when it is none."""
    if not isinstance(raw, str | int | float) or isinstance(raw, bool):
        shown = example or (f"40 {unit}" if unit != "1" else "0.5")
        raise UnitError(f"expected a limit such as `{shown}`, got {describe_type(raw)}", "CC201")
    return _bounded(parse(raw, unit), raw)


def share(raw: Any) -> float:
    """A share of a baseline; a bare number might as well be an amount."""
    if not isinstance(raw, str):
        raise UnitError(f"{raw:g} of what? write a share as in 10 %, an amount as in 50 kg")
    return _bounded(parse(raw, "1"), raw)


def money(raw: Any, currency: str) -> float:
    """An amount of money in one currency."""
    value, found = _amount(raw)
    if found != currency:
        raise UnitError(f"{found} is not the currency of carbon_price, {currency}", "CC610")
    return value


def price(raw: Any) -> Price:
    """A price of carbon, as in ``100 EUR/t``."""
    match = _PRICE.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if match is None:
        raise UnitError(f'"{str(raw)[:40]}" is no price; write it as in 100 EUR/t', "CC202")
    value, currency = _amount(match[1])
    if value == 0:
        raise UnitError("a price of zero makes every cost zero", "CC203")
    return Price(value / factor(match[2], "kgCO2e"), currency)


def _amount(raw: Any) -> tuple[float, str]:
    match = _AMOUNT.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if match is None:
        raise UnitError(f'"{str(raw)[:40]}" is no amount; write it as in 4000 EUR', "CC202")
    return _bounded(parse(match[1], "1"), raw), match[2]


def _bounded(value: float, raw: Any) -> float:
    if value < 0:
        raise UnitError(f"{str(raw)[:40]} is below 0", "CC203")
    if value > _LARGEST:
        raise UnitError(f"{str(raw)[:40]} is beyond any physical size", "CC203")
    return value
