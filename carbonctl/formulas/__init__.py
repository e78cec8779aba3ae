"""Formulas: one topic per file, each formula written once, with its card."""

from __future__ import annotations

import importlib
import pkgutil


def load_all() -> None:
    """Import every formula, so that ``CARDS`` is complete; an estimate imports what it needs."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)
