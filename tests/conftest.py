"""Fixtures that most tests share."""

from __future__ import annotations

import json

import pytest

from carbonctl.cli.app import run


@pytest.fixture
def result(capsys):
    """Run a command with ``-f json`` and return what it printed."""

    def call(*argv: str) -> dict:
        code = run([*argv, "-f", "json"])
        captured = capsys.readouterr()
        assert code == 0, captured.err
        return json.loads(captured.out)

    return call
