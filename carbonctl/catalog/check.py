"""Checks of all records and tables of hardware_db, run by ``carbonctl hw check``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.catalog import licenses, ranges, rules
from carbonctl.catalog.fields import unit_of_field
from carbonctl.catalog.locate import bundled_folder
from carbonctl.catalog.number_formats import precision_of_dtype
from carbonctl.catalog.places import place_names
from carbonctl.catalog.read import ALIASES, default_names
from carbonctl.core import strict_yaml
from carbonctl.core.errors import CarbonctlError, Mark, Problem, UserDataError
from carbonctl.core.formula import CARDS
from carbonctl.formulas import load_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.catalog.licenses import Citations
    from carbonctl.catalog.read import Catalog, Record

KINDS = ("accelerators", "cpus", "servers", "baseboards", "memory", "storage", "network", "parts",
         "devices", "processes", "datacenters", "transport", "end_of_life", "runtimes",
         "models")  # fmt: skip
TABLES = ("grids/electricity-maps", "grids/ember", "grids/egrid", "grids/provinces",
          "grids/direct_share", "water/intensity", "instances/cloud", "training/priors",
          "training/baselines", "embodied/priors", "embodied/baselines", "serving/priors",
          "serving/workloads", "serving/samples", "serving/baselines", "published/inference",
          "published/embodied_tools")  # fmt: skip
# Tables whose column "source" is free text, not the id of a source.
TABLES_WITH_SOURCE_TEXT = ("published/embodied", "published/training")
MARKS = {"recalled", "derived", "estimated", "low"}
BOUNDARIES = {"gpu", "node", "it_system", "facility", "die", "module", "baseboard", "tray",
              "machine", "machine+dc"}  # fmt: skip
_FACT_KEYS = {"value", "source", "range", "range_kind", "mark", "note", "boundary", "unit",
              "shape", "label"}  # fmt: skip
_WITH_BOUNDARY = {"accelerators", "baseboards", "servers", "devices"}
_REQUIRED_FIELDS = {
    "accelerators": ("tdp", "memory", "bandwidth"),
    "memory": ("area_per_gb", "built_as"),
    "processes": (),
}


def check_catalog(catalog: Catalog) -> tuple[dict[str, int], list[Problem]]:
    """Number of records by kind, and a problem for every broken rule."""
    load_all()
    problems: list[Problem] = []
    counts: dict[str, int] = {}
    used = licenses.Citations()
    for source in {card.source for card in CARDS.values()} | _sources_of_scenarios():
        used.add(source, "carbonctl")
    for kind in KINDS:
        ids = catalog.ids(kind)
        counts[kind] = len(ids)
        for record_id in ids:
            try:
                record = catalog.unchecked_record(kind, record_id)
                problems += _check_record(catalog, record, used)
            except CarbonctlError as error:
                problems += error.problems
    problems += _check_defaults(catalog, used)
    problems += _check_tables(catalog, counts, used)
    problems += _check_aliases(catalog)
    problems += _check_sources(catalog, used)
    problems += licenses.check_citations(catalog, used)
    return counts, list(dict.fromkeys(problems))


def _check_tables(
    catalog: Catalog, counts: dict[str, int], used: licenses.Citations
) -> Iterator[Problem]:
    """Problems of the tables; their rows are added to ``counts``."""
    for name in (*TABLES, *TABLES_WITH_SOURCE_TEXT):
        try:
            rows = list(catalog.table(f"{name}.csv"))
        except UserDataError as error:
            yield from error.problems
            continue
        if name in TABLES:
            counts[name] = len(rows)
            yield from _check_table(name, rows, used)
        if name in TABLES_WITH_SOURCE_TEXT:
            for row in rows:
                yield from licenses.check_row_license(name, row)


def _sources_of_scenarios() -> set[str]:
    """Ids of the sources that the bundled scenarios cite."""
    sources: set[str] = set()
    todo: list[Any] = [strict_yaml.read(p).data for p in bundled_folder("configs").glob("*.yaml")]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            sources |= {str(item["source"])} if "source" in item else set()
            todo += item.values()
        elif isinstance(item, list):
            todo += item
    return sources


def _problem(where: str, message: str, mark: Mark | None = None) -> Problem:
    return Problem("CC402", f"{where}: {message}", mark)


def _check_record(catalog: Catalog, record: Record, used: Citations) -> Iterator[Problem]:
    where = f"{record.kind}/{record.id}"
    if not record.data.get("name"):
        yield _problem(where, "has no name")
    if record.text("source"):
        used.add(record.text("source"), f"{where}:source")
    for path, entry in ranges.fact_entries(record.data):
        yield from _check_fact(record, path, entry, used)
    for field in _REQUIRED_FIELDS.get(record.kind, ()):
        if field not in record.data:
            yield _problem(where, f"has no {field}")
    yield from ranges.plain_number_problems(record)
    yield from _check_references(catalog, record)
    dtype = record.text("default_dtype")
    if dtype and precision_of_dtype(dtype) is None:
        mark = record.document.mark(("default_dtype",))
        yield _problem(f"{where}:default_dtype", f"{dtype} is not a known number format", mark)
    if record.kind == "accelerators":
        yield from rules.check_accelerator(catalog, record)


def _check_fact(
    record: Record, path: Any, entry: dict[str, Any], used: Citations
) -> Iterator[Problem]:
    where = f"{record.kind}/{record.id}:{'.'.join(map(str, path))}"
    mark = record.document.mark(path)
    used.add(str(entry.get("source", "")), where, mark)
    if not entry.get("source"):
        yield _problem(where, "has no source", mark)
    if unknown := set(entry) - _FACT_KEYS:
        yield _problem(where, f"unknown key {min(unknown)}", mark)
    if entry.get("mark") not in (None, *MARKS):
        yield _problem(where, f"unknown mark {entry['mark']}", mark)
    if entry.get("boundary") not in (None, *BOUNDARIES):
        yield _problem(where, f"unknown boundary {entry['boundary']}", mark)
    field = next((str(p) for p in reversed(path) if isinstance(p, str)), "")
    if field == "embodied" and record.kind in _WITH_BOUNDARY and "boundary" not in entry:
        yield _problem(where, "an embodied figure needs a boundary", mark)
    if rules.needs_boundary(record.kind, field) and "boundary" not in entry:
        yield _problem(where, "a power needs a boundary", mark)
    if unit_of_field(field) is not None:
        yield from _check_value(record, path, where, mark)


def _check_value(record: Record, path: Any, where: str, mark: Mark | None) -> Iterator[Problem]:
    try:
        fact = record.fact(*path)
    except CarbonctlError as error:
        yield from error.problems
        return
    if fact is None:
        yield _problem(where, "cannot be read", mark)


def _check_references(catalog: Catalog, record: Record) -> Iterator[Problem]:
    links = {"host": "servers", "accelerator": "accelerators", "cpu": "cpus",
             "baseboard": "baseboards", "memory_type": "memory"}  # fmt: skip
    for field, kind in links.items():
        target = record.data.get(field)
        if isinstance(target, str) and catalog.path(kind, target) is None:
            yield _problem(f"{record.kind}/{record.id}", f"{field} {target} has no file")


def _check_defaults(catalog: Catalog, used: Citations) -> Iterator[Problem]:
    for name in default_names(catalog):
        try:
            fact = catalog.unchecked_default(name)
        except CarbonctlError as error:
            yield from error.problems
            continue
        used.add(fact.source, f"defaults:{name}")
        if fact.is_exact and not fact.note:
            yield _problem(f"defaults:{name}", "has neither a range nor a reason")


def _check_table(name: str, rows: list[dict[str, str]], used: Citations) -> Iterator[Problem]:
    if not rows:
        yield _problem(name, "is empty or missing")
    for row in rows:
        source = row["source_id"] if "source_id" in row else row["source"]
        used.add(source, licenses.row_name(name, row))
        yield from licenses.check_row_license(name, row)
        if name.startswith("grids/") and not (row["year"] and row["coverage"] and row["license"]):
            yield _problem(f"{name}:{row['zone']}", "a grid row needs year, coverage and license")


def _check_aliases(catalog: Catalog) -> Iterator[Problem]:
    for kind in ALIASES:
        try:
            aliases = catalog.aliases(kind)
        except UserDataError as error:
            yield from error.problems
            continue
        for alias, target in aliases.items():
            for record_id in target:
                if catalog.path(kind, record_id) is None:
                    yield _problem(f"alias {alias}", f"{record_id} has no file")
    places = set(place_names(catalog))
    for row in catalog.table("grids/aliases.csv"):
        if row["target"] not in places:
            yield _problem(
                f"place {row['name']}", f"{row['target']} is neither a region nor a zone"
            )


def _check_sources(catalog: Catalog, used: Citations) -> Iterator[Problem]:
    listed = catalog.sources()
    for row in catalog.table("grids/regions.csv"):
        for column in ("facility_source", "provider_source"):
            used.add(row.get(column, ""), f"grids/regions:{row['region']}")
    for source in sorted(set(used) - set(listed) - {""}):
        yield _problem(f"source {source}", "is used but not in sources.yaml")
    for source in sorted(set(listed) - set(used)):
        yield _problem(f"source {source}", "is in sources.yaml but used nowhere")
