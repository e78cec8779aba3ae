"""How tests run the command line: in this process, with both streams caught."""

from __future__ import annotations

import copy
import gc
import io
import json
import os
import signal
import sys
import time
import zlib
from dataclasses import dataclass

# two workers on two cores: threads of the linear algebra would only wait for each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from scenarios import CONFIGS, ROOT
from traced_guard import no_arithmetic_outside_formulas

from carbonctl.catalog.locate import bundled_folder
from carbonctl.cli.app import run
from carbonctl.scenario.resolve.hardware import published_products
from carbonctl.verify import (
    embodied_scores,
    serving_cases,
    serving_scores,
    training_runs,
    training_scores,
)

# files that take longest: a worker that starts one at the end keeps the other waiting
SLOWEST = (
    "verify/test_serving.py", "ci/test_ci_files.py", "cli/test_report.py", "cli/test_one_pass.py",
    "cli/test_streams.py", "test_wheel.py", "cli/test_gate.py", "estimate/test_columns.py",
    "catalog/test_check.py", "cli/test_verify_result.py", "cli/test_bad_input.py",
    "cli/test_closed_streams.py", "cli/test_gate_hostile.py", "report/test_basis.py",
    "cli/test_outputs.py", "scenario/test_every_key.py", "test_readme.py", "test_fuzz.py",
    "report/test_schemas.py", "cli/test_diff.py", "estimate/test_properties.py",
)  # fmt: skip
PUBLISHED = bundled_folder("hardware_db") / "published"
STUDIES = (
    (training_scores, training_runs), (embodied_scores, published_products),
    (serving_scores, serving_cases),
)  # fmt: skip
MOST_SECONDS = 300  # for which scores of another worker are waited for


def pytest_configure(config):
    """Files go to workers in our order; xdist would begin with those of many tests."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        # of a run in the background: commands that tests interrupt would ignore it too
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """The files that take longest come first."""
    places = {ROOT / "tests" / name: place for place, name in enumerate(SLOWEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_collection_finish():
    """Modules and tests stay to the end: the collector of garbage need not look at them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


@pytest.fixture(scope="session", autouse=True)
def scores_once(tmp_path_factory):
    """A bundled table is read once a process, and scored once by all workers together."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with pytest.MonkeyPatch.context() as patch:
        for study, table in STUDIES:
            patch.setattr(study, "scores", _scored_once(study.__name__, study.scores, shared))
            patch.setattr(table, "read_cases", _read_once(table.read_cases))
        yield


def _read_once(read):
    """The reader of a table, which remembers bundled ones."""
    made = {}

    def remembered(path, catalog):
        key = (path, tuple(catalog.roots))
        if PUBLISHED not in path.parents:
            return read(path, catalog)
        if key not in made:
            made[key] = read(path, catalog)
        return made[key]

    return remembered


def _scored_once(name, compute, folder):
    """The scores of a study; those of a bundled table are written for all workers."""
    made = {}

    def scores(found, catalog, *, bundled):
        if not bundled:
            return compute(found, catalog, bundled=False)
        key = f"{name} {found.sha256} {[str(root) for root in catalog.roots]}"
        if key not in made:
            path = folder / f"{name}-{zlib.crc32(key.encode())}.json"
            made[key] = _written_once(path, lambda: compute(found, catalog, bundled=True))
        return copy.deepcopy(made[key])

    return scores


def _written_once(path, compute):
    """Plain data of a file; the first worker that asks for it computes it, others wait."""
    try:
        path.with_suffix(".begun").touch(exist_ok=False)
    except FileExistsError:
        until = time.monotonic() + MOST_SECONDS
        while not path.exists() and time.monotonic() < until:
            time.sleep(0.1)
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else compute()
    try:
        data = compute()
    except BaseException:
        path.with_suffix(".begun").unlink()
        raise
    part = path.with_suffix(".part")
    part.write_text(json.dumps(data), encoding="utf-8")
    part.replace(path)
    return data


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
