"""``-f json`` is a contract: names, types, nulls, sums, the very bytes; CSV and Markdown too."""

from __future__ import annotations

import csv
import io
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from carbonctl import __version__
from carbonctl.core.naming import unit_of

CONFIGS = Path(__file__).parents[2] / "configs"
LIFECYCLE = CONFIGS / "lifecycle-chat-7b.yaml"
RUNS = {
    "train": ("train", CONFIGS / "train-bloom.yaml"),
    "infer": ("infer", CONFIGS / "infer-chat-70b.yaml"),
    "lifecycle": ("lifecycle", LIFECYCLE),
    "embodied": ("embodied", CONFIGS / "embodied-8xh100.yaml"),
}
MORE_RUNS = {
    "several runs": ("train", CONFIGS / "train-llama-3.1.yaml"),
    "images": ("infer", CONFIGS / "infer-sdxl.yaml"),
    "recommendation": ("lifecycle", CONFIGS / "dlrm-weekly.yaml"),
    "a whole server": ("embodied", CONFIGS / "embodied-dell-r740.yaml"),
    "an accelerator": ("embodied", "--gpu", "h100-sxm"),
    "flags alone": (
        "lifecycle", "--params", "7B", "--gpu", "h100-sxm:64", "--days", "10",
        "--region", "NO", "--requests", "1M/day", "--tokens", "500:300",
    ),
}  # fmt: skip
ALL = RUNS | MORE_RUNS

ENVELOPE = [
    "schema_version", "command", "tool", "data", "name", "title", "samples", "seed", "accounting",
    "period_hours", "total_kgco2e", "total", "operational", "breakdown", "expected_error",
    "metrics", "drivers", "assumptions", "sensitivity", "budget", "facts", "charged", "coverage",
    "warnings", "inputs", "provenance", "formulas", "sources",
]  # fmt: skip
TOTAL = [
    "id", "label", "unit", "value", "p05", "p50", "p95", "tier", "assumed", "formula", "inputs",
    "source_ids",
]  # fmt: skip
NODE = [*TOTAL, "share", "kind", "boundary", "evidence", "comparators", "children"]
METRIC = ["value", "p05", "p50", "p95", "unit", "formula", "source_ids"]
FACT = [
    "label", "value", "unit", "low", "high", "range_kind", "origin", "source", "tier", "mark",
    "note", "boundary", "where",
]  # fmt: skip
ASSUMPTION = ["key", "label", "value", "unit", "origin", "source", "note", "variance_share"]
COMPARE = [
    "schema_version", "command", "tool", "accounting", "samples", "seed", "scenarios", "breakdown",
    "total", "turning_point", "inputs_that_differ", "provenance",
]  # fmt: skip
REFRESH = [
    "schema_version", "command", "tool", "data", "name", "title", "samples", "seed", "accounting",
    "horizon_hours", "break_even", "keep", "replace", "sunk", "grids", "metrics", "drivers",
    "assumptions", "facts", "coverage", "warnings", "provenance", "formulas", "sources",
]  # fmt: skip
ERROR = [
    "code", "level", "file", "line", "column", "end_column", "message", "hint", "help",
    "exit_code",
]  # fmt: skip
TEXTS = {"version", "schema_version", "title", "name", "unit"}
CSV_HEADER = (
    "id,label,unit,value,p05,p50,p95,share,evidence,tier,assumed,"
    "parent,level,leaf,energy_kwh,scenario,sources,overlay"
)


@pytest.fixture(scope="module")
def kept():
    """Envelopes, computed once."""
    return {}


@pytest.fixture
def envelope(kept, carbonctl):
    def of(name, *flags):
        key = (name, *flags)
        if key not in kept:
            ran = carbonctl(*ALL[name], "--samples", "300", "-f", "json", *flags)
            assert ran.code == 0, ran.err
            kept[key] = json.loads(ran.out)
        return kept[key]

    return of


def nodes(lines):
    for line in lines:
        yield line
        yield from nodes(line["children"])


def walk(value, path=()):
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from walk(item, (*path, place))


