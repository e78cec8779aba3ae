"""The median of the draws beside the central value, in every form that people read."""

from __future__ import annotations

import copy
import io
import json
import re

import pytest
from scenarios import CONFIGS
from tables import for_each

from carbonctl.app.outcome import Quantity
from carbonctl.report.formats import render
from carbonctl.report.median import half_of_draws_mass, median_apart
from carbonctl.report.text import table
from carbonctl.report.text.notebook import as_html, one_line_summary

ONE_LINER = (
    "lifecycle", "--params", "7B", "--gpu", "h100-sxm:64", "--days", "10",
    "--region", "aws:us-east-1", "--requests", "1M/day", "--tokens", "500:300",
)  # fmt: skip
DEMO = CONFIGS.parent / "tests" / "gate_demo" / "base"
DATA = {}


@pytest.fixture
def skewed(carbonctl):
    """A result whose central value is 10.0 t, and its median 11.6 t."""
    if not DATA:
        DATA.update(json.loads(carbonctl(*ONE_LINER, "--samples", "200", "-f", "json").out))
    data = copy.deepcopy(DATA)
    data["total"] |= {"value": 1e4, "p05": 7e3, "p50": 11_600.0, "p95": 3e4}
    return data


@for_each(
    "value, median, said",
    [
        (10_000.0, 11_600.0, "half of the draws lie above 11.6 t"),
        (10_000.0, 11_001.0, "half of the draws lie above 11.0 t"),
        (10_000.0, 11_000.0, ""),  # 10 % is not more than 10 %
        (10_000.0, 9_000.0, ""),
        (10_000.0, 8_900.0, "half of the draws lie below 8.90 t"),
        (-10.0, -12.0, "half of the draws lie below -12.0 kg"),
        (0.0, 0.0, ""),
        (0.0, 1.0, "half of the draws lie above 1.00 kg"),
        (10_000.0, None, ""),
        (None, None, ""),
    ],
)
def test_a_median_is_said_where_it_differs_by_more_than_a_tenth(value, median, said):
    number = {"value": value, "p50": median}
    assert half_of_draws_mass(number) == said
    assert (median_apart(number) is None) == (not said)


def drawn(data, columns, **flags):
    out = table.make_console(io.StringIO(), color=False)
    out.width = columns
    table.render(data, out, **flags)
    return out.file.getvalue().splitlines()


@for_each("columns", [40, 80])
@for_each("quiet", [False, True])
def test_a_table_has_the_median_below_its_answer(columns, quiet, skewed):
    lines = drawn(skewed, columns, quiet=quiet)
    assert "half of the draws lie above 11.6 t" in lines[:6]
    assert max(map(len, lines)) <= columns
    assert lines[1 if columns == 80 else 2].startswith("10 t CO2e   90 % interval 7.0 - 30 t")


def test_a_median_that_is_near_is_not_said(skewed):
    skewed["total"]["p50"] = 10_900.0
    assert not any(line.startswith("half of") for line in drawn(skewed, 80))
    assert drawn(skewed, 80)[2] == ""
    assert "half of the draws lie" not in render(skewed, "markdown")


@for_each("form", ["markdown", "github", "junit", "sarif"])
def test_every_form_for_people_has_the_median(form, skewed):
    said = "10 t CO2e, half of the draws lie above 11.6 t, 90 % interval 7.0 - 30 t"
    text = render(skewed, form).replace("**", "").replace("%25", "%")
    assert said in text


def test_a_model_card_and_a_notebook_have_the_median(skewed):
    assert "10000; half of the draws lie above 11600" in render(skewed, "hf-card").replace(
        str(round(skewed["total_kgco2e"] * 1e3)), "10000"
    ).replace("11600000", "11600")
    assert one_line_summary(skewed).endswith("(7.0-30), half of the draws lie above 11.6 t")
    assert "half of the draws lie above 11.6 t</caption>" in as_html(skewed)
    total = Quantity(1e4, 7e3, 11_600.0, 3e4, "kgCO2e")
    assert str(total) == "10 t CO2e (7.0-30), half of the draws lie above 11.6 t"


def test_without_draws_every_form_says_that_there_is_no_median(skewed):
    skewed["total"] |= dict.fromkeys(("p05", "p50", "p95"))
    said = "no draws: neither interval nor median"
    assert said in drawn(skewed, 80)
    for form in ("markdown", "github", "junit", "sarif"):
        assert said in render(skewed, form)


def test_one_request_and_the_lines_have_their_medians(skewed):
    skewed["metrics"]["infer.per_request_kgco2e"] |= {"value": 1e-5, "p50": 2e-5}
    skewed["breakdown"][0] |= {"label": "training", "value": 6e3, "p50": 9e3}
    text = " ".join(" ".join(drawn(skewed, 80, verbose=True)).split())
    assert "10 mg CO2e (half of the draws lie above 20.0 mg; " in text
    assert "of the draws: training 9.00 t" in text


