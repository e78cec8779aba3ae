"""Every broken result of ``bad/`` says which errors it must give, where, and no others.

JSON has no comments, so the marker is a text at the start: ``# expect: CC204 at 17:18 exit 3``,
several where there are several, and ``# run: report``. Positions are those in the file as it is.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from tables import for_each

FILES = sorted((Path(__file__).parent / "bad").glob("*.json"))
each_file = for_each("path", FILES, ids=lambda path: path.stem)
EXPECTED = re.compile(r"# expect: (CC\d{3}) at (\d+):(\d+) exit (\d)")
SHOWN = re.compile(r"^(.+?):(\d+):(\d+): error\[(CC\d{3})\]: ", re.MULTILINE)
COMMANDS = ("report", "verify", "diff")


@dataclass(frozen=True)
class Bad:
    """What the marker of a file promises."""

    problems: list[tuple[int, int, str]]
    exit_code: int
    command: str
    hint: str


def promised(path):
    text = path.read_text(encoding="utf-8")
    found = EXPECTED.findall(text)
    hint = re.search(r"exit \d hint '([\w-]+)'", text)
    return Bad(
        sorted((int(line), int(column), code) for code, line, column, _ in found),
        int(found[0][3]),
        re.search(r"# run: (\w+)", text)[1],
        hint[1] if hint else "",
    )


def words(command, path):
    return (command, path, path) if command == "diff" else (command, path)


def test_the_corpus_is_large_enough():
    assert len(FILES) >= 30
    assert {promised(path).command for path in FILES} == set(COMMANDS)


@each_file
def test_a_broken_result_gives_all_its_errors_at_their_places_and_nothing_else(path, carbonctl):
    bad = promised(path)
    ran = carbonctl(*words(bad.command, path))
    shown = [(int(line), int(column), code) for _, line, column, code in SHOWN.findall(ran.err)]
    assert sorted(shown) == bad.problems, ran.err
    assert ran.code == bad.exit_code
    assert ran.out == ""
    assert bad.hint in ran.err
    assert {Path(file).name for file, *_ in SHOWN.findall(ran.err)} == {path.name}


@each_file
def test_a_broken_result_writes_no_output_and_the_same_errors_as_json(path, carbonctl, tmp_path):
    bad = promised(path)
    ran = carbonctl(*words(bad.command, path), "-f", "json", "-o", tmp_path / "out.json")
    errors = json.loads(ran.out)["errors"]
    assert ran.code == bad.exit_code
    assert list(tmp_path.iterdir()) == []
    assert sorted((e["line"], e["column"], e["code"]) for e in errors) == bad.problems


@for_each("command", COMMANDS)
@each_file
def test_no_command_takes_a_broken_result_for_a_good_one(path, command, carbonctl):
    ran = carbonctl(*words(command, path))
    assert ran.code in ((0, 3, 7) if promised(path).command != "report" else (3,)), ran.out
    assert "internal error" not in ran.err


@for_each(
    "name, raw, code, place",
    [
        ("nothing at all", b"", "CC007", "1:1"),
        ("blanks", b" \n\t\n", "CC007", "1:1"),
        ("random bytes", bytes(range(128, 256)) * 8, "CC002", "1:1"),
        ("a surrogate", b'{"a": "\xed\xa0\x80"}', "CC002", "1:8"),
        ("nested ten thousand deep", b'{"a": ' + b"[" * 10_000, "CC005", "1:66"),
        ("forty-one megabytes", b"[" + b"1," * 20_500_000 + b"1]", "CC005", "1:1"),
        (
            "an integer of ten thousand digits",
            b'{"schema_version": ' + b"1" * 10_000 + b"}",
            "CC204",
            "1:1",
        ),
        ("an integer of four hundred digits", b'{"a": ' + b"1" * 400 + b"}", "CC204", "1:7"),
        ("YAML", b"schema_version: '1.0'\n", "CC701", "1:1"),
    ],
    ids=lambda case: case[0],
)
@for_each("command", ["report", "verify"])
def test_a_hostile_result_is_refused(name, raw, code, place, command, carbonctl):
    ran = carbonctl(command, "-", stdin=raw)
    assert (ran.code, ran.out) == (3, ""), name
    assert f"<stdin>:{place}: error[{code}]: " in ran.err
    assert len(ran.err) < 10_000


def test_a_missing_result_ends_with_3(carbonctl, tmp_path):
    for command in COMMANDS:
        ran = carbonctl(*words(command, tmp_path / "none.json"))
        assert (ran.code, ran.out) == (3, "")
        assert "error[CC008]: no such file or directory" in ran.err
