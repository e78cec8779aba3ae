"""Break-even of replacing hardware, against tables worked by hand, and what a decision must not do.

The tables: payback in years = embodied of the new / ((P_old * ratio - P_new) * load * PUE * 8,760 h
* intensity), for a DGX A100 (6.5 kW) replaced by a DGX H100 (10.2 kW) at 2.5 times the work, and a
DGX H100 by a DGX B200 (14.3 kW) at 2.3 times; load 0.6, PUE 1.2.
"""

from __future__ import annotations

import math

import pytest
import yaml
from tables import for_each

STATED = {
    "site": {"grid": "0.4 kg/kWh", "pue": 1.2},
    "refresh": {
        "old": {"server": "dgx-a100-320gb", "power": "3.9 kW", "spares": 0},
        "new": {"server": "dgx-h100", "power": "6.12 kW", "embodied": "5.0 t", "spares": 0},
        "performance": 2.5,
        "horizon": "5 y",
    },
}
TO_H100 = ("dgx-a100-320gb", "3.9 kW", "dgx-h100", "6.12 kW", 2.5)
TO_B200 = ("dgx-h100", "6.12 kW", "dgx-b200", "8.58 kW", 2.3)


@pytest.fixture
def decided(result, tmp_path):
    """The decision that a scenario states, with some keys changed."""

    def of(scenario, *flags, samples="0"):
        path = tmp_path / "refresh.yaml"
        path.write_text(yaml.safe_dump(scenario), encoding="utf-8")
        return result("refresh", str(path), "--samples", samples, *flags)

    return of


def stated(old, old_power, new, new_power, ratio, embodied):
    return STATED | {
        "refresh": {
            "old": {"server": old, "power": old_power, "spares": 0},
            "new": {"server": new, "power": new_power, "embodied": embodied, "spares": 0},
            "performance": ratio,
            "horizon": "5 y",
        }
    }


def changed(**changes):
    """The stated decision with keys of ``old``, ``new`` or the section itself replaced."""
    section = STATED["refresh"]
    sides = {side: section[side] | changes.pop(side, {}) for side in ("old", "new")}
    return STATED | {"refresh": section | sides | changes}


@for_each(
    "machines, embodied, expected",
    [
        (TO_H100, "5.0 t", (6.6, 2.6, 1.3, 0.66, 0.33, 0.22)),
        (TO_H100, "2.3 t", (3.1, 1.2, 0.6, None, None, None)),
        (TO_H100, "13.2 t", (17, 6.9, 3.5, None, None, None)),
        (TO_B200, "6.2 t", (5.4, 2.1, 1.1, 0.54, 0.27, 0.18)),
        (TO_B200, "3.3 t", (2.9, 1.1, 0.6, None, None, None)),
        (TO_B200, "15.5 t", (13, 5.4, 2.7, None, None, None)),
    ],
)
def test_the_tables_of_payback_at_20_to_600_g(machines, embodied, expected, decided):
    data = decided(stated(*machines, embodied))
    grids = [round(step["ci_kgco2e_per_kwh"] * 1e3) for step in data["grids"]]
    assert grids == [20, 50, 100, 200, 400, 600]
    for step, years in zip(data["grids"], expected, strict=True):
        if years is not None:
            digits = 2 if years >= 0.65 or years < 0.6 else 1
            assert step["break_even_years"] == pytest.approx(
                years, rel=0.05 if digits == 2 else 0.09
            )


def test_the_bundled_scenario_gives_the_published_row(result, configs):
    data = result("refresh", str(configs / "refresh-a100-to-h100.yaml"), "--samples", "0")
    saved = (3.9 * 2.5 - 6.12) / 2.5 * 1.2 * 43_800 * 0.4  # kW, of one old machine, 5 years
    assert data["metrics"]["saved_kgco2e"]["value"] == pytest.approx(saved)
    assert data["break_even"]["value"] == pytest.approx(5_000 / 2.5 / (saved / 5))


def test_replacing_pays_in_4_to_5_years_above_25_to_35_g(decided):
    for machines, embodied in ((TO_H100, "5.0 t"), (TO_B200, "6.2 t")):
        limit = decided(stated(*machines, embodied))["metrics"]["break_even_kgco2e_per_kwh"]
        assert 0.020 < limit["value"] < 0.035


def test_what_made_the_old_machines_is_sunk_and_shown_apart(decided):
    """R70: 500 kg more of old embodied carbon change attribution and nothing of the decision."""
    first, second = (decided(changed(old={"embodied": text})) for text in ("1 t", "1.5 t"))
    assert second["sunk"]["value"] - first["sunk"]["value"] == pytest.approx(500)
    for part in ("break_even", "keep", "replace", "grids"):
        assert first[part] == second[part]


def test_the_part_not_yet_charged_falls_with_age(decided):
    def left(age):
        old = {"embodied": "1 t", "age": age}
        return decided(changed(old=old))["metrics"]["old_written_off_kgco2e"]["value"]

    assert left("1 y") == pytest.approx(800)
    assert left("5 y") == left("9 y") == 0


