"""Which facts may cite a source whose license would reach what is derived from its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from carbonctl.core import strict_yaml
from carbonctl.core.errors import DataError, Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.catalog.read import Catalog

LISTED = "licenses.yaml"
# Parts of SPDX identifiers: the GPL family passes on to what is derived, NC bars commercial use.
_REACHING = ("GPL", "-NC", "NONCOMMERCIAL", "AFFERO")
_NAMES = ("constant", "product", "instance", "run_id", "row_id", "zone", "name")


class Place(NamedTuple):
    """Where a source is cited: ``parts/assembly:embodied`` or ``embodied/priors:hdd_35``."""

    name: str
    mark: Mark | None = None


class Cited(dict[str, list[Place]]):
    """Places by the source that they cite."""

    def add(self, source: str, name: str, mark: Mark | None = None) -> None:
        """Note that a place cites a source."""
        self.setdefault(source, []).append(Place(name, mark))


def reaches(terms: object) -> bool:
    """Whether a license reaches what is derived from a table, or who may use it."""
    text = str(terms or "").upper()
    return any(part in text for part in _REACHING)


def name_of_row(table: str, row: dict[str, str]) -> str:
    """A row as ``licenses.yaml`` names it."""
    column = next((name for name in _NAMES if name in row), next(iter(row)))
    return f"{table}:{row[column]}"


def single_facts(catalog: Catalog) -> dict[str, list[str]]:
    """The places that may cite such a source each, by source."""
    listed: dict[str, list[str]] = {}
    for root in catalog.roots:
        if not (path := root / LISTED).is_file():
            continue
        data = strict_yaml.read(path).data
        facts = data.get("single_facts") if isinstance(data, dict) else None
        if not isinstance(facts, dict) or not all(isinstance(f, list) for f in facts.values()):
            message = "single_facts holds places by source, as in boaviztapi-2.5.0: [parts/a:b]"
            raise DataError([Problem("CC402", f"{path}: {message}")])
        for source, places in facts.items():
            listed.setdefault(str(source), []).extend(map(str, places))
    return listed


def problems(catalog: Catalog, cited: Cited) -> Iterator[Problem]:
    """Every citation that no list allows, and every entry of the list that nothing needs."""
    listed, known = single_facts(catalog), catalog.sources()
    for source in sorted(cited):
        terms = known.get(source, {}).get("license")
        if reaches(terms):
            allowed = set(listed.get(source, ()))
            for place in cited[source]:
                if place.name not in allowed:
                    yield _problem(f"{place.name}: cites {source} under {terms}", place.mark)
    for source, names in listed.items():
        terms = known.get(source, {}).get("license")
        found = {place.name for place in cited.get(source, ())} if reaches(terms) else set()
        for name in names:
            if name not in found:
                message = f"{LISTED}: {name} cites nothing under such a license in {source}"
                yield Problem("CC402", message)


def row_problems(table: str, row: dict[str, str]) -> Iterator[Problem]:
    """A row that says such a license of itself."""
    if reaches(row.get("license")):
        yield _problem(f"{name_of_row(table, row)}: is under {row['license']}", None)


def _problem(what: str, mark: Mark | None) -> Problem:
    return Problem("CC402", f"{what}; read it elsewhere, or list it in {LISTED}", mark)
