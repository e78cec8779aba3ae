"""``carbonctl init``: a scenario to start from, or one made from logs of a run."""

from pathlib import Path
from typing import Annotated

import typer

from carbonctl.cli import complete
from carbonctl.cli import options as o
from carbonctl.cli.output_format import format_of_file
from carbonctl.cli.run import emit
from carbonctl.core.errors import UsageError, did_you_mean

# kind -> the bundled scenario that it starts from
KINDS = {
    "train": "train-llama-3.1",
    "infer": "infer-chat-70b",
    "image": "infer-sdxl",
    "dlrm": "dlrm-weekly",
    "embodied": "embodied-8xh100",
    "lifecycle": "lifecycle-chat-7b",
    "refresh": "refresh-v100-to-h100",
}
GATE = "gate"
_SOURCES = "CodeCarbon, nvidia-smi (dmon), DCGM, sacct -P, config.json"


def command(
    kind: Annotated[
        str,
        typer.Argument(help=", ".join((*KINDS, GATE)), autocompletion=complete.of((*KINDS, GATE))),
    ],
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", help="Scenarios that CI gates (gate only)."),
    ] = None,
    from_: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="FILE", help=f"Import (train only): {_SOURCES}."),
    ] = None,
    output: o.Output = None,
    hardware_db: o.HardwareDb = None,
) -> None:
    """Write a commented scenario that runs unedited, one from logs, or a policy with CI files."""
    if kind not in {*KINDS, GATE}:
        choices = (*KINDS, GATE)
        message = f'there is no "{kind}" to start from; choose {", ".join(choices)}'
        raise UsageError(message, did_you_mean(kind, choices))
    if kind == GATE:
        _gate(files or [], hardware_db, other=bool(from_ or output))
        return
    if files:
        message = f"init {kind} reads no files; logs are given by --from"
        raise UsageError(message)
    format_of_file(output, ("yaml",))
    if output is not None and Path(output).is_file():
        message = f"{output} is there, and init writes over nothing"
        raise UsageError(message, "name another file")
    if from_:
        emit(_imported(kind, from_, hardware_db, output), output)
        return
    from carbonctl.catalog.locate import bundled  # noqa: PLC0415 - after the kind is known good

    emit((bundled("configs") / f"{KINDS[kind]}.yaml").read_text(encoding="utf-8"), output)


def _gate(files: list[str], hardware_db: str | None, *, other: bool) -> None:
    if other:
        message = "init gate writes several files where you stand, and imports none"
        raise UsageError(message)
    from carbonctl.cli.starter import start  # noqa: PLC0415 - for a gate alone

    start(files, hardware_db)


def _imported(kind: str, files: list[str], hardware_db: str | None, output: str | None) -> str:
    """The scenario that logs and tables of other tools make."""
    if kind != "train":
        message = f"--from makes a train scenario, not {kind}"
        raise UsageError(message, "carbonctl init train --from FILE")
    from carbonctl.catalog.read import Catalog  # noqa: PLC0415 - for imports alone
    from carbonctl.imports.detect import read_all  # noqa: PLC0415
    from carbonctl.imports.imported import printable  # noqa: PLC0415
    from carbonctl.imports.writer import scenario  # noqa: PLC0415

    catalog = Catalog.open(hardware_db)
    found = read_all(files, catalog)
    if output is not None:  # on stdout they stand in the file, as comments
        for note in found.notes:
            typer.echo(f"note: {printable(note)}", err=True)
    return scenario(found, files, catalog)
