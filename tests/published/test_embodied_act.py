"""ACT's own numbers, by its constants: facebookresearch/ACT v2.0, Gupta et al., ISCA 2022."""

from __future__ import annotations

import json

import pytest
from scenarios import CONFIGS


def lines(data):
    made = next(n for n in data["breakdown"] if n["id"] == "manufacturing")
    return {
        child["id"].removeprefix("manufacturing."): child["value"] for child in made["children"]
    }


@pytest.fixture
def per_cm2(carbonctl, tmp_path):
    """Carbon of one good square centimeter of a node by ACT's method."""

    def made(node, abatement, grid):
        path = tmp_path / "die.yaml"
        path.write_text(
            f"embodied:\n  fab: {{method: act, grid: {grid} g/kWh, abatement: {abatement} %}}\n"
            f"  parts:\n    - {{chip: {{dies: [{{area: 1 cm2, node: {node}}}]}}}}\n",
            encoding="utf-8",
        )
        ran = carbonctl("embodied", path, "-f", "json", "--samples", "0")
        return json.loads(ran.out)["total_kgco2e"]

    return made


@pytest.mark.parametrize(
    ("node", "abatement", "grid", "grams"),
    [
        ("n28", 95, 820, 1614.9),  # R56, a coal grid: (0.82 x 0.9 + 0.175 + 0.5) / 0.875
        ("n5", 97, 583, 2778.0),  # R58, Taiwan: (0.583 x 2.75 + 0.3275 + 0.5) / 0.875
        ("n5", 97, 380, 2140.0),  # R58, USA
        ("n3", 99, 41, 1038.0),  # R59, solar: (0.041 x 3.25 + 0.275 + 0.5) / 0.875
    ],
)
def test_carbon_per_area_is_that_of_act(per_cm2, node, abatement, grid, grams):
    assert per_cm2(node, abatement, grid) * 1e3 == pytest.approx(grams, rel=1e-3)


def test_dell_r740_is_that_of_act(result):
    """R60: the script's own parts, in kg."""
    made = lines(result("embodied", str(CONFIGS / "embodied-act-r740.yaml")))
    assert made["chip_1"] == pytest.approx(22.844, abs=0.001)
    assert made["dram_2"] + made["dram_2_packages"] == pytest.approx(328.629, abs=0.001)
    main = made["ssd_3"] + made["ssd_3_packages"] + made["memory_4"]
    assert main == pytest.approx(1476.994, abs=0.01)
    boot = made["ssd_5"] + made["ssd_5_packages"] + made["memory_6"]
    assert boot == pytest.approx(62.750, abs=0.001)


def test_the_23_143_kg_that_act_prints_count_its_packages_twice(result):
    """Two CPUs of one package each; the script adds both packages to each, then doubles."""
    made = lines(result("embodied", str(CONFIGS / "embodied-act-r740.yaml")))
    package, cpus = 0.150, 2
    bare = made["chip_1"] / cpus - package
    assert (bare + cpus * package) * cpus == pytest.approx(23.143, abs=0.001)
    assert made["chip_1"] == pytest.approx((bare + package) * cpus)


def test_fairphone_3_is_that_of_act(result):
    """R60b, in kg; the published assessment has 11, 1.07 and 5.3."""
    made = lines(result("embodied", str(CONFIGS / "embodied-act-fairphone-3.yaml")))
    stored = sum(value for name, value in made.items() if name.startswith("memory"))
    assert made["chip_1"] == pytest.approx(0.899, rel=1e-3)
    assert made["chip_2"] == pytest.approx(5.692, rel=1e-3)
    assert stored == pytest.approx(5.310, rel=1e-3)


def test_a_fab_of_the_newer_forks_emits_a_tenth_less(per_cm2):
    """Taiwan at 583 or 524 g/kWh: the fab's grid is the user's to state, no table behind it."""
    assert per_cm2("n5", 97, 524) / per_cm2("n5", 97, 583) == pytest.approx(0.93, abs=0.02)


def test_a_hard_disk_can_be_estimated(result, tmp_path):
    """ACT's own path for disks raises a NameError."""
    path = tmp_path / "disk.yaml"
    path.write_text(
        "embodied:\n  parts:\n    - {hdd: hdd-nearline, amount: 12 TB}\n    - {hdd: hdd-3.5in}\n",
        encoding="utf-8",
    )
    by_capacity, by_piece = lines(result("embodied", str(path))).values()
    assert by_capacity == pytest.approx(12 * 1.4)
    assert 15 < by_piece < 50
