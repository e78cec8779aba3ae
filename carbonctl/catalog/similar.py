"""Which known names look like an unknown one: suggestions, only where the likeness is real."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Two names of which less is alike are two things, not two spellings.
_LEAST_ALIKE = 0.82
_MOST_SHOWN = 3


def similar(
    name: str,
    known: Mapping[str, str],
    key: Callable[[str], str] = lambda text: re.sub(r"[\W_]+", "", text.lower()),
    *,
    as_written: bool = False,
) -> list[str]:
    """Up to three ids of which a name is spelled nearly like ``name``, best first.

    ``known`` is the id by each of its names, ``key`` what of a name is compared. ``as_written``
    gives those names and not the ids.
    """
    wanted = key(name)
    best: dict[str, tuple[float, str]] = {}
    for spelling, record_id in sorted(known.items(), key=lambda item: (" " in item[0], item)):
        score = _likeness(wanted, key(spelling))
        if score >= _LEAST_ALIKE and score > best.get(record_id, (0.0, ""))[0]:
            best[record_id] = (score, spelling)
    ordered = sorted(best, key=lambda record_id: (-best[record_id][0], record_id))[:_MOST_SHOWN]
    return [best[record_id][1] for record_id in ordered] if as_written else ordered


def _likeness(wanted: str, known: str) -> float:
    if not wanted or not known:
        return 0.0
    shorter, longer = sorted((len(wanted), len(known)))
    if 2.0 * shorter / (shorter + longer) < _LEAST_ALIKE:
        return 0.0
    return difflib.SequenceMatcher(None, wanted, known, autojunk=False).ratio()
