"""``carbonctl init``: writes a scenario to start from, or one from logs of a run."""

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
        from carbonctl.cli.starter import start  # noqa: PLC0415 - for a gate alone

        start(files or [], run.hardware_db)
        return
    format_of_file(run.output, ("yaml",))
    check_is_new(run.output)
    text, notes = start_scenario(kind, from_ or (), run.hardware_db)
    for note in notes if run.output is not None else ():  # on stdout the text has them as comments
        typer.echo(f"note: {note}", err=True)
    write_output(text, run.output)
