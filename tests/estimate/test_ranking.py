"""A ranking service waits for its layers, its gathers, or its peers, whichever takes longest."""

from __future__ import annotations

from dataclasses import replace

from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix
from scenarios import CONFIGS

from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.training.train_dlrm import device_s, dlrm_limits
from carbonctl.scenario.read.read_scenario import Setting, read_scenario
from carbonctl.study.montecarlo import central_value


def model(**changes):
    catalog = Catalog.open()
    settings = [Setting(key.replace("__", "."), value, "--set") for key, value in changes.items()]
    scenario, document = read_scenario(str(CONFIGS / "infer-ranking.yaml"), settings, catalog)
    (phase,) = plan_scenario(scenario, document, catalog).inputs.phases
    return bind(phase.work.model, central_value)


def work(**changes):
    return model(**changes).work


def test_tables_on_two_devices_are_exchanged_over_their_link():
    """26 pooled rows of 128 in fp32, half of them from the peer, at 0.6 of 300 GB/s one way."""
    limits = dlrm_limits(work())
    assert limits["exchanging_s"] == approx(26 * 128 * 4 / 2 / (0.6 * 300e9))


def test_a_slow_link_decides_and_a_fast_one_does_not():
    made = work()
    slow = replace(made, exchange=replace(made.exchange, link_gb_per_s=1.0))
    limits = dlrm_limits(slow)
    assert device_s(limits) == limits["exchanging_s"] > device_s(dlrm_limits(made))


def test_tables_that_one_device_holds_are_exchanged_with_nobody():
    assert work(hardware__server="dgx-b200").exchange is None


def test_a_slot_draws_its_share_of_the_power_of_the_server():
    """Eight slots draw what the server draws, loaded and idle."""
    server = Catalog.open().record("servers", "dgx-h100")
    made = model(hardware__server="dgx-h100")
    assert 8 * made.loaded_power_w == approx(server.fact("typical_power").value)
    assert 8 * made.idle_power_w == approx(server.fact("idle_power").value)
    assert made.idle_power_w < made.loaded_power_w
