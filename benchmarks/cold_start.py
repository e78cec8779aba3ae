"""Cold start of the command line, as ratios measured in one run.

    python benchmarks/cold_start.py [RUNS]

The bare interpreter is ``python -c pass``. The floor is the least that a program of this kind can
do: a Typer app with one command, one pydantic model and one Rich table, numpy imported. Each
command runs in a fresh process; the order is shuffled in every round; medians are printed.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "tests" / "gate_demo"
POLICY = str(DEMO / "policy.yaml")
TRAIN = str(ROOT / "configs" / "train-llama-3.1.yaml")
FLOOR = """
import numpy
import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

class Row(BaseModel):
    name: str
    value: float

app = typer.Typer()

@app.command()
def main(name: str = "x") -> None:
    row = Row.model_validate({"name": name, "value": 1})
    table = Table()
    table.add_column("name")
    table.add_column("value")
    table.add_row(row.name, str(row.value))
    Console().print(table)

app()
"""
GOALS = {
    "--version": ("bare", 3.0),
    "train -f json": ("floor", 1.25),
    "train": ("floor", 1.25),
    "gate": ("floor", 1.35),
}
GOAL_MB = 80.0


def measure(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak megabytes of one fresh process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        message = f"{command} ended with {process.returncode}"
        raise SystemExit(message)
    return wall, usage.ru_maxrss / 1024


def main() -> None:
    """Measure every command in shuffled rounds and print medians, ratios and goals."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    python, module = sys.executable, [sys.executable, "-m", "carbonctl"]
    with tempfile.NamedTemporaryFile("w", suffix=".py", delete=False) as file:
        file.write(FLOOR)
    result = file.name.removesuffix(".py") + ".json"
    saved = [*module, "lifecycle", str(DEMO / "base" / "chat.yaml"), "-f", "json", "-o", result]
    subprocess.run(saved, check=True)
    commands = {
        "bare": [python, "-c", "pass"],
        "floor": [python, file.name],
        "--version": [*module, "--version"],
        "train -f json": [*module, "train", TRAIN, "-f", "json"],
        "train": [*module, "train", TRAIN],
        "lifecycle": [*module, "lifecycle", str(ROOT / "configs" / "lifecycle-chat-7b.yaml")],
        "gate": [*module, "gate", str(DEMO / "base" / "chat.yaml"), "--policy", POLICY],
        "gate a result": [*module, "gate", result, "--policy", POLICY],
    }
    walls: dict[str, list[float]] = {name: [] for name in commands}
    peaks: dict[str, float] = dict.fromkeys(commands, 0.0)
    for turn in range(runs + 1):
        names = list(commands)
        random.shuffle(names)
        for name in names:
            wall, peak = measure(commands[name])
            if turn:  # the first round only warms the disk
                walls[name].append(wall)
                peaks[name] = max(peaks[name], peak)
    Path(file.name).unlink()
    Path(result).unlink()
    report({name: statistics.median(w) for name, w in walls.items()}, peaks, runs)


def report(medians: dict[str, float], peaks: dict[str, float], runs: int) -> None:
    """Print the table."""
    print(f"medians of {runs} runs")
    print(f"{'command':<15}{'ms':>7}{'x bare':>8}{'x floor':>9}{'MB':>6}  goal")
    for name, wall in medians.items():
        base, limit = GOALS.get(name, ("", 0.0))
        verdict = ""
        if base:
            reached = wall / medians[base] <= limit and peaks[name] <= GOAL_MB
            verdict = f"<= {limit:g} x {base}, <= {GOAL_MB:g} MB: {'met' if reached else 'not met'}"
        print(
            f"{name:<15}{1e3 * wall:>7.0f}{wall / medians['bare']:>8.1f}"
            f"{wall / medians['floor']:>9.2f}{peaks[name]:>6.0f}  {verdict}"
        )


if __name__ == "__main__":
    main()
