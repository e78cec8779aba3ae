"""Which known names look like an unknown one: suggestions, only where the likeness is real."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Two names of which less is alike are two things, not two spellings.
_LEAST_ALIKE = 0.8
_MOST_SHOWN = 3


def similar(name: str, known: Mapping[str, str] | Iterable[str]) -> list[str]:
    """Up to three ids whose name is spelled nearly like ``name``, best first.

    ``known`` is ids, or the id by each of its names. Separators and case do not count.
    """
    ids = known if hasattr(known, "items") else {one: one for one in known}
    wanted = _letters(name)
    scored: dict[str, float] = {}
    for spelling, record_id in sorted(ids.items()):
        score = _likeness(wanted, _letters(spelling))
        if score >= _LEAST_ALIKE:
            scored[record_id] = max(score, scored.get(record_id, 0.0))
    best = sorted(scored, key=lambda record_id: (-scored[record_id], record_id))
    return best[:_MOST_SHOWN]


def hint(names: Iterable[str]) -> str:
    """``did you mean "SE"?``, or nothing where there is nothing to offer."""
    shown = " or ".join(f'"{name}"' for name in names)
    return f"did you mean {shown}?" if shown else ""


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


def _likeness(wanted: str, known: str) -> float:
    if not wanted or not known:
        return 0.0
    shorter, longer = sorted((len(wanted), len(known)))
    if 2.0 * shorter / (shorter + longer) < _LEAST_ALIKE:
        return 0.0
    return difflib.SequenceMatcher(None, wanted, known, autojunk=False).ratio()
