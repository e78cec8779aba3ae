"""Lookup of a record by any spelling of its name."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from carbonctl.catalog import spelling
from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.catalog.similar_names import similar_names
from carbonctl.core.record import value_record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.catalog.read import Catalog

_MIN_PREFIX_LENGTH = 3  # letters of a name whose completions are suggested
_MAX_SUGGESTIONS = 3


@value_record
class Match:
    """The id that a name means, a note on the choice, and the weight format in the name."""

    id: str
    note: str = ""
    weight_format: str = ""


def find_record(catalog: Catalog, kind: str, name: str) -> Match:
    """The record of a name in any spelling; UnknownName or AmbiguousName unless one matches."""
    wanted = name.lower().strip()
    if catalog.path(kind, wanted) is not None:
        return Match(wanted)
    if match := _find_alias(catalog, kind, wanted, name):
        return match
    look_up = {"models": _find_model, "accelerators": _find_device, "cpus": _find_cpu}.get(
        kind, _find_by_key
    )
    if wanted and (match := look_up(catalog, kind, name)):
        return match
    raise _unknown_name(catalog, kind, name)


def _find_alias(catalog: Catalog, kind: str, wanted: str, name: str) -> Match | None:
    """The record of an alias, or of an id without its vendor; None if there is none."""
    found = catalog.aliases(kind).get(wanted)
    if not found and wanted and spelling.can_name_record(kind, wanted):
        found = [one for one in catalog.ids(kind) if one == wanted or one.endswith(f"-{wanted}")]
    return _choose_match(catalog, kind, name, found or ())


def _choose_match(catalog: Catalog, kind: str, name: str, found: Iterable[str]) -> Match | None:
    """The only id, or the preferred one with a note that lists the others; None without ids."""
    ids = list(dict.fromkeys(found))
    notes = _preferred_notes(catalog, kind)
    alone = len(ids) == 1  # then the note belongs to this spelling, not to its family
    family = spelling.spelling_key(kind, name) if alone else _family_key(kind, name)
    usual = [one for one in ids if (family, one) in notes]
    if len(usual) == 1:
        others = [one for one in ids if one != usual[0]]
        also = f"; also {', '.join(others)}" if others else ""
        return Match(usual[0], f'"{name}" is taken as {usual[0]}: {notes[family, usual[0]]}{also}')
    if len(ids) > 1:
        raise AmbiguousName(name, ids)
    return Match(ids[0]) if ids else None


@cache
def _preferred_notes(catalog: Catalog, kind: str) -> dict[tuple[str, str], str]:
    """Why an id is preferred for a shared spelling, by key of the spelling and id."""
    notes = {}
    for (name, record_id), note in catalog.alias_notes(kind).items():
        for key in (spelling.spelling_key(kind, name), _family_key(kind, name)):
            notes[key, record_id] = note
    return notes


def _family_key(kind: str, name: str) -> str:
    """The key of a family: for devices the name without memory size and form factor."""
    return (
        spelling.parse_device_name(name).family
        if kind == "accelerators"
        else spelling.spelling_key(kind, name)
    )


@cache
def _ids_by_key(catalog: Catalog, kind: str) -> dict[str, list[str]]:
    """Ids of a kind by the key of each spelling."""
    by_key: dict[str, dict[str, None]] = {}
    for record_id in catalog.ids(kind):
        by_key.setdefault(spelling.spelling_key(kind, record_id), {})[record_id] = None
    own = set(by_key)  # an id always means itself, even if it is an alias of another record
    for alias, ids in catalog.aliases(kind).items():
        if (key := spelling.spelling_key(kind, alias)) not in own:
            by_key.setdefault(key, {}).update(dict.fromkeys(ids))
    return {key: list(ids) for key, ids in by_key.items()}


def _find_by_key(catalog: Catalog, kind: str, name: str) -> Match | None:
    """The record with a spelling of the same key, and of the vendor in the name if any."""
    vendors = spelling.split_vendor(spelling.split_words(name))[1]
    found = _ids_by_key(catalog, kind).get(spelling.spelling_key(kind, name), [])
    fitting = [one for one in found if not vendors or _has_vendor(one, vendors)]
    return _choose_match(catalog, kind, name, fitting)


def _has_vendor(record_id: str, vendors: tuple[str, ...]) -> bool:
    """Whether an id can be of a vendor; an id without a vendor prefix can be of any."""
    head = record_id.partition("-")[0]
    return head in vendors or not spelling.split_vendor([head, ""])[1]


# --- devices ---------------------------------------------------------------------------------


def _find_device(catalog: Catalog, kind: str, name: str) -> Match | None:
    """The device of a name whose parts come in any order, or are left out if unambiguous."""
    if match := _find_by_key(catalog, kind, name):
        return match
    if "/" in name:
        return _find_listed_device(catalog, kind, name)
    if ends := _ids_by_ending(catalog, kind).get(spelling.spelling_key(kind, name)):
        return _choose_match(catalog, kind, name, ends)
    fitting = [
        one for one in _find_family(catalog, kind, name) if _has_stated_parts(catalog, one, name)
    ]
    wanted = spelling.parse_device_name(name)
    sized = [one for one in fitting if spelling.parse_device_name(one).size]
    if len(fitting) == 1 and sized and not wanted.size:
        return None  # boards of other sizes may exist: suggest it instead
    return _choose_match(catalog, kind, name, fitting)


@cache
def _ids_by_ending(catalog: Catalog, kind: str) -> dict[str, list[str]]:
    """Ids by the ends of their names: ``rtx8000`` for ``quadro-rtx-8000``."""
    by_ending: dict[str, list[str]] = {}
    for record_id in catalog.ids(kind):
        parts = record_id.split("-")
        ends = ("-".join(parts[at:]) for at in range(1, len(parts)))
        for end in {
            spelling.spelling_key(kind, end) for end in ends if spelling.can_name_record(kind, end)
        }:
            by_ending.setdefault(end, []).append(record_id)
    return by_ending


def _find_family(catalog: Catalog, kind: str, name: str) -> list[str]:
    """Ids of devices whose name without memory size and form factor is the same."""
    wanted = spelling.parse_device_name(name)
    found = _ids_by_family(catalog, kind).get(wanted.family, []) if wanted.family else []
    return [one for one in found if not wanted.vendors or _has_vendor(one, wanted.vendors)]


@cache
def _ids_by_family(catalog: Catalog, kind: str) -> dict[str, list[str]]:
    by_family: dict[str, dict[str, None]] = {}
    for record_id in catalog.ids(kind):
        by_family.setdefault(spelling.parse_device_name(record_id).family, {})[record_id] = None
    for alias, ids in catalog.aliases(kind).items():
        if len(ids) == 1 and (core := spelling.parse_device_name(alias).family) not in by_family:
            by_family[core] = {ids[0]: None}
    return {core: list(ids) for core, ids in by_family.items()}


def _has_stated_parts(catalog: Catalog, record_id: str, name: str) -> bool:
    """Whether a device has the memory size, form factor and kind of memory in a name."""
    wanted, parts = spelling.parse_device_name(name), spelling.parse_device_name(record_id)
    record = catalog.record("accelerators", record_id)
    if wanted.form:
        stated = parts.form or record.text("form_factor").lower().split(" ")[0]
        if not spelling.forms_agree(wanted.form, stated):
            return False
    if wanted.memory_kind and wanted.memory_kind != record.text("memory_type").lower():
        return False
    if not wanted.size:
        return True
    fact = record.fact("memory")
    sizes = {parts.size} if parts.size else {f"{fact.value:g}gb"} if fact else set()
    return wanted.size.replace("gib", "gb") in sizes


def _find_listed_device(catalog: Catalog, kind: str, name: str) -> Match | None:
    """The device of a name that lists several, as ``Instinct MI250X/MI250`` of lspci."""
    ids: list[str] = []
    for part in name.replace("]", "").rpartition("[")[2].split("/"):
        try:
            ids.append(find_record(catalog, kind, part).id)
        except (UnknownName, AmbiguousName):
            return None
    return _choose_match(catalog, kind, name, ids)


def _find_cpu(catalog: Catalog, kind: str, name: str) -> Match | None:
    """The processor whose name contains every word of this one, including its number."""
    if match := _find_by_key(catalog, kind, name):
        return match
    wanted = set(spelling.split_words(name))
    if not any(sum(c.isdigit() for c in word) >= _MIN_PREFIX_LENGTH for word in wanted):
        return None
    found = [one for one in catalog.ids(kind) if wanted <= set(spelling.split_words(one))]
    return _choose_match(catalog, kind, name, found)


# --- models ----------------------------------------------------------------------------------


def _find_model(catalog: Catalog, kind: str, name: str) -> Match | None:
    """The model of a Hub id, an Ollama tag or a tuned checkpoint, with its weight format."""
    text = spelling.bare_model_name(name)
    bare, stored = spelling.split_weight_format(text)
    names = (
        name,
        text,
        *spelling.base_names(bare),
        *spelling.base_names(spelling.restore_version_point(bare)),
    )
    for one in dict.fromkeys(names):
        ids = [one] if catalog.path(kind, one) else catalog.aliases(kind).get(one)
        ids = ids or _ids_by_key(catalog, kind).get(spelling.normalize(one), [])
        if match := _choose_match(catalog, kind, one, ids):
            return match if one in (name, text) else replace(match, weight_format=stored)
    return None


# --- suggestions -----------------------------------------------------------------------------


def _unknown_name(catalog: Catalog, kind: str, name: str) -> UnknownName:
    """The error of an unknown name, with records of similar names."""
    ids, aliases = catalog.ids(kind), catalog.aliases(kind)
    return UnknownName(kind, name, [*ids, *aliases], suggest=partial(_suggest, catalog, kind, name))


def _suggest(catalog: Catalog, kind: str, name: str) -> list[str]:
    """Names to suggest: devices of the same family, else records with similar names."""
    if kind == "accelerators" and (family := _find_family(catalog, kind, name)):
        form = spelling.parse_device_name(name).form
        same = [
            one
            for one in family
            if form and spelling.parse_device_name(one).form.startswith(form[:3])
        ]
        return same or family
    text = spelling.bare_model_name(name).removesuffix("-gguf") if kind == "models" else name
    if kind == "models":
        text = spelling.base_names(spelling.split_weight_format(text)[0])[-1]
    wanted = spelling.spelling_key(kind, text)
    begun = [
        one for one in catalog.ids(kind) if spelling.spelling_key(kind, one).startswith(wanted)
    ]
    if len(wanted) >= _MIN_PREFIX_LENGTH and begun:
        return begun[:_MAX_SUGGESTIONS]
    known = {one: one for one in catalog.ids(kind)}
    known |= {alias: found[0] for alias, found in catalog.aliases(kind).items()}
    return similar_names(text, known, partial(spelling.spelling_key, kind), as_written=True)
