"""Published numbers as cited arithmetic; R.. are ids of the project's reproduction cases.

Each formula file has at least one number of somebody else and one limit.
"""

import math

import numpy as np
import pytest
from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix

from carbonctl.formulas import language_model_work as compute_llm
from carbonctl.formulas import recommendation_work as compute_dlrm
from carbonctl.formulas.decisions import allocation
from carbonctl.formulas.facility import datacenter, operational, storage, water
from carbonctl.formulas.hardware import end_of_life, fab, parts, power, transport
from carbonctl.formulas.training import training_time

YEAR = 8_760.0


# operational


def test_r10_pue_is_counted_once():
    at_meter = operational.facility_energy_kwh(it_energy_kwh=1_000.0, pue=1.1)
    carbon = operational.operational_location_kgco2e(
        facility_energy_kwh=at_meter, ci_location_kgco2e_per_kwh=0.4
    )
    assert at_meter == approx(1_000 * 1.1)
    assert carbon == approx(440.0)


def test_a_pue_of_one_adds_nothing_and_dividing_by_it_gives_the_energy_back():
    assert operational.facility_energy_kwh(it_energy_kwh=123.0, pue=1.0) == 123.0
    at_meter = operational.facility_energy_kwh(it_energy_kwh=123.0, pue=1.37)
    back = operational.it_energy_kwh_from_facility_energy(facility_energy_kwh=at_meter, pue=1.37)
    assert back == approx(123.0)


def test_llama_3_1_card_11390_tonnes_at_700_watts_and_its_implied_grid():
    # Meta model card: 39.3 M GPU-hours x 700 W, PUE already in the watts; 0.414 kg/kWh implied.
    energy = operational.facility_energy_kwh_from_hours(
        accelerator_hours=39.3e6, facility_power_w=700.0
    )
    carbon = operational.operational_location_kgco2e(
        facility_energy_kwh=energy, ci_location_kgco2e_per_kwh=0.414
    )
    assert energy == approx(27.51e6)
    assert carbon / 1e3 == approx(11_390, rel=1e-3)


def test_olmo_2_7b_157_mwh_and_52_tonnes():
    # Morrison et al. 2025: GPU energy x PUE 1.2 = 157 MWh, Austin Energy 0.332 kg/kWh.
    energy = operational.facility_energy_kwh(it_energy_kwh=130_800.0, pue=1.2)
    carbon = operational.operational_location_kgco2e(
        facility_energy_kwh=energy, ci_location_kgco2e_per_kwh=0.332
    )
    assert energy == approx(157_000, rel=1e-3)
    assert carbon == approx(52_000, rel=5e-3)


@pytest.mark.parametrize(("share", "left"), [(0.0, 400.0), (0.75, 100.0), (1.0, 0.0)])
def test_contracts_take_their_share_and_full_contracts_leave_nothing(share, left):
    carbon = operational.operational_market_kgco2e(
        facility_energy_kwh=1_000.0, contracted_share=share, ci_location_kgco2e_per_kwh=0.4
    )
    assert carbon == approx(left)


def test_no_hours_draw_no_energy():
    assert operational.device_energy_kwh(accelerator_hours=0.0, device_power_w=700.0) == 0.0
    assert operational.it_energy_kwh_from_hours(accelerator_hours=0.0, it_power_w=700.0) == 0.0


# water


def test_gpt_3_training_evaporates_5_44_million_liters():
    # Li et al., arXiv 2304.03271: 1,287 MWh x (0.55 + 1.17 x 3.142) L/kWh.
    liters = water.water_l(
        it_energy_kwh=1_287e3, pue=1.17, wue_l_per_kwh=0.55, ewif_l_per_kwh=3.142
    )
    assert liters == approx(1_287e3 * (0.55 + 1.17 * 3.142))
    assert liters / 1e6 == approx(5.44, rel=1e-3)


def test_without_grid_water_pue_plays_no_part():
    for pue in (1.0, 1.8):
        assert water.water_l(
            it_energy_kwh=10.0, pue=pue, wue_l_per_kwh=0.5, ewif_l_per_kwh=0.0
        ) == approx(5.0)


# fab


