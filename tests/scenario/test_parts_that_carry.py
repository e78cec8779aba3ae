"""Accelerators, processors, DRAM, SSD and a rack's network are in a total, or the command stops."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from scenarios import ROOT

SERVERS = ROOT / "hardware_db" / "servers"
NAMED = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted(SERVERS.glob("*.yaml"))
}
UNNAMED = [name for name, data in NAMED.items()
           if data.get("accelerators") and not data.get("accelerator")]  # fmt: skip
QUICK = ("--samples", "0")


def children(data):
    (made,) = [node for node in data["breakdown"] if node["id"] == "manufacturing"]
    return {node["id"].removeprefix("manufacturing."): node for node in made["children"]}


def warned(data):
    return [entry["message"] for entry in data["warnings"]]


def test_announced_racks_and_archetypes_are_among_them():
    assert {"amd-helios-72", "vr-nvl72", "aws-p2-host", "archetype-oam-8"} <= set(UNNAMED)


@pytest.mark.parametrize(
    "subject", ["server", "rack", "cluster", "datacenter"], ids=lambda name: f"subject {name}"
)
def test_accelerators_without_a_record_stop_every_subject(carbonctl, subject):
    for name in UNNAMED:
        more = ("--set", "embodied.per_rack=2") if subject == "rack" else ()
        ran = carbonctl("embodied", "--server", f"{name}:2", "--subject", subject, *QUICK, *more)
        if ran.code == 3 and "CC206" in ran.err and subject == "datacenter":
            continue  # of some not even the power is known
        assert ran.code == 3, name
        assert "error[CC304]" in ran.err, name
        assert "have no record" in ran.err, name


def test_what_the_error_says_to_give_works_when_it_is_given(result):
    for name in UNNAMED:
        bare = result("embodied", "--server", name, *QUICK, "--set", "embodied.accelerator=160 kg")
        held = NAMED[name]["accelerators"]
        assert children(bare)["accelerators"]["value"] == pytest.approx(160 * held), name
        words = ("--set", "hardware.accelerator=h100-sxm")
        named = result("embodied", "--server", name, *QUICK, *words)
        assert children(named)["accelerators"]["value"] == pytest.approx(164 * held), name


@pytest.mark.parametrize("command", ["train", "lifecycle"])
def test_a_life_on_accelerators_without_a_record_stops(carbonctl, command):
    words = ("--server", "vr-nvl72:1", "--region", "SE", *QUICK)
    words += ("--days", "1") if command == "train" else ("--set", "train.days=1 d")
    ran = carbonctl(command, *words)
    assert (ran.code, "CC304" in ran.err) == (3, True)


def test_no_gate_passes_on_a_rack_without_its_accelerators(carbonctl, tmp_path):
    rack, policy = tmp_path / "rack.yaml", tmp_path / "policy.yaml"
    rack.write_text("name: rack\nhardware: {server: vr-nvl72}\nembodied: {subject: server}\n",
                    encoding="utf-8")  # fmt: skip
    policy.write_text(
        "schema: carbonctl/policy/v1\nrules:\n  - {id: cap, metric: total_kgco2e, max: 5 t}\n",
        encoding="utf-8",
    )
    assert carbonctl("gate", rack, "--policy", policy).code == 3


def test_a_host_follows_vendor_and_year_and_is_warned_of(result):
    data = result("embodied", "--server", "amd-helios-72", *QUICK,
                  "--set", "embodied.accelerator=900 kg")  # fmt: skip
    parts = children(data)
    assert parts["cpu"]["label"].startswith("AMD EPYC 9")  # Zen 5, the newest that is known
    assert {"cpu", "dram", "ssd", "scale_up"} <= set(parts)
    said = warned(data)
    assert any("(2026)" in text and "AMD EPYC" in text for text in said)
    assert any("the DRAM of AMD Helios" in text for text in said)
    assert any("the SSD of AMD Helios" in text for text in said)


@pytest.mark.parametrize(
    ("device", "processor"),
    [("mi350x", "AMD EPYC 9"), ("nvidia-p40", "Intel Xeon E5"), ("intel-max-1550", "Intel Xeon"),
     ("h100-pcie-80gb", "Intel Xeon Platinum 84"), ("gtx-titan-x", "AMD EPYC 7742")],
)  # fmt: skip
def test_a_host_of_a_class_follows_the_accelerator(result, device, processor):
    data = result("train", "--gpu", f"{device}:8", "--days", "1", "--region", "SE", *QUICK)
    (text,) = [said for said in warned(data) if said.startswith("no server with")]
    assert f"with {processor}" in text


def test_a_host_of_a_class_has_a_range(result):
    data = result("train", "--gpu", "mi350x:8", "--days", "1", "--region", "SE", *QUICK)
    dram = data["facts"]["servers/archetype-oam-8:dram"]
    assert dram["low"] < dram["value"] < dram["high"]


WHOLE = (SERVERS / "dgx-h100.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("lacking", "part", "said"),
    [
        ("cpu:", "cpu", "the processors of"),
        ("dram:", "dram", "the DRAM of"),
        ("ssd:", "ssd", "the SSD of"),
        ("cpus:", "", "how many processors"),
        ("accelerator:", "", "have no record"),
    ],
)
def test_a_record_that_lacks_one_part_stops_or_has_a_stand_in(
    carbonctl, result, tmp_path, lacking, part, said
):
    kept = [line for line in WHOLE.splitlines() if not line.startswith((lacking, "baseboard:"))]
    (tmp_path / "servers").mkdir()
    (tmp_path / "servers" / "own.yaml").write_text("\n".join(kept) + "\n", encoding="utf-8")
    words = ("embodied", "--server", "own", "--hardware-db", str(tmp_path), *QUICK)
    if part:
        data = result(*words)
        assert children(data)[part]["value"] > 0
        assert any(said in text for text in warned(data))
        assert not [key for key in data["coverage"]["not_estimated"] if "DRAM" in key]
    else:
        ran = carbonctl(*words)
        assert (ran.code, "CC304" in ran.err, said in ran.err) == (3, True, True)
        give = re.search(r"embodied\.\w+: \d+ kg", ran.err)[0].replace(": ", "=")
        assert result(*words, "--set", give)["total_kgco2e"] > 0


def test_other_parts_are_listed_and_warned_of(result):
    data = result("embodied", "--server", "dgx-1-p100", *QUICK)
    name = "interposer or bridges of NVIDIA Tesla P100 SXM2 16GB"
    assert name in data["coverage"]["not_estimated"]
    assert any(text.startswith(name) for text in warned(data))


def test_a_rack_of_one_machine_has_the_network_within_it(result):
    parts = children(result("embodied", "--server", "gb200-nvl72", *QUICK))
    assert parts["scale_up"]["value"] == pytest.approx(72 * 38)


def test_a_cluster_without_accelerators_has_its_network(result):
    data = result("embodied", "--server", "dell-r740:10", "--subject", "cluster", *QUICK)
    assert children(data)["switch_ports"]["value"] == pytest.approx(10 * 2 * 10)
    assert "network of the cluster" not in data["coverage"]["not_estimated"]


def test_a_machine_without_accelerators_is_whole(result):
    data = result("embodied", "--server", "cpu-server-genoa-2s", *QUICK)
    assert {"cpu", "dram", "ssd"} <= set(children(data))
    assert data["warnings"] == []


def test_a_server_named_with_its_accelerator_is_the_server(result):
    alone = result("embodied", "--gpu", "h100-sxm", *QUICK)
    whole = result("embodied", "--server", "dgx-h100", "--gpu", "h100-sxm", *QUICK)
    assert whole["total_kgco2e"] > 10 * alone["total_kgco2e"]


def test_a_stated_figure_is_that_of_the_accelerator_alone(result):
    words = ("embodied", "--gpu", "rebellions-atom", *QUICK, "--set", "embodied.accelerator=160 kg")
    assert result(*words)["total_kgco2e"] == 160


def test_a_rack_whose_network_cards_nobody_recorded_has_those_of_its_class(carbonctl):
    words = ("embodied", "--server", "amd-helios-72", "--set", "embodied.accelerator=900 kg")
    ran = carbonctl(*words, "--samples", "0", "-f", "json")
    (cards,) = [
        f for f in json.loads(ran.out)["facts"].values() if f["label"].startswith("network cards")
    ]
    assert (cards["value"], cards["low"], cards["high"]) == (72, 36, 90)
    assert "the network cards of AMD Helios rack (72x MI455X) are not in its record" in ran.err
    known = carbonctl("embodied", "--server", "gb300-nvl72", "--samples", "0")
    assert "network cards" not in known.err
