"""Published arithmetic on decisions: growth, lifetime, clean share, products of designs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix

from carbonctl.formulas import recommendation_work as compute_dlrm
from carbonctl.formulas.decisions import allocation, carbon_metrics, design_products, replacement
from carbonctl.formulas.hardware import parts, second_life
from carbonctl.formulas.serving import provisioning as fleet

YEAR = 8_760.0


def ratio(replaced, kept, growth, years):
    return replacement.carbon_ratio(
        replaced_kgco2e=replaced,
        kept_kgco2e=kept,
        growth_ratio=growth,
        growth_hours=years * YEAR,
        service_hours=years * YEAR,
    )


def test_20_percent_less_every_half_year_leaves_41_percent_in_two_years():
    """R18: Wu et al. 2022, figure 6: four half-years of 20 %."""
    assert ratio(0.8**4, 1.0, 1.0, 2.0) == approx(0.4096)


@pytest.mark.parametrize(("growth", "reduction"), [(1.7456, 0.285), (1.8115, 0.258)])
def test_growth_leaves_28_5_percent_of_59(growth, reduction):
    """R19: Wu et al. 2022, figure 8 says 28.5 %, section VI says 25.8 %."""
    assert 1 - ratio(0.8**4, 1.0, growth, 2.0) == approx(reduction, abs=0.001)


def test_twice_the_efficiency_in_3_to_4_years_is_26_to_19_percent_a_year():
    """R43: performance per watt of accelerators doubles every 3 to 4 years."""
    for years, expected in ((3.0, 0.2599), (4.0, 0.1892)):
        growth = replacement.break_even_growth_ratio(
            kept_kgco2e=2.0, replaced_kgco2e=1.0, growth_hours=YEAR, service_hours=years * YEAR
        )
        assert growth - 1 == approx(expected, abs=0.001)


def test_6_percent_more_energy_for_6_and_a_half_times_the_instances_is_20_percent_less_a_year():
    """R65: data centers from 2010 to 2018, as cited by Wu et al. 2024."""
    yearly = replacement.break_even_growth_ratio(
        kept_kgco2e=1.06, replaced_kgco2e=6.5, growth_hours=YEAR, service_hours=8 * YEAR
    )
    assert approx(0.1631, rel=0.001) == 1.06 / 6.5
    assert yearly - 1 == approx(-0.203, abs=0.002)


def test_a_server_kept_6_years_instead_of_4_costs_a_third_less_a_year():
    """R62, and R22: 1,000 t over four years are 250 t a year."""
    for item, years, expected in ((2_000.0, 4, 500.0), (2_000.0, 6, 333.3), (1e6, 4, 250_000.0)):
        yearly = second_life.embodied_kgco2e_per_year(item_kgco2e=item, lifetime_hours=years * YEAR)
        assert yearly == approx(expected, rel=0.001)


def test_embedding_tables_of_96_tb_are_24_tb_at_two_bytes():
    """R36: 12 trillion parameters at eight bytes, then at two."""
    for size, expected in ((8.0, 96.0), (2.0, 24.0)):
        table = compute_dlrm.table_gb(
            tables=1.0, table_rows=12e12, embedding_dim=1.0, embedding_bytes=size
        )
        assert table / 1e3 == approx(expected)


def test_tables_compressed_a_hundred_times_fit_2_devices_instead_of_125():
    """R37: 10 TB on devices of 80 GB (TT-Rec compresses more than a hundred times)."""
    for table, expected in ((10_000.0, 125), (100.0, 2)):
        devices = fleet.memory_devices(table_gb=table, device_memory_gb=80.0, memory_share=1.0)
        assert devices == expected


def test_hardware_outweighs_use_above_57_percent_clean_supply():
    """R63: Wu et al. 2022, section III-A: 30 % embodied, 70 % operational."""
    share = carbon_metrics.crossover_clean_share(embodied_kgco2e=30.0, operational_kgco2e=70.0)
    assert share == approx(0.571, abs=0.002)
    assert carbon_metrics.crossover_clean_share(embodied_kgco2e=2.0, operational_kgco2e=1.0) == 0


def test_hardware_that_emits_nothing_never_outweighs_use_and_other_hardware_does_without_use():
    def share(made, used):
        return carbon_metrics.crossover_clean_share(embodied_kgco2e=made, operational_kgco2e=used)

    assert share(0.0, 0.0) == share(0.0, 5.0) == 1
    assert share(5.0, 0.0) == 0
    many = share(np.array([0.0, 5.0, 1.0]), np.array([0.0, 0.0, 4.0]))
    assert many == approx(np.array([1.0, 0.0, 0.75]))


def test_what_saves_nothing_never_pays_back_even_if_it_costs_nothing():
    def years(made, saved):
        return replacement.break_even_years(
            new_kgco2e=made, saved_kgco2e=saved, service_hours=4 * YEAR
        )

    assert years(0.0, 0.0) == years(0.0, -1.0) == years(5.0, 0.0) == years(5.0, -5.0) == math.inf
    assert years(0.0, 5.0) == 0
    many = years(np.array([0.0, 500.0, 500.0]), np.array([0.0, 1_000.0, -1.0]))
    assert many == approx(np.array([math.inf, 2.0, math.inf]))


def test_no_dirtier_grid_pays_for_machines_that_draw_more_whatever_their_spares():
    def limit(old_kwh, new_kwh, old_spares):
        return replacement.break_even_kgco2e_per_kwh(
            new_kgco2e=500.0, new_spares_kgco2e=50.0, old_spares_kgco2e=old_spares,
            old_facility_energy_kwh=old_kwh, new_facility_energy_kwh=new_kwh,
        )  # fmt: skip

    assert limit(5_000.0, 15_000.0, 50.0) == limit(5_000.0, 15_000.0, 5_000.0) == math.inf
    assert limit(5_000.0, 5_000.0, 5_000.0) == limit(5_000.0, 5_000.0, 550.0) == math.inf
    assert limit(15_000.0, 5_000.0, 1_550.0) == approx(-0.1)  # spares alone pay


def test_products_of_carbon_delay_and_energy():
    """R71: README of ACT: C = 2, D = 3, E = 5."""
    assert design_products.cdp_kgco2e_h(item_kgco2e=2.0, delay_hours=3.0) == 6
    assert design_products.cep_kgco2e_kwh(item_kgco2e=2.0, task_energy_kwh=5.0) == 10
    assert design_products.c2ep_kgco2e2_kwh(item_kgco2e=2.0, task_energy_kwh=5.0) == 20
    assert design_products.ce2p_kgco2e_kwh2(item_kgco2e=2.0, task_energy_kwh=5.0) == 50


def test_sci_of_a_reserved_share_of_a_machine():
    """R73: 1,200 kg, half of a machine for 1 h of 35,040 h; 10 kWh at 0.4; 1,000 queries."""
    charged = allocation.amortized_kgco2e(
        item_kgco2e=600.0, machine_hours=1.0, lifetime_hours=35_040.0, allocation_rate=0.65
    )
    reserved = carbon_metrics.reserved_kgco2e(amortized_kgco2e=charged, allocation_rate=0.65)
    assert reserved == approx(0.01712, rel=0.001)
    sci = carbon_metrics.sci_kgco2e(
        used_kgco2e=4.0, hardware_kgco2e=reserved, functional_units=1_000.0
    )
    assert sci == approx(0.0040171, rel=0.001)


def test_compute_carbon_intensity_of_a_training_run():
    """Llama 2 70B: 291.42 t over 8.4e23 FLOP are 347 g per EFLOP."""
    cci = carbon_metrics.cci_kgco2e_per_eflop(carbon_kgco2e=291_420.0, train_flop=8.4e23)
    assert cci == approx(0.3469, rel=0.001)


def test_extra_servers_are_7_thousand_tons_a_megawatt_and_not_seven():
    """R55: 744.5 kg of 120 W, with 15 % for the building; a reference code reads it as t/MW."""
    per_megawatt = parts.part_kgco2e(part_count=1e6 / 120, unit_kgco2e=744.5 * 1.15)
    assert per_megawatt / 1e3 == approx(7_134.8, rel=0.001)


def test_a_gpu_hour_of_a_server_of_5_tons_is_14_g_and_22_g_with_its_idle_hours():
    """Eight accelerators in 5,024 kg, five years: allocation 1 as in SCI, and 0.65."""
    for rate, grams in ((1.0, 14.3), (0.65, 22.1)):
        hours = allocation.machine_hours(accelerator_hours=1.0, accelerators_per_machine=8.0)
        hour = allocation.amortized_kgco2e(
            item_kgco2e=5_024.0,
            machine_hours=hours,
            lifetime_hours=5 * YEAR,
            allocation_rate=rate,
        )
        assert hour * 1e3 == approx(grams, rel=0.005)
