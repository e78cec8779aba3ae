"""Helpers that most tests share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carbonctl.cli.app import run

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = ROOT / "configs"


def command_of(config: Path) -> str:
    """The command that estimates a bundled scenario."""
    if config.stem.startswith("embodied"):
        return "embodied"
    if config.stem.startswith("infer"):
        return "infer"
    whole = config.stem.startswith("lifecycle") or config.stem == "dlrm-weekly"
    return "lifecycle" if whole else "train"


@pytest.fixture
def result(capsys):
    """Run a command with ``-f json`` and return what it printed."""

    def call(*argv: str) -> dict:
        code = run([*argv, "-f", "json"])
        captured = capsys.readouterr()
        assert code == 0, captured.err
        return json.loads(captured.out)

    return call
