"""Rules that every record of hardware_db obeys; ``hw check``, tests and reviewers run them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.catalog.fields import unit_of_field
from carbonctl.catalog.locate import bundled
from carbonctl.catalog.read import default_names
from carbonctl.core import strict_yaml
from carbonctl.core.errors import DataError, Mark, Problem
from carbonctl.core.formula import CARDS
from carbonctl.formulas import load_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.catalog.read import Catalog, Record

KINDS = ("accelerators", "cpus", "servers", "baseboards", "memory", "storage", "network", "parts",
         "processes", "datacenters", "transport", "end_of_life", "runtimes", "models")  # fmt: skip
TABLES = ("grids/electricity-maps", "grids/ember", "grids/egrid", "grids/provinces",
          "water/intensity", "datacenters/facilities", "instances/cloud",
          "published/embodied")  # fmt: skip
MARKS = {"recalled", "derived", "estimated", "low"}
BOUNDARIES = {"gpu", "node", "it_system", "facility", "die", "module", "baseboard", "tray",
              "machine", "machine+dc"}  # fmt: skip
_FACT_KEYS = {"value", "source", "range", "range_kind", "mark", "note", "boundary", "unit",
              "shape", "label"}  # fmt: skip
_NEEDED = {
    "accelerators": ("tdp", "memory", "bandwidth"),
    "memory": ("embodied_per_gb",),
    "processes": (),
}
# A device's own peaks: ratio to 16-bit, and the devices whose makers chose otherwise.
_RATIOS = {"peak_fp8": (2.0, ("gaudi3", "tpu-v6e", "inferentia2", "trainium", "mtia", "tenstorrent",
                              "radeon", "rtx-", "rx-", "arc", "ai-pro", "ryzen"))}  # fmt: skip
_VENDOR_WITH_FIXED_RATIOS = "NVIDIA"
_TOLERANCE = 0.02
_MOST_MEMORY_SHARE = 0.6


def check(catalog: Catalog) -> tuple[dict[str, int], list[Problem]]:
    """Records counted by kind, and every rule that is broken."""
    load_all()
    problems: list[Problem] = []
    counts: dict[str, int] = {}
    used = {card.source for card in CARDS.values()} | _cited_by_configs()
    for kind in KINDS:
        ids = catalog.ids(kind)
        counts[kind] = len(ids)
        for record_id in ids:
            try:
                record = catalog.record(kind, record_id)
                problems += _record(catalog, record, used)
            except DataError as error:
                problems += error.problems
    problems += _defaults(catalog, used)
    for name in TABLES:
        rows = list(catalog.table(f"{name}.csv"))
        counts[name] = len(rows)
        problems += _table(name, rows, used)
    problems += _aliases(catalog)
    problems += _sources(catalog, used)
    return counts, problems


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


def _record(catalog: Catalog, record: Record, used: set[str]) -> Iterator[Problem]:
    where = f"{record.kind}/{record.id}"
    if not record.data.get("name"):
        yield _problem(where, "has no name")
    if record.text("source"):
        used.add(record.text("source"))
    for path, entry in _facts(record.data, ()):
        yield from _fact(record, path, entry, used)
    for field in _NEEDED.get(record.kind, ()):
        if field not in record.data:
            yield _problem(where, f"has no {field}")
    yield from _references(catalog, record)
    if record.kind == "accelerators":
        yield from _accelerator(record)


def _facts(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Every fact of a record with its path."""
    if isinstance(value, dict):
        if "value" in value:
            yield path, value
            return
        for key, item in value.items():
            yield from _facts(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _facts(item, (*path, place))


def _fact(record: Record, path: Any, entry: dict[str, Any], used: set[str]) -> Iterator[Problem]:
    where = f"{record.kind}/{record.id}:{'.'.join(map(str, path))}"
    mark = record.document.mark(path)
    used.add(str(entry.get("source", "")))
    if not entry.get("source"):
        yield _problem(where, "has no source", mark)
    if unknown := set(entry) - _FACT_KEYS:
        yield _problem(where, f"unknown key {min(unknown)}", mark)
    if entry.get("mark") not in (None, *MARKS):
        yield _problem(where, f"unknown mark {entry['mark']}", mark)
    if entry.get("boundary") not in (None, *BOUNDARIES):
        yield _problem(where, f"unknown boundary {entry['boundary']}", mark)
    field = next((str(p) for p in reversed(path) if isinstance(p, str)), "")
    if field == "embodied" and record.kind == "accelerators" and "boundary" not in entry:
        yield _problem(where, "an embodied figure names its boundary", mark)
    if unit_of_field(field) is not None:
        yield from _values(record, path, where, mark)


def _values(record: Record, path: Any, where: str, mark: Mark | None) -> Iterator[Problem]:
    try:
        fact = record.fact(*path)
    except DataError as error:
        yield from error.problems
        return
    if fact is None:
        yield _problem(where, "cannot be read", mark)
    elif fact.value < 0 and fact.shape != "signed":
        yield _problem(where, f"{fact.value:g} {fact.unit} is negative", mark)
    elif fact.low is not None and fact.high is not None and not fact.low <= fact.value <= fact.high:
        yield _problem(where, "its range does not hold its value", mark)


def _references(catalog: Catalog, record: Record) -> Iterator[Problem]:
    links = {"host": "servers", "accelerator": "accelerators", "cpu": "cpus",
             "baseboard": "baseboards", "memory_type": "memory"}  # fmt: skip
    for field, kind in links.items():
        target = record.data.get(field)
        if isinstance(target, str) and catalog.path(kind, target) is None:
            yield _problem(f"{record.kind}/{record.id}", f"{field} {target} has no file")
    for die in record.data.get("dies") or []:
        if (
            catalog.path("processes", str(die.get("node"))) is None
            and record.kind == "accelerators"
        ):
            yield _problem(f"{record.kind}/{record.id}", f"node {die.get('node')} has no file")


def _accelerator(record: Record) -> Iterator[Problem]:
    """The pitfalls of device data: sparse peaks, accumulate modes, board totals."""
    where = f"accelerators/{record.id}"
    base = record.fact("peak_bf16")
    for field, (ratio, exceptions) in _RATIOS.items():
        other = record.fact(field)
        plain = record.text("vendor") == _VENDOR_WITH_FIXED_RATIOS
        if base is None or other is None or not plain or any(e in record.id for e in exceptions):
            continue
        if abs(other.value / base.value / ratio - 1) > _TOLERANCE:
            yield _problem(where, f"{field} is not {ratio:g} times peak_bf16: sparse or dense?")
    idle, tdp = record.fact("idle_power"), record.fact("tdp")
    if idle is not None and tdp is not None and idle.value >= tdp.value:
        yield _problem(where, "idle power is not below TDP")


def _defaults(catalog: Catalog, used: set[str]) -> Iterator[Problem]:
    for name in default_names(catalog):
        fact = catalog.default(name)
        used.add(fact.source)
        if (
            fact.low is not None
            and fact.high is not None
            and not fact.low <= fact.value <= fact.high
        ):
            yield _problem(f"defaults:{name}", "its range does not hold its value")
        if fact.exact and not fact.note:
            yield _problem(f"defaults:{name}", "has neither a range nor a reason")


def _table(name: str, rows: list[dict[str, str]], used: set[str]) -> Iterator[Problem]:
    if not rows:
        yield _problem(name, "is empty or missing")
    for row in rows:
        used.add(row["source"])
        if name.startswith("grids/") and not (row["year"] and row["coverage"] and row["license"]):
            yield _problem(f"{name}:{row['zone']}", "a grid row has year, coverage and license")


def _aliases(catalog: Catalog) -> Iterator[Problem]:
    for kind in ("accelerators", "models"):
        for alias, target in catalog.aliases(kind).items():
            for record_id in target:
                if catalog.path(kind, record_id) is None:
                    yield _problem(f"alias {alias}", f"{record_id} has no file")


def _sources(catalog: Catalog, used: set[str]) -> Iterator[Problem]:
    known = catalog.sources()
    for table in ("grids/fuels", "grids/regions"):
        for row in catalog.table(f"{table}.csv"):
            columns = ("source", "facility_source", "provider_source")
            used.update(row.get(column, "") for column in columns)
    for source in sorted(used - set(known) - {""}):
        yield _problem(f"source {source}", "is used and not in sources.yaml")
    for source in sorted(set(known) - used):
        yield _problem(f"source {source}", "is in sources.yaml and used nowhere")
