"""What CI services read: parsed as they parse it, and every command of it run where we stand."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from carbonctl import __version__
from carbonctl.cli.starter import FILES, GITLAB, PROJECT

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "tests" / "gate_demo"
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step.get("name", step.get("uses")): step for step in ACTION["runs"]["steps"]}
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
GATE, BASE = "Hold the scenarios to the policy", "Check out the base"
BASH, GIT = shutil.which("bash"), shutil.which("git")


@pytest.fixture
def machine(environment, tmp_path):
    """A folder with ``carbonctl`` on its path and the files that a runner gives a step."""
    tools, runner = tmp_path / "bin", tmp_path / "runner"
    tools.mkdir()
    runner.mkdir()
    for name, words in (("carbonctl", "-m carbonctl "), ("python", "")):
        (tools / name).write_text(
            f'#!/bin/sh\nexec "{sys.executable}" {words}"$@"\n', encoding="utf-8"
        )
        (tools / name).chmod(0o755)
    named = {"GITHUB_STEP_SUMMARY": "summary", "GITHUB_OUTPUT": "output"}
    files = {name: str(runner / file) for name, file in named.items()}
    path = f"{tools}:{environment['PATH']}"
    author = {
        f"GIT_{who}_{what}": "x@y.z"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    return environment | author | files | {"PATH": path, "RUNNER_TEMP": str(runner)}


def shell(script, machine, folder, **more):
    return subprocess.run(
        [BASH, "-eo", "pipefail", "-c", script],
        capture_output=True, text=True, check=False, cwd=folder, env=machine | more,
    )  # fmt: skip


def git(folder, machine, *words):
    done = subprocess.run(
        [GIT, *words], capture_output=True, text=True, check=True, cwd=folder, env=machine
    )
    return done.stdout.strip()


def repository(folder, machine, head):
    """A repository whose main branch has the demo's base, checked out at one of its heads."""
    origin = folder / "origin"
    origin.mkdir()
    git(origin, machine, "init", "--quiet")
    git(origin, machine, "config", "uploadpack.allowAnySHA1InWant", "true")
    shutil.copy(DEMO / "policy.yaml", origin / "policy.yaml")
    for branch in ("base", head):
        shutil.copy(DEMO / branch / "chat.yaml", origin / "chat.yaml")
        git(origin, machine, "add", ".")
        git(origin, machine, "commit", "--quiet", "-m", branch)
    git(folder, machine, "clone", "--quiet", "--depth", "1", f"file://{origin}", "checkout")
    return folder / "checkout", git(origin, machine, "rev-parse", "HEAD~1")


def test_the_action_is_a_composite_one_whose_inputs_and_outputs_are_described():
    assert ACTION["runs"]["using"] == "composite"
    assert all(entry["description"] for entry in (ACTION["inputs"] | ACTION["outputs"]).values())
    assert all("shell" in step for step in STEPS.values() if "run" in step)


