"""Browse models: list, search and find records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.app.names import ambiguous_name_error, matching_names, unknown_name_error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonctl.catalog.read import Catalog
    from carbonctl.catalog.record import Record


def list_models(catalog: Catalog, kind: str | None) -> list[dict[str, Any]]:
    """Rows of all models, or of those of a kind."""
    rows = _rows(catalog, catalog.ids("models"))
    kinds = sorted({row["kind"] for row in rows})
    if kind is not None and kind not in kinds:
        raise unknown_name_error("CC207", f'unknown kind "{kind}"', f"one of {', '.join(kinds)}")
    return [row for row in rows if kind in (None, row["kind"])]


def search_models(catalog: Catalog, word: str) -> list[dict[str, Any]]:
    """Rows of models whose id or alias contains a word; InputError if there is none."""
    named = {i: [i] for i in catalog.ids("models")} | catalog.aliases("models")
    found = dict.fromkeys(i for n in matching_names(named, word) for i in named[n])
    if not found:
        raise unknown_name_error("CC105", f'no model is called "{word}"', "carbonctl model list")
    return _rows(catalog, found)


def find_model(catalog: Catalog, name: str) -> Record:
    """The record of the model that a name means; InputError unless exactly one matches."""
    from carbonctl.catalog.read import AmbiguousName, UnknownName

    try:
        return catalog.record("models", name)
    except UnknownName as error:
        raise unknown_name_error("CC105", f'unknown model "{name}"', error.hint()) from None
    except AmbiguousName as error:
        raise ambiguous_name_error(name, error) from None


def _rows(catalog: Catalog, ids: Iterable[str]) -> list[dict[str, Any]]:
    from carbonctl.report.numbers import format_quantity

    rows = []
    for record_id in ids:
        record = catalog.record("models", record_id)
        total, active = record.number("total_params"), record.number("active_params")
        rows.append(
            {
                "id": record.id,
                "kind": record.text("kind"),
                "params": format_quantity(total, "1") if total else None,
                "active": format_quantity(active, "1") if active else None,
                "released": record.text("released"),
            }
        )
    return rows