def test_hardware_that_saves_nothing_never_pays_back(decided, carbonctl, tmp_path):
    slow = changed(performance=1.0)
    data = decided(slow, samples="200")
    assert data["break_even"]["value"] is None
    assert data["break_even"]["within_horizon_share"] == 0
    assert data["metrics"]["break_even_kgco2e_per_kwh"]["value"] is None
    assert [step["break_even_years"] for step in data["grids"]] == [None] * 6
    for form in ("table", "csv", "markdown"):
        ran = carbonctl("refresh", tmp_path / "refresh.yaml", "-f", form)
        assert ran.code == 0
        assert "inf" not in ran.out
    assert "never breaks even" in carbonctl("refresh", tmp_path / "refresh.yaml").out


def test_a_busier_machine_replaces_more_of_them_and_costs_less_per_unit_of_work(decided):
    """R20: Wu et al. 2022, figure 9: from 26.7 % to 80 % in use, carbon falls to a third."""
    same = {"server": "dgx-h100", "power": "6 kW", "embodied": "5 t", "spares": 0}
    old, new = same | {"busy_share": 0.267}, same | {"busy_share": 0.80}
    data = decided(
        STATED | {"refresh": {"old": old, "new": new, "performance": 1, "horizon": "5 y"}}
    )
    metrics = data["metrics"]
    assert metrics["machine_ratio"]["value"] == pytest.approx(3, rel=0.05)
    ratio = metrics["keep_kgco2e"]["value"] / data["replace"]["breakdown"][1]["value"]
    assert ratio == pytest.approx(3, rel=0.05)


def test_growth_of_demand_brings_todays_carbon_back(decided):
    """At the growth that is called break-even, the span ends at what it began with."""
    most = decided(changed())["metrics"]["break_even_growth_ratio"]["value"]
    data = decided(changed(demand_growth=f"{most!r} per 1 y"))
    assert data["metrics"]["carbon_ratio"]["value"] == pytest.approx(1)
    assert data["break_even"]["value"] == decided(changed())["break_even"]["value"]


def test_a_year_longer_is_worth_it_where_electricity_is_clean_enough(decided):
    """Making 2 t for five years against what a year in service costs, on either side of it."""
    for grid, worth in (("0.02 kg/kWh", True), ("0.4 kg/kWh", False)):
        metrics = decided(changed() | {"site": {"grid": grid, "pue": 1.2}})["metrics"]
        hardware = metrics["new.embodied_kgco2e_per_year"]["value"]
        assert hardware == pytest.approx(5_000 / 2.5 / 5)
        assert (metrics["saved_kgco2e_per_year"]["value"] < hardware) == worth


def test_spares_count_on_both_sides(decided):
    """A failure rate of 9 % a year on an old machine of 4 t costs 360 kg a year."""
    old = {"embodied": "4 t", "spares": "9 %"}
    data = decided(changed(old=old))
    spares = data["keep"]["breakdown"][1]
    assert spares["value"] == pytest.approx(4_000 * 0.09 * 5)
    assert data["break_even"]["value"] < decided(changed())["break_even"]["value"]


@pytest.mark.parametrize(
    ("after", "first", "second"),
    [
        ({"rule": "cut_off"}, 1_000, 0),
        ({"rule": "time_share", "years": "2 y"}, 1_000 * 3 / 5, 1_000 * 2 / 5),
        ({"rule": "displacement", "displaced_share": 0.25}, 1_000, 0),
    ],
)
def test_a_second_life_is_shared_by_the_rule_chosen(after, first, second, decided):
    data = decided(changed(old={"embodied": "1 t", "age": "3 y"}, second_life=after))
    metrics = data["metrics"]
    assert metrics["old_first_life_kgco2e"]["value"] == pytest.approx(first)
    assert metrics["old_second_life_kgco2e"]["value"] == pytest.approx(second, abs=1e-9)
    assert data["sunk"]["value"] == pytest.approx(1_000)
    credit = metrics.get("displaced_kgco2e")
    assert (credit is not None) == (after["rule"] == "displacement")
    plain = decided(changed())["break_even"]["value"]
    assert data["break_even"]["value"] == pytest.approx(plain)  # a credit is never netted
    if credit is not None:
        with_credit = metrics["credited_break_even_years"]["value"]
        assert with_credit == pytest.approx(plain * 0.75)
        assert credit["value"] == pytest.approx(5_000 / 2.5 * 0.25)


def test_rows_add_up_and_equal_work_is_equal(decided):
    data = decided(changed())
    for side in ("keep", "replace"):
        parts = math.fsum(node["value"] for node in data[side]["breakdown"])
        assert data[side]["total"]["value"] == pytest.approx(parts, rel=1e-12)
    assert data["metrics"]["new_machines"]["value"] == pytest.approx(1 / 2.5)


