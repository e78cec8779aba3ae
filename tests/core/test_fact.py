"""Facts: where a number comes from, and the shape of its doubt."""

from dataclasses import FrozenInstanceError, replace
from statistics import NormalDist

import numpy as np
import pytest
from tables import for_each

from carbonctl.core.fact import Fact, weakest_tier
from carbonctl.study.montecarlo import Draws

SAMPLES = 40_000
QUANTILE = {"p05_p95": 0.95, "p10_p90": 0.90, "min_max": 0.99, "judged": 0.90}


def fact(value=10.0, low=None, high=None, **more):
    made = Fact("a/b:c", value, "W", "somebody", "hardware_db", low=low, high=high)
    return replace(made, **more)


def drawn(given):
    return np.asarray(Draws(SAMPLES, 1)(given))


def test_a_fact_without_a_range_is_exact_and_draws_to_itself():
    assert fact().is_exact
    assert fact().normal_parameters()[1:] == (0.0, 0.0)
    assert drawn(fact()) == 10.0


@for_each(
    "origin, assumed, given",
    [
        ("scenario", False, True),
        ("cli", False, True),
        ("hardware_db", False, False),
        ("derived", False, False),
        ("default", True, False),
        ("archetype", True, False),
    ],
)
def test_the_origin_says_what_was_given_and_what_was_assumed(origin, assumed, given):
    made = fact(origin=origin)
    assert (made.assumed, made.is_from_user) == (assumed, given)


@pytest.mark.parametrize("kind", sorted(QUANTILE))
def test_the_ends_of_a_range_stand_at_the_quantiles_that_it_names(kind):
    q = NormalDist().inv_cdf(QUANTILE[kind])
    middle, below, above = fact(10.0, 5.0, 40.0, range_kind=kind).normal_parameters()
    assert middle - q * below == pytest.approx(np.log(5.0), abs=1e-4)
    assert middle + q * above == pytest.approx(np.log(40.0), abs=1e-4)


@pytest.mark.parametrize(
    ("shape", "value", "low", "high"),
    [
        ("positive", 67.0, 9.0, 115.0),
        ("share", 0.65, 0.35, 0.92),
        ("pue", 1.12, 1.05, 1.45),
        ("signed", -1.5, -4.0, 0.0),
    ],
)
def test_the_median_of_the_draws_is_the_value_and_the_ends_are_kept(shape, value, low, high):
    found = np.percentile(drawn(fact(value, low, high, shape=shape)), (5, 50, 95))
    assert found == pytest.approx([low, value, high], rel=0.05, abs=0.05)


def test_a_positive_quantity_is_never_drawn_below_zero():
    assert drawn(fact(1.0, 0.01, 50.0)).min() > 0


def test_a_share_is_drawn_between_zero_and_one():
    draws = drawn(fact(0.9, 0.5, 0.99, shape="share"))
    assert 0 < draws.min() < draws.max() < 1


def test_a_pue_is_drawn_above_one():
    assert drawn(fact(1.1, 1.02, 1.6, shape="pue")).min() > 1


def test_a_signed_quantity_may_cross_zero():
    draws = drawn(fact(0.5, -1.0, 2.0, shape="signed"))
    assert draws.min() < 0 < draws.max()


def test_a_lopsided_range_stays_lopsided():
    _, below, above = fact(0.9, 0.2, 2.6).normal_parameters()
    assert below == pytest.approx(np.log(0.9 / 0.2) / 1.6449)
    assert above == pytest.approx(np.log(2.6 / 0.9) / 1.6449)


def test_the_weakest_tier_wins():
    assert weakest_tier(["measured", "proxy", "published"]) == "proxy"
    assert weakest_tier(["measured", "published"]) == "published"
    assert weakest_tier(["measured"]) == "measured"
    assert weakest_tier([]) == "modeled"


def test_a_fact_does_not_change():
    with pytest.raises(FrozenInstanceError):
        fact().value = 2.0
