"""Rules that every record of hardware_db obeys; ``carbonctl hw check`` runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.catalog import licenses, ranges, rules
from carbonctl.catalog.fields import unit_of_field
from carbonctl.catalog.locate import bundled
from carbonctl.catalog.number_formats import precision_of_dtype
from carbonctl.catalog.places import names
from carbonctl.catalog.read import ALIASES, default_names
from carbonctl.core import strict_yaml
from carbonctl.core.errors import CarbonctlError, Mark, OwnDataError, Problem
from carbonctl.core.formula import CARDS
from carbonctl.formulas import load_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.catalog.licenses import Cited
    from carbonctl.catalog.read import Catalog, Record

KINDS = ("accelerators", "cpus", "servers", "baseboards", "memory", "storage", "network", "parts",
         "devices", "processes", "datacenters", "transport", "end_of_life", "runtimes",
         "models")  # fmt: skip
TABLES = ("grids/electricity-maps", "grids/ember", "grids/egrid", "grids/provinces",
          "grids/direct_share", "water/intensity", "instances/cloud", "training/priors",
          "training/baselines", "embodied/priors", "embodied/baselines", "serving/priors",
          "serving/workloads", "serving/samples", "serving/baselines", "published/inference",
          "published/embodied_tools")  # fmt: skip
# Their column "source" says in words where a row was read.
TOLD = ("published/embodied", "published/training")
MARKS = {"recalled", "derived", "estimated", "low"}
BOUNDARIES = {"gpu", "node", "it_system", "facility", "die", "module", "baseboard", "tray",
              "machine", "machine+dc"}  # fmt: skip
_FACT_KEYS = {"value", "source", "range", "range_kind", "mark", "note", "boundary", "unit",
              "shape", "label"}  # fmt: skip
_WITH_BOUNDARY = {"accelerators", "baseboards", "servers", "devices"}
_NEEDED = {
    "accelerators": ("tdp", "memory", "bandwidth"),
    "memory": ("area_per_gb", "built_as"),
    "processes": (),
}


def check(catalog: Catalog) -> tuple[dict[str, int], list[Problem]]:
    """Records counted by kind, and every rule that is broken."""
    load_all()
    problems: list[Problem] = []
    counts: dict[str, int] = {}
    used = licenses.Cited()
    for source in {card.source for card in CARDS.values()} | _cited_by_configs():
        used.add(source, "carbonctl")
    for kind in KINDS:
        ids = catalog.ids(kind)
        counts[kind] = len(ids)
        for record_id in ids:
            try:
                record = catalog.unchecked(kind, record_id)
                problems += _record(catalog, record, used)
            except CarbonctlError as error:
                problems += error.problems
    problems += _defaults(catalog, used)
    problems += _tables(catalog, counts, used)
    problems += _aliases(catalog)
    problems += _sources(catalog, used)
    problems += licenses.problems(catalog, used)
    return counts, list(dict.fromkeys(problems))


def _tables(catalog: Catalog, counts: dict[str, int], used: licenses.Cited) -> Iterator[Problem]:
    """What is wrong with the tables, whose rows are counted."""
    for name in (*TABLES, *TOLD):
        try:
            rows = list(catalog.table(f"{name}.csv"))
        except OwnDataError as error:
            yield from error.problems
            continue
        if name in TABLES:
            counts[name] = len(rows)
            yield from _table(name, rows, used)
        if name in TOLD:
            for row in rows:
                yield from licenses.row_problems(name, row)


def _cited_by_configs() -> set[str]:
    """Sources that the bundled scenarios cite."""
    found: set[str] = set()
    todo: list[Any] = [strict_yaml.read(p).data for p in bundled("configs").glob("*.yaml")]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            found |= {str(item["source"])} if "source" in item else set()
            todo += item.values()
        elif isinstance(item, list):
            todo += item
    return found


def _problem(where: str, message: str, mark: Mark | None = None) -> Problem:
    return Problem("CC402", f"{where}: {message}", mark)


def _record(catalog: Catalog, record: Record, used: Cited) -> Iterator[Problem]:
    where = f"{record.kind}/{record.id}"
    if not record.data.get("name"):
        yield _problem(where, "has no name")
    if record.text("source"):
        used.add(record.text("source"), f"{where}:source")
    for path, entry in ranges.facts(record.data):
        yield from _fact(record, path, entry, used)
    for field in _NEEDED.get(record.kind, ()):
        if field not in record.data:
            yield _problem(where, f"has no {field}")
    yield from ranges.of_plain_numbers(record)
    yield from _references(catalog, record)
    dtype = record.text("default_dtype")
    if dtype and precision_of_dtype(dtype) is None:
        mark = record.document.mark(("default_dtype",))
        yield _problem(f"{where}:default_dtype", f"{dtype} is no known number format", mark)
    if record.kind == "accelerators":
        yield from rules.accelerator(catalog, record)


def _fact(record: Record, path: Any, entry: dict[str, Any], used: Cited) -> Iterator[Problem]:
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
        yield _problem(where, "an embodied figure names its boundary", mark)
    if rules.needs_boundary(record.kind, field) and "boundary" not in entry:
        yield _problem(where, "a power names its boundary", mark)
    if unit_of_field(field) is not None:
        yield from _values(record, path, where, mark)


def _values(record: Record, path: Any, where: str, mark: Mark | None) -> Iterator[Problem]:
    try:
        fact = record.fact(*path)
    except CarbonctlError as error:
        yield from error.problems
        return
    if fact is None:
        yield _problem(where, "cannot be read", mark)


def _references(catalog: Catalog, record: Record) -> Iterator[Problem]:
    links = {"host": "servers", "accelerator": "accelerators", "cpu": "cpus",
             "baseboard": "baseboards", "memory_type": "memory"}  # fmt: skip
    for field, kind in links.items():
        target = record.data.get(field)
        if isinstance(target, str) and catalog.path(kind, target) is None:
            yield _problem(f"{record.kind}/{record.id}", f"{field} {target} has no file")


def _defaults(catalog: Catalog, used: Cited) -> Iterator[Problem]:
    for name in default_names(catalog):
        try:
            fact = catalog.unchecked_default(name)
        except CarbonctlError as error:
            yield from error.problems
            continue
        used.add(fact.source, f"defaults:{name}")
        if fact.is_exact and not fact.note:
            yield _problem(f"defaults:{name}", "has neither a range nor a reason")


def _table(name: str, rows: list[dict[str, str]], used: Cited) -> Iterator[Problem]:
    if not rows:
        yield _problem(name, "is empty or missing")
    for row in rows:
        source = row["source_id"] if "source_id" in row else row["source"]
        used.add(source, licenses.name_of_row(name, row))
        yield from licenses.row_problems(name, row)
        if name.startswith("grids/") and not (row["year"] and row["coverage"] and row["license"]):
            yield _problem(f"{name}:{row['zone']}", "a grid row has year, coverage and license")


def _aliases(catalog: Catalog) -> Iterator[Problem]:
    for kind in ALIASES:
        try:
            aliases = catalog.aliases(kind)
        except OwnDataError as error:
            yield from error.problems
            continue
        for alias, target in aliases.items():
            for record_id in target:
                if catalog.path(kind, record_id) is None:
                    yield _problem(f"alias {alias}", f"{record_id} has no file")
    places = set(names(catalog))
    for row in catalog.table("grids/aliases.csv"):
        if row["target"] not in places:
            yield _problem(f"place {row['name']}", f"{row['target']} is no region and no zone")


def _sources(catalog: Catalog, used: Cited) -> Iterator[Problem]:
    known = catalog.sources()
    for row in catalog.table("grids/regions.csv"):
        for column in ("facility_source", "provider_source"):
            used.add(row.get(column, ""), f"grids/regions:{row['region']}")
    for source in sorted(set(used) - set(known) - {""}):
        yield _problem(f"source {source}", "is used and not in sources.yaml")
    for source in sorted(set(known) - set(used)):
        yield _problem(f"source {source}", "is in sources.yaml and used nowhere")
