"""A saved result, or a scenario, as something that can be computed again."""

from __future__ import annotations

import copy
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from carbonctl.core.errors import InputError, Mark, Problem
from carbonctl.core.strict_yaml import Document

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.cli.run import Loaded
    from carbonctl.core.strict_json import Json
    from carbonctl.core.strict_yaml import Path


def given(made: Json, at: Path = ()) -> Document:
    """What the user gave to a saved result, with its places in the file of the result.

    Values of flags keep their flag as place, so that they count as given by flags again.
    """
    result = made.data
    for step in at:
        result = result[step]
    if "inputs" not in result:
        message = "this result does not hold what was given, so it cannot be computed again"
        raise InputError([Problem("CC705", message, made.mark(at))], made.sources)
    inputs = result["inputs"]
    prefix = (*at, "inputs", "scenario")
    values, keys = made.places
    marks = _under(values, prefix)
    for entry in inputs["flags"]:
        marks[tuple(entry["path"])] = Mark(entry["flag"])
    document = Document(
        copy.deepcopy(inputs["scenario"]), marks, _under(keys, prefix), made.sources
    )
    document.replaced = [(r["path"], r["flag"], r["before"]) for r in inputs.get("replaced", ())]
    return document


def _under(marks: dict[Path, Mark], prefix: Path) -> dict[Path, Mark]:
    size = len(prefix)
    return {path[size:]: mark for path, mark in marks.items() if path[:size] == prefix}


def loaded(document: Document, catalog: Catalog) -> Loaded:
    """A document as commands take it."""
    from carbonctl.scenario.read import checked  # noqa: PLC0415 - pydantic, after a good file

    return checked(document, catalog, keep=True), document, catalog


def again(
    command: str, document: Document, catalog: Catalog, flags: dict[str, Any]
) -> dict[str, Any]:
    """The envelope that a command makes of a document today."""
    from carbonctl.cli.run import PHASES_OF, computed  # noqa: PLC0415 - with the estimate

    if command == "embodied":
        from carbonctl.cli.embodied import item  # noqa: PLC0415

        return item(loaded(document, catalog), flags)[0]
    return computed(command, loaded(document, catalog), flags, PHASES_OF[command])[0]


def reread(source: str | None) -> tuple[bytes | None, Json | None]:
    """A saved result where a file is one; else the bytes that had to be read to know."""
    from carbonctl.report import saved  # noqa: PLC0415 - where a file may be one

    if source is None or (source != "-" and PurePath(source).suffix != ".json"):
        return None, None
    raw = saved.raw_of(source)
    if not saved.is_result(raw):
        return raw, None
    return raw, saved.parse(raw, "<stdin>" if source == "-" else source)


def only(made: Json) -> tuple[dict[str, Any], Path]:
    """The one result of a file, and where in it; several have no one number of a name."""
    from carbonctl.report.findings import results  # noqa: PLC0415 - with the reader

    only_estimates(made)
    found = results(made.data)
    if len(found) != 1:
        message = f"there are {len(found)} results here, and one is wanted"
        problem = Problem("CC705", message, made.mark(("results",)))
        raise InputError([problem], made.sources)
    return found[0], ("results", 0) if "results" in made.data else ()


def only_estimates(made: Json) -> None:
    """InputError for a saved comparison or difference, which no scenario alone makes."""
    from carbonctl.report.saved import ESTIMATES  # noqa: PLC0415 - with the reader

    command = made.data["command"]
    if command not in ESTIMATES:
        message = f'this was made by "{command}"; the result of an estimate is wanted here'
        raise InputError([Problem("CC705", message, made.mark(("command",)))], made.sources)
