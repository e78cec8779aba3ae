"""Start a scenario: from a bundled one, or from logs and tables of other tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from carbonctl.core.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

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
CHOICES = (*KINDS, GATE)


def check_kind(kind: str, *, has_files: bool, has_target: bool) -> None:
    """UsageError where there is nothing of a kind to start from, or arguments do not fit it.

    ``has_files`` are scenarios to gate, ``has_target`` logs to import or a file to write.
    """
    if kind not in CHOICES:
        message = f'there is no "{kind}" to start from; choose {", ".join(CHOICES)}'
        raise UsageError(message, did_you_mean(kind, CHOICES))
    if kind == GATE and has_target:
        message = "init gate writes several files where you stand, and imports none"
        raise UsageError(message)
    if has_files and kind != GATE:
        message = f"init {kind} reads no files; logs are given by --from"
        raise UsageError(message)


def check_is_new(output: str | None) -> None:
    """UsageError where a file is there already."""
    if output is not None and Path(output).is_file():
        message = f"{output} is there, and init writes over nothing"
        raise UsageError(message, "name another file")


def start_scenario(
    kind: str, logs: Sequence[str] = (), hardware_db: str | None = None
) -> tuple[str, list[str]]:
    """The text of a commented scenario that runs unedited, and notes on what logs left out.

    With ``logs`` it is made from files of other tools, else it is the bundled one of its kind.
    """
    if not logs:
        from carbonctl.catalog.locate import bundled  # noqa: PLC0415 - after the kind is good

        return (bundled("configs") / f"{KINDS[kind]}.yaml").read_text(encoding="utf-8"), []
    if kind != "train":
        message = f"--from makes a train scenario, not {kind}"
        raise UsageError(message, "carbonctl init train --from FILE")
    from carbonctl.catalog.read import Catalog  # noqa: PLC0415 - for imports alone
    from carbonctl.imports.detect import import_files  # noqa: PLC0415
    from carbonctl.imports.import_records import printable  # noqa: PLC0415
    from carbonctl.imports.writer import write_scenario  # noqa: PLC0415

    catalog = Catalog.open(hardware_db)
    imported = import_files(list(logs), catalog)
    return write_scenario(imported, list(logs), catalog), [
        printable(note) for note in imported.notes
    ]
