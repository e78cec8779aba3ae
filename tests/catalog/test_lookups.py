"""Names are looked up once in a run, however many scenarios use them."""

from __future__ import annotations

from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.catalog import places
from carbonctl.catalog.read import Catalog
from carbonctl.scenario.read.read_scenario import Setting, read_scenario

REGIONS = ("FR", "SE", "aws:us-east-1", "gcp:us-central1")
ACCELERATORS = ("h100-sxm", "l4", "mi300x", "b200")


def plan_pairs(catalog):
    for region in REGIONS:
        for accelerator in ACCELERATORS:
            keys = {
                "model": "llama-3.1-8b", "infer.requests": "1k/day", "infer.prompt_tokens": "500",
                "infer.output_tokens": "300", "hardware.accelerator": accelerator,
                "site.region": region,
            }  # fmt: skip
            settings = [Setting(key, value, "--set") for key, value in keys.items()]
            plan_scenario(*read_scenario(None, settings, catalog), catalog, ("infer",))


def lookups():
    return Catalog.record.cache_info().misses, places.find_place.cache_info().misses


def test_pairs_of_places_and_accelerators_look_up_each_name_once():
    catalog = Catalog.open()
    Catalog.record.cache_clear()
    places.find_place.cache_clear()
    plan_pairs(catalog)
    records, found = lookups()
    assert found == len(REGIONS)
    plan_pairs(catalog)
    assert lookups() == (records, found)


def test_a_fact_that_was_read_before_stands_where_the_user_named_its_record():
    catalog = Catalog.open()
    facts = []
    for accelerator in ("h100-sxm", "NVIDIA H100 80GB HBM3"):
        settings = [Setting("hardware.accelerator", accelerator, f"--gpu {accelerator}")]
        settings += [Setting("infer.requests", "1k/day", "--requests")]
        settings += [Setting("model", "llama-3.1-8b", "--model"), Setting("site.region", "FR", "")]
        settings += [
            Setting("infer.prompt_tokens", "5", ""),
            Setting("infer.output_tokens", "5", ""),
        ]
        planned = plan_scenario(*read_scenario(None, settings, catalog), catalog, ("infer",))
        facts.append(planned.inputs.phases[0].work.model.board.tdp_w)
    assert facts[0].value == facts[1].value
    assert facts[0].where != facts[1].where
