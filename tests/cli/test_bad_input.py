"""Every file of ``bad/`` says in its first lines which errors it must give, where, and no others.

A line ``# expect: CC103 at 7:18 exit 3 hint "h100-sxm"`` is one problem; ``# run: infer`` names the
command (``lifecycle`` where there is none).
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from tables import for_each

HERE = Path(__file__).parent
FILES = sorted((HERE / "bad").glob("*.yaml"))
each_file = for_each("path", FILES, ids=lambda path: path.stem)
FLAGS = (HERE / "bad_flags.txt").read_text(encoding="utf-8").splitlines()
EXPECTED = re.compile(r'# expect: (CC\d{3}) at (\d+):(\d+) exit (\d)(?: hint "(.+)")?')
SHOWN = re.compile(r"^(.+?):(\d+):(\d+): error\[(CC\d{3})\]: ", re.MULTILINE)


@dataclass(frozen=True)
class Bad:
    """What the first lines of a file promise."""

    problems: list[tuple[int, int, str]]
    exit_code: int
    hints: list[str]
    command: str


def promised(path):
    """Markers are ASCII whatever follows them; zero bytes are those of UTF-16."""
    text = path.read_bytes().replace(b"\0", b"").decode("latin-1")
    found = EXPECTED.findall(text)
    command = re.search(r"^# run: (\w+)", text, re.MULTILINE)
    return Bad(
        sorted((int(line), int(column), code) for code, line, column, _, _ in found),
        int(found[0][3]),
        [hint for *_, hint in found if hint],
        command[1] if command else "lifecycle",
    )


def first_of_each_code():
    """The first file of every error code and command."""
    firsts = {}
    for path in FILES:
        bad = promised(path)
        for *_, code in bad.problems:
            firsts.setdefault((code, bad.command), path)
    return sorted(set(firsts.values()))


def test_the_corpus_is_large_enough_and_every_file_promises_something():
    assert len(FILES) >= 350
    assert [path.name for path in FILES if not promised(path).problems] == []


@each_file
def test_a_bad_file_gives_all_its_errors_at_their_places_and_nothing_else(
    path, carbonctl, tmp_path
):
    """As text and as JSON, in one run: the text is the same in every format."""
    bad = promised(path)
    target = tmp_path / "result.json"
    ran = carbonctl(bad.command, path, "-f", "json", "-o", target, "--samples", "0")
    shown = [(int(line), int(column), code) for _, line, column, code in SHOWN.findall(ran.err)]
    assert sorted(shown) == bad.problems, ran.err
    assert ran.code == bad.exit_code
    assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in ran.err
    assert [hint for hint in bad.hints if hint not in ran.err] == []
    assert {Path(file).name for file, *_ in SHOWN.findall(ran.err)} == {path.name}
    errors = json.loads(ran.out)["errors"]
    assert sorted((e["line"], e["column"], e["code"]) for e in errors) == bad.problems


@for_each("path", first_of_each_code(), ids=lambda path: path.stem)
def test_a_table_that_cannot_be_is_empty_and_its_errors_those_of_json(path, carbonctl):
    words = (promised(path).command, path, "--samples", "0")
    as_table, as_json = carbonctl(*words, "-f", "table"), carbonctl(*words, "-f", "json")
    assert (as_table.code, as_table.out, as_table.err) == (as_json.code, "", as_json.err)


@each_file
def test_validate_refuses_what_an_estimate_refuses(path, carbonctl):
    ran = carbonctl("validate", path)
    bad = promised(path)
    if bad.problems[0][2] == "CC206" and "period" in bad.hints:
        assert ran.code == 0  # only a whole life needs its period
        return
    assert ran.code == 3, ran.out
    shown = {(int(line), int(column), code) for _, line, column, code in SHOWN.findall(ran.err)}
    assert shown >= set(bad.problems)


@for_each(
    "name, raw, code, place",
    [
        ("nothing at all", b"", "CC007", "1:1"),
        ("a byte order mark alone", b"\xef\xbb\xbf", "CC007", "1:1"),
        ("blank lines", b"\n\n\n", "CC007", "1:1"),
        ("the null value", b"~\n", "CC007", "1:1"),
        ("five megabytes", b"name: x\n" + b"# filler\n" * 560_000, "CC005", "1:1"),
        ("nested 500 deep", b"a: " + b"[" * 500 + b"]" * 500, "CC005", "1:43"),
        ("nested ten thousand deep", b"a: " + b"[" * 10_000, "CC001", None),
        ("two hundred thousand values", b"a: [" + b"1, " * 200_000 + b"1]", "CC006", None),
        ("a key of a million characters", b"k" * 1_000_000 + b": 1\n", "CC001", None),
        ("random bytes", bytes(range(128, 256)) * 8, "CC002", "1:1"),
        ("UTF-32", "name: x\n".encode("utf-32"), "CC002", "1:1"),
        ("a surrogate", b"name: \xed\xa0\x80\n", "CC002", "1:7"),
    ],
    ids=lambda case: case[0],
)
def test_a_hostile_file_is_refused(name, raw, code, place, carbonctl, tmp_path):
    path = tmp_path / "hostile.yaml"
    path.write_bytes(raw)
    ran = carbonctl("lifecycle", path)
    assert (ran.code, ran.out) == (3, ""), name
    assert f": error[{code}]: " in ran.err
    assert place is None or f"hostile.yaml:{place}: " in ran.err
    assert len(ran.err) < 10_000


def test_more_than_fifty_errors_are_counted_not_shown(carbonctl, tmp_path):
    path = tmp_path / "many.yaml"
    path.write_text("".join(f"k{n}: 1\n" for n in range(80)), encoding="utf-8")
    ran = carbonctl("lifecycle", path)
    assert ran.err.count("error[CC101]") == 50
    assert (
        "... and 30 more\n80 errors. Nothing was estimated. Why: carbonctl help CC101\n" in ran.err
    )


def test_an_error_shows_its_line_and_points_at_the_word(carbonctl, tmp_path):
    path = tmp_path / "chat.yaml"
    text = "hardware: {accelerator: h100-smx}\nsite: {region: NO}\ntrain: {days: 1 d}\n"
    path.write_text(text, encoding="utf-8")
    first = carbonctl("train", path).err.splitlines()[:4]
    assert first[0] == f'{path}:1:25: error[CC103]: unknown accelerator "h100-smx"'
    assert first[1] == "    1 | hardware: {accelerator: h100-smx}"
    assert first[2].startswith("      |                         ^^^^^^^^ did you mean ")
    assert first[3] == "   help: carbonctl hw search h100"


def flag_case(line):
    """``exit CODE :: arguments``; ``{configs}`` and ``{tmp}`` stand for folders."""
    code, _, words = line.partition(" :: ")
    return int(code.removeprefix("exit ")), shlex.split(words)


FLAG_LINES = [line for line in FLAGS if line and not line.startswith("#")]


def test_the_corpus_of_flags_is_large_enough():
    assert len(FLAG_LINES) >= 150


@for_each("line", FLAG_LINES, ids=str)
def test_a_bad_flag_gives_its_exit_code_and_says_why_on_stderr(line, carbonctl, configs, tmp_path):
    code, words = flag_case(line)
    words = [w.format(configs=configs, tmp=tmp_path) if "{" in w else w for w in words]
    ran = carbonctl(*words)
    assert ran.code == code, ran.err
    assert ran.out == ""
    assert ran.err.startswith(("error", "carbonctl")) or ": error[" in ran.err
    assert "Traceback" not in ran.err
    assert list(tmp_path.iterdir()) == []
