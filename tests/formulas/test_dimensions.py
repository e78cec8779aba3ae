"""An independent unit library runs every formula, and agrees on the unit and the number.

The named conversions of ``core.units`` become the identity, so that pint does the converting.
``gb_from_bytes`` is the one exception: counts of bytes have no unit in their names, so it gives
them theirs.
"""

import functools
import importlib
import inspect
import random

import pint
import pytest
from tables import for_each

from carbonctl.core import units
from carbonctl.core.formula import CARDS, FUNCTIONS
from carbonctl.core.naming import unit_of
from carbonctl.formulas import load_all

load_all()

UREG = pint.UnitRegistry(autoconvert_to_preferred=False)
UREG.define("kgCO2e = [carbon_dioxide_equivalent]")
UREG.define("operation = [floating_point_work]")
UREG.define("octet_data = [stored_data]")
UREG.define("year_of_8760_h = 8760 * hour")

PINT = {
    "1": "dimensionless", "kgCO2e": "kgCO2e", "FLOP": "operation", "GB": "1e9 * octet_data",
    "W": "watt", "kW": "kilowatt", "Wh": "watt_hour", "kWh": "kilowatt_hour", "J": "joule",
    "h": "hour", "s": "second", "y": "year_of_8760_h", "cm": "centimeter",
    "cm2": "centimeter ** 2", "kg": "kilogram", "t": "metric_ton", "km": "kilometer",
    "g": "gram", "L": "liter", "mL": "milliliter", "EFLOP": "1e18 * operation",
    "kgCO2e*h": "kgCO2e * hour",
    "kgCO2e*kWh": "kgCO2e * kilowatt_hour", "kgCO2e2*kWh": "kgCO2e ** 2 * kilowatt_hour",
    "kgCO2e*kWh2": "kgCO2e * kilowatt_hour ** 2",
}  # fmt: skip

# Counts of parameters that the equation's constant turns into operations (2 for each weight that
# a token passes, 4 for each pair of tokens in attention): that constant's unit rides on them.
OPERATIONS_PER = {
    "train_flop": ("active_params",),
    "token_flop": ("active_params",),
    "step_flop": ("active_params",),
    "look_flop": ("heads",),
    "look_flop_by_latent": ("heads",),
    "look_flop_by_expanded_latent": ("heads",),
    "device_flop_by_shared_layers": ("shared_params",),
    "device_flop_by_padded_experts": ("expert_params",),
    "device_flop_by_experts": ("expert_params",),
    "denoise_flop": ("params_per_token", "layers"),
    "denoise_flop_by_params": ("unet_params",),
    "text_encoder_flop": ("text_encoder_params",),
    "computing_s": ("dense_params",),
    "weight_flop": ("nonembedding_params",),
    "weight_flop_by_adapters": ("active_params", "adapter_params"),
    "logit_flop": ("vocabulary",),
    "attention_flop": ("layers",),
    "forward_flop": ("forward_params",),
    "train_flop_by_encoder_decoder": ("total_params",),
    "sample_flop": ("encoder_params", "layers"),
    "sample_flop_by_decoder": ("decoder_params",),
    "sample_flop_by_frozen_encoders": ("text_encoder_params",),
}

RANGES = {
    "experts": (8.0, 64.0),
    "experts_per_token": (1.0, 4.0),
    "data_parallel": (1.0, 16.0),
    "expert_parallel": (1.0, 16.0),
    "wafer_cm": (20.0, 45.0),
    "edge_cm": (0.1, 0.5),
    "kerf_cm": (0.005, 0.02),
    "die_area_cm2": (0.5, 8.0),
    "tdp_w": (300.0, 1_000.0),
    "resident_power_w": (50.0, 200.0),
}
SHARES = ("_share", "share", "_yield", "_efficiency", "mfu", "goodput", "allocation_rate")
CONVERSIONS = sorted(
    name for name, value in vars(units).items() if "_from_" in name and inspect.isfunction(value)
)


@functools.cache
def unit(text):
    """A unit of ours, in pint's words."""
    over, *under = (UREG.Quantity(PINT[symbol]) for symbol in text.split("/"))
    for below in under:
        over = over / below
    return over