def test_murphys_yield_at_half_a_defect_per_die():
    # Murphy 1964: ((1 - e^-0.5) / 0.5)^2 = 0.6193.
    good = fab.fab_yield_by_murphy(die_area_cm2=1.0, defect_density_per_cm2=0.5)
    assert good == approx(0.6193, rel=1e-3)


def test_without_defects_every_die_is_good():
    assert fab.fab_yield_by_murphy(die_area_cm2=8.0, defect_density_per_cm2=1e-7) == approx(
        1.0, abs=1e-5
    )


def test_square_dies_of_one_centimeter_on_a_300_mm_wafer():
    # De Vries 2005, without edge or kerf: pi*30^2/4 - pi*30/sqrt(2) = 706.9 - 66.6 = 640.2.
    whole = fab.dies_per_wafer(die_area_cm2=1.0, wafer_cm=30.0, edge_cm=0.0, kerf_cm=0.0)
    assert whole == math.floor(math.pi * 900 / 4 - math.pi * 30 / math.sqrt(2)) == 640


def test_a_die_carries_the_whole_wafer_when_it_is_the_only_good_one():
    one = fab.die_kgco2e(
        die_count=1.0, cpa_kgco2e_per_cm2=1.5, wafer_cm=30.0, dies_per_wafer=1.0, fab_yield=1.0
    )
    assert one == approx(1.5 * math.pi * 15**2)


def test_a_die_costs_more_than_its_own_area_even_at_full_yield():
    whole = fab.dies_per_wafer(die_area_cm2=8.14, wafer_cm=30.0, edge_cm=0.3, kerf_cm=0.01)
    die = fab.die_kgco2e(
        die_count=1.0, cpa_kgco2e_per_cm2=1.58, wafer_cm=30.0, dies_per_wafer=whole, fab_yield=1.0
    )
    assert 1.58 * 8.14 < die < 1.58 * 8.14 * 1.6


def test_an_interposer_at_full_yield_is_its_area():
    made = fab.interposer_kgco2e(
        interposer_area_cm2=20.0, interposer_kgco2e_per_cm2=0.25, interposer_yield=1.0
    )
    assert made == approx(20 * 0.25)


# parts


def test_an_hgx_h100_baseboard_is_eight_modules_of_164_kg():
    # NVIDIA's footprint of the HGX H100 baseboard: 1,312 kg.
    assert parts.part_kgco2e(part_count=8.0, unit_kgco2e=164.0) == approx(1_312.0)


def test_two_terabytes_of_memory_at_0_9_kg_a_gigabyte():
    made = parts.part_kgco2e_by_capacity(capacity_gb=2_048.0, capacity_kgco2e_per_gb=0.9)
    assert made == approx(2_048 * 0.9)


def test_a_module_without_uplift_and_error_is_the_sum_of_its_parts():
    made = parts.module_kgco2e(
        module_count=1.0, assembly_uplift=1.0, module_residual=1.0, parts_kgco2e=(1.0, 2.0, 4.0)
    )
    assert made == approx(7.0)


def test_a_machine_that_fills_a_rack_carries_it_and_no_watts_cost_nothing():
    assert parts.rack_kgco2e(unit_kgco2e=500.0, rack_units=42.0, rack_height=42.0) == 500.0
    assert parts.part_kgco2e_by_power(rated_w=0.0, rated_kgco2e_per_w=0.01) == 0.0


# datacenter


@pytest.mark.parametrize(
    ("kg_per_chip", "watts"), [(59.0, 1_184.0), (59.0, 1_171.0), (109.0, 2_173.0)]
)
def test_construction_of_three_google_tpus_agrees_on_67_kg_per_average_kw_year(kg_per_chip, watts):
    # Schneider et al. 2025, arXiv 2502.01671: kg a chip over six years, watts per 8-chip machine.
    energy = watts / 1e3 * 6 * YEAR
    machine = datacenter.construction_kgco2e(
        it_energy_kwh=energy, construction_kgco2e_per_kw_year=67.0
    )
    assert machine / 8 == approx(kg_per_chip, rel=0.015)


def test_one_kilowatt_for_one_year_carries_one_factor_and_no_energy_none():
    def made(energy):
        return datacenter.construction_kgco2e(
            it_energy_kwh=energy, construction_kgco2e_per_kw_year=67.0
        )

    assert made(YEAR) == approx(67.0)
    assert made(0.0) == 0.0


