"""A load against the devices that are counted: refused, warned of, or carried."""

from dataclasses import replace

import pytest
from scenarios import CONFIGS

from carbonctl.app.capacity import StatedCapacity, find_overloads, serving_hours, stated_capacities
from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.core.strict_yaml import Document
from carbonctl.scenario.read.read_scenario import Setting, read_scenario

DOCUMENT = Document({}, {})
RANKED = {"server": "dgx-a100-640gb", "count": 16}
EIGHT = StatedCapacity("infer", 8.0, 800.0, 0.5, ("infer", "hardware"))  # for 100 hours


def said(capacity, hours):
    """Whether a load is refused, warned of or carried, and the hint."""
    errors, warnings = find_overloads([(capacity, hours)], DOCUMENT)
    for kind, found in (("refused", errors), ("warned", warnings)):
        if found:
            return kind, found[0].hint
    return "carried", ""


@pytest.mark.parametrize(
    ("capacity", "hours", "expected"),
    [
        (EIGHT, 800.0, ("carried", "")),
        (EIGHT, 801.0, ("warned", "at least 5 when always busy")),
        (EIGHT, 1_600.0, ("warned", "at least 8 when always busy")),
        (EIGHT, 1_601.0, ("refused", "at least 9 when always busy")),
        # a tenth of a fleet of 80 carries no more than 8 devices do, and asks for the whole fleet
        (replace(EIGHT, fleet_share=0.1), 1_601.0, ("refused", "at least 81 when always busy")),
        (replace(EIGHT, memory_devices=9.0), 1.0, ("refused", "at least 9")),
        (replace(EIGHT, memory_devices=8.0), 1.0, ("carried", "")),
    ],
)
def test_a_load_is_refused_where_devices_that_never_wait_cannot_carry_it(capacity, hours, expected):
    assert said(capacity, hours) == expected


def test_held_devices_are_seldom_busier_than_usual():
    held = replace(EIGHT, is_held=True, busy_share=1.0, usual_busy_share=0.75)
    assert said(held, 600.0) == ("carried", "")
    kind, hint = said(held, 601.0)
    assert (kind, hint[:46]) == ("warned", "few services exceed 75 %: requests would queue")
    assert said(held, 801.0)[0] == "refused"


def resolved(config, **changes):
    catalog = Catalog.open()
    settings = [Setting(f"infer.{key}", value, "test") for key, value in changes.items()]
    scenario, document = read_scenario(str(CONFIGS / f"{config}.yaml"), settings, catalog)
    return plan_scenario(scenario, document, catalog, ("infer",))


def test_hours_of_held_devices_are_those_of_the_peak():
    flat, peaky = (stated_capacities(resolved("infer-chat-70b", **more))
                   for more in ({}, {"peak_to_mean": 3}))  # fmt: skip
    (one, phase), (_, with_peak) = *flat, *peaky
    assert one.is_held
    assert serving_hours(with_peak) > 2 * serving_hours(
        phase
    )  # at its peak it fills larger batches


def test_tables_of_a_ranking_model_take_devices_however_few_items_come():
    ((one, _),) = stated_capacities(resolved("infer-ranking", hardware=RANKED, items="1/s"))
    assert 0 < one.memory_devices <= one.devices
