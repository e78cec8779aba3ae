"""A name in any spelling leads to its own record, to a choice, or to an error: never to another."""

from __future__ import annotations

import pytest
from tables import for_each

from carbonctl.catalog import instances, spelling
from carbonctl.catalog.check import KINDS
from carbonctl.catalog.read import AmbiguousName, Catalog, UnknownName

CATALOG = Catalog.open()
DEVICES = {
    "NVIDIA H100 80GB HBM3": "nvidia-h100-sxm5-80gb",
    "nvidia_h100_80gb_hbm3": "nvidia-h100-sxm5-80gb",
    "NVIDIA H100 PCIe": "nvidia-h100-pcie-80gb",
    "H100 80GB HBM2e": "nvidia-h100-pcie-80gb",
    "NVIDIA H100 NVL": "nvidia-h100-nvl-94gb",
    "h100sxm": "nvidia-h100-sxm5-80gb",
    "nvidia_a100-sxm4-80gb": "nvidia-a100-sxm4-80gb",
    "nvidia_a100_80gb_pcie": "nvidia-a100-pcie-80gb",
    "NVIDIA A100 80GB PCIe": "nvidia-a100-pcie-80gb",
    "NVIDIA Corporation GA100 [A100 SXM4 80GB] (rev a1)": "nvidia-a100-sxm4-80gb",
    "3D controller: NVIDIA Corporation GH100 [H100 PCIe] (rev a1)": "nvidia-h100-pcie-80gb",
    "tesla_v100-pcie-32gb": "nvidia-v100-pcie-32gb",
    "Tesla T4": "nvidia-t4",
    "rtx_3090": "nvidia-rtx-3090",
    "rtx8000": "nvidia-quadro-rtx-8000",
    "2080ti": "nvidia-rtx-2080-ti",
    "nvidia_geforce_rtx_2080_ti": "nvidia-rtx-2080-ti",
    "GeForce GTX 1080 Ti 11GB": "nvidia-gtx-1080-ti",
    "rtx 3080 10gb": "nvidia-rtx-3080",
    "NVIDIA GeForce RTX 3060": "nvidia-rtx-3060-12gb",
    "NVIDIA RTX 6000 Ada Generation": "nvidia-rtx-6000-ada",
    "NVIDIA RTX PRO 6000 Blackwell Server Edition": "nvidia-rtx-pro-6000-bw-server",
    "L40S-48GB": "nvidia-l40s",
    "amd_instinct_mi300x_oam": "amd-mi300x",
    "amd_instinct_mi250x_oam": "amd-mi250x",
    "Advanced Micro Devices, Inc. [AMD/ATI] Aqua Vanjaram [Instinct MI300X]": "amd-mi300x",
    "rx7900xtx": "amd-rx-7900-xtx",
    "Intel(R) Data Center GPU Max 1550": "intel-max-1550",
    "tpu_v5e": "google-tpu-v5e",
    "v5litepod": "google-tpu-v5e",
}
MODELS = {
    "llama3.1:8b": "llama-3.1-8b",
    "Llama 3.1 8B": "llama-3.1-8b",
    "llama_3_1_8b".replace("_1", ".1"): "llama-3.1-8b",
    "meta-llama/Llama-3.1-8B-Instruct": "llama-3.1-8b",
    "meta-llama/Meta-Llama-3-8B-Instruct": "llama-3-8b",
    "llama3:8b": "llama-3-8b",
    "openai/gpt-oss-120b": "gpt-oss-120b",
    "gpt-oss:20b": "gpt-oss-20b",
    "mistralai/Mistral-7B-Instruct-v0.3": "mistral-7b-v0.3",
    "mistralai/Mixtral-8x7B-Instruct-v0.1": "mixtral-8x7b",
    "google/gemma-3-27b-it": "gemma-3-27b",
    "gemma3:27b": "gemma-3-27b",
    "Qwen/Qwen3-30B-A3B-Instruct-2507": "qwen3-30b-a3b",
    "qwen3:235b": "qwen3-235b-a22b",
    "deepseek-r1:671b": "deepseek-r1",
    "tiiuae/falcon-40b-instruct": "falcon-40b",
    "vit_b/16": "vit-b-16",
}
PARTS = {
    ("cpus", "Intel(R) Xeon(R) Platinum 8480+"): "intel-xeon-platinum-8480p",
    ("cpus", "xeon 8480+"): "intel-xeon-platinum-8480p",
    ("cpus", "AMD EPYC 9654 96-Core Processor"): "amd-epyc-9654",
    ("cpus", "Intel(R) Xeon(R) CPU E5-2686 v4 @ 2.30GHz"): "intel-xeon-e5-2686v4",
    ("servers", "NVIDIA DGX H100"): "dgx-h100",
    ("servers", "dgx_a100_640gb"): "dgx-a100-640gb",
    ("servers", "DGX A100 640 GB"): "dgx-a100-640gb",
}