@pytest.mark.parametrize("name", ALL)
def test_an_envelope_has_exactly_these_keys(name, envelope):
    data = envelope(name)
    assert list(data) == ENVELOPE
    assert data["schema_version"] == "1.0"
    assert data["command"] == ALL[name][0]
    assert data["tool"] == {"name": "carbonctl", "version": __version__}
    assert data["data"] == {"version": __version__, "overlay": []}
    assert list(data["operational"]) == ["location", "market"]
    assert list(data["coverage"]) == ["included", "excluded", "not_estimated"]


@pytest.mark.parametrize("name", ALL)
def test_a_node_has_exactly_these_keys(name, envelope):
    data = envelope(name)
    assert list(data["total"]) == TOTAL
    assert [list(node) for node in data["operational"].values()] == [TOTAL, TOTAL]
    found = list(nodes(data["breakdown"]))
    assert found
    assert {tuple(node) for node in found} == {tuple(NODE)}
    assert {tuple(m) for m in data["metrics"].values()} == {tuple(METRIC)}
    assert {tuple(f) for f in data["facts"].values()} == {tuple(FACT)}
    assert {tuple(a) for a in data["assumptions"]} <= {tuple(ASSUMPTION)}
    assert {tuple(d) for d in data["drivers"]} <= {("key", "label", "variance_share")}


def test_a_comparison_has_exactly_these_keys(carbonctl):
    files = (CONFIGS / "train-bloom.yaml", CONFIGS / "train-llama-2.yaml")
    data = json.loads(carbonctl("compare", *files, "--samples", "100", "-f", "json").out)
    assert list(data) == COMPARE
    row = ["kind", "label", "unit", "values", "differences"]
    assert {tuple(r) for r in [*data["breakdown"], data["total"]]} == {tuple(row)}
    change = ("value", "p05", "p50", "p95")
    assert {tuple(d) for r in data["breakdown"] for d in r["differences"]} == {change}
    scenario = ("name", "title", "period_hours", "not_estimated", "less_than_first",
                "above_least", "total", "breakdown", "energy")  # fmt: skip
    assert {tuple(s) for s in data["scenarios"]} == {scenario}
    assert {tuple(d) for d in data["inputs_that_differ"]} <= {("label", "unit", "a", "b")}


def test_the_rows_of_a_comparison_add_up(carbonctl):
    files = (CONFIGS / "train-bloom.yaml", CONFIGS / "train-llama-2.yaml")
    data = json.loads(carbonctl("compare", *files, "--samples", "100", "-f", "json").out)
    for place, total in enumerate(data["total"]["values"]):
        parts = [row["values"][place] or 0.0 for row in data["breakdown"]]
        assert math.isclose(sum(parts), total, rel_tol=1e-9)


def test_a_decision_to_replace_has_exactly_these_keys(carbonctl):
    words = ("refresh", CONFIGS / "refresh-v100-to-h100.yaml", "--samples", "100")
    data = json.loads(carbonctl(*words, "-f", "json").out)
    assert list(data) == REFRESH
    assert list(data["break_even"]) == [*TOTAL, "within_horizon_share"]
    assert list(data["sunk"]) == TOTAL
    for side in ("keep", "replace"):
        assert list(data[side]) == ["machine", "breakdown", "total"]
        assert list(data[side]["total"]) == TOTAL
        assert {tuple(node) for node in data[side]["breakdown"]} == {(*TOTAL, "kind")}
    step = ("ci_kgco2e_per_kwh", "break_even_years", "p05", "p50", "p95")
    assert {tuple(grid) for grid in data["grids"]} == {step}
    assert {tuple(m) for m in data["metrics"].values()} == {tuple(METRIC)}
    assert {tuple(f) for f in data["facts"].values()} == {tuple(FACT)}
    assert {node["unit"] for node in (data["break_even"], data["sunk"])} == {"y", "kgCO2e"}
    named = {entry["source"] for kind in ("facts", "formulas") for entry in data[kind].values()}
    assert set(data["sources"]) == named - {"user", ""}
    for metric, node in data["metrics"].items():
        assert node["unit"] == unit_of(metric)
    for form in ("table", "json", "csv", "markdown"):
        assert carbonctl(*words, "-f", form).out == carbonctl(*words, "-f", form).out


