"""Parsing of quantities such as ``700 W``, and unit conversions for formulas.

``parse("700 W", "W")`` reads text into the canonical unit of the target. A unit is a product of
symbols over a product of symbols (``kgCO2e/kWh``, ``kgCO2e/t/km``). Conversions inside formulas
are the named functions at the end. The dimension test replaces them by the identity and lets an
independent unit library convert.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carbonctl.core.types import Num

HOURS_PER_YEAR = 8760.0
HOURS_PER_DAY = 24.0

# symbol -> (dimension, size in the canonical unit of that dimension)
_SYMBOLS: dict[str, tuple[str, float]] = {
    "1": ("count", 1.0),
    "W": ("power", 1.0),
    "kW": ("power", 1e3),
    "MW": ("power", 1e6),
    "GW": ("power", 1e9),
    "Wh": ("energy", 1e-3),
    "kWh": ("energy", 1.0),
    "MWh": ("energy", 1e3),
    "GWh": ("energy", 1e6),
    "TWh": ("energy", 1e9),
    "J": ("energy", 1 / 3.6e6),
    "kJ": ("energy", 1 / 3.6e3),
    "MJ": ("energy", 1 / 3.6),
    "GJ": ("energy", 1 / 3.6e-3),
    "pJ": ("energy", 1e-12 / 3.6e6),
    "us": ("time", 1e-6 / 3600),
    "ms": ("time", 1e-3 / 3600),
    "s": ("time", 1 / 3600),
    "min": ("time", 1 / 60),
    "h": ("time", 1.0),
    "d": ("time", 24.0),
    "day": ("time", 24.0),
    "week": ("time", 168.0),
    "month": ("time", HOURS_PER_YEAR / 12),
    "y": ("time", HOURS_PER_YEAR),
    "B": ("data", 1e-9),
    "kB": ("data", 1e-6),
    "MB": ("data", 1e-3),
    "GB": ("data", 1.0),
    "TB": ("data", 1e3),
    "PB": ("data", 1e6),
    "EB": ("data", 1e9),
    "GiB": ("data", 2**30 / 1e9),
    "TiB": ("data", 2**40 / 1e9),
    "mg": ("mass", 1e-6),
    "g": ("mass", 1e-3),
    "kg": ("mass", 1.0),
    "t": ("mass", 1e3),
    "kt": ("mass", 1e6),
    "Mt": ("mass", 1e9),
    "mm": ("length", 1e-6),
    "cm": ("length", 1e-5),
    "m": ("length", 1e-3),
    "km": ("length", 1.0),
    "mm2": ("area", 1e-2),
    "cm2": ("area", 1.0),
    "m2": ("area", 1e4),
    "mL": ("volume", 1e-3),
    "L": ("volume", 1.0),
    "kL": ("volume", 1e3),
    "ML": ("volume", 1e6),
}
_PREFIXES = {"": 1.0, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_SYMBOLS |= {f"{prefix}FLOP": ("work", size) for prefix, size in _PREFIXES.items()}
_SYMBOLS |= dict.fromkeys(("defects", "token", "request", "item", "image"), ("count", 1.0))
_SYMBOLS |= {
    f"{m}{s}": ("carbon", _SYMBOLS[m][1])
    for m in ("mg", "g", "kg", "t", "kt", "Mt")
    for s in ("CO2e", "CO2eq", "CO2")
}
_COUNT_SUFFIX = {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "G": 1e9, "T": 1e12}
_NUMBER = r"[+-]?(?:\d+(?:_\d{3})*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_QUANTITY = re.compile(rf"({_NUMBER})\s*(.*)", re.DOTALL | re.ASCII)
_NON_FINITE = re.compile(r"[+-]?\.?(nan|inf|infinity)\b", re.IGNORECASE)


def symbols_by_dimension() -> dict[str, list[str]]:
    """Unit symbols that a quantity may use, by dimension."""
    found: dict[str, list[str]] = {}
    for symbol, (dimension, _) in _SYMBOLS.items():
        found.setdefault(dimension, []).append(symbol)
    return {dimension: names for dimension, names in found.items() if dimension != "count"}


class UnitError(ValueError):
    """The text is not a quantity of the expected dimension; ``code`` is the error code."""

    def __init__(self, message: str, code: str = "CC202") -> None:
        super().__init__(message)
        self.code = code


_TYPE_NAMES = {dict: "keys and values", list: "a list", bool: "true or false", str: "text",
          int: "a number", float: "a number", type(None): "nothing"}  # fmt: skip


def describe_type(value: Any) -> str:
    """The type of a value in words, for an error: ``a list``."""
    return _TYPE_NAMES.get(type(value), type(value).__name__)


def _resolve(unit: str) -> tuple[tuple[str, ...], tuple[str, ...], float]:
    """Dimensions of numerator and denominator, and the size in canonical units."""
    dims: tuple[list[str], list[str]] = ([], [])
    size = 1.0
    for place, symbol in enumerate(unit.replace(" ", "").split("/")):
        if symbol not in _SYMBOLS:
            raise UnitError(f'unknown unit "{symbol}"')
        dimension, factor = _SYMBOLS[symbol]
        size = size * factor if place == 0 else size / factor
        if dimension != "count":
            dims[min(place, 1)].append(dimension)
    return tuple(sorted(dims[0])), tuple(sorted(dims[1])), size


def factor(unit: str, target: str) -> float:
    """Number of ``target`` units in one ``unit``; UnitError if their dimensions differ."""
    if unit == target:
        return 1.0
    over, under, size = _resolve(unit)
    target_over, target_under, target_size = _resolve(target)
    if "carbon" in target_over and "carbon" not in over:  # "0.1 g" of a carbon quantity
        over = tuple(sorted("carbon" if d == "mass" else d for d in over))
    if (over, under) != (target_over, target_under):
        raise UnitError(f'"{unit}" is not a unit of this quantity; write it in {target}')
    return size / target_size


def parse_number(text: str) -> float:
    """The finite number in a text; a count may end in k, M, B or T."""
    match = _QUANTITY.fullmatch(text.strip())
    if not match:
        raise UnitError(f'"{text}" is not a number', "CC204")
    value, suffix = _finite_float(match[1]), match[2].strip()
    if suffix in _COUNT_SUFFIX:
        return _check_finite(value * _COUNT_SUFFIX[suffix], text)
    if suffix == "%":
        return value / 100
    if suffix:
        raise UnitError(f'"{text}" is not a number')
    return value


def _check_finite(value: float, text: str) -> float:
    """The value; UnitError if its unit or suffix made it infinite."""
    if not math.isfinite(value):
        raise UnitError(f'"{text[:20]}" is not a finite number', "CC204")
    return value


def _finite_float(text: str) -> float:
    value = float(text.replace("_", ""))
    if not math.isfinite(value):
        raise UnitError(f'"{text[:20]}" is not a finite number', "CC204")
    return value


def parse(text: str | float, target: str) -> float:
    """A quantity in the unit ``target``; bare numbers only for counts and shares (``"1"``)."""
    if isinstance(text, bool):
        raise UnitError(f"{str(text).lower()} is not a quantity", "CC201")
    if isinstance(text, int | float):
        if target != "1":
            raise UnitError(f"a unit is missing; write it as in {text:g} {target}")
        if not math.isfinite(text):
            raise UnitError("this is not a finite number", "CC204")
        return float(text)
    if target == "1":
        return parse_number(text)
    match = _QUANTITY.fullmatch(text.strip())
    if not match:
        code = "CC204" if _NON_FINITE.match(text.strip()) else "CC202"
        raise UnitError(f'"{text[:40]}" is not a quantity; write it as in 1 {target}', code)
    value, unit = _finite_float(match[1]), match[2].strip()
    if not unit:
        raise UnitError(f"a unit is missing; write it as in {match[1]} {target}")
    size, unit = _split_count_suffix(unit, target)
    return _check_finite(value * size * factor(unit, target), text)


def _split_count_suffix(unit: str, target: str) -> tuple[float, str]:
    """Factor of a count suffix and the unit behind it, as in ``1M/day`` or ``1.083M h``."""
    words = unit.split()
    if target == "h" and words[1:] == ["h"] and words[0] in _COUNT_SUFFIX:
        return _COUNT_SUFFIX[words[0]], "h"
    head, bar, tail = unit.partition("/")
    suffix, what = (head[:1], head[1:].strip()) if head[:1] in _COUNT_SUFFIX else ("", head.strip())
    counted = what == "" or _SYMBOLS.get(what, ("", 0.0))[0] == "count"
    if bar and target.startswith("1/") and counted:
        return _COUNT_SUFFIX.get(suffix, 1.0), f"1/{tail.strip()}"
    return 1.0, unit


# Conversions that formulas may call. Each is one factor with its two units in its name.


def kwh_from_wh(wh: Num) -> Num:
    """Watt-hours in kilowatt-hours."""
    return wh / 1e3


def wh_from_kwh(kwh: Num) -> Num:
    """Kilowatt-hours in watt-hours."""
    return kwh * 1e3


def kwh_from_j(j: Num) -> Num:
    """Joules in kilowatt-hours."""
    return j / 3.6e6


def s_from_hours(h: Num) -> Num:
    """Hours in seconds."""
    return h * 3600.0


def hours_from_s(s: Num) -> Num:
    """Seconds in hours."""
    return s / 3600.0


def years_from_hours(h: Num) -> Num:
    """Hours in years of 8,760 h."""
    return h / HOURS_PER_YEAR


def eflop_from_flop(flop: Num) -> Num:
    """Operations in EFLOP, 1e18 of them."""
    return flop / 1e18


def gb_from_bytes(b: Num) -> Num:
    """Bytes in gigabytes of 1e9 bytes."""
    return b / 1e9


def kw_years_from_kwh(kwh: Num) -> Num:
    """Kilowatt-hours in kilowatt-years of 8,760 h."""
    return kwh / HOURS_PER_YEAR


def t_from_kg(kg: Num) -> Num:
    """Kilograms in tonnes."""
    return kg / 1e3


def g_from_kg(kg: Num) -> Num:
    """Kilograms in grams."""
    return kg * 1e3


def ml_from_l(l: Num) -> Num:  # noqa: E741 - the symbol of the liter
    """Liters in milliliters."""
    return l * 1e3


def thousands(count: Num) -> Num:
    """A count in thousands."""
    return count / 1e3


def millions(count: Num) -> Num:
    """A count in millions."""
    return count / 1e6
