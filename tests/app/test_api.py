"""``import carbonctl``: the same answers as the command line, from paths, dicts and scenarios."""

from __future__ import annotations

import contextlib
import html
import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import yaml
from scenarios import CONFIGS, LIVES_AND_ITEMS, ROOT, command_of

import carbonctl as api

CHAT = str(CONFIGS / "lifecycle-chat-7b.yaml")
BLOOM, GPT = (str(CONFIGS / f"train-{name}.yaml") for name in ("bloom", "gpt-3"))
SMALL = {
    "name": "small",
    "model": {"params": "7B"},
    "hardware": {"accelerator": "h100-sxm", "count": 64},
    "site": {"region": "FR"},
    "train": {"days": "10 d"},
}


@pytest.fixture(scope="module")
def chat():
    """A whole life, estimated once."""
    return api.estimate(CHAT, samples=100)


def estimated(path, command, **more):
    """A bundled scenario by the function that its command calls."""
    if command in ("embodied", "refresh"):
        return getattr(api, command)(path, **more)
    return api.estimate(path, phases=command, **more)


def test_json_is_that_of_the_command_line_to_the_byte(carbonctl):
    different = []
    for path in sorted(CONFIGS.glob("*.yaml")):
        command = command_of(path)
        ran = carbonctl(command, path, "-f", "json", "--samples", "100")
        if estimated(str(path), command, samples=100).to_json() != ran.out:
            different.append(path.name)
    assert different == []


def test_the_life_of_every_scenario_is_that_of_lifecycle(carbonctl):
    different, without_period = [], set()
    for path in [p for p in LIVES_AND_ITEMS if command_of(p) != "embodied"]:
        ran = carbonctl("lifecycle", path, "-f", "json", "--samples", "0")
        if ran.code:  # a file for training alone says no period, and needs none here
            assert "period is required" in ran.err
            without_period.add(command_of(path))
        if api.estimate(path, samples=0).to_json() != ran.out and not ran.code:
            different.append(path.name)
    assert different == []
    assert without_period <= {"train"}


def test_the_other_questions_have_the_answers_of_their_commands(carbonctl, chat, tmp_path):
    saved = tmp_path / "chat.json"
    saved.write_text(chat.to_json(), encoding="utf-8")
    draws = ("--samples", "100", "-f", "json")
    asked = {
        "compare": (api.compare(BLOOM, GPT, samples=100), ("compare", BLOOM, GPT, *draws)),
        "diff": (api.diff(BLOOM, GPT, samples=100), ("diff", BLOOM, GPT, *draws)),
        "explain": (api.explain(CHAT, "train", samples=100),
                    ("explain", CHAT, "--of", "train", *draws)),
        "explain an estimate": (chat.explain("train"), ("explain", CHAT, "--of", "train", *draws)),
        "verify": (api.verify(saved), ("verify", saved, "-f", "json")),
        "validate": (api.validate(CHAT), ("validate", CHAT, "-f", "json")),
    }  # fmt: skip
    wrong = [name for name, (found, words) in asked.items()
             if found.to_json() != carbonctl(*words).out]  # fmt: skip
    assert wrong == []


def test_a_dict_a_path_and_a_scenario_are_one():
    data = yaml.safe_load(Path(BLOOM).read_text(encoding="utf-8"))
    sources = (BLOOM, Path(BLOOM), data, api.load(BLOOM), api.load(data))
    assert len({api.estimate(source, samples=100).total for source in sources}) == 1


def test_values_are_set_as_on_the_command_line(carbonctl):
    ran = carbonctl("lifecycle", CHAT, "--set", "infer.requests=2M/day", "--set", "period=1 y",
                    "--samples", "0", "-f", "json")  # fmt: skip
    load = {"infer.requests": "2M/day"}
    scenario = api.load(CHAT)
    made = [
        api.estimate(CHAT, samples=0, set={**load, "period": "1 y"}),
        api.estimate(scenario, samples=0, set={**load, "period": "1 y"}),
        api.estimate(api.load(CHAT, set=load), samples=0, period="1 y"),
        api.estimate(CHAT, samples=0, **load, period="1 y"),
    ]
    assert {one.total.value for one in made} == {json.loads(ran.out)["total_kgco2e"]}
    assert made[0].to_json() == ran.out
    assert scenario.to_dict()["infer"]["requests"] == "1M/day"  # what was given stays as it is


def test_values_may_be_numbers_mappings_days_and_numpy():
    plain = api.estimate(SMALL, samples=0).total.value
    changed = {"hardware.count": np.int64(128), "site": {"region": "FR"}}
    assert api.estimate(SMALL, samples=0, set=changed).total.value > plain
    aged = {**SMALL, "site": {"region": "FR", "pue": np.float64(1.2)}, "name": date(2027, 3, 31)}
    assert api.estimate(aged, samples=0).name == "2027-03-31"


def test_a_result_has_its_numbers_as_attributes(chat):
    data = chat.to_dict()
    assert chat.total == api.Quantity(*(data["total"][e] for e in ("value", "p05", "p50", "p95")),
                                      "kgCO2e")  # fmt: skip
    assert float(chat.total) == data["total_kgco2e"]
    assert [phase.id for phase in chat.phases] == ["data", "train", "experiments", "infer"]
    serving = chat.phases[-1]
    assert serving.label == "serving"
    assert serving.carbon.value == data["metrics"]["infer.total_kgco2e"]["value"]
    assert serving.energy.unit == "kWh"
    assert serving.hours.value == data["metrics"]["infer.accelerator_hours"]["value"]
    per_request = data["metrics"]["infer.per_request_kgco2e"]["value"]
    assert serving.per_unit["per_request_kgco2e"].value == per_request
    assert sum(phase.carbon.value for phase in chat.phases) == pytest.approx(chat.total.value)
    assert chat.drivers[0].variance_share > chat.drivers[-1].variance_share
    assert chat.facts["infer.requests"]["origin"] == "scenario"
    assert "user devices" in chat.not_estimated
    assert chat.inputs["scenario"]["name"] == "chat-7b"
    assert chat.warnings == ()
    assert chat.metrics["infer.busy_share"].unit == "1"


