"""Published footprints of hardware, and what stands beside them."""

from __future__ import annotations

import pytest
from scenarios import CONFIGS


def node(data: dict, node_id: str) -> dict:
    todo = list(data["breakdown"])
    while todo:
        found = todo.pop(0)
        if found["id"] == node_id:
            return found
        todo += found["children"]
    raise AssertionError(node_id)


@pytest.mark.parametrize(("server", "kg"), [("dgx-h100", 1312), ("dgx-b200", 2274)])
def test_hgx_baseboard_is_the_published_figure_with_its_source(result, server, kg):
    """NVIDIA product footprints: the baseboard holds its accelerators and switches."""
    data = result("embodied", "--server", server, "--set", "embodied.subject=baseboard")
    made = node(data, "manufacturing")
    assert made["value"] == kg
    assert made["tier"] == "published"
    assert any(source.startswith("nvidia-hgx") for source in made["source_ids"])
    assert [c["id"] for c in made["children"]] == ["manufacturing.baseboard"]
    assert {n["id"] for n in data["breakdown"]} == {"manufacturing", "transport", "end_of_life"}
    assert made["comparators"][0]["kgco2e"] == pytest.approx(kg, rel=0.1)  # the bottom-up model


def test_a_server_counts_its_baseboard_once(result):
    data = result("embodied", str(CONFIGS / "embodied-8xh100.yaml"))
    made = node(data, "manufacturing")
    assert made["value"] == pytest.approx(sum(c["value"] for c in made["children"]))
    assert node(data, "manufacturing.baseboard_1")["value"] == 1312
    assert not any("accelerator" in c["id"] for c in made["children"])


def test_the_published_module_is_used_for_an_h100(result):
    data = result("embodied", "--gpu", "h100-sxm")
    assert node(data, "manufacturing")["value"] == 164
    beside = {c["source"]: c["kgco2e"] for c in node(data, "manufacturing")["comparators"]}
    assert beside["ecologits-0.11.3"] == 273  # another estimator's figure is a comparator
    assert beside["carbonctl-embodied-fit"] == pytest.approx(164, rel=0.1)


def test_dell_r740_shows_the_modeled_figure_and_the_lca_beside_it(result):
    """Dell R740 LCA 2019, manufacturing 4,288 kg with eight 3.84 TB drives."""
    data = result("embodied", str(CONFIGS / "embodied-dell-r740.yaml"))
    made = node(data, "manufacturing")
    (lca,) = made["comparators"]
    assert lca["kgco2e"] == 4288
    assert lca["source"] == "dell-r740-lca-2019"
    assert lca["gap"] == pytest.approx(made["value"] / 4288 - 1)
    assert abs(lca["gap"]) < 0.5


def test_credit_is_never_netted(result):
    data = result("embodied", str(CONFIGS / "embodied-8xh100.yaml"))
    stages = ("manufacturing", "transport", "end_of_life")
    assert data["total_kgco2e"] == pytest.approx(sum(node(data, s)["value"] for s in stages))


def test_sunk_carbon_is_allocated_by_life_share(result):
    """R23: 2,000 kg over four years at 45 % utilization are 0.12684 kg per used hour."""
    data = result(
        "train", "--server", "cpu-server-spr-2s", "--accelerator-hours", "1000",
        "--grid", "0.4 kg/kWh", "--set", "embodied.host=2000 kg", "--set", "embodied.lifetime=4 y",
        "--set", "embodied.allocation_rate=45 %",
    )  # fmt: skip
    share = data["metrics"]["manufacturing_kgco2e"]["value"]
    assert share / 1000 == pytest.approx(0.12684, rel=0.005)


def test_longer_life_lowers_the_share(result):
    """R62: 2,000 kg over six years instead of four: a third less."""
    argv = ("train", "--server", "cpu-server-spr-2s", "--accelerator-hours", "8760",
            "--grid", "0.4 kg/kWh", "--set", "embodied.host=2000 kg",
            "--set", "embodied.allocation=sci", "--set")  # fmt: skip
    four, six = (
        result(*argv, f"embodied.lifetime={life}")["metrics"]["manufacturing_kgco2e"]["value"]
        for life in ("4 y", "6 y")
    )
    assert four == pytest.approx(500, rel=0.001)  # R22's straight line, too
    assert six == pytest.approx(333.3, rel=0.001)
