"""``carbonctl init``: writes a scenario to start from, or one from logs of a run."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from carbonctl.app.init import CHOICES, GATE, check_is_new, check_kind, start_scenario
from carbonctl.cli import complete
from carbonctl.cli import options as o
from carbonctl.cli.output_format import format_of_file
from carbonctl.core.output import write_output

_KIND = typer.Argument(help=", ".join(CHOICES), autocompletion=complete.complete_choices(CHOICES))
_FILES = typer.Argument(
    metavar="[FILE]...", help="Scenarios that the gate checks in CI (gate only)."
)
_SOURCES = "CodeCarbon, nvidia-smi (dmon), DCGM, sacct -P, config.json"
_FROM = typer.Option("--from", metavar="FILE", help=f"Import (train only): {_SOURCES}.")
Paths = list[str] | None


@o.with_flags("output", "hardware_db")
def command(
    kind: Annotated[str, _KIND],
    run: o.RunOptions,
    files: Annotated[Paths, _FILES] = None,
    from_: Annotated[Paths, _FROM] = None,
) -> None:
    """Write a commented scenario that runs as is, one from logs, or a policy with CI files."""
    check_kind(kind, has_files=bool(files), has_target=bool(from_ or run.output))
    if kind == GATE:
        _start_gate(files or [], run.hardware_db)
        return
    format_of_file(run.output, ("yaml",))
    check_is_new(run.output)
    text, notes = start_scenario(kind, from_ or (), run.hardware_db)
    for note in notes if run.output is not None else ():  # on stdout the text has them as comments
        typer.echo(f"note: {note}", err=True)
    write_output(text, run.output)


def _start_gate(files: list[str], hardware_db: str | None) -> None:
    """Write what is not there yet, say what to add to what is, and the one line to run."""
    from carbonctl.app.init_gate import GITLAB, start_gate

    start = start_gate(files, hardware_db)
    for target, text in start.texts.items():
        if Path(target).exists():
            shown = "".join(f"    {line}\n" for line in text.splitlines())
            sys.stdout.write(f"kept  {target}, which was there; it could have\n{shown}")
            continue
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        write_output(text, target)
        hint = f"; .gitlab-ci.yml takes it by  include: {{local: {target}}}"
        sys.stdout.write(f"wrote {target}{hint if target == GITLAB else ''}\n")
    sys.stdout.write(f"next  {start.next_command}\n")
