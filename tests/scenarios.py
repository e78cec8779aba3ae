"""The bundled scenarios, and the command that estimates each."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = ROOT / "configs"
# a choice between hardware is decided, not estimated: it has no total to hold, report or verify
LIVES_AND_ITEMS = sorted(p for p in CONFIGS.glob("*.yaml") if not p.stem.startswith("refresh-"))


def command_of(config: Path) -> str:
    """The command that estimates a bundled scenario."""
    if config.stem.startswith("embodied"):
        return "embodied"
    for command in ("infer", "refresh"):
        if config.stem.startswith(command):
            return command
    whole = config.stem.startswith("lifecycle") or config.stem == "dlrm-weekly"
    return "lifecycle" if whole else "train"
