"""A ranking service waits for its layers, its gathers, or its peers, whichever takes longest."""

from __future__ import annotations

from dataclasses import replace

from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix
from scenarios import CONFIGS

from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.serving.recommendation_service import ranking_limits, table_devices
from carbonctl.estimate.training.train_dlrm import device_s
from carbonctl.scenario.read.read_scenario import Setting, read_scenario
from carbonctl.study.montecarlo import central_value


def model(**changes):
    catalog = Catalog.open()
    settings = [Setting(key.replace("__", "."), value, "--set") for key, value in changes.items()]
    scenario, document = read_scenario(str(CONFIGS / "infer-ranking.yaml"), settings, catalog)
    (phase,) = plan_scenario(scenario, document, catalog).inputs.phases
    return bind(phase.work.model, central_value)


def limits_of(made):
    return ranking_limits(made, table_devices(made))


def test_tables_on_two_devices_are_exchanged_over_their_link():
    """26 pooled rows of 128 in fp32, half of them from the peer, at 0.6 of 300 GB/s one way."""
    limits = limits_of(model())
    assert limits["exchanging_s"] == approx(26 * 128 * 4 / 2 / (0.6 * 300e9))


def test_a_slow_link_decides_and_a_fast_one_does_not():
    made = model()
    exchange = replace(made.work.exchange, link_gb_per_s=1.0)
    limits = limits_of(replace(made, work=replace(made.work, exchange=exchange)))
    assert device_s(limits) == limits["exchanging_s"] > device_s(limits_of(made))


def test_tables_beyond_one_machine_are_exchanged_over_the_network():
    made = model()
    network = made.work.exchange.network_gb_per_s
    limits = ranking_limits(made, 16.0)
    pooled = 26 * 128 * 4 / 1e9
    efficiency = made.work.exchange.exchange_efficiency
    assert limits["exchanging_s"] == approx(pooled * 15 / 16 / (efficiency * network))


def test_tables_that_one_device_holds_are_exchanged_with_nobody():
    assert limits_of(model(hardware__server="dgx-b200"))["exchanging_s"] == 0.0


def test_a_slot_draws_its_share_of_the_power_of_the_server():
    """Eight slots draw what the server draws, loaded and idle."""
    server = Catalog.open().record("servers", "dgx-h100")
    made = model(hardware__server="dgx-h100")
    assert 8 * made.loaded_power_w == approx(server.fact("typical_power").value)
    assert 8 * made.idle_power_w == approx(server.fact("idle_power").value)
    assert made.idle_power_w < made.loaded_power_w
