"""``carbonctl help``: explains an error code, a topic or a command."""

import sys
from typing import Annotated

import typer

from carbonctl.cli import complete
from carbonctl.core.errors import UsageError, did_you_mean


def command(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CCnnn|TOPIC|COMMAND]...",
            help="What to explain.",
            autocompletion=complete.topics,
        ),
    ] = None,
) -> None:
    """Explain an error code, a topic, or a command."""
    from carbonctl.cli.app import COMMANDS, run
    from carbonctl.report.text.topics import TOPICS, help_text

    if not words:
        sys.stdout.write(f"carbonctl help CC101: one error code\n"
                         f"carbonctl help TOPIC: {', '.join(TOPICS)}\n"
                         f"carbonctl help COMMAND: {', '.join(COMMANDS)}\n")  # fmt: skip
        return
    if words[0] in COMMANDS:
        raise typer.Exit(run([*words, "--help"]))
    try:
        sys.stdout.write("\n".join(help_text(word) for word in words))
    except KeyError as error:
        choices = (*TOPICS, *COMMANDS)
        message = f'there is no help on "{error.args[0]}"'
        hint = did_you_mean(error.args[0], choices) or "carbonctl help lists all topics"
        raise UsageError(message, hint) from None
