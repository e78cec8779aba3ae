"""Quantities as people write them, read into canonical units."""

import math

import pytest
from tables import for_each

from carbonctl.core import units
from carbonctl.core.formula import CARDS
from carbonctl.core.naming import unit_of
from carbonctl.core.units import UnitError, factor, parse, parse_number
from carbonctl.formulas import load_all


@for_each(
    "text, target, value",
    [
        ("700 W", "W", 700.0),
        ("0.7kW", "W", 700.0),
        ("10 d", "h", 240.0),
        ("2 y", "h", 17_520.0),
        ("1 week", "h", 168.0),
        ("50 TB", "GB", 50_000.0),
        ("1 TiB", "GB", 2**40 / 1e9),
        ("1 t", "kgCO2e", 1_000.0),
        ("400 g/kWh", "kgCO2e/kWh", 0.4),
        ("400 gCO2eq/kWh", "kgCO2e/kWh", 0.4),
        ("0.4 kg/kWh", "kgCO2e/kWh", 0.4),
        ("0.4 t/MWh", "kgCO2e/kWh", 0.4),
        ("1M/day", "1/h", 1e6 / 24),
        ("1.083M h", "h", 1.083e6),
        ("2k h", "h", 2e3),
        ("1M request/day", "1/h", 1e6 / 24),
        ("2400 token/s", "1/h", 2_400 * 3_600),
        ("814 mm2", "cm2", 8.14),
        ("989 TFLOP/s", "FLOP/s", 989e12),
        ("1.34 pJ/FLOP", "J/FLOP", 1.34e-12),
        ("3.6 MJ", "kWh", 1.0),
        ("77 us", "s", 77e-6),
        ("0.2 kgCO2e/t/km", "kgCO2e/t/km", 0.2),
        ("1_000 W", "W", 1_000.0),
        ("1e3 W", "W", 1_000.0),
        ("-1.5 kg/kg", "kgCO2e/kg", -1.5),
    ],
)
def test_a_quantity_is_read_into_its_canonical_unit(text, target, value):
    assert parse(text, target) == pytest.approx(value, rel=1e-12)


@for_each(
    "text, value",
    [("8B", 8e9), ("15T", 15e12), ("40k", 4e4), ("1.46M", 1.46e6), ("50 %", 0.5), ("7e9", 7e9)],
)
def test_a_count_may_end_in_a_letter_and_a_share_in_percent(text, value):
    assert parse_number(text) == pytest.approx(value, rel=1e-15)
    assert parse(text, "1") == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("value", [0.5, 7, 1e9])
def test_a_bare_number_is_a_count_or_a_share(value):
    assert parse(value, "1") == value


@for_each(
    "text, target, code",
    [
        (700, "W", "CC202"),
        ("700", "W", "CC202"),
        ("700 kg", "W", "CC202"),
        ("700 W", "kWh", "CC202"),
        ("700 furlong", "W", "CC202"),
        ("1 Mh", "h", "CC202"),
        ("1M d", "h", "CC202"),
        ("1M s", "h", "CC202"),
        ("0.4 kg/W", "kgCO2e/kWh", "CC202"),
        ("much", "W", "CC202"),
        ("", "W", "CC202"),
        ("nan", "W", "CC204"),
        ("-inf", "W", "CC204"),
        ("1e999 W", "W", "CC204"),
        ("1e999", "1", "CC204"),
        (math.nan, "1", "CC204"),
        (math.inf, "1", "CC204"),
        ("much", "1", "CC204"),
        ("7 X", "1", "CC202"),
        (True, "1", "CC201"),
        (False, "W", "CC201"),
    ],
)
def test_what_is_no_quantity_is_refused_with_the_code_of_its_rule(text, target, code):
    with pytest.raises(UnitError) as caught:
        parse(text, target)
    assert caught.value.code == code


def test_a_bare_number_where_a_unit_is_needed_is_told_how_to_write_it():
    with pytest.raises(UnitError, match="700 W"):
        parse(700, "W")


@pytest.mark.parametrize(
    ("unit", "target", "size"),
    [
        ("MWh", "kWh", 1e3),
        ("month", "h", 730.0),
        ("kgCO2e/MWh", "kgCO2e/kWh", 1e-3),
        ("defects/cm2", "1/cm2", 1.0),
        ("W/TB", "W/GB", 1e-3),
    ],
)
def test_a_factor_says_how_many_targets_are_in_a_unit(unit, target, size):
    assert factor(unit, target) == pytest.approx(size, rel=1e-12)


def test_mass_is_no_carbon_unless_carbon_is_asked_for():
    assert factor("g", "kgCO2e") == 1e-3
    with pytest.raises(UnitError):
        factor("gCO2e", "kg")


@for_each(
    "name, unit",
    [
        ("it_energy_kwh", "kWh"),
        ("ci_location_kgco2e_per_kwh", "kgCO2e/kWh"),
        ("construction_kgco2e_per_kw_year", "kgCO2e/kW/y"),
        ("defect_density_per_cm2", "1/cm2"),
        ("rate_per_hour", "1/h"),
        ("die_area_cm2", "cm2"),
        ("machine_hours", "h"),
        ("step_s", "s"),
        ("peak_flop_per_s", "FLOP/s"),
        ("bandwidth_gb_per_s", "GB/s"),
        ("per_unit_water_ml", "mL"),
        ("total_water_l", "L"),
        ("mass_kg", "kg"),
        ("pue", "1"),
        ("train_tokens", "1"),
        ("batch", "1"),
    ],
)
def test_a_name_carries_its_unit(name, unit):
    assert unit_of(name) == unit


def test_every_unit_that_a_formula_carries_in_a_name_can_be_read():
    load_all()
    names = {name for card in CARDS.values() for name in (card.quantity, *card.parameters)}
    found = {unit_of(name) for name in names}
    assert len(found) > 20
    for unit in found:
        assert parse(f"1 {unit}" if unit != "1" else "1", unit) == 1.0


@for_each(
    "function, unit, target",
    [
        (units.kwh_from_wh, "Wh", "kWh"),
        (units.wh_from_kwh, "kWh", "Wh"),
        (units.kwh_from_j, "J", "kWh"),
        (units.hours_from_s, "s", "h"),
        (units.gb_from_bytes, "B", "GB"),
        (units.t_from_kg, "kg", "t"),
        (units.ml_from_l, "L", "mL"),
    ],
)
def test_a_named_conversion_agrees_with_the_table_of_units(function, unit, target):
    assert function(5.0) == pytest.approx(5.0 * factor(unit, target), rel=1e-12)


def test_a_kilowatt_year_is_8760_kilowatt_hours():
    assert units.kw_years_from_kwh(8_760.0) == 1.0
