"""Provenance of the numbers of a result: formulas and sources by id, methods by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.core.formula import CARDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.catalog.read import Catalog
    from carbonctl.core.fact import Fact

_PERCENTILE = {"method": "percentile of the draws, between neighbors"}
_FIELDS: dict[str, dict[str, str]] = {
    "samples": {"flag": "--samples"},
    "seed": {"flag": "--seed"},
    "total_kgco2e": {"formula": "total_kgco2e"},
    "p05": _PERCENTILE,
    "p50": _PERCENTILE,
    "p95": _PERCENTILE,
    "total_at_low_kgco2e": {"formula": "total_kgco2e"},
    "total_at_high_kgco2e": {"formula": "total_kgco2e"},
    "share": {"method": "value over total_kgco2e"},
    "charged": {"method": "devices that the scenario counts for the phase"},
    "gap": {"method": "value over that of the comparator, less one"},
    "variance_share": {
        "method": "squared correlation of the logarithm of the total with the fact's own draws"
    },
}


def estimate_provenance(period: Fact | None) -> dict[str, dict[str, str]]:
    """Provenance of the fields of an estimate that have no formula or source of their own."""
    if period is None:
        return _FIELDS
    return _FIELDS | {"period_hours": {"source": period.source, "key": period.key}}


def compare_provenance() -> dict[str, dict[str, str]]:
    """Provenance of the fields of a comparison."""
    fact = {"method": "the fact of this label, in the JSON of its scenario with its source"}
    return {
        **{name: _FIELDS[name] for name in ("samples", "seed", "p05", "p50", "p95")},
        "period_hours": {"source": "user", "key": "period"},
        "values": {"formula": "total_kgco2e"},
        "differences": {"method": "value less that of the first scenario"},
        "less_than_first": {"method": "share of the common draws below the first scenario"},
        "above_least": {"method": "value less that of the scenario with the least total"},
        "turning_point": {"method": "the value of this fact at which both totals are the same"},
        "a": fact,
        "b": fact,
    }


def diff_provenance(method: str) -> dict[str, dict[str, str]]:
    """Provenance of the fields of a difference."""
    return {
        **{name: _FIELDS[name] for name in ("samples", "seed", "p05", "p50", "p95")},
        "base_kgco2e": {"formula": "total_kgco2e"},
        "head_kgco2e": {"formula": "total_kgco2e"},
        "difference_kgco2e": {"method": "head less base"},
        "contribution_kgco2e": {"method": method},
        "share": {"method": "contribution over the difference"},
    }


def refresh_provenance(span: Fact) -> dict[str, dict[str, str]]:
    """Provenance of the fields of a decision to replace."""
    return {
        **{name: _FIELDS[name] for name in ("samples", "seed", "p05", "p50", "p95")},
        "variance_share": {
            "method": "squared correlation of the logarithm of replacing over keeping"
            " with the fact's own draws"
        },
        "horizon_hours": {"source": span.source, "key": span.key},
        "within_horizon_share": {"method": "share of the draws that pay back within the horizon"},
        "ci_kgco2e_per_kwh": {"method": "the step of the table of grids"},
        "break_even_years": {"formula": "break_even_years"},
    }


def citations(data: dict[str, Any], catalog: Catalog) -> dict[str, Any]:
    """Cards of the formulas and entries of the sources that a result cites, by id."""
    names = sorted({name for name in _texts_under(data, "formula") if name in CARDS})
    cards = {name: CARDS[name] for name in names}
    ids = {card.source for card in cards.values()} | set(_texts_under(data, "source"))
    sources = catalog.sources()
    return {
        "formulas": {
            name: {"unit": card.unit, "equation": card.equation, "source": card.source}
            for name, card in cards.items()
        },
        "sources": {
            source: sources.get(source, {"title": source}) for source in sorted(ids - {"user", ""})
        },
    }


def _texts_under(value: Any, key: str) -> Iterator[str]:
    """Texts under a key anywhere in the data, except in the user's scenario and overrides."""
    if isinstance(value, dict):
        if isinstance(found := value.get(key), str):
            yield found
        for name, item in value.items():
            if name not in {"scenario", "replaced"}:
                yield from _texts_under(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _texts_under(item, key)
