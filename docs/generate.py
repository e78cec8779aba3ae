"""Write the documents that the program can write itself: commands, errors, gallery.

python docs/generate.py

A test makes them again and compares, so that none of them can fall behind the program.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from carbonctl.cli.app import COMMANDS, build_app, run
from carbonctl.core.errors import CODES
from carbonctl.report.text.remedies import REMEDIES
from carbonctl.report.text.topics import TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
NOTE = "<!-- Written by docs/generate.py; a test compares. -->\n"
ONE_LINER = (
    "carbonctl lifecycle --params 7B --gpu h100-sxm:64 --days 10 --region aws:us-east-1 "
    "--requests 1M/day --tokens 500:300"
)
# what is shown -> the command that shows it
GALLERY = {
    "A whole life from one line": ONE_LINER,
    "The same, only the answer": f"{ONE_LINER} -q",
    "Training, from published hours": "carbonctl train configs/train-llama-2.yaml",
    "Training, from work alone": "carbonctl train configs/train-moe.yaml",
    "A recommendation model, a life": "carbonctl lifecycle configs/dlrm-weekly.yaml",
    "Serving a chat model": "carbonctl infer configs/infer-chat-70b.yaml",
    "Serving pictures": "carbonctl infer configs/infer-sdxl.yaml",
    "Federated training on phones": "carbonctl train configs/train-federated.yaml",
    "A server, part by part": "carbonctl embodied configs/embodied-8xh100.yaml",
    "Side by side": "carbonctl compare configs/train-bloom.yaml configs/train-gpt-3.yaml",
    "For a comment or a report": "carbonctl train configs/train-bloom.yaml -f markdown",
    "For a spreadsheet": "carbonctl train configs/train-bloom.yaml -f csv --samples 0",
    "What one number rests on": "carbonctl explain configs/infer-sdxl.yaml --of per_image_energy",
    "The grid of a place": "carbonctl grid show FR",
    "Every mistake of a file at once": "carbonctl train tests/cli/bad/several-of-every-kind.yaml",
    "The same for GitHub": "carbonctl validate tests/cli/bad/several-runs.yaml -f github",
    "Why an error": "carbonctl help CC303",
}


def commands() -> str:
    """Every command with its arguments and flags, and every topic."""
    root = typer.main.get_command(build_app())
    parts = ["# Commands\n", NOTE]
    for name in COMMANDS:
        parts += _command(root.commands[name], (name,))  # type: ignore[attr-defined]
    parts.append("\n# Topics\n")
    for name, text in TOPICS.items():
        if name != "errors":
            parts.append(f"\n## carbonctl help {name}\n\n```text\n{text}```\n")
    return "".join(parts)


def _command(command: Any, words: tuple[str, ...]) -> Iterator[str]:
    children = getattr(command, "commands", None)
    if children is not None:
        for name, child in children.items():
            yield from _command(child, (*words, name))
        return
    yield f"\n## carbonctl {' '.join(words)}\n\n{command.help}\n"
    if command.params:
        yield "\n| argument or flag | what it is |\n|---|---|\n"
        yield from (f"| `{_names(param)}` | {_cell(param)} |\n" for param in command.params)


def _names(param: Any) -> str:
    if param.param_type_name == "argument":
        return str(param.metavar or param.name.upper())
    takes = f" {param.metavar}" if param.metavar else ""
    return ", ".join((*param.opts, *param.secondary_opts)) + takes


def _cell(param: Any) -> str:
    default = param.default
    shown = (
        f" Default {default}." if isinstance(default, int | str) and default is not False else ""
    )
    return f"{param.help}{shown}".replace("|", "\\|")


def errors() -> str:
    """Every error code with its cause and remedy."""
    rows = [f"| {c} | {CODES[c]} | {REMEDIES[c][0]} | {REMEDIES[c][1]} |\n" for c in CODES]
    head = "\n| code | what is wrong | cause | remedy |\n|---|---|---|---|\n"
    return "".join(["# Errors\n", NOTE, head, *rows])


def gallery() -> str:
    """Real outputs of bundled scenarios."""
    parts = ["# Gallery\n", NOTE]
    for title, command in GALLERY.items():
        code, text = output_of(command)
        ended = f"\nIt ends with {code}.\n" if code else ""
        parts.append(f"\n## {title}\n\n```console\n$ {command}\n{text}```\n{ended}")
    return "".join(parts)


def output_of(command: str) -> tuple[int, str]:
    """Exit code and all that a command prints, started from the top folder."""
    os.environ["COLUMNS"] = "80"
    text = io.StringIO()
    caught = (contextlib.redirect_stdout(text), contextlib.redirect_stderr(text))
    with contextlib.chdir(ROOT), caught[0], caught[1]:
        code = run(shlex.split(command)[1:])
    return code, "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


DOCUMENTS = {"commands.md": commands, "errors.md": errors, "gallery.md": gallery}


def main() -> int:
    """Write all of them."""
    for name, write in DOCUMENTS.items():
        (DOCS / name).write_text(write(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
