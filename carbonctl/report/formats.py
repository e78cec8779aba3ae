"""Output formats by name: renderers and file extensions."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# format -> module and function that render it; tables are drawn by Rich
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
# format -> file extensions; of formats that share one, the first is chosen
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
# formats that report errors of an input on stdout too -> module and function
_ERROR_RENDERERS = {
    "json": ("machine", "errors_as_json"),
    "github": ("ci.github", "errors_as_github"),
    "sarif": ("ci.sarif", "errors_as_sarif"),
    "junit": ("ci.junit", "errors_as_junit"),
}


def render(data: Mapping[str, Any], form: str) -> str:
    """The text of a result in a format."""
    module, function = _RENDERERS[form]
    text: str = getattr(importlib.import_module(f"carbonctl.report.{module}"), function)(data)
    return text


def render_errors(problems: list[dict[str, Any]], form: str | None) -> str:
    """The text of problems in a machine-readable format; empty for other formats."""
    if form not in _ERROR_RENDERERS:
        return ""
    module, function = _ERROR_RENDERERS[form]
    text: str = getattr(importlib.import_module(f"carbonctl.report.{module}"), function)(problems)
    return text
