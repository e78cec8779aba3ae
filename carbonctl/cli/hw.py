"""``carbonctl hw``: accelerators, servers and parts, with sources."""

import sys
from typing import Annotated, Any

import typer

from carbonctl.cli import browse, complete
from carbonctl.cli import options as o

KINDS = ("accelerators", "servers", "cpus", "baseboards", "memory", "storage", "network", "parts",
         "devices",         "processes", "runtimes")  # fmt: skip
_KEY = 22  # width of the names of fields
app = typer.Typer(help="Devices and parts: list, show, search, check.", no_args_is_help=True)
Kind = Annotated[str, typer.Option(help=", ".join(KINDS))]


def _catalog(folder: str | None) -> Any:
    from carbonctl.catalog.read import Catalog  # noqa: PLC0415 - after the flags are known good

    return Catalog.open(folder)


def _rows(catalog: Any, kind: str, ids: list[str]) -> list[dict[str, Any]]:
    rows = []
    for record_id in ids:
        record = catalog.record(kind, record_id)
        row: dict[str, Any] = {"id": record.id, "name": record.name}
        for label, field, size in (
            ("tdp_w", "tdp", 1), ("memory_gb", "memory", 1), ("gb_per_s", "bandwidth", 1),
            ("bf16_tflops", "peak_bf16", 1e12), ("embodied_kgco2e", "embodied", 1),
        ) if kind == "accelerators" else ():  # fmt: skip
            fact = record.fact(field)
            row[label] = None if fact is None else round(fact.value / size, 4)
        rows.append(row)
    return rows


def _kind(kind: str) -> str:
    if kind not in KINDS:
        raise browse.unknown("CC207", f'"{kind}" is no kind', f"one of {', '.join(KINDS)}")
    return kind


@app.command("list")
def list_(
    kind: Kind = "accelerators",
    format: browse.Format = None,
    json: o.Json = False,
    hardware_db: o.HardwareDb = None,
) -> None:
    """Every record of a kind."""
    form = browse.chosen(format, json=json)
    catalog = _catalog(hardware_db)
    browse.show_rows(_rows(catalog, _kind(kind), catalog.ids(kind)), form)


@app.command()
def search(
    word: browse.Word,
    format: browse.Format = None,
    json: o.Json = False,
    hardware_db: o.HardwareDb = None,
) -> None:
    """Records of any kind whose id, name or other spelling holds a word."""
    form = browse.chosen(format, json=json)
    catalog = _catalog(hardware_db)
    rows = []
    for kind in KINDS:
        aliases = catalog.aliases(kind)
        names = {i: {i} for i in catalog.ids(kind)}
        for alias, target in aliases.items():
            for record_id in target:
                names.setdefault(record_id, set()).add(alias)
        flat = {name: record_id for record_id, all_ in names.items() for name in sorted(all_)}
        strict = kind != "accelerators" or any(word.lower() in name for name in flat)
        found = browse.matching(flat, word)
        hits = dict.fromkeys(flat[n] for n in found if not strict or _holds(n, word))
        rows += [{"kind": kind, "id": i, "name": catalog.record(kind, i).name} for i in hits]
    if not rows:
        raise browse.unknown("CC103", f'nothing is called "{word}"', "carbonctl hw list")
    browse.show_rows(rows, form)


def _holds(name: str, word: str) -> bool:
    plain = name.lower().replace("-", " ")
    return all(part in plain for part in word.lower().replace("-", " ").split())


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(help="Id or other spelling.", autocompletion=complete.hardware)
    ],
    format: browse.OneFormat = None,
    json: o.Json = False,
    hardware_db: o.HardwareDb = None,
) -> None:
    """One record: every fact with its range and source."""
    form = browse.chosen(format, browse.ONE, json=json)
    from carbonctl.catalog.read import AmbiguousName, UnknownName  # noqa: PLC0415

    catalog = _catalog(hardware_db)
    for kind in KINDS:
        try:
            record = catalog.record(kind, name)
        except UnknownName:
            continue
        except AmbiguousName as error:
            hint = f"say which: {', '.join(error.choices)}"
            raise browse.unknown("CC106", f'"{name}" fits several', hint) from None
        if record.assumed:
            browse.note(record.assumed)
        _print(record, form)
        return
    raise browse.unknown("CC103", f'unknown device "{name}"', _nearest(catalog, name))


def _nearest(catalog: Any, name: str) -> str:
    """A hint with what is like a name: its own family, else the nearest of all kinds."""
    from carbonctl.catalog.read import UnknownName  # noqa: PLC0415 - only on the way out
    from carbonctl.core.errors import ask_did_you_mean  # noqa: PLC0415 - with it

    for kind in KINDS:
        try:
            catalog.record(kind, name)
        except UnknownName as error:
            if error.near:
                return ask_did_you_mean(error.near)
    return ""


def _print(record: Any, form: str) -> None:
    if form == "json":
        from carbonctl.report.machine import as_json  # noqa: PLC0415 - only the one asked for

        shown = {"kind": record.kind, "id": record.id} | record.data
        sys.stdout.write(as_json(shown | dict(_precisions(record))))
        return
    from carbonctl.report.numbers import printable  # noqa: PLC0415 - for people alone
    from carbonctl.report.wrapped import fold, terminal_width  # noqa: PLC0415

    width = terminal_width()
    out = fold(printable(f"{record.id}  {record.name}"), width)
    for key, value in (*record.data.items(), *_precisions(record)):
        shown = ", ".join(value) if key.endswith("_formats") else value
        for line in _lines(key, shown):
            out += fold(printable(line), width, "  ", " " * min(_KEY + 2, width // 2))
    sys.stdout.write("\n".join(out) + "\n")


def _precisions(record: Any) -> list[tuple[str, Any]]:
    """Number formats that follow from a record: of a device's arithmetic, or of serving a model."""
    from carbonctl.catalog import number_formats  # noqa: PLC0415 - only to show one record

    if record.kind == "accelerators":
        native, stored = number_formats.native_formats(record)
        return [("native_formats", native), ("weight_only_formats", stored)]
    if record.kind == "models":
        return [("default_precision", number_formats.default_precision(record) or "bf16")]
    return []


def _lines(key: str, value: Any) -> list[str]:
    if isinstance(value, dict) and "value" in value:
        span = "({} to {}) ".format(*value["range"]) if "range" in value else ""
        mark = f", {value['mark']}" if "mark" in value else ""
        note = f"; {value['note']}" if "note" in value else ""
        return [f"{key:<{_KEY}}{value['value']} {span}[{value.get('source', '')}{mark}]{note}"]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [line for item in value for line in _lines(key, _named(item))]
    if isinstance(value, dict):
        return [line for k, v in value.items() for line in _lines(f"{key}.{k}", v)]
    return [f"{key:<{_KEY}}{value}"]


def _named(item: dict[str, Any]) -> Any:
    """A die as one line; anything else as it is."""
    if "area" not in item:
        return item
    return item["area"] | {"value": f"{item['count']} x {item['area']['value']} {item['node']}"}


@app.command()
def check(hardware_db: o.HardwareDb = None, quiet: o.Quiet = False) -> None:
    """Every rule over every record: units, ranges, sources, the pitfalls of device data."""
    from carbonctl.catalog.check import check as run  # noqa: PLC0415 - reads the whole base
    from carbonctl.core.errors import DataError  # noqa: PLC0415

    counts, problems = run(_catalog(hardware_db))
    if problems:
        raise DataError(problems)
    if not quiet:
        for kind, count in counts.items():
            sys.stdout.write(f"{kind:<16}{count:>6}\n")
        sys.stdout.write("no problems\n")
