"""Short verdict of a saved gate, below the tables of its results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.report.text.gate_words import beside
from carbonctl.report.text.notes import print_note

if TYPE_CHECKING:
    from rich.console import Console

    from carbonctl.result.gate import GateVerdict

_WORDS = {"fail": "violated", "uncertain": "undecided", "warn": "warning", "pass": "passed"}


def render(gate: GateVerdict, out: Console) -> None:
    """Print every rule with its finding, and the exit code of the gate."""
    out.print()
    for rule in gate["rules"]:
        subject = rule["scenario"] or rule["file"]
        said = rule["message"] or rule["reason"] or ""
        status = _WORDS.get(rule["status"], rule["status"])
        print_note(out, status, f"{rule['id']} ({subject}): {said}")
    for label, text in beside(gate):
        print_note(out, label, text)
    print_note(out, "gate", f"{_WORDS[gate['status']]}; it ended with {gate['exit_code']}")
