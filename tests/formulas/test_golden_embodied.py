"""Golden numbers of fabs, chips and buildings, written as cited arithmetic."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx  # noqa: PT013 - reads as a word in arithmetic

from carbonctl.formulas.facility import datacenter
from carbonctl.formulas.hardware import fab, parts

DIES = st.floats(0.1, 8.5)
DEFECTS = st.floats(0.01, 0.5)


@pytest.mark.parametrize(
    ("made", "share"),
    [
        # A reticle-size die of 8.14 cm2 at 0.1 defects per cm2.
        (fab.fab_yield_by_poisson(die_area_cm2=8.14, defect_density_per_cm2=0.1), 0.443),
        (fab.fab_yield_by_murphy(die_area_cm2=8.14, defect_density_per_cm2=0.1), 0.468),
        (fab.fab_yield_by_negative_binomial(die_area_cm2=8.14, defect_density_per_cm2=0.1,
                                            defect_clustering=3.0), 0.487),
        (fab.fab_yield_by_negative_binomial(die_area_cm2=8.14, defect_density_per_cm2=0.1,
                                            defect_clustering=10.0), 0.457),
    ],
)  # fmt: skip
def test_yields_of_a_reticle_size_die(made, share):
    assert made == approx(share, abs=5e-4)


@given(DIES, DEFECTS)
def test_poisson_is_the_least_yield_and_clusters_raise_it(area, defects):
    sized = {"die_area_cm2": area, "defect_density_per_cm2": defects}
    poisson = fab.fab_yield_by_poisson(**sized)
    some, many = (
        fab.fab_yield_by_negative_binomial(**sized, defect_clustering=alpha) for alpha in (3.0, 1e6)
    )
    assert poisson <= fab.fab_yield_by_murphy(**sized)
    assert poisson <= some
    assert many == approx(poisson, rel=1e-3)


@given(DIES, DEFECTS)
def test_a_larger_die_yields_less_and_emits_more_per_area(area, defects):
    def per_area(size):
        good = fab.fab_yield_by_murphy(die_area_cm2=size, defect_density_per_cm2=defects)
        made = fab.die_kgco2e_by_area(
            die_count=1.0, cpa_kgco2e_per_cm2=1.5, die_area_cm2=size, fab_yield=good
        )
        return made / size

    assert per_area(area) < per_area(area * 1.2)


def test_carbon_per_area_of_act_at_five_nanometers():
    # ACT, N5, Taiwan, 97 % abated: 0.583 x 2.75 + 0.3275 + 0.5 = 2.43.
    made = fab.cpa_kgco2e_per_cm2_by_process(
        epa_kwh_per_cm2=2.75, fab_ci_kgco2e_per_kwh=0.583, gpa_kgco2e_per_cm2=0.3275,
        mpa_kgco2e_per_cm2=0.5,
    )  # fmt: skip
    assert made == approx(2.43, abs=0.005)


def test_chiplets_emit_less_than_the_one_die_that_they_replace():
    # Four dies of 2 cm2 or one of 8 cm2, 0.1 defects per cm2, without packaging.
    def made(count, area):
        good = fab.fab_yield_by_murphy(die_area_cm2=area, defect_density_per_cm2=0.1)
        whole = fab.dies_per_wafer(die_area_cm2=area, wafer_cm=30.0, edge_cm=0.3, kerf_cm=0.01)
        return fab.die_kgco2e(
            die_count=count, cpa_kgco2e_per_cm2=1.5, wafer_cm=30.0, dies_per_wafer=whole,
            fab_yield=good,
        )  # fmt: skip

    assert made(4.0, 2.0) < 0.65 * made(1.0, 8.0)


def test_a_failed_package_takes_its_dies_with_it():
    one = fab.chip_kgco2e(chip_count=1.0, assembly_yield=1.0, parts_kgco2e=(30.0, 4.0))
    assert one == approx(34)
    half = fab.chip_kgco2e(chip_count=1.0, assembly_yield=0.5, parts_kgco2e=(30.0, 4.0))
    assert half == approx(68)


def test_thirty_two_gigabytes_of_modules():
    # One module of 32 GB in 0.5 cm2/GB at 2.5 kg per cm2, and its board of 5.22 kg.
    made = parts.memory_kgco2e_by_boards(
        part_count=1.0, board_kgco2e=5.22, capacity_gb=32.0, area_cm2_per_gb=0.5,
        memory_kgco2e_per_cm2=2.5,
    )  # fmt: skip
    assert made == approx(45.22)


def test_a_datacenter_of_the_greensku_size_by_its_power():
    # 50 MW at full load over 20 y at 9 kg per kW-year are the 9,000 t of GreenSKU.
    made = datacenter.construction_kgco2e_by_power(
        it_power_w=50e6, it_load=1.0, lifetime_hours=20 * 8760.0,
        construction_kgco2e_per_kw_year=9.0,
    )  # fmt: skip
    assert made == approx(9e6)


def test_a_building_stands_as_often_as_its_plant_is_renewed():
    def made(years, lasts):
        return datacenter.plant_kgco2e(
            part_count=100.0, unit_kgco2e=40.0, lifetime_hours=years * 8760.0,
            plant_lifetime_hours=lasts * 8760.0,
        )  # fmt: skip

    assert made(20, 20) == approx(4_000)
    assert made(30, 15) == approx(8_000)
    assert made(10, 15) == approx(4_000)  # what outlives the building is made once all the same


def test_a_small_die_fills_the_wafer():
    whole = fab.dies_per_wafer(die_area_cm2=0.1, wafer_cm=30.0, edge_cm=0.0, kerf_cm=0.0)
    assert whole * 0.1 > 0.95 * math.pi * 15**2
