"""The error of a model of serving stretches its time and the energy of its boards alike."""

from __future__ import annotations

from dataclasses import replace

from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix
from scenarios import CONFIGS
from tables import for_each

from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.serving.infer import infer
from carbonctl.scenario.read.read_scenario import read_scenario
from carbonctl.study.montecarlo import central_value

# a decoder, a model of pictures, one of samples, one that ranks: each has a road of its own
NAMES = ("infer-chat-70b", "infer-sdxl", "infer-embeddings", "infer-ranking")


def served(name, factor):
    """A service whose model is off by a factor."""
    catalog = Catalog.open()
    scenario, document = read_scenario(str(CONFIGS / f"{name}.yaml"), (), catalog)
    (phase,) = bind(plan_scenario(scenario, document, catalog).inputs, central_value).phases
    model = phase.work.model
    off = replace(model, energy_residual=model.energy_residual * factor)
    return infer(replace(phase.work, model=off), phase.site)


@for_each("name", NAMES)
def test_a_residual_scales_the_hours_of_work_and_the_energy_of_the_boards(name):
    base, more = served(name, 1.0), served(name, 1.1)
    assert more.served.busy_hours == approx(1.1 * base.served.busy_hours)
    if base.device_energy_kwh is not None:
        assert more.device_energy_kwh == approx(1.1 * base.device_energy_kwh)
