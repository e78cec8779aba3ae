"""Facts of a result as plain data: all facts in use, overrides, assumptions, citations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl import __version__
from carbonctl.core.formula import Traced
from carbonctl.report.provenance import citations
from carbonctl.report.trace_walk import facts_under

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.fact import Fact
    from carbonctl.core.types import Num
    from carbonctl.estimate.refresh import Refresh
    from carbonctl.estimate.results import Item, Lifecycle
    from carbonctl.result.estimate import DataVersion
    from carbonctl.result.facts import Assumption, FactRecord, ReplacedFact
    from carbonctl.study.montecarlo import Evaluated

    Result = Evaluated[Lifecycle] | Evaluated[Item] | Evaluated[Refresh]


def fact_as_dict(fact: Fact) -> FactRecord:
    """A fact as plain data."""
    return {
        "label": fact.label,
        "value": fact.value,
        "unit": fact.unit,
        "low": fact.low,
        "high": fact.high,
        "range_kind": None if fact.is_exact else fact.range_kind,
        "origin": fact.origin,
        "source": fact.source,
        "tier": fact.tier,
        "mark": fact.mark,
        "note": fact.note or None,
        "boundary": fact.boundary or None,
        "where": str(fact.where) if fact.where else None,
    }


def replaced_facts(used: dict[str, Fact]) -> dict[str, ReplacedFact]:
    """Facts of hardware_db that the user's numbers override, by keys of those numbers."""
    rows = {key: (fact, fact.replaces) for key, fact in used.items()}
    return {
        key: {
            "key": row.key,
            "label": row.label,
            "value": row.value,
            "low": row.low,
            "high": row.high,
            "unit": row.unit,
            "origin": row.origin,
            "source": row.source,
            "falls": given.more_is_less_carbon,
        }
        for key, (given, row) in rows.items()
        if row is not None
    }


def used_facts(result: Result) -> dict[str, Fact]:
    """Facts that a number of the result depends on."""
    values = (result.point.total_kgco2e, *result.point.metrics.values())
    return facts_behind(result, *(value for value in values if isinstance(value, Traced)))


def facts_behind(result: Result, *values: Traced) -> dict[str, Fact]:
    """Facts under some numbers, and drawn facts from which the plan chose some of them."""
    facts = dict(facts_under(*values))
    chosen_from = {key for fact in facts.values() for key in fact.derived_from}
    return facts | {d.fact.key: d.fact for d in result.drivers if d.fact.key in chosen_from}


def assumption_records(result: Result, *values: Num) -> list[Assumption]:
    """Assumed facts behind some numbers, by share of the variance of the total."""
    shares = {d.fact.key: d.share for d in result.drivers}
    under: dict[str, Fact] = {}
    for value in values:
        assert isinstance(value, Traced)  # noqa: S101 - point estimates are traced
        under |= facts_behind(result, value)
    assumed = [fact for fact in under.values() if fact.assumed]
    ranked = sorted(assumed, key=lambda f: (-shares.get(f.key, 0.0), f.key))
    return [
        {
            "key": fact.key,
            "label": fact.label,
            "value": fact.value,
            "unit": fact.unit,
            "origin": fact.origin,
            "source": fact.source,
            "note": fact.note or None,
            "variance_share": shares.get(fact.key, 0.0),
        }
        for fact in ranked
    ]


def with_citations(data: Any, catalog: Catalog) -> Any:
    """The data of a result, with formulas and sources by id."""
    return data | citations(data, catalog)


def data_version(result: Result, catalog: Catalog) -> DataVersion:
    """The version of the data, and the user's own folder with the facts that come from it."""
    if not catalog.overlay:
        return {"version": __version__, "overlay": []}
    noted = f"from {catalog.overlay}"
    own = {
        key
        for key, fact in result.facts.items()
        if catalog.is_overlaid(key) or fact.note.startswith(noted)
    }
    return {
        "version": __version__,
        "overlay": sorted(own),
        "overlay_folder": catalog.overlay,
    }
