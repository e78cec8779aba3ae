"""Power logs of nvidia-smi and DCGM: the integral, and everything that would make it wrong."""

from __future__ import annotations

import pytest
from tables import for_each

SMI = "timestamp, index, name, power.draw [W]\n"


def smi(time, index=0, watts="600.00 W", name="NVIDIA H100 80GB HBM3"):
    return f"2026/03/01 {time}.000, {index}, {name}, {watts}\n"


def prom(time, watts=600, labels='gpu="0",UUID="GPU-invented-0",Hostname="node1"'):
    return f"DCGM_FI_DEV_POWER_USAGE{{{labels}}} {watts} {time}".rstrip() + "\n"


def kwh(made):
    return float(made["train"]["energy"]["value"].removesuffix(" kWh"))


def test_power_is_integrated_by_trapezoids_over_devices_and_nodes(imported, data):
    _, made = imported(data / "smi-node1.csv", data / "smi-node2.csv")
    # GPU 0: 30 s at (600 + 700) / 2, 30 s at 700 W; GPU 1: 60 s at 500 W; node 2: 60 s at 400 W
    joules = 30 * 650 + 30 * 700 + 60 * 500 + 60 * 400
    assert kwh(made) == pytest.approx(joules / 3.6e6, rel=1e-11)
    assert made["train"]["energy"]["scope"] == "gpu"
    assert made["hardware"] == {"accelerator": "nvidia-h100-sxm5-80gb", "count": 3}
    assert "8 samples of 3 devices" in made["train"]["energy"]["note"]


def test_lines_of_prometheus_carry_milliseconds(imported, data):
    _, made = imported(data / "dcgm.prom")
    assert kwh(made) == pytest.approx(30 * (600 + 700) / 2 / 3.6e6, rel=1e-11)
    assert made["hardware"] == {"accelerator": "nvidia-h100-sxm5-80gb", "count": 1}


def test_instances_and_pods_of_one_device_count_once(imported):
    labels = 'gpu="0",UUID="GPU-invented-0",GPU_I_ID="{}"'
    log = "".join(
        prom(1772359200000 + ms, 600, labels.format(n)) for ms in (0, 36_000) for n in range(7)
    )
    assert kwh(imported("-", stdin=log)[1]) == pytest.approx(600 * 36 / 3.6e6)


def test_a_table_of_dcgm_with_times_is_integrated(imported, data):
    assert kwh(imported(data / "dmon-timed.txt")[1]) == pytest.approx(600 * 36 / 3.6e6)


def test_a_table_of_dcgm_without_times_gives_a_power_and_asks_for_the_time(
    imported, carbonctl, data
):
    text, made = imported(data / "dmon.txt")
    power = made["train"]["power"]
    assert (power["value"], power["scope"]) == (f"{(600 + 500 + 700 + 500) / 4:g} W", "gpu")
    assert "# days: TIME" in text
    assert "at dcgmi's default of one a second (-d 1000) that would be 2 s" in text
    words = ("train", "-", "--region", "FR", "--gpu", "h100-sxm:2", "-q", "--samples", "0")
    assert carbonctl(*words, stdin=text).code == 3
    assert carbonctl(*words, "--days", "1 h", stdin=text).code == 0


def test_devices_of_two_kinds_are_two_runs(imported):
    log = SMI + "".join(
        smi(time, index, "360 W", name)
        for time in ("10:00:00", "10:00:10")
        for index, name in enumerate(("NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-80GB"))
    )
    runs = imported("-", stdin=log)[1]["train"]["runs"]
    assert [run["energy"]["value"] for run in runs] == ["0.001 kWh", "0.001 kWh"]
    assert [run["hardware"]["accelerator"] for run in runs] == [
        "nvidia-h100-sxm5-80gb",
        "nvidia-a100-sxm4-80gb",
    ]


def test_two_nodes_without_identity_are_two_nodes_and_the_file_says_so(imported, tmp_path):
    for place, watts in enumerate(("400 W", "500 W")):
        log = SMI + smi("10:00:00", watts=watts) + smi("10:00:40", watts=watts)
        (tmp_path / f"n{place}").write_text(log)
    text, made = imported(tmp_path / "n0", tmp_path / "n1")
    assert kwh(made) == pytest.approx(40 * (400 + 500) / 3.6e6)
    assert made["hardware"]["count"] == 2
    assert "each log counts as another node" in text