def sample(name, stream):
    if name in RANGES:
        return stream.uniform(*RANGES[name])
    if name.endswith(SHARES):
        return stream.uniform(0.1, 0.9)
    return stream.uniform(0.2, 5.0)


def plain_arguments(card, seed):
    """Numbers for every parameter; a tuple of two where the parameter is a tuple of parts."""
    stream = random.Random(f"{card.name} {seed}")
    return {
        name: (sample(name, stream), sample(name, stream))
        if name.startswith("parts_")
        else sample(name, stream)
        for name in card.parameters
    }


def with_units(card, arguments):
    def dressed(name, value):
        extra = UREG.operation if name in OPERATIONS_PER.get(card.name, ()) else 1
        return value * unit(unit_of(name)) * extra

    return {
        name: tuple(dressed(name, item) for item in value)
        if isinstance(value, tuple)
        else dressed(name, value)
        for name, value in arguments.items()
    }


def decorated(card):
    module = importlib.import_module(FUNCTIONS[card.name].__module__)
    return getattr(module, card.name)


@pytest.fixture
def identities(monkeypatch):
    for name in CONVERSIONS:
        monkeypatch.setattr(units, name, lambda quantity: quantity)
    monkeypatch.setattr(units, "gb_from_bytes", lambda count: count * UREG.octet_data)


# computed before the fixture makes the conversions identities
EXPECTED = {
    card.name: [
        (arguments, decorated(card)(**arguments))
        for arguments in (plain_arguments(card, seed) for seed in range(5))
    ]
    for card in CARDS.values()
}


@for_each("name", sorted(CARDS))
def test_a_formula_returns_the_unit_of_its_card_and_the_same_number(
    name,
    identities,  # noqa: ARG001 - the fixture acts
):
    card = CARDS[name]
    for arguments, number in EXPECTED[name]:
        result = FUNCTIONS[name](**with_units(card, arguments))
        ratio = UREG.Quantity(result / unit(card.unit)).to_reduced_units()
        assert ratio.dimensionless, f"{name} returns {result:~P}, not {card.unit}"
        assert ratio.to("dimensionless").magnitude == pytest.approx(number, rel=1e-9)


def test_every_conversion_names_two_units_that_pint_knows_the_factor_of():
    symbols = {"kwh": "kWh", "wh": "Wh", "j": "J", "hours": "h", "s": "s", "gb": "GB", "years": "y",
                "t": "t", "kg": "kg", "g": "g", "ml": "mL", "l": "L", "eflop": "EFLOP",
                "flop": "FLOP"}  # fmt: skip
    assert "gb_from_bytes" in CONVERSIONS
    for name in CONVERSIONS:
        target, _, source = name.partition("_from_")
        if name == "gb_from_bytes":
            factor = (UREG.octet_data / unit("GB")).to_base_units().magnitude
        elif name == "kw_years_from_kwh":
            factor = (unit("kWh") / (unit("kW") * unit("y"))).to_base_units().magnitude
        else:
            factor = (unit(symbols[source]) / unit(symbols[target])).to_base_units().magnitude
        assert getattr(units, name)(3.0) == pytest.approx(3.0 * factor, rel=1e-12), name


def test_operations_ride_only_on_parameters_that_have_no_unit_of_their_own():
    for name, parameters in OPERATIONS_PER.items():
        assert set(parameters) <= set(CARDS[name].parameters)
        assert {unit_of(parameter) for parameter in parameters} == {"1"}


def test_a_wrong_unit_is_caught(identities):  # noqa: ARG001 - the fixture acts
    energy, hours = unit("kWh"), unit("h")
    wrong = FUNCTIONS["facility_energy_kwh_from_hours"](
        accelerator_hours=energy, facility_power_w=hours
    )
    assert (wrong / unit("kWh")).to_base_units().units != UREG.dimensionless
    with pytest.raises(pint.DimensionalityError):
        FUNCTIONS["step_s"](working_s=unit("s"), launch_s=unit("W"), host_s=unit("s"))
