"""Suggestions for an unknown name: known names with a similar spelling."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Below this similarity, two names are two things, not two spellings.
_MIN_SIMILARITY = 0.82
_MAX_SUGGESTIONS = 3


def similar_names(
    name: str,
    known: Mapping[str, str],
    key: Callable[[str], str] = lambda text: re.sub(r"[\W_]+", "", text.lower()),
    *,
    as_written: bool = False,
) -> list[str]:
    """Up to three ids with a name spelled like ``name``, best first.

    ``known`` maps names to ids, ``key`` returns the part of a name that is compared. With
    ``as_written`` the names are returned instead of the ids.
    """
    wanted = key(name)
    best: dict[str, tuple[float, str]] = {}
    for spelling, record_id in sorted(known.items(), key=lambda item: (" " in item[0], item)):
        score = _similarity(wanted, key(spelling))
        if score >= _MIN_SIMILARITY and score > best.get(record_id, (0.0, ""))[0]:
            best[record_id] = (score, spelling)
    ordered = sorted(best, key=lambda record_id: (-best[record_id][0], record_id))[
        :_MAX_SUGGESTIONS
    ]
    return [best[record_id][1] for record_id in ordered] if as_written else ordered


def _similarity(wanted: str, other: str) -> float:
    if not wanted or not other:
        return 0.0
    shorter, longer = sorted((len(wanted), len(other)))
    if 2.0 * shorter / (shorter + longer) < _MIN_SIMILARITY:
        return 0.0
    return difflib.SequenceMatcher(None, wanted, other, autojunk=False).ratio()
