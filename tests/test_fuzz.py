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
    from fuzz_targets import TARGETS

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


@pytest.fixture
def fuzz(environment):
    """A process that may fuzz several times; its exit code and what it wrote."""
    start = f"""
import json, sys
from pathlib import Path
sys.path.insert(0, {str(SCRIPT.parent)!r})
import fuzz, fuzz_targets
def run(name, inputs, batch, log):
    sys.argv = f"fuzz --inputs {{inputs}} --batch {{batch}} --log {{log}} {{name}}".split()
    return fuzz.main()
"""

    def call(script):
        words = [sys.executable, "-c", start + script]
        done = subprocess.run(words, capture_output=True, check=False, env=environment, text=True)
        return done.returncode, done.stdout + done.stderr

    return call


def test_it_runs_and_goes_on_where_it_was(fuzz, tmp_path):
    """A tenth of the inputs are quantities; a second log begins again with the same seed."""
    code, said = fuzz(f"""
log = Path({str(tmp_path)!r}) / "log.json"
for place, inputs in enumerate((500, 500, 1_000, 500)):
    if place == 3:
        log.unlink()
    assert run("quantity", inputs, 50, log) == 0
    log.with_name(f"{{place}}.json").write_text(log.read_text())
""")
    assert code == 0, said
    paths = [tmp_path / f"{place}.json" for place in range(4)]
    logs = [json.loads(path.read_text(encoding="utf-8"))["targets"] for path in paths]
    first, again, more, other = (log["hypothesis: quantity"] for log in logs)
    assert first["inputs"] == 50  # one batch
    assert again == first
    assert more["inputs"] == 100
    assert other["outcomes"] == first["outcomes"]


def test_it_finds_what_is_broken(fuzz, tmp_path):
    code, said = fuzz(f"""
def broken(raw):
    if b"7" in raw: raise ZeroDivisionError
fuzz.TARGETS["broken"] = fuzz_targets.Target(broken, (b"a: 1",), 1.0)
sys.exit(run("broken", 100, 100, {str(tmp_path / "log.json")!r}))
""")
    assert code == 1
    assert "hypothesis: broken: ZeroDivisionError: <string>:" in said
