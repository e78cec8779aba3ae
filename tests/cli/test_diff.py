"""``diff``: what changed, how much each change moved, and that the parts are the whole."""

from __future__ import annotations

import json
import math

import pytest
from jsonschema import Draft202012Validator
from scenarios import CONFIGS
from tables import for_each

from carbonctl.result.schema import json_schema

LIFECYCLE = CONFIGS / "lifecycle-chat-7b.yaml"
BASE = """\
name: base
model: {params: 7B}
hardware: {accelerator: h100-sxm, count: 64}
site: {region: "aws:us-east-1"}
train: {days: 10 d}
"""
PAIRS = [
    ("train-bloom", "train-llama-2"),
    ("lifecycle-chat-7b", "dlrm-weekly"),
    ("embodied-8xh100", "embodied-dell-r740"),
    ("train-llama-3", "train-llama-3.1"),
    ("infer-chat-70b", "infer-sdxl"),
]


@pytest.fixture
def write(tmp_path):
    def made(name, text):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return made


@pytest.fixture
def diff(carbonctl):
    def made(base, head, *flags):
        ran = carbonctl("diff", base, head, "--samples", "200", "-f", "json", *flags)
        assert ran.code == 0, ran.err
        data = json.loads(ran.out)
        assert list(Draft202012Validator(json_schema()).iter_errors(data)) == []
        return data

    return made


def of(data, kind="input"):
    return {c["key"]: c["contribution_kgco2e"] for c in data["changes"] if c["kind"] == kind}


def whole(data):
    return data["total"]["difference_kgco2e"]


@pytest.mark.parametrize(("base", "head"), PAIRS, ids=[f"{a} {b}" for a, b in PAIRS])
def test_contributions_and_rows_add_up_to_the_difference(base, head, diff):
    data = diff(CONFIGS / f"{base}.yaml", CONFIGS / f"{head}.yaml")
    total = data["total"]
    assert total["head_kgco2e"] - total["base_kgco2e"] == whole(data)
    parts = [change["contribution_kgco2e"] for change in data["changes"]]
    close = {"rel_tol": 1e-9, "abs_tol": 1e-9 * total["base_kgco2e"]}
    assert math.isclose(math.fsum(parts), whole(data), **close)
    rows = [row["difference_kgco2e"] for row in data["breakdown"]]
    assert math.isclose(math.fsum(rows), whole(data), **close)
    assert total["p05"] <= total["p50"] <= total["p95"]


def test_one_change_is_the_whole_difference_with_its_line(diff, write):
    head = write("head.yaml", BASE.replace("10 d", "20 d"))
    data = diff(write("base.yaml", BASE), head)
    (change,) = data["changes"]
    assert (change["key"], change["base"], change["head"]) == ("train.days", "10 d", "20 d")
    assert change["contribution_kgco2e"] == pytest.approx(whole(data))
    assert change["share"] == pytest.approx(1)
    assert change["where"] == {"file": str(head), "line": 5, "column": 15, "end_column": 19}
    assert whole(data) == pytest.approx(data["total"]["base_kgco2e"])  # linear in days


def test_an_interaction_is_shared_in_halves(diff, write):
    # twice the days on twice the devices: 4 - 1 = 3 bases, of which each alone would move 1;
    # Shapley gives each its own 1 and half of the third (Shapley 1953)
    text = BASE.replace("10 d", "20 d").replace("64", "128")
    data = diff(write("base.yaml", BASE), write("head.yaml", text))
    base = data["total"]["base_kgco2e"]
    assert data["method"] == "shapley"
    assert of(data)["train.days"] == pytest.approx(1.5 * base)
    assert of(data)["hardware.count"] == pytest.approx(1.5 * base)


def test_order_decides_nothing_where_changes_are_many(diff, write):
    sites = "\n".join(
        f"    - {{{{name: r{i}, days: {{}} d, hardware: {{{{accelerator: h100-sxm, count: 8}}}}}}}}"
        for i in range(8)
    )
    head = 'name: x\nsite: {region: "aws:us-east-1"}\ntrain:\n  runs:\n'
    base = write("base.yaml", head + sites.format(*[1] * 8) + "\n")
    data = diff(base, write("head.yaml", head + sites.format(*range(2, 10)) + "\n"))
    assert data["method"] == "mean_of_both_orders"
    moved = [of(data)[f"train.runs.{i}.days"] for i in range(8)]
    assert moved == pytest.approx([moved[0] * (i + 1) for i in range(8)])


