"""A scenario with mistakes, as far as it can be read, so that all of them come out in one pass.

What is wrong in it is ``UNKNOWN``. It counts as stated, and whatever looks at its value gives up
in silence: a mistake is told once, and nothing that may only follow from it is told at all.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, get_args

from pydantic import BaseModel, ValidationError

from carbonctl.core.errors import nearest
from carbonctl.scenario.resolve.context import Unresolved, tried
from carbonctl.scenario.schema.scenario_file import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.core.strict_yaml import Document, Path
    from carbonctl.scenario.resolve.phases import Sections

Lost = dict[Any, Any]  # what is lost below each key or place; an empty one is lost as a whole

_MANY = 50  # of more unknown keys than this nobody asks what each was meant for
_LOOKS = {"__call__", *(n for kind in (int, str, dict) for n in vars(kind) if n.startswith("__"))}
_KEPT = {"__new__", "__init__", "__doc__", "__repr__", "__class_getitem__"}


def _give_up(*_: object) -> NoReturn:
    raise Unresolved


UNKNOWN: Any = type("Unknown", (), dict.fromkeys(_LOOKS - _KEPT, _give_up))()


def readable(document: Document) -> Scenario:
    """The scenario of a document in which something is lost."""
    lost, scenario = _read(document)
    fields, inside = _fields(Scenario), set[str]()
    document.misnamed = {str(path[0]) for path in document.lost if len(path) == 1} - {*fields}
    unknown = {
        fields[key]: _part(getattr(scenario, fields[key]), below, inside)
        for key, below in lost.items()
        if key in fields
    }
    absent = {name for name in fields.values() if getattr(scenario, name) is None}
    several = len(document.misnamed) <= _MANY
    meant = {n for key in document.misnamed for n in _meant(key)} if several else {*fields.values()}
    meant |= {name for key in inside for name in _meant(key)} & absent
    return scenario.model_copy(update=unknown | dict.fromkeys(meant, UNKNOWN))


def sifted(items: list[Any]) -> list[Any]:
    """Errors of pydantic without keys that are missing because they are misspelled."""
    unknown: dict[Path, list[str]] = {}
    for item in items:
        if item["type"] == "extra_forbidden":
            unknown.setdefault(item["loc"][:-1], []).append(str(item["loc"][-1]))
    return [
        item
        for item in items
        if item["type"] != "missing"
        or not nearest(str(item["loc"][-1]), unknown.get(item["loc"][:-1], ()))
    ]


def model_at(path: Path) -> type[BaseModel] | None:
    """The schema of the section at a path."""
    owner: type[BaseModel] | None = Scenario
    for step in path:
        if isinstance(step, int) or owner is None:
            continue
        field = owner.model_fields.get(str(step))
        owner = _section(field.annotation) if field else None
    return owner


def _section(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((s for a in get_args(annotation) if (s := _section(a))), None)


def _fields(owner: type[BaseModel]) -> dict[str, str]:
    """The name of the field of each key."""
    return {field.alias or name: name for name, field in owner.model_fields.items()}


def _meant(key: str) -> set[str]:
    """What an unknown key may have been meant for: a section of a like name, or one with it."""
    fields = _fields(Scenario)
    owners = {name for name in fields.values() if (s := model_at((name,))) and key in _fields(s)}
    return owners | {fields[name] for name in nearest(key, fields)}


def _read(document: Document) -> tuple[Lost, Scenario]:
    """What is left of a scenario, and what had to be taken out for it."""
    paths = set(document.lost)
    while True:
        lost = _tree(paths)
        try:
            return lost, Scenario.model_validate(_without(document.data, lost))
        except ValidationError as error:  # a section now lacks what it needs, and is lost too
            places = [tuple(item["loc"]) for item in error.errors(include_url=False)]
            paths |= {_enclosing(place, paths) for place in places}


def _enclosing(place: Path, lost: set[Path]) -> Path:
    """The nearest section around a place that is not yet taken out."""
    place = place[:-1]
    while len(place) > 1 and place in lost:
        place = place[:-1]
    return place


def _tree(paths: Iterable[Path]) -> Lost:
    """Paths as branches; what is lost as a whole has none."""
    root: Lost = {}
    for path in sorted(paths, key=len):
        here = root
        for step in path[:-1]:
            if here.get(step) == {}:
                break
            here = here.setdefault(step, {})
        else:
            here[path[-1]] = {}
    return root


def _without(value: Any, lost: Lost) -> Any:
    """Plain data without what is lost; in a list an empty section keeps its place."""
    if not lost or not isinstance(value, dict | list):
        return {}
    if isinstance(value, list):
        return [_without(v, lost[i]) if i in lost else v for i, v in enumerate(value)]
    gone = {key for key, below in lost.items() if not (below and _holds(value.get(key)))}
    return {
        key: _without(item, lost[key]) if key in lost else item
        for key, item in value.items()
        if key not in gone
    }


def _holds(value: Any) -> bool:
    return isinstance(value, dict | list)


def _part(value: Any, lost: Lost, inside: set[str]) -> Any:
    """A part of a scenario in which something is lost; of unknown keys it may be any other key."""
    if isinstance(value, BaseModel) and lost:
        fields = _fields(type(value))
        inside |= lost.keys() - fields.keys()
        if lost.keys() <= fields.keys():
            made = {fields[k]: _part(getattr(value, fields[k]), lost[k], inside) for k in lost}
            return value.model_copy(update=made)
    elif isinstance(value, list) and lost:
        return [_part(v, lost[i], inside) if i in lost else v for i, v in enumerate(value)]
    return UNKNOWN


def overlooked(s: Sections, wanted: list[str]) -> None:
    """Note what phases that gave up had not yet looked at: where they run, on what, how much."""
    from carbonctl.scenario.resolve.serving.services import load  # noqa: PLC0415 - only to serve

    infer, train, data = (
        getattr(s.scenario, name) if name in wanted else None for name in ("infer", "train", "data")
    )
    if infer is not None:
        tried(lambda: s.site(infer.site, ("infer",)))
        tried(lambda: s.device(infer.hardware, ("infer",)))
        tried(lambda: load(s.ctx, infer, ("infer",)))
    if data is not None:
        tried(lambda: s.site(data.site, ("data",)))
    if train is not None:
        count = tried(lambda: len(train.runs)) or 0
        runs: list[Path] = [("train", "runs", place) for place in range(count)]
        for path in runs or [("train",)]:
            tried(partial(_site_of_run, s, train, path))


def _site_of_run(s: Sections, train: Any, path: Path) -> None:
    run = train.runs[path[-1]] if len(path) > 1 else train
    s.site(run.site if run.site is not None else train.site, path)
