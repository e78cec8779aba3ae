"""What a table and an explanation say in words."""

import json

import pytest
from tables import for_each

from carbonctl.report.numbers import format_quantity

R740 = "embodied-dell-r740.yaml"


@for_each(
    "value, unit, text",
    [
        (8.4e22, "FLOP", "84 ZFLOP"),
        (3.3e24, "FLOP", "3300 ZFLOP"),
        (2e10, "FLOP", "20 GFLOP"),
        (1.5e15, "1", "1.5P"),
        (123_456.0, "kWh", "123,500 kWh"),
        (9_999.9, "h", "10,000 h"),
        (8e9, "1", "8B"),
        (1979e12, "FLOP/s", "1979 TFLOP/s"),
        (2.5e16, "FLOP/s", "25,000 TFLOP/s"),
    ],
)
def test_a_quantity_has_no_exponent_where_it_is_large(value, unit, text):
    assert format_quantity(value, unit) == text


def test_devices_that_a_load_needs_are_written_out(carbonctl):
    words = ("--params", "7B", "--gpu", "h100-sxm:1", "--region", "NO", "--tokens", "500:300")
    ran = carbonctl("infer", *words, "--requests", "300M/day", "--samples", "0")
    assert "e+" not in ran.err
    assert "devices" in ran.err


def test_a_table_refers_to_no_note_that_it_does_not_print(carbonctl, configs):
    out = carbonctl("lifecycle", configs / "lifecycle-chat-7b.yaml", "--samples", "200").out
    assert "market basis: not estimated\n" in out
    assert "(1)" not in out
    assert "given without range" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80


def test_parts_of_one_kind_can_be_told_apart(carbonctl, configs):
    out = carbonctl("embodied", configs / R740, "--samples", "0").out
    assert "SSD 8 x 3.84 TB, ssd-2016" in out
    assert "SSD 400 GB, ssd-2016" in out


def test_a_bare_server_has_neither_rack_nor_datacenter_network(result):
    found = result("embodied", "--server", "dgx-h100", "--samples", "0")
    labels = [child["label"] for child in found["breakdown"][0]["children"]]
    assert not {"rack share", "network fabric"} & set(labels)
    assert "rack and datacenter network" in found["coverage"]["not_estimated"]


@pytest.mark.parametrize(
    ("config", "asked", "shown"),
    [
        ("train-bloom.yaml", "train.it_energy", "train.it_energy_kwh  "),
        ("train-bloom.yaml", "facility_energy", "facility_energy: all.total_energy_kwh  "),
        (R740, "manufacturing.dram", "manufacturing.dram: "),
    ],
)
def test_a_number_is_explained_under_the_name_that_was_asked(
    config, asked, shown, carbonctl, configs
):
    ran = carbonctl("explain", configs / config, "--of", asked)
    assert ran.code == 0, ran.err
    assert ran.out.startswith(shown)
    as_json = carbonctl("explain", configs / config, "--of", asked, "-f", "json").out
    assert json.loads(as_json)["asked"] == asked


def test_a_kind_of_part_that_is_there_twice_is_ambiguous(carbonctl, configs):
    ran = carbonctl("explain", configs / R740, "--of", "manufacturing.ssd")
    assert ran.code == 3
    assert "manufacturing.ssd_3, manufacturing.ssd_4" in ran.err
