"""Search of names by word, and errors of unknown and ambiguous names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.errors import InputError, Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.catalog.read import AmbiguousName


def matching_names(names: Iterable[str], word: str) -> list[str]:
    """Names that contain every part of a word, else the most similar ones."""
    from carbonctl.catalog.similar_names import similar_names

    parts = word.lower().replace("_", " ").replace("-", " ").split()
    known = list(names)
    found = [n for n in known if all(p in n.lower().replace("-", " ") for p in parts)]
    return found or similar_names(word, {name: name for name in known})


def unknown_name_error(code: str, message: str, hint: str) -> InputError:
    """The error of an unknown name."""
    return InputError([Problem(code, message, Mark("argument"), hint)])


def ambiguous_name_error(name: str, error: AmbiguousName, what: str = "several") -> InputError:
    """The error of a name that matches several records or places."""
    return unknown_name_error(
        "CC106", f'"{name}" matches {what}', f"use one of {', '.join(error.choices)}"
    )