@pytest.mark.parametrize("name", ALL)
def test_a_number_is_never_text(name, envelope):
    for path, value in walk(envelope(name)):
        if isinstance(value, str) and path[-1] not in TEXTS and path[0] != "inputs":
            assert not value.replace(".", "", 1).isdigit(), path


@pytest.mark.parametrize("name", ALL)
def test_every_number_is_finite(name, envelope):
    numbers = [(p, v) for p, v in walk(envelope(name)) if isinstance(v, float)]
    assert numbers
    assert [path for path, value in numbers if not math.isfinite(value)] == []


@pytest.mark.parametrize("name", ALL)
def test_a_metric_is_named_by_its_unit(name, envelope):
    for metric, node in envelope(name)["metrics"].items():
        assert node["unit"] == unit_of(metric)
        assert isinstance(node["value"], float)


@pytest.mark.parametrize("name", ALL)
def test_the_breakdown_adds_up_to_the_total(name, envelope):
    data = envelope(name)
    assert data["total_kgco2e"] == data["total"]["value"]
    values = [node["value"] for node in data["breakdown"]]
    assert math.isclose(math.fsum(values), data["total_kgco2e"], rel_tol=1e-9)


@pytest.mark.parametrize("name", ALL)
def test_children_add_up_to_their_parent(name, envelope):
    for node in nodes(envelope(name)["breakdown"]):
        if node["children"]:
            values = [child["value"] for child in node["children"]]
            assert math.isclose(math.fsum(values), node["value"], rel_tol=1e-9), node["id"]


@pytest.mark.parametrize("name", ALL)
def test_shares_add_up_to_one(name, envelope):
    shares = [node["share"] for node in envelope(name)["breakdown"]]
    assert math.isclose(math.fsum(shares), 1.0, rel_tol=1e-9)


@pytest.mark.parametrize("name", ALL)
def test_an_interval_is_in_order(name, envelope):
    data = envelope(name)
    found = [data["total"], *nodes(data["breakdown"]), *data["metrics"].values()]
    ends = [(n["p05"], n["p50"], n["p95"]) for n in found if n["p05"] is not None]
    assert len(ends) > 3
    assert [three for three in ends if sorted(three) != list(three)] == []


@pytest.mark.parametrize("name", ALL)
def test_ids_are_unique_and_in_ascii(name, envelope):
    ids = [node["id"] for node in nodes(envelope(name)["breakdown"])]
    assert len(ids) == len(set(ids))
    assert all(i.isascii() and " " not in i for i in ids)


@pytest.mark.parametrize("name", ALL)
def test_every_source_that_is_named_is_cited(name, envelope):
    data = envelope(name)
    named = {fact["source"] for fact in data["facts"].values()}
    named |= {card["source"] for card in data["formulas"].values()}
    named |= {error["source"] for error in data["expected_error"].values()}
    named |= {c["source"] for node in nodes(data["breakdown"]) for c in node["comparators"]}
    named |= {data["provenance"].get("period_hours", {"source": "user"})["source"]}
    assert set(data["sources"]) == named - {"user", ""}
    assert all(entry.get("title") for entry in data["sources"].values())
    listed = {s for node in nodes(data["breakdown"]) for s in node["source_ids"]}
    assert listed - {"user", ""} <= named


@pytest.mark.parametrize("name", ALL)
def test_assumptions_are_facts_and_ranked_by_their_share_of_the_variance(name, envelope):
    data = envelope(name)
    shares = [item["variance_share"] for item in data["assumptions"]]
    assert shares == sorted(shares, reverse=True)
    assert {item["key"] for item in data["assumptions"]} <= set(data["facts"])
    assert {item["origin"] for item in data["assumptions"]} <= {"default", "archetype"}


@pytest.mark.parametrize("name", ["train", "infer", "lifecycle"])
def test_the_market_basis_is_null_without_contracts(name, envelope):
    node = envelope(name)["operational"]["market"]
    assert [node[key] for key in ("value", "p05", "p50", "p95", "formula")] == [None] * 5
    assert "operational_market_kgco2e" not in envelope(name)["metrics"]


def test_the_market_basis_is_zero_at_full_contracts(carbonctl):
    path = CONFIGS / "train-llama-3.1.yaml"
    data = json.loads(carbonctl("train", path, "--samples", "100", "-f", "json").out)
    assert data["operational"]["market"]["value"] == 0.0
    assert data["operational"]["location"]["value"] > 1e6