def test_what_a_caller_changes_is_not_the_result(chat):
    before = chat.to_json()
    chat.to_dict()["total"]["value"] = 0
    chat.facts.clear()
    chat.inputs["scenario"].clear()
    assert chat.to_json() == before


def test_leaves_of_a_frame_add_up_to_the_total():
    wrong = []
    for path in LIVES_AND_ITEMS:
        result = estimated(path, command_of(path), samples=0)
        frame = result.to_frame()
        ids = {node["id"] for node in result.data["breakdown"]} | {"total"}
        top = frame[frame["level"] == 0]
        if not (
            frame["kgco2e"].sum() == pytest.approx(result.total.value, rel=1e-9)
            and frame["share"].sum() == pytest.approx(1)
            and frame["id"].is_unique
            and set(top["parent"]) <= {"total"}
            and set(frame[frame["level"] == 1]["parent"]) <= ids
        ):
            wrong.append(path.name)
    assert wrong == []


def test_one_line_and_a_table_for_notebooks_with_nothing_of_html_from_outside(chat):
    assert re.fullmatch(r"chat-7b: \d+ t CO2e \(\d+-\d+\)", repr(chat))
    named = api.estimate({**SMALL, "name": "<script>x</script>"}, samples=0)
    assert "<script>" not in named._repr_html_()
    assert html.escape("<script>x</script>") in named._repr_html_()
    assert named._repr_html_().count("<tr>") == len(named.data["breakdown"]) + 2


def test_an_error_has_every_problem_with_code_message_and_place():
    wrong = {**SMALL, "hardware": {"accelerator": "h10-sxm"}, "train": {"dayz": 10}}
    for call in (api.load, api.estimate):
        with pytest.raises(api.InputError) as caught:
            call(wrong)
        found = {problem.code: problem for problem in caught.value.problems}
        assert found["CC101"].message == 'unknown key "dayz"'
        line = caught.value.sources[found["CC101"].mark.file][found["CC101"].mark.line - 1]
        assert line.strip() == '"dayz": 10'
        assert found["CC103"].hint == 'did you mean "h100-sxm"?'


def test_a_load_that_the_hardware_cannot_carry_is_an_error_here_too():
    many = {"infer.requests": "1000M/day", "infer.hardware.count": 8}
    with pytest.raises(api.InputError) as caught:
        api.estimate(CHAT, phases="infer", samples=0, set=many)
    assert caught.value.problems[0].code == "CC304"
    assert caught.value.problems[0].message.startswith("the load needs")


def test_a_gate_is_that_of_the_command_line(carbonctl):
    demo = ROOT / "tests" / "gate_demo"
    head, base = demo / "head-region" / "chat.yaml", demo / "base" / "chat.yaml"
    policy = demo / "policy.yaml"
    found = api.gate(head, policy=policy, baseline=base, today="2026-11-25", samples=200)
    args = ("--policy", policy, "--baseline", base, "--today", "2026-11-25", "--samples", 200)
    ran = carbonctl("gate", head, *args, "-f", "json")
    assert found.to_json() == ran.out
    assert found.exit_code == ran.code == 4
    assert found.status == "fail"
    assert repr(found).startswith("fail: ")
    with pytest.raises(api.UsageError, match="one or more files"):
        api.gate(policy=policy)


def test_what_is_no_scenario_or_no_set_of_phases_is_refused():
    refused = [
        (lambda: api.load("train:\n  days: 10\n"), api.InputError, "expected the path of a file"),
        (lambda: api.load(None), api.UsageError, "got NoneType"),
        (lambda: api.load({"train": object()}), api.InputError, "a value of type object"),
        (lambda: api.load("none-such.yaml"), api.InputError, "no such file"),
        (
            lambda: api.estimate(CHAT, phases=("train", "infer")),
            api.UsageError,
            "cannot be estimated together",
        ),
        (lambda: api.estimate(CHAT, samples=5), api.UsageError, "got 5"),
        (lambda: api.estimate(CHAT, infer_requests="1k/day"), api.InputError, "unknown key"),
        (lambda: api.compare(CHAT), api.UsageError, "two or more"),
    ]
    wrong = []
    for call, kind, said in refused:
        with contextlib.suppress(kind):
            wrong.append((said, call()))
        try:
            call()
        except kind as error:
            if said not in str(error):
                wrong.append((said, str(error)))
    assert wrong == []


def test_nothing_is_loaded_before_it_is_used_and_no_folder_hides_a_function():
    code = (
        "import sys, carbonctl\n"
        "loaded = [m for m in sys.modules if m.split('.')[0] in\n"
        "          ('numpy', 'pydantic', 'yaml', 'typer', 'rich', 'pandas', 'carbonctl')]\n"
        "assert loaded == ['carbonctl'], loaded\n"
        "assert set(carbonctl.__all__) <= set(dir(carbonctl))\n"
        "import carbonctl.estimate.lifecycle\n"
        "from carbonctl.estimate.results import Line\n"
        "assert callable(carbonctl.estimate), carbonctl.estimate\n"
        "[getattr(carbonctl, name) for name in carbonctl.__all__]\n"
        "assert not hasattr(carbonctl, 'none_such')\n"
        "assert 'pandas' not in sys.modules and 'typer' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
