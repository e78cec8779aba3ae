"""Check of licenses: which facts may cite a source under a copyleft or non-commercial license."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from carbonctl.core import strict_yaml
from carbonctl.core.errors import DataError, Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.catalog.read import Catalog

ALLOWLIST = "licenses.yaml"
# Parts of SPDX identifiers: the GPL family covers derived works, NC forbids commercial use.
_RESTRICTIVE_TERMS = ("GPL", "-NC", "NONCOMMERCIAL", "AFFERO")
_NAME_COLUMNS = ("constant", "product", "instance", "run_id", "row_id", "zone", "name")


class Citation(NamedTuple):
    """A place that cites a source: ``parts/assembly:embodied`` or ``embodied/priors:hdd_35``."""

    name: str
    mark: Mark | None = None


class Citations(dict[str, list[Citation]]):
    """Citations by the id of the source."""

    def add(self, source: str, name: str, mark: Mark | None = None) -> None:
        """Add a citation of a source."""
        self.setdefault(source, []).append(Citation(name, mark))


def is_restrictive(terms: object) -> bool:
    """Whether a license covers derived works (copyleft) or forbids commercial use."""
    text = str(terms or "").upper()
    return any(part in text for part in _RESTRICTIVE_TERMS)


def row_name(table: str, row: dict[str, str]) -> str:
    """The name of a table row in ``licenses.yaml``: ``table:value of its name column``."""
    column = next((name for name in _NAME_COLUMNS if name in row), next(iter(row)))
    return f"{table}:{row[column]}"


def load_allowlist(catalog: Catalog) -> dict[str, list[str]]:
    """The allowlist of ``licenses.yaml``: places that may cite a restrictive source, by source."""
    listed: dict[str, list[str]] = {}
    for root in catalog.roots:
        if not (path := root / ALLOWLIST).is_file():
            continue
        data = strict_yaml.read(path).data
        facts = data.get("single_facts") if isinstance(data, dict) else None
        if not isinstance(facts, dict) or not all(isinstance(f, list) for f in facts.values()):
            message = "single_facts maps sources to places, as in boaviztapi-2.5.0: [parts/a:b]"
            raise DataError([Problem("CC402", f"{path}: {message}")])
        for source, places in facts.items():
            listed.setdefault(str(source), []).extend(map(str, places))
    return listed


def check_citations(catalog: Catalog, cited: Citations) -> Iterator[Problem]:
    """A problem for every citation that is not allowed, and every unused entry of the list."""
    listed, sources = load_allowlist(catalog), catalog.sources()
    for source in sorted(cited):
        terms = sources.get(source, {}).get("license")
        if is_restrictive(terms):
            allowed = set(listed.get(source, ()))
            for place in cited[source]:
                if place.name not in allowed:
                    yield _problem(f"{place.name}: cites {source} under {terms}", place.mark)
    for source, names in listed.items():
        terms = sources.get(source, {}).get("license")
        found = {place.name for place in cited.get(source, ())} if is_restrictive(terms) else set()
        for name in names:
            if name not in found:
                message = f"{ALLOWLIST}: {name} cites nothing of {source} under such a license"
                yield Problem("CC402", message)


def check_row_license(table: str, row: dict[str, str]) -> Iterator[Problem]:
    """A problem if a row itself states a restrictive license."""
    if is_restrictive(row.get("license")):
        yield _problem(f"{row_name(table, row)}: is under {row['license']}", None)


def _problem(what: str, mark: Mark | None) -> Problem:
    return Problem("CC402", f"{what}; cite another source, or list it in {ALLOWLIST}", mark)
