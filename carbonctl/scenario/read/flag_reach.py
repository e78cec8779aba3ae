"""Apply flags to every estimated phase, also to those with their own hardware, site or model.

A flag such as ``--gpu`` or ``--region`` holds for the whole estimate. Where a phase has its own key
the flag replaces it, and the document records the replaced value, for the output to print.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.catalog import spelling
from carbonctl.core.errors import InputError, Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from carbonctl.core.strict_yaml import Document, Path
    from carbonctl.scenario.read.read_scenario import Setting

    Apply = Callable[[Document, Setting], None]

SECTIONS = ("hardware", "site", "model")
NAMED = ("accelerator", "server", "instance")
# keys of a site that hold for its region only
_REGION_KEYS = ("grid", "ewif")
# keys that hold for the named device only
_DEVICE_KEYS: dict[str, tuple[str, ...]] = {
    "train": ("power", "rollout_throughput"),
    "infer": ("throughput",),
    "embodied": ("accelerator",),
}
# measurements that hold for one model, number format or runtime only
_MEASURED: dict[str, tuple[tuple[str, str], ...]] = {
    "model": (("infer", "throughput"), ("train", "rollout_throughput")),
    "infer.precision": (("infer", "throughput"),),
    "infer.runtime": (("infer", "throughput"),),
}
_STACK = ("precision", "runtime")  # a file that does not state them was measured with others
_EVIDENCE = ("days", "accelerator_hours", "tokens", "samples", "energy")
_MEASURED_EVIDENCE = ("energy", "accelerator_hours", "days")
_RUN_FLAGS = (*_EVIDENCE, "mfu", "method")


def phase_paths(data: Any, section: str, phases: tuple[str, ...]) -> Iterator[Path]:
    """Paths at which phases state their own ``hardware``, ``site`` or ``model``."""
    for phase in phases:
        own = data.get(phase) if isinstance(data, dict) else None
        if not isinstance(own, dict):
            continue
        if own.get(section) is not None:
            yield (phase, section)
        yield from ((phase, "runs", place, section) for place, _ in runs_stating(own, section))


def runs_stating(section: dict[str, Any], key: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Index and content of each training run that states a key itself."""
    runs = section.get("runs")
    for place, run in enumerate(runs if isinstance(runs, list) else ()):
        if isinstance(run, dict) and run.get(key) is not None:
            yield place, run


def apply_to_phases(
    document: Document, setting: Setting, phases: tuple[str, ...], apply: Apply
) -> None:
    """Apply a flag at the top of a scenario and to every phase that has the key itself."""
    section, _, key = setting.path.partition(".")
    if section == "train" and key in _RUN_FLAGS:
        _apply_to_runs(document, setting, key, apply)
        return
    places: list[Path] = [(section,)]
    if section in SECTIONS:
        places += phase_paths(document.data, section, phases)
    if section == "hardware":
        if any(_is_other_device(value_at(document.data, place), setting) for place in places):
            document.hardware_flag = setting.flag
            _drop_device_values(document, (*phases, "embodied"), setting.flag)
        for place in places:
            _replace_hardware(document, place, setting)
        return
    tops = [value_at(document.data, (*place, key) if key else place) for place in places]
    if any(before is not None and before != setting.value for before in tops) or key in _STACK:
        for at in _MEASURED.get(setting.path, ()):
            if at[0] in phases:
                _record_replaced(document, at, setting.flag)
                _drop(document, at)
    for place in places:
        _replace_key(document, place, setting, key, apply)


def warn_evidence_of_replaced_hardware(document: Document) -> Iterator[Problem]:
    """Warnings about hours and energy that were stated for hardware a flag has replaced."""
    flag, train = document.hardware_flag, document.data.get("train")
    if not flag or not isinstance(train, dict):
        return
    for key in _MEASURED_EVIDENCE:
        runs = [("train", "runs", place, key) for place, _ in runs_stating(train, key)]
        for at in (("train", key), *runs):
            mark = document.marks.get(at)
            if mark is not None and mark.line is not None:
                path = ".".join(str(step) for step in at)
                message = f"{path} was stated for other hardware than {flag} names; it is kept"
                hint = "give --gpu-hours H or --train-tokens T of the new hardware"
                yield Problem("CC303", message, mark, hint)


def flags_of_section(document: Document, section: str) -> Iterator[Mark]:
    """Flags, other than ``--set``, that set a key of a top-level section."""
    for path, mark in document.marks.items():
        by_flag = mark.line is None and mark.file.startswith("--")
        if path[:1] == (section,) and by_flag and not mark.file.startswith("--set "):
            yield mark


def value_at(data: Any, path: Path) -> Any:
    """The value at a path of plain data; None where there is none."""
    for step in path:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def _apply_to_runs(document: Document, setting: Setting, key: str, apply: Apply) -> None:
    """Apply a training flag where runs state the key: evidence is an error, others replaced."""
    train = document.data.get("train")
    stated = [place for place, _ in runs_stating(train, key)] if isinstance(train, dict) else []
    if stated and key in _EVIDENCE:
        message = f"the runs of this file state their own {key}, so {setting.flag} has no effect"
        hint = f"--set train.runs.{stated[0]}.{key}=VALUE"
        raise InputError([Problem("CC303", message, Mark(setting.flag), hint)], document.sources)
    apply(document, setting)
    for place in stated:
        at: Path = ("train", "runs", place, key)
        _record_replaced(document, at, setting.flag)
        _put_marked(document, at, setting.value, setting.flag)


