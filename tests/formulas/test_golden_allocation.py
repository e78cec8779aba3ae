"""Published arithmetic on sharing embodied carbon and on sizes of experiments."""

from __future__ import annotations

import math

from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix

from carbonctl.formulas.decisions import allocation
from carbonctl.formulas.training import training_time

HOURS_PER_YEAR = 8_760.0


def test_a_server_of_two_tons_costs_76_to_254_g_an_hour_in_use():
    """R24: Wu et al. 2022: 5 years at 60 % in use, to 3 years at 30 %."""
    for years, used, expected in ((5.0, 0.6, 0.0761), (3.0, 0.3, 0.2537)):
        hour = allocation.amortized_kgco2e(
            item_kgco2e=2_000.0,
            machine_hours=1.0,
            lifetime_hours=years * HOURS_PER_YEAR,
            allocation_rate=used,
        )
        assert hour == approx(expected, rel=0.005)


def test_stalls_that_leave_44_percent_of_throughput_bill_2_273_hours_for_1_000():
    """R25: useful share of billed time, as the goodput of a run."""
    kept = {"train_flop": 3.6e21, "peak_flop_per_s": 1e15, "mfu": 1.0}
    useful, billed = (
        training_time.accelerator_hours_from_flop(**kept, goodput=share) for share in (1.0, 0.44)
    )
    assert useful == approx(1_000.0)
    assert billed == approx(2_272.7, rel=0.005)


def test_trials_of_1_and_a_half_and_24_days_are_3_days_in_the_mean():
    """R29: Wu et al. 2022: 1.5 GPU-days at the median, 24 at the 99th percentile."""
    sigma = math.log(24 / 1.5) / 2.326
    mean = training_time.accelerator_hours_from_trials(
        trials=1.0, median_hours=36.0, tail_hours=576.0, tail_z=2.326
    )
    assert sigma == approx(1.192, rel=0.001)
    assert mean / 24 == approx(3.05, rel=0.02)


def test_the_share_of_a_machine_reserved_for_an_hour_is_that_of_sci():
    """R73: 1,200 kg, one hour of 35,040, half of the machine; 10 kWh at 0.4 over 1,000 queries."""
    embodied = allocation.amortized_kgco2e(
        item_kgco2e=1_200.0 * 0.5,
        machine_hours=1.0,
        lifetime_hours=35_040.0,
        allocation_rate=1.0,
    )
    whole = allocation.total_kgco2e(parts_kgco2e=(10 * 0.4, embodied))
    assert embodied == approx(0.01712, rel=0.001)
    per_query = allocation.per_unit_kgco2e(carbon_kgco2e=whole, functional_units=1_000.0)
    assert per_query == approx(0.0040171, rel=0.001)
