"""What stays out of a start that computes nothing: the schema, numpy, unshown parts of Rich."""

import subprocess
import sys

from carbonctl.cli.light_help import UNUSED_MODULES

SCHEMA = ("carbonctl.scenario", "carbonctl.estimate", "carbonctl.formulas", "numpy")


def ran(code):
    """Standard output of a fresh interpreter that runs some code."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


def loaded_by(*words):
    """Modules that are loaded once a command line has ended."""
    code = (
        "import sys, io; from contextlib import redirect_stdout, redirect_stderr\n"
        "from carbonctl.cli.app import run\n"
        "with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):\n"
        f"    run({list(words)!r})\n"
        "print(*sys.modules)"
    )
    return set(ran(code).split())


def test_help_and_errors_of_usage_load_no_schema_and_no_numpy():
    for words in (("--help",), ("train", "--help"), ("train", "--frobnicate"), ("hw", "list")):
        found = loaded_by(*words)
        assert not found.intersection(SCHEMA), words
        assert "carbonctl.cli.options" in found, words


def test_help_loads_no_part_of_rich_that_it_does_not_show():
    found = loaded_by("--help")
    assert "typer.rich_utils" in found
    assert not found.intersection({*UNUSED_MODULES, "markdown_it", "pydantic"})


def test_help_is_that_of_typer_with_all_of_rich():
    run = "from carbonctl.cli.app import run; run(['train', '--help'])"
    assert ran(run) == ran(f"import typer.rich_utils; {run}")


def test_parts_of_rich_are_the_real_ones_after_help():
    code = (
        "from carbonctl.cli.app import run; run(['--help'])\n"
        "from rich.markdown import Markdown; from rich.traceback import Traceback\n"
        "assert Markdown('*x*').markup == '*x*' and Traceback.from_exception"
    )
    ran(code)
