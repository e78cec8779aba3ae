"""The least-squares solver against SciPy's on problems like those of a fit."""

import numpy as np
import pytest
from scipy import optimize

from carbonctl.verify.least_squares import (
    least_squares,
    least_squares_of_each,
    linearize,
)
from carbonctl.verify.soft_l1 import soft_l1

TIMES = np.linspace(0.0, 4.0, 40)[:, None]
TRUTH = np.array([0.7, -0.4, 0.2])


def decay(points):
    """Logarithm of a decay onto a level: two amplitudes and a rate, given as logarithms."""
    height, rate, level = np.exp(points)
    return np.log(height * np.exp(-rate * TIMES) + level)


def problem(seed):
    """Residuals of noisy data, every eighth far off, under a weak prior; points are columns."""
    noise = np.random.default_rng(seed).normal(size=(len(TIMES), 1)) * 0.05
    noise[::8] += 1.0
    measured = decay(TRUTH[:, None]) + noise

    def residuals(points):
        return np.concatenate([soft_l1((decay(points) - measured) / 0.05), points / 2.0])

    return residuals


def by_scipy(residuals, **more):
    return optimize.least_squares(
        lambda at: residuals(at[:, None])[:, 0], np.zeros(3), xtol=1e-12, ftol=1e-12, **more
    ).x


def test_the_solution_is_that_of_scipy():
    for seed in range(20):
        residuals = problem(seed)
        found = least_squares(lambda at, of=residuals: linearize(of, at), np.zeros(3))
        best = by_scipy(residuals)
        assert found.at == pytest.approx(best, abs=5e-3), seed
        least = (residuals(best[:, None]) ** 2).sum()
        assert found.value @ found.value == pytest.approx(least, rel=1e-5), seed
        assert found.value == pytest.approx(residuals(found.at[:, None])[:, 0])


def test_soft_l1_residuals_are_the_soft_l1_loss_of_scipy():
    measured = decay(TRUTH[:, None]) + np.where(np.arange(40) % 8, 0.01, 1.0)[:, None]

    def misses(points):
        return (decay(points) - measured) / 0.05

    found = least_squares(lambda at: linearize(lambda x: soft_l1(misses(x)), at), np.zeros(3))
    assert found.at == pytest.approx(by_scipy(misses, loss="soft_l1"), abs=5e-3)


def test_arguments_stay_below_their_most_as_with_bounds_of_scipy():
    most = np.array([0.5, np.inf, 0.1])
    for seed in range(5):
        residuals = problem(seed)
        found = least_squares(lambda at, of=residuals: linearize(of, at), np.zeros(3), most=most)
        bounded = by_scipy(residuals, bounds=(-np.inf, most))
        assert found.at == pytest.approx(bounded, abs=5e-3), seed
        assert (found.at <= most).all()


def test_problems_that_are_solved_side_by_side_are_solved_as_alone():
    problems = [problem(seed) for seed in range(4)]
    starts = [np.full(3, 0.1 * place) for place in range(4)]

    def near(points):
        return {place: linearize(problems[place], at) for place, at in points.items()}

    together = least_squares_of_each(near, starts)
    for place, found in enumerate(together):
        alone = least_squares(lambda at, of=problems[place]: linearize(of, at), starts[place])
        assert (found.at == alone.at).all()
        assert (found.slopes == alone.slopes).all()


def column_by_column(function):
    """A function of one point, as a function of points in columns."""
    return lambda points: np.stack([function(point) for point in points.T], axis=1)


def test_slopes_are_those_of_the_function_column_by_column_or_at_once():
    at = np.array([0.3, 0.1, -0.2])
    near = linearize(decay, at)
    assert near.value == pytest.approx(decay(at[:, None])[:, 0])
    exact = optimize.approx_fprime(at, lambda x: decay(x[:, None])[:, 0], 1e-7)
    assert near.slopes == pytest.approx(exact, abs=1e-3)
    one_by_one = linearize(column_by_column(lambda x: decay(x[:, None])[:, 0]), at)
    assert one_by_one.slopes == pytest.approx(near.slopes, abs=1e-9)
