"""The Typer app and the error boundary: the one place that turns failures into exit codes."""

from __future__ import annotations

import importlib
import os
import sys
from itertools import pairwise
from typing import Any

import typer

from carbonctl import __version__
from carbonctl.core.errors import EXIT_BUG, EXIT_USAGE, CarbonctlError

# command -> its help panel; each is one module of this package
COMMANDS = {
    "train": "Estimate",
    "infer": "Estimate",
    "embodied": "Estimate",
    "lifecycle": "Estimate",
    "compare": "Decide",
    "refresh": "Decide",
    "gate": "Gate",
    "diff": "Decide",
    "explain": "Trust",
    "validate": "Trust",
    "verify": "Trust",
    "hw": "Data",
    "grid": "Data",
    "model": "Data",
    "init": "Files",
    "report": "Files",
    "help": "Help",
}
EXIT_PIPE, EXIT_INTERRUPT = 141, 130
COMPLETING = "_CARBONCTL_COMPLETE"  # set by the shell after Tab


def build(only: str | None = None) -> typer.Typer:
    """The app with every command, or with the one that is about to run."""
    app = typer.Typer(
        name="carbonctl",
        help="Life-cycle carbon of AI: what a model costs, how sure we are, what would change it.",
        no_args_is_help=True,
        add_completion=only is None or COMPLETING in os.environ,
        context_settings={"help_option_names": ["-h", "--help"]},
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    for name in [only] if only else COMMANDS:
        module = importlib.import_module(f"carbonctl.cli.{name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name, rich_help_panel=COMMANDS[name])
        else:
            app.command(name, rich_help_panel=COMMANDS[name])(module.command)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"carbonctl {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", callback=_version, is_eager=True
    ),
    debug: bool = typer.Option(False, "--debug", help="Print a traceback on our own bugs."),
) -> None:
    _ = version, debug  # read by their callback, and by run


def run(argv: list[str]) -> int:
    """Run one command; the exit code."""
    only = _first(argv)
    try:
        code: Any = build(only)(argv, standalone_mode=False, prog_name="carbonctl")
        sys.stdout.flush()
    except CarbonctlError as error:
        return _report(error, argv)
    except typer.Exit as stop:
        return stop.exit_code
    except typer.TyperException as error:
        return _usage(error)
    except (typer.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPT
    except (BrokenPipeError, SystemExit):  # Typer and Rich turn a broken pipe into an exit
        if COMPLETING in os.environ:
            return 0
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE
    except Exception as bug:
        if "--debug" in argv:
            raise
        sys.stderr.write(f"carbonctl: internal error: {type(bug).__name__}: {bug}\n")
        sys.stderr.write("This is a bug of ours; --debug before the command prints a traceback.\n")
        return EXIT_BUG
    return code if isinstance(code, int) else 0


def _first(argv: list[str]) -> str | None:
    """The command that is given, or whose words the shell wants completed."""
    words = argv
    if COMPLETING in os.environ:
        line = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS", "")
        words = line.split()[1:] if len(line.split()) > 2 or line.endswith(" ") else []  # noqa: PLR2004
    return words[0] if words and words[0] in COMMANDS else None


def _report(error: CarbonctlError, argv: list[str]) -> int:
    from carbonctl.report.errors import as_text  # noqa: PLC0415 - only when something is wrong

    sys.stderr.write(as_text(error))
    if form := _format_of(argv):
        from carbonctl.report.formats import errors  # noqa: PLC0415

        found = [problem.as_dict(error.exit_code) for problem in error.problems]
        sys.stdout.write(errors(found, form))
    return error.exit_code


def _format_of(argv: list[str]) -> str | None:
    """The format that is asked for, whether or not its command could be read."""
    for flag, value in pairwise([*argv, ""]):
        if flag == "--json":
            return "json"
        if flag in ("-f", "--format"):
            return value
        if flag.startswith(("-f", "--format=")):
            return flag.removeprefix("--format=").removeprefix("-f")
    return None


def _usage(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "carbonctl"
    message = error.format_message()
    if message:  # without a command the help is already printed
        sys.stderr.write(f"error: {message}\n   help: {command} --help\n")
    return EXIT_USAGE
