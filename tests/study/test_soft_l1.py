"""Soft-L1 residuals, and what they would be without a family of cases."""

import numpy as np
import pytest

from carbonctl.study.soft_l1 import (
    inverse_soft_l1,
    misses_without_family,
    residuals_without,
    soft_l1,
    soft_l1_slope,
)


def test_the_slope_is_that_of_the_residuals():
    at, step = np.linspace(-5, 5, 40), 1e-4
    slope = (soft_l1(at + step) - soft_l1(at - step)) / (2 * step)
    assert soft_l1_slope(at) == pytest.approx(slope, abs=1e-5)


def test_misses_come_back_from_their_residuals():
    misses = np.linspace(-30, 30, 61)
    assert inverse_soft_l1(soft_l1(misses)) == pytest.approx(misses)


def test_a_solve_of_the_size_of_the_constants_gives_what_one_of_the_cases_gives():
    generator = np.random.default_rng(2)
    for cases, constants in ((1, 4), (3, 4), (4, 4), (60, 4), (200, 12)):
        slopes = generator.normal(size=(cases, constants))
        others = generator.normal(size=(50, constants))
        covariance = np.linalg.inv(slopes.T @ slopes + others.T @ others)
        residuals = generator.normal(size=cases)
        direct = np.linalg.solve(np.eye(cases) - slopes @ covariance @ slopes.T, residuals)
        found = residuals_without(residuals, slopes, covariance)
        assert found == pytest.approx(direct, rel=1e-9, abs=1e-9), (cases, constants)


def test_leaving_a_family_out_by_leverage_is_leaving_it_out():
    generator = np.random.default_rng(1)
    x = generator.normal(size=(30, 2))
    y = x @ [1.0, -2.0] + 0.01 * generator.normal(size=30)
    family = [f"f{i % 5}" for i in range(30)]
    known = {"energy": np.arange(30) % 7 > 0}
    told = known["energy"]

    best = np.linalg.lstsq(x[told], y[told])[0]
    covariance = np.linalg.inv(x[told].T @ x[told])
    residuals = soft_l1(x[told] @ best - y[told])
    found = misses_without_family(residuals, x[told], covariance, family, known)["energy"]
    own = np.array(family) == "f2"
    without = np.linalg.lstsq(x[told & ~own], y[told & ~own])[0]
    assert found[own & told] == pytest.approx((x @ without - y)[own & told], rel=1e-3)
    assert np.isnan(found[~told]).all()
