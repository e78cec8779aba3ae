"""Full disks, closed streams and other encodings: what a shell can do to a real process."""

import shutil
import subprocess
import sys

import pytest
from scenarios import CONFIGS
from tables import for_each

BASH = shutil.which("bash")
SCENARIO = CONFIGS / "train-bloom.yaml"
RUN = f"train {SCENARIO} --samples 0"
FULL = b"<stdout>: error[CC008]: no space left on device\n"


@pytest.fixture
def shell(environment, tmp_path):
    """Run a line of bash in which ``carbonctl`` is ours; its exit code and both streams."""

    def run(line, **variables):
        start = f'carbonctl() {{ "{sys.executable}" -m carbonctl "$@"; }}; '
        done = subprocess.run(
            [str(BASH), "-c", start + line], capture_output=True, check=False, cwd=tmp_path,
            env=environment | variables, timeout=60,
        )  # fmt: skip
        assert b"Traceback" not in done.stderr
        assert b"bug of ours" not in done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


@for_each("unbuffered", ["", "1"])
@for_each(
    "words", [RUN, f"{RUN} -f json", f"{RUN} -f ndjson", "--version", "--help", "hw list", "help"]
)
def test_a_full_disk_is_one_line_and_3(words, unbuffered, shell):
    assert shell(f"carbonctl {words} >/dev/full", PYTHONUNBUFFERED=unbuffered) == (3, b"", FULL)


def test_a_full_disk_of_a_file_is_one_line_and_3(shell):
    code, _, err = shell(f"carbonctl {RUN} -o /dev/full")
    assert (code, err.count(b"\n")) == (3, 1)


def test_a_stderr_that_takes_nothing_changes_no_exit_code(shell):
    for end in ("2>/dev/full", "2>&-"):
        assert shell(f"carbonctl {RUN} --set site.pue=1.2 {end}")[0] == 0
        assert shell(f"carbonctl train none.yaml {end}")[::2] == (3, b"")


def test_a_closed_stdout_is_an_error_where_it_is_needed(shell):
    for words in (RUN, "--version", "train --help"):
        assert shell(f"carbonctl {words} >&-") == (3, b"", b"<stdout>: error[CC008]: is closed\n")
    code, _, err = shell(f"carbonctl {RUN} -f json -o r.json >&-; cat r.json >&2")
    assert (code, err[:1]) == (0, b"{")


def test_a_closed_stdin_is_an_error_where_it_is_needed(shell):
    code, out, err = shell("carbonctl train - <&-")
    assert (code, out) == (3, b"")
    assert b"<stdin>: error[CC008]: is closed" in err
    assert shell(f"carbonctl {RUN} -q <&- >&1")[0] == 0


def test_all_three_closed_still_end_with_a_code(shell):
    assert shell(f"carbonctl {RUN} -o r.json <&- >&- 2>&-; test -s r.json")[0] == 0


@pytest.mark.parametrize(
    "variables",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
    ids=["PYTHONIOENCODING", "C"],
)
def test_a_name_that_stdout_cannot_encode_is_escaped(variables, shell):
    name = "--set 'name=\"\\u6a21\\U0001F600\"'"
    code, out, _ = shell(f"carbonctl {RUN} -q {name}", **variables)
    assert (code, out[:18]) == (0, b"\\u6a21\\ud83d\\ude00")
    script = "import json, sys; print(ascii(json.load(sys.stdin)['name']))"
    line = f'set -o pipefail; carbonctl {RUN} -f json {name} | "{sys.executable}" -c "{script}"'
    assert shell(line, **variables)[:2] == (0, b"'\\u6a21\\U0001f600'\n")


def test_a_file_name_that_is_no_text_is_an_error(shell):
    start = f"cp {SCENARIO} $'\\xff.yaml'; "
    for words in ("train $'\\xff.yaml'", f"{RUN} -o $'\\xff.csv'", f"{RUN} --set name=$'\\xff'"):
        code, out, err = shell(f"{start} carbonctl {words}")
        assert (code, out) == (3, b"")
        assert b"error[CC002]" in err


def test_dev_stdout_is_stdout(shell):
    line = f"echo a >r; carbonctl {RUN} -q -o /dev/stdout >>r; head -2 r | cut -c1-5"
    assert shell(line)[1] == b"a\nbloom\n"
