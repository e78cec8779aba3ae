"""The wheel carries its data: built, installed into a clean environment, run from elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_a_wheel_in_a_clean_environment_estimates_a_training_run(tmp_path):
    subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "-o",
            str(tmp_path),
            str(ROOT),
        ],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    home = tmp_path / "clean"
    venv.create(home, with_pip=True)
    python = str(home / "bin" / "python")
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", str(wheel)], check=True, capture_output=True
    )
    run = [python, "-m", "carbonctl"]
    done = subprocess.run(
        [*run, "init", "train", "-o", "mine.yaml"], cwd=tmp_path, check=True, capture_output=True
    )
    assert done.stderr == b""
    done = subprocess.run(
        [*run, "train", "mine.yaml", "-f", "json"], cwd=tmp_path, check=True, capture_output=True
    )
    data = json.loads(done.stdout)
    assert round(data["operational"]["location"]["value"] / 1e6, 1) == 11.4
    saved = ["report", "-", "-f", "sarif"], ["verify", "-"]
    for words in saved:  # they read the schema, which is no Python
        subprocess.run(
            [*run, *words], cwd=tmp_path, input=done.stdout, check=True, capture_output=True
        )
    listed = subprocess.run(
        [*run, "hw", "list"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert "nvidia-h100-sxm5-80gb" in listed.stdout
    installed = {d.name.split("-")[0].lower() for d in home.glob("lib/*/site-packages/*.dist-info")}
    assert not installed & {"pytest", "hypothesis", "pint", "mypy", "ruff"}
