"""A result in the terms of SCI and of the GHG Protocol: nothing lost, nothing invented."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix

from carbonctl.catalog.read import Catalog
from carbonctl.core.formula import Traced
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.lifecycle import lifecycle
from carbonctl.estimate.views import sci, scope_view
from carbonctl.scenario.electricity import electricity
from carbonctl.scenario.read import Setting, read
from carbonctl.scenario.resolve import resolve
from carbonctl.study.montecarlo import Draws, central, traced

CONFIGS = Path(__file__).parents[2] / "configs"
STORY = "lifecycle-chat-7b"


def estimated(name, **changes):
    """A result and what Scope 2 knows of its sites, with some values of the scenario set."""
    catalog = Catalog.open()
    settings = [Setting(key.replace("__", "."), value, "--set") for key, value in changes.items()]
    scenario, document = read(str(CONFIGS / f"{name}.yaml"), settings, catalog)
    inputs = resolve(scenario, document, catalog).inputs
    sites = bind_sites(electricity(inputs, catalog), central)
    return lifecycle(bind(inputs, central)), sites


def bind_sites(sites, lens):
    return {phase: bind(known, lens) for phase, known in sites.items()}


def by(rows, scope, category=None, basis=""):
    (found,) = [r for r in rows if (r.scope, r.category, r.basis) == (scope, category, basis)]
    return found


def test_the_rows_of_an_owner_add_up_to_the_total():
    result, sites = estimated("train-llama-3.1", site__grid=None, site__region="aws:us-east-1")
    rows = scope_view(result, sites, "own")
    kept = [row.kgco2e for row in rows if row.kgco2e is not None and row.basis != "market"]
    assert sum(kept) == approx(result.total_kgco2e)


def test_scope_2_is_combustion_and_the_rest_of_the_life_cycle_is_category_3():
    """Virginia: 270.49 g/kWh at the plants (eGRID), 418 over the life cycle."""
    result, sites = estimated("train-llama-3.1", site__grid=None, site__region="aws:us-east-1")
    rows = scope_view(result, sites, "own")
    energy = float(result.metrics["facility_energy_kwh"])
    assert by(rows, 2, None, "location").kgco2e == approx(energy * 0.27049)
    rest = by(rows, 3, 3, "location")
    assert rest.kgco2e == approx(energy * (0.418 - 0.27049), rel=0.01)
    assert by(rows, 1).kgco2e is None
    assert by(rows, 1).not_estimated


def test_contracts_lower_scope_2_on_the_market_basis_alone():
    result, sites = estimated(
        "train-llama-3.1",
        site__grid=None,
        site__region="aws:us-east-1",
        site__contracted_clean=0.75,
    )
    rows = scope_view(result, sites, "own")
    location = by(rows, 2, None, "location").kgco2e
    assert by(rows, 2, None, "market").kgco2e == approx(location * 0.25)


def test_without_contract_data_the_market_basis_is_not_estimated():
    result, sites = estimated(
        "train-llama-3.1",
        site__grid=None,
        site__region="aws:us-east-1",
        site__contracted_clean=None,
    )
    row = by(scope_view(result, sites, "own"), 2, None, "market")
    assert (row.kgco2e, "contracted_clean" in row.not_estimated) == (None, True)


def test_a_given_factor_is_not_taken_for_a_direct_one():
    """It may be of either kind, so Scope 2 and its remainder say that they are not estimated."""
    result, sites = estimated("train-bloom")
    rows = scope_view(result, sites, "own")
    for row in (
        by(rows, 2, None, "location"),
        by(rows, 2, None, "market"),
        by(rows, 3, 3, "location"),
    ):
        assert row.kgco2e is None
        assert "direct" in row.not_estimated


def test_a_direct_factor_leaves_no_remainder():
    result, sites = estimated(
        "train-llama-3.1", site__grid=None, site__region="aws:us-east-1", site__coverage="direct"
    )
    rows = scope_view(result, sites, "own")
    assert by(rows, 2, None, "location").kgco2e == approx(
        result.metrics["operational_location_kgco2e"]
    )
    row = by(rows, 3, 3, "location")
    assert (row.kgco2e, bool(row.not_estimated)) == (None, True)


def test_one_phase_without_a_direct_factor_leaves_scope_2_unknown():
    result, sites = estimated("train-llama-3.1", site__grid=None, site__region="aws:us-east-1")
    lost = next(iter(sites))
    fewer = {phase: known for phase, known in sites.items() if phase != lost}
    assert by(scope_view(result, fewer, "own"), 2, None, "location").kgco2e is None


def test_a_customer_of_a_cloud_buys_a_service_and_nothing_else():
    result, sites = estimated(STORY)
    rows = scope_view(result, sites, "cloud")
    assert {(row.scope, row.category) for row in rows if row.kgco2e is not None} == {(3, 1)}
    assert sum(row.kgco2e for row in rows if row.kgco2e is not None) == approx(result.total_kgco2e)
    assert all(row.not_estimated for row in rows if row.kgco2e is None)


@pytest.mark.parametrize("viewpoint", ["own", "cloud"])
def test_a_base_model_is_a_purchased_service(viewpoint):
    result, sites = estimated("train-finetune-share")
    rows = scope_view(result, sites, viewpoint)
    assert rows[-1].label.endswith("base model")
    kept = [row.kgco2e for row in rows if row.kgco2e is not None and row.basis != "market"]
    assert sum(kept) == approx(result.total_kgco2e)


def seen(lens):
    """Rows of an owner in two regions of known direct factors, through a lens."""
    catalog = Catalog.open()
    moved = [Setting("infer.site.region", "aws:us-west-2", "--set")]
    scenario, document = read(str(CONFIGS / f"{STORY}.yaml"), moved, catalog)
    inputs = resolve(scenario, document, catalog).inputs
    sites = bind_sites(electricity(inputs, catalog), lens)
    return scope_view(lifecycle(bind(inputs, lens)), sites, "own")


def test_every_row_remembers_where_it_comes_from():
    values = [row.kgco2e for row in seen(traced) if row.kgco2e is not None]
    assert len(values) == 6
    assert all(isinstance(value, Traced) for value in values)


def test_draws_of_the_two_factors_may_cross_and_the_remainder_stays():
    assert by(seen(Draws(500, 1)), 3, 3, "location").kgco2e is not None


def test_the_scopes_of_two_regions_need_both_direct_factors():
    """Ireland publishes none here, so Scope 2 is not estimated for the whole."""
    result, sites = estimated(STORY)
    row = by(scope_view(result, sites, "own"), 2, None, "location")
    assert row.kgco2e is None
    assert "aws:eu-west-1" in row.not_estimated


def test_hardware_is_said_to_be_amortized_where_the_protocol_books_it_whole():
    result, sites = estimated(STORY)
    goods = [row for row in scope_view(result, sites, "own") if row.category == 2]
    assert len(goods) == 2
    assert all("amortized" in row.note for row in goods)


def test_sci_leaves_idle_hardware_out_and_full_allocation_does_not():
    """The same service under both rules of allocation has one SCI, and two footprints."""
    full, _ = estimated(STORY, embodied__allocation="full")
    bare, _ = estimated(STORY, embodied__allocation="sci")
    name = "infer.sci_per_request_kgco2e"
    assert full.metrics[name] == approx(bare.metrics[name], rel=1e-12)
    assert full.metrics["infer.per_request_kgco2e"] > bare.metrics["infer.per_request_kgco2e"]


def test_sci_is_location_based_whatever_is_contracted():
    plain, _ = estimated(STORY)
    clean, _ = estimated(STORY, infer__site__contracted_clean=1.0)
    name = "infer.sci_per_request_kgco2e"
    assert clean.metrics[name] == plain.metrics[name]


def test_sci_of_several_phases_adds_their_parts():
    result, _ = estimated(STORY)
    served = [r for r in result.phases if r.kind in ("train", "infer")]
    both = sci(served, 10.0)
    alone = [sci((r,), 10.0) for r in served]
    assert both.score_kgco2e == approx(sum(one.score_kgco2e for one in alone))


def test_without_hardware_there_is_no_score():
    result, _ = estimated(STORY)
    bare = replace(
        result.phases[-1], manufacturing_kgco2e=None, transport_kgco2e=None, end_of_life_kgco2e=None
    )
    assert sci((bare,), 1.0) is None


RUN = ("train", "--params", "7B", "--train-tokens", "2T", "--gpu", "h100-sxm:64",
       "--region", "NO", "--samples", "0")  # fmt: skip


def test_compute_carbon_intensity_is_the_carbon_of_training_over_its_model_work(result):
    """6ND of 7 billion parameters and 2 trillion tokens are 84,000 EFLOP."""
    data = result(*RUN)
    cci = data["metrics"]["train.cci_kgco2e_per_eflop"]
    assert cci["unit"] == "kgCO2e/EFLOP"
    assert cci["value"] * 84_000 == approx(data["total_kgco2e"])


def test_compute_carbon_intensity_does_not_depend_on_how_often_a_run_is_made(result):
    often = result(*RUN, "--set", "train.every=13 week", "--set", "hardware.count=1024")
    once = result(*RUN, "--set", "hardware.count=1024")
    assert often["total_kgco2e"] > 3 * once["total_kgco2e"]
    key = "train.cci_kgco2e_per_eflop"
    assert often["metrics"][key]["value"] == approx(once["metrics"][key]["value"])


def test_a_training_whose_work_is_not_stated_has_no_compute_carbon_intensity(result):
    words = ("train", "--gpu", "h100-sxm:64", "--days", "10", "--region", "NO", "--samples", "0")
    metrics = result(*words)["metrics"]
    assert "train.cci_kgco2e_per_eflop" not in metrics
    hours = metrics["train.accelerator_hours"]["value"]
    assert metrics["train.carbon_kgco2e_per_hour"]["value"] * hours == approx(
        result(*words)["total_kgco2e"]
    )


def test_a_clean_share_above_the_crossover_makes_hardware_the_larger_part(result):
    """R21, R63: at the crossover, what is left of the electricity equals hardware and buildings."""
    data = result(*RUN, "--set", 'site.region="aws:us-east-1"')
    share = data["metrics"]["crossover_clean_share"]["value"]
    use = data["operational"]["location"]["value"]
    assert use * (1 - share) == approx(data["total_kgco2e"] - use)


def test_the_hour_of_a_device_is_its_share_of_the_machine(result):
    """5.5 t of a DGX H100 over five years, 65 % allocated, eight accelerators."""
    words = ("embodied", "--server", "dgx-h100", "--samples", "0")
    data = result(*words)
    hour = data["metrics"]["embodied_kgco2e_per_hour"]["value"]
    assert hour == approx(data["total_kgco2e"] / (8 * 43_800 * 0.65))
    bare = result(*words, "--set", "embodied.allocation=sci")
    assert bare["metrics"]["embodied_kgco2e_per_hour"]["value"] == approx(hour * 0.65)
    assert bare["total_kgco2e"] == data["total_kgco2e"]
