"""Typer's help without the parts of Rich that it imports and this program never shows."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

UNSHOWN = ("rich.markdown", "rich.traceback")


def load() -> None:
    """Import Typer's help with stand-ins for Rich's Markdown and tracebacks.

    Works around ``typer.rich_utils``, which imports both for options that this program leaves off
    (``rich_markup_mode="markdown"``, ``pretty_exceptions_enable``): a quarter of ``--help``.
    """
    stand_ins = [name for name in UNSHOWN if name not in sys.modules]
    for name in stand_ins:
        sys.modules[name] = _StandIn(name)
    try:
        importlib.import_module("typer.rich_utils")
    finally:
        for name in stand_ins:  # who imports them from now on gets the real ones
            del sys.modules[name]


class _StandIn(ModuleType):
    """A module of which every public name is an empty class."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})
