"""``carbonctl explain``: where a number comes from."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from carbonctl.cli import options as o
from carbonctl.cli.run import PHASES, check_format, emit, evaluate, load

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.estimate.refresh import Refresh
    from carbonctl.estimate.results import Item, Lifecycle


def command(
    file: o.File = None,
    of: Annotated[str, typer.Option(help="Name of the number.")] = "total",
    format: Annotated[str, typer.Option("-f", "--format", help="table or json.")] = "table",
    output: o.Output = None,
    sets: o.Sets = None,
    samples: o.Draws = o.DEFAULT_SAMPLES,
    seed: o.Seed = o.DEFAULT_SEED,
    accounting: o.Accounting = None,
    hardware_db: o.HardwareDb = None,
) -> None:
    """The tree of formulas under a number, down to facts, and which of them decide it."""
    flags = dict(locals()) | {"samples": 0}
    check_format(format, ("table", "json"))
    from carbonctl.report import explain  # noqa: PLC0415 - after the flags are known good
    from carbonctl.report.basis import basis  # noqa: PLC0415
    from carbonctl.report.machine import as_json  # noqa: PLC0415

    result, catalog = _point(flags, file)
    number = explain.find(result, of)
    rests_on = basis(number, samples, seed)
    if format == "json":
        emit(as_json(explain.tree(number, of, rests_on)), output)
    else:
        emit(explain.as_text(number, of, rests_on, catalog.sources()), output)


def _point(flags: dict[str, Any], file: str | None) -> "tuple[Lifecycle | Item | Refresh, Catalog]":
    """The traced point estimate of a scenario of any kind."""
    loaded = scenario, document, catalog = load(flags, file)
    if any(getattr(scenario, name) is not None for name in PHASES):
        return evaluate(loaded, flags, PHASES)[1].point, catalog
    if scenario.refresh is not None:
        from carbonctl.scenario.refresh import resolve_refresh  # noqa: PLC0415
        from carbonctl.study.refresh import decide  # noqa: PLC0415

        resolved = resolve_refresh(scenario, document, catalog)
        return decide(resolved.inputs, samples=0, seed=0).point, catalog
    from carbonctl.estimate.embodied import embodied  # noqa: PLC0415
    from carbonctl.scenario.item import resolve_item  # noqa: PLC0415
    from carbonctl.study.montecarlo import evaluate as study  # noqa: PLC0415

    item = resolve_item(scenario, document, catalog)
    return study(item.inputs, embodied, samples=0, seed=0).point, catalog
