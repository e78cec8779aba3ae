"""Detection of files of another kind given as a scenario, and the command that reads them."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from carbonctl.core import files
from carbonctl.core.errors import InputError, Mark, Problem

if TYPE_CHECKING:
    from carbonctl.imports.import_records import LogFormat

POLICY = re.compile(rb"^[ \t{]*[\"']?schema[\"']?\s*:\s*[\"']?carbonctl/policy/", re.MULTILINE)
_HEAD_BYTES = 200_000
_KEY = re.compile(r"[\w.-]+\s*:(\s|$)|---\s*$|%YAML")  # start of a scenario
_CARD_KEYS = re.compile(
    r"(license|language|tags|datasets|base_model|library_name|pipeline_tag|metrics|model_name"
    r"|model-index|co2_eq_emissions|thumbnail|widget)\s*:"
)
_DASHES = re.compile(r"^---[ \t]*\r?$", re.MULTILINE)
_FORMAT_NAMES: dict[LogFormat, str] = {
    "codecarbon": "a table of CodeCarbon",
    "nvidia-smi": "a log of nvidia-smi",
    "dmon": "a log of nvidia-smi dmon",
    "dcgm": "a log of DCGM",
    "slurm": "a table of sacct",
    "hf-config": "a config.json of a model",
}


def check_is_scenario(raw: bytes, source: str) -> None:
    """Raise InputError for a file of another known kind, with the command that reads it."""
    found = _find_kind(raw, source)
    if found is None:
        return
    kind, command = found
    message = f"this is {kind}, not a scenario"
    mark = Mark(files.display_name(source), 1, 1)
    line = command.replace("{file}", shell_quote(source))
    raise InputError([Problem("CC013", message, mark, help=line)])


def shell_quote(source: str) -> str:
    """The name of a file, quoted for a shell; ``-`` stays unchanged."""
    if source == "-":
        return source
    name = f"./{source}" if source.startswith("-") else source
    if name.isprintable():
        return shlex.quote(name)
    return "$'" + "".join(map(_escape_character, name)) + "'"


def _escape_character(character: str) -> str:
    """A character escaped for the shell quotes ``$'...'``."""
    if character in "'\\":
        return f"\\{character}"
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode())


def _find_kind(raw: bytes, source: str) -> tuple[str, str] | None:
    """The kind of a file in words, and the command that reads it; None for a scenario."""
    text = raw[:_HEAD_BYTES].decode("utf-8-sig", "replace")
    lines = text.splitlines()
    first = next((line.strip() for line in lines if line.strip()), "")
    if POLICY.search(raw):
        return "a policy", "carbonctl gate FILE --policy {file}"
    if first.startswith("{"):
        if b'"schema_version"' in raw and b'"command"' in raw and b'"tool"' in raw:
            return "a saved result", "carbonctl report {file}"
        return _find_log_kind(lines, source)
    if is_model_card(raw):
        return "a model card", "carbonctl validate {file}"
    plain = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    return None if _KEY.match(plain) else _find_log_kind(lines, source)


def is_model_card(raw: bytes) -> bool:
    """Whether a file is a model card: metadata between two lines of ``---`` at its start."""
    if not raw.lstrip(b"\xef\xbb\xbf").startswith(b"---"):
        return False
    parts = _DASHES.split(raw[:_HEAD_BYTES].decode("utf-8-sig", "replace"), maxsplit=2)
    return len(parts) > 2 and any(map(_CARD_KEYS.match, parts[1].splitlines()))  # noqa: PLR2004


def _find_log_kind(lines: list[str], source: str) -> tuple[str, str] | None:
    """The kind of a log or table in words, and the command that imports it; None if unknown."""
    from carbonctl.imports.detect import detect_format
    from carbonctl.imports.lines import HEAD_LINES, Log

    head = lines[:HEAD_LINES]
    if not any(line.strip() for line in head):
        return None
    try:
        form = detect_format(Log(source, head, iter(())))
    except InputError:
        return None
    return _FORMAT_NAMES.get(form, "a log"), "carbonctl init train --from {file}"
