"""Browse hardware_db: list, search and find records, and check all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.app.names import ambiguous_name_error, matching_names, unknown_name_error
from carbonctl.core.errors import DataError, format_did_you_mean

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.catalog.record import Record

KINDS = ("accelerators", "servers", "cpus", "baseboards", "memory", "storage", "network", "parts",
         "devices", "processes", "runtimes")  # fmt: skip
# column of a list of accelerators -> field of a record, and size of the unit
_COLUMNS = {
    "tdp_w": ("tdp", 1.0),
    "memory_gb": ("memory", 1.0),
    "gb_per_s": ("bandwidth", 1.0),
    "bf16_tflops": ("peak_bf16", 1e12),
    "embodied_kgco2e": ("embodied", 1.0),
}


def list_hardware(catalog: Catalog, kind: str) -> list[dict[str, Any]]:
    """Rows of all records of a kind."""
    if kind not in KINDS:
        raise unknown_name_error("CC207", f'unknown kind "{kind}"', f"one of {', '.join(KINDS)}")
    return [_row(catalog.record(kind, record_id)) for record_id in catalog.ids(kind)]


def _row(record: Record) -> dict[str, Any]:
    row: dict[str, Any] = {"id": record.id, "name": record.name}
    for label, (field, size) in _COLUMNS.items() if record.kind == "accelerators" else ():
        fact = record.fact(field)
        row[label] = None if fact is None else round(fact.value / size, 4)
    return row


def search_hardware(catalog: Catalog, word: str) -> list[dict[str, Any]]:
    """Rows of records whose id or alias contains a word; InputError if there is none."""
    rows = []
    for kind in KINDS:
        names = {i: {i} for i in catalog.ids(kind)}
        for alias, target in catalog.aliases(kind).items():
            for record_id in target:
                names.setdefault(record_id, set()).add(alias)
        flat = {name: record_id for record_id, all_ in names.items() for name in sorted(all_)}
        strict = kind != "accelerators" or any(word.lower() in name for name in flat)
        found = matching_names(flat, word)
        hits = dict.fromkeys(flat[n] for n in found if not strict or _contains_word(n, word))
        rows += [{"kind": kind, "id": i, "name": catalog.record(kind, i).name} for i in hits]
    if not rows:
        raise unknown_name_error("CC103", f'nothing is called "{word}"', "carbonctl hw list")
    return rows


def _contains_word(name: str, word: str) -> bool:
    plain = name.lower().replace("-", " ")
    return all(part in plain for part in word.lower().replace("-", " ").split())


def find_hardware(catalog: Catalog, name: str) -> Record:
    """The record of any kind that a name means; InputError unless exactly one matches."""
    from carbonctl.catalog.read import AmbiguousName, UnknownName

    near: list[str] = []
    for kind in KINDS:
        try:
            return catalog.record(kind, name)
        except UnknownName as error:
            near = near or list(error.suggestions or ())
        except AmbiguousName as error:
            raise ambiguous_name_error(name, error) from None
    raise unknown_name_error("CC103", f'unknown device "{name}"', format_did_you_mean(near))


def check_hardware(catalog: Catalog) -> dict[str, int]:
    """Number of records by kind; DataError with all problems of the records."""
    from carbonctl.catalog.check import check_catalog

    counts, problems = check_catalog(catalog)
    if problems:
        raise DataError(problems)
    return dict(counts)
