"""Every exit code of the table in the design is reached, by the way that it is meant for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import carbonctl.__main__ as entry
from carbonctl import __version__
from carbonctl.catalog.locate import bundled_folder
from carbonctl.cli import app

ONE_LINER = ("--gpu", "h100-sxm:8", "--days", "1", "--region", "NO", "--samples", "0")


def test_an_estimate_ends_with_0(carbonctl):
    ran = carbonctl("train", *ONE_LINER)
    assert (ran.code, ran.err) == (0, "")
    assert "g CO2e" in ran.out


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("train", "--help"), ("hw", "list", "-h")])
def test_help_ends_with_0(words, carbonctl):
    ran = carbonctl(*words)
    assert (ran.code, ran.err) == (0, "")
    assert "Usage: carbonctl" in ran.out


def test_the_version_is_printed_with_and_without_the_command_line(carbonctl, monkeypatch, capsys):
    assert carbonctl("--version").out == f"carbonctl {__version__}\n"
    monkeypatch.setattr(sys, "argv", ["carbonctl", "--version"])
    entry.main()
    assert capsys.readouterr().out == f"carbonctl {__version__}\n"


def threads_after(monkeypatch, **said):
    """The environment of linear algebra once the program runs, from what a user says of it."""
    names = (*entry.THREADS, entry.THREADS_OF_ALL)
    for name in names:
        monkeypatch.delenv(name, raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["carbonctl", "--version"])
    entry.main()
    return {name: os.environ[name] for name in names if name in os.environ}


def test_linear_algebra_runs_in_one_thread_unless_the_user_says_otherwise(monkeypatch):
    assert threads_after(monkeypatch) == dict.fromkeys(entry.THREADS, "1")
    own = threads_after(monkeypatch, OPENBLAS_NUM_THREADS="3")
    assert own["OPENBLAS_NUM_THREADS"] == "3"
    assert threads_after(monkeypatch, OMP_NUM_THREADS="4") == {"OMP_NUM_THREADS": "4"}


def test_the_number_of_threads_is_said_before_numpy_is_imported():
    program = (
        "import sys; sys.argv = ['carbonctl', '--version']; import carbonctl.__main__ as entry;"
        "assert 'numpy' not in sys.modules; entry.main()"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("train", "--frobnicate"), "--frobnicate"),
        (("train", "--samples", "many"), "--samples"),
        (("train", "x.yaml", "--format", "xml"), 'this command has no format "xml"'),
        (("train",), "give a scenario file, - for stdin, or flags"),
        (("init",), "kind"),
        (("compare", "one.yaml"), "two or more scenarios"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_bad_flag_or_argument_ends_with_2(words, says, carbonctl):
    ran = carbonctl(*words)
    assert (ran.code, ran.out) == (2, "")
    assert says.lower() in ran.err.lower()


def test_without_a_command_the_help_is_shown_and_the_end_is_2(carbonctl):
    ran = carbonctl()
    assert ran.code == 2
    assert "Usage: carbonctl" in ran.out + ran.err
    assert "Traceback" not in ran.err


def test_a_missing_file_ends_with_3_and_names_it(carbonctl, tmp_path):
    ran = carbonctl("lifecycle", tmp_path / "none.yaml")
    assert (ran.code, ran.out) == (3, "")
    assert f"{tmp_path / 'none.yaml'}: error[CC008]: no such file or directory" in ran.err


def test_a_directory_ends_with_3(carbonctl, tmp_path):
    ran = carbonctl("lifecycle", tmp_path)
    assert (ran.code, ran.out) == (3, "")
    assert "is a directory" in ran.err


def test_a_file_that_may_not_be_read_ends_with_3(carbonctl, tmp_path, monkeypatch):
    path = tmp_path / "secret.yaml"
    path.write_text("name: x\n", encoding="utf-8")

    def refuse(self, _mode):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    ran = carbonctl("lifecycle", path)
    assert (ran.code, ran.out) == (3, "")
    assert "secret.yaml: error[CC008]: permission denied" in ran.err


def test_a_name_with_a_zero_byte_ends_with_3(carbonctl):
    ran = carbonctl("lifecycle", "a\0b.yaml")
    assert (ran.code, ran.out) == (3, "")
    assert "error[CC008]" in ran.err


def test_a_missing_hardware_db_ends_with_6(carbonctl, tmp_path):
    ran = carbonctl("train", *ONE_LINER, "--hardware-db", tmp_path / "none")
    assert (ran.code, ran.out) == (6, "")
    assert "error[CC401]" in ran.err


def test_a_hardware_db_that_is_a_file_ends_with_6(carbonctl, tmp_path):
    path = tmp_path / "db"
    path.write_text("", encoding="utf-8")
    assert carbonctl("hw", "list", "--hardware-db", path).code == 6


def test_a_missing_hardware_db_from_the_environment_ends_with_6(carbonctl, tmp_path, monkeypatch):
    monkeypatch.setenv("CARBONCTL_HARDWARE_DB", str(tmp_path / "none"))
    ran = carbonctl("train", *ONE_LINER)
    assert ran.code == 6
    assert "CARBONCTL_HARDWARE_DB" in ran.err


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("lifetime: [", "CC001"),
        ("- a list\n", "CC402"),
        ("lifetime: 5\n", "CC402"),
        ("lifetime: {value: five, unit: h, source: me}\n", "CC402"),
        ("lifetime: {unit: h, source: me}\n", "CC402"),
        ("lifetime: {value: 5 kg, unit: h, source: me}\n", "CC402"),
        ("lifetime: {value: 5 y, range: [1 y], unit: h, source: me}\n", "CC402"),
    ],
)
def test_broken_defaults_of_an_own_folder_end_with_6(content, code, carbonctl, tmp_path):
    (tmp_path / "defaults.yaml").write_text(content, encoding="utf-8")
    ran = carbonctl("train", *ONE_LINER, "--hardware-db", tmp_path)
    assert (ran.code, ran.out) == (6, ""), ran.err
    assert f"error[{code}]" in ran.err
    assert "defaults" in ran.err


@pytest.mark.parametrize("content", ["- a list\n", "tdp: 700 W\n", "tdp: {value: hot}\n", "a: ["])
def test_a_broken_record_of_an_own_folder_ends_with_6(content, carbonctl, tmp_path):
    folder = tmp_path / "accelerators"
    folder.mkdir()
    (folder / "mine.yaml").write_text(content, encoding="utf-8")
    words = ["mine:8" if word == "h100-sxm:8" else word for word in ONE_LINER]
    ran = carbonctl("train", *words, "--hardware-db", tmp_path)
    assert (ran.code, ran.out) == (6, ""), ran.err


def test_a_broken_table_of_an_own_folder_ends_with_6(carbonctl, tmp_path):
    (tmp_path / "grids").mkdir()
    (tmp_path / "grids" / "regions.csv").write_bytes(b"\xff\xfe\x00")
    ran = carbonctl("train", *ONE_LINER, "--hardware-db", tmp_path)
    assert (ran.code, ran.out) == (6, ""), ran.err


def test_an_incomplete_table_of_an_own_folder_ends_with_6(carbonctl, tmp_path):
    (tmp_path / "grids").mkdir()
    (tmp_path / "grids" / "regions.csv").write_text("provider,place\nme,here\n", encoding="utf-8")
    ran = carbonctl("train", *ONE_LINER, "--hardware-db", tmp_path)
    assert (ran.code, ran.out) == (6, ""), ran.err


def test_our_own_bug_ends_with_1_and_a_short_message(carbonctl, monkeypatch):
    def broken(_only=None):
        raise ZeroDivisionError("by a tester")

    monkeypatch.setattr(app, "build_app", broken)
    ran = carbonctl("train", *ONE_LINER)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.splitlines()[0] == "carbonctl: internal error: ZeroDivisionError: by a tester"
    assert len(ran.err.splitlines()) == 2
    assert "Traceback" not in ran.err


def test_debug_lets_the_traceback_of_our_own_bug_through(carbonctl, monkeypatch):
    def broken(_only=None):
        raise ZeroDivisionError("by a tester")

    monkeypatch.setattr(app, "build_app", broken)
    with pytest.raises(ZeroDivisionError, match="by a tester"):
        carbonctl("--debug", "train", *ONE_LINER)


def test_an_interrupt_ends_with_130_and_says_nothing(carbonctl, monkeypatch):
    def interrupted(_only=None):
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "build_app", interrupted)
    assert (ran := carbonctl("train", *ONE_LINER)).code == 130
    assert (ran.out, ran.err) == ("", "")


def test_an_interrupt_inside_a_command_ends_with_130(carbonctl, monkeypatch):
    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("carbonctl.scenario.read.read_scenario.read_scenario", interrupted)
    ran = carbonctl("train", *ONE_LINER)
    assert (ran.code, ran.out) == (130, "")
    assert "Traceback" not in ran.err


def test_a_reader_that_leaves_early_ends_with_141_quietly(environment):
    process = subprocess.Popen(
        [sys.executable, "-m", "carbonctl", "grid", "list", "--zones", "-f", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.read(1) == b"["
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(), said) == (141, b"")


def test_a_pipe_into_head_is_quiet(environment, tmp_path):
    bash = shutil.which("bash")
    assert bash is not None
    script = '"$0" -m carbonctl grid list --zones | head -1 >/dev/null; echo "${PIPESTATUS[0]}"'
    done = subprocess.run(
        [bash, "-c", script, sys.executable],
        capture_output=True, text=True, check=True, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout in {"141\n", "0\n"}  # all of it may fit into the pipe before head leaves
    assert done.stderr == ""


def test_a_stdout_closed_from_the_start_gives_no_traceback(environment, tmp_path):
    bash = shutil.which("bash")
    assert bash is not None
    script = '"$0" -m carbonctl hw list >&-; echo "$?" >&2'
    done = subprocess.run(
        [bash, "-c", script, sys.executable],
        capture_output=True, text=True, check=True, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr


def test_the_module_ends_with_the_code_of_the_command(environment, tmp_path):
    words = [sys.executable, "-m", "carbonctl", "train", "none.yaml"]
    done = subprocess.run(words, capture_output=True, check=False, env=environment, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.startswith(b"none.yaml: error[CC008]: no such file")


def test_across_several_files_all_errors_are_shown_and_the_end_is_3(carbonctl, configs, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("frob: 1\n", encoding="utf-8")
    ran = carbonctl("validate", configs / "train-bloom.yaml", bad, tmp_path / "none.yaml")
    assert ran.code == 3
    assert ran.out == f"{configs / 'train-bloom.yaml'}: valid\n"
    assert "bad.yaml:1:1: error[CC101]" in ran.err
    assert "none.yaml: error[CC008]" in ran.err


def test_compare_shows_the_errors_of_every_file(carbonctl, tmp_path):
    files = []
    for name in ("a", "b"):
        files.append(tmp_path / f"{name}.yaml")
        files[-1].write_text(f"frob_{name}: 1\n", encoding="utf-8")
    ran = carbonctl("compare", *files)
    assert (ran.code, ran.out) == (3, "")
    assert '"frob_a"' in ran.err
    assert '"frob_b"' in ran.err


def test_the_bundled_folder_is_that_of_this_checkout():
    assert bundled_folder("hardware_db") == Path(__file__).parents[2] / "hardware_db"
    assert os.access(bundled_folder("configs"), os.R_OK)


def test_every_wrong_flag_is_shown_in_one_pass(carbonctl, configs):
    words = [configs / "train-bloom.yaml", "--region", "atlantis", "--pue", "0.5"]
    ran = carbonctl("train", *words, "--set", "train.frob.x=1", "--set", "train.power.y.z=2")
    assert ran.code == 3
    assert ran.err.count("error[") == 4
    for said in ("--region: error[CC102]", "--pue: error[CC203]", "--set train.frob"):
        assert said in ran.err
    ran = carbonctl("train", *words, "--set", "nonsense", "--set", "train.power=[1")
    assert ran.err.count("error[") == 2