# transport and end of life


def test_a_server_flown_across_the_pacific():
    # 130 kg x 10,000 km x 0.8 kg per tonne-kilometer = 0.13 t x 8,000 kg/t.
    carbon = transport.transport_kgco2e_by_distance(
        mass_kg=130.0, distance_km=10_000.0, transport_kgco2e_per_tkm=0.8
    )
    assert carbon == approx(0.13 * 10_000 * 0.8)


def test_a_server_that_goes_nowhere_emits_nothing():
    assert transport.transport_kgco2e(mass_kg=0.0, transport_kgco2e_per_kg=2.6) == 0.0
    assert (
        transport.transport_kgco2e_by_distance(
            mass_kg=130.0, distance_km=0.0, transport_kgco2e_per_tkm=0.8
        )
        == 0.0
    )


def test_treatment_is_gross_and_the_credit_is_a_negative_number_of_its_own():
    assert end_of_life.end_of_life_kgco2e(mass_kg=130.0, end_of_life_kgco2e_per_kg=0.6) == approx(
        78.0
    )
    assert end_of_life.recovery_credit_kgco2e(
        mass_kg=130.0, recovery_credit_kgco2e_per_kg=-1.5
    ) == approx(-195.0)
    assert end_of_life.end_of_life_kgco2e(mass_kg=130.0, end_of_life_kgco2e_per_kg=0.0) == 0.0


# allocation


def share(kg, hours, life, rate):
    return allocation.amortized_kgco2e(
        item_kgco2e=kg, machine_hours=hours, lifetime_hours=life, allocation_rate=rate
    )


def test_r23_a_server_hour_of_wu_et_al():
    # MLSys 2022, III-A: 2,000 kg over 4 years, 45 % utilized.
    assert share(2_000.0, 1.0, 4 * YEAR, 1.0) == approx(0.05708, rel=5e-3)
    assert share(2_000.0, 1.0, 4 * YEAR, 0.45) == approx(0.12684, rel=5e-3)


def test_r24_the_range_of_a_server_hour():
    assert share(2_000.0, 1.0, 5 * YEAR, 0.6) == approx(0.0761, rel=5e-3)
    assert share(2_000.0, 1.0, 3 * YEAR, 0.3) == approx(0.2537, rel=5e-3)


def test_r62_two_more_years_of_life_save_a_third_of_each_year():
    assert share(2_000.0, YEAR, 4 * YEAR, 1.0) == approx(500.0)
    assert share(2_000.0, YEAR, 6 * YEAR, 1.0) == approx(333.3, rel=1e-3)


def test_r73_the_toy_of_the_sci_specification():
    # 10 kWh x 0.4 + 1,200 kg x 1 h / 35,040 h x half a server, over 1,000 queries.
    half = allocation.machine_hours(accelerator_hours=1.0, accelerators_per_machine=2.0)
    embodied = share(1_200.0, half, 35_040.0, 1.0)
    total = allocation.total_kgco2e(parts_kgco2e=(10 * 0.4, embodied))
    each = allocation.per_unit_kgco2e(carbon_kgco2e=total, functional_units=1_000.0)
    assert embodied == approx(1_200 * 1 / 35_040 * 0.5)
    assert embodied == approx(0.01712, rel=1e-3)
    assert each == approx(0.0040171, rel=1e-3)


def test_a_whole_life_carries_the_whole_item():
    assert share(1_234.0, 5 * YEAR, 5 * YEAR, 1.0) == approx(1_234.0)
    assert share(1_234.0, 0.65 * 5 * YEAR, 5 * YEAR, 0.65) == approx(1_234.0)


def test_a_sum_of_one_part_is_the_part():
    assert allocation.total_kgco2e(parts_kgco2e=(5.0,)) == 5.0
    assert allocation.total_hours(parts_hours=(5.0,)) == 5.0
    assert allocation.total_energy_kwh(parts_kwh=(5.0,)) == 5.0
    assert allocation.total_water_l(parts_l=(5.0,)) == 5.0


def test_a_gemini_prompt_of_0_24_wh_and_0_26_ml():
    # Elsworth et al. 2025: the median prompt; here as a million of them.
    energy = allocation.per_unit_energy_wh(facility_energy_kwh=240.0, functional_units=1e6)
    drops = allocation.per_unit_water_ml(water_l=260.0, functional_units=1e6)
    assert (energy, drops) == (approx(0.24), approx(0.26))


