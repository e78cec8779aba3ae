"""How tests run the command line: in this process, with both streams caught."""

from __future__ import annotations

import copy
import io
import json
import os
import sys
from dataclasses import dataclass

# two workers on two cores: threads of the linear algebra would only wait for each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from scenarios import CONFIGS, ROOT
from traced_guard import no_arithmetic_outside_formulas

from carbonctl.cli.app import run
from carbonctl.verify import embodied_scores, serving_scores, training_scores

# files that take longest: a worker that starts one at the end keeps the other waiting
SLOWEST = (
    "test_report.py", "test_ci_files.py", "test_one_pass.py", "test_readme.py", "test_streams.py",
    "test_verify_serving.py", "test_schemas.py", "test_verify_embodied.py", "test_wheel.py",
    "test_verify_result.py", "test_gate.py", "test_fuzz.py", "test_closed_streams.py",
    "test_check.py", "test_basis.py", "test_every_key.py", "test_bad_input.py", "test_outputs.py",
)  # fmt: skip


def pytest_configure(config):
    """Files go to workers in our order; xdist would begin with those of many tests."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    """The files that take longest come first."""
    places = {name: place for place, name in enumerate(SLOWEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


@pytest.fixture(scope="session", autouse=True)
def scores_once():
    """Scores of a bundled table are computed once a process, whoever asks for them."""
    made = {}

    def remembered(study, compute):
        def scores(found, catalog, *, bundled):
            key = (study, found.sha256, tuple(catalog.roots))
            if not bundled:
                return compute(found, catalog, bundled=False)
            if key not in made:
                made[key] = compute(found, catalog, bundled=True)
            return copy.deepcopy(made[key])

        return scores

    with pytest.MonkeyPatch.context() as patch:
        for study in (training_scores, embodied_scores, serving_scores):
            patch.setattr(study, "scores", remembered(study.__name__, study.scores))
        yield


@pytest.fixture(scope="session", autouse=True)
def traces_are_whole():
    """No module of the program computes with traced numbers outside of a formula."""
    with no_arithmetic_outside_formulas():
        yield


@dataclass(frozen=True)
class Ran:
    """What one command did."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    """A terminal of 80 columns that is no terminal, and no overlay."""
    for name in ("CARBONCTL_HARDWARE_DB", "FORCE_COLOR", "TTY_COMPATIBLE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")


@pytest.fixture
def carbonctl(capsys, monkeypatch):
    """Run a command; its exit code and what it wrote to each stream."""

    def command(*words, stdin=""):
        raw = stdin if isinstance(stdin, bytes) else stdin.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8"))
        capsys.readouterr()
        code = run([str(word) for word in words])
        caught = capsys.readouterr()
        return Ran(code, caught.out, caught.err)

    return command


@pytest.fixture(scope="session")
def configs():
    """The folder of bundled scenarios."""
    return CONFIGS


@pytest.fixture(scope="session")
def environment():
    """Variables of a real process that imports carbonctl from this checkout."""
    names = ("PATH", "HOME", "LANG", "SYSTEMROOT")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT), "COLUMNS": "80", "TERM": "dumb"}


@pytest.fixture
def result(capsys):
    """Run a command with ``-f json`` and return what it printed."""

    def call(*argv: str) -> dict:
        code = run([*argv, "-f", "json"])
        captured = capsys.readouterr()
        assert code == 0, captured.err
        return json.loads(captured.out)

    return call
