"""The README's console blocks are run and their output compared, to the letter.

``python tests/test_readme.py`` writes the present output into the README.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
from pathlib import Path

import pytest

from carbonctl.cli.app import run

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
BLOCK = re.compile(r"```console\n\$ carbonctl ([^\n]*)\n(.*?)```", re.DOTALL)


def output_of(command: str) -> str:
    """What a command prints on a pipe, started from the top folder."""
    text = io.StringIO()
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(text):
        code = run(shlex.split(command))
    said = re.search(r"; exit (\d)$", text.getvalue().strip())  # the last word of a gate
    assert code == (int(said[1]) if said else 0)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def blocks() -> list[tuple[str, str]]:
    return BLOCK.findall(README.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("command", "shown"), blocks(), ids=[c for c, _ in blocks()])
def test_readme_shows_what_the_command_prints(command, shown, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert output_of(command) == shown


def test_readme_names_every_command():
    from carbonctl.cli.app import COMMANDS

    text = README.read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`{name}" not in text] == []


if __name__ == "__main__":
    os.environ["COLUMNS"] = "80"
    README.write_text(
        BLOCK.sub(
            lambda m: f"```console\n$ carbonctl {m[1]}\n{output_of(m[1])}```",
            README.read_text(encoding="utf-8"),
        ),
        encoding="utf-8",
    )
