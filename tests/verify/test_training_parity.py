"""Measured training runs through ``train`` and through ``verify training``: the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.catalog.locate import bundled_folder
from carbonctl.catalog.model_kinds import model_kind
from carbonctl.catalog.read import Catalog
from carbonctl.core.errors import Mark
from carbonctl.core.strict_yaml import Document
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.lifecycle import lifecycle
from carbonctl.scenario.read.read_scenario import check_scenario
from carbonctl.verify import training_model, training_runs

CATALOG = Catalog.open()
TABLE = bundled_folder("hardware_db") / "published" / "training.csv"


def scenario_of(case):
    """What a row states of its run: size and tokens, or hours where only its power is measured."""
    pue = max(1.0, case.pue)  # of nan 1
    data = {
        "hardware": {"accelerator": case.accelerator, "count": 8192},  # no memory or life refuses
        "site": {"grid": "0.4 kg/kWh", "pue": pue},
        "train": {"accelerator_hours": "1000 h"},
    }
    if model_kind(case.row["arch_type"]).is_sized and case.active_params > 0:
        data["model"] = {"kind": "llm", "params": case.active_params}
    if case.test == "power":
        return data
    data["train"] = {"tokens": case.tokens}
    if case.row["arch_type"].endswith("encoder_decoder"):
        target = case.tokens * CATALOG.default("target_tokens_share").value
        data["model"]["kind"] = "encoder_decoder"
        data["train"] = {"input_tokens": case.tokens, "target_tokens": target}
    return data


def estimate(case, node_power_factor):
    """Hours [h], power [W] or energy [MWh] of a run, by the road of ``train``, at its boundary."""
    document = Document(scenario_of(case), {(): Mark("a measured run")})
    scenario = check_scenario(document, CATALOG)
    inputs = plan_scenario(scenario, document, CATALOG, ("train",)).inputs
    metrics = lifecycle(bind(inputs, lambda fact: fact.value)).metrics
    kwh = {
        name: metrics.get(f"train.{name}_energy_kwh", np.nan)
        for name in ("device", "it", "facility")
    }
    energy = {
        "": kwh["it"],
        "gpu": kwh["device"],
        "gpu_x_pue": kwh["device"] * case.facility_factor,
        "node": kwh["device"] * node_power_factor,
        "it_system": kwh["it"],
        "facility": kwh["facility"],
    }[case.boundary]
    hours = metrics["train.accelerator_hours"]
    return {"time": hours, "power": energy / hours * 1000.0, "energy": energy / 1000.0}[case.test]


def test_every_measured_run_is_forecast_as_train_estimates_it():
    cases = training_runs.read_cases(TABLE, CATALOG).cases
    model = training_model.shipped_model(CATALOG, cases)
    idle = training_model.load_priors(CATALOG).resident_power_share
    forecast = np.exp(training_model.log_forecast(cases, model.constants, model.own_power_w, idle))
    node = model.constants["node_power_factor"]
    made = np.array([float(estimate(case, node)) for case in cases])
    assert len(cases) > 60
    assert forecast == pytest.approx(made, rel=1e-3)
