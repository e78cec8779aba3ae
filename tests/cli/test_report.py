"""``report``: computed once, rendered in every format, the same as the command that computed it."""

from __future__ import annotations

import csv
import io
import json
import math
import random
import re

import pytest
from gate_example import GATED, mutations, several
from scenarios import CONFIGS, LIVES_AND_ITEMS, command_of
from tables import for_each

from carbonctl.catalog.read import Catalog
from carbonctl.core import strict_yaml
from carbonctl.report.formats import FORMATS, render

LIFECYCLE = CONFIGS / "lifecycle-chat-7b.yaml"
PICKED = ["lifecycle-chat-7b", "train-llama-3.1", "embodied-8xh100", "infer-sdxl", "dlrm-weekly"]
FEW = ("--samples", "100")
HAS_TRAINING = {"lifecycle-chat-7b", "train-llama-3.1", "dlrm-weekly"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The folder of saved results, and the file of each."""
    return tmp_path_factory.mktemp("saved"), {}


@pytest.fixture
def saved(carbonctl, kept):
    """The file that a command saves of a bundled scenario, computed once."""
    folder, files = kept

    def made(name, *flags):
        if (name, flags) not in files:
            file, target = CONFIGS / f"{name}.yaml", folder / f"{name}-{len(files)}.json"
            ran = carbonctl(
                command_of(file), file, "--samples", "100", "-f", "json", "-o", target, *flags
            )
            assert ran.code == 0, ran.err
            files[name, flags] = target
        return files[name, flags]

    return made


@for_each("form", FORMATS)
@for_each("name", PICKED)
def test_a_saved_result_renders_as_the_command_would_have(name, form, saved, carbonctl):
    file = CONFIGS / f"{name}.yaml"
    path = saved(name)
    now = carbonctl(command_of(file), file, "--samples", "100", "-f", form)
    then = carbonctl("report", path, "-f", form)
    if form == "hf-card" and name not in HAS_TRAINING:
        assert now.code == then.code == 3
        assert "error[CC706]" in then.err
        return
    assert now.code == then.code == 0, then.err
    assert then.out == now.out
    assert then.out


@for_each("form", FORMATS)
def test_a_pipe_reads_what_a_file_would(form, saved, carbonctl):
    path = saved("lifecycle-chat-7b")
    piped = carbonctl("report", "-", "-f", form, stdin=path.read_bytes())
    assert piped == carbonctl("report", path, "-f", form)


def test_json_of_a_saved_result_is_its_very_bytes(saved, carbonctl):
    path = saved("train-llama-3.1")
    assert carbonctl("report", path, "-f", "json").out == path.read_text(encoding="utf-8")


def test_a_saved_comparison_and_a_saved_difference_render_too(carbonctl, tmp_path):
    files = (CONFIGS / "train-bloom.yaml", CONFIGS / "train-llama-2.yaml")
    for command in ("compare", "diff"):
        path = tmp_path / f"{command}.json"
        words = (command, *files, "--samples", "100")
        assert carbonctl(*words, "-f", "json", "-o", path).code == 0
        for form in ("table", "json", "markdown"):
            assert carbonctl("report", path, "-f", form).out == carbonctl(*words, "-f", form).out
        refused = carbonctl("report", path, "-f", "hf-card")
        assert (refused.code, refused.out) == (2, "")


def test_ndjson_has_a_line_for_every_row_of_csv(saved, carbonctl):
    path = saved("dlrm-weekly")
    rows = [json.loads(line) for line in carbonctl("report", path, "-f", "ndjson").out.splitlines()]
    table = list(csv.DictReader(io.StringIO(carbonctl("report", path, "-f", "csv").out)))
    assert [row["id"] for row in rows] == [row["id"] for row in table]
    assert [row["value"] for row in rows] == [float(row["value"]) for row in table]
    ids = {row["id"] for row in rows}
    assert {row["parent"] for row in rows} <= ids | {None}
    assert rows[-1]["id"] == "total"
    top = [row["value"] for row in rows if row["parent"] == "total"]
    assert math.isclose(sum(top), rows[-1]["value"], rel_tol=1e-9)


def front_matter(text):
    lines = text.splitlines()
    assert (lines[0], lines[-1]) == ("---", "---")
    return strict_yaml.parse("\n".join(lines[1:-1]).encode(), "card").data["co2_eq_emissions"]


def test_a_model_card_states_grams_of_the_electricity_of_training(saved, carbonctl):
    # Meta's card of Llama 3.1 prints 11,390 t CO2e on the location basis
    card = front_matter(carbonctl("report", saved("train-llama-3.1"), "-f", "hf-card").out)
    assert card["emissions"] == pytest.approx(11_390e6, rel=1e-3)
    assert card["hardware_used"] == "h100-sxm"
    assert "training_type" not in card


def test_a_model_card_says_what_the_scenario_says_and_no_more(saved, carbonctl):
    card = front_matter(carbonctl("report", saved("train-qlora"), "-f", "hf-card").out)
    assert list(card) == [
        "emissions", "source", "training_type", "geographical_location", "hardware_used",
    ]  # fmt: skip
    assert card["training_type"] == "fine-tuning"
    assert card["geographical_location"] == "aws:us-east-1"
    out = carbonctl("report", saved("lifecycle-chat-7b"), "-f", "hf-card").out
    assert "# training_type: not in the scenario" in out
    data = json.loads(saved("lifecycle-chat-7b").read_text(encoding="utf-8"))
    trained = data["metrics"]["train.operational_location_kgco2e"]["value"]
    assert front_matter(out)["emissions"] == round(trained * 1000)


def scores(carbonctl, path):
    return json.loads(carbonctl("report", path, "-f", "sci").out)["scores"]


def test_sci_is_operations_and_reserved_hardware_per_unit(saved, carbonctl):
    # ISO/IEC 21031: (E I + M) / R, hardware by reserved time over its life, idle unallocated
    path = saved("infer-chat-70b", "--set", "embodied.allocation=sci")
    (score,) = scores(carbonctl, path)
    data = json.loads(path.read_text(encoding="utf-8"))
    energy = data["metrics"]["infer.operational_location_kgco2e"]["value"]
    stages = {"manufacturing", "transport", "end_of_life"}
    made = sum(n["value"] for n in data["breakdown"] if n["kind"] in stages)
    count = data["metrics"]["infer.functional_units"]["value"]
    assert score["sci_gco2e"] == pytest.approx(1000 * (energy + made) / count)
    assert score["functional_unit"] == "request"


def test_sci_does_not_depend_on_who_pays_for_idle_hardware(saved, carbonctl):
    full = scores(carbonctl, saved("infer-chat-70b"))
    alone = scores(carbonctl, saved("infer-chat-70b", "--set", "embodied.allocation=sci"))
    assert full[0]["sci_gco2e"] == pytest.approx(alone[0]["sci_gco2e"])


def test_sci_without_a_functional_unit_is_null_and_says_why(saved, carbonctl):
    (score,) = scores(carbonctl, saved("train-llama-3.1"))
    assert score["sci_gco2e"] is None
    assert score["status"] == "no functional unit: the scenario has no serving"


def inventory(carbonctl, path):
    (found,) = json.loads(carbonctl("report", path, "-f", "ghg").out)["inventories"]
    return found


@for_each("file", LIVES_AND_ITEMS, ids=lambda file: file.stem)
def test_scopes_add_up_to_the_total_of_every_bundled_scenario(file, carbonctl, saved):
    found = inventory(carbonctl, saved(file.stem))
    sums = sum(found[f"{part}_kgco2e"] or 0.0 for part in ("scope_2", "scope_3", "unsplit"))
    assert found["scope_1_kgco2e"] is None  # unknown, never 0
    total = json.loads(saved(file.stem).read_text(encoding="utf-8"))["total_kgco2e"]
    assert sums == pytest.approx(total)
    assert sum(row["kgco2e"] for row in found["rows"]) == pytest.approx(total)


def test_what_runs_in_a_cloud_is_a_purchased_service_and_the_rest_ones_own(saved, carbonctl):
    cloud = inventory(carbonctl, saved("lifecycle-chat-7b"))
    assert cloud["scope_2_kgco2e"] is None
    assert {(r["scope"], r["category"]) for r in cloud["rows"]} == {(3, 1)}
    own = inventory(carbonctl, saved("train-llama-3.1", "--set", "site.coverage=direct"))
    assert {(r["scope"], r["category"]) for r in own["rows"]} == {(2, None), (3, 2), (3, 4), (3, 5)}
    electricity = [row for row in own["rows"] if row["scope"] == 2]
    assert [row["market_kgco2e"] for row in electricity] == [0.0, 0.0, 0.0]
    assert own["scope_2_kgco2e"] == pytest.approx(sum(row["kgco2e"] for row in electricity))


def test_annotations_name_the_line_and_escape_what_would_end_them():
    lines = render(GATED, "github").splitlines()
    assert lines[0] == (
        "::error file=configs/chat 7b.yaml,line=14,col=16,endColumn=18,title=launch-cap"
        "::total, p95: 101 t CO2e is 61 t (153 %25) over 40 t"
    )
    assert lines[1].startswith("::error ")
    assert lines[2].startswith("::warning ")
    assert lines[3].startswith("::notice ")
    assert "excepted: pilot" in lines[3]
    assert not [line for line in lines if "complete" in line or "regression" in line]
    assert lines[-1].startswith("::notice title=chat-7b%3A 7B LLM%2C training")


def test_annotations_of_a_broken_scenario_are_on_stdout_with_their_places(carbonctl, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("name: x\nhardwre: {}\n", encoding="utf-8")
    ran = carbonctl("lifecycle", path, "-f", "github")
    assert ran.code == 3
    assert ran.out == (
        f"::error file={path},line=2,col=1,endColumn=8,title=CC101"
        '::unknown key "hardwre" (did you mean "hardware"?)\n'
    )


def test_markdown_begins_with_its_marker_and_shows_the_verdict_first():
    lines = render(GATED, "markdown").splitlines()
    assert lines[0] == "<!-- carbonctl:gate -->"
    assert lines[1] == "### Gate: violated"
    rows = [line for line in lines if line.startswith("| launch-cap")]
    found = "total, p95: 101 t CO2e is 61 t (153 %) over 40 t (configs/chat 7b.yaml:14)"
    assert rows == [f"| launch-cap | **violated** | chat-7b | {found} |"]
    text = render(several(), "markdown")
    assert text.count("<!-- carbonctl") == 1
    assert text.count("\n### ") == 3


@for_each(
    "statistic, end, times, said",
    [
        ("p50", "p50", 0.9, r"over, median \S+ t"),
        ("p50", "p50", 1.01, r"within, p95 \S+ t over"),
        ("p50", "p95", 1.01, None),
        ("value", "value", 1.01, r"within, p95 \S+ t over"),
        ("value", "value", 0.9, r"over, central value \S+ t"),
        ("p95", "p50", 1.01, r"over, p95 \S+ t"),
        ("p95", "p95", 1.01, None),
    ],
)
def test_a_budget_is_judged_by_its_statistic_where_no_gate_has_judged(
    statistic, end, times, said, carbonctl, saved
):
    total = json.loads(saved("lifecycle-chat-7b").read_text(encoding="utf-8"))["total"]
    budget = f"budget={{total: {times * total[end]:.6g} kg, statistic: {statistic}}}"
    words = ("lifecycle", LIFECYCLE, "--set", budget, "-f", "github")
    found = [line for line in carbonctl(*words, *FEW).out.splitlines() if "title=budget" in line]
    assert len(found) == (said is not None)
    assert said is None or re.search(rf"total is \S+ t: {said}; the budget is", found[0])


def test_a_budget_without_draws_is_undecided_and_says_so(carbonctl):
    words = ("lifecycle", LIFECYCLE, "--samples", "0", "--set", "budget={total: 70 t}")
    said = "total is 66 t: undecided, no median in this result (central value within)"
    assert (
        f"::warning title=budget.total::{said}; the budget is 70 t"
        in carbonctl(*words, "-f", "github").out
    )
    table = carbonctl(*words).out
    assert "undecided, no median in this result" in " ".join(table.split())
    assert "no draws: neither interval nor median" in table


def test_a_budget_saved_before_its_statistic_was_is_judged_by_what_the_result_has(
    carbonctl, saved, tmp_path
):
    median = json.loads(saved("lifecycle-chat-7b").read_text(encoding="utf-8"))["total"]["p50"]
    path = tmp_path / "saved.json"
    for statistic, said in (("p50", "within, p95 "), ("p95", "over, p95 ")):
        budget = f"budget={{total: {1.01 * median:.6g} kg, statistic: {statistic}}}"
        words = ("lifecycle", LIFECYCLE, *FEW, "--set", budget, "-f", "json", "-o", path)
        assert carbonctl(*words).code == 0
        data = json.loads(path.read_text(encoding="utf-8"))
        for limit in data["budget"]:
            del limit["statistic"], limit["p50"]
        path.write_text(json.dumps(data), encoding="utf-8")
        assert re.search(rf"total \S+ t: {said}", carbonctl("report", path).out)
        assert carbonctl("verify", path).code == 0
        assert carbonctl("gate", path, *FEW).code == (4 if statistic == "p95" else 0)


@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_result_is_refused_or_rendered_but_never_crashes(seed, carbonctl):
    pick = random.Random(seed)
    codes = set()
    for data in mutations(GATED, 60, seed):
        raw = json.dumps(data)
        ran = carbonctl("report", "-", "-f", pick.choice(FORMATS), stdin=raw)
        assert ran.code in (0, 2, 3), ran.err
        codes.add(ran.code)
    assert {0, 3} <= codes


@pytest.mark.parametrize("seed", range(3))
def test_a_damaged_decision_to_replace_is_refused_or_rendered(seed, carbonctl):
    rule = "refresh.second_life={rule: displacement, displaced_share: 30 %}"
    words = ("refresh", CONFIGS / "refresh-v100-to-h100.yaml", "--samples", "100", "-f", "json",
             "--set", rule)  # fmt: skip
    decision = json.loads(carbonctl(*words).out)
    pick = random.Random(seed)
    codes = set()
    for data in mutations(decision, 60, seed):
        form = pick.choice(("table", "csv", "markdown", "json", "sarif"))
        ran = carbonctl("report", "-", "-f", form, "-v", stdin=json.dumps(data))
        assert ran.code in (0, 2, 3), ran.err
        codes.add(ran.code)
    assert {0, 3} <= codes
    for name in decision["metrics"]:
        less = decision | {"metrics": {k: v for k, v in decision["metrics"].items() if k != name}}
        assert carbonctl("report", "-", stdin=json.dumps(less)).code in (0, 3), name


def test_control_characters_of_a_saved_result_never_reach_the_terminal(saved, carbonctl):
    raw = saved("train-llama-3.1").read_text(encoding="utf-8")
    raw = raw.replace("training 405B", "training \\u001b[31m405B")
    for form in FORMATS:
        assert "\x1b" not in carbonctl("report", "-", "-f", form, stdin=raw).out


def test_the_formulas_of_a_result_are_cited(saved):
    data = json.loads(saved("embodied-8xh100").read_text(encoding="utf-8"))
    assert {card["source"] for card in data["formulas"].values()} <= set(Catalog.open().sources())


def test_a_table_of_a_judged_result_says_the_verdict(carbonctl):
    out = carbonctl("report", "-", stdin=json.dumps(GATED)).out
    assert "\nviolated         launch-cap (chat-7b): total, p95: 101 t CO2e is 61 t" in out
    assert "\nskipped          regression (chat-7b): no baseline is given\n" in out
    assert out.endswith("\ngate             violated; it ended with 4\n")


def test_csv_of_several_results_names_the_scenario_of_each_row(carbonctl):
    ran = carbonctl("report", "-", "-f", "csv", stdin=json.dumps(several()))
    assert (ran.code, ran.err) == (0, "")
    table = list(csv.DictReader(io.StringIO(ran.out)))
    assert {row["scenario"] for row in table} == {"chat-7b", "other"}
    rows = carbonctl("report", "-", "-f", "ndjson", stdin=json.dumps(several())).out.splitlines()
    assert {json.loads(row)["name"] for row in rows} == {"chat-7b", "other"}


@for_each("form", FORMATS)
@for_each("value", [1e308, 1e-320, -1e308])
def test_numbers_beyond_reason_are_refused_or_rendered(form, value, saved, carbonctl):
    data = json.loads(saved("infer-chat-70b").read_text(encoding="utf-8"))
    for name in ("infer.functional_units", "infer.operational_location_kgco2e"):
        data["metrics"][name]["value"] = value
    ran = carbonctl("report", "-", "-f", form, stdin=json.dumps(data))
    assert ran.code in (0, 3), ran.err
    assert not re.search(r"\b(nan|inf|infinity)\b", ran.out, re.IGNORECASE)
