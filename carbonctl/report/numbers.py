"""Formatting of numbers: a fitting unit, and only the digits that the interval supports."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from carbonctl.core.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    from carbonctl.result.node import Percentiles

_CARBON = (
    (1e-9, "ug"),
    (1e-6, "mg"),
    (1e-3, "g"),
    (1.0, "kg"),
    (1e3, "t"),
    (1e6, "kt"),
    (1e9, "Mt"),
)
_ENERGY = ((1e-9, "uWh"), (1e-6, "mWh"), (1e-3, "Wh"), (1.0, "kWh"), (1e3, "MWh"), (1e6, "GWh"))
_WIDE_RATIO, _NARROW_RATIO = 1.5, 1.05


def mass_unit(kgco2e: float) -> tuple[float, str]:
    """Size in kg and symbol of the mass unit that fits a mass in kg."""
    return _fitting_unit(kgco2e, _CARBON)


def _fitting_unit(value: float, table: tuple[tuple[float, str], ...]) -> tuple[float, str]:
    if not value:
        return table[3]
    fitting = [entry for entry in table if abs(value) >= entry[0]]
    return fitting[-1] if fitting else table[0]


def supported_digits(low: float | None, high: float | None) -> int:
    """Number of significant digits that an interval supports: 2 or 3."""
    if low is None or high is None or low <= 0 or high <= low * _NARROW_RATIO:
        return 3
    return 2 if high > low * _WIDE_RATIO else 3


def format_significant(value: float, count: int = 2, *, decimals: int = 2) -> str:
    """A number with ``count`` significant digits and at most ``decimals`` decimals."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "-"
    places = count - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    if rounded and abs(rounded) < 0.5 * 10**-decimals:
        return f"<{10**-decimals:.{decimals}f}"
    return f"{rounded:,.{max(0, min(places, decimals))}f}"


def format_mass(kgco2e: float, count: int = 2) -> str:
    """A mass in kg with a fitting unit."""
    size, symbol = mass_unit(kgco2e)
    return f"{format_significant(kgco2e / size, count)} {symbol}"


def format_energy(kwh: float) -> str:
    """An energy in kWh with a fitting unit and three digits."""
    size, symbol = _fitting_unit(kwh, _ENERGY)
    return f"{format_significant(kwh / size, 3)} {symbol}"


def format_watt_hours(wh: float) -> str:
    """The energy in Wh of one request or image; in Wh down to a thousandth."""
    if wh >= 1e-3:  # noqa: PLR2004 - a thousandth
        return f"{format_significant(wh, 2, decimals=6)} Wh"
    return format_energy(wh / 1e3)


def format_share(value: float | None) -> str:
    """A share in percent; ``<1 %`` if it is small, ``-`` for None."""
    if value is None:
        return "-"
    percent = 100 * value
    return "<1 %" if 0 < percent < 1 else f"{percent:.0f} %"


def interval_ends(number: Percentiles) -> tuple[float, float] | None:
    """The 5th and 95th percentile of a number; None without draws, or if they are equal."""
    low, high = number["p05"], number["p95"]
    return (low, high) if low is not None and high is not None and high > low else None


def format_interval(low: float | None, high: float | None, size: float, count: int) -> str:
    """Both ends of an interval in a unit of ``size`` kg; empty without draws."""
    if low is None or high is None:
        return ""
    return f"{format_significant(low / size, count)} - {format_significant(high / size, count)}"


def format_with_interval(kgco2e: float, low: float | None, high: float | None) -> str:
    """A mass in kg with its interval in one unit, as in ``5.5 t CO2e (4.1-9.0)``."""
    size, symbol = mass_unit(kgco2e)
    count = supported_digits(low, high)
    said = f"{format_significant(kgco2e / size, count)} {symbol} CO2e"
    if low is None or high is None or high <= low:
        return said
    dash = "-" if low >= 0 else " to "
    return f"{said} ({dash.join(format_significant(end / size, count) for end in (low, high))})"


def format_quantity(value: float, unit: str) -> str:
    """A value in a canonical unit with four digits, as in ``700 W``."""
    if unit == "1":
        return _format_count(value)
    if unit == "h" and value and value % HOURS_PER_YEAR == 0:
        return f"{value / HOURS_PER_YEAR:g} y"
    if unit == "FLOP/s":
        return f"{_format_four_digits(value / 1e12)} TFLOP/s"
    if unit == "FLOP":
        return _format_with_prefix(value, _WORK, " ") + unit
    return f"{_format_count(value)} {unit}"


def clip_text(text: str, most: int) -> str:
    """Text of at most ``most`` letters; a cut is marked by two dots."""
    return text if len(text) <= most else f"{text[: most - 2]}.."


def printable(text: str) -> str:
    """Text with unprintable characters, which could control a terminal, replaced by ``?``."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


def printable_texts(value: Any) -> Any:
    """Plain data with every text printable and on one line."""
    if isinstance(value, dict):
        return {printable_texts(key): printable_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [printable_texts(item) for item in value]
    return printable(value).replace("\n", " ") if isinstance(value, str) else value


_COUNTS = ((1e21, "Z"), (1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "B"), (1e6, "M"))
_WORK = ((1e21, "Z"), (1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"))


def _format_count(value: float) -> str:
    return _format_with_prefix(value, _COUNTS, "")


def _format_with_prefix(value: float, table: tuple[tuple[float, str], ...], gap: str) -> str:
    for size, prefix in table:
        if abs(value) >= size:
            return f"{_format_four_digits(value / size)}{gap}{prefix}"
    return f"{_format_four_digits(value)}{gap}"


def _format_four_digits(value: float) -> str:
    """A number with four digits; large numbers without an exponent."""
    rounded = float(f"{value:.4g}")
    return f"{rounded:,.0f}" if abs(rounded) >= _MIN_LONG else f"{rounded:.4g}"


_MIN_LONG = 1e4
