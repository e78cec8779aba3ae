"""Flags that reach every estimated phase, also those with hardware, a site or a model of their own.

A flag such as ``--gpu`` or ``--region`` claims the whole estimate. Where a phase has a key of its
own the flag replaces it, and the document remembers what was there, for the output to say.
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
# what a site states of the electricity of its region, and of no other
_OF_REGION = ("grid", "ewif")
# what a phase, or the whole file, states of the device that it names, and of no other
_OF_DEVICE: dict[str, tuple[str, ...]] = {
    "train": ("power", "rollout_throughput"),
    "infer": ("throughput",),
    "embodied": ("accelerator",),
}
# what was measured with a model, a number format or a stack, and with no other
_MEASURED: dict[str, tuple[tuple[str, str], ...]] = {
    "model": (("infer", "throughput"), ("train", "rollout_throughput")),
    "infer.precision": (("infer", "throughput"),),
    "infer.runtime": (("infer", "throughput"),),
}
_STACK = ("precision", "runtime")  # a file that is silent on them was measured with others
_EVIDENCE = ("days", "accelerator_hours", "tokens", "samples", "energy")
_MEASURED_EVIDENCE = ("energy", "accelerator_hours", "days")
_RUN_FLAGS = (*_EVIDENCE, "mfu", "method")


def own_paths(data: Any, section: str, phases: tuple[str, ...]) -> Iterator[Path]:
    """Where estimated phases state ``hardware``, ``site`` or ``model`` for themselves alone."""
    for phase in phases:
        own = data.get(phase) if isinstance(data, dict) else None
        if not isinstance(own, dict):
            continue
        if own.get(section) is not None:
            yield (phase, section)
        yield from ((phase, "runs", place, section) for place, _ in runs_with(own, section))


def runs_with(section: dict[str, Any], key: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The runs of a training section that state a key for themselves."""
    runs = section.get("runs")
    for place, run in enumerate(runs if isinstance(runs, list) else ()):
        if isinstance(run, dict) and run.get(key) is not None:
            yield place, run


def reach(document: Document, setting: Setting, phases: tuple[str, ...], apply: Apply) -> None:
    """Apply a flag at the top of a scenario and to every estimated phase that has its own key."""
    section, _, key = setting.path.partition(".")
    if section == "train" and key in _RUN_FLAGS:
        _reach_runs(document, setting, key, apply)
        return
    places: list[Path] = [(section,)]
    if section in SECTIONS:
        places += own_paths(document.data, section, phases)
    if section == "hardware":
        if any(_is_another(value_at(document.data, place), setting) for place in places):
            document.other_hardware = setting.flag
            _drop_of_device(document, (*phases, "embodied"), setting.flag)
        for place in places:
            _replace_hardware(document, place, setting)
        return
    tops = [value_at(document.data, (*place, key) if key else place) for place in places]
    if any(before is not None and before != setting.value for before in tops) or key in _STACK:
        for at in _MEASURED.get(setting.path, ()):
            if at[0] in phases:
                _remember(document, at, setting.flag)
                _drop(document, at)
    for place in places:
        _replace_key(document, place, setting, key, apply)


def evidence_of_other_hardware(document: Document) -> Iterator[Problem]:
    """Warnings of hours and energy that the file states for hardware that a flag has replaced."""
    flag, train = document.other_hardware, document.data.get("train")
    if not flag or not isinstance(train, dict):
        return
    for key in _MEASURED_EVIDENCE:
        runs = [("train", "runs", place, key) for place, _ in runs_with(train, key)]
        for at in (("train", key), *runs):
            mark = document.marks.get(at)
            if mark is not None and mark.line is not None:
                path = ".".join(str(step) for step in at)
                message = f"{path} of the file stands for other hardware than {flag} names: kept"
                hint = "--gpu-hours H or --train-tokens T say what the new hardware takes"
                yield Problem("CC303", message, mark, hint)


def flagged(document: Document, section: str) -> Iterator[Mark]:
    """The flags, other than ``--set``, that gave something of a section at the top."""
    for path, mark in document.marks.items():
        by_flag = mark.line is None and mark.file.startswith("--")
        if path[:1] == (section,) and by_flag and not mark.file.startswith("--set "):
            yield mark


def value_at(data: Any, path: Path) -> Any:
    """What stands at a path of plain data; None where nothing does."""
    for step in path:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def _reach_runs(document: Document, setting: Setting, key: str, apply: Apply) -> None:
    """A flag of training where runs state the same key: evidence is refused, the rest replaced."""
    train = document.data.get("train")
    stated = [place for place, _ in runs_with(train, key)] if isinstance(train, dict) else []
    if stated and key in _EVIDENCE:
        message = f"the runs of this file state {key} for themselves; {setting.flag} reaches none"
        hint = f"--set train.runs.{stated[0]}.{key}=VALUE"
        raise InputError([Problem("CC303", message, Mark(setting.flag), hint)], document.sources)
    apply(document, setting)
    for place in stated:
        at: Path = ("train", "runs", place, key)
        _remember(document, at, setting.flag)
        _put_marked(document, at, setting.value, setting.flag)


