"""Searches of a fixed number of steps, against slow ones that cannot miss."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbonctl.plan.search import find_last_within, find_root


def bisected(function, low, high):
    """The root after 200 halvings."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (low, middle) if function(middle) > 0 else (middle, high)
    return low


@given(load=st.floats(1e-3, 1e4), fixed=st.floats(1e-4, 1.0), each=st.floats(1e-6, 1e-2))
def test_a_root_of_an_affine_function_is_exact_after_one_step(load, fixed, each):
    def left_over(batch):
        return batch - load * (fixed + each * batch)

    found = float(find_root(left_over, 1.0, 500.0, 1))
    if left_over(1.0) >= 0:
        assert found == 1.0
    elif left_over(500.0) <= 0:
        assert found == 500.0
    else:
        assert found == pytest.approx(load * fixed / (1 - load * each), rel=1e-9)


@settings(max_examples=200)
@given(load=st.floats(1.0, 1e4), experts=st.integers(8, 256), taken=st.integers(1, 4))
def test_a_root_with_experts_that_fill_up_is_that_of_two_hundred_halvings(load, experts, taken):
    """Weights of touched experts are read: their number is concave in the batch."""

    def left_over(batch):
        touched = 1.0 - (1.0 - taken / experts) ** batch
        return batch - load * (0.002 + 0.03 * touched + 2e-5 * batch)

    found = float(find_root(left_over, 1.0, 2_000.0, 9))
    ends = left_over(1.0), left_over(2_000.0)
    if ends[0] < 0 < ends[1]:
        assert found == pytest.approx(bisected(left_over, 1.0, 2_000.0), rel=1e-6)


def test_every_element_of_an_array_takes_its_own_way():
    loads = np.array([0.1, 10.0, 100.0, 1e6])

    def left_over(batch):
        return batch - loads * (0.02 + 1e-3 * batch)

    found = find_root(left_over, np.ones(4), np.full(4, 300.0), 3)
    alone = [find_root(lambda b, q=q: b - q * (0.02 + 1e-3 * b), 1.0, 300.0, 3) for q in loads]
    np.testing.assert_allclose(found, alone, rtol=1e-12)


@given(most=st.one_of(st.floats(0.5, 0.99), st.floats(2.0, 8.0)), dip=st.floats(1.0, 15.0))
def test_the_last_argument_within_a_limit_of_what_falls_first_and_rises_then(most, dip):
    def function(x):
        return (x - dip) ** 2 / 100.0 + 1.0

    found = float(find_last_within(function, 1.0, 400.0, most, 40))
    true = dip + 10.0 * np.sqrt(most - 1.0) if most >= 1.0 else 0.0
    assert found == pytest.approx(true, rel=1e-6)
