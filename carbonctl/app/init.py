"""Text of a new scenario: a bundled one, or one from logs and tables of other tools."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from carbonctl.core.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

# kind -> name of the bundled scenario
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
    """Raise UsageError for an unknown kind, or for arguments that do not apply to it.

    ``has_files`` is whether scenarios to gate are given, ``has_target`` whether logs to import or
    a file to write are given.
    """
    if kind not in CHOICES:
        message = f'unknown kind "{kind}"; choose {", ".join(CHOICES)}'
        raise UsageError(message, did_you_mean(kind, CHOICES))
    if kind == GATE and has_target:
        message = "init gate writes files into the current folder; it takes no -o and no --from"
        raise UsageError(message)
    if has_files and kind != GATE:
        message = f"init {kind} takes no files; give logs with --from"
        raise UsageError(message)


def check_is_new(output: str | None) -> None:
    """Raise UsageError if a file exists."""
    if output is not None and Path(output).is_file():
        message = f"{output} exists, and init does not overwrite files"
        raise UsageError(message, "give another file name")


def start_scenario(
    kind: str, logs: Sequence[str] = (), hardware_db: str | None = None
) -> tuple[str, list[str]]:
    """The text of a commented scenario, and notes on excluded rows of logs.

    With ``logs`` the scenario is made from files of other tools; else it is the bundled one of
    its kind.
    """
    if not logs:
        from carbonctl.catalog.locate import bundled_folder

        return (bundled_folder("configs") / f"{KINDS[kind]}.yaml").read_text(encoding="utf-8"), []
    if kind != "train":
        message = f"--from works with init train only, not with init {kind}"
        raise UsageError(message, "carbonctl init train --from FILE")
    from carbonctl.catalog.read import Catalog
    from carbonctl.imports.detect import import_files
    from carbonctl.imports.import_records import printable
    from carbonctl.imports.writer import write_scenario

    catalog = Catalog.open(hardware_db)
    imported = import_files(list(logs), catalog)
    return write_scenario(imported, list(logs), catalog), [
        printable(note) for note in imported.notes
    ]
