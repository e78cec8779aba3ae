"""``init train --from``: which form a file has, files that have none, and that estimates run."""

from __future__ import annotations

import re

import pytest
from tables import for_each

from carbonctl.core.errors import CODES
from carbonctl.imports import lines
from carbonctl.scenario.schema.scenario_file import Scenario

ENERGY = ("emissions.csv", "emissions-pue.csv", "smi-node1.csv", "dcgm.prom", "dmon-timed.txt")
ALL = (*ENERGY, "dmon.txt", "sacct.txt", "sacct-energy.txt", "config.json", "config-moe.json")


@pytest.mark.parametrize("name", ENERGY)
def test_measured_energy_is_estimated_with_a_region_added(name, imported, carbonctl, data):
    text, _ = imported(data / name)
    ran = carbonctl("train", "-", "--region", "FR", "--samples", "0", stdin=text)
    assert (ran.code, ran.err) == (0, "")
    ran = carbonctl("train", "-", "--samples", "0", stdin=text)
    assert ran.code == 3
    assert "a site is required: its region, or its grid factor" in ran.err


def test_hours_of_slurm_are_estimated_with_a_region_added(imported, carbonctl, data):
    text, _ = imported(data / "sacct.txt")
    assert carbonctl("train", "-", "--region", "FR", "--samples", "0", stdin=text).code == 0


@for_each("name", ALL)
def test_a_file_is_read_by_content_and_not_by_its_name(name, imported, data, tmp_path):
    copy = tmp_path / "anything.bin"
    copy.write_bytes((data / name).read_bytes())
    text, made = imported(copy)
    Scenario.model_validate(made)
    assert imported("-", stdin=(data / name).read_text())[1].keys() == made.keys()
    assert text.isascii()
    assert all(len(line) < 250 for line in text.splitlines())


@for_each("name", ALL)
def test_line_ends_of_windows_change_nothing(name, imported, data, tmp_path):
    copy = tmp_path / name
    copy.write_bytes(b"\xef\xbb\xbf" + (data / name).read_bytes().replace(b"\n", b"\r\n"))
    changed, plain = imported(copy)[0], imported(data / name)[0]
    assert changed.splitlines()[1:] == plain.splitlines()[1:]


def test_an_output_file_holds_what_stdout_would(carbonctl, data, tmp_path):
    words = ("init", "train", "--from", data / "emissions.csv")
    assert carbonctl(*words, "-o", tmp_path / "my.yaml").out == ""
    assert (tmp_path / "my.yaml").read_text() == carbonctl(*words).out


@pytest.mark.parametrize("kind", ["infer", "lifecycle", "embodied"])
def test_only_train_has_imports(kind, carbonctl, data):
    ran = carbonctl("init", kind, "--from", data / "emissions.csv")
    assert (ran.code, ran.out) == (2, "")
    assert f"--from works with init train only, not with init {kind}" in ran.err


