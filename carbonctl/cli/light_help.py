"""Import of Typer's help without parts of Rich that carbonctl does not use."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

UNUSED_MODULES = ("rich.markdown", "rich.traceback")


def import_help() -> None:
    """Import Typer's help with stand-ins for Rich's Markdown and tracebacks.

    Works around ``typer.rich_utils``, which imports both for options that this program leaves off
    (``rich_markup_mode="markdown"``, ``pretty_exceptions_enable``): a quarter of ``--help``.
    """
    stand_ins = [name for name in UNUSED_MODULES if name not in sys.modules]
    for name in stand_ins:
        sys.modules[name] = _StandIn(name)
    try:
        importlib.import_module("typer.rich_utils")
    finally:
        for name in stand_ins:  # later imports get the real modules
            del sys.modules[name]


class _StandIn(ModuleType):
    """A module of which every public name is an empty class."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})