def test_the_market_basis_is_the_total_where_it_is_asked_for(carbonctl):
    path = CONFIGS / "train-llama-3.1.yaml"
    words = ("train", path, "--samples", "0", "-f", "json", "--accounting", "market")
    data = json.loads(carbonctl(*words).out)
    assert data["accounting"] == "market"
    assert data["total_kgco2e"] < data["operational"]["location"]["value"]


def test_without_draws_every_interval_is_null(carbonctl):
    data = json.loads(carbonctl(*RUNS["lifecycle"], "--samples", "0", "-f", "json").out)
    assert data["samples"] == 0
    ends = [n[p] for n in nodes(data["breakdown"]) for p in ("p05", "p50", "p95")]
    assert set(ends) == {None}
    assert data["drivers"] == []


def test_a_value_does_not_depend_on_the_draws(envelope, carbonctl):
    other = json.loads(carbonctl(*RUNS["lifecycle"], "--samples", "0", "-f", "json").out)
    assert other["total_kgco2e"] == envelope("lifecycle")["total_kgco2e"]


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("form", ["json", "csv", "markdown", "table"])
def test_two_runs_give_the_same_bytes(name, form, carbonctl):
    words = (*RUNS[name], "--samples", "100", "-f", form)
    assert carbonctl(*words).out == carbonctl(*words).out


def test_another_seed_moves_intervals_and_not_values(envelope):
    first, other = envelope("lifecycle"), envelope("lifecycle", "--seed", "2")
    assert other["seed"] == 2
    assert other["total"]["value"] == first["total"]["value"]
    assert other["total"]["p95"] != first["total"]["p95"]


def test_hash_seeds_pipes_and_files_give_the_same_bytes(environment, carbonctl, tmp_path):
    target = tmp_path / "result.json"
    words = [*map(str, RUNS["lifecycle"]), "--samples", "100", "-f", "json"]
    expected = carbonctl(*words).out.encode()
    carbonctl(*words, "-o", target)
    assert target.read_bytes() == expected
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-m", "carbonctl", *words],
            capture_output=True, check=True, cwd=tmp_path,
            env=environment | {"PYTHONHASHSEED": seed},
        )  # fmt: skip
        assert done.stdout == expected
        assert done.stderr == b""


def test_a_comparison_gives_the_same_bytes_for_every_hash_seed(environment, tmp_path):
    files = [str(CONFIGS / f"train-{name}.yaml") for name in ("bloom", "llama-2")]
    words = [sys.executable, "-m", "carbonctl", "compare", *files, "--samples", "100", "-f", "json"]
    said = {
        subprocess.run(
            words, capture_output=True, check=True, cwd=tmp_path,
            env=environment | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "2")
    }  # fmt: skip
    assert len(said) == 1


def test_json_ends_in_one_newline_and_keeps_other_scripts_readable(carbonctl):
    out = carbonctl(*RUNS["train"], "--samples", "0", "-f", "json", "--set", "name=日本").out
    assert out.endswith("}\n")
    assert '"name": "日本"' in out


@pytest.mark.parametrize("name", ALL)
def test_csv_has_this_header_and_one_row_for_every_node(name, envelope, carbonctl):
    out = carbonctl(*ALL[name], "--samples", "300", "-f", "csv").out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert out.splitlines()[0] == CSV_HEADER
    data = envelope(name)
    assert [row["id"] for row in rows] == [n["id"] for n in nodes(data["breakdown"])] + ["total"]
    assert float(rows[-1]["value"]) == data["total_kgco2e"]
    assert "\r" not in out


def test_csv_without_draws_has_empty_intervals(carbonctl):
    out = carbonctl(*RUNS["train"], "--samples", "0", "-f", "csv").out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {row["p95"] for row in rows} == {""}


def test_csv_of_a_comparison_has_the_rows_that_each_scenario_has_alone(carbonctl):
    files = (CONFIGS / "train-bloom.yaml", CONFIGS / "train-llama-2.yaml")
    out = carbonctl("compare", *files, "--samples", "100", "-f", "csv").out.splitlines()
    alone = [carbonctl("train", f, "--samples", "100", "-f", "csv").out.splitlines() for f in files]
    assert out == [*alone[0], *alone[1][1:]]