def test_a_log_in_two_parts_is_one_device(imported, tmp_path, data):
    whole = (data / "smi-node2.csv").read_text()
    (tmp_path / "a").write_text(whole)
    (tmp_path / "b").write_text(whole.replace(" 10:", " 12:"))
    _, made = imported(tmp_path / "a", tmp_path / "b")
    assert kwh(made) == pytest.approx(2 * 60 * 400 / 3.6e6)
    assert made["hardware"]["count"] == 1


def test_a_long_pause_is_no_gap_where_samples_are_always_far_apart(imported):
    log = SMI + smi("10:00:00") + smi("10:10:00") + smi("11:00:00")
    assert kwh(imported("-", stdin=log)[1]) == pytest.approx(0.6)


def test_a_gap_is_an_error_where_it_ends(refused):
    log = SMI + "".join(smi(f"10:00:0{s}") for s in range(9)) + smi("10:02:00")
    code, _, line, column, err = refused(log)
    assert (code, line, column) == ("CC503", 11, 1)
    assert "nothing was logged for 112 s" in err


def test_a_clock_that_runs_backward_is_an_error(refused):
    assert refused(SMI + smi("10:00:10") + smi("10:00:09"))[:4] == ("CC504", "log1", 3, 1)
    assert refused(prom(1772359200000) + prom(1772359100000))[:4] == ("CC504", "log1", 2, 77)


def test_ranks_that_log_the_same_device_are_an_error(refused, data):
    log = (data / "smi-node1.csv").read_text()
    code, file, line, column, err = refused(log, log.replace(":00.000", ":10.000"))
    assert (code, file, line, column) == ("CC505", "log2", 2, 1)
    assert "each rank of a node logs all of its devices" in err


def test_the_same_index_of_one_host_is_the_same_device(refused):
    labels = 'gpu="0",Hostname="node1"'
    logs = [
        prom(t, 600, labels) + prom(t + 9000, 600, labels) for t in (1772359200000, 1772359204000)
    ]
    assert refused(*logs)[:4] == ("CC505", "log2", 1, 1)


def test_a_copy_of_a_log_is_an_error_even_without_identity(refused):
    log = SMI + smi("10:00:00") + smi("10:00:01")
    assert refused(log, log)[:4] == ("CC505", "log2", 2, 1)


@for_each(
    "log, code, line, column",
    [
        (SMI + smi("10:00:00") + smi("10:00:01", watts="[N/A]"), "CC506", 3, 52),
        (SMI + smi("10:00:00") + smi("10:00:01", watts="-5 W"), "CC506", 3, 52),
        (SMI + smi("10:00:00") + smi("10:00:01", watts="600000 W"), "CC506", 3, 52),
        (SMI + smi("10:00:00", watts="0 W") + smi("10:00:01", watts="0 W"), "CC502", 2, 52),
        (SMI + smi("10:00:00") + "2026/03/01 10:00:01.000, 0, NVIDIA H1\n", "CC502", 3, 1),
        (SMI + smi("10:00:00"), "CC502", 2, 1),
        (SMI + smi("25:00:00"), "CC506", 2, 1),
        (SMI, "CC502", 1, 1),
        ("index, power.draw [W]\n0, 600 W\n", "CC502", 1, 1),
        ("timestamp, power.draw [W]\n2026/03/01 10:00:00, 600 W\n", "CC502", 2, 1),
        (smi("10:00:00") + smi("10:00:01"), "CC501", 1, 1),
        (prom(1772359200000) + prom(1772359201000, "NaN"), "CC506", 2, 73),
        (prom(1772359200000) + prom(""), "CC502", 2, 76),
        (prom(1772359200000, labels='job="x"'), "CC502", 1, 1),
        (prom(1772359200000) + "DCGM_FI_DEV_POWER_USAGE{gpu=\n", "CC502", 2, 1),
        ("#Entity   TMPTR\nID\nGPU 0   61\n", "CC502", 1, 1),
        ("#Entity   POWER\nID   W\nGPU 0   N/A\n", "CC506", 3, 9),
        ("#Entity   POWER  TMPTR\nID   W\nGPU 0   600.0\n", "CC502", 3, 1),
        ('DCGM_FI_DEV_GPU_TEMP{gpu="0"} 61\n', "CC502", 1, 1),
    ],
)
def test_a_bad_log_is_an_error_at_its_place(log, code, line, column, refused):
    assert refused(log)[:4] == (code, "log1", line, column)
