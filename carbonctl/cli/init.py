"""``carbonctl init``: a scenario to start from, or one made from logs of a run."""

from typing import Annotated

import typer

from carbonctl.cli import complete
from carbonctl.cli import options as o
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
}
_SOURCES = "CodeCarbon, nvidia-smi, DCGM, sacct -P, config.json"


def command(
    kind: Annotated[str, typer.Argument(help=", ".join(KINDS), autocompletion=complete.of(KINDS))],
    from_: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="FILE", help=f"Import (train only): {_SOURCES}."),
    ] = None,
    output: o.Output = None,
    hardware_db: o.HardwareDb = None,
) -> None:
    """Write a commented scenario that runs unedited, or one from logs."""
    if kind not in KINDS:
        message = f'there is no "{kind}" to start from; choose {", ".join(KINDS)}'
        raise UsageError(message, did_you_mean(kind, KINDS))
    if from_:
        emit(_imported(kind, from_, hardware_db), output)
        return
    from carbonctl.catalog.locate import bundled  # noqa: PLC0415 - after the kind is known good

    emit((bundled("configs") / f"{KINDS[kind]}.yaml").read_text(encoding="utf-8"), output)


def _imported(kind: str, files: list[str], hardware_db: str | None) -> str:
    """The scenario that logs and tables of other tools make."""
    if kind != "train":
        message = f"--from makes a train scenario, not {kind}"
        raise UsageError(message, "carbonctl init train --from emissions.csv")
    from carbonctl.catalog.read import Catalog  # noqa: PLC0415 - for imports alone
    from carbonctl.imports.detect import read_all  # noqa: PLC0415
    from carbonctl.imports.writer import scenario  # noqa: PLC0415

    catalog = Catalog.open(hardware_db)
    return scenario(read_all(files, catalog), files, catalog)
