"""The fuzzer runs, finds what is broken, goes on where it was; its log holds its promises."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from scenarios import ROOT

from carbonctl.core.errors import CODES

SCRIPT = ROOT / "benchmarks" / "fuzz.py"


@pytest.fixture(scope="module")
def log():
    return json.loads((ROOT / "benchmarks" / "fuzz.json").read_text(encoding="utf-8"))


def test_the_log_holds_200_000_inputs_none_of_which_was_unhandled(log):
    targets = log["targets"].values()
    assert log["inputs"] == sum(target["inputs"] for target in targets) >= 200_000
    assert log["unhandled"] == 0
    assert [target["unhandled"] for target in targets if target["unhandled"]] == []
    assert log["slowest_s"] <= 2.0
    assert log["peak_mb"] <= 300.0


def test_every_target_was_fuzzed_by_both_engines_and_reached_good_and_bad(log):
    sys.path.insert(0, str(SCRIPT.parent))
    from fuzz_targets import TARGETS  # noqa: PLC0415

    sys.path.pop(0)
    for engine in ("hypothesis", "atheris"):
        for name in TARGETS:
            target = log["targets"][f"{engine}: {name}"]
            assert sum(target["outcomes"].values()) == target["inputs"]
            assert target["outcomes"].get("accepted", 0) > 0, name
            assert len(target["outcomes"]) > 1, name
    seen = {outcome for target in log["targets"].values() for outcome in target["outcomes"]}
    ends = {"accepted", "exit 2", "exit 3", "exit 6"}
    assert seen <= set(CODES) | ends


def test_it_runs_and_goes_on_where_it_was(environment, tmp_path):
    path = tmp_path / "log.json"

    def run(inputs):
        words = [sys.executable, SCRIPT, "--inputs", str(inputs), "--log", path, "quantity"]
        done = subprocess.run(words, capture_output=True, check=False, env=environment, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(path.read_text(encoding="utf-8"))["targets"]["hypothesis: quantity"]

    first = run(5_000)
    assert first["inputs"] == 500  # one batch
    assert run(5_000) == first
    assert run(10_000)["inputs"] == 1000
    path.unlink()
    assert run(5_000)["outcomes"] == first["outcomes"]  # of the same seed


def test_it_finds_what_is_broken(environment, tmp_path):
    script = (
        f"import sys; sys.path.insert(0, {str(SCRIPT.parent)!r}); import fuzz, fuzz_targets\n"
        "def broken(raw):\n    if b'7' in raw: raise ZeroDivisionError\n"
        "fuzz.TARGETS['broken'] = fuzz_targets.Target(broken, (b'a: 1',), 1.0)\n"
        f"log = {str(tmp_path / 'log.json')!r}\n"
        "sys.argv = ['fuzz', '--inputs', '500', '--log', log, 'broken']\n"
        "sys.exit(fuzz.main())\n"
    )
    words = [sys.executable, "-c", script]
    done = subprocess.run(words, capture_output=True, check=False, env=environment, text=True)
    assert done.returncode == 1
    assert "hypothesis: broken: ZeroDivisionError: <string>:3" in done.stdout
