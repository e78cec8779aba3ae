"""Life in a shell: completion of ids, no network, Ctrl-C, nothing but the answer."""

from __future__ import annotations

import ast
import io
import signal
import socket
import subprocess
import sys

import pytest
from scenarios import CONFIGS, ROOT
from tables import for_each

from carbonctl.catalog.read import Catalog
from carbonctl.core.errors import CODES

NETWORK = {"socket", "ssl", "urllib", "http", "ftplib", "smtplib", "requests", "httpx", "asyncio"}
COMMANDS = (
    ("train", CONFIGS / "train-llama-3.1.yaml"),
    ("infer", CONFIGS / "infer-chat-70b.yaml"),
    ("lifecycle", CONFIGS / "lifecycle-chat-7b.yaml", "-f", "json"),
    ("embodied", CONFIGS / "embodied-8xh100.yaml", "-f", "csv"),
    ("compare", CONFIGS / "train-bloom.yaml", CONFIGS / "train-llama-2.yaml"),
    ("explain", CONFIGS / "train-bloom.yaml"),
    ("validate", CONFIGS / "train-bloom.yaml"),
    ("verify", "training"),
    ("hw", "check"),
    ("grid", "show", "aws:us-east-1"),
    ("model", "search", "llama"),
    ("init", "train"),
    ("help", "errors"),
    ("train", "none.yaml"),
    ("train", "--gpu", "h100-smx:8", "--days", "10", "--region", "atlantis"),
)


@pytest.fixture
def offered(environment, tmp_path):
    """What a shell is offered for the last of some words."""

    def call(line, shell="bash"):
        words = line.split(" ")
        asked = {
            "_CARBONCTL_COMPLETE": f"complete_{shell}",
            "_TYPER_COMPLETE_ARGS": line,
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        }
        script = "import sys; sys.argv[0] = 'carbonctl'; import carbonctl.__main__ as m; m.main()"
        done = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True, text=True, check=False, env=environment | asked, cwd=tmp_path,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.split("\n")

    return call


@for_each(
    "line, some, none",
    [
        ("carbonctl tr", ["train"], ["infer"]),
        ("carbonctl train --gpu h1", ["h100-sxm", "h100-pcie"], ["a100-pcie"]),
        ("carbonctl train --server dgx", ["dgx-h100", "dgx-a100-640gb"], ["h100-sxm"]),
        ("carbonctl infer --model llama-2", ["llama-2-7b", "llama-2-70b"], ["llama-3-8b"]),
        ("carbonctl lifecycle --region F", ["FR"], ["NO"]),
        ("carbonctl infer --runtime v", ["vllm_2025"], []),
        ("carbonctl train -f m", ["markdown"], ["json"]),
        ("carbonctl compare --accounting m", ["market"], ["location"]),
        ("carbonctl hw show dgx", ["dgx-h100"], []),
        ("carbonctl grid show azure:w", ["azure:westeurope"], ["aws:us-west-2"]),
        ("carbonctl model show bert", ["bert-large"], []),
        ("carbonctl init e", ["embodied"], ["train"]),
        ("carbonctl help ex", ["exit-codes", "explain"], ["units"]),
        ("carbonctl help CC50", ["CC501", "CC509"], ["CC101"]),
        ("carbonctl train --gpu nonsense", [], ["h100-sxm"]),
    ],
)
def test_the_shell_is_offered_ids(line, some, none, offered):
    got = offered(line)
    assert [name for name in some if name not in got] == []
    assert [name for name in none if name in got] == []


def test_another_shell_is_offered_the_same(offered):
    assert any("h100-sxm" in line for line in offered("carbonctl train --gpu h1", "zsh"))


def test_completion_without_data_offers_nothing(monkeypatch):
    from carbonctl.cli import complete

    monkeypatch.setenv("CARBONCTL_HARDWARE_DB", "/nowhere")
    assert complete.accelerators("h1") == []


def test_everything_offered_is_known():
    from carbonctl.cli import complete

    catalog = Catalog.open()
    for name in complete.accelerators(""):
        assert catalog.record("accelerators", name)
    assert set(complete.topics("CC")) >= set(CODES)


def test_tab_reads_no_estimate(environment, tmp_path):
    script = (
        "import os, sys; sys.argv = ['carbonctl']; from carbonctl.cli import app\n"
        "app.run([])\nprint(sorted(n for n in sys.modules if n in "
        "('numpy', 'pandas', 'rich.table', 'carbonctl.estimate.training.train')))"
    )
    asked = {"_CARBONCTL_COMPLETE": "complete_bash", "COMP_WORDS": "carbonctl train --gpu h1",
             "COMP_CWORD": "3"}  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        env=environment | asked, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"


@for_each("words", COMMANDS, ids=lambda words: " ".join(map(str, words))[:30])
def test_no_command_opens_a_connection(words, carbonctl, monkeypatch):
    def blocked(*_args, **_kwargs):
        raise AssertionError("a connection was opened")

    for name in ("socket", "create_connection", "getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, blocked)
    assert carbonctl(*words).code in {0, 3}


def test_nothing_that_could_open_one_is_imported():
    for path in (ROOT / "carbonctl").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names = [name for name in names if name != "urllib.parse"]  # quotes text, opens nothing
            assert not {name.split(".")[0] for name in names} & NETWORK, path


def test_ctrl_c_ends_a_real_process_with_130_and_without_a_word(environment, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "carbonctl", "train", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment, cwd=tmp_path,
    )  # fmt: skip
    process.stdin.write(b"# x\n" * 50_000)  # more than a pipe holds: it reads its input now
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_nothing_is_said_beside_the_answer_of_a_long_run(carbonctl):
    ran = carbonctl("lifecycle", CONFIGS / "lifecycle-chat-7b.yaml", "--samples", "20000", "-q")
    assert (ran.code, ran.err) == (0, "")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize("words", [("compare",), ("validate", "-q")], ids=lambda words: words[0])
def test_progress_is_on_a_terminal_only_and_gone_at_the_end(words, carbonctl, monkeypatch):
    monkeypatch.setattr("carbonctl.cli.progress.DELAY_SECONDS", 0)
    files = (CONFIGS / "train-bloom.yaml", CONFIGS / "train-gpt-3.yaml")
    assert carbonctl(*words, *files).err == ""
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    assert carbonctl(*words, *files).code == 0
    said = screen.getvalue()
    assert f"\r{words[0]}: 0 of 2\r{words[0]}: 1 of 2\r" in said
    assert said.rsplit("\r", 2)[1].strip() == ""
    assert said.endswith("\r")


def test_progress_says_nothing_of_what_is_quick(carbonctl, monkeypatch):
    monkeypatch.setattr("carbonctl.cli.progress.DELAY_SECONDS", 60)
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    carbonctl("validate", CONFIGS / "train-bloom.yaml")
    assert screen.getvalue() == ""


def test_many_draws_are_counted_on_a_terminal_and_gone_at_the_end(carbonctl, monkeypatch):
    monkeypatch.setattr("carbonctl.cli.progress.DELAY_SECONDS", 0)
    words = ("train", CONFIGS / "train-bloom.yaml", "--samples", "100000", "-q")
    quiet = carbonctl(*words)
    assert quiet.err == ""
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    assert carbonctl(*words).out == quiet.out
    said = screen.getvalue()
    assert said.startswith("\r100,000 draws: 0 s")
    assert said.rsplit("\r", 2)[1].strip() == ""
    assert said.endswith("\r")
