"""What CI services read: parsed as they parse it, and every command of it run where we stand."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from carbonctl import __version__
from carbonctl.app.init_gate import FILES, GITLAB, PROJECT

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "tests" / "gate_demo"
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step.get("name", step.get("uses")): step for step in ACTION["runs"]["steps"]}
PROJECT_FILE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
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


@pytest.fixture(scope="module")
def cloned(tmp_path_factory):
    """Make a repository and its checkout for a head of the demo once; where both are."""
    made = {}

    def clone(head, machine):
        if head not in made:
            made[head] = clone_demo(tmp_path_factory.mktemp(head), machine, head)
        return made[head]

    return clone


@pytest.fixture
def repository(cloned, machine, tmp_path):
    """A checkout of its own at a head of the demo, and the commit that is its base."""

    def checkout(head):
        source, base = cloned(head, machine)
        return shutil.copytree(source, tmp_path / "checkout"), base

    return checkout


def clone_demo(folder, machine, head):
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
def test_the_steps_of_the_action_gate_a_pull_request(head, code, regression, machine, repository):
    folder, base = repository(head)
    done = shell(STEPS[BASE]["run"], machine, folder, CARBON_BASE=base)
    assert done.returncode == 0, done.stderr
    words = {"CARBON_FILES": "chat.yaml", "CARBON_POLICY": "policy.yaml", "CARBON_RESULT": "c.json",
             "CARBON_SARIF": "c.sarif"}  # fmt: skip
    done = shell(STEPS[GATE]["run"], machine, folder, **words)
    assert done.returncode == code, done.stderr
    result = json.loads((folder / "c.json").read_text(encoding="utf-8"))
    found = {rule["id"]: rule["status"] for rule in result["gate"]["rules"]}
    assert found["regression"] == regression
    assert Path(machine["GITHUB_OUTPUT"]).read_text(encoding="utf-8") == f"exit-code={code}\n"
    assert "carbonctl:gate" in Path(machine["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")
    assert ("::error file=chat.yaml,line=7,col=11" in done.stdout) == (code == 4)
    (sarif,) = json.loads((folder / "c.sarif").read_text(encoding="utf-8"))["runs"]
    assert sarif["invocations"][0]["exitCode"] == code
    errors = [
        r["locations"][0]["physicalLocation"] for r in sarif["results"] if r["level"] == "error"
    ]
    places = [(e["artifactLocation"]["uri"], e["region"]["startLine"]) for e in errors]
    assert places == ([("chat.yaml", 7)] if code == 4 else [])
    assert f"exit {code}" in done.stdout


HOLD = {"CARBON_FILES": "chat.yaml", "CARBON_POLICY": "policy.yaml", "CARBON_RESULT": "c.json",
        "CARBON_SARIF": "c.sarif"}  # fmt: skip


def notes(folder):
    return json.loads((folder / "c.json").read_text(encoding="utf-8"))["gate"]["notes"]


def test_the_action_holds_every_file_that_it_is_given(machine, repository):
    folder, base = repository("head-clean")
    text = (DEMO / "head-region" / "chat.yaml").read_text(encoding="utf-8")
    (folder / "other.yaml").write_text(text.replace("name: chat", "name: other"), encoding="utf-8")
    assert shell(STEPS[BASE]["run"], machine, folder, CARBON_BASE=base).returncode == 0
    for lines in ("chat.yaml\nother.yaml", "chat.yaml other.yaml\n"):
        done = shell(STEPS[GATE]["run"], machine, folder, **HOLD | {"CARBON_FILES": lines})
        assert done.returncode == 4, done.stderr
        result = json.loads((folder / "c.json").read_text(encoding="utf-8"))
        assert {rule["file"] for rule in result["gate"]["rules"]} == {"chat.yaml", "other.yaml"}


def test_the_action_holds_the_policy_of_the_base_and_says_that_the_heads_differs(
    machine, repository
):
    folder, base = repository("head-region")
    lax = (folder / "policy.yaml").read_text(encoding="utf-8").replace("max: 8 t", "max: 800 t")
    (folder / "policy.yaml").write_text(lax, encoding="utf-8")
    assert shell(STEPS[BASE]["run"], machine, folder, CARBON_BASE=base).returncode == 0
    done = shell(STEPS[GATE]["run"], machine, folder, **HOLD)
    assert done.returncode == 4, done.stderr
    assert notes(folder) == [
        "policy: that of the base commit; the head has another, which is not used"
    ]
    summary = Path(machine["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8")
    assert "the head has another" in summary


def test_without_a_policy_at_the_base_the_heads_is_said_to_be_used_or_fails(machine, repository):
    folder, base = repository("head-clean")
    (folder / "new.yaml").write_bytes((folder / "policy.yaml").read_bytes())
    assert shell(STEPS[BASE]["run"], machine, folder, CARBON_BASE=base).returncode == 0
    words = HOLD | {"CARBON_POLICY": "new.yaml"}
    assert shell(STEPS[GATE]["run"], machine, folder, **words).returncode == 0
    assert "that of the head" in notes(folder)[0]
    strict = words | {"CARBON_REQUIRE_BASE_POLICY": "true"}
    done = shell(STEPS[GATE]["run"], machine, folder, **strict)
    assert (done.returncode, "::error title=carbonctl gate::" in done.stdout) == (3, True)
    assert not (folder / "c.json").exists()


def test_require_base_policy_is_read_in_any_case_and_never_taken_for_false(machine, repository):
    folder, _base = repository("head-clean")
    asked = {"true": (3, "no policy"), "True": (3, "no policy"), "TRUE": (3, "no policy"),
             "yes": (2, "true or false"), "False": (0, ""), "": (0, "")}  # fmt: skip
    for word, (code, said) in asked.items():
        done = shell(STEPS[GATE]["run"], machine, folder, **HOLD, CARBON_REQUIRE_BASE_POLICY=word)
        assert (done.returncode, said in done.stdout) == (code, True), word
    strict = {"CARBON_REQUIRE_BASE_POLICY": "true", "CARBON_POLICY": ""}
    assert shell(STEPS[GATE]["run"], machine, folder, **HOLD | strict).returncode == 2


def test_the_policy_of_the_base_is_found_however_its_path_is_spelled(machine, repository):
    folder, base = repository("head-region")
    assert shell(STEPS[BASE]["run"], machine, folder, CARBON_BASE=base).returncode == 0
    (folder / "policy.yaml").unlink()
    for name in ("./policy.yaml", str(folder / "policy.yaml")):
        words = HOLD | {"CARBON_POLICY": name, "CARBON_FILES": "chat.yaml\r\n"}
        done = shell(STEPS[GATE]["run"], machine, folder, **words)
        assert done.returncode == 4, done.stderr
        assert notes(folder) == ["policy: that of the base commit; the head has none"]


def test_a_link_out_of_the_checkout_is_not_gated_in_place_of_a_scenario(machine, repository):
    folder, base = repository("head-region")
    assert shell(STEPS[BASE]["run"], machine, folder, CARBON_BASE=base).returncode == 0
    (folder / "chat.yaml").unlink()
    (folder / "chat.yaml").symlink_to(Path(machine["RUNNER_TEMP"]) / "carbon-base" / "chat.yaml")
    done = shell(STEPS[GATE]["run"], machine, folder, **HOLD)
    assert (done.returncode, "a link out of the checkout" in done.stdout) == (3, True)


def test_a_base_is_no_option_of_git_and_a_tree_of_an_earlier_job_does_no_harm(
    machine, repository, tmp_path
):
    folder, base = repository("head-load")
    evil = f"--upload-pack=touch {tmp_path}/ran"
    assert shell(STEPS[BASE]["run"], machine, folder, CARBON_BASE=evil).returncode != 0
    assert not (tmp_path / "ran").exists()
    tree = Path(machine["RUNNER_TEMP"]) / "carbon-base"
    for _job in range(2):
        assert shell(STEPS[BASE]["run"], machine, folder, CARBON_BASE=base).returncode == 0
        assert git(tree, machine, "rev-parse", "HEAD") == base
        shutil.rmtree(tree)  # as the service does between jobs, which keeps the checkout


def test_the_action_runs_twice_in_one_job_and_forgets_the_base_of_the_first(machine, repository):
    folder, base = repository("head-load")
    for commit in (base, base, ""):
        done = shell(STEPS[BASE]["run"], machine, folder, CARBON_BASE=commit)
        assert done.returncode == 0, done.stderr
        assert (Path(machine["RUNNER_TEMP"]) / "carbon-base").exists() == bool(commit)
        assert shell(STEPS[GATE]["run"], machine, folder, **HOLD).returncode == 0


EVIL = "evil ::stop-commands::x %0A::error::y"


def test_nothing_of_the_pull_request_is_run_or_taken_for_a_command(machine, repository, tmp_path):
    folder, base = repository("head-clean")
    for name in ("pip.py", "carbonctl.py", "yaml.py", "sitecustomize.py"):
        (folder / name).write_text("raise SystemExit('the pull request ran')\n", encoding="utf-8")
    text = (folder / "chat.yaml").read_text(encoding="utf-8")
    name = f'name: "{EVIL}\\n::set-output name=exit-code::0\\n"'
    (folder / "chat.yaml").write_text(text.replace("name: chat", name), encoding="utf-8")
    (folder / "c.json").symlink_to(machine["GITHUB_OUTPUT"])
    offline = {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_TARGET": str(tmp_path / "p"),
               "GITHUB_ACTION_PATH": str(ROOT)}  # fmt: skip
    done = shell(STEPS["Install carbonctl"]["run"], machine, folder, **offline)
    assert (done.returncode, "the pull request ran" in done.stdout + done.stderr) == (0, False)
    assert shell(STEPS[BASE]["run"], machine, folder, CARBON_BASE=base).returncode == 0
    done = shell(STEPS[GATE]["run"], machine, folder, PYTHONSAFEPATH="1", **HOLD)
    assert done.returncode == 0, done.stderr
    assert Path(machine["GITHUB_OUTPUT"]).read_text(encoding="utf-8") == "exit-code=0\n"
    first, *inside = done.stdout.splitlines()
    token = first.removeprefix("::stop-commands::")
    assert (len(token), token == first) == (32, False)
    after = inside[inside.index(f"::{token}::") + 1 :]
    assert all(line.startswith(("::notice ", "::warning ")) for line in after)
    assert not any("::set-output" in line.split("::", 2)[1] for line in after)


def test_what_the_action_uses_is_pinned():
    used = [step["uses"] for step in ACTION["runs"]["steps"] if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name) for name in used)
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"#.*|[\w.-]+==[\w.]+", line) for line in lines)
    pinned = {line.partition("==")[0] for line in lines}
    needed = {re.match(r"[\w-]+", text)[0] for text in PROJECT_FILE["dependencies"]}
    assert needed <= pinned
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    assert {re.match(r"[\w-]+", text)[0] for text in build["requires"]} <= pinned


def test_what_builds_the_package_is_pinned_too(machine, tmp_path):
    """A flag of pip says nothing of what it builds with; a variable does."""
    fake = Path(machine["PATH"].split(":")[0]) / "python"
    fake.write_text('#!/bin/sh\nenv | grep "^PIP_.*CONSTRAINT"\n', encoding="utf-8")
    done = shell(STEPS["Install carbonctl"]["run"], machine, tmp_path, GITHUB_ACTION_PATH="/a")
    names = {"PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"}
    assert set(done.stdout.split()) == {f"{name}=/a/constraints.txt" for name in names}
    for file in ("templates/gate.yml", "configs/gate/gitlab.yaml"):
        text = (ROOT / file).read_text(encoding="utf-8")
        assert all(f"{name}: /opt/carbonctl/constraints.txt" in text for name in names)


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


def test_a_folder_that_is_called_like_a_flag_is_none_to_a_hook(machine, tmp_path):
    folder = tmp_path / "--policy=lax"
    folder.mkdir()
    shutil.copy(DEMO / "head-region" / "chat.yaml", folder / "carbon.yaml")
    (tmp_path / "lax").mkdir()
    lax = (DEMO / "policy.yaml").read_text(encoding="utf-8").replace("max: 8 t", "max: 800 t")
    (tmp_path / "lax" / "carbon.yaml").write_text(lax, encoding="utf-8")
    for hook, args in ((HOOKS[0], []), (HOOKS[1], ["--policy", str(DEMO / "policy.yaml")])):
        words = [*shlex.split(hook["entry"]), *args, *hook["args"], "--policy=lax/carbon.yaml"]
        done = shell(shlex.join(words), machine, tmp_path)
        assert done.returncode == (4 if args else 0), done.stderr


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_runs_on_the_files_that_it_chooses(hook, machine, tmp_path):
    assert hook["language"] == "python"
    names = ["carbon.yaml", "carbon-policy.yaml", "sub/carbon-chat.yml", "rl-policy/carbon.yaml",
             "other.yaml"]  # fmt: skip
    wanted = [n for n in names if re.search(hook["files"], n)]
    wanted = [n for n in wanted if not re.search(hook.get("exclude", "^$"), n)]
    gates = hook["id"] == "carbonctl-gate"
    assert wanted == [n for n in names[:4] if not (gates and n == "carbon-policy.yaml")]
    for folder in ("sub", "rl-policy"):
        (tmp_path / folder).mkdir()
    for name in wanted:
        source = "policy.yaml" if name == "carbon-policy.yaml" else "base/chat.yaml"
        text = (DEMO / source).read_text(encoding="utf-8")
        own = name.replace("/", "-")  # each scenario has a name of its own
        (tmp_path / name).write_text(text.replace("name: chat", f"name: {own}"), encoding="utf-8")
    args = ["--policy", str(DEMO / "policy.yaml")] if gates else []
    words = [*shlex.split(hook["entry"]), *args, *wanted]
    assert shell(shlex.join(words), machine, tmp_path).returncode == 0
    (tmp_path / "carbon.yaml").write_text("frob: 1\n", encoding="utf-8")
    assert shell(shlex.join(words), machine, tmp_path).returncode == 3


def script(job):
    """The commands of a GitLab job, without those that install the package, and how it does."""
    gate = job["carbon-gate"]
    assert not any("pip install" in command for command in gate["script"])
    return gate["script"] + gate["after_script"]


def assert_installs_a_commit(job):
    """From a clone at the commit that is named, with pinned versions and nothing of the folder."""
    clone, checkout, install = job["carbon-gate"]["before_script"]
    assert clone == 'git clone --quiet --no-checkout "$CARBON_REPOSITORY" /opt/carbonctl'
    assert checkout.endswith('checkout --quiet --detach "$CARBON_COMMIT"')
    words = shlex.split(install)
    assert words[:6] == ["python", "-I", "-m", "pip", "install", "--quiet"]
    assert words[6:] == ["--constraint", "/opt/carbonctl/constraints.txt", "/opt/carbonctl"]


def test_the_gitlab_component_gates_what_it_is_included_with(machine, repository):
    text = (ROOT / "templates" / "gate.yml").read_text(encoding="utf-8")
    spec, job = yaml.safe_load_all(text)
    inputs = spec["spec"]["inputs"]
    assert "default" not in inputs["commit"]
    assert set(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", text)) == set(inputs)
    assert_installs_a_commit(job)
    folder, base = repository("head-region")
    given = {"CARBON_FILES": "chat.yaml", "CARBON_POLICY": "policy.yaml",
             "CI_MERGE_REQUEST_DIFF_BASE_SHA": base}  # fmt: skip
    (folder / "policy.yaml").write_text("the head has none", encoding="utf-8")
    for command, code in zip(script(job), (4, 0), strict=True):
        done = shell(command, machine, folder, **given)
        assert done.returncode == code, done.stderr
    said = (folder / "carbon.json").read_text(encoding="utf-8")
    assert "that of the base commit; the head has another, or none" in said
    assert {"carbon.json", "carbon.xml"} <= {path.name for path in folder.iterdir()}
    assert job["carbon-gate"]["artifacts"]["when"] == "always"


def test_the_job_that_init_writes_is_that_of_the_component():
    _spec, component = yaml.safe_load_all((ROOT / "templates/gate.yml").read_text(encoding="utf-8"))
    text = (ROOT / "configs/gate/gitlab.yaml").read_text(encoding="utf-8")
    (job,) = yaml.safe_load(re.sub(r"@\w+@", "X", text)).values()
    theirs = component["carbon-gate"]
    apart = {"variables", "stage"}
    assert {k: v for k, v in job.items() if k not in apart} == {
        k: v for k, v in theirs.items() if k not in apart
    }
    assert job["variables"].keys() == theirs["variables"].keys()


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
    assert_installs_a_commit(job)
    variables = job["carbon-gate"]["variables"]
    for command in script(job):
        done = shell(command, machine, Path.cwd(), **variables)
        assert done.returncode == 0, done.stderr
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
