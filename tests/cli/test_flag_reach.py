"""A flag reaches every phase that it claims, also those with keys of their own, and it is said."""

import json

import pytest

FILE = """
name: chat
model: llama-3.1-8b
hardware: {accelerator: h100-sxm, count: 64}
site: {region: aws:us-east-1}
period: 1 y
data: {stored: 50 TB, site: {region: aws:us-east-1}}
train:
  days: 10 d
  site: {region: aws:us-east-1}
experiments: {share_of_training: 20 %, site: {region: aws:us-east-1}}
infer:
  model: llama-3.1-70b
  hardware: {server: dgx-h100, count: 16}
  site: {region: aws:eu-west-1, grid: 0.3 kg/kWh, pue: 1.3}
  requests: 10k/day
  prompt_tokens: 500
  output_tokens: 300
"""


@pytest.fixture
def ran(carbonctl):
    def call(command, *words, text=FILE):
        done = carbonctl(command, "-", "-f", "json", "--samples", "0", *words, stdin=text)
        assert done.code == 0, done.err
        return json.loads(done.out)

    return call


def grids(data):
    return {f["value"] for key, f in data["facts"].items()
            if key.startswith("grid/") or f["label"] == "grid factor"}  # fmt: skip


def values(data, label):
    return {f["value"] for f in data["facts"].values() if f["label"].startswith(label)}


@pytest.mark.parametrize("command", ["infer", "lifecycle"])
def test_a_region_moves_every_estimated_phase_and_drops_the_factor_of_another(command, ran):
    data = ran(command, "--region", "SE")
    assert grids(data) == {0.021}
    assert all(one["site"] == "SE" for one in data["charged"])
    replaced = {entry["path"] for entry in data["inputs"]["replaced_by_flags"]}
    assert {"infer.site.region", "infer.site.grid"} <= replaced
    assert ("train.site.region" in replaced) == (command == "lifecycle")


def test_hardware_of_a_phase_is_replaced_with_its_count(ran):
    data = ran("infer", "--gpu", "b200-sxm:8")
    (served,) = data["charged"]
    assert (served["hardware"], served["count"], served["rule"]) == ("8 x b200-sxm", 8, "held")
    assert "b200-sxm" in data["title"]
    assert "h100" not in data["title"]
    planned = ran("infer", "--gpu", "b200-sxm")["charged"][0]
    assert (planned["hardware"], planned["count"], planned["rule"]) == ("b200-sxm", None, "by need")


def test_the_count_of_training_stays_where_a_flag_names_another_device(ran):
    data = ran("train", "--gpu", "b200-sxm")
    assert data["metrics"]["train.accelerator_hours"]["value"] == pytest.approx(64 * 240)


@pytest.mark.parametrize(
    ("words", "label", "expected"),
    [
        (("--pue", "1.05"), "PUE", {1.05}),
        (("--grid", "0.1 kg/kWh"), "grid factor", {0.1}),
        (("--contracted-clean", "40%"), "contracted", {0.4}),
    ],
)
def test_a_flag_of_the_site_reaches_every_site(words, label, expected, ran):
    assert values(ran("lifecycle", *words), label) == expected


def test_a_model_that_is_named_by_a_flag_serves(ran):
    data = ran("infer", "--model", "llama-3.2-1b")
    assert "llama-3.2-1b" in data["title"]
    plain = ran("infer")
    key = "infer.device_energy_kwh"
    assert data["metrics"][key]["value"] < 0.5 * plain["metrics"][key]["value"]


def test_the_title_names_what_each_phase_is_charged_for(ran):
    assert ran("lifecycle")["title"] == (
        "chat: training, experiments: llama-3.1-8b, 64 x h100-sxm in aws:us-east-1; "
        "serving: llama-3.1-70b, 2 x dgx-h100 in aws:eu-west-1, grid as given"
    )


def test_the_table_says_what_a_flag_replaced(carbonctl):
    out = carbonctl("infer", "-", "--gpu", "b200-sxm:8", "--samples", "0", stdin=FILE).out
    assert "replaced" in out
    assert "infer.hardware {server: dgx-h100," in out
    assert "replaced" not in carbonctl("infer", "-", "--samples", "0", stdin=FILE).out


RUNS = """
model: llama-3.1-8b
hardware: {accelerator: h100-sxm, count: 64}
site: {region: FR}
train:
  runs:
    - {name: a, tokens: 1T, mfu: 0.3}
    - {name: b, tokens: 2T, hardware: {accelerator: a100-sxm4-80gb, count: 8}}
"""


def test_a_flag_of_training_reaches_runs_or_is_refused(carbonctl, ran):
    assert values(ran("train", "--mfu", "0.5", text=RUNS), "steady MFU") == {0.5}
    kinds = {one["hardware"] for one in ran("train", "--gpu", "h200:16", text=RUNS)["charged"]}
    assert kinds == {"16 x h200"}
    done = carbonctl("train", "-", "--train-tokens", "3T", stdin=RUNS)
    assert done.code == 3
    assert "error[CC303]" in done.err
    assert "train.runs.0.tokens" in done.err


def test_two_flags_that_both_count_are_a_usage_error(carbonctl):
    ran = carbonctl("train", "--gpu", "h100-sxm:8", "--server", "dgx-h100:2", "--days", "1")
    assert ran.code == 2
    assert "--gpu and --server both give a count" in ran.err


