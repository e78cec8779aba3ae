"""The wheel carries its data: built, installed into a clean environment, run from elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import venv
import zipfile
from email.parser import Parser
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
    _says_its_licenses(wheel)
    home = tmp_path / "clean"
    venv.create(home)  # pip stays outside: it installs into another interpreter's home
    python = str(home / "bin" / "python")
    install = ["-m", "pip", "--python", python, "install", "--quiet", "--no-compile", str(wheel)]
    subprocess.run([sys.executable, *install], check=True, capture_output=True)
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


def _says_its_licenses(wheel):
    """The metadata name the license of every part, and the texts lie beside them."""
    with zipfile.ZipFile(wheel) as packed:
        files = {name.partition("/")[2]: name for name in packed.namelist() if ".dist-info" in name}
        metadata = Parser().parsestr(packed.read(files["METADATA"]).decode())
        told = {name: packed.read(files[f"licenses/{name}"]).decode() for name in EXPECTED}
        data = {name for name in packed.namelist() if name.startswith("carbonctl/hardware_db/")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert metadata["License-Expression"] == project["license"]
    assert set(project["license"].split(" AND ")) == set(EXPECTED.values()) - {""}
    assert set(metadata.get_all("License-File")) == set(EXPECTED)
    for name, text in told.items():
        assert text == (ROOT / name).read_text(encoding="utf-8")
    carried = {line.strip() for line in told["NOTICE"].splitlines() if "hardware_db/" in line}
    named = {word.strip(",;") for line in carried for word in line.split() if "/" in word}
    files_named = {word for word in named if word.endswith((".csv", ".txt"))}
    assert len(files_named) >= 8
    assert {f"carbonctl/{name}" for name in files_named} <= data


EXPECTED = {
    "LICENSE": "Apache-2.0",
    "NOTICE": "",
    "LICENSES/CC-BY-4.0.txt": "CC-BY-4.0",
    "LICENSES/MIT.txt": "MIT",
    "LICENSES/ODbL-1.0.txt": "ODbL-1.0",
    "hardware_db/grids/LICENSE-electricity-maps.txt": "",
    "hardware_db/published/LICENSE-embodied.txt": "",
}