# compute


def test_r31_llama_2_70b_is_8_4e23_flop_at_an_mfu_of_43_5_percent():
    # Model card: 1,720,320 A100-hours; 6 x 70e9 x 2e12 FLOP; dense peak 312 TFLOP/s.
    flop = compute_llm.train_flop(active_params=70e9, train_tokens=2e12)
    assert flop == approx(6 * 70e9 * 2e12) == approx(8.4e23)
    reached = flop / (1_720_320 * 3_600)
    assert reached == approx(135.6e12, rel=1e-2)
    hours = training_time.accelerator_hours_from_flop(
        train_flop=flop, peak_flop_per_s=312e12, mfu=reached / 312e12, goodput=1.0
    )
    assert hours == approx(1_720_320)
    assert reached / 312e12 == approx(0.435, rel=1e-2)


def test_gpt_3_is_3_14e23_flop():
    # Brown et al. 2020, table D.1: 175 B parameters, 300 B tokens.
    flop = compute_llm.train_flop(active_params=174.6e9, train_tokens=300e9)
    assert flop == approx(3.14e23, rel=1e-2)


def test_a_cache_that_answers_all_leaves_nothing_to_serve():
    assert compute_llm.served_units(functional_units=100.0, cache_hit_share=1.0) == 0.0
    assert compute_llm.served_units(functional_units=100.0, cache_hit_share=0.0) == 100.0
    assert compute_llm.functional_units(rate_per_hour=1e6 / 24, period_hours=YEAR) == approx(365e6)


def test_criteo_tables_take_about_96_gb():
    # MLPerf DLRM: 188 M rows in 26 tables, 128 elements of 4 bytes: 96 GB.
    size = compute_dlrm.table_gb(
        tables=26.0, table_rows=188e6 / 26, embedding_dim=128.0, embedding_bytes=4.0
    )
    assert size == approx(96, rel=0.01)


def ranked(**changes):
    given = {
        "dense_params": 1e6,
        "gather_gb": 1e-3,
        "compute_passes": 1.0,
        "memory_passes": 1.0,
        "peak_flop_per_s": 1e12,
        "matmul_efficiency": 0.5,
        "bandwidth_gb_per_s": 100.0,
        "gather_efficiency": 0.5,
    }
    given |= changes
    limits = (
        (compute_dlrm.computing_s, "dense_params compute_passes peak_flop_per_s matmul_efficiency"),
        (compute_dlrm.gathering_s, "gather_gb memory_passes bandwidth_gb_per_s gather_efficiency"),
    )
    computing, gathering = (of(**{n: given[n] for n in names.split()}) for of, names in limits)
    return compute_dlrm.unit_s(computing_s=computing, gathering_s=gathering)


def test_a_sample_waits_for_the_slower_of_memory_and_arithmetic():
    assert ranked() == approx(max(2 * 1e6 / 5e11, 1e-3 / 50))
    assert ranked(gather_gb=0.0) == approx(2 * 1e6 / 5e11)
    assert ranked(dense_params=0.0) == approx(1e-3 / 50)


def test_gathers_and_hours_of_samples_start_at_zero():
    nothing = compute_dlrm.gather_gb(
        tables=0.0, lookups=1.0, embedding_dim=1.0, embedding_bytes=1.0
    )
    assert nothing == 0.0
    assert compute_dlrm.accelerator_hours_from_samples(train_samples=0.0, unit_s=1.0) == 0.0


# training time


def test_r29_the_mean_experiment_is_3_05_gpu_days():
    # Wu et al., MLSys 2022, II-A: lognormal, median 1.5 GPU-days, 24 at the 99th percentile.
    hours = training_time.accelerator_hours_from_trials(
        trials=1.0, median_hours=1.5 * 24, tail_hours=24 * 24.0, tail_z=2.326
    )
    sigma = math.log(24 / 1.5) / 2.326
    assert sigma == approx(1.192, rel=1e-3)
    assert hours / 24 == approx(1.5 * math.exp(sigma**2 / 2))
    assert hours / 24 == approx(3.05, rel=2e-2)


