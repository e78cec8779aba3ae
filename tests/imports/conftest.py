"""What the tests of imports share: the invented logs, and how an error is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

DATA = Path(__file__).parent / "data"
SHOWN = re.compile(r"^(.+?):(\d+):(\d+): error\[(CC\d{3})\]: ", re.MULTILINE)


@pytest.fixture(scope="session")
def data():
    """The folder of invented logs."""
    return DATA


@pytest.fixture
def imported(carbonctl):
    """The scenario that files make, as text and as plain data."""

    def call(*files, stdin=""):
        words = [word for file in files for word in ("--from", file)]
        ran = carbonctl("init", "train", *words, stdin=stdin)
        assert (ran.code, ran.err) == (0, "")
        return ran.out, yaml.safe_load(ran.out)

    return call


@pytest.fixture
def refused(carbonctl, tmp_path):
    """The one error of some texts or files: its code, file, line and column; nothing is written."""

    def call(*logs):
        files = []
        for place, log in enumerate(logs, 1):
            if isinstance(log, Path):
                files.append(log)
                continue
            files.append(tmp_path / f"log{place}")
            files[-1].write_bytes(log if isinstance(log, bytes) else log.encode())
        target = tmp_path / "made.yaml"
        words = [word for file in files for word in ("--from", file)]
        ran = carbonctl("init", "train", *words, "-o", target)
        assert (ran.code, ran.out) == (3, "")
        assert "Traceback" not in ran.err
        assert not target.exists()
        found = SHOWN.findall(ran.err)
        assert len(found) == 1, ran.err
        file, line, column, code = found[0]
        return code, Path(file).name, int(line), int(column), ran.err

    return call
