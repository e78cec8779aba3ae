"""``carbonctl init``: a scenario to start from."""

from typing import Annotated

import typer

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


def command(
    kind: Annotated[str, typer.Argument(help=", ".join(KINDS))],
    output: o.Output = None,
) -> None:
    """Write a commented scenario that runs unedited."""
    from carbonctl.catalog.locate import bundled  # noqa: PLC0415 - after the kind is known good

    if kind not in KINDS:
        message = f'there is no "{kind}" to start from; choose {", ".join(KINDS)}'
        raise UsageError(message, did_you_mean(kind, KINDS))
    emit((bundled("configs") / f"{KINDS[kind]}.yaml").read_text(encoding="utf-8"), output)
