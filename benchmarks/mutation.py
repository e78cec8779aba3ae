"""Hand-made faults, each put into a copy of the tree, and whether the tests named for it fail.

    python benchmarks/mutation.py [--jobs N] [WORD...]

The faults are plain data in mutation.toml: the file, the text that stands there once, the text in
its place, and the tests that must fail. A text that is not there, or there twice, is an error: the
code has moved, and the fault must be pointed at it again. Words choose faults by their names. It
ends with 1 where a fault survives and with 2 where one cannot be applied.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).with_name("mutation.toml")
FOLDERS = ("carbonctl", "hardware_db", "configs", "docs", "benchmarks", "templates", "tests")
NO_TEST_FAILED, TESTS_FAILED = 0, 1  # exit codes of pytest; any other is no verdict


class Fault(NamedTuple):
    """One textual replacement, and the tests that must notice it."""

    name: str
    file: str
    old: str
    new: str
    tests: list[str]


def load_faults(path: Path = LIST) -> list[Fault]:
    """The faults of the list."""
    found = tomllib.loads(path.read_text(encoding="utf-8"))["fault"]
    return [Fault(**row) for row in found]


def misplaced(fault: Fault) -> str | None:
    """Why a fault cannot be applied to this tree; None where it can."""
    path = ROOT / fault.file
    if not path.is_file():
        return f"{fault.file} is not there"
    count = path.read_text(encoding="utf-8").count(fault.old)
    if count != 1:
        return f"its text stands {count} times in {fault.file}"
    lacking = [test for test in fault.tests if not (ROOT / test.partition("::")[0]).exists()]
    return f"no such tests: {', '.join(lacking)}" if lacking else None


def first_failure(fault: Fault) -> str | None:
    """The test that fails first with a fault in the tree; None where all pass."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in FOLDERS:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        for path in ROOT.iterdir():
            if path.is_file():
                shutil.copy(path, copy)
        target = copy / fault.file
        text = target.read_text(encoding="utf-8")
        target.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
        words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*words, *fault.tests], cwd=copy, env=os.environ | {"PYTHONPATH": folder},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode not in {NO_TEST_FAILED, TESTS_FAILED}:
        raise RuntimeError(f"{fault.name}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED ")]
    return failed[0].removeprefix("FAILED ").partition(" - ")[0] if failed else None


def main() -> int:
    """Apply every fault, print whether it was caught and by what."""
    parser = argparse.ArgumentParser(description="Are hand-made faults caught by the tests?")
    parser.add_argument("word", nargs="*", help="only faults whose name has one of these words")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    faults = [
        fault for fault in load_faults()
        if not args.word or any(word in fault.name for word in args.word)
    ]  # fmt: skip
    lost = {fault.name: why for fault in faults if (why := misplaced(fault)) is not None}
    for name, why in lost.items():
        print(f"error      {name}: {why}", flush=True)
    survived = 0
    applied = [fault for fault in faults if fault.name not in lost]
    with ThreadPoolExecutor(args.jobs) as pool:
        for fault, failed in zip(applied, pool.map(first_failure, applied), strict=True):
            survived += failed is None
            said = (
                f"survived   {fault.name}"
                if failed is None
                else f"caught     {fault.name}: {failed}"
            )
            print(said, flush=True)
    print(f"{len(applied) - survived} of {len(faults)} faults are caught")
    return 2 if lost else int(survived > 0)


if __name__ == "__main__":
    sys.exit(main())
