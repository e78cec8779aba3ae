"""``carbonctl model``: shapes of models, with sources."""

import sys
from typing import Annotated, Any

import typer

from carbonctl.cli import browse, complete
from carbonctl.cli import options as o
from carbonctl.cli.hw import _catalog, _print

app = typer.Typer(help="Models: list, show, search.", no_args_is_help=True)


def _rows(catalog: Any, ids: list[str]) -> list[dict[str, Any]]:
    from carbonctl.report.numbers import quantity  # noqa: PLC0415 - only to print

    rows = []
    for record_id in ids:
        record = catalog.record("models", record_id)
        total, active = record.number("total_params"), record.number("active_params")
        rows.append(
            {
                "id": record.id,
                "kind": record.text("kind"),
                "params": quantity(total, "1") if total else None,
                "active": quantity(active, "1") if active else None,
                "released": record.text("released"),
            }
        )
    return rows


@app.command("list")
def list_(
    kind: Annotated[str | None, typer.Option(help="As in llm_dense, llm_moe, dlrm.")] = None,
    format: browse.Format = None,
    json: o.Json = False,
    hardware_db: o.HardwareDb = None,
) -> None:
    """Every model."""
    form = browse.chosen(format, json=json)
    catalog = _catalog(hardware_db)
    rows = _rows(catalog, catalog.ids("models"))
    kinds = sorted({row["kind"] for row in rows})
    if kind is not None and kind not in kinds:
        raise browse.unknown("CC207", f'"{kind}" is no kind', f"one of {', '.join(kinds)}")
    browse.show_rows([r for r in rows if kind in (None, r["kind"])], form)


@app.command()
def search(
    word: browse.Word,
    format: browse.Format = None,
    json: o.Json = False,
    hardware_db: o.HardwareDb = None,
) -> None:
    """Models whose id or other spelling holds a word."""
    form = browse.chosen(format, json=json)
    catalog = _catalog(hardware_db)
    named = {i: [i] for i in catalog.ids("models")} | catalog.aliases("models")
    found = dict.fromkeys(i for n in browse.matching(named, word) for i in named[n])
    if not found:
        raise browse.unknown("CC105", f'no model is called "{word}"', "carbonctl model list")
    browse.show_rows(_rows(catalog, list(found)), form)


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(help="Id or other spelling.", autocompletion=complete.models)
    ],
    format: browse.OneFormat = None,
    json: o.Json = False,
    hardware_db: o.HardwareDb = None,
) -> None:
    """One model: its shape and where it was read."""
    form = browse.chosen(format, browse.ONE, json=json)
    from carbonctl.catalog.read import AmbiguousName, UnknownName  # noqa: PLC0415

    catalog = _catalog(hardware_db)
    try:
        record = catalog.record("models", name)
    except UnknownName as error:
        raise browse.unknown("CC105", f'unknown model "{name}"', error.hint()) from None
    except AmbiguousName as error:
        hint = f"say which: {', '.join(error.choices)}"
        raise browse.unknown("CC106", f'"{name}" fits several', hint) from None
    if record.assumed:
        browse.note(record.assumed)
    _print(record, form)
    sys.stdout.flush()