def test_other_evidence_changes_together_because_half_of_it_is_no_scenario(diff, write):
    text = BASE.replace("train: {days: 10 d}", "train: {tokens: 1T}").replace(
        "us-east-1", "us-west-2"
    )
    data = diff(write("base.yaml", BASE), write("head.yaml", text))
    assert set(of(data)) == {"train", "site.region"}
    change = next(c for c in data["changes"] if c["key"] == "train")
    assert change["base"] == {"train.days": "10 d"}
    assert change["head"] == {"train.tokens": "1T"}


def test_a_phase_that_is_new_is_one_change(diff, write):
    text = BASE + "infer: {requests: 1M/day, prompt_tokens: 500, output_tokens: 300}\nperiod: 1 y\n"
    data = diff(write("base.yaml", BASE), write("head.yaml", text))
    assert of(data)["infer"] == pytest.approx(whole(data))
    assert next(c for c in data["changes"] if c["key"] == "infer")["base"] is None


def test_common_draws_make_the_interval_of_a_difference_narrow(diff, write):
    text = BASE.replace("10 d", "10.1 d")
    total = diff(write("base.yaml", BASE), write("head.yaml", text))["total"]
    assert 0 < total["p05"] <= total["difference_kgco2e"] * 1.5
    assert total["p95"] - total["p05"] < 0.05 * total["base_kgco2e"]


def test_nothing_changed_is_0_even_when_the_code_is_asked_for(carbonctl, write):
    path = write("base.yaml", BASE)
    ran = carbonctl("diff", path, path, "--exit-code")
    assert ran.code == 0
    assert "nothing changed" in ran.out


def test_a_change_ends_with_7_only_where_the_code_is_asked_for(carbonctl, write):
    words = ("diff", write("a.yaml", BASE), write("b.yaml", BASE.replace("10 d", "9 d")))
    assert carbonctl(*words).code == 0
    assert carbonctl(*words, "--exit-code").code == 7
    assert carbonctl(*words, "--exit-code", "-f", "json").code == 7


def test_a_name_and_another_spelling_of_a_number_move_nothing(diff, write):
    text = BASE.replace("name: base", "name: head").replace("7B", "7e9")
    data = diff(write("a.yaml", BASE), write("b.yaml", text))
    assert whole(data) == 0
    assert of(data) == {"model.params": 0.0}


def result(carbonctl, path, scenario, *words):
    assert carbonctl(*(words or ("lifecycle",)), scenario, "-f", "json", "-o", path).code == 0
    return path


def test_a_saved_result_is_compared_to_a_scenario_and_to_a_result(carbonctl, diff, tmp_path):
    before = result(carbonctl, tmp_path / "a.json", LIFECYCLE)
    text = LIFECYCLE.read_text(encoding="utf-8").replace("2T", "3T")
    (tmp_path / "b.yaml").write_text(text, encoding="utf-8")
    after = result(carbonctl, tmp_path / "b.json", tmp_path / "b.yaml")
    three = [
        diff(a, b)
        for a, b in (
            (LIFECYCLE, tmp_path / "b.yaml"),
            (before, tmp_path / "b.yaml"),
            (before, after),
        )
    ]
    assert [data["base"]["kind"] for data in three] == ["scenario", "result", "result"]
    assert {whole(data) for data in three} == {whole(three[0])}
    assert [of(data) for data in three] == [of(three[0])] * 3