def _replace_key(document: Document, place: Path, setting: Setting, key: str, apply: Apply) -> None:
    """Replace one key of a site or a model, or a whole model."""
    at = (*place, key) if key else place
    before = value_at(document.data, at)
    if len(place) > 1:
        _record_replaced(document, at, setting.flag)
    path = ".".join(str(step) for step in at)
    apply(document, type(setting)(path, setting.value, setting.flag))
    if key == "region" and before != setting.value:
        for stated in _REGION_KEYS:
            if value_at(document.data, (*place, stated)) is not None:
                _record_replaced(document, (*place, stated), setting.flag)
                _drop(document, (*place, stated))


def _is_other_device(before: Any, setting: Setting) -> bool:
    """Whether a flag names another device than a section does."""
    if not isinstance(before, dict):
        return False
    values: dict[str, tuple[Any, str]] = setting.value
    old = [spelling.parse_device_name(str(before[key])) for key in NAMED if before.get(key)]
    new = [spelling.parse_device_name(str(values[key][0])) for key in NAMED if key in values]
    return bool(old and new) and not any(_may_be_same_device(a, b) for a in old for b in new)


def _may_be_same_device(one: spelling.DeviceName, other: spelling.DeviceName) -> bool:
    """Whether two names may mean one device: a missing form or size matches any."""
    form = not one.form or not other.form or spelling.forms_agree(one.form, other.form)
    return one.family == other.family and form and len({one.size, other.size} - {""}) < 2  # noqa: PLR2004


def _drop_device_values(document: Document, sections: tuple[str, ...], flag: str) -> None:
    """Drop values that were measured on, or published for, the device that a flag replaces."""
    for section in sections:
        for key in _DEVICE_KEYS.get(section, ()):
            own = value_at(document.data, (section,))
            runs = runs_stating(own, key) if isinstance(own, dict) else ()
            places: list[Path] = [(section, key)]
            places += [(section, "runs", place, key) for place, _ in runs]
            stated = [value_at(document.data, at) for at in places]
            for at in places:
                _record_replaced(document, at, flag)
                _drop(document, at)
            if any(isinstance(one, dict) and one.get("scope") == "facility" for one in stated):
                _drop_included_pue(document, flag)


def _drop_included_pue(document: Document, flag: str) -> None:
    """Drop ``pue: included`` of sites, where the power at the meter has been dropped."""
    for site in (("site",), *phase_paths(document.data, "site", ("train",))):
        at = (*site, "pue")
        if value_at(document.data, at) == "included":
            _record_replaced(document, at, flag)
            _drop(document, at)


def _replace_hardware(document: Document, place: Path, setting: Setting) -> None:
    """Replace the hardware of a section by that of the flags, and the count of dedicated devices.

    A host that is stated beside the same accelerator is unchanged, and so is the count of training.
    """
    before = value_at(document.data, place)
    old: dict[str, Any] = before if isinstance(before, dict) else {}
    values: dict[str, tuple[Any, str]] = setting.value
    named = {key: value for key, (value, _) in values.items()}
    unchanged: dict[str, Any] = {}
    if old.get("accelerator") == named.get("accelerator") and old.get("server"):
        unchanged["server"] = old["server"]
    if not _is_dedicated_count(document.data, place) and "count" in old:
        unchanged["count"] = old["count"]
    unchanged = {key: value for key, value in unchanged.items() if key not in named}
    if len(place) > 1:
        _record_replaced(document, place, setting.flag)
    marks = {(*place, key): document.mark((*place, key)) for key in unchanged}
    _put_marked(document, place, unchanged | named, setting.flag)
    for key, (_, flag) in values.items():
        document.marks[(*place, key)] = document.keys[(*place, key)] = Mark(flag)
    document.marks |= {path: mark for path, mark in marks.items() if mark is not None}


def _is_dedicated_count(data: Any, place: Path) -> bool:
    """Whether a count at this path is of devices dedicated to serving for the whole period."""
    return place[0] == "infer" or (place == ("hardware",) and not data.get("train"))


def _record_replaced(document: Document, at: Path, flag: str) -> None:
    before = value_at(document.data, at)
    if before is not None:
        document.overrides.append((".".join(str(step) for step in at), flag, before))


def _put_marked(document: Document, at: Path, value: Any, flag: str) -> None:
    _drop(document, at)
    owner = value_at(document.data, at[:-1])
    owner[at[-1]] = value
    document.marks[at] = document.keys[at] = Mark(flag)


def _drop(document: Document, at: Path) -> None:
    """Remove a value and every position below it."""
    owner = value_at(document.data, at[:-1])
    if isinstance(owner, dict):
        owner.pop(at[-1], None)
    for places in (document.marks, document.keys):
        for old in [path for path in places if path[: len(at)] == at]:
            del places[old]
