"""Formula cards, and traced numbers that keep the formula call that computed them."""

import numpy as np
import pytest
from traced_guard import UntracedArithmeticError

from carbonctl.core import formula as module
from carbonctl.core.fact import Fact
from carbonctl.core.formula import CARDS, FUNCTIONS, Step, Traced, formula, part
from carbonctl.formulas.decisions.allocation import total_kgco2e
from carbonctl.formulas.facility.operational import facility_energy_kwh, operational_location_kgco2e

ENERGY = Fact("train.energy", 1_000.0, "kWh", "user", "scenario")
PUE = Fact("site.pue", 1.1, "1", "user", "scenario")


def metered(it_energy_kwh=ENERGY):
    return facility_energy_kwh(
        it_energy_kwh=Traced(it_energy_kwh.value, it_energy_kwh), pue=Traced(PUE.value, PUE)
    )


def test_plain_numbers_give_a_plain_number():
    value = facility_energy_kwh(it_energy_kwh=1_000.0, pue=1.1)
    assert type(value) is float
    assert value == pytest.approx(1_100.0)


def test_numpy_scalars_give_a_plain_number():
    assert type(facility_energy_kwh(it_energy_kwh=np.float64(2.0), pue=1.5)) is float


def test_arrays_broadcast_over_rows_and_draws():
    value = facility_energy_kwh(it_energy_kwh=np.ones((3, 1)), pue=np.full((1, 5), 1.5))
    assert value.shape == (3, 5)
    assert (value == 1.5).all()


def test_a_traced_number_has_its_fact_as_cause():
    number = Traced(ENERGY.value, ENERGY)
    assert number == 1_000.0
    assert number.cause is ENERGY


def test_a_traced_argument_gives_a_traced_result_with_the_step_behind_it():
    value = metered()
    assert isinstance(value, Traced)
    assert value == pytest.approx(1_100.0)
    assert value.cause.card is CARDS["facility_energy_kwh"]
    assert value.cause.arguments["it_energy_kwh"].cause is ENERGY
    assert value.cause.arguments["pue"].cause is PUE


def test_a_result_is_walked_down_to_its_facts():
    carbon = operational_location_kgco2e(
        facility_energy_kwh=metered(), ci_location_kgco2e_per_kwh=Traced(0.4, PUE)
    )
    below = carbon.cause.arguments["facility_energy_kwh"]
    assert below.cause.card.name == "facility_energy_kwh"
    assert below.cause.arguments["it_energy_kwh"].cause is ENERGY


def test_tracing_does_not_change_the_number():
    assert float(metered()) == facility_energy_kwh(it_energy_kwh=1_000.0, pue=1.1)


def test_arithmetic_outside_a_formula_leaves_the_trace():
    assert not isinstance(Traced(1.0, ENERGY) + 1.0, Traced)


def test_a_traced_member_of_a_tuple_is_seen():
    value = total_kgco2e(parts_kgco2e=(Traced(1.0, ENERGY), Traced(2.0, PUE)))
    assert value == 3.0
    assert value.cause.card is CARDS["total_kgco2e"]
    assert [p.cause for p in value.cause.arguments["parts_kgco2e"]] == [ENERGY, PUE]


def test_a_step_is_named_by_its_part_and_its_quantity():
    with part("train"), part("server/gpu"):
        inside = metered()
    assert inside.cause.part == "train.server/gpu"
    assert inside.cause.id == "train.server/gpu.facility_energy_kwh"
    assert metered().cause.id == "facility_energy_kwh"


def test_a_part_ends_even_when_something_fails_inside():
    with pytest.raises(KeyError), part("train"):
        raise KeyError
    assert metered().cause.part == ""


def test_sibling_formulas_return_the_same_quantity():
    for name in ("it_energy_kwh_from_hours", "it_energy_kwh_by_share"):
        assert CARDS[name].quantity == "it_energy_kwh"
    step = Step(CARDS["it_energy_kwh_from_hours"], {}, "train")
    assert step.id == "train.it_energy_kwh"


def test_a_card_says_what_from_what_by_which_equation_and_who_says_so(monkeypatch):
    monkeypatch.setattr(module, "CARDS", {})
    monkeypatch.setattr(module, "FUNCTIONS", {})

    @formula(unit="kWh", equation="E = 2 * x", source="somebody-2024")
    def twice_kwh(*, once_kwh):
        """Twice the energy.

        And more.
        """
        return 2.0 * once_kwh

    card = module.CARDS["twice_kwh"]
    assert (card.unit, card.equation, card.source) == ("kWh", "E = 2 * x", "somebody-2024")
    assert card.parameters == ("once_kwh",)
    assert card.summary == "Twice the energy."
    assert twice_kwh(once_kwh=2.0) == module.FUNCTIONS["twice_kwh"](once_kwh=2.0) == 4.0


@pytest.mark.parametrize("kernel", [np.sqrt, np.asarray, lambda x: np.where(x > 1.0, x, 1.0)])
def test_whatever_numpy_makes_of_a_float_is_given_back_as_a_float(kernel, monkeypatch):
    monkeypatch.setattr(module, "CARDS", {})
    monkeypatch.setattr(module, "FUNCTIONS", {})

    @formula(unit="1", equation="y = f(x)", source="somebody-2024")
    def made(*, x):
        """What numpy makes of it."""
        return kernel(x)

    assert type(made(x=4.0)) is float
    assert type(made(x=Traced(4.0, PUE))) is Traced
    assert made(x=np.array([4.0, 9.0])).shape == (2,)


def test_the_bare_function_is_kept_beside_the_card():
    assert CARDS.keys() == FUNCTIONS.keys()
    assert FUNCTIONS["facility_energy_kwh"] is facility_energy_kwh.__wrapped__


def computed(code, module):
    """What a line of a module of the program gives for a traced number."""
    return eval(code, {"__name__": module, "number": Traced(ENERGY.value, ENERGY)})  # noqa: S307


def test_arithmetic_outside_of_a_formula_raises_under_tests():
    for code in ("number + 1.0", "1.0 - number", "number * number", "2.0 / number", "-number"):
        with pytest.raises(UntracedArithmeticError, match=r"^carbonctl\.estimate\.x:1: __"):
            computed(code, "carbonctl.estimate.x")
        assert computed(code, "carbonctl.formulas.x") == computed(code, "test_x")
    assert computed("number > 1.0", "carbonctl.estimate.x")
