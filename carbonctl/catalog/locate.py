"""Location of the bundled folders: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def bundled_folder(name: str) -> Path:
    """Path of a folder of bundled data (``hardware_db`` or ``configs``).

    An editable install leaves a copy of these folders in site-packages that goes stale, so a
    checkout's own folder wins.
    """
    checkout = _PACKAGE.parent
    beside = checkout / name
    return (
        beside if (checkout / "pyproject.toml").is_file() and beside.is_dir() else _PACKAGE / name
    )
