"""Possible values that look wrong are warnings at their place; usual ones are not."""

from __future__ import annotations

import re

import pytest
from tables import for_each

HEAD = "hardware: {accelerator: h100-sxm, count: 8}\n"


def said(carbonctl, text):
    """Warnings of a scenario that is estimated all the same: code, line, column, message."""
    ran = carbonctl("train", "-", "--samples", "0", "-f", "csv", stdin=text)
    assert ran.code == 0, ran.err
    found = re.findall(r"<stdin>:(\d+):(\d+): warning\[(CC\d+)\]: (.+)", ran.err)
    return [(code, int(line), int(column), message) for line, column, code, message in found]


@for_each(
    "site, train, code, place, words",
    [
        ("grid: 400 kg/kWh", "days: 1 d", "CC307", (2, 14), "400 kg/kWh is above any grid"),
        ("grid: 0.4 g/kWh", "days: 1 d", "CC307", (2, 14), "0.0004 kg/kWh is below any grid"),
        ("grid: 0 g/kWh", "days: 1 d", "CC307", (2, 14), "0 kg/kWh is below any grid"),
        ("region: NO, pue: 12", "days: 1 d", "CC307", (2, 25), "a PUE of 12"),
        (
            "region: NO",
            "days: 1 d, power: {value: 10.2 kW, scope: gpu}",
            "CC307",
            (3, 27),
            "10200 W is 15 times the rating of NVIDIA H100",
        ),
        ("region: GRD", "days: 1 d", "CC308", (2, 16), "the grid factor of GRD is of 2022"),
    ],
)
def test_a_value_that_looks_wrong_is_a_warning(site, train, code, place, words, carbonctl):
    found = said(carbonctl, f"{HEAD}site: {{{site}}}\ntrain: {{{train}}}\n")
    assert len(found) == 1
    assert found[0][:3] == (code, *place)
    assert found[0][3].startswith(words)


@for_each(
    "site, train",
    [
        ("grid: 1.3 kg/kWh", "days: 1 d"),
        ("grid: 11 g/kWh", "days: 1 d"),
        ("grid: 400 g/kWh, pue: 2.5", "days: 1 d"),
        ("region: NO", "days: 1 d, power: {value: 750 W, scope: gpu}"),
        ("region: NO", "days: 1 d, power: {value: 10.2 kW, scope: node}"),
        ("region: AFG, coverage: lifecycle", "days: 1 d"),
    ],
)
def test_a_usual_value_is_none(site, train, carbonctl):
    assert said(carbonctl, f"{HEAD}site: {{{site}}}\ntrain: {{{train}}}\n") == []


def test_a_site_of_several_phases_warns_once(carbonctl):
    text = (
        "period: 1 y\nmodel: llama-2-7b\nhardware: {accelerator: h100-sxm, count: 8}\n"
        "site: {region: GRD}\ntrain: {days: 1 d}\n"
        "infer: {requests: 1k/day, prompt_tokens: 500, output_tokens: 300}\n"
    )
    ran = carbonctl("lifecycle", "-", "--samples", "0", stdin=text)
    assert ran.err.count("warning[CC308]") == 1
    assert "   hint: give one, grid: 0.4 kg/kWh" in ran.err


def test_the_highest_grid_of_the_tables_is_below_the_limit():
    from carbonctl.catalog import grids
    from carbonctl.catalog.read import Catalog
    from carbonctl.scenario.resolve.plausible import HIGHEST_GRID

    rows = grids.grid_rows(Catalog.open())
    assert max(float(row["gco2e_per_kwh"]) for row in rows) / 1000 < HIGHEST_GRID
    assert grids.newest_year(Catalog.open()) == max(int(row["year"]) for row in rows)


def test_hours_far_from_the_work_and_a_load_above_the_devices_are_said(carbonctl):
    text = (
        "model: llama-2-7b\nhardware: {accelerator: h100-sxm, count: 8}\nsite: {region: NO}\n"
        "train: {accelerator_hours: 1000, cross_check: {tokens: 2T}}\n"
    )
    ran = carbonctl("train", "-", stdin=text)
    assert (ran.code, "<stdin>:4:56: error[CC303]: these tokens" in ran.err) == (3, True)
    text = (
        "model: llama-2-7b\nhardware: {accelerator: h100-sxm, count: 8}\nsite: {region: NO}\n"
        "infer: {requests: %s/day, prompt_tokens: 500, output_tokens: 300}\n"
    )
    assert "error[CC304]" in carbonctl("infer", "-", stdin=text % "1G").err


@pytest.mark.parametrize(("defects", "warned"), [("0.1/cm2", False), ("1000/cm2", True)])
def test_a_die_that_hardly_ever_works_is_a_warning(defects, warned, carbonctl):
    text = (
        f"embodied:\n  fab: {{yield: {{by: murphy, defects: {defects}}}}}\n  parts:\n"
        "    - {chip: {name: X, dies: [{area: 800 mm2, node: n7}]}}\n"
    )
    ran = carbonctl("embodied", "-", "--samples", "0", stdin=text)
    assert ran.code == 0, ran.err
    assert ("<stdin>:4:14: warning[CC307]: a yield of 1.6e-08" in ran.err) == warned
    assert warned or "CC307" not in ran.err