def told(kind, name):
    """The id of a name, or the ids that it may be."""
    try:
        return [CATALOG.record(kind, name).id]
    except AmbiguousName as error:
        return error.choices


def test_names_of_software_and_people_lead_to_their_record():
    assert {name: CATALOG.record("accelerators", name).id for name in DEVICES} == DEVICES
    assert {name: CATALOG.record("models", name).id for name in MODELS} == MODELS
    assert {pair: CATALOG.record(*pair).id for pair in PARTS} == PARTS


@for_each("kind", KINDS)
def test_an_id_in_any_case_and_with_any_separators_is_itself(kind):
    keys = {}
    for one in CATALOG.ids(kind):
        for spelled in (one, one.upper(), one.replace("-", "_"), one.replace("-", " "), f" {one} "):
            assert CATALOG.record(kind, spelled).id == one
        keys.setdefault(spelling.spelling_key(kind, one), []).append(one)
    assert {key: ids for key, ids in keys.items() if len(ids) > 1} == {}


@pytest.mark.parametrize("kind", ["accelerators", "models", "network"])
def test_an_alias_is_one_of_its_own_ids(kind):
    for alias, ids in CATALOG.aliases(kind).items():
        assert set(told(kind, alias)) <= set(ids), alias
        assert set(told(kind, alias.upper())) <= set(ids), alias
        plain = alias.replace(" ", "_").replace("-", "_")
        assert set(ids) & set(told(kind, plain)), plain


@for_each(
    "kind, name",
    [
        ("accelerators", "rtx 3080 12gb"),
        ("accelerators", "H100 96GB"),
        ("accelerators", "NVIDIA A100-SXM-64GB"),
        ("accelerators", "NVIDIA GeForce RTX 4060 Ti"),
        ("accelerators", "GeForce RTX 3060 Laptop GPU"),
        ("accelerators", "NVIDIA A100-SXM4-80GB MIG 1g.10gb"),
        ("accelerators", "AMD H100"),
        ("accelerators", "Tesla K80"),
        ("accelerators", "NVIDIA GB10"),
        ("accelerators", "96gb"),
        ("models", "llama-38b"),
        ("models", "mistral-7b-instruct-v0.2"),
        ("models", "ministral-8b-2512"),
        ("models", "mistral-small-instruct-2409"),
        ("models", "qwen3-8b-GGUF"),
        ("models", "someone/my-model-7b"),
        ("cpus", "Xeon Platinum 8480"),
    ],
)
def test_a_name_of_another_thing_is_never_taken(kind, name):
    with pytest.raises(UnknownName):
        CATALOG.record(kind, name)


@for_each(
    "kind, name, hint",
    [
        ("accelerators", "NVIDIA GeForce RTX 4060 Ti", '"nvidia-rtx-4060-ti-16gb"'),
        ("accelerators", "NVIDIA A100-SXM-64GB", '"nvidia-a100-sxm4-40gb"'),
        ("accelerators", "h100-smx", '"h100-sxm"'),
        ("accelerators", "Tesla K80", ""),
        ("accelerators", "NVIDIA GB10", ""),
        ("servers", "DGX A100", '"dgx-a100-640gb"'),
        ("models", "qwen3-8b-GGUF", '"qwen3-8b"'),
        ("models", "llamma-3.1-8b", '"llama-3.1-8b"'),
        ("models", "gpt-5-turbo-max", ""),
    ],
)
def test_what_is_offered_is_of_the_family_or_nothing(kind, name, hint):
    with pytest.raises(UnknownName) as caught:
        CATALOG.record(kind, name)
    assert hint in caught.value.hint()
    assert bool(hint) == bool(caught.value.hint())


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("a100-80", {"nvidia-a100-pcie-80gb", "nvidia-a100-sxm4-80gb"}),
        ("Aldebaran/MI200 [Instinct MI250X/MI250]", {"amd-mi250x", "amd-mi250"}),
        ("gaudi", {"intel-gaudi2", "intel-gaudi3"}),
    ],
)
def test_members_of_a_family_are_listed(name, choices):
    assert set(told("accelerators", name)) == choices


