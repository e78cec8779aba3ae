"""Every YAML block of the README and the docs is legal, and what it describes is estimated."""

from __future__ import annotations

import re

import pytest
import yaml
from scenarios import ROOT

BLOCK = re.compile(r"```ya?ml\n(.*?)```", re.DOTALL)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
BLOCKS = [
    (f"{page.name}-{place}", text)
    for page in PAGES
    for place, text in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")))
]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def command_of(data):
    """The command that estimates what a scenario holds."""
    if "refresh" in data:
        return "refresh"
    phases = [name for name in ("train", "infer") if name in data]
    return phases[0] if len(phases) == 1 else "lifecycle" if phases else "embodied"


def test_the_readme_has_scenarios_and_a_policy():
    assert len(BLOCKS) >= 4


@pytest.mark.parametrize("text", [text for _, text in BLOCKS], ids=[name for name, _ in BLOCKS])
def test_a_yaml_block_is_legal(text, carbonctl, tmp_path):
    data = yaml.safe_load(text)
    if isinstance(data, list):  # steps of a workflow
        for step in data:
            assert set(step["with"]) <= set(ACTION["inputs"])
        return
    path = tmp_path / "block.yaml"
    path.write_text(text, encoding="utf-8")
    ran = carbonctl("validate", path)
    assert ran.code == 0, ran.err
    if "rules" not in data:
        ran = carbonctl(command_of(data), path, "--samples", "0")
        assert (ran.code, ran.err) == (0, "")
