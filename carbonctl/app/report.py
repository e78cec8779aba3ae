"""Render a saved result in another format, without recomputing it."""

from __future__ import annotations

import importlib
from typing import Any

from carbonctl.report import formats, saved
from carbonctl.report.ci.findings import results
from carbonctl.report.numbers import printable_texts

# command whose result is not an estimate -> module that renders it
_MODULES = {
    "compare": "text.side_by_side",
    "diff": "difference",
    "refresh": "text.refresh_table",
    "verify": "verification",
}


class SavedReport:
    """A saved result of any command, ready to be rendered."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.is_estimate = data["command"] in saved.ESTIMATES
        self.formats: tuple[str, ...] = formats.FORMATS
        if not self.is_estimate:
            name = _MODULES[data["command"]]
            self._module = importlib.import_module(f"carbonctl.report.{name}")
            self.formats = ("table", *self._module.RENDERERS)

    def render(self, form: str) -> str:
        """The text of a format other than ``table``."""
        if self.is_estimate:
            return formats.render(self.data, form)
        text: str = self._module.RENDERERS[form](self.data)
        return text

    def draw(self, out: Any, *, verbose: bool, quiet: bool) -> None:
        """Print all results on a console, then the verdict of a gate if there is one."""
        if not self.is_estimate:
            is_refresh = self.data["command"] == "refresh"
            length = {"verbose": verbose, "quiet": quiet} if is_refresh else {}
            self._module.render(self.data, out, **length)
            return
        from carbonctl.report.text import verdict
        from carbonctl.report.text.table import render

        for one in results(self.data):
            render(one, out, verbose=verbose, quiet=quiet)
        if "gate" in self.data:
            verdict.render(self.data["gate"], out)


def load_report(source: str, *, is_exact: bool) -> SavedReport:
    """The saved result in a file, with texts made printable unless ``is_exact``."""
    data = saved.read_result(source)
    return SavedReport(data if is_exact else printable_texts(data))
