"""The documents that the program writes itself are those that it would write now."""

from __future__ import annotations

import importlib.util
import re

import pytest
from scenarios import ROOT

from carbonctl.cli.app import COMMANDS
from carbonctl.core.errors import CODES

spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
assert spec is not None
assert spec.loader is not None
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)


@pytest.mark.parametrize("name", generate.DOCUMENTS)
def test_a_document_is_what_the_program_writes(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert written == generate.DOCUMENTS[name](), "run python docs/generate.py"


def test_every_command_flag_and_code_is_documented():
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"\n## carbonctl {name}" not in text] == []
    assert "`--set PATH=VALUE`" in text
    errors = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (CC\d{3}) ", errors, re.MULTILINE) == list(CODES)


def test_the_gallery_shows_answers_and_refusals():
    text = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert text.count("$ carbonctl") == len(generate.GALLERY)
    assert text.count("It ends with 3.") == 2
    assert "internal error" not in text
    assert str(ROOT) not in text
