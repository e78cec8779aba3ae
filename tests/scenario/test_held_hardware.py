"""Devices that serving holds are charged for the whole period; others by need, and it is said."""

import json

import pytest
from tables import for_each

SERVE = ("--model", "llama-3.1-8b", "--requests", "10k/day", "--tokens", "500:300",
         "--region", "FR", "--samples", "0")  # fmt: skip
YEAR = 8760
HOURS, BUSY = "infer.accelerator_hours", "infer.busy_share"


def value(data, name):
    return data["metrics"][name]["value"]


def fact(data, label):
    (found,) = {f["value"] for f in data["facts"].values() if f["label"].startswith(label)}
    return found


@pytest.mark.parametrize(
    ("hardware", "devices"),
    [(("--gpu", "l40s:2"), 2), (("--server", "dgx-h100:1"), 8), (("--gpu", "h100-sxm:8"), 8)],
)
def test_a_count_without_training_is_charged_for_the_whole_period(hardware, devices, result):
    data = result("infer", *SERVE, *hardware)
    assert value(data, HOURS) == pytest.approx(devices * YEAR)
    assert value(data, "infer.charged_accelerators") == pytest.approx(devices)
    loaded, busy = value(data, "infer.loaded_energy_kwh"), value(data, BUSY)
    factor, base = fact(data, "wall power per board power"), fact(data, "power of a server without")
    idle_hours = (1 - busy) * value(data, HOURS)
    each = factor * fact(data, "resident power, NVIDIA") + base / devices
    idle = each * idle_hours / 1e3
    assert value(data, "infer.it_energy_kwh") == pytest.approx(loaded + idle)
    assert fact(data, "allocation rate") == 1
    assert data["charged"][0]["rule"] == "held"


def test_twice_the_devices_are_twice_the_hardware(result):
    one, two = (result("infer", *SERVE, "--gpu", f"h100-sxm:{n}") for n in (8, 16))
    made = [value(data, "manufacturing_kgco2e") for data in (one, two)]
    assert made[1] == pytest.approx(2 * made[0])
    assert value(two, BUSY) == pytest.approx(value(one, BUSY) / 2)


def test_hardware_of_a_held_machine_is_its_share_of_its_life(result):
    """8 of 8 devices for one of the years of a life, with nothing left to anybody else."""
    data = result("infer", *SERVE, "--server", "dgx-h100:1")
    machine = result("embodied", "--server", "dgx-h100", "--samples", "0")
    made = next(n["value"] for n in machine["breakdown"] if n["id"] == "manufacturing")
    share = YEAR / fact(data, "hardware life")
    own = value(data, "manufacturing_kgco2e")
    fabric = own - made * share  # the network is shared with others: not in a bare machine
    assert 0 <= fabric < 0.5 * own


@for_each("command", ["infer", "lifecycle"])
@for_each(
    "hardware, train, own, more, rule",
    [
        ("{accelerator: h100-sxm, count: 8}", "", "", "", "held"),
        ("{accelerator: h100-sxm, count: 8}", "", "", "shared: true,", "by need"),
        ("{accelerator: h100-sxm}", "", "", "", "by need"),
        ("{accelerator: h100-sxm, count: 8}", "train: {days: 1 d}", "", "", "by need"),
        (
            "{accelerator: h100-sxm, count: 8}",
            "train: {days: 1 d}",
            "hardware: {accelerator: l40s, count: 2},",
            "",
            "held",
        ),
        ("{accelerator: h100-sxm, count: 8}", "", "hardware: {accelerator: l40s},", "", "by need"),
    ],
)
def test_the_rule_depends_on_the_scenario_and_never_on_the_command(
    command, hardware, train, own, more, rule, carbonctl
):
    text = f"""
model: llama-3.1-8b
hardware: {hardware}
site: {{region: FR}}
period: 1 y
{train}
infer: {{{own} {more} requests: 10k/day, prompt_tokens: 500, output_tokens: 300}}
"""
    ran = carbonctl(command, "-", "-f", "json", "--samples", "0", stdin=text)
    data = json.loads(ran.out)
    (served,) = [one for one in data["charged"] if one["phase"] == "infer"]
    assert served["rule"] == rule
    held = value(data, HOURS) == pytest.approx((served["count"] or 0) * YEAR)
    assert held == (rule == "held")


def test_what_is_shared_and_what_is_planned_is_said(carbonctl):
    words = ("lifecycle", "--params", "7B", "--gpu", "h100-sxm:64", "--days", "10", *SERVE[2:])
    assert "of these 64 GPUs; the rest is" in carbonctl(*words).out
    planned = carbonctl("infer", "--model", "llama-3.1-70b", *SERVE[2:], "--gpu", "h100-sxm").out
    assert "serving needs about" in planned
    assert "GPUs: 2 whole" in planned
    held = carbonctl("infer", *SERVE, "--gpu", "h100-sxm:8").out
    assert "8 GPUs held for the whole period, busy" in held


@pytest.mark.parametrize(
    "key", ["infer.busy_share=0.5", "embodied.allocation_rate=0.5", "infer.autoscaling=50 %"]
)
def test_what_contradicts_held_devices_is_refused_and_needs_shared(key, carbonctl):
    words = ["infer", *SERVE, "--gpu", "h100-sxm:8", "--set", key]
    if "autoscaling" in key:
        words += ["--set", "infer.peak_to_mean=2"]
    ran = carbonctl(*words)
    assert (ran.code, "error[CC303]" in ran.err, "infer.shared: true" in ran.err) == (3, True, True)
    assert carbonctl(*words, "--shared").code == 0


def test_the_peak_of_a_load_must_fit_held_devices(carbonctl):
    words = ["infer", *SERVE[:2], "--requests", "900k/day", *SERVE[4:], "--gpu", "h100-sxm:1"]
    assert carbonctl(*words).code == 0
    ran = carbonctl(*words, "--set", "infer.peak_to_mean=50")
    assert ran.code == 3
    assert "error[CC304]" in ran.err


def test_a_file_of_the_old_schema_is_told_once_that_its_count_is_now_charged(carbonctl, tmp_path):
    file = tmp_path / "old.yaml"
    text = """schema: carbonctl/scenario/{version}
model: llama-3.1-8b
hardware: {{accelerator: h100-sxm, count: 8}}
site: {{region: FR}}
infer: {{requests: 10k/day, prompt_tokens: 500, output_tokens: 300{more}}}
"""
    file.write_text(text.format(version="v1", more=""))
    ran = carbonctl("infer", file)
    assert ran.err.count("warning[CC309]") == 1
    assert f"{file}:3:" in ran.err
    assert "infer.shared: true" in ran.err
    for version, more in (("v2", ""), ("v1", ", shared: true")):
        file.write_text(text.format(version=version, more=more))
        assert carbonctl("infer", file).err == ""


def test_the_table_says_which_part_of_a_fleet_is_charged(carbonctl):
    words = ("--model", "llama-3.1-8b", "--requests", "10k/day", "--tokens", "500:300")
    fleet = ("--gpu", "h100-sxm:8", "--region", "FR", "--set", "infer.fleet_share=25%")
    ran = carbonctl("infer", *words, *fleet, "--samples", "0")
    assert "25 % of 8 GPUs held for the whole period: 2.0, busy" in ran.out
