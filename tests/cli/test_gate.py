"""``gate`` from end to end: every exit code, the demo repository, what is written and when."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from scenarios import CONFIGS, LIVES_AND_ITEMS
from tables import for_each

from carbonctl.cli import app
from carbonctl.core.metrics import is_possible_metric
from carbonctl.gate.measures import names
from carbonctl.report.ci.findings import results

TESTS = Path(__file__).parents[1]
DEMO = TESTS / "gate_demo"
POLICY, BASE = DEMO / "policy.yaml", DEMO / "base" / "chat.yaml"
HEADS = sorted(DEMO.glob("head-*"))
EXPECT = re.compile(r"# expect: exit (\d)(?: (\S+) (\w+) at (\d+):(\d+))?")
WHERE = ["file", "line", "column", "end_column"]
GATE = ["status", "exit_code", "policy", "baseline", "today", "counts", "unapplied", "rules"]
RULE = [
    "id", "kind", "level", "status", "exit_code", "file", "scenario", "metric", "label", "unit",
    "statistic", "accounting", "limit", "observed", "margin", "margin_share", "threshold",
    "baseline", "increase", "increase_share", "min_delta", "probability", "p05", "p50", "p95",
    "message", "reason", "findings", "contributors", "changes", "exception", "input", "where",
]  # fmt: skip
FEW = ("--samples", "300")


@pytest.fixture
def policy(tmp_path):
    """Write a policy from the lines of its rules, and what stands around them."""

    def write(*rules, before="", after=""):
        path = tmp_path / "policy.yaml"
        lines = "".join(f"  - {{{rule}}}\n" for rule in rules)
        path.write_text(
            f"schema: carbonctl/policy/v1\n{before}rules:\n{lines}{after}", encoding="utf-8"
        )
        return path

    return write


def gated(carbonctl, *words):
    """The exit code, the verdict and the result of a gate."""
    ran = carbonctl("gate", *words, *FEW, "-f", "json")
    data = json.loads(ran.out)
    return ran, data.get("gate"), data


CAP = "id: cap, metric: total_kgco2e, max: 4 t"


@pytest.mark.parametrize(
    ("rules", "before", "code", "verdict"),
    [
        # the total of the demo is 1.5 t, its 95th percentile 3.4 t
        (("id: cap, metric: total_kgco2e, max: 4 t",), "", 0, "pass"),
        (("id: cap, metric: total_kgco2e, max: 0.1 t, level: warn",), "", 0, "warn"),
        (("id: cap, metric: total_kgco2e, max: 2 t",), "", 0, "uncertain"),
        (("id: cap, metric: total_kgco2e, max: 2 t, on_uncertain: fail",), "", 5, "uncertain"),
        (("id: cap, metric: total_kgco2e, max: 0.9 t",), "", 4, "fail"),
        (("id: cap, metric: total_kgco2e, max: 1 t",), "defaults: {statistic: p95}\n", 4, "fail"),
        (("id: cap, metric: total_kgco2e, max: 1 t, max_probability: 5 %",), "", 4, "fail"),
        (("id: cap, metric: total_kgco2e, max: 4 t, max_probability: 5 %",), "", 0, "pass"),
        (("id: i, metric: infer.per_image_kgco2e, max: 1 g",), "", 5, "uncertain"),
        (("id: m, metric: total_kgco2e, max: 4 t, accounting: market",), "", 5, "uncertain"),
        (("id: e, metric: facility_energy_kwh, max: 1 MWh",), "", 4, "fail"),
        (("id: w, metric: water_l, max: 1 L",), "", 4, "fail"),
        (("id: t, metric: train.total_kgco2e, max: 1 kg",), "", 4, "fail"),
        (("id: t, metric: train.manufacturing_kgco2e, max: 1 kg",), "", 4, "fail"),
        (("id: p, metric: infer.per_request_energy_wh, max: 1 Wh",), "", 0, "pass"),
        (("id: c, metric: cost_of_carbon, max: 500 EUR",), "carbon_price: 100 EUR/t\n", 0, "pass"),
        (("id: c, metric: cost_of_carbon, max: 50 EUR",), "carbon_price: 100 EUR/t\n", 4, "fail"),
        (("id: all, require: [train, infer, embodied, water]",), "", 0, "pass"),
        (("id: all, require: [experiments, market]",), "", 4, "fail"),
        (("id: t, forbid_tier: [modeled, proxy]",), "", 4, "fail"),
        (("id: q, metric: quality.assumed_share, max: 5 %, level: warn",), "", 0, "warn"),
        ((CAP, "id: e, metric: facility_energy_kwh, max: 1 MWh"), "", 4, "fail"),
    ],
)
def test_a_rule_decides_the_exit_code(rules, before, code, verdict, carbonctl, policy):
    ran, gate, _ = gated(carbonctl, BASE, "--policy", policy(*rules, before=before))
    assert (ran.code, gate["exit_code"], gate["status"]) == (code, code, verdict)


def test_the_bugs_of_ours_end_with_1(carbonctl, monkeypatch):
    def broken(*_args, **_kwargs):
        raise ZeroDivisionError("by a tester")

    monkeypatch.setattr("carbonctl.app.gate.run_gate", broken)
    assert carbonctl("gate", BASE, "--policy", POLICY).code == 1
    assert "gate" in app.COMMANDS


@pytest.mark.parametrize("head", [DEMO / "base", *HEADS], ids=lambda path: path.name)
def test_the_demo_repository(head, carbonctl):
    changed = head / "chat.yaml"
    found = EXPECT.match(changed.read_text(encoding="utf-8"))
    code, rule_id, verdict, line, column = found.groups() if found else ("0", *[None] * 4)
    words = (changed, "--policy", POLICY, "--baseline", BASE)
    ran, gate, _ = gated(carbonctl, *words)
    assert ran.code == int(code)
    loud = [rule for rule in gate["rules"] if rule["status"] != "pass"]
    if rule_id is None:
        assert (loud, ran.err) == ([], "")
        return
    rule = next(rule for rule in loud if rule["id"] == rule_id)
    place = rule["where"]["scenario"]
    assert rule["status"] == verdict
    assert (place["file"], place["line"], place["column"]) == (str(changed), int(line), int(column))
    text = changed.read_text(encoding="utf-8").splitlines()[place["line"] - 1]
    assert text[place["column"] - 1 : place["end_column"] - 1] in {"aws:us-east-1", "500k/day"}
    assert f"{changed}:{line}:{column}: " in ran.err
    assert rule["where"]["policy"]["file"] == str(POLICY)
    named = POLICY.read_text(encoding="utf-8").splitlines()[rule["where"]["policy"]["line"] - 1]
    assert f"id: {rule_id}" in named


def test_both_bases_of_the_demo_agree_with_a_saved_baseline(carbonctl, tmp_path):
    saved = tmp_path / "main.json"
    assert carbonctl("gate", BASE, "--policy", POLICY, *FEW, "-o", saved).code == 0
    head = DEMO / "head-region" / "chat.yaml"
    places = []
    for baseline in (BASE, saved):
        ran, gate, _ = gated(carbonctl, head, "--policy", POLICY, "--baseline", baseline)
        assert ran.code == 4
        rule = next(rule for rule in gate["rules"] if rule["id"] == "regression")
        places.append((rule["where"], rule["increase"], rule["changes"]))
    assert places[0] == places[1]


def test_a_change_is_shown_with_what_it_moved(carbonctl):
    words = (DEMO / "head-region" / "chat.yaml", "--policy", POLICY, "--baseline", BASE)
    _, gate, data = gated(carbonctl, *words)
    change = gate["rules"][0]["changes"][0]
    before = json.loads(carbonctl("lifecycle", BASE, *FEW, "-f", "json").out)
    assert change["unit"] == "kgCO2e/kWh"
    # nothing but the grid and the water of the region changed, so it moved all of the difference
    moved = data["total_kgco2e"] - before["total_kgco2e"]
    assert change["effect"] == pytest.approx(moved, rel=1e-9)


def test_the_shape_of_the_verdict_is_a_contract(carbonctl):
    words = (DEMO / "head-region" / "chat.yaml", "--policy", POLICY, "--baseline", BASE)
    _, gate, data = gated(carbonctl, *words)
    assert list(data)[-1] == "gate"
    assert data["command"] == "lifecycle"
    assert list(gate) == GATE
    assert {tuple(rule) for rule in gate["rules"]} == {tuple(RULE)}
    places = [p for rule in gate["rules"] for p in rule["where"].values() if p is not None]
    assert {tuple(place) for place in places} == {tuple(WHERE)}
    fail = gate["rules"][0]
    assert fail["margin"] == pytest.approx(fail["limit"] - fail["observed"])
    assert fail["p05"] < fail["p50"] < fail["p95"] == fail["observed"]
    shares = [part["share"] for part in fail["contributors"]]
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 1
    assert sum(gate["counts"].values()) == len(gate["rules"])


def test_the_verdict_is_the_same_bytes_twice(carbonctl):
    words = ("gate", BASE, "--policy", POLICY, *FEW, "-f", "json")
    assert carbonctl(*words).out == carbonctl(*words).out


def test_the_probability_is_the_share_of_draws_over_the_limit(carbonctl, policy):
    def share(limit):
        rule = f"id: cap, metric: total_kgco2e, max: {limit} kg"
        return gated(carbonctl, BASE, "--policy", policy(rule))[1]["rules"][0]["probability"]

    _, _, data = gated(carbonctl, BASE, "--policy", POLICY)
    assert share(data["total"]["p50"]) == pytest.approx(0.5, abs=0.01)
    assert share(data["total"]["p95"]) == pytest.approx(0.05, abs=0.01)


def test_the_result_is_written_before_the_verdict(carbonctl, policy, tmp_path):
    target = tmp_path / "result.json"
    rule = "id: cap, metric: total_kgco2e, max: 1 kg"
    ran = carbonctl("gate", BASE, "--policy", policy(rule), *FEW, "-o", target)
    assert ran.code == 4
    assert "FAIL: 1 fail; exit 4" in ran.out
    data = json.loads(target.read_text(encoding="utf-8"))
    plain = json.loads(carbonctl("lifecycle", BASE, *FEW, "-f", "json").out)
    assert {key: value for key, value in data.items() if key != "gate"} == plain


def test_the_table_names_the_rule_its_margin_its_drivers_and_both_places(carbonctl):
    head = DEMO / "head-region" / "chat.yaml"
    ran = carbonctl("gate", head, "--policy", POLICY, "--baseline", BASE)
    assert (ran.code, ran.err) == (4, "")
    flat = " ".join(ran.out.split())
    assert "launch-cap total, p95: 14.0 t is 6.04 t (76 %) over 8.00 t; over in" in flat
    assert "changed: grid factor, US-MIDA-PJM 0.02 kgCO2e/kWh -> 0.418 kgCO2e/kWh (+8.10 t)" in flat
    assert f"at {head}:7:11" in flat.replace("- ", "-")
    assert f"rule at {POLICY}:5:10" in flat
    assert max(map(len, ran.out.splitlines())) <= max(80, len(str(head)) + 30)


def test_quiet_prints_the_verdict_alone(carbonctl):
    ran = carbonctl("gate", BASE, "--policy", POLICY, "-q", *FEW)
    assert ran.out.splitlines() == ["gate             PASS: 4 pass, 1 skipped; exit 0"]


def test_an_inline_budget_needs_no_policy(carbonctl, tmp_path):
    path = tmp_path / "chat.yaml"
    text = BASE.read_text(encoding="utf-8")
    for budget, code, verdict in (
        ("{total: 5 t, per_request: 1 g}", 0, "pass"),
        ("{total: 2 t}", 0, "uncertain"),
        ("{total: 2 t, on_uncertain: fail}", 5, "uncertain"),
        ("{total: 1 t, statistic: p95}", 4, "fail"),
        ("{per_request: 1 mg}", 4, "fail"),
    ):
        path.write_text(f"{text}budget: {budget}\n", encoding="utf-8")
        ran, gate, _ = gated(carbonctl, path)
        assert (ran.code, gate["status"]) == (code, verdict), budget
        assert gate["policy"] is None
        place = gate["rules"][0]["where"]["policy"]
        assert (place["file"], place["line"]) == (str(path), len(text.splitlines()) + 1)


def test_without_policy_and_budget_there_is_nothing_to_hold(carbonctl):
    ran = carbonctl("gate", BASE)
    assert (ran.code, ran.out) == (3, "")
    assert "error[CC604]: there is nothing to hold" in ran.err


@for_each(
    "rule, form, said",
    [
        (CAP, "json", "no draws, so no median (p50)"),
        (CAP, "github", "::error "),
        (CAP, "sarif", "no draws, so no median (p50)"),
        (CAP, "junit", "<failure message"),
        (f"{CAP}, max_probability: 5 %", "json", "there are no draws to count"),
        (f"{CAP}, statistic: p95", "json", "no draws, so no p95"),
        ("id: r, metric: infer.per_request_kgco2e, max: 1 g", "json", "no draws, so no median"),
        ("id: up, metric: total_kgco2e, max_increase: 10 %", "json", "no draws, so no median"),
    ],
)
def test_without_draws_a_rule_on_draws_is_undecided_in_every_form(
    rule, form, said, carbonctl, policy
):
    words = ("gate", BASE, "--policy", policy(rule), "--baseline", BASE, "--samples", "0")
    ran = carbonctl(*words, "-f", form)
    assert (ran.code, said in ran.out) == (5, True)
    shown = carbonctl(*words)
    assert (shown.code, "UNCERTAIN: 1 uncertain; exit 5" in shown.out) == (5, True)


@for_each("statistic, code", [("", 5), (", statistic: p50", 5), (", statistic: value", 0)])
def test_the_central_value_needs_no_draws(statistic, code, carbonctl, policy):
    asked = policy(f"id: cap, metric: total_kgco2e, max: 900 t{statistic}")
    assert carbonctl("gate", BASE, "--policy", asked, "--samples", "0").code == code


def test_nothing_increases_against_itself_by_any_statistic(carbonctl, policy):
    rules = [f"id: r{s}, metric: total_kgco2e, max_increase: 0 %, statistic: {s}"
             for s in ("value", "p50", "p95")]  # fmt: skip
    ran, gate, _ = gated(carbonctl, BASE, "--policy", policy(*rules), "--baseline", BASE)
    assert (ran.code, [rule["increase"] for rule in gate["rules"]]) == (0, [0.0] * 3)


def test_a_trusted_baseline_of_other_draws_is_no_pass_and_says_so(carbonctl, policy, tmp_path):
    head, main = tmp_path / "head.json", tmp_path / "main.json"
    for path, seed in ((head, "0"), (main, "7")):
        carbonctl("lifecycle", BASE, *FEW, "--seed", seed, "-f", "json", "-o", path)
    asked = policy("id: up, metric: total_kgco2e, max_increase: 50 %", CAP)
    words = (head, "--policy", asked, "--baseline", main)
    ran, gate, _ = gated(carbonctl, *words, "--trust-result")
    assert (ran.code, gate["rules"][0]["status"]) == (0, "uncertain")
    assert "300 draws of seed 0 here, 300 draws of seed 7" in gate["rules"][0]["message"]
    assert gated(carbonctl, *words)[1]["rules"][0]["status"] == "pass"  # both are drawn again


INCREASE = "id: up, metric: total_kgco2e, max_increase: 10 %"


def test_a_missing_baseline_is_an_error_unless_it_is_optional(carbonctl, policy, tmp_path):
    none = tmp_path / "none.json"
    asked = policy(INCREASE, CAP)
    assert carbonctl("gate", BASE, "--policy", asked).code == 3
    ran = carbonctl("gate", BASE, "--policy", asked, "--baseline", none)
    assert (ran.code, ran.out) == (3, "")
    assert f"{none}: error[CC008]" in ran.err
    optional = policy(f"{INCREASE}, baseline: optional", CAP)
    for more in ((), ("--baseline", none)):
        ran, gate, _ = gated(carbonctl, BASE, "--policy", optional, *more)
        assert ran.code == 0
        assert [rule["status"] for rule in gate["rules"]] == ["skipped", "pass"]
        assert gate["rules"][0]["reason"] == "there is no baseline, and none is required"


def test_an_optional_baseline_that_is_broken_is_an_error_all_the_same(carbonctl, policy, tmp_path):
    broken = tmp_path / "main.json"
    optional = policy(f"{INCREASE}, baseline: optional")
    for text in ("", "{", "[]", "{}", '{"schema_version": "1.0"}', '{"schema_version": "2.0"}'):
        broken.write_text(text, encoding="utf-8")
        ran = carbonctl("gate", BASE, "--policy", optional, "--baseline", broken)
        assert (ran.code, ran.out) == (3, ""), text
        assert "main.json:" in ran.err


def test_a_baseline_of_other_names_is_missing_for_several_files(carbonctl, policy, tmp_path):
    other = tmp_path / "other.yaml"
    text = BASE.read_text(encoding="utf-8").replace("name: chat", "name: other")
    other.write_text(text, encoding="utf-8")
    ran = carbonctl("gate", BASE, other, "--policy", policy(INCREASE), "--baseline", BASE)
    assert (ran.code, ran.out) == (3, "")
    assert "error[CC605]" in ran.err


def test_a_saved_result_is_computed_again_unless_it_is_trusted(carbonctl, policy, tmp_path):
    saved = tmp_path / "chat.json"
    carbonctl("lifecycle", BASE, *FEW, "-f", "json", "-o", saved)
    ran, gate, data = gated(carbonctl, saved, "--policy", policy(CAP))
    assert (ran.code, gate["status"]) == (0, "pass")
    assert data["total"] == json.loads(saved.read_text(encoding="utf-8"))["total"]
    chance = policy("id: cap, metric: total_kgco2e, max: 4 t, max_probability: 5 %")
    ran, gate, _ = gated(carbonctl, saved, "--policy", chance)
    assert (ran.code, gate["status"]) == (0, "pass")
    ran, gate, _ = gated(carbonctl, saved, "--policy", chance, "--trust-result")
    assert (ran.code, gate["status"]) == (5, "uncertain")  # its draws were not saved
    strict = policy("id: cap, metric: total_kgco2e, max: 1 kg")
    ran, gate, _ = gated(carbonctl, saved, "--policy", strict)
    assert ran.code == 4
    assert gate["rules"][0]["where"]["scenario"]["file"] == str(BASE)


def test_an_estimate_piped_into_a_gate(carbonctl):
    result = carbonctl("lifecycle", BASE, *FEW, "-f", "json").out
    ran = carbonctl("gate", "-", "--policy", POLICY, "-f", "json", stdin=result)
    assert ran.code == 0
    assert json.loads(ran.out)["gate"]["rules"][0]["file"] == "<stdin>"
    scenario = BASE.read_text(encoding="utf-8")
    ran = carbonctl("gate", "-", "--policy", POLICY, *FEW, "-f", "json", stdin=scenario)
    assert (ran.code, json.loads(ran.out)["gate"]["status"]) == (0, "pass")


def test_several_files_are_held_by_one_policy_and_one_baseline(carbonctl, tmp_path):
    other = tmp_path / "other.yaml"
    text = (DEMO / "head-region" / "chat.yaml").read_text(encoding="utf-8")
    other.write_text(text.replace("name: chat", "name: other"), encoding="utf-8")
    saved = tmp_path / "main.json"
    ran = carbonctl("gate", BASE, other, "--policy", POLICY, *FEW, "-o", saved)
    assert ran.code == 4
    data = json.loads(saved.read_text(encoding="utf-8"))
    assert list(data) == ["schema_version", "command", "tool", "results", "gate"]
    assert [result["name"] for result in data["results"]] == ["chat", "other"]
    files = [rule["file"] for rule in data["gate"]["rules"]]
    assert files == [str(BASE)] * 5 + [str(other)] * 5
    ran, gate, _ = gated(carbonctl, BASE, other, "--policy", POLICY, "--baseline", saved)
    grown = [rule for rule in gate["rules"] if rule["id"] == "regression"]
    assert [(rule["status"], rule["increase"]) for rule in grown] == [("pass", 0.0)] * 2


def test_a_broken_file_beside_one_over_its_limit_ends_with_3(carbonctl, policy, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("frob: 1\n", encoding="utf-8")
    strict = policy("id: cap, metric: total_kgco2e, max: 1 kg")
    for files in ((BASE, broken), (broken, BASE)):
        ran = carbonctl("gate", *files, "--policy", strict, *FEW)
        assert (ran.code, ran.out) == (3, "")
        assert "broken.yaml:1:1: error[CC101]" in ran.err


def test_an_exception_covers_until_its_day(carbonctl, policy):
    rule = "id: cap, metric: total_kgco2e, max: 1 kg"
    after = "exceptions:\n  - {rule: cap, scenario: chat, until: 2027-03-31, reason: pilot}\n"
    path = policy(rule, after=after)
    for day, code, verdict in (("2027-03-31", 0, "excepted"), ("2027-04-01", 4, "fail")):
        ran, gate, _ = gated(carbonctl, BASE, "--policy", path, "--today", day)
        held = gate["rules"][0]
        assert (ran.code, held["status"], gate["today"]) == (code, verdict, day)
        assert held["exception"]["expired"] == (code == 4)
        assert held["exception"]["where"]["line"] == 5
    out = carbonctl("gate", BASE, "--policy", path, "--today", "2027-04-01", *FEW).out
    assert "exception expired on 2027-03-31: pilot" in out


def test_the_basis_of_the_policy_is_held_not_that_of_the_scenario(carbonctl, policy):
    path = CONFIGS / "train-llama-3.1.yaml"  # 100 % contracted: 0 t of electricity on the market
    rules = (
        "id: location, metric: train.operational_location_kgco2e, max: 1 t",
        "id: total, metric: total_kgco2e, max: 5000 t",
        "id: market, metric: total_kgco2e, max: 5000 t, accounting: market",
    )
    words = (path, "--policy", policy(*rules), "--set", "accounting=market")
    ran, gate, data = gated(carbonctl, *words)
    found = {rule["id"]: rule["status"] for rule in gate["rules"]}
    assert found == {"location": "fail", "total": "fail", "market": "pass"}
    assert (ran.code, data["accounting"]) == (4, "location")


def test_whole_hardware_is_held_too(carbonctl, policy):
    path = CONFIGS / "embodied-8xh100.yaml"
    rules = (
        "id: cap, metric: total_kgco2e, max: 20 t",
        "id: m, metric: manufacturing_kgco2e, max: 1 kg",
    )
    ran, gate, _ = gated(carbonctl, path, "--policy", policy(*rules))
    assert (ran.code, [rule["status"] for rule in gate["rules"]]) == (4, ["pass", "fail"])
    assert gate["rules"][1]["contributors"]
    assert gate["rules"][1]["where"]["scenario"]["file"] == str(path)


@pytest.mark.parametrize("width", ["40", "80"])
def test_a_verdict_fits_its_terminal(width, carbonctl, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", width)
    monkeypatch.chdir(tmp_path)
    for name, source in (("chat.yaml", DEMO / "head-region" / "chat.yaml"), ("p.yaml", POLICY)):
        Path(name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    ran = carbonctl("gate", "chat.yaml", "--policy", "p.yaml", *FEW)
    assert ran.code == 4
    assert max(map(len, ran.out.splitlines())) <= int(width)


def test_a_rule_about_none_of_the_files_is_said(carbonctl, policy):
    path = policy(CAP, "id: feed, metric: total_kgco2e, max: 1 kg, scenarios: [feed-*]")
    ran, gate, _ = gated(carbonctl, BASE, "--policy", path)
    assert (ran.code, gate["unapplied"], len(gate["rules"])) == (0, ["feed"], 1)
    assert f'{path}:4:10: warning[CC604]: the rule "feed" applies to none of the files' in ran.err


def test_a_baseline_of_another_version_is_said(carbonctl, policy, tmp_path):
    saved = tmp_path / "main.json"
    carbonctl("lifecycle", BASE, *FEW, "-f", "json", "-o", saved)
    data = json.loads(saved.read_text(encoding="utf-8"))
    data["tool"]["version"] = "0.0.1"
    saved.write_text(json.dumps(data), encoding="utf-8")
    ran, _, _ = gated(carbonctl, BASE, "--policy", policy(CAP, INCREASE), "--baseline", saved)
    assert ran.code == 0
    assert f"{saved}: warning[CC612]: made by carbonctl 0.0.1" in ran.err


def test_a_value_from_a_flag_has_no_place_but_its_phase_has(carbonctl, policy):
    strict = policy("id: cap, metric: train.total_kgco2e, max: 1 kg")
    words = (BASE, "--policy", strict, "--set", "train.days=20 d", "--set", "hardware.count=128")
    ran, gate, _ = gated(carbonctl, *words)
    rule = gate["rules"][0]
    assert ran.code == 4
    assert rule["input"]
    assert rule["where"]["scenario"]["file"] == str(BASE)


def test_the_input_that_moves_a_number_most_is_found_by_what_it_moves(carbonctl, policy, tmp_path):
    path = tmp_path / "chat.yaml"
    text = BASE.read_text(encoding="utf-8")
    path.write_text(text.replace("aws:eu-north-1", "aws:us-east-1"), encoding="utf-8")
    strict = policy(
        "id: serving, metric: infer.total_kgco2e, max: 1 kg",
        "id: training, metric: train.total_kgco2e, max: 1 kg",
    )
    _, gate, _ = gated(carbonctl, path, "--policy", strict)
    lines = path.read_text(encoding="utf-8").splitlines()
    keys = [lines[rule["where"]["scenario"]["line"] - 1].split(":")[0] for rule in gate["rules"]]
    # electricity dominates: a percent more days is a percent more training; answers a percent
    # longer are a little more than a percent of serving, for they look back further
    assert keys == ["  output_tokens", "  days"]


@pytest.mark.parametrize("config", LIVES_AND_ITEMS, ids=lambda path: path.stem)
def test_every_bundled_scenario_is_held_and_pointed_into(config, carbonctl, policy):
    strict = policy(
        "id: cap, metric: total_kgco2e, max: 1 g", "id: p, forbid_tier: [modeled, proxy]"
    )
    ran, gate, data = gated(carbonctl, config, "--policy", strict)
    assert ran.code == 4, ran.err
    # what this result has, another may lack, which a gate must tell from a slip of the pen
    assert [
        name for one in results(data) for name in names(one) if not is_possible_metric(name)
    ] == []
    for rule in gate["rules"]:
        if rule["status"] == "pass":
            continue  # a budget that is held
        place = rule["where"]["scenario"]
        file = Path(place["file"])  # the config, or the one that it extends
        assert file.parent == CONFIGS
        lines = file.read_text(encoding="utf-8").splitlines()
        assert lines[place["line"] - 1][place["column"] - 1 :].strip()
        assert rule["contributors"]
        assert rule["message"]


@pytest.mark.parametrize(
    ("metric", "limit"),
    [
        ("infer.per_request_kgco2e", "1 g"),
        ("infer.per_sample_kgco2e", "1 g"),
        ("infer.per_1k_output_tokens_kgco2e", "1 g"),
        ("infer.per_day_kgco2e", "1 kg"),
        ("infer.loaded_energy_kwh", "1 kWh"),
        ("infer.sci_per_request_kgco2e", "1 g"),
        ("infer.per_request_gpu_energy_wh", "1 Wh"),
        ("train.scope_2_market_kgco2e", "1 kg"),
        ("break_even_requests", "5"),
    ],
)
def test_a_number_that_only_other_scenarios_have_is_undecided(carbonctl, policy, metric, limit):
    config = CONFIGS / "train-olmo-2-7b.yaml"
    blocking = policy(f"id: cap, metric: {metric}, max: {limit}")
    ran, gate, _ = gated(carbonctl, config, "--policy", blocking)
    assert (ran.code, gate["rules"][0]["status"]) == (5, "uncertain"), ran.err
    warned = policy(f"id: cap, metric: {metric}, max: {limit}, level: warn")
    ran, gate, _ = gated(carbonctl, config, "--policy", warned)
    assert (ran.code, gate["rules"][0]["status"]) == (0, "uncertain"), ran.err


def test_a_rule_that_passes_says_what_it_saw(carbonctl, policy):
    path = policy(
        "id: all, require: [train, end_of_life]",
        "id: tiers, forbid_tier: [proxy], above_share: 20 %",
        "id: cap, metric: train.total_kgco2e, max: 9 t",
    )
    _, gate, _ = gated(carbonctl, BASE, "--policy", path)
    assert [rule["message"] for rule in gate["rules"]][:2] == [
        "estimated: train, end of life",
        "no part over 20 % of the total is of tier proxy",
    ]
    assert "within 9.00 t" in gate["rules"][2]["message"]
    assert {rule["status"] for rule in gate["rules"]} == {"pass"}


def test_every_exit_code_of_a_gate_is_reached(carbonctl, policy, tmp_path, monkeypatch):
    def code(*words):
        return carbonctl("gate", *words, *FEW).code

    fits, strict = policy(CAP), tmp_path / "strict.yaml"
    strict.write_text(fits.read_text(encoding="utf-8").replace("4 t", "1 kg"), encoding="utf-8")
    undecided = tmp_path / "undecided.yaml"
    undecided.write_text(
        fits.read_text(encoding="utf-8").replace("4 t", "2 t, on_uncertain: fail"),
        encoding="utf-8",
    )
    broken = tmp_path / "broken.yaml"
    broken.write_text("rules: []\n", encoding="utf-8")
    reached = {
        0: code(BASE, "--policy", fits),
        2: code(BASE, "--policy", fits, "--today", "soon"),
        3: code(BASE, "--policy", broken),
        4: code(BASE, "--policy", strict),
        5: code(BASE, "--policy", undecided),
        6: code(BASE, "--policy", fits, "--hardware-db", tmp_path / "none"),
    }
    # a broken policy outranks whatever the scenario would have been
    assert code(BASE, "--policy", broken, "--hardware-db", tmp_path / "none") == 3

    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("carbonctl.app.gate.judge", interrupted)
    reached[130] = code(BASE, "--policy", fits)
    assert reached == {expected: expected for expected in reached}


@pytest.mark.parametrize(
    "raw", [b"", b"\xff\xfe\x00", b"schema: [", b"\x00", b"~\n", b"a: " + b"[" * 500], ids=range(6)
)
def test_a_policy_that_is_no_text_is_never_0_or_4(raw, carbonctl, tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_bytes(raw)
    ran = carbonctl("gate", BASE, "--policy", path, *FEW)
    assert (ran.code, ran.out) == (3, "")
    assert re.match(rf"{re.escape(str(path))}:\d+:\d+: error\[CC00\d\]: ", ran.err)


def test_what_is_wrong_with_a_policy_hides_nothing_of_the_scenarios(carbonctl, policy, tmp_path):
    first, second = (tmp_path / f"{name}.yaml" for name in ("first", "second"))
    first.write_text("train: {tokns: 2T}\n", encoding="utf-8")
    second.write_text("model: no-such-model\n", encoding="utf-8")
    broken = policy("id: cap, metric: total_kgco2e, max: 3 days")
    ran = carbonctl("gate", first, BASE, second, "--policy", broken, *FEW)
    assert (ran.code, ran.out) == (3, "")
    for file in (broken, first, second):
        assert f"{file}:" in ran.err
    assert f"{BASE}:" not in ran.err


def test_a_result_of_a_gate_is_explained_on_the_basis_that_it_was_held_on(
    carbonctl, policy, tmp_path
):
    for basis in ("location", "market"):
        made, file = (
            tmp_path / f"{basis}.json",
            policy(CAP, before=f"defaults: {{accounting: {basis}}}\n"),
        )
        words = (BASE, "--policy", file, "--set", "site.contracted_clean=60 %", "-o", made)
        carbonctl("gate", *words, *FEW)
        data = json.loads(made.read_text(encoding="utf-8"))
        ran = carbonctl("explain", made, "--samples", "0", "-f", "json")
        assert (data["accounting"], ran.err) == (basis, "")
        assert json.loads(ran.out)["value"] == pytest.approx(data["total_kgco2e"], rel=1e-12)