@pytest.mark.parametrize("name", ALL)
def test_markdown_begins_with_a_heading_and_holds_a_table(name, carbonctl):
    lines = carbonctl(*ALL[name], "--samples", "100", "-f", "markdown").out.splitlines()
    assert lines[0] == f"<!-- carbonctl:{ALL[name][0]} -->"
    assert lines[1].startswith("### ")
    assert lines[3].startswith("**")
    assert "|---|---:|---:|---:|---|" in lines
    rows = [line for line in lines if line.startswith("|")]
    assert {line.count("|") for line in rows} == {6}


def test_markdown_survives_a_bar_and_a_line_break_in_a_name(carbonctl):
    path = CONFIGS / "train-llama-2.yaml"
    change = 'train.runs.0.name="a|b"'
    out = carbonctl("train", path, "--samples", "0", "-f", "markdown", "--set", change).out
    rows = [line for line in out.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {6}
    named = ("--set", 'name="one\\ntwo"')
    out = carbonctl("train", path, "--samples", "0", "-f", "markdown", *named).out
    assert "two" in out.splitlines()[1]


def test_markdown_of_a_comparison_begins_with_a_heading(carbonctl):
    files = (CONFIGS / "train-bloom.yaml", CONFIGS / "train-llama-2.yaml")
    out = carbonctl("compare", *files, "--samples", "0", "-f", "markdown").out
    assert out.startswith("<!-- carbonctl:compare -->\n### ")


@pytest.mark.parametrize(
    "command", ["train", "infer", "lifecycle", "embodied", "explain", "refresh"]
)
@pytest.mark.parametrize("flag", [("-f", "json"), ("--format=json",), ("-fjson",), ("--json",)])
def test_errors_are_on_stdout_too_when_json_is_asked_for(command, flag, carbonctl, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("name: x\nhardwre: {}\n", encoding="utf-8")
    ran = carbonctl(command, path, *flag)
    data = json.loads(ran.out)
    assert ran.code == 3
    assert list(data) == ["schema_version", "errors"]
    assert data["schema_version"] == "1.0"
    assert data["errors"] == [
        {
            "code": "CC101",
            "level": "error",
            "file": str(path),
            "line": 2,
            "column": 1,
            "end_column": 8,
            "message": 'unknown key "hardwre"',
            "hint": 'did you mean "hardware"?',
            "help": None,
            "exit_code": 3,
        }
    ]
    assert "error[CC101]" in ran.err


def test_a_comparison_reports_errors_as_json(carbonctl, tmp_path):
    files = []
    for name in ("a", "b"):
        files.append(tmp_path / f"{name}.yaml")
        files[-1].write_text("frob: 1\n", encoding="utf-8")
    data = json.loads(carbonctl("compare", *files, "-f", "json").out)
    assert [Path(error["file"]).name for error in data["errors"]] == ["a.yaml", "b.yaml"]


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (("train", "none.yaml"), 3),
        (("train", "--gpu", "h100-smx:8", "--days", "1", "--region", "NO"), 3),
        (("train",), 2),
        (("train", "--days", "1", "--hours", "9"), 2),
        (("train", "--gpu", "h100-sxm:8", "--hardware-db", "none"), 6),
        (("hw", "show", "h100-smx"), 3),
        (("grid", "show", "atlantis"), 3),
        (("model", "show", "gpt-9"), 3),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_errors_without_a_position_have_null_there(words, exit_code, carbonctl):
    ran = carbonctl(*words, "-f", "json")
    assert ran.code == exit_code
    (error,) = json.loads(ran.out)["errors"]
    assert list(error) == ERROR
    assert error["exit_code"] == exit_code
    assert (error["line"], error["column"], error["end_column"]) == (None, None, None)
    assert error["message"]


def test_a_tree_of_explain_is_json_with_sourced_given_or_assumed_leaves(carbonctl):
    data = json.loads(carbonctl("explain", LIFECYCLE, "-f", "json").out)
    kinds = {value for path, value in walk(data) if path and path[-1] == "kind"}
    assert {"formula", "sourced", "given", "assumed"} == kinds
    assert data["id"] == "total_kgco2e"
