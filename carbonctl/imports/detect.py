"""Detection of the format of each file, and import of several files together."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.core.errors import Mark
from carbonctl.imports import codecarbon, dcgm, dmon, hf_config, nvidia_smi, power_log, slurm
from carbonctl.imports.devices import count_as_modules
from carbonctl.imports.error_collector import ErrorCollector
from carbonctl.imports.import_records import Imported, LogFormat, Row, raise_at
from carbonctl.imports.lines import open_log, split_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from carbonctl.catalog.read import Catalog
    from carbonctl.imports.lines import Log
    from carbonctl.imports.power_log import Sample

KNOWN_HEADERS = (
    "looked for: a header with run_id and energy_consumed (CodeCarbon), with timestamp and "
    "power.draw (nvidia-smi), # gpu with pwr (nvidia-smi dmon), #Entity with POWER or lines of "
    "DCGM_FI_DEV_POWER_USAGE (DCGM), JobID|... (sacct -P), or an object with architectures "
    "(Hugging Face config.json)"
)
_NO_HEADER = "this looks like nvidia-smi without its header: log with --format=csv, not noheader"
_HINTS = (
    (re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d"), _NO_HEADER),
    (re.compile(r"^\s*JobID\s+\w"), "this looks like sacct without bars: add -P"),
)
_SAMPLE_READERS: dict[LogFormat, Callable[[Log], Iterator[Sample]]] = {
    "nvidia-smi": nvidia_smi.read_samples,
    "dmon": dmon.read_samples,
    "dcgm": dcgm.read_samples,
}
_MAX_SHOWN = 5  # excluded rows that notes list one by one
_KIND_OF_FORMAT = {
    "codecarbon": "CodeCarbon",
    "nvidia-smi": "a power log",
    "dmon": "a power log",
    "dcgm": "a power log",
    "slurm": "sacct",
    "hf-config": "a config.json",
}


def detect_format(log: Log) -> LogFormat:
    """The format of a file; InputError that lists the known formats if it has none."""
    first = next(Row(log.name, n, text) for n, text in enumerate(log.head, 1) if text.strip())
    text = first.text.lstrip()
    names = [name.partition("[")[0].strip() for name in split_values(text, ",")]
    if text.startswith("{") and any(
        f'"{key}"' in line for line in log.head for key in ("architectures", "model_type")
    ):
        return "hf-config"
    if "energy_consumed" in names or {"run_id", "emissions"} <= set(names):
        return "codecarbon"
    if any(name.startswith("power.draw") for name in names):
        return "nvidia-smi"
    if "|" in text and {"JobID", "JobIDRaw"} & {name.strip() for name in text.split("|")}:
        return "slurm"
    if any(dmon.HEADER.fullmatch(line) for line in log.head):
        return "dmon"
    if any(
        dcgm.HEADER.search(line) or line.startswith(("DCGM_FI_", dcgm.OLD_METRIC))
        for line in log.head
    ):
        return "dcgm"
    hint = next((said for pattern, said in _HINTS if pattern.search(first.text)), KNOWN_HEADERS)
    return first.raise_error(
        "CC501", "this file has none of the formats that can be imported", hint=hint
    )


def import_files(files: Sequence[str], catalog: Catalog) -> Imported:
    """Contents of the files together: one kind of measurement, a model's shape, or both.

    One InputError has the problems of all files.
    """
    errors, imported = ErrorCollector(), Imported()
    with ExitStack() as stack:
        forms = []
        for file in _check_distinct(files):
            with errors:
                log = stack.enter_context(open_log(file, errors))
                forms.append((log, detect_format(log)))
        configs = [log for log, form in forms if form == "hf-config"]
        measured = [(log, form) for log, form in forms if form != "hf-config"]
        with errors:
            _check_same_kind(configs, measured)
            with errors:
                imported = hf_config.read_model(configs[0], catalog) if configs else imported
            logs = _read_logs(measured, errors)
            imported = replace(count_as_modules(logs, catalog), model=imported.model)
    errors.raise_if_any()
    return replace(imported, notes=(*_excluded_rows_notes(errors), *imported.notes))


def _excluded_rows_notes(errors: ErrorCollector) -> list[str]:
    """Notes on broken rows that are excluded, with the reason of each; none without such rows."""
    if not errors.skipped_rows:
        return []
    rows = "1 broken row" if errors.skipped_rows == 1 else f"{errors.skipped_rows:,} broken rows"
    whys: dict[str, None] = {}
    for problem in errors.row_problems:
        line = f"line {problem.mark.line}" if problem.mark and problem.mark.line else "a line"
        whys[f"{line}: {problem.message[:80]}"] = None
    return [f"excluded: {rows}", *(f"  {why}" for why in list(whys)[:_MAX_SHOWN]),
            *([f"  and {len(whys) - _MAX_SHOWN} more"] * (len(whys) > _MAX_SHOWN))]  # fmt: skip


def _check_distinct(files: Sequence[str]) -> Sequence[str]:
    for place, file in enumerate(files):
        if file in files[:place]:
            raise_at("CC505", f"{file} is given twice", Mark("--from"))
    return files


def _check_same_kind(configs: Sequence[Log], measured: Sequence[tuple[Log, LogFormat]]) -> None:
    hint = "one import takes one kind of evidence: import the files one by one, and list the runs"
    if len(configs) > 1:
        raise_at("CC509", "a second config.json", Mark(configs[1].name, 1, 1), hint)
    for log, form in measured[1:]:
        first = _KIND_OF_FORMAT[measured[0][1]]
        if _KIND_OF_FORMAT[form] != first:
            message = f"this is {_KIND_OF_FORMAT[form]}, and {measured[0][0].name} is {first}"
            raise_at("CC509", message, Mark(log.name, 1, 1), hint)


def _read_logs(measured: Sequence[tuple[Log, LogFormat]], errors: ErrorCollector) -> Imported:
    if not measured:
        errors.raise_if_any()
        return Imported()
    logs = [log for log, _ in measured]
    form = measured[0][1]
    if form in _SAMPLE_READERS:
        samples = [_SAMPLE_READERS[form](log) for log, form in measured]
        return power_log.read_power_logs(samples, errors)
    read = codecarbon.read_runs if form == "codecarbon" else slurm.read_jobs
    return read(logs, errors)
