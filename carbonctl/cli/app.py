"""The Typer app and the error boundary: the one place that turns failures into exit codes."""

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
SURROGATES = ("\ud800", "\udfff")  # what Python makes of bytes that are no UTF-8
HELP = ("-h", "--help")
COMPLETING = "_CARBONCTL_COMPLETE"  # set by the shell after Tab


def build(only: str | None = None) -> typer.Typer:
    """The app with every command, or with the one that is about to run."""
    app = typer.Typer(
        name="carbonctl",
        help="Life-cycle carbon of AI: what a model costs, how sure we are, what would change it.",
        no_args_is_help=True,
        add_completion=only is None or COMPLETING in os.environ,
        context_settings={"help_option_names": list(HELP)},
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


@cache
def _command(
    make: Callable[[str | None], typer.Typer],
    only: str | None,
    *,
    completes: bool,  # noqa: ARG001 - an app with completion is another one
) -> Any:
    """The app of ``build``, ready to be called; made once, however many commands are run."""
    return get_command(make(only))


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
    files.reset_inputs()
    try:
        _check_words(argv)
        if _shows_help(argv):
            light_help.load()
        command = _command(build, _first(argv), completes=COMPLETING in os.environ)
        code: Any = command(argv, standalone_mode=False, prog_name="carbonctl")
        sys.stdout.flush()
    except typer.Exit as stop:
        return _ended(stop.exit_code, argv)
    except BaseException as error:  # noqa: BLE001 - told apart there
        return failed(error, argv)
    return code if isinstance(code, int) else 0


def _shows_help(argv: list[str]) -> bool:
    """Whether a command line asks for help; without a word it does, but of a shell after Tab."""
    return any(word in HELP for word in argv) or not (argv or COMPLETING in os.environ)


def _check_words(argv: list[str]) -> None:
    """InputError for a word of the command line that is no text."""
    wrong = [word for word in argv if any(SURROGATES[0] <= c <= SURROGATES[1] for c in word)]
    if wrong:
        hint = "give the file a name in UTF-8"
        raise InputError([Problem("CC002", "this is not UTF-8 text", Mark(wrong[0]), hint)])


def _ended(code: int, argv: list[str]) -> int:
    """The exit code of a command that is done, unless what it wrote is lost."""
    try:
        sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - told apart there
        return failed(error, argv)
    return code


def failed(error: BaseException, argv: list[str]) -> int:
    """Say why a command ended early; the exit code."""
    match error:
        case CarbonctlError():
            return _report(error, argv)
        case typer.TyperException():
            return _usage(error)
        case typer.Abort() | KeyboardInterrupt():
            return EXIT_INTERRUPT
        case BrokenPipeError() | SystemExit():  # Typer and Rich turn a broken pipe into an exit
            if COMPLETING in os.environ:
                return 0
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return EXIT_PIPE
    if "--debug" in argv or not isinstance(error, Exception):
        raise error
    sys.stderr.write(f"carbonctl: internal error: {type(error).__name__}: {error}\n")
    sys.stderr.write("This is a bug of ours; --debug before the command prints a traceback.\n")
    return EXIT_BUG


def _first(argv: list[str]) -> str | None:
    """The command that is given, or whose words the shell wants completed."""
    words = argv
    if COMPLETING in os.environ:
        line = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS", "")
        words = line.split()[1:] if len(line.split()) > 2 or line.endswith(" ") else []  # noqa: PLR2004
    return words[0] if words and words[0] in COMMANDS else None


def _report(error: CarbonctlError, argv: list[str]) -> int:
    from carbonctl.report.text.errors import as_text  # noqa: PLC0415 - only when something is wrong

    sys.stderr.write(as_text(error))
    if (form := _format_of(argv)) and not _is_of_stdout(error):
        from carbonctl.report.formats import errors  # noqa: PLC0415

        found = [problem.as_dict(error.exit_code) for problem in error.problems]
        try:
            write_output(errors(found, form), None)
        except (OutputError, BrokenPipeError) as lost:
            failed(lost, argv)
    return error.exit_code


def _is_of_stdout(error: CarbonctlError) -> bool:
    """Whether an error is that stdout cannot be written to, so that nothing more can."""
    return isinstance(error, OutputError) and error.problems[0].mark == Mark(STDOUT)


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