def test_the_usual_member_is_taken_with_a_note_and_a_stated_one_without():
    record = CATALOG.record("accelerators", "h100")
    assert record.id == "nvidia-h100-sxm5-80gb"
    assert "nvidia-h100-pcie-80gb" in record.assumed
    assert CATALOG.record("accelerators", "H100 80GB").id == "nvidia-h100-sxm5-80gb"
    assert CATALOG.record("models", "llama3").assumed
    for name in ("h100-sxm", "NVIDIA H100 80GB HBM3", "h100-pcie"):
        assert CATALOG.record("accelerators", name).assumed == ""


def test_the_format_in_a_name_is_the_format_of_its_weights():
    for name, stored in {
        "Qwen/Qwen3-30B-A3B-Instruct-2507-FP8": "float8_e4m3",
        "unsloth/Meta-Llama-3.1-8B-Instruct-bnb-4bit": "int4",
        "llama3.1:8b-instruct-q4_K_M": "int4",
        "llama3.1:8b-instruct-fp16": "float16",
    }.items():
        assert CATALOG.record("models", name).text("default_dtype") == stored
    assert CATALOG.record("models", "llama-3.1-8b").text("default_dtype") == "bfloat16"


def test_an_id_opens_one_file(monkeypatch):
    opened = []
    monkeypatch.setattr("carbonctl.catalog.read.load_rows", opened.append)
    assert CATALOG.record("accelerators", "nvidia-a100-pcie-40gb").id == "nvidia-a100-pcie-40gb"
    assert opened == []


def test_an_alias_of_the_users_own_folder_replaces_the_bundled_one(tmp_path):
    (tmp_path / "aliases.csv").write_text("spelling,id\nh100,nvidia-h100-pcie-80gb\n")
    mine = Catalog.open(str(tmp_path))
    assert mine.record("accelerators", "h100").id == "nvidia-h100-pcie-80gb"
    assert mine.record("accelerators", "h100-sxm").id == "nvidia-h100-sxm5-80gb"


def test_an_instance_is_found_with_its_provider_in_front_and_in_any_case():
    for name, full in {
        "aws:p5.48xlarge": "aws:p5.48xlarge",
        "AWS P5.48xlarge": "aws:p5.48xlarge",
        "amazon p5.48xlarge": "aws:p5.48xlarge",
        "ND96isr_H100_v5": "azure:Standard_ND96isr_H100_v5",
        "standard_nd96isr_h100_v5": "azure:Standard_ND96isr_H100_v5",
        "gcp a3 highgpu 8g": "gcp:a3-highgpu-8g",
    }.items():
        row = instances.find_instance(CATALOG, name)
        assert f"{row['provider']}:{row['instance']}" == full
    for one in instances.instance_names(CATALOG):
        row = instances.find_instance(CATALOG, one.upper())
        assert f"{row['provider']}:{row['instance']}" == one


def test_h100_alone_is_charged_as_sxm_and_warned_of(carbonctl):
    flags = ("--days", "1", "--region", "SE", "--samples", "0")
    ran = carbonctl("train", "--gpu", "h100:8", *flags)
    assert ran.code == 0
    assert 'warning[CC106]: "h100" is taken as nvidia-h100-sxm5-80gb' in ran.err
    shown = carbonctl("hw", "show", "h100")
    assert shown.out.startswith("nvidia-h100-sxm5-80gb")
    assert "note: " in shown.err


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("llama-3-1-8b", "llama-3.1-8b"),
        ("llama_3_1_8b", "llama-3.1-8b"),
        ("qwen2-5-7b-instruct", "qwen2.5-7b"),
        ("llama-3-8b", "llama-3-8b"),
    ],
)
def test_a_version_may_be_written_without_its_point(name, expected):
    assert CATALOG.record("models", name).id == expected
