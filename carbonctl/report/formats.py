"""Formats of a result by name: computed once, rendered in any of them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# format -> the module of this package that renders it, and its function; tables are drawn by Rich
_RENDERERS = {
    "json": ("machine", "as_json"),
    "ndjson": ("ndjson", "as_ndjson"),
    "csv": ("machine", "as_csv"),
    "markdown": ("text.markdown", "as_markdown"),
    "github": ("ci.github", "as_github"),
    "sarif": ("ci.sarif", "as_sarif"),
    "junit": ("ci.junit", "as_junit"),
    "hf-card": ("inventory.hf_card", "as_hf_card"),
    "sci": ("inventory.sci", "as_sci"),
    "ghg": ("inventory.ghg", "as_ghg"),
}
FORMATS = ("table", *_RENDERERS)
# format -> the extensions of its files; of formats that share one, the first is meant
EXTENSIONS = {
    "table": (".txt", ".log"),
    "json": (".json",),
    "ndjson": (".ndjson", ".jsonl"),
    "csv": (".csv",),
    "markdown": (".md", ".markdown"),
    "github": (".txt", ".log"),
    "sarif": (".sarif", ".json"),
    "junit": (".xml",),
    "hf-card": (".md", ".markdown"),
    "sci": (".json",),
    "ghg": (".json",),
    "yaml": (".yaml", ".yml"),
}
# formats in which a broken input is said on stdout too, and by what
_ERROR_RENDERERS = {
    "json": ("machine", "errors_as_json"),
    "github": ("ci.github", "errors_as_github"),
    "sarif": ("ci.sarif", "errors_as_sarif"),
    "junit": ("ci.junit", "errors_as_junit"),
}


def render(data: Mapping[str, Any], form: str) -> str:
    """A result as text in one format."""
    module, function = _RENDERERS[form]
    text: str = getattr(importlib.import_module(f"carbonctl.report.{module}"), function)(data)
    return text


def render_errors(found: list[dict[str, Any]], form: str | None) -> str:
    """Problems of an input in a format that machines read; nothing in the others."""
    if form not in _ERROR_RENDERERS:
        return ""
    module, function = _ERROR_RENDERERS[form]
    text: str = getattr(importlib.import_module(f"carbonctl.report.{module}"), function)(found)
    return text
