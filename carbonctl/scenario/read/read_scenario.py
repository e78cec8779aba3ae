"""Read a scenario from a file, stdin, flags and ``--set``, with positions for error messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from carbonctl.core import strict_yaml
from carbonctl.core.errors import (
    CarbonctlError,
    InputError,
    Mark,
    Problem,
    did_you_mean,
    sort_problems,
)
from carbonctl.core.phase_names import PHASES
from carbonctl.core.record import value_record
from carbonctl.core.strict_yaml import Document
from carbonctl.scenario.read import extends
from carbonctl.scenario.read.consistency import find_unknown_names
from carbonctl.scenario.read.flag_reach import apply_to_phases
from carbonctl.scenario.schema.key_aliases import rename_aliases
from carbonctl.scenario.schema.scenario_file import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.catalog.read import Catalog

_CODES = {
    "missing": ("CC206", "is required here"),
    "extra_forbidden": ("CC101", "unknown key"),
    "literal_error": ("CC207", ""),
    "string_pattern_mismatch": ("CC203", ""),
    "string_type": ("CC201", "expected text"),
    "bool_type": ("CC201", "expected true or false"),
    "bool_parsing": ("CC201", "expected true or false"),
    "list_type": ("CC201", "expected a list"),
    "dict_type": ("CC201", "expected keys and values"),
    "model_type": ("CC201", "expected keys and values"),
    "model_attributes_type": ("CC201", "expected keys and values"),
}
_MAPPINGS = {"dict_type", "model_type", "model_attributes_type"}
_EXAMPLES = {"second_life": "{rule: displacement, displaced_share: 30 %}"}


@value_record
class Setting:
    """One value from the command line: its path in the scenario, and its flag.

    A flag that ``applies_to_phases`` also replaces the phases' own values; ``--set`` does not.
    """

    path: str
    value: Any
    flag: str
    applies_to_phases: bool = False


def read_scenario(
    source: str | None,
    settings: Iterable[Setting],
    catalog: Catalog,
    raw: bytes | None = None,
    *,
    keep: bool = False,
    phases: tuple[str, ...] = PHASES,
    root: str | None = None,
) -> tuple[Scenario, Document]:
    """The scenario from a file, from ``-`` (stdin), or from settings alone, and its document.

    ``raw`` are the bytes of the source where the caller has read them already. Problems are raised
    or kept as in ``check_scenario``. Flags apply to ``phases``. Files that it extends must lie in
    ``root``.
    """
    if source is None:
        document = Document({}, {(): Mark("the command line")})
    else:
        document = extends.load(source, raw, root)
    apply_settings(document, settings, phases)
    return check_scenario(document, catalog, keep=keep), document


def apply_settings(
    document: Document, settings: Iterable[Setting], phases: tuple[str, ...] = PHASES
) -> None:
    """Apply settings to a document in their order; one that fails is noted in ``found``."""
    rename_aliases(document)
    for setting in settings:
        try:
            if setting.applies_to_phases:
                apply_to_phases(document, setting, phases, _apply)
            else:
                _apply(document, setting)
        except InputError as error:
            document.deferred_problems += error.problems
            document.invalid_paths.append((setting.path.split(".")[0],))


def check_scenario(document: Document, catalog: Catalog, *, keep: bool = False) -> Scenario:
    """The scenario in a document, after checking its keys, values and names.

    All problems are raised in one InputError. With ``keep`` they are noted in the document instead,
    for ``resolve`` to report together with its own, and faulty values are ``UNKNOWN``.
    """
    rename_aliases(document)  # those of --set, and of saved results
    problems = find_unknown_names(document, catalog)
    try:
        scenario = Scenario.model_validate(document.data)
        if not problems and not document.deferred_problems:
            return scenario
    except ValidationError as error:
        from carbonctl.scenario.read.recovery import drop_consequential_errors

        for item in drop_consequential_errors(error.errors(include_url=False)):
            problems += [(tuple(item["loc"]), problem) for problem in _problems(item, document)]
    document.invalid_paths += [path for path, _ in problems]
    document.deferred_problems = sort_problems(
        [*document.deferred_problems, *(problem for _, problem in problems)]
    )
    if not keep:
        raise InputError(document.deferred_problems, document.sources)
    from carbonctl.scenario.read.recovery import partial_scenario

    return partial_scenario(document)


def parse_sets(texts: Iterable[str]) -> list[Setting]:
    """Settings of all ``--set path=value``; InputError with the problems of all."""
    settings: list[Setting] = []
    problems: list[Problem] = []
    for text in texts:
        try:
            settings.append(parse_set(text))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return settings


def parse_set(text: str) -> Setting:
    """Setting of one ``--set path=value``; the value is parsed as YAML."""
    path, equals, raw = text.partition("=")
    flag = f"--set {path}"
    if not equals or not path.strip():
        message = f'expected path=value, got "{text}"'
        raise InputError([Problem("CC201", message, Mark("--set"), "as in --set train.mfu=M")])
    try:
        value = strict_yaml.parse(raw.encode(), flag).data if raw.strip() else None
    except CarbonctlError as error:
        fixed = [Problem(p.code, p.message, Mark(flag), p.hint) for p in error.problems]
        raise InputError(fixed) from None
    return Setting(path.strip(), value, flag)


def _apply(document: Document, setting: Setting) -> None:
    """Set one value by its dotted path; missing mappings are created."""
    path = tuple(int(s) if s.isdigit() else s for s in setting.path.split("."))
    here, mark = document.data, Mark(setting.flag)
    for place, step in enumerate(path[:-1]):
        following = _child(here, step)
        if not isinstance(following, dict | list):
            following = _open_mapping(following, setting)
            if not _put(here, step, following):
                raise InputError([_unknown_path_problem(setting)], document.sources)
            document.marks.setdefault(path[: place + 1], mark)
        here = following
    if not _put(here, path[-1], setting.value):
        raise InputError([_unknown_path_problem(setting)], document.sources)
    for old in [p for p in document.marks if p[: len(path)] == path]:
        del document.marks[old]
    document.marks[path] = document.keys[path] = mark


def _open_mapping(value: Any, setting: Setting) -> dict[str, Any]:
    """A mapping in place of a missing value, or of a model that is named by text."""
    if value is None:
        return {}
    if setting.path.split(".")[-2] == "model" and isinstance(value, str):
        return {"id": value}
    message = f'cannot set {setting.path}: its section is the text "{value}"'
    raise InputError([Problem("CC303", message, Mark(setting.flag), "set the whole section")])


def _child(here: Any, step: str | int) -> Any:
    if isinstance(here, dict):
        return here.get(str(step))
    if isinstance(here, list) and isinstance(step, int) and step < len(here):
        return here[step]
    return None


def _put(here: Any, step: str | int, value: Any) -> bool:
    if isinstance(here, dict):
        here[str(step)] = value
        return True
    if isinstance(here, list) and isinstance(step, int) and step < len(here):
        here[step] = value
        return True
    return False


def _unknown_path_problem(setting: Setting) -> Problem:
    return Problem("CC101", f'unknown path "{setting.path}"', Mark(setting.flag))


def _problems(item: Any, document: Document) -> list[Problem]:
    """Problems of one error of pydantic; a quantity may have several."""
    path = tuple(item["loc"])
    if not str(item["type"]).startswith("CC"):
        return [_problem(item, document)]
    return [
        Problem(
            fail["code"],
            fail["message"],
            document.mark((*path, *fail["at"]), key=fail["key"]),
            fail["hint"],
        )
        for fail in item["ctx"]["fails"]
    ]


def _problem(item: Any, document: Document) -> Problem:
    path = tuple(item["loc"])
    kind = str(item["type"])
    code, text = _CODES.get(kind, ("CC201", str(item["msg"])))
    if code == "CC101" and kind == "extra_forbidden":
        mark = document.mark(path, key=True)
        return Problem(code, f'unknown key "{path[-1]}"', mark, _key_hint(path))
    if code == "CC206":
        return Problem(code, f'"{path[-1]}" {text}', document.mark(path[:-1]))
    if kind == "literal_error":
        expected = str(item["ctx"]["expected"]).replace("'", "")
        text = f'"{item["input"]}" is not one of {expected}'
    if kind == "string_pattern_mismatch":
        text = f'expected a size such as 1024x1024, got "{item["input"]}"'
    hint = _example_hint(path) if kind in _MAPPINGS else ""
    return Problem(code, text, document.mark(path), hint)


def _key_hint(path: tuple[Any, ...]) -> str:
    from carbonctl.scenario.read.recovery import model_at

    owner = model_at(path[:-1])
    names = [f.alias or name for name, f in owner.model_fields.items()] if owner else []
    hint = did_you_mean(str(path[-1]), names)
    return hint or ("keys here: " + ", ".join(sorted(names)) if names else "")


def _example_hint(path: tuple[Any, ...]) -> str:
    """Hint how to write a section that was given as a word, or which keys it has."""
    example = _EXAMPLES.get(str(path[-1])) if path else None
    return f"as in {path[-1]}: {example}" if example else _key_hint((*path, ""))
