"""Keys that once changed nothing and said nothing: each has its effect now, or is refused."""

from __future__ import annotations

import json

import pytest
from tables import for_each

HOURS = "hardware: {accelerator: h100-sxm, count: 8}\nsite: {region: SE}\ntrain: {days: 10 d}\n"
MODEL = ("model: {kind: llm, params: 8e9, layers: 32, hidden: 4096, heads: 32, kv_heads: 8, "
         "head_dim: 128%s}\n")  # fmt: skip
CHAT = (
    "hardware: {accelerator: h100-sxm, count: 8}\nsite: {region: SE}\n"
    "infer: {requests: 10k/day, prompt_tokens: 6000, output_tokens: 2000, concurrency: 16}\n"
)


@pytest.fixture
def ran(carbonctl):
    def of(command, text):
        return carbonctl(command, "-", "-f", "json", "--samples", "0", stdin=text)

    return of


def test_a_window_of_a_described_model_shortens_what_serving_reads(ran):
    totals = [
        json.loads(ran("infer", MODEL % more + CHAT).out)["total_kgco2e"]
        for more in ("", ", window: 4096", ", window: 512", ", window: 1000000")
    ]
    assert totals[2] < totals[1] < totals[0]
    assert totals[3] == pytest.approx(totals[0])  # a window of the whole context


@for_each(
    "key",
    [
        "fab: {method: imec}",
        "fab: {edge: ignored}",
        "fab: {yield: {by: poisson}}",
        "datacenter: {load: 50 %}",
        "datacenter: {life: 30 y}",
        "count: 4",
        "subject: rack",
        "datacenter: {construction_per_kw_year: 90 kg/kW/y}",
        "per_rack: 2",
        "chassis: 2u",
        "device: apple-iphone-14-128gb",
    ],
)
def test_keys_of_an_item_are_refused_in_a_life(ran, key):
    found = ran("train", f"{HOURS}embodied: {{{key}}}\n")
    (problem,) = json.loads(found.out)["errors"]
    assert (found.code, problem["code"]) == (3, "CC303")
    assert key.split(":")[0] in problem["message"]
    assert problem["hint"]


def test_the_mass_of_a_machine_may_be_stated(ran):
    weights = [
        json.loads(ran("train", f"{HOURS}embodied: {{mass: {kg} kg}}\n").out)["total_kgco2e"]
        for kg in (50, 500)
    ]
    assert weights[0] < weights[1]


@pytest.mark.parametrize("server", ["cpu-server-spr-2s", "dgx-a100-640gb"])
def test_no_host_factor_where_the_power_is_that_of_servers(ran, server):
    text = (
        "model: {kind: dlrm, mlp_params: 1e6, tables: {count: 10, rows: 1e6, dim: 64, lookups: 20}}"
        f"\nhardware: {{server: {server}, count: 16}}\nsite: {{region: SE}}\n"
        "infer: {items: 1k/s%s}\n"
    )
    assert ran("infer", text % "").code == 0
    found = ran("infer", text % ", host_power_factor: 1.5")
    (problem,) = json.loads(found.out)["errors"]
    assert (found.code, problem["code"], problem["line"]) == (3, "CC303", 4)


def test_a_run_at_the_plug_has_no_host_factor(ran):
    text = HOURS.replace("10 d", "10 d, power: {value: 1 kW, scope: it_system}%s")
    assert ran("train", text % "").code == 0
    assert ran("train", text % ", host_power_factor: 1.5").code == 3


def test_weights_of_4_bits_take_less_memory_beside_a_stated_utilization(ran):
    found = {}
    for method in ("lora", "qlora"):
        text = (
            "model: llama-3.1-8b\nhardware: {accelerator: h100-sxm, count: 1}\nsite: {region: SE}\n"
            f"train: {{tokens: 1e8, method: {method}, adapter_params: 4e7, billed_mfu: 30 %}}\n"
        )
        found[method] = json.loads(ran("train", text).out)["metrics"]["train.state_gb"]
    assert found["qlora"]["unit"] == "GB"
    assert found["qlora"]["value"] < 0.4 * found["lora"]["value"]


def test_a_list_of_parts_holds_the_accelerators_that_are_named(ran):
    bare = HOURS + "embodied: {parts: [{cpu: epyc-7742, count: 2}], mass: 50 kg}\n"
    found = ran("train", bare)
    (problem,) = json.loads(found.out)["errors"]
    assert (found.code, problem["code"]) == (3, "CC304")
    listed = problem["hint"].removeprefix("as in parts: [").removesuffix("]")
    assert ran("train", bare.replace("[{cpu", f"[{listed}, {{cpu")).code == 0


def test_a_stated_host_beside_a_list_of_parts_is_refused(ran):
    parts = "parts: [{accelerator: h100-sxm, count: 8}], mass: 50 kg"
    found = ran("train", f"{HOURS}embodied: {{{parts}, host: 900 kg}}\n")
    assert [e["code"] for e in json.loads(found.out)["errors"]] == ["CC303"]


@pytest.mark.parametrize(
    ("subject", "key"),
    [("accelerator", "host: 900 kg"), ("baseboard", "accelerator: 160 kg"),
     ("rack", "datacenter: {load: 50 %}"), ("server", "fab: {edge: ignored}")],
)  # fmt: skip
def test_keys_of_another_subject_are_refused(ran, subject, key):
    text = f"hardware: {{server: dgx-h100}}\nembodied: {{subject: {subject}, {key}}}\n"
    assert ran("embodied", text.replace(f", {key}", "")).code == 0
    found = ran("embodied", text)
    assert [e["code"] for e in json.loads(found.out)["errors"]] == ["CC303"]
