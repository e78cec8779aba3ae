"""``hw``, ``grid`` and ``model``: list, show, search and check, in every format, with sources."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter

import pytest
from tables import for_each

KINDS = (
    "accelerators", "servers", "cpus", "baseboards", "memory", "storage", "network", "parts",
    "processes", "runtimes",
)  # fmt: skip
LISTS = [
    ("hw", "list"),
    ("hw", "list", "--kind", "servers"),
    ("hw", "search", "h100"),
    ("grid", "list"),
    ("grid", "list", "--zones"),
    ("grid", "search", "virginia"),
    ("grid", "show", "aws:us-east-1"),
    ("model", "list"),
    ("model", "list", "--kind", "dlrm"),
    ("model", "search", "llama"),
]
SHOWN = [("hw", "show", "h100-sxm"), ("model", "show", "llama-3.1-8b")]


def rows_of(ran):
    assert ran.code == 0, ran.err
    assert ran.err == ""
    return json.loads(ran.out)


@for_each("words", LISTS, ids=" ".join)
def test_a_list_has_the_same_rows_in_every_format(words, carbonctl, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    rows = rows_of(carbonctl(*words, "-f", "json"))
    assert rows
    assert {tuple(row) for row in rows} == {tuple(rows[0])}
    table = carbonctl(*words)
    assert table.out.splitlines()[0].split() == list(rows[0])
    assert len([line for line in table.out.split("\n\n")[0].splitlines() if line]) == len(rows) + 1
    comma = list(csv.DictReader(io.StringIO(carbonctl(*words, "-f", "csv").out)))
    assert [list(row) for row in comma] == [list(row) for row in rows]
    for shown, row in zip(comma, rows, strict=True):
        assert list(shown.values()) == ["" if v is None else str(v) for v in row.values()]


@for_each("words", [*LISTS, *SHOWN], ids=" ".join)
def test_a_list_and_a_record_wrap_and_lose_nothing(words, carbonctl, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    whole = letters(carbonctl(*words).out.partition("\n")[2])  # without the head of a list
    for columns in (80, 40):
        monkeypatch.setenv("COLUMNS", str(columns))
        out = carbonctl(*words).out
        assert [line for line in out.splitlines() if len(line) > columns] == []
        assert whole <= letters(out)


def letters(text):
    """How often each letter and digit stands in a text."""
    return Counter(c for c in text if c.isalnum())


def test_the_id_of_a_device_stays_in_one_piece(carbonctl):
    lines = carbonctl("hw", "list").out.splitlines()
    ids = [row["id"] for row in rows_of(carbonctl("hw", "list", "-f", "json"))]
    firsts = {line.split()[0] for line in lines if not line.startswith(" ")}
    assert set(ids) <= firsts


@for_each("words", LISTS, ids=" ".join)
def test_a_number_of_a_list_is_a_number(words, carbonctl):
    for row in rows_of(carbonctl(*words, "-f", "json")):
        for key, value in row.items():
            if key.endswith(("_w", "_gb", "_per_s", "_per_kwh", "_tflops", "_kgco2e")):
                assert value is None or isinstance(value, int | float), (key, row)


@for_each("kind", KINDS)
def test_every_kind_can_be_listed_and_each_of_its_records_shown(kind, carbonctl):
    rows = rows_of(carbonctl("hw", "list", "--kind", kind, "-f", "json"))
    assert rows == sorted(rows, key=lambda row: row["id"])
    for row in (rows[0], rows[len(rows) // 2], rows[-1]):
        shown = json.loads(carbonctl("hw", "show", row["id"], "-f", "json").out)
        assert (shown["kind"], shown["id"]) == (kind, row["id"])


def test_an_accelerator_is_shown_by_its_short_name_with_ranges_and_sources(carbonctl):
    ran = carbonctl("hw", "show", "h100-sxm")
    assert ran.out.splitlines()[0] == "nvidia-h100-sxm5-80gb  NVIDIA H100 SXM5 80GB"
    line = next(line for line in ran.out.splitlines() if line.startswith("  tdp "))
    assert "700 W" in line
    assert "[" in line
    assert line.endswith("]") or "];" in line


def test_case_does_not_matter_in_a_name(carbonctl):
    assert carbonctl("hw", "show", "H100-SXM").out == carbonctl("hw", "show", "h100-sxm").out
    assert (
        carbonctl("model", "show", "Llama-2-7B").out == carbonctl("model", "show", "llama-2-7b").out
    )


def test_a_server_a_part_and_a_runtime_can_be_shown(carbonctl):
    assert "DGX H100" in carbonctl("hw", "show", "dgx-h100").out
    assert "psu" in carbonctl("hw", "show", "psu").out
    assert "vllm_2025" in carbonctl("hw", "show", "vllm_2025").out


def test_the_check_of_the_bundled_folder_finds_nothing(carbonctl):
    ran = carbonctl("hw", "check")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("no problems\n")
    assert "accelerators" in ran.out
    assert carbonctl("hw", "check", "-q").out == ""


def test_the_check_of_a_wrong_record_ends_with_6_and_points_at_it(carbonctl, tmp_path):
    folder = tmp_path / "accelerators"
    folder.mkdir()
    text = "name: Mine\ntdp: {value: -5 W, source: user}\n"
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    ran = carbonctl("hw", "check", "--hardware-db", tmp_path)
    assert (ran.code, ran.out) == (6, "")
    assert "error[CC402]: accelerators/mine: has no memory" in ran.err
    assert "-5 W" in ran.err or "tdp" in ran.err


def test_an_own_folder_adds_devices_and_replaces_others(carbonctl, tmp_path):
    folder = tmp_path / "accelerators"
    folder.mkdir()
    record = "name: Mine\ntdp: {value: 123 W, source: user}\nmemory: {value: 5 GB, source: user}\n"
    for name in ("mine", "nvidia-a10"):
        (folder / f"{name}.yaml").write_text(record, encoding="utf-8")
    words = ("hw", "list", "-f", "json", "--hardware-db", tmp_path)
    found = {row["id"]: row for row in rows_of(carbonctl(*words))}
    assert found["mine"]["tdp_w"] == found["nvidia-a10"]["tdp_w"] == 123
    assert "nvidia-a100-sxm4-80gb" in found


@pytest.mark.parametrize("word", ["h100", "H100", "NVIDIA H100", "h100 sxm", "h100_sxm"])
def test_a_search_finds_devices_of_several_kinds(word, carbonctl):
    rows = rows_of(carbonctl("hw", "search", word, "-f", "json"))
    assert ("accelerators", "nvidia-h100-sxm5-80gb") in {(r["kind"], r["id"]) for r in rows}
    assert len({(r["kind"], r["id"]) for r in rows}) == len(rows)


def test_a_misspelled_search_gives_the_nearest(carbonctl):
    rows = rows_of(carbonctl("hw", "search", "h100-smx", "-f", "json"))
    assert "nvidia-h100-sxm5-80gb" in {row["id"] for row in rows}
    rows = rows_of(carbonctl("model", "search", "lama-2-7b", "-f", "json"))
    assert "llama-2-7b" in {row["id"] for row in rows}


def test_virginia_is_418_g_with_source_year_coverage_and_kind(carbonctl):
    rows = rows_of(carbonctl("grid", "show", "aws:us-east-1", "-f", "json"))
    used = [row for row in rows if row["used"]]
    assert [round(row["g_per_kwh"]) for row in used] == [418]
    assert used[0]["zone"] == "US-MIDA-PJM"
    assert used[0]["source"] == "electricity-maps-2025"
    assert (used[0]["year"], used[0]["coverage"], used[0]["kind"]) == (
        "2025", "lifecycle", "consumption",
    )  # fmt: skip
    table = carbonctl("grid", "show", "aws:us-east-1").out
    assert "418" in table
    assert "electricity-maps-2025" in table
    assert "\nPUE " in table


def test_a_region_needs_no_provider_where_one_has_it(carbonctl):
    full = carbonctl("grid", "show", "gcp:us-central1").out
    assert carbonctl("grid", "show", "us-central1").out == full
    assert carbonctl("grid", "show", "GCP:US-Central1").out == full


@pytest.mark.parametrize("name", ["NO", "no", "NOR", "Norway"])
def test_no_is_norway(name, carbonctl):
    rows = rows_of(carbonctl("grid", "show", name, "-f", "json"))
    used = [row for row in rows if row["used"]]
    assert used
    assert used[0]["name"] == "Norway"
    assert used[0]["g_per_kwh"] < 60


def test_an_egrid_subregion_is_direct(carbonctl):
    rows = rows_of(carbonctl("grid", "show", "egrid:SRVC", "-f", "json"))
    assert {row["coverage"] for row in rows} == {"direct"}
    (row,) = rows_of(carbonctl("grid", "search", "egrid:SRVC", "-f", "json"))
    assert "direct" in row["what"]


@pytest.mark.parametrize(
    ("name", "used"),
    [("egrid:SRVC", []), ("egrid-state:US-VA", []), ("aws:us-east-1", ["lifecycle"]),
     ("egrid-lc:SRVC", ["lifecycle"]), ("NOR", ["lifecycle"])],
)  # fmt: skip
def test_only_the_lifecycle_row_that_an_estimate_takes_has_a_star(name, used, carbonctl):
    rows = rows_of(carbonctl("grid", "show", name, "-f", "json"))
    assert [row["coverage"] for row in rows if row["used"]] == used
    assert ("site.coverage=direct" in carbonctl("grid", "show", name).out) == (not used)


def test_every_place_shown_by_a_search_can_be_used(carbonctl):
    for row in rows_of(carbonctl("grid", "search", "virginia", "-f", "json")):
        assert row["g_per_kwh"] is None or row["low"] <= row["g_per_kwh"] <= row["high"]
        assert carbonctl("grid", "show", row["name"]).code == 0


def test_every_zone_names_its_publisher_and_year(carbonctl):
    rows = rows_of(carbonctl("grid", "list", "--zones", "-f", "json"))
    assert len(rows) > 300
    assert [r["zone"] for r in rows if not r["source"] or not r["year"].isdigit()] == []
    assert {row["coverage"] for row in rows} == {"lifecycle", "direct"}


def test_every_region_of_every_provider_is_listed_once(carbonctl):
    names = [row["region"] for row in rows_of(carbonctl("grid", "list", "-f", "json"))]
    assert len(names) == len(set(names)) > 100
    assert {"aws", "gcp", "azure"} <= {name.partition(":")[0] for name in names}


def test_a_model_is_shown_with_its_shape_and_source(carbonctl):
    shown = json.loads(carbonctl("model", "show", "llama-3.1-70b", "-f", "json").out)
    assert (shown["kind"], shown["id"], shown["layers"]) == ("llm_dense", "llama-3.1-70b", 80)
    assert shown["source"]
    assert "layers" in carbonctl("model", "show", "llama-3.1-70b").out


def test_a_list_of_models_can_be_narrowed_to_a_kind(carbonctl):
    everything = rows_of(carbonctl("model", "list", "-f", "json"))
    kinds = {row["kind"] for row in everything}
    assert {"llm_dense", "llm_moe", "dlrm"} <= kinds
    parts = [rows_of(carbonctl("model", "list", "--kind", k, "-f", "json")) for k in kinds]
    assert sum(map(len, parts)) == len(everything)


@for_each(
    "words, code, hint",
    [
        (("hw", "show", "h100-smx"), "CC103", '"h100-sxm"'),
        (("hw", "show", "dgx-h10"), "CC103", '"dgx-h100"'),
        (("hw", "show", "v100"), "CC106", "nvidia-v100-sxm2-32gb"),
        (("hw", "show", "p100"), "CC106", "nvidia-p100-sxm2"),
        (("hw", "list", "--kind", "server"), "CC207", "servers"),
        (("hw", "search", "zzzzzzzz"), "CC103", "carbonctl hw list"),
        (("grid", "show", "aws:us-esat-1"), "CC102", '"aws:us-east-1"'),
        (("grid", "search", "zzzzzzzz"), "CC102", "carbonctl grid list"),
        (("model", "show", "lama-2-7b"), "CC105", '"llama-2-7b"'),
        (("model", "search", "zzzzzzzz"), "CC105", "carbonctl model list"),
        (("model", "list", "--kind", "llm"), "CC207", "llm_dense"),
    ],
    ids=lambda case: " ".join(case[0]),
)
def test_an_unknown_name_ends_with_3_and_a_hint(words, code, hint, carbonctl):
    ran = carbonctl(*words)
    assert (ran.code, ran.out) == (3, "")
    assert f"error[{code}]" in ran.err
    assert hint in ran.err


@for_each("word", ["", " ", "-", "*", "[", "a" * 5000, "日本"])
def test_an_odd_search_word_is_no_bug(word, carbonctl):
    for command in ("hw", "grid", "model"):
        ran = carbonctl(command, "search", "--", word)
        assert ran.code in {0, 3}, ran.err
        assert carbonctl(command, "show", "--", word).code == 3