def _replace_key(document: Document, place: Path, setting: Setting, key: str, apply: Apply) -> None:
    """One key of a site or a model, or the whole of a model that a flag names."""
    at = (*place, key) if key else place
    before = value_at(document.data, at)
    if len(place) > 1:
        _remember(document, at, setting.flag)
    path = ".".join(str(step) for step in at)
    apply(document, type(setting)(path, setting.value, setting.flag))
    if key == "region" and before != setting.value:
        for stated in _OF_REGION:
            if value_at(document.data, (*place, stated)) is not None:
                _remember(document, (*place, stated), setting.flag)
                _drop(document, (*place, stated))


def _is_another(before: Any, setting: Setting) -> bool:
    """Whether a flag names another device than the one that a section names."""
    if not isinstance(before, dict):
        return False
    values: dict[str, tuple[Any, str]] = setting.value
    old = [spelling.device(str(before[key])) for key in NAMED if before.get(key)]
    new = [spelling.device(str(values[key][0])) for key in NAMED if key in values]
    return bool(old and new) and not any(_may_be_one(a, b) for a in old for b in new)


def _may_be_one(one: spelling.Device, other: spelling.Device) -> bool:
    """Whether two names can be of one device: a form or size left out tells nothing."""
    form = not one.form or not other.form or spelling.forms_agree(one.form, other.form)
    return one.core == other.core and form and len({one.size, other.size} - {""}) < 2  # noqa: PLR2004


def _drop_of_device(document: Document, sections: tuple[str, ...], flag: str) -> None:
    """Forget what the file measured on, or published of, the device that a flag replaces."""
    for section in sections:
        for key in _OF_DEVICE.get(section, ()):
            own = value_at(document.data, (section,))
            runs = runs_with(own, key) if isinstance(own, dict) else ()
            places: list[Path] = [(section, key)]
            places += [(section, "runs", place, key) for place, _ in runs]
            stated = [value_at(document.data, at) for at in places]
            for at in places:
                _remember(document, at, flag)
                _drop(document, at)
            if any(isinstance(one, dict) and one.get("scope") == "facility" for one in stated):
                _drop_included(document, flag)


def _drop_included(document: Document, flag: str) -> None:
    """Forget that a site's PUE is in the watts of its meter, which are forgotten too."""
    for site in (("site",), *own_paths(document.data, "site", ("train",))):
        at = (*site, "pue")
        if value_at(document.data, at) == "included":
            _remember(document, at, flag)
            _drop(document, at)


def _replace_hardware(document: Document, place: Path, setting: Setting) -> None:
    """What the flags name in place of what a section names; a count that serving holds goes too.

    A host that is stated beside the same accelerator stays, and so does the count of training.
    """
    before = value_at(document.data, place)
    old: dict[str, Any] = before if isinstance(before, dict) else {}
    values: dict[str, tuple[Any, str]] = setting.value
    named = {key: value for key, (value, _) in values.items()}
    kept: dict[str, Any] = {}
    if old.get("accelerator") == named.get("accelerator") and old.get("server"):
        kept["server"] = old["server"]
    if not _held(document.data, place) and "count" in old:
        kept["count"] = old["count"]
    kept = {key: value for key, value in kept.items() if key not in named}
    if len(place) > 1:
        _remember(document, place, setting.flag)
    marks = {(*place, key): document.mark((*place, key)) for key in kept}
    _put_marked(document, place, kept | named, setting.flag)
    for key, (_, flag) in values.items():
        document.marks[(*place, key)] = document.keys[(*place, key)] = Mark(flag)
    document.marks |= {path: mark for path, mark in marks.items() if mark is not None}


def _held(data: Any, place: Path) -> bool:
    """Whether a count at this place is one that serving holds for the whole period."""
    return place[0] == "infer" or (place == ("hardware",) and not data.get("train"))


def _remember(document: Document, at: Path, flag: str) -> None:
    before = value_at(document.data, at)
    if before is not None:
        document.replaced.append((".".join(str(step) for step in at), flag, before))


def _put_marked(document: Document, at: Path, value: Any, flag: str) -> None:
    _drop(document, at)
    owner = value_at(document.data, at[:-1])
    owner[at[-1]] = value
    document.marks[at] = document.keys[at] = Mark(flag)


def _drop(document: Document, at: Path) -> None:
    """Forget a value and every position below it."""
    owner = value_at(document.data, at[:-1])
    if isinstance(owner, dict):
        owner.pop(at[-1], None)
    for places in (document.marks, document.keys):
        for old in [path for path in places if path[: len(at)] == at]:
            del places[old]
