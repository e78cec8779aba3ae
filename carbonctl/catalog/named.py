"""Which record a name means, where it is not the record's very id."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from carbonctl.catalog import spelling
from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.catalog.similar import similar
from carbonctl.core.record import value_record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.catalog.read import Catalog

_LEAST_LETTERS = 3  # of a name that others may begin with
_MOST_SHOWN = 3


@value_record
class Match:
    """The id that a name means, what was assumed for it, and the format that the name states."""

    id: str
    note: str = ""
    stored: str = ""


def find_record(catalog: Catalog, kind: str, name: str) -> Match:
    """The record of a name in any spelling; UnknownName or AmbiguousName when there is not one."""
    wanted = name.lower().strip()
    if catalog.path(kind, wanted) is not None:
        return Match(wanted)
    if match := _alias(catalog, kind, wanted, name):
        return match
    look_up = {"models": _model, "accelerators": _device, "cpus": _cpu}.get(kind, _by_key)
    if wanted and (match := look_up(catalog, kind, name)):
        return match
    raise _unknown(catalog, kind, name)


def _alias(catalog: Catalog, kind: str, wanted: str, name: str) -> Match | None:
    """The record behind another spelling, or behind an id without its vendor."""
    found = catalog.aliases(kind).get(wanted)
    if not found and wanted and spelling.is_name(kind, wanted):
        found = [one for one in catalog.ids(kind) if one == wanted or one.endswith(f"-{wanted}")]
    return _one(catalog, kind, name, found or ())


def _one(catalog: Catalog, kind: str, name: str, found: Iterable[str]) -> Match | None:
    """The only id of some, or the usual one of them with a note of the others."""
    ids = list(dict.fromkeys(found))
    notes = _usual(catalog, kind)
    alone = len(ids) == 1  # then a note is one of this very spelling, not of its family
    family = spelling.key(kind, name) if alone else _family_key(kind, name)
    usual = [one for one in ids if (family, one) in notes]
    if len(usual) == 1:
        others = [one for one in ids if one != usual[0]]
        also = f"; also {', '.join(others)}" if others else ""
        return Match(usual[0], f'"{name}" is taken as {usual[0]}: {notes[family, usual[0]]}{also}')
    if len(ids) > 1:
        raise AmbiguousName(name, ids)
    return Match(ids[0]) if ids else None


@cache
def _usual(catalog: Catalog, kind: str) -> dict[tuple[str, str], str]:
    """Why an id is meant by a spelling that others share, by the key of that spelling."""
    found = {}
    for (name, record_id), note in catalog.alias_notes(kind).items():
        for key in (spelling.key(kind, name), _family_key(kind, name)):
            found[key, record_id] = note
    return found


def _family_key(kind: str, name: str) -> str:
    """What members of one family have in common: of devices all but size and form factor."""
    return spelling.device(name).core if kind == "accelerators" else spelling.key(kind, name)


@cache
def _index(catalog: Catalog, kind: str) -> dict[str, list[str]]:
    """Ids of a kind by the key of each of their spellings."""
    found: dict[str, dict[str, None]] = {}
    for record_id in catalog.ids(kind):
        found.setdefault(spelling.key(kind, record_id), {})[record_id] = None
    own = set(found)  # an id means itself, whatever a spelling of another record looks like
    for alias, ids in catalog.aliases(kind).items():
        if (key := spelling.key(kind, alias)) not in own:
            found.setdefault(key, {}).update(dict.fromkeys(ids))
    return {key: list(ids) for key, ids in found.items()}


def _by_key(catalog: Catalog, kind: str, name: str) -> Match | None:
    """The record of which a spelling has the same key, of the vendor that the name states."""
    vendors = spelling.without_vendor(spelling.words(name))[1]
    found = _index(catalog, kind).get(spelling.key(kind, name), [])
    fitting = [one for one in found if not vendors or _has_vendor(one, vendors)]
    return _one(catalog, kind, name, fitting)


def _has_vendor(record_id: str, vendors: tuple[str, ...]) -> bool:
    """Whether an id is of a vendor; one that begins with no vendor may be of any."""
    head = record_id.partition("-")[0]
    return head in vendors or not spelling.without_vendor([head, ""])[1]


# --- devices ---------------------------------------------------------------------------------


def _device(catalog: Catalog, kind: str, name: str) -> Match | None:
    """The device of a name that lists its parts in any order, or leaves out what is clear."""
    if match := _by_key(catalog, kind, name):
        return match
    if "/" in name:
        return _either(catalog, kind, name)
    if ends := _endings(catalog, kind).get(spelling.key(kind, name)):
        return _one(catalog, kind, name, ends)
    fitting = [one for one in _family(catalog, kind, name) if _fits(catalog, one, name)]
    wanted = spelling.device(name)
    sized = [one for one in fitting if spelling.device(one).size]
    if len(fitting) == 1 and sized and not wanted.size:
        return None  # boards of other sizes may exist: it is offered, not taken
    return _one(catalog, kind, name, fitting)


@cache
def _endings(catalog: Catalog, kind: str) -> dict[str, list[str]]:
    """Ids by the ends of their names: ``rtx8000`` is a ``quadro-rtx-8000``."""
    found: dict[str, list[str]] = {}
    for record_id in catalog.ids(kind):
        parts = record_id.split("-")
        ends = ("-".join(parts[at:]) for at in range(1, len(parts)))
        for end in {spelling.key(kind, end) for end in ends if spelling.is_name(kind, end)}:
            found.setdefault(end, []).append(record_id)
    return found


def _family(catalog: Catalog, kind: str, name: str) -> list[str]:
    """Devices of which the name without size and form factor is the same."""
    wanted = spelling.device(name)
    found = _families(catalog, kind).get(wanted.core, []) if wanted.core else []
    return [one for one in found if not wanted.vendors or _has_vendor(one, wanted.vendors)]


@cache
def _families(catalog: Catalog, kind: str) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for record_id in catalog.ids(kind):
        found.setdefault(spelling.device(record_id).core, {})[record_id] = None
    for alias, ids in catalog.aliases(kind).items():
        if len(ids) == 1 and (core := spelling.device(alias).core) not in found:
            found[core] = {ids[0]: None}
    return {core: list(ids) for core, ids in found.items()}


def _fits(catalog: Catalog, record_id: str, name: str) -> bool:
    """Whether a device has all that a name states: size, form factor, kind of memory."""
    wanted, known = spelling.device(name), spelling.device(record_id)
    record = catalog.record("accelerators", record_id)
    if wanted.form:
        stated = known.form or record.text("form_factor").lower().split(" ")[0]
        if not spelling.forms_agree(wanted.form, stated):
            return False
    if wanted.memory_kind and wanted.memory_kind != record.text("memory_type").lower():
        return False
    if not wanted.size:
        return True
    fact = record.fact("memory")
    sizes = {known.size} if known.size else {f"{fact.value:g}gb"} if fact else set()
    return wanted.size.replace("gib", "gb") in sizes


def _either(catalog: Catalog, kind: str, name: str) -> Match | None:
    """One of several devices that a name lists, as ``Instinct MI250X/MI250`` of lspci."""
    ids: list[str] = []
    for part in name.replace("]", "").rpartition("[")[2].split("/"):
        try:
            ids.append(find_record(catalog, kind, part).id)
        except (UnknownName, AmbiguousName):
            return None
    return _one(catalog, kind, name, ids)


def _cpu(catalog: Catalog, kind: str, name: str) -> Match | None:
    """The processor whose name holds every word of this one, its number among them."""
    if match := _by_key(catalog, kind, name):
        return match
    wanted = set(spelling.words(name))
    if not any(sum(c.isdigit() for c in word) >= _LEAST_LETTERS for word in wanted):
        return None
    found = [one for one in catalog.ids(kind) if wanted <= set(spelling.words(one))]
    return _one(catalog, kind, name, found)


# --- models ----------------------------------------------------------------------------------


def _model(catalog: Catalog, kind: str, name: str) -> Match | None:
    """The model of a Hub id, an Ollama tag or a tuned checkpoint, with the format it states."""
    text = spelling.model_text(name)
    bare, stored = spelling.stored_format(text)
    names = (name, text, *spelling.base_names(bare), *spelling.base_names(spelling.dotted(bare)))
    for one in dict.fromkeys(names):
        ids = [one] if catalog.path(kind, one) else catalog.aliases(kind).get(one)
        ids = ids or _index(catalog, kind).get(spelling.letters(one), [])
        if match := _one(catalog, kind, one, ids):
            return match if one in (name, text) else replace(match, stored=stored)
    return None


# --- what to offer ---------------------------------------------------------------------------


def _unknown(catalog: Catalog, kind: str, name: str) -> UnknownName:
    """The error of a name that leads nowhere, with the records that it may have meant."""
    ids, aliases = catalog.ids(kind), catalog.aliases(kind)
    return UnknownName(kind, name, [*ids, *aliases], near=partial(_near, catalog, kind, name))


def _near(catalog: Catalog, kind: str, name: str) -> list[str]:
    """Members of the family that a name is of, else records whose names are nearly alike."""
    if kind == "accelerators" and (family := _family(catalog, kind, name)):
        form = spelling.device(name).form
        same = [one for one in family if form and spelling.device(one).form.startswith(form[:3])]
        return same or family
    text = spelling.model_text(name).removesuffix("-gguf") if kind == "models" else name
    if kind == "models":
        text = spelling.base_names(spelling.stored_format(text)[0])[-1]
    wanted = spelling.key(kind, text)
    begun = [one for one in catalog.ids(kind) if spelling.key(kind, one).startswith(wanted)]
    if len(wanted) >= _LEAST_LETTERS and begun:
        return begun[:_MOST_SHOWN]
    known = {one: one for one in catalog.ids(kind)}
    known |= {alias: found[0] for alias, found in catalog.aliases(kind).items()}
    return similar(text, known, partial(spelling.key, kind), as_written=True)