def test_older_data_is_a_change_of_its_own(carbonctl, diff, tmp_path):
    """A base that was computed with a grid factor 10 % higher: recomputed here by hand."""
    own = tmp_path / "b.yaml"
    own.write_text(LIFECYCLE.read_text(encoding="utf-8").replace("2T", "3T"), encoding="utf-8")
    path = result(carbonctl, tmp_path / "a.json", LIFECYCLE)
    now = json.loads(path.read_text(encoding="utf-8"))
    key = "grid/IE:lifecycle"
    old = json.loads(path.read_text(encoding="utf-8"))
    extra = 0.1 * now["metrics"]["infer.operational_location_kgco2e"]["value"]
    for name in ("value", "low", "high"):
        old["facts"][key][name] *= 1.1
    old["total_kgco2e"] += extra
    old["total"]["value"] += extra
    next(n for n in old["breakdown"] if n["kind"] == "infer")["value"] += extra
    old["tool"]["version"] = "0.0.9"
    path.write_text(json.dumps(old), encoding="utf-8")
    data = diff(path, own)
    assert of(data, "data") == {key: pytest.approx(-extra)}
    assert of(data, "tool") == {"tool.version": pytest.approx(0, abs=1e-6)}
    assert of(data)["train.tokens"] == pytest.approx(whole(data) + extra)


def test_what_nothing_explains_is_said_so(carbonctl, diff, tmp_path):
    path = result(carbonctl, tmp_path / "a.json", LIFECYCLE)
    old = json.loads(path.read_text(encoding="utf-8"))
    old["total_kgco2e"] += 100
    old["total"]["value"] += 100
    old["breakdown"][0]["value"] += 100
    path.write_text(json.dumps(old), encoding="utf-8")
    data = diff(path, LIFECYCLE)
    assert of(data, "tool") == {"tool.version": pytest.approx(-100)}
    assert data["total"]["p05"] is None  # draws of today say nothing about it


@for_each("value", [0.0, 1e-300, 1e308])
@for_each("key", ["default:allocation_rate", "grid/IE:lifecycle"])
def test_facts_that_give_no_finite_total_are_an_error(key, value, carbonctl, tmp_path):
    path = result(carbonctl, tmp_path / "a.json", LIFECYCLE)
    old = json.loads(path.read_text(encoding="utf-8"))
    old["facts"][key] |= {"value": value, "low": value}
    path.write_text(json.dumps(old), encoding="utf-8")
    ran = carbonctl("diff", path, LIFECYCLE, "-f", "json")
    assert ran.code in (0, 3)
    assert ran.code == 0 or "a.json: error[CC704]: the facts of this result" in ran.err
    if key == "default:allocation_rate" and value == 0.0:  # nothing divides by it
        assert ran.code == 3


def test_results_of_two_commands_do_not_compare(carbonctl, tmp_path):
    both = [
        result(carbonctl, tmp_path / f"{command}.json", LIFECYCLE, command)
        for command in ("train", "lifecycle")
    ]
    ran = carbonctl("diff", *both)
    assert ran.code == 3
    assert "error[CC705]" in ran.err


def test_a_side_may_be_stdin(carbonctl, write):
    path = write("a.yaml", BASE)
    ran = carbonctl("diff", path, "-", "-f", "json", stdin=BASE.replace("10 d", "9 d"))
    assert ran.code == 0
    (change,) = json.loads(ran.out)["changes"]
    assert change["where"]["file"] == "<stdin>"


def test_an_end_that_is_wrong_is_an_error_with_its_place(carbonctl, write):
    path = write("a.yaml", BASE)
    ran = carbonctl("diff", path, write("b.yaml", BASE.replace("h100-sxm", "h100-smx")))
    assert (ran.code, ran.out) == (3, "")
    assert "b.yaml:3:25: error[CC103]" in ran.err


@pytest.mark.parametrize("columns", ["40", "80"])
def test_a_difference_fits_the_terminal(columns, carbonctl, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    for base, head in PAIRS:
        ran = carbonctl(
            "diff", CONFIGS / f"{base}.yaml", CONFIGS / f"{head}.yaml", "--samples", "100"
        )
        assert [line for line in ran.out.splitlines() if len(line) > int(columns)] == []
        assert ran.out.isascii()


def test_markdown_begins_with_its_marker(carbonctl, write):
    words = (write("a.yaml", BASE), write("b.yaml", BASE.replace("10 d", "9 d")))
    out = carbonctl("diff", *words, "-f", "markdown").out
    assert out.startswith("<!-- carbonctl:diff -->\n### base -> base\n")
    assert "| train.days | 10 d | 9 d | -" in out
