"""Spare accelerators over a life: parts of their own, counted from a rate a year."""

from __future__ import annotations

import pytest
from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix

SERVER = ("embodied", "--server", "dgx-h100", "--samples", "0")


def rows(data):
    (made,) = [node for node in data["breakdown"] if node["id"] == "manufacturing"]
    return {node["id"].removeprefix("manufacturing."): node["value"] for node in made["children"]}


def test_three_percent_a_year_of_a_published_baseboard_over_five_years(result):
    """1,312 kg x 0.03 x 5 = 196.8 kg, and nothing else changes."""
    bare = rows(result(*SERVER))
    spared = rows(result(*SERVER, "--set", "embodied.spares=3 %"))
    assert spared.pop("spares") == approx(196.8)
    assert spared == bare


def test_spares_follow_the_life_that_is_stated(result):
    words = (*SERVER, "--set", "embodied.spares=9 %", "--set", "embodied.lifetime=3 y")
    assert rows(result(*words))["spares"] == approx(1_312 * 0.09 * 3)


def test_spares_of_modules_that_are_built_from_parts(result):
    words = ("embodied", "--server", "dgx-1-v100", "--samples", "0", "--set", "embodied.spares=4 %")
    found = rows(result(*words))
    assert found["spares"] == approx(found["accelerators"] * 0.04 * 5)


def test_a_phase_carries_its_share_of_the_spares(result):
    words = ("train", "--server", "dgx-h100:8", "--days", "10", "--region", "NO", "--samples", "0")
    made = "manufacturing_kgco2e"
    bare, spared = (
        result(*words, *more)["metrics"][made]["value"]
        for more in ((), ("--set", "embodied.spares=3 %"))
    )
    share = 64 * 240 / 8 / (43_800 * 0.65)
    assert spared - bare == approx(196.8 * share)


@pytest.mark.parametrize("words", [("--gpu", "h100-sxm"), ("--server", "cpu-server-spr-2s")])
def test_spares_that_are_not_counted_are_said(words, carbonctl):
    ran = carbonctl("embodied", *words, "--samples", "0", "--set", "embodied.spares=3 %")
    assert ran.code == 0
    assert "warning[CC303]: spares is not used" in ran.err