def test_a_result_made_with_flags_is_computed_again_alike(carbonctl, tmp_path):
    file, saved = tmp_path / "chat.yaml", tmp_path / "result.json"
    file.write_text(FILE)
    carbonctl("infer", file, "--gpu", "b200-sxm:8", "--region", "SE", "-f", "json", "-o", saved)
    assert carbonctl("verify", saved).code == 0


def test_a_flag_of_hardware_that_no_phase_runs_on_is_refused(carbonctl, configs):
    ran = carbonctl("train", configs / "train-federated.yaml", "--gpu", "h100-sxm:4")
    assert ran.code == 3
    assert "--gpu: error[CC303]" in ran.err


@pytest.mark.parametrize("words", [("--gpu", "b200-sxm:4"), ("--server", "dgx-a100-640gb")])
def test_hardware_by_flag_beside_a_list_of_parts_is_refused(words, carbonctl, configs):
    ran = carbonctl("embodied", configs / "embodied-8xh100.yaml", *words)
    assert ran.code == 3
    assert f"{words[0]}: error[CC303]" in ran.err


OF_DEVICE = """
hardware: {accelerator: h100-sxm, count: 8}
site: {region: FR}
embodied: {accelerator: 150 kg}
train:
  power: {value: 650 W, scope: gpu}
  runs:
    - {name: a, accelerator_hours: 1000}
    - {name: b, accelerator_hours: 1000, power: {value: 600 W, scope: gpu}}
"""


def test_what_is_stated_of_a_device_goes_with_it(ran):
    """Watts and a footprint of one device are not charged for another that a flag names."""
    data = ran("train", "--gpu", "b200-sxm", text=OF_DEVICE)
    paths = {one["path"] for one in data["inputs"]["replaced_by_flags"]}
    assert paths == {"train.power", "train.runs.1.power", "embodied.accelerator"}
    plain = ran("train", "--gpu", "b200-sxm:8", "--gpu-hours", "2000", text="site: {region: FR}")
    assert data["total"]["value"] == pytest.approx(plain["total"]["value"])


@pytest.mark.parametrize("name", ["h100-sxm:16", "NVIDIA H100 SXM5 80GB", "H100_SXM"])
def test_another_spelling_or_count_of_a_device_keeps_what_is_stated_of_it(name, ran):
    data = ran("train", "--gpu", name, text=OF_DEVICE)
    assert "replaced_by_flags" not in data["inputs"] or not data["inputs"]["replaced_by_flags"]
    assert values(data, "power per accelerator") == {650, 600}


def test_watts_at_the_meter_take_the_included_pue_with_them(ran):
    text = """
hardware: {accelerator: h100-sxm}
site: {region: FR, pue: included}
train: {accelerator_hours: 1000, power: {value: 700 W, scope: facility}}
"""
    paths = {one["path"] for one in ran("train", "--gpu", "b200-sxm", text=text)["inputs"][
        "replaced_by_flags"]}  # fmt: skip
    assert paths == {"train.power", "site.pue"}


def test_a_pue_of_homes_is_refused(carbonctl):
    text = """
site: {region: US}
train: {federated: {devices: 1M, hours_per_device: 1 h, communication_hours: 0.1 h}}
"""
    ran = carbonctl("train", "-", "--pue", "1.9", stdin=text)
    assert (ran.code, "CC303" in ran.err) == (3, True)


def test_the_run_that_names_no_hardware_is_pointed_at(carbonctl):
    text = """site: {region: FR}
train:
  runs:
    - {name: a, accelerator_hours: 5, hardware: {accelerator: h100-sxm}}
    - {name: b, accelerator_hours: 5}
"""
    assert ":5:" in carbonctl("train", "-", stdin=text).err.splitlines()[0]


@pytest.mark.parametrize("flag", [("--model", "llama-3.1-70b"), ("--precision", "int4")])
def test_a_throughput_is_of_the_model_and_the_format_that_it_was_measured_with(flag, ran):
    text = """
model: llama-3.1-8b
hardware: {accelerator: h100-sxm, count: 8}
site: {region: FR}
infer: {requests: 1M/day, prompt_tokens: 500, output_tokens: 300, throughput: 5000 1/s}
"""
    data = ran("infer", *flag, text=text)
    assert [one["path"] for one in data["inputs"]["replaced_by_flags"]] == ["infer.throughput"]
    plain = ran("infer", *flag, text=text.replace(", throughput: 5000 1/s", ""))
    assert data["total"]["value"] == pytest.approx(plain["total"]["value"])


@pytest.mark.parametrize("evidence", ["accelerator_hours: 1000", "days: 3 d", "energy: 9 MWh"])
def test_evidence_of_another_device_is_kept_and_warned_of(evidence, carbonctl):
    scope = evidence.replace("9 MWh", "{value: 9 MWh, scope: node}")
    text = (
        f"hardware: {{accelerator: h100-sxm, count: 8}}\nsite: {{region: FR}}\ntrain: {{{scope}}}\n"
    )
    name = evidence.partition(":")[0]
    ran = carbonctl("train", "-", "--gpu", "b200-sxm", "--samples", "0", stdin=text)
    assert ran.code == 0
    assert f"warning[CC303]: train.{name} was stated for other hardware" in ran.err
    assert carbonctl("train", "-", "--gpu", "h100-sxm:16", stdin=text).err == ""
    if name == "days":
        assert carbonctl("train", "-", "--gpu", "b200-sxm", "--days", "2", stdin=text).err == ""
