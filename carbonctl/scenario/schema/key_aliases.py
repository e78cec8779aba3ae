"""Aliases of keys in scenario files: ``gpu`` is ``accelerator``, as in the flags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.core.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.core.strict_yaml import Document, Path

_REFRESH_HARDWARE: tuple[Path, ...] = (("refresh", "old"), ("refresh", "new"))
ALIAS, KEY = "gpu", "accelerator"


def rename_aliases(document: Document) -> None:
    """Rename ``gpu`` to ``accelerator`` in every hardware section; positions in the file stay."""
    for path, section in list(_hardware_sections(document.data, ())):
        if ALIAS not in section:
            continue
        if KEY in section:
            message = f"{ALIAS} and {KEY} are one key, and both are given"
            mark = document.mark((*path, ALIAS), key=True)
            document.deferred_problems.append(
                Problem("CC303", message, mark, "keep one of the two")
            )
            del section[ALIAS]
            continue
        entries = {KEY if key == ALIAS else key: value for key, value in section.items()}
        section.clear()
        section.update(entries)
        for places in (document.marks, document.keys):
            if (*path, ALIAS) in places:
                places[(*path, KEY)] = places.pop((*path, ALIAS))


def _hardware_sections(value: Any, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Path and content of every section that names hardware."""
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _hardware_sections(item, (*path, place))
    elif isinstance(value, dict):
        if (path and path[-1] == "hardware") or path in _REFRESH_HARDWARE:
            yield path, value
            return
        for key, item in value.items():
            yield from _hardware_sections(item, (*path, key))
