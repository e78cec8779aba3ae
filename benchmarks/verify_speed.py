"""CPU time of the proofs and of help, beside a fixed numpy loop measured in the same run.

    python benchmarks/verify_speed.py [RUNS] [FOLDER]

The loop is one of exponentials and small matrix products in one thread. The floor is that of
``cold_start.py``, and what ``--help`` is compared with. Each command runs in a fresh process with
the environment of a user who has said nothing of threads; the order is shuffled in every round;
medians are printed. FOLDER is another checkout, measured beside this one. Goals of the proofs are
a quarter of what they took when each step along a constant was an evaluation of its own.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
from pathlib import Path

from cold_start import FLOOR

ROOT = Path(__file__).resolve().parent.parent
LOOP = """
import numpy
x = numpy.linspace(0.0, 1.0, 20_000)
m = numpy.eye(30) / 2
for _ in range(6_000):
    x = numpy.exp(-x) / (1.0 + x)
    m = m @ m.T + 0.25 * numpy.eye(30)
"""
PROOFS = ("inference", "embodied", "training")
# command -> what it is compared with, and the most it may take of that
GOALS = {
    "verify inference": ("loop", 16.0),
    "verify embodied": ("loop", 3.6),
    "--help": ("floor", 0.5),
}
THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "OMP_NUM_THREADS")


def cpu_seconds(command: list[str], root: Path, threads: dict[str, str]) -> float:
    """CPU seconds of a fresh process, its own and those of the system for it."""
    told = {name: value for name, value in os.environ.items() if name not in THREADS}
    environment = told | threads
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        message = f"{command} ended with {process.returncode}"
        raise SystemExit(message)
    return usage.ru_utime + usage.ru_stime


def commands(root: Path, mark: str) -> dict[str, tuple[list[str], Path]]:
    """What is measured of a checkout, by name."""
    module = [sys.executable, "-m", "carbonctl"]
    proofs = {f"verify {name}{mark}": ["verify", name, "-f", "json"] for name in PROOFS}
    return {
        name: ([*module, *words], root)
        for name, words in (proofs | {f"--help{mark}": ["--help"]}).items()
    }


def main() -> None:
    """Measure every command in shuffled rounds, and print medians, ratios and goals."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    python = sys.executable
    measured = {
        "loop": ([python, "-c", LOOP], ROOT),
        "floor": ([python, "-c", FLOOR], ROOT),
        **commands(ROOT, ""),
        **(commands(Path(sys.argv[2]).resolve(), " there") if len(sys.argv) > 2 else {}),  # noqa: PLR2004
    }
    times: dict[str, list[float]] = {name: [] for name in measured}
    for turn in range(runs + 1):
        names = list(measured)
        random.shuffle(names)
        for name in names:
            threads = {"OPENBLAS_NUM_THREADS": "1"} if name == "loop" else {}
            spent = cpu_seconds(*measured[name], threads)
            if turn:  # the first round only warms the disk
                times[name].append(spent)
    report({name: statistics.median(spent) for name, spent in times.items()}, runs)


def report(medians: dict[str, float], runs: int) -> None:
    """Print the table."""
    print(f"CPU time, medians of {runs} runs")
    print(f"{'command':<24}{'s':>8}{'x loop':>9}{'x floor':>9}  goal")
    for name, cpu in medians.items():
        base, most = GOALS.get(name, ("", 0.0))
        reached = "met" if base and cpu / medians[base] <= most else "not met"
        print(
            f"{name:<24}{cpu:>8.2f}{cpu / medians['loop']:>9.2f}{cpu / medians['floor']:>9.2f}"
            f"  {f'<= {most:g} x {base}: {reached}' if base else ''}".rstrip()
        )


if __name__ == "__main__":
    main()