def test_explain_says_the_median_of_its_number(carbonctl):
    ran = carbonctl("explain", DEMO / "chat.yaml", "--of", "manufacturing")
    assert "median half of the draws lie above" in " ".join(ran.out.split())


def test_a_difference_has_its_median(carbonctl, tmp_path):
    files = [CONFIGS / f"lifecycle-chat-7b{end}.yaml" for end in ("", "-stockholm")]
    for form in ("table", "markdown"):
        assert "-12 t" in carbonctl("diff", *files, "--samples", "200", "-f", form).out
        ran = carbonctl("diff", *files, "--samples", "200", "-f", form)
        assert "median -12 t, 90 % interval" in ran.out
        none = carbonctl("diff", *files, "--samples", "0", "-f", form).out
        assert "not known without draws" in none
    saved = tmp_path / "older.json"
    carbonctl("lifecycle", files[0], "--samples", "200", "-f", "json", "-o", saved)
    data = json.loads(saved.read_text(encoding="utf-8"))
    data["tool"]["version"] = "0.0.9"
    data["total_kgco2e"] = data["total"]["value"] = data["total_kgco2e"] + 1e3
    data["breakdown"][0]["value"] += 1e3
    for child in data["breakdown"][0]["children"][:1]:
        child["value"] += 1e3
    saved.write_text(json.dumps(data), encoding="utf-8")
    ran = carbonctl("diff", saved, files[1], "--samples", "200")
    assert "not known: the draws of another version cannot be repeated" in " ".join(ran.out.split())


COMPARED = ["train-llama-2", "train-bloom", "compare-dlrm", "train-olmo-2-7b", "train-llama-3.1"]


@for_each("count", [2, 3, 5])
@for_each("form", ["table", "markdown"])
def test_a_comparison_orders_by_the_value_and_has_the_median(count, form, carbonctl):
    files = [CONFIGS / f"{name}.yaml" for name in COMPARED[:count]]
    words = ("compare", *files, "--samples", "200", "-f")
    data = json.loads(carbonctl(*words, "json").out)
    totals = [one["total"]["value"] for one in data["scenarios"]]
    above = [one["above_least"] for one in data["scenarios"]]
    assert [one["value"] for one in above] == pytest.approx([t - min(totals) for t in totals])
    text = " ".join(carbonctl(*words, form).out.split())
    if count == 2:
        assert "median of B - A -" in text
    elif count == 3:
        assert "least first: C dlrm" in text
        assert "(medians of the differences)" in text
    else:
        assert "median" in text
        assert "C dlrm, a year of training emits least" in text
    if count > 2:
        assert "C, half of the draws lie above" in text


def test_without_draws_a_comparison_has_no_percentiles(carbonctl):
    files = [CONFIGS / f"{name}.yaml" for name in COMPARED[:3]]
    data = json.loads(carbonctl("compare", *files, "--samples", "0", "-f", "json").out)
    ends = [d for row in (*data["breakdown"], data["total"]) for d in row["differences"]]
    ends += [one["above_least"] for one in data["scenarios"]]
    assert {one[key] for one in ends for key in ("p05", "p50", "p95")} == {None}


def test_a_comparison_of_an_earlier_version_says_what_it_lacks(carbonctl, tmp_path):
    saved = tmp_path / "compare.json"
    for count in (3, 5):
        files = [CONFIGS / f"{name}.yaml" for name in COMPARED[:count]]
        carbonctl("compare", *files, "--samples", "200", "-f", "json", "-o", saved)
        data = json.loads(saved.read_text(encoding="utf-8"))
        for one in data["scenarios"]:
            del one["above_least"]
        saved.write_text(json.dumps(data), encoding="utf-8")
        ran = carbonctl("report", saved)
        assert ran.code == 0
        assert ("medians not in this result" in " ".join(ran.out.split())) == (count == 3)


def test_a_decision_to_replace_has_its_median(carbonctl):
    words = ("refresh", CONFIGS / "refresh-a100-to-h100.yaml", "--samples", "200", "-f", "json")
    data = json.loads(carbonctl(*words).out)
    data["break_even"]["p50"] = data["break_even"]["p95"]
    keep = data["keep"]["total"]
    keep |= dict.fromkeys(("p50", "p95"), 2 * keep["value"])
    high = half_of_draws_mass(data["keep"]["total"])
    for form in ("table", "markdown"):
        ran = carbonctl("report", "-", "-f", form, stdin=json.dumps(data))
        text = " ".join(ran.out.split())
        assert re.search(r"pays back in \S+ months, half of the draws lie above \S+ months", text)
        assert f"keep, {high}" in text