def test_every_input_of_the_action_is_used_and_none_is_pasted_into_a_script():
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    used = set(re.findall(r"\binputs\.([\w-]+)", text))
    assert used == set(ACTION["inputs"])
    assert [name for name, step in STEPS.items() if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize(
    ("head", "code", "regression"),
    [("head-region", 4, "warn"), ("head-load", 0, "warn"), ("head-clean", 0, "pass")],
)
def test_the_steps_of_the_action_gate_a_pull_request(head, code, regression, machine, tmp_path):
    folder, base = repository(tmp_path, machine, head)
    done = shell(STEPS[BASE]["run"], machine, folder, CARBON_BASE=base)
    assert done.returncode == 0, done.stderr
    words = {"CARBON_FILES": "chat.yaml", "CARBON_POLICY": "policy.yaml", "CARBON_RESULT": "c.json",
             "CARBON_SARIF": "c.sarif"}  # fmt: skip
    done = shell(STEPS[GATE]["run"], machine, folder, **words)
    assert done.returncode == code, done.stderr
    result = yaml.safe_load((folder / "c.json").read_text(encoding="utf-8"))
    found = {rule["id"]: rule["status"] for rule in result["gate"]["rules"]}
    assert found["regression"] == regression
    assert Path(machine["GITHUB_OUTPUT"]).read_text(encoding="utf-8") == f"exit-code={code}\n"
    assert "carbonctl:gate" in Path(machine["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")
    assert ("::error file=chat.yaml,line=7,col=11" in done.stdout) == (code == 4)
    (sarif,) = yaml.safe_load((folder / "c.sarif").read_text(encoding="utf-8"))["runs"]
    assert sarif["invocations"][0]["exitCode"] == code
    errors = [
        r["locations"][0]["physicalLocation"] for r in sarif["results"] if r["level"] == "error"
    ]
    places = [(e["artifactLocation"]["uri"], e["region"]["startLine"]) for e in errors]
    assert places == ([("chat.yaml", 7)] if code == 4 else [])
    assert f"exit {code}" in done.stdout


def test_the_action_without_policy_and_base_holds_the_budget(machine, tmp_path):
    text = (DEMO / "base" / "chat.yaml").read_text(encoding="utf-8")
    (tmp_path / "chat.yaml").write_text(text + "budget: {total: 1 kg}\n", encoding="utf-8")
    words = {"CARBON_FILES": "chat.yaml", "CARBON_POLICY": "", "CARBON_RESULT": "c.json",
             "CARBON_SARIF": "c.sarif"}  # fmt: skip
    done = shell(STEPS[GATE]["run"], machine, tmp_path, **words)
    assert (done.returncode, "budget.total" in done.stdout) == (4, True)


def test_the_action_is_red_where_a_file_is_broken(machine, tmp_path):
    (tmp_path / "chat.yaml").write_text("frob: 1\n", encoding="utf-8")
    words = {"CARBON_FILES": "chat.yaml", "CARBON_POLICY": "", "CARBON_RESULT": "c.json",
             "CARBON_SARIF": "c.sarif"}  # fmt: skip
    done = shell(STEPS[GATE]["run"], machine, tmp_path, **words)
    assert done.returncode == 3
    assert "chat.yaml:1:1: error[CC101]" in done.stderr


def test_the_action_installs_itself(machine, tmp_path):
    offline = {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_TARGET": str(tmp_path / "p")}
    step = STEPS["Install carbonctl"]["run"]
    done = shell(step, machine, tmp_path, GITHUB_ACTION_PATH=str(ROOT), **offline)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "p" / "carbonctl" / "configs" / "gate" / "github.yaml").is_file()


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_runs_on_the_files_that_it_chooses(hook, machine, tmp_path):
    assert hook["language"] == "python"
    names = ["carbon.yaml", "carbon-policy.yaml", "sub/carbon-chat.yml", "other.yaml"]
    wanted = [n for n in names if re.search(hook["files"], n)]
    wanted = [n for n in wanted if not re.search(hook.get("exclude", "^$"), n)]
    gates = hook["id"] == "carbonctl-gate"
    assert wanted == [n for n in names[:3] if not (gates and "policy" in n)]
    (tmp_path / "sub").mkdir()
    for name in wanted:
        source = "policy.yaml" if "policy" in name else "base/chat.yaml"
        text = (DEMO / source).read_text(encoding="utf-8")
        named = text.replace("name: chat", f"name: {Path(name).stem}")
        (tmp_path / name).write_text(named, encoding="utf-8")
    args = ["--policy", str(DEMO / "policy.yaml")] if gates else []
    words = [*shlex.split(hook["entry"]), *args, *wanted]
    assert shell(shlex.join(words), machine, tmp_path).returncode == 0
    (tmp_path / "carbon.yaml").write_text("frob: 1\n", encoding="utf-8")
    assert shell(shlex.join(words), machine, tmp_path).returncode == 3


def commands(job):
    """The commands of a GitLab job, without the one that fetches the package."""
    scripts = job["carbon-gate"]["script"] + job["carbon-gate"]["after_script"]
    assert scripts[0].startswith("pip install ")
    return scripts[1:]


def test_the_gitlab_component_gates_what_it_is_included_with(machine, tmp_path):
    text = (ROOT / "templates" / "gate.yml").read_text(encoding="utf-8")
    spec, job = yaml.safe_load_all(text)
    inputs = spec["spec"]["inputs"]
    assert inputs["version"]["default"] == __version__
    assert set(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", text)) == set(inputs)
    given = {"files": str(DEMO / "head-region" / "chat.yaml"), "policy": str(DEMO / "policy.yaml")}
    for command, code in zip(commands(job), (4, 0), strict=True):
        filled = re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda m: given[m[1]], command)
        assert shell(filled, machine, tmp_path).returncode == code
    assert {"carbon.json", "carbon.xml"} <= {path.name for path in tmp_path.iterdir()}
    assert job["carbon-gate"]["artifacts"]["when"] == "always"


@pytest.fixture
def started(carbonctl, monkeypatch, tmp_path):
    """A folder in which ``init gate`` was run, and what it said."""
    monkeypatch.chdir(tmp_path)
    ran = carbonctl("init", "gate")
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def test_one_command_makes_the_files_and_the_line_it_names_runs_green(started, carbonctl):
    lines = started.splitlines()
    wrote = [line.partition(";")[0] for line in lines[:-1]]
    assert wrote == [f"wrote {name}" for name in ("carbon.yaml", *FILES)]
    assert f"{GITLAB}; .gitlab-ci.yml takes it by  include: {{local: {GITLAB}}}" in started
    words = lines[-1].removeprefix("next  carbonctl ").split()
    assert carbonctl(*words).code == 0
    assert carbonctl("validate", "carbon.yaml", "carbon-policy.yaml").code == 0


def test_the_limits_that_it_writes_are_a_little_above_the_estimate(started, carbonctl):
    assert started
    text = Path("carbon-policy.yaml").read_text(encoding="utf-8")
    Path("carbon.yaml").write_text(
        Path("carbon.yaml").read_text(encoding="utf-8").replace("1M/day", "4M/day"),
        encoding="utf-8",
    )
    ran = carbonctl("gate", "carbon.yaml", "--policy", "carbon-policy.yaml")
    assert ran.code == 4
    assert "@" not in text


def test_the_workflow_uses_the_action_with_inputs_that_it_has(started):
    assert started
    text = Path(".github/workflows/carbon.yaml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["gate"]["steps"]
    used, upload = steps[-2:]
    assert upload["with"]["sarif_file"] == ACTION["inputs"]["sarif"]["default"]
    assert used["uses"] == f"{PROJECT}@v{__version__}"
    required = {name for name, entry in ACTION["inputs"].items() if entry.get("required")}
    assert required <= set(used["with"]) <= set(ACTION["inputs"])
    assert Path(used["with"]["policy"]).is_file()
    assert Path(used["with"]["files"]).is_file()


def test_the_gitlab_job_that_it_writes_runs(started, machine):
    assert started
    job = yaml.safe_load(Path(".gitlab/carbon.yaml").read_text(encoding="utf-8"))
    for command in commands(job):
        assert shell(command, machine, Path.cwd()).returncode == 0
    assert Path("carbon.json").is_file()


def test_the_hooks_that_it_configures_are_ours_and_see_their_files(started):
    assert started
    text = Path(".pre-commit-config.yaml").read_text(encoding="utf-8")
    (repo,) = yaml.safe_load(text)["repos"]
    assert (repo["repo"], repo["rev"]) == (f"https://github.com/{PROJECT}", f"v{__version__}")
    names = ("carbon.yaml", "carbon-policy.yaml", "x.yaml")
    seen = {h["id"]: [name for name in names if re.search(h["files"], name)] for h in repo["hooks"]}
    assert set(seen) == {hook["id"] for hook in HOOKS}
    assert seen["carbonctl-validate"] == ["carbon.yaml", "carbon-policy.yaml"]
    assert seen["carbonctl-gate"] == ["carbon.yaml"]


def test_what_is_there_is_kept_and_shown_what_it_could_have(carbonctl, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path(".pre-commit-config.yaml").write_text("repos: []\n", encoding="utf-8")
    shutil.copy(DEMO / "base" / "chat.yaml", "chat.yaml")
    out = carbonctl("init", "gate", "chat.yaml").out
    assert "kept  .pre-commit-config.yaml, which was there; it could have\n    repos:" in out
    assert Path(".pre-commit-config.yaml").read_text(encoding="utf-8") == "repos: []\n"
    assert not Path("carbon.yaml").exists()
    assert out.splitlines()[-1] == "next  carbonctl gate chat.yaml --policy carbon-policy.yaml"
    policy = Path("carbon-policy.yaml").read_text(encoding="utf-8")
    assert "require: [train, infer, embodied, construction, end_of_life]" in policy
    assert carbonctl("gate", "chat.yaml", "--policy", "carbon-policy.yaml").code == 0
    Path("twin.yaml").write_text(Path("chat.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    assert carbonctl("init", "gate", "chat.yaml", "twin.yaml").code == 2
