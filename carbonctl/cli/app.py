"""The Typer app, and the error boundary that turns failures into messages and exit codes."""

from __future__ import annotations

import importlib
import os
import sys
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import typer
from typer.main import get_command

from carbonctl import __version__
from carbonctl.cli import light_help
from carbonctl.core import files
from carbonctl.core.errors import (
    EXIT_BUG,
    EXIT_USAGE,
    CarbonctlError,
    InputError,
    Mark,
    OutputError,
    Problem,
)
from carbonctl.core.output import write_output
from carbonctl.core.streams import STDOUT

if TYPE_CHECKING:
    from collections.abc import Callable

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
SURROGATES = ("\ud800", "\udfff")  # range that Python maps invalid UTF-8 bytes to
HELP_FLAGS = ("-h", "--help")
COMPLETION_VARIABLE = "_CARBONCTL_COMPLETE"  # set by the shell after Tab


def build_app(only: str | None = None) -> typer.Typer:
    """The app with all commands, or with only one of them to start faster."""
    app = typer.Typer(
        name="carbonctl",
        help="Life-cycle carbon of AI: what a model costs, how sure we are, what would change it.",
        no_args_is_help=True,
        add_completion=only is None or COMPLETION_VARIABLE in os.environ,
        context_settings={"help_option_names": list(HELP_FLAGS)},
        pretty_exceptions_enable=False,
    )
    app.callback()(_root_options)
    for name in [only] if only else COMMANDS:
        module = importlib.import_module(f"carbonctl.cli.{name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name, rich_help_panel=COMMANDS[name])
        else:
            app.command(name, rich_help_panel=COMMANDS[name])(module.command)
    return app


@cache
def _click_command(
    make: Callable[[str | None], typer.Typer],
    only: str | None,
    *,
    completes: bool,  # noqa: ARG001 - part of the cache key
) -> Any:
    """The Click command of the app; cached, for callers that run several commands."""
    return get_command(make(only))


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"carbonctl {__version__}")
        raise typer.Exit


def _root_options(
    version: bool = typer.Option(
        False,
        "--version",
        help="Print the version and exit.",
        callback=_print_version,
        is_eager=True,
    ),
    debug: bool = typer.Option(False, "--debug", help="Print a traceback on an internal error."),
) -> None:
    _ = version, debug  # used by the callback of --version, and by run


def run(argv: list[str]) -> int:
    """Run one command and return its exit code."""
    files.reset_inputs()
    try:
        _check_utf8(argv)
        if _is_help_request(argv):
            light_help.import_help()
        command = _click_command(
            build_app, _command_name(argv), completes=COMPLETION_VARIABLE in os.environ
        )
        code: Any = command(argv, standalone_mode=False, prog_name="carbonctl")
        sys.stdout.flush()
    except typer.Exit as stop:
        return _flush_and_exit_code(stop.exit_code, argv)
    except BaseException as error:  # noqa: BLE001 - report_failure handles each kind
        return report_failure(error, argv)
    return code if isinstance(code, int) else 0


def _is_help_request(argv: list[str]) -> bool:
    """Whether the arguments ask for help; an empty command line does, except on completion."""
    return any(word in HELP_FLAGS for word in argv) or not (
        argv or COMPLETION_VARIABLE in os.environ
    )


def _check_utf8(argv: list[str]) -> None:
    """Raise InputError for an argument that is not valid UTF-8."""
    wrong = [word for word in argv if any(SURROGATES[0] <= c <= SURROGATES[1] for c in word)]
    if wrong:
        hint = "give the file a name in UTF-8"
        raise InputError([Problem("CC002", "this is not UTF-8 text", Mark(wrong[0]), hint)])


def _flush_and_exit_code(code: int, argv: list[str]) -> int:
    """Flush stdout and return the exit code, or that of a failure to write."""
    try:
        sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - report_failure handles each kind
        return report_failure(error, argv)
    return code


def report_failure(error: BaseException, argv: list[str]) -> int:
    """Write why a command failed to stderr, and return its exit code."""
    match error:
        case CarbonctlError():
            return _report_problems(error, argv)
        case typer.TyperException():
            return _report_usage_error(error)
        case typer.Abort() | KeyboardInterrupt():
            return EXIT_INTERRUPT
        case BrokenPipeError() | SystemExit():  # Typer and Rich turn a broken pipe into an exit
            if COMPLETION_VARIABLE in os.environ:
                return 0
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return EXIT_PIPE
    if "--debug" in argv or not isinstance(error, Exception):
        raise error
    sys.stderr.write(f"carbonctl: internal error: {type(error).__name__}: {error}\n")
    sys.stderr.write("This is a bug in carbonctl; --debug before the command prints a traceback.\n")
    return EXIT_BUG


def _command_name(argv: list[str]) -> str | None:
    """Name of the command to run or to complete; None if there is none."""
    words = argv
    if COMPLETION_VARIABLE in os.environ:
        line = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS", "")
        words = line.split()[1:] if len(line.split()) > 2 or line.endswith(" ") else []  # noqa: PLR2004
    return words[0] if words and words[0] in COMMANDS else None


def _report_problems(error: CarbonctlError, argv: list[str]) -> int:
    from carbonctl.report.text.errors import format_error

    sys.stderr.write(format_error(error))
    if (form := _requested_format(argv)) and not _is_stdout_error(error):
        from carbonctl.report.formats import render_errors

        found = [problem.as_dict(error.exit_code) for problem in error.problems]
        try:
            write_output(render_errors(found, form), None)
        except (OutputError, BrokenPipeError) as lost:
            report_failure(lost, argv)
    return error.exit_code


def _is_stdout_error(error: CarbonctlError) -> bool:
    """Whether an error is a failure to write to stdout."""
    return isinstance(error, OutputError) and error.problems[0].mark == Mark(STDOUT)


def _requested_format(argv: list[str]) -> str | None:
    """The requested output format, also if the rest of the arguments is invalid."""
    for flag, value in pairwise([*argv, ""]):
        if flag == "--json":
            return "json"
        if flag in ("-f", "--format"):
            return value
        if flag.startswith(("-f", "--format=")):
            return flag.removeprefix("--format=").removeprefix("-f")
    return None


def _report_usage_error(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "carbonctl"
    message = error.format_message()
    if message:  # without a command the help is already printed
        sys.stderr.write(f"error: {message}\n   help: {command} --help\n")
    return EXIT_USAGE
