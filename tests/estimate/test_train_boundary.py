"""Energy and power on every rung of the ladder: gpu, node, it_system, facility."""

from __future__ import annotations

import pytest

from carbonctl.catalog.read import Catalog
from carbonctl.formulas.facility import boundaries

FACTORS = {name: Catalog.open().default(f"{name}_power_factor").value for name in ("host", "node")}
SHARE = FACTORS["host"] / FACTORS["node"]
PUE = 1.25
PLACE = ("--grid", "0.4 kg/kWh", "--pue", str(PUE), "--samples", "0")
IT_OVER = {"gpu": FACTORS["host"], "node": SHARE, "it_system": 1.0, "facility": 1 / PUE}
each = pytest.mark.parametrize("scope", IT_OVER)


def value(data, name):
    return data["metrics"][f"train.{name}"]["value"]


def energy(result, scope, *words):
    return result("train", "--energy", f"100 MWh:{scope}", "--gpu", "h100-sxm:64", *PLACE, *words)


def power(result, scope, gpu="h100-sxm", **more):
    sets = {"accelerator_hours": "1000", "power": f"{{value: 800 W, scope: {scope}}}"} | more
    words = [word for name, text in sets.items() for word in ("--set", f"train.{name}={text}")]
    return result("train", "--params", "8B", "--gpu", f"{gpu}:64", *PLACE, *words)


@each
def test_a_measured_energy_is_brought_to_the_it_system_and_the_meter(result, scope):
    data = energy(result, scope)
    assert value(data, "it_energy_kwh") == pytest.approx(100e3 * IT_OVER[scope], rel=1e-3)
    assert value(data, "facility_energy_kwh") == pytest.approx(
        100e3 * IT_OVER[scope] * PUE, rel=1e-3
    )


@each
def test_a_power_is_brought_to_the_it_system_as_an_energy_is(result, scope):
    data = power(result, scope)
    assert value(data, "it_energy_kwh") == pytest.approx(800 * IT_OVER[scope], rel=1e-3)


@each
def test_hours_behind_an_energy_follow_from_a_power_on_any_rung(result, scope):
    """100 MWh of the system over 800 W a device, both at the IT system."""
    words = ("--set", f"train.power={{value: 800 W, scope: {scope}}}")
    hours = value(energy(result, "it_system", *words), "accelerator_hours")
    assert hours == pytest.approx(100e6 / (800 * IT_OVER[scope]), rel=1e-3)


def test_the_share_outside_nodes_is_a_formula_with_a_range(result):
    words = ("train", "--energy", "100 MWh:node", "--gpu", "h100-sxm:64", *PLACE[:-2])
    metric = result(*words, "--samples", "400")["metrics"]["train.it_energy_kwh"]
    assert metric["p05"] < metric["value"] * 0.95
    assert metric["p95"] > metric["value"] * 1.05
    assert metric["p05"] >= 100e3  # a node is part of its system
    facts = energy(result, "node")["facts"]
    assert "default:node_power_factor" in facts
    assert "default:node_power_factor" not in energy(result, "it_system")["facts"]


def test_explain_shows_what_stands_outside_nodes(carbonctl, tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text(
        "hardware: {accelerator: h100-sxm, count: 64}\nsite: {region: FR}\n"
        "train: {energy: {value: 100 MWh, scope: node}}\n",
        encoding="utf-8",
    )
    text = carbonctl("explain", path, "--of", "train.it_energy_kwh").out
    assert "E_it = E_node * k" in text
    assert "k = max(1, k_host / k_node)" in text
    assert "node over accelerators" in text


def test_a_node_is_never_more_than_its_system():
    assert boundaries.system_power_factor(host_power_factor=1.1, node_power_factor=1.3) == 1.0


def test_a_superchip_is_all_that_its_node_meters(result):
    at_node, at_gpu = (power(result, s, gpu="nvidia-gh200-96gb") for s in ("node", "gpu"))
    assert value(at_node, "it_energy_kwh") == pytest.approx(value(at_gpu, "it_energy_kwh"))


def test_a_server_at_its_plug_is_a_system_without_its_network(result):
    data = result("train", "--server", "dell-r740:2", "--days", "1", *PLACE)
    assert [n for n in data["coverage"]["not_estimated"] if n.startswith("network around ")]
    assert "default:node_power_factor" not in data["facts"]
