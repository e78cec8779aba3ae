"""Error recovery: read a faulty scenario as far as possible, to report all errors at once.

A faulty value is replaced by ``UNKNOWN``. It counts as stated, but using it raises ``Unresolved``
without a new problem. So each mistake is reported once, and its consequences are not.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, get_args

from pydantic import BaseModel, ValidationError

from carbonctl.core.errors import nearest_names
from carbonctl.scenario.resolve.context import Unresolved, attempt
from carbonctl.scenario.schema.scenario_file import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.core.strict_yaml import Document, Path
    from carbonctl.scenario.resolve.phases import PhaseContext

LostTree = dict[Any, Any]  # faulty values below each key or index; {} where all of it is faulty

_MAX_UNKNOWN_KEYS = 50  # beyond it, guessing what each key was meant for takes too long
_METHODS = {"__call__", *(n for kind in (int, str, dict) for n in vars(kind) if n.startswith("__"))}
_PLAIN_METHODS = {"__new__", "__init__", "__doc__", "__repr__", "__class_getitem__"}


def _give_up(*_: object) -> NoReturn:
    raise Unresolved


UNKNOWN: Any = type("Unknown", (), dict.fromkeys(_METHODS - _PLAIN_METHODS, _give_up))()


def partial_scenario(document: Document) -> Scenario:
    """The scenario of a faulty document, with ``UNKNOWN`` in place of faulty values."""
    lost, scenario = _validate_without_lost(document)
    fields, inside = _field_names(Scenario), set[str]()
    document.unknown_top_keys = {
        str(path[0]) for path in document.invalid_paths if len(path) == 1
    } - {*fields}
    unknown = {
        fields[key]: _mark_unknown(getattr(scenario, fields[key]), below, inside)
        for key, below in lost.items()
        if key in fields
    }
    absent = {name for name in fields.values() if getattr(scenario, name) is None}
    several = len(document.unknown_top_keys) <= _MAX_UNKNOWN_KEYS
    meant = (
        {n for key in document.unknown_top_keys for n in _likely_sections(key)}
        if several
        else {*fields.values()}
    )
    meant |= {name for key in inside for name in _likely_sections(key)} & absent
    return scenario.model_copy(update=unknown | dict.fromkeys(meant, UNKNOWN))


def drop_consequential_errors(items: list[Any]) -> list[Any]:
    """Errors of pydantic, without "missing" for keys that are only misspelled."""
    unknown: dict[Path, list[str]] = {}
    for item in items:
        if item["type"] == "extra_forbidden":
            unknown.setdefault(item["loc"][:-1], []).append(str(item["loc"][-1]))
    return [
        item
        for item in items
        if item["type"] != "missing"
        or not nearest_names(str(item["loc"][-1]), unknown.get(item["loc"][:-1], ()))
    ]


def model_at(path: Path) -> type[BaseModel] | None:
    """The schema class of the section at a path; None where no section is there."""
    owner: type[BaseModel] | None = Scenario
    for step in path:
        if isinstance(step, int) or owner is None:
            continue
        field = owner.model_fields.get(str(step))
        owner = _section_model(field.annotation) if field else None
    return owner


def _section_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((s for a in get_args(annotation) if (s := _section_model(a))), None)


def _field_names(owner: type[BaseModel]) -> dict[str, str]:
    """Field name of each key of a section."""
    return {field.alias or name: name for name, field in owner.model_fields.items()}


def _likely_sections(key: str) -> set[str]:
    """Sections that an unknown key may be meant for: similar name, or one that has the key."""
    fields = _field_names(Scenario)
    owners = {
        name for name in fields.values() if (s := model_at((name,))) and key in _field_names(s)
    }
    return owners | {fields[name] for name in nearest_names(key, fields)}


def _validate_without_lost(document: Document) -> tuple[LostTree, Scenario]:
    """Paths that had to be removed for the rest to be valid, and the scenario of the rest."""
    paths = set(document.invalid_paths)
    while True:
        lost = _path_tree(paths)
        try:
            return lost, Scenario.model_validate(_remove_lost(document.data, lost))
        except ValidationError as error:  # a section lacks a removed key, so it is removed too
            places = [tuple(item["loc"]) for item in error.errors(include_url=False)]
            paths |= {_enclosing_section(place, paths) for place in places}


def _enclosing_section(place: Path, lost: set[Path]) -> Path:
    """Path of the nearest enclosing section that is not yet removed."""
    place = place[:-1]
    while len(place) > 1 and place in lost:
        place = place[:-1]
    return place


def _path_tree(paths: Iterable[Path]) -> LostTree:
    """Paths as a tree of dicts; {} where everything below is faulty."""
    root: LostTree = {}
    for path in sorted(paths, key=len):
        here = root
        for step in path[:-1]:
            if here.get(step) == {}:
                break
            here = here.setdefault(step, {})
        else:
            here[path[-1]] = {}
    return root


def _remove_lost(value: Any, lost: LostTree) -> Any:
    """Plain data without faulty values; in a list an empty section keeps its index."""
    if not lost or not isinstance(value, dict | list):
        return {}
    if isinstance(value, list):
        return [_remove_lost(v, lost[i]) if i in lost else v for i, v in enumerate(value)]
    gone = {key for key, below in lost.items() if not (below and _is_container(value.get(key)))}
    return {
        key: _remove_lost(item, lost[key]) if key in lost else item
        for key, item in value.items()
        if key not in gone
    }


def _is_container(value: Any) -> bool:
    return isinstance(value, dict | list)


def _mark_unknown(value: Any, lost: LostTree, inside: set[str]) -> Any:
    """A section with ``UNKNOWN`` for faulty values; all ``UNKNOWN`` where a key is unknown."""
    if isinstance(value, BaseModel) and lost:
        fields = _field_names(type(value))
        inside |= lost.keys() - fields.keys()
        if lost.keys() <= fields.keys():
            made = {
                fields[k]: _mark_unknown(getattr(value, fields[k]), lost[k], inside) for k in lost
            }
            return value.model_copy(update=made)
    elif isinstance(value, list) and lost:
        return [_mark_unknown(v, lost[i], inside) if i in lost else v for i, v in enumerate(value)]
    return UNKNOWN


def check_remaining(s: PhaseContext, phase_names: list[str]) -> None:
    """Report problems of site, hardware and load in phases that stopped at another problem."""
    from carbonctl.scenario.resolve.serving.services import load

    infer, train, data = (
        getattr(s.scenario, name) if name in phase_names else None
        for name in ("infer", "train", "data")
    )
    if infer is not None:
        attempt(lambda: s.find_site(infer.site, ("infer",)))
        attempt(lambda: s.find_device(infer.hardware, ("infer",)))
        attempt(lambda: load(s.ctx, infer, ("infer",)))
    if data is not None:
        attempt(lambda: s.find_site(data.site, ("data",)))
    if train is not None:
        count = attempt(lambda: len(train.runs)) or 0
        runs: list[Path] = [("train", "runs", place) for place in range(count)]
        for path in runs or [("train",)]:
            attempt(partial(_resolve_site_of_run, s, train, path))


def _resolve_site_of_run(s: PhaseContext, train: Any, path: Path) -> None:
    run = train.runs[path[-1]] if len(path) > 1 else train
    s.find_site(run.site if run.site is not None else train.site, path)
