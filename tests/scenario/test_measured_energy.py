"""Hours beside a measured energy, and energies that devices cannot draw."""

from __future__ import annotations

import json

import pytest
from tables import for_each

EIGHT = """
hardware: {{accelerator: h100-sxm, count: 8}}
site: {{region: FR{site}}}
train: {{energy: {{value: {energy}, scope: {scope}{more}}}{beside}}}
"""
HOURS = ", accelerator_hours: 192 h"


@pytest.fixture
def train(carbonctl):
    """Exit code, stderr and plain data of a run on eight H100."""

    def call(energy, scope="gpu", more=HOURS, beside="", site="", *words):
        text = EIGHT.format(energy=energy, scope=scope, more=more, beside=beside, site=site)
        ran = carbonctl("train", "-", "--samples", "0", "-f", "json", *words, stdin=text)
        return ran.code, ran.err, json.loads(ran.out) if ran.code == 0 else {}

    return call


def hours(data):
    return data["metrics"]["train.accelerator_hours"]["value"]


def test_measured_hours_are_the_hours_and_energy_stays_the_electricity(train):
    low, high = (train("23 kWh", more=f", accelerator_hours: {h}")[2] for h in (100, 192))
    assert (hours(low), hours(high)) == (100, 192)
    energies = [data["metrics"]["train.it_energy_kwh"]["value"] for data in (low, high)]
    assert energies[0] == energies[1]
    made = [data["breakdown"][1]["value"] for data in (low, high)]
    assert made[1] == pytest.approx(1.92 * made[0])


def test_hours_of_runs_and_of_cadences_are_counted(carbonctl):
    text = """
hardware: {accelerator: h100-sxm, count: 8}
site: {region: FR}
train:
  runs:
    - {name: a, energy: {value: 23 kWh, scope: gpu, accelerator_hours: 192}}
    - {name: b, every: 73 d, energy: {value: 23 kWh, scope: gpu, accelerator_hours: 100}}
"""
    ran = carbonctl("train", "-", "--samples", "0", "-f", "json", stdin=text)
    metrics = json.loads(ran.out)["metrics"]
    assert metrics["train.a.accelerator_hours"]["value"] == 192
    assert metrics["train.b.accelerator_hours"]["value"] == pytest.approx(500)


# an H100 idles at 70 W and is rated for 700 W; its server holds eight; PUE 2
@for_each(
    "scope, watts, fits",
    [
        ("gpu", 55, False),
        ("gpu", 57, True),
        ("gpu", 835, True),
        ("gpu", 845, False),
        ("node", 55, False),
        ("node", 2000, True),
        ("node", 2250, False),
        ("it_system", 2000, True),
        ("it_system", 2250, False),
        ("facility", 2000, True),
        ("facility", 2250, False),
    ],
)
def test_a_mean_power_outside_of_its_boundary_is_an_error(scope, watts, fits, train):
    energy = f"{192 * watts / 1000} kWh"
    code, err, _ = train(energy, scope, HOURS, "", ", pue: 2")
    assert code == (0 if fits else 3), err
    assert ("error[CC307]" in err) == (not fits)


def test_a_note_makes_a_warning_of_it(train):
    code, err, _ = train("1 kWh", more=HOURS + ", note: suspended for a day")
    assert code == 0
    assert "warning[CC307]" in err


def test_hours_are_known_by_cross_checks_too(train):
    for check in ("{accelerator_hours: 192}", "{days: 1 d}"):
        code, err, _ = train("300 kWh", more="", beside=f", cross_check: {check}")
        assert code == 3
        assert "CC307" in err
    assert train("300 kWh", more="")[0] == 0  # the hours follow from the energy


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (", accelerator_hours: -1", "CC203"),
        (", accelerator_hours: [3, 2, 1]", "CC205"),
        (", accelerator_hour: 1", "CC101"),
        (", accelerator_hours: x", "CC20"),
    ],
)
def test_hours_that_are_none_are_errors(more, code, train):
    assert f"error[{code}" in train("1 kWh", more=more)[1]


def test_only_a_measured_energy_has_hours(carbonctl):
    text = "train: {power: {value: 1 W, scope: gpu, accelerator_hours: 3}}\n"
    assert "CC101" in carbonctl("validate", "-", stdin=text).err


def test_two_kinds_of_evidence_name_the_place_of_measured_hours(carbonctl):
    words = ("--energy", "1 kWh:gpu", "--accelerator-hours", "3", "--gpu", "t4", "--region", "FR")
    assert "energy.accelerator_hours" in carbonctl("train", *words).err
