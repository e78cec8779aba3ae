"""Flags that reach every estimated phase, also those with hardware, a site or a model of their own.

A flag such as ``--gpu`` or ``--region`` claims the whole estimate. Where a phase has a key of its
own the flag replaces it, and the document remembers what was there, for the output to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.core.errors import InputError, Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from carbonctl.core.strict_yaml import Document, Path
    from carbonctl.scenario.read import Setting

    Apply = Callable[[Document, Setting], None]

SECTIONS = ("hardware", "site", "model")
# what a site states of the electricity of its region, and of no other
_OF_REGION = ("grid", "ewif")
_EVIDENCE = ("days", "accelerator_hours", "tokens", "samples", "energy")
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
    for place in places:
        if section == "hardware":
            _replace_hardware(document, place, setting)
        else:
            _replace_key(document, place, setting, key, apply)


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
