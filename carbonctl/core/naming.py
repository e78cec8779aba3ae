"""The naming law: the name of a quantity ends in its unit."""

from __future__ import annotations

_SUFFIXES = (
    ("_kgco2e_per_kwh", "kgCO2e/kWh"),
    ("_kgco2e_per_cm2", "kgCO2e/cm2"),
    ("_kgco2e_per_gb", "kgCO2e/GB"),
    ("_kgco2e_per_tkm", "kgCO2e/t/km"),
    ("_kgco2e_per_kw_year", "kgCO2e/kW/y"),
    ("_kgco2e_per_kg", "kgCO2e/kg"),
    ("_kgco2e_per_year", "kgCO2e/y"),
    ("_kgco2e_per_eflop", "kgCO2e/EFLOP"),
    ("_kgco2e2_kwh", "kgCO2e2*kWh"),
    ("_kgco2e_kwh2", "kgCO2e*kWh2"),
    ("_kgco2e_kwh", "kgCO2e*kWh"),
    ("_kgco2e_h", "kgCO2e*h"),
    ("_kgco2e_per_w", "kgCO2e/W"),
    ("_kwh_per_cm2", "kWh/cm2"),
    ("_l_per_kwh", "L/kWh"),
    ("_w_per_gb", "W/GB"),
    ("_gb_per_s", "GB/s"),
    ("_flop_per_s", "FLOP/s"),
    ("_j_per_flop", "J/FLOP"),
    ("_j_per_gb", "J/GB"),
    ("_flop_per_w", "FLOP/W"),
    ("_cm2_per_gb", "cm2/GB"),
    ("_per_cm2", "1/cm2"),
    ("_per_s", "1/s"),
    ("_kgco2e_per_hour", "kgCO2e/h"),
    ("_per_hour", "1/h"),
    ("_per_year", "1/y"),
    ("_kgco2e", "kgCO2e"),
    ("_hours", "h"),
    ("_years", "y"),
    ("_kwh", "kWh"),
    ("_wh", "Wh"),
    ("_cm2", "cm2"),
    ("_cm", "cm"),
    ("_flop", "FLOP"),
    ("_gb", "GB"),
    ("_kg", "kg"),
    ("_km", "km"),
    ("_ml", "mL"),
    ("_w", "W"),
    ("_h", "h"),
    ("_s", "s"),
    ("_j", "J"),
    ("_l", "L"),
)


def unit_of(name: str) -> str:
    """The unit that a quantity's name ends in; ``"1"`` for counts, shares and ratios."""
    return next((unit for suffix, unit in _SUFFIXES if name.endswith(suffix)), "1")


def unit_suffix(name: str) -> str:
    """The unit suffix of a quantity's name, such as ``_kwh``; empty for counts and ratios."""
    return next((suffix for suffix, _ in _SUFFIXES if name.endswith(suffix)), "")
