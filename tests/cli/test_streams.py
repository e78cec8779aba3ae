"""Results on stdout, everything else on stderr, files whole or not there, plain text in pipes."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tables import for_each

from carbonctl.report.formats import FORMATS
from carbonctl.report.text.refresh_table import render as render_choice
from carbonctl.report.text.table import make_console, render

CONFIGS = Path(__file__).parents[2] / "configs"
ONE_LINER = (
    "lifecycle", "--params", "7B", "--gpu", "h100-sxm:64", "--days", "10",
    "--region", "aws:us-east-1", "--requests", "1M/day", "--tokens", "500:300",
)  # fmt: skip
# command, scenario: every bundled file with the command that its name says
RUNS = [
    ("train", "train-bloom"),
    ("train", "train-cnn"),
    ("train", "train-diffusion"),
    ("train", "train-distillation"),
    ("train", "train-dlrm"),
    ("train", "train-dpo"),
    ("train", "train-encoder"),
    ("train", "train-federated"),
    ("train", "train-finetune-share"),
    ("train", "train-gpt-3"),
    ("train", "train-grpo"),
    ("train", "train-llama-1"),
    ("train", "train-llama-2"),
    ("train", "train-llama-3"),
    ("train", "train-llama-3.1"),
    ("train", "train-lora"),
    ("train", "train-moe"),
    ("train", "train-olmo-2-7b"),
    ("train", "train-qlora"),
    ("train", "train-sliding-window"),
    ("train", "train-small-decoder"),
    ("train", "train-speech"),
    ("train", "train-t5-11b"),
    ("train", "train-unet"),
    ("train", "train-video"),
    ("train", "train-vit"),
    ("train", "compare-dlrm"),
    ("infer", "infer-embeddings"),
    ("infer", "infer-flux"),
    ("infer", "infer-gemini-boundary"),
    ("infer", "infer-int4-l4"),
    ("infer", "infer-mixture-on-ranks"),
    ("infer", "infer-ranking"),
    ("infer", "infer-reasoning-b200"),
    ("infer", "infer-text-to-video"),
    ("infer", "infer-vision-language"),
    ("infer", "infer-chat-70b"),
    ("infer", "infer-sdxl"),
    ("lifecycle", "dlrm-weekly"),
    ("lifecycle", "lifecycle-chat-7b"),
    ("lifecycle", "lifecycle-chat-7b-stockholm"),
    ("embodied", "embodied-8xh100"),
    ("embodied", "embodied-act-fairphone-3"),
    ("embodied", "embodied-act-r740"),
    ("embodied", "embodied-dell-r740"),
    ("refresh", "refresh-a100-to-h100"),
    ("refresh", "refresh-v100-to-h100"),
]
ANSI = "\x1b"


def config(name):
    return CONFIGS / f"{name}.yaml"


def test_every_bundled_scenario_is_run_here():
    assert sorted(name for _, name in RUNS) == sorted(p.stem for p in CONFIGS.glob("*.yaml"))


@for_each("form", FORMATS)
def test_a_result_is_on_stdout_alone(form, carbonctl):
    ran = carbonctl("train", config("train-bloom"), "-f", form)
    assert ran.code == 0
    assert ran.out.endswith("\n")
    assert ran.err == ""


def test_a_warning_is_on_stderr_alone(carbonctl):
    ran = carbonctl(
        "train", config("train-llama-2"), "--set", "site.pue=1.2", "--samples", "0", "-f", "json"
    )
    assert ran.code == 0
    assert "warning[CC303]: PUE is not applied" in ran.err
    assert "warning[" not in ran.out
    assert json.loads(ran.out)["warnings"][0]["level"] == "warning"


def test_quiet_prints_the_answer_and_no_warning(carbonctl):
    ran = carbonctl("train", config("train-llama-2"), "--set", "site.pue=1.2", "-q")
    assert ran.err == ""
    assert len(ran.out.splitlines()) <= 4
    assert "90 % interval" in ran.out


def test_verbose_lists_every_assumption_and_every_gap(carbonctl):
    short = carbonctl("lifecycle", config("lifecycle-chat-7b"))
    long = carbonctl("lifecycle", config("lifecycle-chat-7b"), "-v")
    assert "; -v" in short.out
    assert "; -v" not in long.out
    assert long.out.count("* assumed") > 10
    assert "outside the boundary" in long.out


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("train", "train-bloom"),
        ("infer", "infer-chat-70b"),
        ("lifecycle", "lifecycle-chat-7b"),
        ("embodied", "embodied-8xh100"),
        ("explain", "train-bloom"),
    ],
)
def test_a_dash_reads_stdin_and_gives_the_same_answer(command, name, carbonctl):
    extra = () if command == "explain" else ("--samples", "100")
    from_file = carbonctl(command, config(name), *extra)
    from_stdin = carbonctl(command, "-", *extra, stdin=config(name).read_bytes())
    assert from_file.code == from_stdin.code == 0
    expected = from_file.out.replace(str(config(name)), "<stdin>")
    assert from_stdin.out.split() == expected.split()  # where a tree wraps depends on the name


def test_a_dash_validates_stdin(carbonctl):
    ran = carbonctl("validate", "-", stdin=config("train-bloom").read_bytes())
    assert (ran.code, ran.out) == (0, "-: valid\n")


@pytest.mark.parametrize("command", ["train", "infer", "lifecycle", "embodied", "explain"])
def test_errors_of_stdin_have_positions(command, carbonctl):
    ran = carbonctl(command, "-", stdin="name: x\nfrob: 1\n")
    assert (ran.code, ran.out) == (3, "")
    assert '<stdin>:2:1: error[CC101]: unknown key "frob"' in ran.err
    assert "    2 | frob: 1" in ran.err


def test_an_empty_stdin_is_an_error(carbonctl):
    ran = carbonctl("lifecycle", "-")
    assert ran.code == 3
    assert "<stdin>:1:1: error[CC007]" in ran.err


def test_one_of_the_compared_scenarios_may_be_stdin(carbonctl):
    raw = config("train-bloom").read_bytes()
    ran = carbonctl("compare", config("train-llama-2"), "-", "--samples", "0", stdin=raw)
    assert ran.code == 0
    assert "bloom" in ran.out


def test_a_scenario_beside_itself_is_said_to_emit_the_same(carbonctl):
    file = CONFIGS / "lifecycle-chat-7b.yaml"
    for samples in ("0", "100"):
        out = carbonctl("compare", file, file, "--samples", samples).out
        assert re.search(r"^A and B emit the same: \d+ t CO2e$", out, re.MULTILINE)
        assert "emits less" not in out


def test_every_note_stands_apart_from_its_label(carbonctl):
    words = ("infer", CONFIGS / "infer-chat-70b.yaml", "--samples", "0", "-v")
    out = carbonctl(*words).out
    assert re.search(r"^per 1k output tokens +[\d.]+ Wh ", out, re.MULTILINE)


def test_extends_on_stdin_is_read_from_the_working_directory(carbonctl, monkeypatch):
    monkeypatch.chdir(CONFIGS)
    ran = carbonctl("train", "-", "--samples", "0", stdin="extends: train-bloom.yaml\nname: mine\n")
    assert ran.code == 0
    assert ran.out.startswith("mine: ")


@for_each("form", FORMATS)
def test_a_file_holds_what_stdout_would(form, carbonctl, tmp_path):
    words = ("train", config("train-bloom"), "--samples", "100", "-f", form)
    target = tmp_path / "result"
    ran = carbonctl(*words, "-o", target)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert target.read_text(encoding="utf-8") == carbonctl(*words).out
    assert [p.name for p in tmp_path.iterdir()] == ["result"]


@pytest.mark.parametrize(
    "words",
    [
        ("compare", config("train-bloom"), config("train-llama-2"), "--samples", "0"),
        ("explain", config("train-bloom")),
        ("init", "lifecycle"),
    ],
    ids=lambda words: words[0],
)
def test_other_commands_write_files_too(words, carbonctl, tmp_path):
    target = tmp_path / "result"
    assert carbonctl(*words, "-o", target).out == ""
    assert target.read_text(encoding="utf-8") == carbonctl(*words).out


def test_a_dash_as_output_is_stdout(carbonctl):
    words = ("train", config("train-bloom"), "--samples", "0", "-f", "csv")
    assert carbonctl(*words, "-o", "-").out == carbonctl(*words).out


def test_a_file_replaces_an_older_one_whole(carbonctl, tmp_path):
    target = tmp_path / "result.csv"
    target.write_text("old\n" * 10_000, encoding="utf-8")
    carbonctl("train", config("train-bloom"), "--samples", "0", "-f", "csv", "-o", target)
    text = target.read_text(encoding="utf-8")
    assert text.startswith("id,label,")
    assert "old" not in text


def test_an_error_leaves_an_older_file_as_it_was(carbonctl, tmp_path):
    target = tmp_path / "result.csv"
    target.write_text("old\n", encoding="utf-8")
    ran = carbonctl("train", config("train-bloom"), "--set", "train.frob=1", "-o", target)
    assert ran.code == 3
    assert target.read_text(encoding="utf-8") == "old\n"
    assert [p.name for p in tmp_path.iterdir()] == ["result.csv"]


def test_a_missing_target_folder_ends_with_3_and_makes_nothing(carbonctl, tmp_path):
    ran = carbonctl("train", config("train-bloom"), "-o", tmp_path / "no" / "result")
    assert (ran.code, ran.out) == (3, "")
    assert "error[CC008]" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_is_a_folder_ends_with_3_and_leaves_nothing_in_it(carbonctl, tmp_path):
    inside = tmp_path / "folder"
    inside.mkdir()
    ran = carbonctl("train", config("train-bloom"), "-f", "csv", "-o", inside)
    assert (ran.code, ran.out) == (3, "")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]
    assert list(inside.iterdir()) == []


def test_a_failed_write_leaves_no_temporary_file(carbonctl, tmp_path, monkeypatch):
    def full(self, _target):
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "replace", full)
    ran = carbonctl("train", config("train-bloom"), "-f", "csv", "-o", tmp_path / "result")
    assert ran.code == 3
    assert "no space left on device" in ran.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [(), ("--no-color",)], ids=["a pipe", "--no-color"])
def test_a_pipe_carries_no_escapes(words, carbonctl):
    ran = carbonctl(*ONE_LINER, *words)
    assert ANSI not in ran.out + ran.err


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize("name", ["NO_COLOR", "--no-color"])
def test_a_terminal_gets_no_color_where_none_is_wanted(name, carbonctl, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stdout", screen := Terminal())
    if name == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    carbonctl(*ONE_LINER, *([name] if name.startswith("--") else []), "--samples", "0")
    assert not re.search(r"\x1b\[[0-9;]*[34][0-9]", screen.getvalue())


def test_an_error_carries_no_escapes_even_on_a_terminal(carbonctl, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    assert ANSI not in carbonctl("train", "none.yaml").err


@for_each("form", [form for form in FORMATS if form != "table"])
def test_a_machine_reads_the_same_from_a_terminal_and_from_a_pipe(form, carbonctl, monkeypatch):
    words = ("train", config("train-bloom"), "--samples", "100", "-f", form)
    piped = carbonctl(*words).out
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys, "stdout", screen := Terminal())
    carbonctl(*words)
    assert screen.getvalue() == piped


def test_every_format_and_a_difference_are_the_same_bytes_whatever_the_hash_seed(
    environment, tmp_path
):
    """One process a seed, which writes all of them."""
    life = ["lifecycle", str(config("lifecycle-chat-7b")), "--samples", "100"]
    files = [str(config(name)) for name in ("train-llama-2", "train-llama-3.1")]
    commands = {form: [*life, "-f", form] for form in FORMATS}
    commands["difference"] = ["diff", *files, "--samples", "100", "-f", "json"]
    script = (
        "import json, sys; from carbonctl.cli.app import run\n"
        "for name, words in json.loads(sys.argv[1]).items():\n"
        "    assert run([*words, '-o', name]) == 0, name"
    )
    made = []
    for seed in ("0", "1"):
        folder = tmp_path / seed
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-c", script, json.dumps(commands)], check=True, cwd=folder,
            env=environment | {"PYTHONHASHSEED": seed},
        )  # fmt: skip
        made.append({name: (folder / name).read_bytes() for name in commands})
    assert [name for name in commands if made[0][name] != made[1][name]] == []
    assert [name for name, raw in made[0].items() if not raw] == []


class Counted(io.StringIO):
    """A stream that remembers what it held whenever it was flushed."""

    def __init__(self):
        super().__init__()
        self.flushed = []

    def flush(self):
        self.flushed.append(self.getvalue())


def test_a_row_of_ndjson_is_flushed_before_the_next_is_written(carbonctl, monkeypatch):
    monkeypatch.setattr(sys, "stdout", stream := Counted())
    carbonctl("train", config("train-llama-3.1"), "--samples", "0", "-f", "ndjson")
    rows = stream.getvalue().splitlines(keepends=True)
    assert len(rows) > 5
    wanted = ["".join(rows[:count]) for count in range(1, len(rows) + 1)]
    assert [text for text in wanted if text not in stream.flushed] == []


def test_the_first_row_of_ndjson_is_enough_for_its_reader(environment):
    words = [sys.executable, "-m", "carbonctl", "report", "-", "-f", "ndjson"]
    saved = subprocess.run(
        [*words[:3], "lifecycle", str(config("dlrm-weekly")), "--samples", "0", "-f", "json"],
        capture_output=True, check=True, env=environment,
    )  # fmt: skip
    process = subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    wide = b"x" * 100_000  # more than a pipe holds
    process.stdin.write(saved.stdout.replace(b"feed-ranker", wide))
    process.stdin.close()
    assert json.loads(process.stdout.readline())["parent"] == "total"
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 141


def test_an_interrupt_from_the_keyboard_is_quiet(environment):
    words = [sys.executable, "-m", "carbonctl", "verify", "-"]
    process = subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    process.stdin.write(b" " * 200_000)  # more than a pipe holds: it reads its input now
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    said, complained = process.communicate()
    assert (process.returncode, said, complained) == (130, b"", b"")


def test_commands_make_a_pipe(environment, tmp_path):
    scenario = shlex.quote(str(config("lifecycle-chat-7b")))
    python = shlex.quote(sys.executable)
    steps = (
        f"{python} -m carbonctl lifecycle - -f json < {scenario}",
        f"{python} -m carbonctl report - -f json",
        f"{python} -m carbonctl verify -",
    )
    done = subprocess.run(
        [shutil.which("bash"), "-o", "pipefail", "-c", " | ".join(steps)],
        capture_output=True, text=True, check=True, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert "\nsame: " in done.stdout


@pytest.fixture(scope="module")
def envelopes():
    """JSON of every bundled scenario, computed once."""
    return {}


@pytest.fixture
def envelope(envelopes, carbonctl):
    def of(command, name):
        if name not in envelopes:
            ran = carbonctl(command, config(name), "--samples", "200", "-f", "json")
            assert ran.code == 0, ran.err
            envelopes[name] = json.loads(ran.out)
        return envelopes[name]

    return of


def drawn(data, width, **options):
    """A table as text, as it looks in a terminal of that width."""
    stream = io.StringIO()
    out = make_console(stream, color=False)
    out.width = width
    (render_choice if data["command"] == "refresh" else render)(data, out, **options)
    return stream.getvalue().splitlines()


@for_each("width", [40, 50, 63, 64, 72, 80])
@for_each("command, name", RUNS)
def test_no_line_of_a_table_is_wider_than_the_terminal(command, name, width, envelope):
    for options in ({}, {"verbose": True}, {"quiet": True}):
        lines = drawn(envelope(command, name), width, **options)
        assert [line for line in lines if len(line) > width] == [], options


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_the_width_is_that_of_the_environment_and_at_most_80(columns, carbonctl, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    lines = carbonctl(*ONE_LINER, "--samples", "200").out.splitlines()
    assert max(map(len, lines)) <= min(int(columns), 80)


def test_a_terminal_narrower_than_40_gets_40_columns(carbonctl, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    assert max(map(len, carbonctl(*ONE_LINER, "--samples", "200").out.splitlines())) <= 40


def test_phase_value_and_interval_remain_at_40_columns(envelope):
    lines = drawn(envelope("lifecycle", "lifecycle-chat-7b"), 40)
    head = next(line for line in lines if line.startswith("phase"))
    assert "t CO2e" in head
    assert "90 %" in head
    assert "share" not in head


@for_each("command, name", RUNS)
def test_a_table_is_plain_ascii(command, name, envelope):
    for width in (40, 80):
        text = "\n".join(drawn(envelope(command, name), width, verbose=True))
        assert text.isascii(), {c for c in text if not c.isascii()}


@pytest.mark.parametrize("command", ["the one-liner", "lifecycle-chat-7b"])
def test_an_answer_fits_24_lines(command, carbonctl):
    words = ONE_LINER if command == "the one-liner" else ("lifecycle", config(command))
    assert len(carbonctl(*words).out.splitlines()) <= 24


@for_each("count", [2, 3, 5])
@for_each("columns", ["40", "80"])
def test_a_comparison_fits_the_terminal(count, columns, carbonctl, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    names = ["train-bloom", "train-llama-2", "train-llama-3.1", "train-olmo-2-7b", "compare-dlrm"]
    ran = carbonctl("compare", *map(config, names[:count]), "--samples", "100")
    assert ran.code == 0, ran.err
    assert ran.out.isascii()
    assert [line for line in ran.out.splitlines() if len(line) > int(columns)] == []


def test_a_name_in_markup_is_printed_as_it_is(carbonctl):
    ran = carbonctl(*ONE_LINER, "--set", "name='[bold]x[/bold] [/]'", "--samples", "0")
    assert ran.code == 0
    assert ran.out.startswith("[bold]x[/bold] [/]: ")


def test_a_long_name_is_cut_or_wrapped(carbonctl):
    ran = carbonctl(*ONE_LINER, "--set", f"name={'n' * 300}", "--samples", "0")
    assert ran.code == 0
    assert max(map(len, ran.out.splitlines())) <= 80


def test_control_characters_in_a_name_never_reach_the_terminal(carbonctl):
    ran = carbonctl(*ONE_LINER, "--set", 'name="a\\e[31mb"', "--samples", "0")
    assert ANSI not in ran.out + ran.err


def test_control_characters_in_an_error_never_reach_the_terminal(carbonctl):
    ran = carbonctl(
        "train", "-", stdin='hardware: {accelerator: "a\\e[31mb"}\ntrain: {days: 1 d}\n'
    )
    assert ran.code == 3
    assert ANSI not in ran.err
