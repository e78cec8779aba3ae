"""``help``: every error code has a cause and a remedy, every topic says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tables import for_each

from carbonctl.cli.app import COMMANDS, EXIT_INTERRUPT, EXIT_PIPE
from carbonctl.core import errors, units
from carbonctl.report.formats import FORMATS
from carbonctl.report.text.remedies import REMEDIES
from carbonctl.report.text.topics import TOPICS

SOURCE = Path(errors.__file__).parents[1]
FORMS = ("exit-codes", "formats", "units", "boundaries", "environment", "errors")


def test_every_code_has_a_help_text_and_no_other_has():
    assert list(REMEDIES) == list(errors.CODES)


@for_each("code", errors.CODES)
def test_a_code_is_explained_by_cause_and_remedy(code, carbonctl):
    cause, remedy = REMEDIES[code]
    assert len(cause) > 20
    assert len(remedy) > 20
    assert cause != remedy
    assert cause.endswith(".")
    assert remedy.endswith((".", "my.yaml"))
    ran = carbonctl("help", code.lower())
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{code}: {errors.CODES[code]}\n\ncause   ")
    assert "\nremedy  " in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert ran.out.isascii()


def test_every_code_that_the_program_raises_is_listed():
    used = {
        code
        for path in SOURCE.rglob("*.py")
        if path.name not in {"errors.py", "remedies.py", "topics.py", "help.py"}
        for code in re.findall(r'"(CC\d{3})"', path.read_text(encoding="utf-8"))
    }
    assert used == set(errors.CODES)


@for_each("code", errors.CODES)
def test_a_command_that_a_remedy_names_exists(code, carbonctl):
    for said in re.findall(r"carbonctl ([a-z]+)", " ".join(REMEDIES[code])):
        assert said in COMMANDS
        assert carbonctl(said, "--help").code == 0


@for_each("name", FORMS)
def test_a_topic_is_short_plain_and_fits_80_columns(name, carbonctl):
    ran = carbonctl("help", name)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert ran.out.isascii()
    assert len(lines) <= (24 if name != "errors" else 100)


def test_the_topics_are_those_that_are_tested_here():
    assert tuple(TOPICS) == FORMS


def test_the_topic_of_exit_codes_lists_all_that_commands_end_with():
    known = {getattr(errors, name) for name in dir(errors) if name.startswith("EXIT_")}
    told = {int(code) for code in re.findall(r"^(\d+) ", TOPICS["exit-codes"], re.MULTILINE)}
    assert told >= known | {0, EXIT_PIPE, EXIT_INTERRUPT}


def test_the_topic_of_formats_lists_all_outputs_and_imports():
    assert [form for form in FORMATS if f"\n{form} " not in TOPICS["formats"]] == []
    for said in ("CodeCarbon", "nvidia-smi", "DCGM", "Slurm", "config.json"):
        assert said in TOPICS["formats"]


def test_the_topic_of_units_lists_units_that_are_read():
    for kind, names in units.symbols_by_dimension().items():
        assert f"\n{kind}" in TOPICS["units"]
        for name in names:
            assert units.parse(f"1 {name}", names[0]) > 0
            assert name in TOPICS["units"]


def test_every_variable_of_the_environment_topic_is_read_somewhere():
    told = re.findall(r"^([A-Z_]{4,}) ", TOPICS["environment"], re.MULTILINE)
    assert "CARBONCTL_HARDWARE_DB" in told
    own = [name for name in told if name.startswith("CARBONCTL_")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    assert set(own) == set(re.findall(r'"(CARBONCTL_[A-Z_]+)"', text))


def test_help_alone_lists_topics_and_commands(carbonctl):
    out = carbonctl("help").out
    assert [name for name in (*FORMS, *COMMANDS) if name not in out] == []


@pytest.mark.parametrize("words", [("train",), ("hw", "show"), ("help",)])
def test_help_on_a_command_is_its_own_help(words, carbonctl):
    ran = carbonctl("help", *words)
    assert (ran.code, ran.out) == (0, carbonctl(*words, "--help").out)


def test_several_codes_are_explained_at_once(carbonctl):
    out = carbonctl("help", "CC101", "CC202").out
    assert out.index("CC101: ") < out.index("CC202: ")


@pytest.mark.parametrize(("word", "hint"), [("CC999", "lists"), ("unit", '"units"')])
def test_help_on_nothing_known_is_a_usage_error(word, hint, carbonctl):
    ran = carbonctl("help", word)
    assert (ran.code, ran.out) == (2, "")
    assert f'there is no help on "{word}"' in ran.err
    assert hint in ran.err


def test_an_error_names_the_command_that_explains_it(carbonctl):
    ran = carbonctl("train", "-", stdin="frob: 1\nname: [1]\n")
    assert ran.err.endswith("2 errors. Nothing was estimated. Why: carbonctl help CC101 CC201\n")
    usage = carbonctl("train", "-f", "xml", "x.yaml")
    assert "Why:" not in usage.err


def test_errors_as_github_annotations(carbonctl, tmp_path):
    path = tmp_path / "a,b.yaml"
    text = "hardware: {accelerator: h100-smx}\nsite: {region: NO}\ntrain: {days: 10 d}\n"
    path.write_text(text, encoding="utf-8")
    place = f"file={tmp_path}/a%2Cb.yaml,line=1,col=25,endColumn=33,title=CC103"
    for command in ("train", "validate"):
        ran = carbonctl(command, path, "-f", "github")
        assert ran.code == 3
        assert ran.out.startswith(f'::error {place}::unknown accelerator "h100-smx"')
        assert "did you mean" in ran.out
        assert f"{path}:1:25: error[CC103]" in ran.err
