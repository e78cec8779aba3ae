"""Help topics: exit codes, formats, units, boundaries, environment, errors."""

from __future__ import annotations

import textwrap

from carbonctl.core.errors import CODES, EXIT_BUG, EXIT_DATA, EXIT_INPUT, EXIT_USAGE
from carbonctl.core.units import symbols_by_dimension
from carbonctl.report.text.remedies import REMEDIES

_WIDTH = 80
_EXITS = {
    0: "done; a gate passed, with or without warnings",
    EXIT_BUG: "a bug in carbonctl; --debug before the command prints a traceback",
    EXIT_USAGE: "a bad flag or argument",
    EXIT_INPUT: "an error in a file or value that you gave",
    4: "gate: a rule is violated",
    5: "gate undecided: p95 is over a limit that the median keeps, or a number is unknown",
    EXIT_DATA: "the bundled hardware data, or a folder laid over it, cannot be read",
    7: "diff or verify found a difference",
    130: "interrupted with Ctrl-C",
    141: "the reader of a pipe closed it",
}
_FORMATS = {
    "table": "for reading, at most 80 columns, no color on a pipe",
    "json": "the full result: every number with unit, interval, formula and sources",
    "ndjson": "one line of JSON per row of the breakdown",
    "csv": "one row per line of the breakdown, fixed columns",
    "markdown": "for comments; a hidden first line lets a script update it",
    "github": "annotations of a pull request",
    "sarif": "code scanning, SARIF 2.1.0",
    "junit": "test reports of CI",
    "hf-card": "co2_eq_emissions of a model card, in grams",
    "sci": "score of ISO/IEC 21031 per functional unit",
    "ghg": "inventory by scope and category of the GHG Protocol",
}
_IMPORTS = {
    "CodeCarbon": "emissions.csv of version 2 or later",
    "nvidia-smi": "--query-gpu=timestamp,index,uuid,name,power.draw --format=csv -l 1",
    "DCGM": "dcgmi dmon -e 155, or Prometheus lines of DCGM_FI_DEV_POWER_USAGE",
    "Slurm": "sacct -P --format=JobID,JobName,State,Start,ElapsedRaw,AllocTRES",
    "Hugging Face": "config.json: the shape of a model, parameters counted",
}
_BOUNDARIES = {
    "gpu": "accelerator boards alone, as nvidia-smi measures",
    "node": "whole servers, as their power supplies or BMCs measure",
    "it_system": "all servers and the network between them, AC, before PUE",
    "provisioned": "it_system including hours in which it is idle",
    "facility": "at the utility meter, with PUE",
}
_ENVIRONMENT = {
    "CARBONCTL_HARDWARE_DB": "a folder laid over the bundled data, as --hardware-db",
    "NO_COLOR": "any value: no color, as --no-color",
    "COLUMNS": "width of tables, 40 to 80",
    "TERM": "dumb: plain text",
}


def help_text(name: str) -> str:
    """The text of a help topic or an error code; KeyError if there is none."""
    code, word = name.upper(), name.lower()
    if code not in CODES and word not in TOPICS:
        raise KeyError(name)
    return _error_code_text(code) if code in CODES else TOPICS[word]


def _error_code_text(code: str) -> str:
    cause, remedy = REMEDIES[code]
    return f"{code}: {CODES[code]}\n\n{_two_columns({'cause': cause, 'remedy': remedy})}"


def _two_columns(rows: dict[str, str]) -> str:
    """Names and descriptions in two columns."""
    wide = max(len(name) for name in rows) + 2
    filled = [
        textwrap.fill(
            text,
            _WIDTH,
            initial_indent=f"{name:<{wide}}",
            subsequent_indent=" " * wide,
            break_on_hyphens=False,
        )
        for name, text in rows.items()
    ]
    return "\n".join(filled) + "\n"


def _wrap_prose(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_on_hyphens=False) + "\n"


def _exit_codes() -> str:
    rows = _two_columns({str(code): text for code, text in _EXITS.items()})
    worst = "With several files the most severe code is returned: 1 > 2 > 3 > 6 > 4 > 5 > 7."
    return f"{rows}\n{_wrap_prose(worst)}"


def _formats() -> str:
    streams = (
        "Results go to stdout or to -o FILE, everything else to stderr. With json, github, sarif "
        "and junit, errors of an input go to stdout too, in that format."
    )
    outputs, inputs = _two_columns(_FORMATS), _two_columns(_IMPORTS)
    return (
        f"Output, -f:\n\n{outputs}\nInput, init train --from FILE:\n\n{inputs}\n"
        f"{_wrap_prose(streams)}"
    )


def _units() -> str:
    rules = (
        "A quantity is a number with a unit: 10 d, 700 W, 0.4 kg/kWh, 1M/day. Only counts and "
        "shares are bare numbers; counts may end in k, M, B, G or T, shares in %. A range is "
        "[low, value, high]. A GB is 1e9 bytes, a year 8,760 h, a month a twelfth of it."
    )
    rows = {kind: " ".join(names) for kind, names in symbols_by_dimension().items()}
    return f"{_wrap_prose(rules)}\n{_two_columns(rows)}"


def _boundaries() -> str:
    rules = (
        "The host power factor converts gpu to it_system; PUE is applied once, at facility. A "
        "measured energy or power needs its boundary: 433 MWh:it_system as a flag, scope: "
        "it_system in a file. Results list what they exclude as not estimated."
    )
    return f"{_two_columns(_BOUNDARIES)}\n{_wrap_prose(rules)}"


def _environment() -> str:
    rules = "A flag takes precedence over a variable. No command opens a network connection."
    return f"{_two_columns(_ENVIRONMENT)}\n{_wrap_prose(rules)}"


def _errors() -> str:
    return _two_columns(CODES) + "\nCause and remedy of a code: carbonctl help CC101\n"


TOPICS = {
    "exit-codes": _exit_codes(),
    "formats": _formats(),
    "units": _units(),
    "boundaries": _boundaries(),
    "environment": _environment(),
    "errors": _errors(),
}
