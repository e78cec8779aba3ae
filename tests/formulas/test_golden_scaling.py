"""Strong scaling and the share of a base model: published ratios, limits, and laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix

from carbonctl.catalog.read import Catalog
from carbonctl.formulas.decisions import allocation
from carbonctl.formulas.training import strong_scaling

EXPONENT = Catalog.open().default("strong_scaling_exponent")
NODE = 8.0
quick = settings(max_examples=50, deadline=None, derandomize=True)
devices = st.floats(1.0, 1e5)
exponents = st.floats(0.0, 1.0)


def hours(accelerators, exponent, modeled=1.0):
    return strong_scaling.accelerator_hours_by_strong_scaling(
        modeled_hours=modeled,
        accelerators=accelerators,
        accelerators_per_machine=NODE,
        scaling_exponent=exponent,
    )


@pytest.mark.parametrize(("accelerators", "published"), [(64, 1.24), (64, 1.70), (512, 3.84)])
def test_the_default_exponent_spans_what_mlperf_training_v4_power_measured(accelerators, published):
    implied = np.log(published) / np.log(accelerators / NODE)
    assert hours(accelerators, implied) == approx(published)
    assert round(implied, 2) >= EXPONENT.low
    assert round(implied, 2) <= EXPONENT.high


@quick
@given(accelerators=devices, exponent=exponents)
def test_spreading_a_job_never_saves_device_hours(accelerators, exponent):
    assert hours(accelerators, exponent) >= 1.0
    assert hours(2.0 * accelerators, exponent) >= hours(accelerators, exponent)
    if accelerators <= NODE:
        assert hours(accelerators, exponent) == 1.0


@quick
@given(accelerators=devices, exponent=exponents)
def test_wall_time_still_falls_with_devices(accelerators, exponent):
    shorter = hours(2.0 * accelerators, exponent) / (2.0 * accelerators)
    assert shorter <= hours(accelerators, exponent) / accelerators * (1.0 + 1e-12)


def test_draws_below_a_node_are_not_rewarded():
    assert hours(np.array([4.0, 8.0, 128.0]), 0.25).tolist() == approx([1.0, 1.0, 2.0])


@quick
@given(footprint=st.floats(1.0, 1e9), uses=st.floats(1.0, 1e6))
def test_the_shares_of_all_uses_are_the_base_model(footprint, uses):
    share = allocation.base_share_kgco2e(base_footprint_kgco2e=footprint, downstream_uses=uses)
    assert share * uses == approx(footprint)