@for_each(
    "content, code, line, column, says",
    [
        (b"", "CC502", 1, 1, "the file is empty"),
        (b"\n\n  \n", "CC502", 1, 1, "the file is empty"),
        (b"hello\n", "CC501", 1, 1, "run_id and energy_consumed (CodeCarbon)"),
        (b"\n\na: 1\n", "CC501", 3, 1, "looked for"),
        (b'{"a": 1}', "CC501", 1, 1, "architectures (Hugging Face"),
        (b"ab\ncd\0ef\n", "CC002", 2, 3, "not UTF-8"),
        (b"ab\n\xe9t\xe9\n", "CC002", 2, 1, "not UTF-8"),
        ("timestamp, power.draw\n".encode("utf-16"), "CC002", 1, 1, "PowerShell"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error(content, code, line, column, says, refused):
    found = refused(content)
    assert found[:4] == (code, "log1", line, column)
    assert says in found[4]


def test_files_that_are_too_large_are_an_error(refused, monkeypatch):
    monkeypatch.setattr(lines, "MAX_BYTES", 100)
    assert refused(b"timestamp,index\n" * 10)[:4] == ("CC507", "log1", 7, 1)
    monkeypatch.setattr(lines, "MAX_LINE", 10)
    assert refused(b"timestamp,index\n")[:4] == ("CC507", "log1", 1, 1)


def test_missing_files_and_folders_are_errors(carbonctl, tmp_path):
    for path, says in ((tmp_path / "none", "no such file"), (tmp_path, "is a directory")):
        ran = carbonctl("init", "train", "--from", path)
        assert (ran.code, ran.out) == (3, "")
        assert says in ran.err


def test_a_file_given_twice_is_an_error(carbonctl, data):
    words = ("--from", data / "smi-node1.csv")
    ran = carbonctl("init", "train", *words, *words)
    assert ran.code == 3
    assert "is given twice" in ran.err


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("emissions.csv", "sacct.txt"),
        ("config.json", "config-moe.json"),
        ("sacct.txt", "dcgm.prom"),
    ],
)
def test_files_of_two_kinds_are_an_error(first, second, refused, data):
    assert refused(data / first, data / second)[:4] == ("CC509", second, 1, 1)


def test_logs_with_and_without_times_do_not_go_together(refused, data):
    assert refused(data / "dmon-timed.txt", data / "dmon.txt")[:4] == ("CC509", "dmon.txt", 3, 1)


def test_every_error_of_every_file_is_shown_in_one_pass(carbonctl, tmp_path):
    files = {
        "emissions.csv": "timestamp,run_id,duration,energy_consumed\n"
        "yesterday,a,x,1\n2026-03-01T10:00:00,b,60\n2026-03-01T10:00:00,c,60,0.5\n"
        "2026-03-01T10:00:00,,60,-1\n",
        "notes.txt": "hello\n",
        "config.json": '{"architectures": ["GPT2LMHeadModel"], "n_embd": "x", "n_layer": -3}\n',
    }
    words = []
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        words += ["--from", tmp_path / name]
    ran = carbonctl("init", "train", *words, "--from", tmp_path / "none.csv")
    assert (ran.code, ran.out) == (3, "")
    shown = re.findall(r"(\w+\.\w+):([\d:]*) ?error\[(CC\d+)\]: (.{22})", ran.err)
    assert [(name, at.strip(":"), code) for name, at, code, _ in shown] == [
        ("notes.txt", "1:1", "CC501"),
        ("none.csv", "", "CC008"),
        ("config.json", "1:19", "CC502"),
        ("config.json", "1:19", "CC502"),
        ("config.json", "1:50", "CC506"),
        ("config.json", "1:66", "CC506"),
        ("emissions.csv", "2:1", "CC506"),
        ("emissions.csv", "2:13", "CC506"),
        ("emissions.csv", "3:1", "CC502"),
        ("emissions.csv", "5:21", "CC502"),
    ]


def test_a_file_in_which_every_row_is_wrong_is_left_after_a_thousand(carbonctl, tmp_path):
    for name in ("a.csv", "b.csv"):
        rows = "".join(f"x{n},a,60,1\n" for n in range(5000))
        text = "timestamp,run_id,duration,energy_consumed\n" + rows
        (tmp_path / name).write_text(text, encoding="utf-8")
    ran = carbonctl("init", "train", "--from", tmp_path / "a.csv", "--from", tmp_path / "b.csv")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.count("error[CC506]") == 50
    assert "... and 950 more\n1000 errors. " in ran.err
    assert 'a.csv:2:1: error[CC506]: "x0" is not a date and time' in ran.err


def test_a_clock_that_was_set_back_is_one_error(carbonctl, tmp_path):
    log = "timestamp,index,power.draw [W]\n" + "".join(
        f"2026/03/01 {hour}:00:{second:02d}.000, 0, 300 W\n"
        for hour in (11, 10)
        for second in range(5)
    )
    (tmp_path / "smi.csv").write_text(log, encoding="utf-8")
    ran = carbonctl("init", "train", "--from", tmp_path / "smi.csv")
    assert ran.err.count("error[") == 1
    assert "smi.csv:7:1: error[CC504]: the clock runs backward" in ran.err


def test_text_of_a_log_cannot_become_yaml(imported):
    run = 'x", evil: {a: 1} # \x1b[31m'
    quoted = '"' + run.replace('"', '""') + '"'
    log = (
        "timestamp,run_id,duration,energy_consumed,gpu_model,country_name\n"
        f"2026-03-01T10:00:00,{quoted},60,1,{quoted},{quoted}\n"
    )
    text, made = imported("-", stdin=log)
    assert set(made) == {"schema", "train"}
    assert set(made["train"]) == {"energy"}
    assert set(made["train"]["energy"]) == {"value", "scope", "note"}
    assert run.replace("\x1b", "?") in made["train"]["energy"]["note"]
    assert "\x1b" not in text


def test_every_code_of_imports_is_explained():
    assert [code for code in CODES if code.startswith("CC5")] == [f"CC50{n}" for n in range(1, 10)]