def test_experiments_of_one_size_cost_their_median():
    hours = training_time.accelerator_hours_from_trials(
        trials=10.0, median_hours=36.0, tail_hours=36.0, tail_z=2.326
    )
    assert hours == approx(360.0)


def test_steady_utilization_times_goodput_is_billed_utilization():
    split = training_time.accelerator_hours_from_flop(
        train_flop=1e22, peak_flop_per_s=1e15, mfu=0.4, goodput=0.8
    )
    billed = training_time.accelerator_hours_from_flop_by_billed_mfu(
        train_flop=1e22, peak_flop_per_s=1e15, billed_mfu=0.32
    )
    assert split == approx(billed)


def test_a_perfect_run_takes_work_over_peak_and_one_run_is_itself():
    perfect = training_time.accelerator_hours_from_flop(
        train_flop=3.6e18, peak_flop_per_s=1e15, mfu=1.0, goodput=1.0
    )
    assert perfect == approx(1.0)
    assert training_time.accelerator_hours_by_repeats(run_hours=7.0, repeats=1.0) == 7.0
    assert training_time.repeats(period_hours=YEAR, cadence_hours=168.0) == approx(52.14, rel=1e-3)


# power


def test_a_server_between_idle_and_loaded():
    # Barroso and Hoelzle 2007: linear in utilization between the two.
    def drawn(share_busy):
        return power.it_power_w(
            idle_power_w=200.0, loaded_power_w=500.0, mean_busy_share=share_busy
        )

    assert [drawn(0.0), drawn(0.5), drawn(1.0)] == [200.0, 350.0, 500.0]


def test_a_fleet_that_never_waits_pays_no_idle_energy():
    def energy(busy):
        return power.it_energy_kwh_by_busy_share(
            loaded_energy_kwh=100.0, idle_power_share=0.35, busy_share=busy
        )

    assert energy(1.0) == approx(100.0)
    assert energy(0.5) == approx(100 + 0.35 * 100)


def test_without_host_and_losses_a_server_draws_what_its_boards_draw():
    energy = operational.it_energy_kwh_from_device_energy(
        device_energy_kwh=80.0, host_power_factor=1.0
    )
    assert energy == 80.0


def test_an_h100_at_85_percent_of_700_watts():
    # Measured mean of seven language-model runs: 0.85 of rated power.
    assert power.device_power_w(tdp_w=700.0, device_power_share=0.85) == approx(595.0)


# storage


def mean_growth(ratio, years):
    return storage.mean_growth(growth_ratio=ratio, period_hours=years * YEAR, growth_hours=2 * YEAR)


def test_r28_data_that_grows_2_4_times_in_two_years():
    # Wu et al., MLSys 2022, figure 2b: 1,000 TB become 5,760 in four years. The mean m of an
    # exponential from 1 to G obeys G = 1 + m ln G.
    end = 1 + mean_growth(2.4, 4.0) * math.log(2.4**2)
    assert 1_000 * end == approx(1_000 * 2.4**2) == approx(5_760)


def test_mean_growth_is_the_mean_of_the_curve():
    years = np.linspace(0.0, 3.0, 100_001)
    curve = 2.4 ** (years / 2)
    assert mean_growth(2.4, 3.0) == approx(np.trapezoid(curve, years) / 3.0, rel=1e-6)


def test_a_stock_that_does_not_grow_stays_what_it_is():
    assert mean_growth(1 + 1e-6, 4.0) == approx(1.0, abs=1e-5)
    assert mean_growth(1.0, 4.0) == approx(1.0)


def test_a_petabyte_of_disks_for_a_year():
    # Cloud Carbon Footprint: 0.65 Wh per TB-hour of disk; three copies.
    kept = storage.stored_gb(data_gb=1e6, replicas=3.0, mean_growth=1.0)
    energy = storage.it_energy_kwh_from_storage(
        stored_gb=kept, storage_w_per_gb=0.65e-3, period_hours=YEAR
    )
    assert energy == approx(3_000 * 0.65 * YEAR / 1e3)


def test_bytes_kept_for_the_life_of_a_drive_carry_the_drive():
    carbon = storage.storage_embodied_kgco2e(
        stored_gb=1e3, storage_kgco2e_per_gb=0.03, period_hours=5 * YEAR, lifetime_hours=5 * YEAR
    )
    assert carbon == approx(30.0)
