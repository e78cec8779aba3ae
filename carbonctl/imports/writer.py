"""Text of a commented scenario from imported files; unknown values are commented lines."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from carbonctl.catalog.grids import canonical_place
from carbonctl.catalog.read import AmbiguousName, Catalog, UnknownName
from carbonctl.imports.import_records import format_list
from carbonctl.imports.import_records import printable as _printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carbonctl.imports.import_records import Imported, ImportedModel, ImportedRun

_UNITS = {"energy": " kWh", "power": " W", "accelerator_hours": ""}


def write_scenario(imported: Imported, files: Sequence[str], catalog: Catalog) -> str:
    """Text of a scenario file."""
    named = " ".join(f"--from {shlex.quote(file)}" for file in files)
    head = [_comment(f"Written by: carbonctl init train {named}")]
    head += [_comment(text) for text in (*imported.comments, *imported.notes)]
    head.append("schema: carbonctl/scenario/v2")
    return "\n".join(
        [
            *head,
            *(_model_lines(imported.model) if imported.model else []),
            *_common_hardware_lines(imported, catalog),
            *_common_site_lines(imported, catalog),
            *_train_lines(imported, catalog),
            "",
        ]
    )


def _comment(text: str, indent: str = "") -> str:
    return f"{indent}# {_printable(text)}"


def _quoted(text: str) -> str:
    """Text in quotes that YAML reads back unchanged."""
    return json.dumps(_printable(text), ensure_ascii=False)


def _format_number(value: float) -> str:
    return f"{value:.12g}"


def _model_lines(model: ImportedModel) -> list[str]:
    if model.name:
        return [*map(_comment, model.comments), f"model: {model.name}"]
    entries = ", ".join(f"{key}: {value}" for key, value in model.shape.items())
    return [*map(_comment, model.comments), f"model: {{kind: llm, {entries}}}"]


def _common_hardware_lines(imported: Imported, catalog: Catalog) -> list[str]:
    if not imported.runs:
        why = "as in h100-sxm; no file names the hardware"
        return [f"# hardware: {{accelerator: NAME, count: NUMBER}}   # {why}"]
    devices = {(run.device, run.count) for run in imported.runs}
    return [_hardware_line(*devices.pop(), catalog)] if len(devices) == 1 else []


def _hardware_line(device: str, count: int, catalog: Catalog, indent: str = "") -> str:
    number = f", count: {count}" if count else ""
    unknown = f"{indent}# hardware: {{accelerator: NAME{number}}}   # "
    if not device:
        return f"{unknown}as in h100-sxm; no file names the device"
    shown = _printable(device)
    try:
        record = catalog.record("accelerators", device)
    except AmbiguousName as error:
        return f'{unknown}"{shown}" may be {format_list(error.choices, 6)}'
    except UnknownName:
        return f'{unknown}"{shown}" is not in hardware_db; try carbonctl hw search WORD'
    said = _printable(record.assumed) or f'"{shown}"'
    return f"{indent}hardware: {{accelerator: {record.id}{number}}}   # {said}"


def _common_site_lines(imported: Imported, catalog: Catalog) -> list[str]:
    if any(run.place or run.region for run in imported.runs):
        return []  # each run has its own site
    where = "as in FR or aws:us-east-1; no file names the place"
    if imported.place:
        where = f"the log has {imported.place}"
    name = imported.region and _quoted(_canonical_or_same(catalog, imported.region))
    region = f"region: {name or 'REGION'}"
    if imported.pue is None:
        return [_comment(f"site: {{{region}}}   # {where}; or train --region")]
    note = _quoted("as configured in CodeCarbon")
    pue = f"  pue: {{value: {_format_number(imported.pue)}, note: {note}}}"
    return ["site:", _comment(f"{region}   # {where}; or train --region", "  "), pue]


def _canonical_or_same(catalog: Catalog, name: str) -> str:
    """The id of a place in a log; the name itself if it is unknown."""
    try:
        return canonical_place(catalog, name)
    except (AmbiguousName, UnknownName):
        return name


def _run_site_lines(run: ImportedRun, catalog: Catalog, indent: str) -> list[str]:
    """Lines of the site of one run; a commented line if its place is unknown."""
    try:
        region = canonical_place(catalog, run.region)
    except (AmbiguousName, UnknownName):
        said = f"the log has {run.place}" if run.place else "the log does not name the place"
        return [_comment(f"site: {{region: REGION}}   # {said}", indent)]
    pue = ""
    if run.pue is not None:
        note = _quoted("as configured in CodeCarbon")
        pue = f", pue: {{value: {_format_number(run.pue)}, note: {note}}}"
    return [f"{indent}site: {{region: {_quoted(region)}{pue}}}   # {_printable(run.place)}"]


def _train_lines(imported: Imported, catalog: Catalog) -> list[str]:
    if not imported.runs and imported.model is not None:
        model = imported.model
        precision = f"  precision: {model.precision}   # {_printable(model.precision_comment)}"
        tokens = "  # tokens: NUMBER   # as in 15T; a config.json has no training tokens"
        return ["train:", precision, tokens]
    if len(imported.runs) == 1:
        return ["train:", *_run_lines(imported.runs[0], "  ")]
    same = len({(run.device, run.count) for run in imported.runs}) == 1
    own_sites = any(run.place or run.region for run in imported.runs)
    lines = ["train:", "  runs:"]
    for run in imported.runs:
        lines.append(f"    - name: {_quoted(run.name)}")
        if not same:
            lines.append(_hardware_line(run.device, run.count, catalog, "      "))
        if own_sites:
            lines += _run_site_lines(run, catalog, "      ")
        lines += _run_lines(run, "      ")
    return lines


def _run_lines(run: ImportedRun, indent: str) -> list[str]:
    lines = [_comment(text, indent) for text in run.comments]
    value = _format_number(run.value) + _UNITS[run.evidence]
    scope = f", scope: {run.scope}" if run.scope else ""
    hours = f", accelerator_hours: {_format_number(run.hours)}" if run.hours else ""
    note = f", note: {_quoted(run.note)}" if run.note else ""
    entry = f"{{value: {value}{scope}{hours}{note}}}"
    lines.append(f"{indent}{run.evidence}: {entry}")
    if run.evidence == "power":
        lines.append(
            f"{indent}# days: TIME   # as in 10 h; how long it ran; or train --days '10 h'"
        )
    return lines