def test_products_rank_designs_by_delay_and_energy(decided):
    """A task of one hour on a busy old machine takes 0.4 h on a new one of 5 t."""
    metrics = decided(changed())["metrics"]
    assert metrics["new.cdp_kgco2e_h"]["value"] == pytest.approx(5_000 * 0.4)
    energy = 6.12 * 1.2 / (2.5 * 0.6)  # kWh at the meter of a task, idle hours included
    assert metrics["new.cep_kgco2e_kwh"]["value"] == pytest.approx(5_000 * energy)
    assert metrics["new.ce2p_kgco2e_kwh2"]["value"] == pytest.approx(5_000 * energy**2)
    hardware = 5_000 / 2.5 / (0.6 * 5 * 8_760)
    total = (energy * 0.4 + hardware) * 0.4
    assert metrics["new.tcdp_kgco2e_h"]["value"] == pytest.approx(total)


def test_a_speed_that_is_not_stated_comes_from_peaks_and_is_said_to_be_assumed(result):
    words = ("--old", "v100-sxm2-32gb:8", "--new", "dgx-h100", "--region", "NO")
    data = result("refresh", *words, "--samples", "0")
    ratio = data["metrics"]["performance_ratio"]["value"]
    assert ratio == pytest.approx(989.4 / 125.3 * 0.8)
    assert "default:reached_ratio" in {item["key"] for item in data["assumptions"]}
    assert data["metrics"]["new_machines"]["value"] == pytest.approx(1 / ratio)


def test_flags_count_machines_and_files_count_accelerators(result):
    words = ("--new", "dgx-h100", "--region", "NO", "--samples", "0")
    by_flag = result("refresh", "--old", "dgx-a100-320gb:4", *words)
    by_set = result("refresh", "--old", "dgx-a100-320gb", *words, "--set", "refresh.old.count=32")
    assert by_flag["keep"]["total"]["value"] == by_set["keep"]["total"]["value"]


def test_a_power_that_is_not_known_may_be_taken_in_part_from_the_default(result):
    """A record without idle power: its share of loaded power is an archetype, and starred."""
    words = ("--old", "aws-trn2-host", "--new", "dgx-h100", "--performance", "2", "--region", "NO")
    data = result("refresh", *words, "--samples", "0", "--set", "refresh.old.embodied=2 t")
    idle = data["facts"]["default:idle_power_share/aws-trn2-host"]
    assert idle["origin"] == "archetype"


def test_a_break_even_does_not_depend_on_how_many_machines_there_are(result):
    words = ("--new", "dgx-h100", "--performance", "2.5", "--region", "NO", "--samples", "0")
    one, many = (result("refresh", "--old", f"dgx-a100-320gb:{n}", *words) for n in (1, 40))
    assert many["break_even"]["value"] == pytest.approx(one["break_even"]["value"])
    for side in ("keep", "replace"):
        assert many[side]["total"]["value"] == pytest.approx(40 * one[side]["total"]["value"])


def test_a_dirtier_grid_pays_back_sooner_and_the_limit_is_where_the_span_ends(decided):
    years = [step["break_even_years"] for step in decided(changed())["grids"]]
    assert years == sorted(years, reverse=True)
    limit = decided(changed())["metrics"]["break_even_kgco2e_per_kwh"]["value"]
    at_limit = decided(changed() | {"site": {"grid": f"{limit!r} kg/kWh", "pue": 1.2}})
    assert at_limit["break_even"]["value"] == pytest.approx(5)
    assert at_limit["metrics"]["carbon_ratio"]["value"] == pytest.approx(1)


def test_where_some_draws_never_pay_back_the_interval_is_open_and_the_share_is_said(
    decided, carbonctl, tmp_path
):
    data = decided(changed(performance=[1.0, 2.5, 6.0]), samples="500")
    assert data["break_even"]["p05"] < data["break_even"]["value"]
    assert data["break_even"]["p95"] is None
    assert 0.5 < data["break_even"]["within_horizon_share"] < 1
    out = carbonctl("refresh", tmp_path / "refresh.yaml", "--samples", "500").out
    assert "to never" in out


def test_a_grid_without_carbon_pays_back_nothing(decided):
    data = decided(changed(grids=["0 g/kWh"]) | {"site": {"grid": "0 g/kWh", "pue": 1.2}})
    assert data["break_even"]["value"] is None
    assert data["grids"][0]["break_even_years"] is None
    assert data["metrics"]["carbon_ratio"]["value"] is None


def test_entries_of_embodied_that_a_decision_does_not_use_are_said(carbonctl, tmp_path):
    path = tmp_path / "refresh.yaml"
    path.write_text(
        yaml.safe_dump(changed(horizon="4 y") | {"embodied": {"lifetime": "4 y", "host": "3 t"}}),
        encoding="utf-8",
    )
    ran = carbonctl("refresh", path, "--samples", "0")
    assert ran.code == 0
    assert "warning[CC303]: host is not used" in ran.err
    assert "lifetime" not in ran.err
