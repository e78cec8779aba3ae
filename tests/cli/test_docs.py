"""Every command and every flag says what it does; the root help sorts commands into panels."""

from __future__ import annotations

import subprocess
import sys

import typer
from tables import for_each

from carbonctl.cli.app import COMMANDS, build_app

PANELS = ("Estimate", "Decide", "Gate", "Trust", "Data", "Files", "Help")


def leaves(command, path=()):
    """Every command that runs something, with the words that lead to it."""
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name, child in children.items():
        yield from leaves(child, (*path, name))


ROOT = typer.main.get_command(build_app())
LEAVES = list(leaves(ROOT))
FLAGS = [(path, flag) for path, command in LEAVES for flag in command.params]


def test_the_walk_finds_every_command():
    names = {path[0] for path, _ in LEAVES}
    assert names == set(COMMANDS)
    assert {("hw", "check"), ("grid", "show"), ("model", "search")} <= {path for path, _ in LEAVES}


@for_each("path, command", LEAVES, ids=[" ".join(path) for path, _ in LEAVES])
def test_a_command_says_what_it_does_in_one_sentence(path, command):
    text = (command.help or "").strip()
    assert text, path
    assert text[0].isupper()
    assert text.endswith(".")
    assert "\n" not in text


@for_each("path, flag", FLAGS, ids=[f"{' '.join(path)} {flag.name}" for path, flag in FLAGS])
def test_a_flag_and_an_argument_have_a_help_text(path, flag):
    assert (getattr(flag, "help", None) or "").strip(), path
    assert flag.help.isascii()


def test_a_flag_means_the_same_in_every_command():
    texts = {}
    for path, flag in FLAGS:
        if path[0] in {"train", "infer", "lifecycle", "embodied", "compare"}:
            texts.setdefault(flag.name, set()).add((flag.help, tuple(flag.opts)))
    assert {name: said for name, said in texts.items() if len(said) > 1} == {}


def test_the_root_help_shows_every_panel_and_every_command(carbonctl):
    out = carbonctl("--help").out
    assert [panel for panel in PANELS if f" {panel} " not in out] == []
    assert [name for name in COMMANDS if f" {name} " not in out] == []
    assert out.index(" Estimate ") < out.index(" Decide ") < out.index(" Trust ")


@for_each("name", sorted({*COMMANDS, *(" ".join(path) for path, _ in LEAVES)}))
def test_help_is_shown_for_every_command_and_fits_80_columns(name, carbonctl):
    for flag in ("--help", "-h"):
        ran = carbonctl(*name.split(), flag)
        assert (ran.code, ran.err) == (0, "")
        assert f"Usage: carbonctl {name}" in ran.out
        assert max(map(len, ran.out.splitlines())) <= 80


def test_help_lists_the_choices_of_init(carbonctl):
    out = carbonctl("init", "--help").out
    assert all(kind in out for kind in ("train", "infer", "image", "dlrm", "embodied", "lifecycle"))


def test_help_in_a_pipe_carries_no_escapes(environment, tmp_path):
    words = [sys.executable, "-m", "carbonctl", "train", "--help"]
    done = subprocess.run(words, capture_output=True, check=True, env=environment, cwd=tmp_path)
    assert b"\x1b" not in done.stdout
    assert b"--accelerator-hours" in done.stdout
