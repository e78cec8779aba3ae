"""A gate as a hostile author meets it: only lower carbon or a change of the policy passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carbonctl import __version__
from carbonctl.report.formats import FORMATS

BASE = Path(__file__).parents[1] / "gate_demo" / "base" / "chat.yaml"
TEXT = BASE.read_text(encoding="utf-8")
FEW = ("--samples", "100")
CAP = "id: cap, metric: total_kgco2e, max: 8 t"
STRICT = "id: cap, metric: total_kgco2e, max: 1 kg"


@pytest.fixture
def files(tmp_path):
    """Write files by their names below a folder."""

    def write(**texts):
        made = []
        for name, text in texts.items():
            path = tmp_path / name.replace("__", "/").replace("_json", ".json")
            path = path if path.suffix else path.with_suffix(".yaml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            made.append(path)
        return made if len(made) > 1 else made[0]

    return write


def policy_of(*rules, before="", after=""):
    lines = "".join(f"  - {{{rule}}}\n" for rule in rules)
    return f"schema: carbonctl/policy/v1\n{before}rules:\n{lines}{after}"


@pytest.fixture
def gate(carbonctl):
    """Run a gate with JSON; the exit code, the verdict or the errors, and stderr."""

    def run(*words):
        ran = carbonctl("gate", *words, *FEW, "-f", "json")
        data = json.loads(ran.out) if ran.out else {}
        return ran, data.get("gate", {}), data

    return run


def codes(ran):
    return {entry["code"] for entry in json.loads(ran.out).get("errors", [])}


# --- B2: coverage, names, pairing


def test_a_budget_of_its_own_never_satisfies_a_policy(gate, files):
    scenario, policy = files(
        chat=TEXT.replace("name: chat", "name: renamed") + "budget: {total: 900 t}\n",
        policy=policy_of(CAP + ", scenarios: [chat]"),
    )
    ran, _, _ = gate(scenario, "--policy", policy)
    assert (ran.code, codes(ran)) == (3, {"CC604"})
    assert "the scenario's own budget does not satisfy a policy" in " ".join(ran.err.split())


def test_a_budget_beside_a_policy_is_judged_and_said_to_be_no_rule_of_it(gate, files, carbonctl):
    scenario, policy = files(chat=TEXT + "budget: {total: 1 kg}\n", policy=policy_of(CAP))
    ran, verdict, _ = gate(scenario, "--policy", policy)
    assert ran.code == 4
    assert [rule.get("own_budget", False) for rule in verdict["rules"]] == [False, True]
    for form in ("table", "markdown"):
        out = carbonctl("gate", scenario, "--policy", policy, *FEW, "-f", form).out
        assert "judged too, and satisfies nothing of the policy" in " ".join(out.split())


def test_a_new_name_escapes_no_limit_when_other_rules_still_apply(gate, files):
    scenario, policy = files(
        chat=TEXT.replace("name: chat", "name: chat2"),
        policy=policy_of(
            STRICT + ", scenarios: [chat]",
            "id: all, require: [train]",
            "id: q, metric: quality.assumed_share, max: 99 %",
            "id: up, metric: total_kgco2e, max_increase: 10 %, baseline: optional",
            "id: w, metric: total_kgco2e, max: 900 t, level: warn",
        ),
    )
    ran, _, _ = gate(scenario, "--policy", policy)
    assert (ran.code, codes(ran)) == (3, {"CC604"})
    assert 'no limit of the policy applies to "chat2"' in ran.err


def test_a_renamed_scenario_is_held_under_both_names(gate, files):
    scenario, policy = files(
        chat=TEXT.replace("name: chat", "name: pilot"),
        policy=policy_of(
            STRICT + ", scenarios: [chat]",
            "id: other, metric: total_kgco2e, max: 900 t",
            after="exceptions:\n"
            "  - {rule: cap, scenario: pilot, until: 2099-01-01, reason: a pilot}\n",
        ),
    )
    ran, verdict, _ = gate(scenario, "--policy", policy, "--baseline", BASE)
    assert ran.code == 4
    assert {rule["id"]: rule["status"] for rule in verdict["rules"]}["cap"] == "fail"


def test_two_scenarios_or_two_baselines_of_one_name_are_an_error(gate, files):
    a, b, policy = files(a__chat=TEXT, b__chat=TEXT, policy=policy_of(CAP))
    for words in ((a, b), (a, "--baseline", a, "--baseline", b)):
        ran, _, _ = gate(*words, "--policy", policy)
        assert (ran.code, codes(ran)) == (3, {"CC616"})
        assert str(a) in ran.err
        assert str(b) in ran.err


def test_baselines_are_paired_by_path_before_name(gate, files):
    """The names of two scenarios are swapped, so that each would be held to the larger one."""
    small, large = (
        TEXT,
        TEXT.replace("requests: 200k/day", "requests: 1M/day").replace("name: chat", "name: feed"),
    )
    swapped = {
        "head__a__carbon": TEXT.replace("name: chat", "name: feed").replace("10 d", "20 d"),
        "head__b__carbon": large.replace("name: feed", "name: chat"),
    }
    made = files(
        base__a__carbon=small,
        base__b__carbon=large,
        **swapped,
        policy=policy_of("id: up, metric: total_kgco2e, max_increase: 10 %"),
    )
    base, heads, policy = made[:2], made[2:4], made[4]
    ran, verdict, _ = gate(*heads, "--policy", policy, "--baseline", base[1], "--baseline", base[0])
    assert ran.code == 4
    assert [rule["status"] for rule in verdict["rules"]] == ["fail", "pass"]


def test_a_limit_on_a_number_that_is_not_there_blocks(gate, files):
    scenario, policy = files(
        chat=TEXT.split("infer:")[0],
        policy=policy_of("id: r, metric: infer.per_request_kgco2e, max: 1 g"),
    )
    assert gate(scenario, "--policy", policy)[0].code == 5


def test_a_policy_has_one_content_however_its_path_is_spelled(gate, files, monkeypatch):
    _, policy = files(chat=TEXT, policy=policy_of(CAP))
    monkeypatch.chdir(policy.parent)
    for name in ("policy.yaml", "./policy.yaml", f"../{policy.parent.name}//policy.yaml"):
        assert gate("chat.yaml", "--policy", name)[0].code == 0


def test_no_line_of_a_policy_that_is_a_link_out_of_its_folder_is_quoted(gate, files, tmp_path):
    scenario, outside = files(repo__chat=TEXT, outside="word: hunter2\n")
    link = tmp_path / "repo" / "policy.yaml"
    link.symlink_to(outside)
    ran, _, _ = gate(scenario, "--policy", link)
    assert (ran.code, "hunter2" in ran.out + ran.err) == (3, False)


def test_a_key_begins_no_line_of_an_error(files, carbonctl):
    scenario = files(chat=TEXT + '"\\n::error::x": 1\n')
    ran = carbonctl("validate", scenario)
    assert (ran.code, "\n::error::" in ran.out + ran.err) == (3, False)
    named = scenario.with_name("x\n::error::y.yaml")
    named.write_text("frob: 1\n", encoding="utf-8")
    ran = carbonctl("validate", named)
    assert (ran.code, "\n::error::" in ran.out + ran.err) == (3, False)


# --- B3: saved results


@pytest.fixture(scope="module")
def kept():
    return {}


@pytest.fixture
def saved(kept, carbonctl):
    """A saved result of the demo, to be edited."""
    if not kept:
        kept["text"] = carbonctl("lifecycle", BASE, *FEW, "-f", "json").out
    return json.loads(kept["text"])


def scaled(data, factor):
    """The result with its total, all of its lines and metrics scaled, so that every sum holds."""

    def scale(node):
        for key in ("value", "p05", "p50", "p95", "kgco2e"):
            if isinstance(node.get(key), float):
                node[key] *= factor
        for child in node.get("children", []):
            scale(child)

    data["total_kgco2e"] *= factor
    for node in (data["total"], *data["operational"].values(), *data["breakdown"]):
        scale(node)
    for name, node in data["metrics"].items():
        if "units" not in name:
            scale(node)
    return data


def test_a_result_that_was_edited_in_all_its_sums_is_not_believed(gate, files, saved):
    target, policy = files(chat_json=json.dumps(scaled(saved, 0.001)), policy=policy_of(STRICT))
    ran, _, _ = gate(target, "--policy", policy)
    assert (ran.code, codes(ran)) == (3, {"CC613"})
    assert "total_kgco2e is " in ran.err
    loose = files(loose=policy_of("id: up, metric: total_kgco2e, max_increase: 1 %"))
    target.write_text(json.dumps(scaled(saved, 1e6)), encoding="utf-8")
    for side in ((target,), (BASE, "--baseline", target)):
        ran, _, _ = gate(*side, "--policy", loose)
        assert ran.code == 3


def test_inputs_that_were_edited_are_not_believed(gate, files, saved):
    saved["inputs"]["scenario"]["train"]["days"] = "1 d"
    target, policy = files(chat_json=json.dumps(saved), policy=policy_of(CAP))
    ran, _, _ = gate(target, "--policy", policy)
    assert (ran.code, codes(ran)) == (3, {"CC613"})


def test_a_metric_that_contradicts_the_rest_is_refused_though_the_result_is_trusted(
    gate, files, saved
):
    for name in ("total_kgco2e", "train.total_kgco2e", "infer.per_request_kgco2e", "water_l"):
        edited = json.loads(json.dumps(saved))
        edited["metrics"][name]["value"] *= 0.5
        target, policy = files(chat_json=json.dumps(edited), policy=policy_of(CAP))
        ran, _, _ = gate(target, "--policy", policy, "--trust-result")
        assert (ran.code, codes(ran)) == (3, {"CC704"}), name


def test_a_result_of_another_version_is_computed_again_and_that_is_judged(
    gate, files, saved, carbonctl
):
    now = saved["total_kgco2e"]
    edited = scaled(saved, 0.001)
    edited["tool"]["version"] = edited["data"]["version"] = "0.0.1"
    target, policy = files(chat_json=json.dumps(edited), policy=policy_of(STRICT))
    ran, verdict, data = gate(target, "--policy", policy)
    assert ran.code == 4
    (said,) = verdict["saved"]
    assert (said["status"], said["tool_version"]) == ("other version", "0.0.1")
    assert said["saved_kgco2e"] == edited["total_kgco2e"]
    assert said["recomputed_kgco2e"] == data["total_kgco2e"] == pytest.approx(now, rel=1e-12)
    assert f"warning[CC612]: made by carbonctl 0.0.1, and this is {__version__}: " in ran.err
    out = carbonctl("gate", target, "--policy", policy, *FEW).out
    assert "CO2e computed again, which is judged" in " ".join(out.split())


@pytest.mark.parametrize("form", ["table", "json", "markdown", "github", "sarif", "junit"])
def test_a_trusted_result_is_taken_as_it_stands_and_said_to_be(form, files, saved, carbonctl):
    edited = json.dumps(scaled(saved, 0.00001))
    target, policy = files(chat_json=edited, policy=policy_of(STRICT))
    ran = carbonctl("gate", target, "--policy", policy, "--trust-result", "-f", form)
    assert ran.code == 0
    assert "trust" in ran.out
    assert "warning[CC613]: taken as it stands" in ran.err


def test_draws_that_were_picked_are_not_those_that_are_judged(gate, files, carbonctl):
    """Two draws, or a seed that suits, would make a 95th percentile of anything."""
    policy = files(policy=policy_of(CAP + ", statistic: p95"))
    saved = policy.parent / "chat.json"
    carbonctl("lifecycle", BASE, "--samples", "100", "--seed", "7", "-f", "json", "-o", saved)
    _, verdict, _ = gate(saved, "--policy", policy)
    _, plain, _ = gate(BASE, "--policy", policy)
    assert verdict["rules"][0]["p95"] == plain["rules"][0]["p95"]


def test_a_result_with_sorted_keys_is_a_result(gate, files, saved):
    text = json.dumps(saved, sort_keys=True, indent=2)
    target, policy = files(chat_json="\ufeff" + text, policy=policy_of(CAP))
    ran, verdict, _ = gate(target, "--policy", policy, "--baseline", target)
    assert ran.code == 0, ran.err
    assert [one["status"] for one in verdict["saved"]] == ["agrees", "agrees"]
    wrong = json.dumps(scaled(saved, 0.1), sort_keys=True)
    target.write_text(wrong, encoding="utf-8")
    assert gate(target, "--policy", policy)[0].code == 3


def test_a_comparison_is_no_result_to_gate(gate, files, carbonctl):
    policy = files(policy=policy_of(CAP))
    other = policy.parent / "other.yaml"
    other.write_text(TEXT.replace("10 d", "12 d"), encoding="utf-8")
    out = carbonctl("diff", BASE, other, "--samples", "0", "-f", "json").out
    target = files(diff_json=out)
    ran, _, _ = gate(target, "--policy", policy)
    assert (ran.code, codes(ran)) == (3, {"CC705"})


@pytest.mark.parametrize("command", ["train", "infer", "lifecycle", "embodied"])
def test_a_result_of_a_part_is_held_as_the_whole_scenario(command, gate, files, carbonctl):
    item = BASE.parents[3] / "configs" / "embodied-8xh100.yaml"
    source = item if command == "embodied" else BASE
    policy = files(policy=policy_of("id: cap, metric: total_kgco2e, max: 900 t"))
    target = policy.parent / "result.json"
    carbonctl(command, source, *FEW, "-f", "json", "-o", target)
    ran, verdict, data = gate(target, "--policy", policy)
    assert ran.code == 0
    part = command in {"train", "infer"}
    assert verdict["saved"][0]["status"] == ("part" if part else "agrees")
    _, _, whole = gate(source, "--policy", policy)
    assert data["total"] == whole["total"]
    words = (source, "--baseline", target, "--policy", policy, "--trust-result")
    assert gate(*words)[0].code == (3 if part else 0)


def test_a_file_without_any_result_passes_nothing(gate, files, saved):
    verdict = {"status": "pass", "exit_code": 0, "counts": {}, "rules": []}
    head = {"schema_version": "1.0", "command": "gate", "tool": saved["tool"]}
    target, policy = files(
        none_json=json.dumps(head | {"results": [], "gate": verdict}), policy=policy_of(CAP)
    )
    ran, _, _ = gate(target, "--policy", policy)
    assert (ran.code, codes(ran)) == (3, {"CC604"})


# --- B4: overlays, given factors, totals below zero


@pytest.fixture
def overlay(tmp_path):
    """A folder in which a building costs next to nothing."""
    folder = tmp_path / "own"
    (folder / "datacenters").mkdir(parents=True)
    bundled = BASE.parents[3] / "hardware_db" / "datacenters" / "construction.yaml"
    text = bundled.read_text(encoding="utf-8")
    lines = [
        "construction_per_kw_year: {value: 0.001 kgCO2e/kW/y, source: carbonctl-archetypes}"
        if line.startswith("construction_per_kw_year")
        else line
        for line in text.splitlines()
    ]
    (folder / "datacenters" / "construction.yaml").write_text("\n".join(lines), encoding="utf-8")
    return folder


CHANGED = "datacenters/construction:construction_per_kw_year"


@pytest.mark.parametrize("form", FORMATS)
def test_an_overlay_is_refused_and_named_in_every_format(form, overlay, files, carbonctl):
    policy = files(policy=policy_of(CAP))
    words = ("gate", BASE, "--policy", policy, *FEW, "-f", form)
    ran = carbonctl(*words, "--hardware-db", overlay)
    assert ran.code == 4
    flat = "".join((ran.out + ran.err).split())
    assert str(overlay) in flat.replace("%2F", "/")
    assert CHANGED in flat.replace("%3A", ":").replace("&lt;", "<")
    assert "CC614" in ran.out + ran.err
    shown = "".join(ran.out.split())
    assert str(overlay) in shown.replace("%2F", "/")
    assert CHANGED in shown.replace("%3A", ":")


def test_an_overlay_of_the_environment_or_of_a_result_is_refused_too(
    overlay, gate, files, carbonctl, monkeypatch
):
    policy = files(policy=policy_of(CAP))
    result = policy.parent / "result.json"
    carbonctl("lifecycle", BASE, *FEW, "-f", "json", "-o", result, "--hardware-db", overlay)
    ran, verdict, _ = gate(result, "--policy", policy)
    assert (ran.code, verdict["refused"][0]["code"]) == (4, "CC614")
    assert verdict["refused"][0]["folder"] == str(overlay)
    assert CHANGED in verdict["refused"][0]["facts"]
    ran, verdict, _ = gate(BASE, "--policy", policy, "--baseline", result)
    assert (ran.code, verdict["refused"][0]["code"]) == (4, "CC614")
    ran, _, _ = gate(result, "--policy", policy, "--trust-result")
    assert ran.code == 4
    hidden = json.loads(result.read_text(encoding="utf-8"))
    hidden["data"] = {"version": __version__, "overlay": []}
    result.write_text(json.dumps(hidden), encoding="utf-8")
    assert codes(gate(result, "--policy", policy)[0]) == {"CC613"}
    monkeypatch.setenv("CARBONCTL_HARDWARE_DB", str(overlay))
    ran, verdict, _ = gate(BASE, "--policy", policy)
    assert (ran.code, verdict["refused"][0]["code"]) == (4, "CC614")
    budgeted = files(budgeted=TEXT + "budget: {total: 900 t}\n")
    assert gate(budgeted)[0].code == 4


def test_an_overlay_that_the_policy_names_is_allowed_and_said(overlay, gate, files, carbonctl):
    policy = files(policy=policy_of(CAP, before="allow_overlay: [own]\n"))
    ran, verdict, _ = gate(BASE, "--policy", policy, "--hardware-db", overlay)
    assert ran.code == 0
    assert verdict["overlays"] == [
        {"side": "head", "file": str(BASE), "folder": str(overlay), "facts": [CHANGED]}
    ]
    result = policy.parent / "result.json"
    carbonctl("lifecycle", BASE, *FEW, "-f", "json", "-o", result, "--hardware-db", overlay)
    ran, verdict, _ = gate(result, "--policy", policy)
    assert (ran.code, verdict["saved"][0]["status"]) == (0, "agrees")
    other = files(other=policy_of(CAP, before="allow_overlay: [elsewhere]\n"))
    assert gate(BASE, "--policy", other, "--hardware-db", overlay)[0].code == 4


def with_site(extra, region="aws:us-east-1"):
    return TEXT.replace("  region: aws:eu-north-1\n", f"  region: {region}\n{extra}")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (with_site("  grid: 20 g/kWh\n"), "site.grid"),
        (with_site("  grid: {value: 20 g/kWh, source: a website}\n"), "site.grid"),
        (with_site("  pue: 1.01\n"), "site.pue"),
        (with_site("  pue: 1.01\n", "NO"), "site.pue"),
        (with_site("  wue: 0 L/kWh\n"), "site.wue"),
        (with_site("  ewif: 0.001 L/kWh\n"), "site.ewif"),
        (
            TEXT.replace("  days: 10 d\n", "  days: 10 d\n  power: {value: 20 W, scope: gpu}\n"),
            "train.power",
        ),
        (TEXT + "embodied: {accelerator: 1 kg}\n", "embodied.accelerator"),
        (TEXT + "embodied: {host: 1 kg}\n", "embodied.host"),
        (TEXT + "embodied: {lifetime: 60 y}\n", "embodied.lifetime"),
    ],
)
def test_a_number_below_its_own_row_is_refused_unless_it_is_allowed(text, path, gate, files):
    scenario, policy = files(chat=text, policy=policy_of("id: c, metric: total_kgco2e, max: 90 t"))
    ran, verdict, _ = gate(scenario, "--policy", policy)
    assert (ran.code, verdict["status"]) == (4, "fail"), ran.err
    (refused,) = [one for one in verdict["refused"] if one["facts"][0].endswith(path)]
    assert refused["code"] == "CC615"
    assert refused["where"]["file"] == str(scenario)
    assert f"error[CC615]: {path} is given as" in ran.err
    star = path.replace("site", "*") if path.startswith("site") else path
    for name in (path, star):
        loose = files(
            loose=policy_of(
                "id: c, metric: total_kgco2e, max: 90 t", before=f"allow_given: ['{name}']\n"
            )
        )
        assert gate(scenario, "--policy", loose)[0].code == 0


def test_taking_the_region_out_does_not_help_a_grid_factor(gate, files):
    region = with_site("")
    scenario, base, policy = files(
        chat=TEXT.replace("  region: aws:eu-north-1\n", "  grid: 20 g/kWh\n"),
        base__chat=region,
        policy=policy_of("id: c, metric: total_kgco2e, max: 90 t"),
    )
    ran, verdict, _ = gate(scenario, "--policy", policy, "--baseline", base)
    assert (ran.code, verdict["refused"][0]["code"]) == (4, "CC615")


def test_a_row_that_is_retyped_without_a_source_keeps_its_range(gate, files, carbonctl):
    """A cap on a percentile is not met by leaving the range of a row out."""
    row = json.loads(carbonctl("lifecycle", "-", *FEW, "-f", "json", stdin=with_site("")).out)
    value = row["facts"]["grid/US-MIDA-PJM:lifecycle"]["value"]
    given = with_site(f"  grid: {value} kg/kWh\n")
    data = json.loads(carbonctl("lifecycle", "-", *FEW, "-f", "json", stdin=given).out)
    assert data["total"]["value"] == pytest.approx(row["total"]["value"])
    wide, narrow = (one["total"]["p95"] / one["total"]["p05"] for one in (row, data))
    assert narrow == pytest.approx(wide, rel=0.15)
    scenario, plain, policy = files(
        chat=given,
        plain=with_site("").replace("name: chat", "name: plain"),
        policy=policy_of("id: q, metric: quality.assumed_share, max: 1 %"),
    )
    shares = [
        gate(file, "--policy", policy)[1]["rules"][0]["observed"] for file in (scenario, plain)
    ]
    assert shares[0] > shares[1]


def test_a_total_below_zero_is_refused(gate, files, saved):
    saved["tool"]["version"] = saved["data"]["version"] = "0.0.1"
    target, policy = files(chat_json=json.dumps(scaled(saved, -0.1)), policy=policy_of(CAP))
    edited = json.loads(target.read_text(encoding="utf-8"))

    def in_order(node):
        if isinstance(node, dict):
            if isinstance(node.get("p05"), float):
                node["p05"], node["p95"] = sorted((node["p05"], node["p95"]))
            for item in node.values():
                in_order(item)
        elif isinstance(node, list):
            for item in node:
                in_order(item)

    in_order(edited)
    target.write_text(json.dumps(edited), encoding="utf-8")
    ran, verdict, _ = gate(target, "--policy", policy, "--trust-result")
    assert ran.code == 4, ran.err
    assert {one["code"] for one in verdict["refused"]} == {"CC617"}


# --- B5: new rules, what changed


def test_warnings_of_a_code_can_be_forbidden(gate, files):
    scenario, policy, other = files(
        chat=with_site("  grid: 900 g/kWh\n"),
        policy=policy_of("id: quiet, forbid_warnings: [CC307]"),
        other=policy_of("id: quiet, forbid_warnings: [CC308]"),
    )
    ran, verdict, _ = gate(scenario, "--policy", policy)
    (rule,) = verdict["rules"]
    assert (ran.code, rule["status"]) == (4, "fail")
    assert rule["findings"][0]["name"] == "CC307"
    assert rule["where"]["scenario"]["line"] == 8
    assert "0.9 kg/kWh is far from the 0.418 of US-MIDA-PJM" in rule["message"]
    assert gate(scenario, "--policy", other)[0].code == 0


def test_a_source_can_be_required_and_numbers_without_one_counted(gate, files):
    bare, cited = (
        with_site("  grid: 0.4 kg/kWh\n"),
        with_site("  grid: {value: 0.4 kg/kWh, source: utility-2026}\n"),
    )
    asked = policy_of("id: s, require_source: [site]")
    bare, cited, policy = files(bare=bare, cited=cited, policy=asked)
    ran, verdict, _ = gate(bare, "--policy", policy)
    assert ran.code == 4
    assert verdict["rules"][0]["findings"] == [{"name": "site.grid", "reason": "no source"}]
    assert verdict["rules"][0]["where"]["scenario"]["line"] == 8
    assert gate(cited, "--policy", policy)[0].code == 0
    counted = files(counted=policy_of("id: n, max_given_without_source: 0"))
    _, verdict, _ = gate(bare, "--policy", counted)
    count = verdict["rules"][0]["observed"]
    assert (count, verdict["rules"][0]["limit"]) == (len(verdict["rules"][0]["findings"]), 0)
    for limit, code in ((count - 1, 4), (count, 0)):
        counted.write_text(policy_of(f"id: n, max_given_without_source: {limit:.0f}"))
        assert gate(bare, "--policy", counted)[0].code == code


def test_a_contracted_share_without_a_source_is_found_on_the_location_basis_too(gate, files):
    scenario, policy = files(
        chat=with_site("  contracted_clean: 100 %\n"),
        policy=policy_of(
            "id: m, metric: total_kgco2e, max: 90 t, accounting: market",
            "id: s, require_source: [site.contracted_clean]",
        ),
    )
    ran, verdict, _ = gate(scenario, "--policy", policy)
    assert (ran.code, [rule["status"] for rule in verdict["rules"]]) == (4, ["pass", "fail"])


def test_a_pass_against_a_baseline_lists_the_inputs_that_changed(gate, files, carbonctl):
    scenario, policy = files(
        chat=TEXT.replace("output_tokens: 300", "output_tokens: 200").replace(
            "aws:eu-north-1", "SE"
        ),
        policy=policy_of(CAP),
    )
    ran, verdict, _ = gate(scenario, "--policy", policy, "--baseline", BASE)
    assert ran.code == 0
    changed = {one["path"]: (one["baseline"], one["value"]) for one in verdict["changed_inputs"]}
    assert changed == {
        "site.region": ("aws:eu-north-1", "SE"),
        "infer.output_tokens": (300, 200),
    }
    for form in ("table", "markdown", "github", "sarif", "junit"):
        words = ("gate", scenario, "--policy", policy, "--baseline", BASE, *FEW, "-f", form)
        out = carbonctl(*words).out.replace("&gt;", ">")
        assert "infer.output_tokens 300 -> 200" in " ".join(out.split()), form


def test_the_schema_of_policies_names_the_new_keys(carbonctl):
    schema = json.loads(carbonctl("validate", "--print-schema", "policy").out)
    assert {"allow_overlay", "allow_given"} <= schema["properties"].keys()
    rule = schema["properties"]["rules"]["items"]["properties"]
    assert {"forbid_warnings", "require_source", "max_given_without_source"} <= rule.keys()
