"""A result in the terms of the GHG Protocol and of SCI: nothing lost, nothing invented."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix
from scenarios import CONFIGS

from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.lifecycle import lifecycle
from carbonctl.estimate.per_unit import sci_per_unit
from carbonctl.scenario.read.read_scenario import Setting, read_scenario
from carbonctl.study.montecarlo import Draws, central_value

STORY = "lifecycle-chat-7b"
OWN = {"site.grid": None, "site.region": "egrid-lc:SRVC"}


def estimated(name, lens=central_value, **changes):
    """A result with some values of the scenario set."""
    catalog = Catalog.open()
    settings = [Setting(key.replace("__", "."), value, "--set") for key, value in changes.items()]
    scenario, document = read_scenario(str(CONFIGS / f"{name}.yaml"), settings, catalog)
    return lifecycle(bind(plan_scenario(scenario, document, catalog).inputs, lens))


@pytest.fixture
def inventory(carbonctl):
    def of(name, command="train", **changes):
        words = [f"--set={key.replace('__', '.')}={json.dumps(v)}" for key, v in changes.items()]
        ran = carbonctl(command, CONFIGS / f"{name}.yaml", "--samples", "0", "-f", "ghg", *words)
        assert ran.code == 0, ran.err
        (found,) = json.loads(ran.out)["inventories"]
        return found

    return of


def test_scope_2_is_combustion_and_the_rest_of_the_life_cycle_is_category_3(inventory):
    """Virginia: 270.49 g/kWh at the plants (eGRID), 303.9 over the life cycle."""
    found = inventory("train-llama-3.1", **OWN)
    energy = estimated("train-llama-3.1", **OWN).metrics["facility_energy_kwh"]
    assert found["scope_2_kgco2e"] == approx(energy * 0.27049, rel=1e-4)
    rest = sum(row["kgco2e"] for row in found["rows"] if row["category"] == 3)
    assert rest == approx(energy * (0.3039 - 0.27049), rel=1e-3)
    assert (found["scope_1_kgco2e"], found["unsplit_kgco2e"]) == (None, None)
    assert "scope 1" in found["not_estimated"]


def test_contracts_lower_scope_2_on_the_market_basis_alone(inventory):
    found = inventory("train-llama-3.1", **OWN, site__contracted_clean=0.75)
    assert found["scope_2_market_kgco2e"] == approx(found["scope_2_kgco2e"] * 0.25)
    assert found["scope_2_kgco2e"] == inventory("train-llama-3.1", **OWN)["scope_2_kgco2e"]


def test_without_contract_data_the_market_basis_is_not_estimated(inventory):
    found = inventory("train-llama-3.1", **OWN, site__contracted_clean=None)
    assert found["scope_2_market_kgco2e"] is None


def test_a_given_factor_is_a_lifecycle_one_unless_it_is_said_to_be_direct(inventory):
    found = inventory("train-bloom")
    energy = estimated("train-bloom").metrics["operational_location_kgco2e"]
    rest = sum(row["kgco2e"] for row in found["rows"] if row["category"] == 3)
    assert (found["unsplit_kgco2e"], found["scope_2_kgco2e"]) == (None, approx(energy * 0.78))
    assert rest == approx(energy * 0.22)
    said = inventory("train-bloom", site__coverage="direct")
    assert (said["scope_2_kgco2e"], said["unsplit_kgco2e"]) == (approx(energy), None)


@pytest.mark.parametrize(
    ("region", "share"),
    [("DE", 273.9 / 332.1), ("NO", 9.3 / 34.1), ("US-MIDA-PJM", 321 / 392), ("FR", 0.78)],
)
def test_every_grid_of_ones_own_site_is_parted_by_what_is_known_of_it(region, share, inventory):
    found = inventory("train-llama-3.1", site__region=region, site__grid=None)
    rest = sum(row["kgco2e"] for row in found["rows"] if row["category"] == 3)
    whole = found["scope_2_kgco2e"] + rest
    assert found["scope_2_kgco2e"] == approx(whole * share)


@pytest.mark.parametrize("region", ["eastus", "azure:eastus"])
def test_scopes_follow_the_resolved_region_and_never_its_spelling(region, inventory):
    found = inventory("train-llama-3.1", site__region=region, site__grid=None)
    assert {row["scope"] for row in found["rows"]} == {3}
    own = inventory("train-llama-3.1", site__region=region, site__grid=None, site__operator="own")
    assert own["scope_2_kgco2e"] > 0
    tenant = inventory(
        "train-llama-3.1", site__region=region, site__grid=None, site__operator="colocation"
    )
    assert tenant["scope_2_kgco2e"] == own["scope_2_kgco2e"]
    places = {row["id"]: row["category"] for row in tenant["rows"]}
    assert {c for row, c in places.items() if "construction" in row} == {8}


def test_an_instance_is_run_by_its_provider_wherever_it_is_said_to_stand(carbonctl):
    words = ("train", "--instance", "aws:p5.48xlarge:1", "--days", "1", "--region", "FR",
             "--samples", "0", "-f", "ghg")  # fmt: skip
    (found,) = json.loads(carbonctl(*words).out)["inventories"]
    assert {row["scope"] for row in found["rows"]} == {3}


@pytest.mark.parametrize("region", ["DE", "aws:eu-central-1"])
def test_the_market_figure_of_the_table_is_in_the_inventory(region, carbonctl, inventory):
    changes = {"site.region": region, "site.grid": None, "site.contracted_clean": 0.6}
    found = inventory("train-llama-3.1", **changes)
    words = [f"--set={key}={json.dumps(value)}" for key, value in changes.items()]
    ran = carbonctl("train", CONFIGS / "train-llama-3.1.yaml", "--samples", "0", "-f", "json",
                    *words)  # fmt: skip
    market = json.loads(ran.out)["operational"]["market"]["value"]
    assert found["electricity_market_kgco2e"] == approx(market)


def test_a_direct_factor_leaves_no_remainder(inventory):
    found = inventory("train-llama-3.1", **OWN, site__coverage="direct")
    assert {row["category"] for row in found["rows"]} == {None, 2, 4, 5}
    assert any("upstream" in note for note in found["notes"])


def test_a_customer_of_a_cloud_buys_a_service_and_nothing_else(inventory):
    found = inventory(STORY, "lifecycle")
    assert {(row["scope"], row["category"]) for row in found["rows"]} == {(3, 1)}
    assert found["scope_2_kgco2e"] is None


@pytest.mark.parametrize("region", ["egrid-lc:SRVC", "NO", "FR"])
def test_what_lies_upstream_is_never_negative_in_any_draw(region):
    result = estimated("train-llama-3.1", Draws(2000, 1), site__grid=None, site__region=region)
    assert np.min(result.metrics["train.8B.scope_3_3_kgco2e"]) > 0


def test_hardware_is_said_to_be_amortized_where_the_protocol_books_it_whole(inventory):
    assert any("amortized" in note for note in inventory("train-llama-3.1", **OWN)["notes"])


def test_sci_leaves_idle_hardware_out_and_full_allocation_does_not():
    """The same service under both rules of allocation has one SCI, and two footprints."""
    full = estimated(STORY, embodied__allocation="full", infer__shared=True)
    bare = estimated(STORY, embodied__allocation="sci", infer__shared=True)
    name = "infer.sci_per_request_kgco2e"
    assert full.metrics[name] == approx(bare.metrics[name], rel=1e-12)
    assert full.metrics["infer.per_request_kgco2e"] > bare.metrics["infer.per_request_kgco2e"]


def test_sci_is_location_based_whatever_is_contracted():
    plain, clean = estimated(STORY), estimated(STORY, infer__site__contracted_clean=1.0)
    name = "infer.sci_per_request_kgco2e"
    assert clean.metrics[name] == plain.metrics[name]


def test_without_hardware_there_is_no_score():
    served = estimated(STORY).phases[-1]
    unknown = dict.fromkeys(("manufacturing_kgco2e", "transport_kgco2e", "end_of_life_kgco2e"))
    assert sci_per_unit(replace(served, **unknown), "request") == {}
