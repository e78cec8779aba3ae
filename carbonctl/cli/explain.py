"""``carbonctl explain``: where a number comes from."""

from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from carbonctl.cli import options as o
from carbonctl.cli.run import PHASES, PHASES_OF, check_format, emit, evaluate, load
from carbonctl.core.errors import UsageError

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.cli.run import Loaded
    from carbonctl.core.strict_json import Json
    from carbonctl.estimate.refresh import Refresh
    from carbonctl.estimate.results import Item, Lifecycle

Explained = Annotated[
    Optional[str],  # noqa: UP045 - Typer reads this at run time
    typer.Argument(metavar="[FILE]", help="Scenario or saved result, or - for stdin."),
]


def command(
    file: Explained = None,
    of: Annotated[str, typer.Option(help="Name of the number.")] = "total",
    format: Annotated[str, typer.Option("-f", "--format", help="table or json.")] = "table",
    output: o.Output = None,
    sets: o.Sets = None,
    samples: o.Draws = o.DEFAULT_SAMPLES,
    seed: o.Seed = o.DEFAULT_SEED,
    accounting: o.Accounting = None,
    hardware_db: o.HardwareDb = None,
    root: o.Root = None,
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
    """The traced point estimate of a scenario of any kind, or of the one that a result holds."""
    from carbonctl.cli.again import reread  # noqa: PLC0415 - after the flags are known good

    raw, kept = reread(file)
    if kept is not None:
        return _again(flags, kept)
    loaded = load(flags, file, raw)
    scenario = loaded[0]
    if any(getattr(scenario, name) is not None for name in PHASES):
        return evaluate(loaded, flags, PHASES)[1].point, loaded[2]
    return _replacement(loaded) if scenario.refresh is not None else _item(loaded)


def _again(flags: dict[str, Any], made: "Json") -> "tuple[Lifecycle | Item, Catalog]":
    """What a saved result rests on, computed again by the command that made it."""
    from carbonctl.catalog.read import Catalog  # noqa: PLC0415 - after a good file
    from carbonctl.cli.again import given, loaded, only  # noqa: PLC0415

    if flags["sets"] or flags["accounting"] is not None:
        message = "--set and --accounting change a scenario; a saved result stays as it is"
        raise UsageError(message)
    result, at = only(made)
    scenario, document, catalog = loaded(given(made, at), Catalog.open(flags["hardware_db"]))
    if result["command"] == "embodied":
        return _item((scenario, document, catalog))
    # a gate holds a result on the basis of its policy, which the scenario need not say
    held = scenario.model_copy(update={"accounting": result["accounting"]})
    phases = PHASES_OF[result["command"]]
    return evaluate((held, document, catalog), flags, phases)[1].point, catalog


def _replacement(loaded: "Loaded") -> "tuple[Refresh, Catalog]":
    scenario, document, catalog = loaded
    from carbonctl.scenario.refresh import resolve_refresh  # noqa: PLC0415 - for this kind alone
    from carbonctl.study.refresh import decide  # noqa: PLC0415

    resolved = resolve_refresh(scenario, document, catalog)
    return decide(resolved.inputs, samples=0, seed=0).point, catalog


def _item(loaded: "Loaded") -> "tuple[Item, Catalog]":
    scenario, document, catalog = loaded
    from carbonctl.estimate.embodied import embodied  # noqa: PLC0415 - for this kind alone
    from carbonctl.scenario.item import resolve_item  # noqa: PLC0415
    from carbonctl.study.montecarlo import evaluate as study  # noqa: PLC0415

    item = resolve_item(scenario, document, catalog)
    return study(item.inputs, embodied, samples=0, seed=0).point, catalog
