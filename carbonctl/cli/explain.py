"""``carbonctl explain``: where a number comes from."""

import inspect
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from carbonctl.cli import embodied, infer, lifecycle, refresh, train
from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.progress import draws
from carbonctl.cli.run import PHASES, PHASES_OF, emit, evaluate, load
from carbonctl.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.catalog.read import Catalog
    from carbonctl.cli.run import Loaded
    from carbonctl.core.strict_json import Json
    from carbonctl.report.facts import Result

_FORMATS = ("table", "json")
# flags of the estimating commands that change no number: a saved result may take them too
_OUTPUT = {"file", "format", "json", "output", "samples", "seed", "hardware_db", "quiet", "root",
           "verbose", "no_color"}  # fmt: skip
Explained = Annotated[
    Optional[str],  # noqa: UP045 - Typer reads this at run time
    typer.Argument(metavar="[FILE]", help="Scenario or saved result, or - for stdin."),
]
Of = Annotated[str, typer.Option(help="Name of the number, or its label in the table.")]
Format = Annotated[o.Text, typer.Option("-f", "--format", help="table or json.")]


def _takes_flags_of(*commands: "Callable[..., Any]") -> "Callable[..., Any]":
    """A decorator: a command that also takes every flag of some others, as they declare it."""

    def declare(command: "Callable[..., Any]") -> "Callable[..., Any]":
        own = inspect.signature(command).parameters
        params = {k: p for k, p in own.items() if p.kind is not p.VAR_KEYWORD}
        for other in commands:
            for name, param in inspect.signature(other).parameters.items():
                params.setdefault(name, param)
        named = [p.replace(kind=p.KEYWORD_ONLY) for p in params.values()]
        command.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in named}
        return command

    return declare


@_takes_flags_of(lifecycle.command, train.command, infer.command, embodied.command, refresh.command)
def command(
    file: Explained = None, of: Of = "total", format: Format = None, **estimate: Any
) -> None:
    """The tree of formulas under a number, down to facts, and which of them decide it."""
    samples, seed = estimate["samples"], estimate["seed"]
    flags = estimate | {"file": file, "format": format, "samples": 0}
    form = choose_format(flags, _FORMATS)
    from carbonctl.report import explain  # noqa: PLC0415 - after the flags are known good
    from carbonctl.report.basis import basis  # noqa: PLC0415
    from carbonctl.report.machine import as_json  # noqa: PLC0415
    from carbonctl.report.wrapped import terminal_width, wrapped  # noqa: PLC0415

    result, catalog = _point(flags, file)
    number = explain.find(result.point, of)
    with draws(samples):
        rests_on = basis(number, result.draws(samples, seed))
    if form == "json":
        emit(as_json(explain.tree(number, of, rests_on)), flags["output"])
        return
    text = explain.as_text(number, of, rests_on, catalog.sources())
    text = text.partition("\n")[0] + "\n" if flags["quiet"] else text
    emit(wrapped(text, terminal_width()), flags["output"])


def _point(flags: dict[str, Any], file: str | None) -> "tuple[Result, Catalog]":
    """The traced point estimate of a scenario of any kind, or of the one that a result holds."""
    from carbonctl.cli.again import reread  # noqa: PLC0415 - after the flags are known good

    raw, kept = reread(file)
    if kept is not None:
        return _again(flags, kept)
    loaded = load(flags, file, raw)
    scenario = loaded[0]
    if any(getattr(scenario, name) is not None for name in PHASES):
        return evaluate(loaded, flags, PHASES)[1], loaded[2]
    return _replacement(loaded) if scenario.refresh is not None else _item(loaded)


def _again(flags: dict[str, Any], made: "Json") -> "tuple[Result, Catalog]":
    """What a saved result rests on, computed again by the command that made it."""
    from carbonctl.catalog.read import Catalog  # noqa: PLC0415 - after a good file
    from carbonctl.cli.again import given, loaded, only  # noqa: PLC0415

    changed = [name for name, value in flags.items() if name not in _OUTPUT and value]
    if changed:
        flag = "--set" if changed[0] == "sets" else f"--{changed[0].replace('_', '-')}"
        message = f"{flag} changes a scenario; a saved result stays as it is"
        raise UsageError(message, "give the scenario instead")
    result, at = only(made)
    scenario, document, catalog = loaded(given(made, at), Catalog.open(flags["hardware_db"]))
    if result["command"] == "embodied":
        return _item((scenario, document, catalog))
    # a gate holds a result on the basis of its policy, which the scenario need not say
    held = scenario.model_copy(update={"accounting": result["accounting"]})
    phases = PHASES_OF[result["command"]]
    return evaluate((held, document, catalog), flags, phases)[1], catalog


def _replacement(loaded: "Loaded") -> "tuple[Result, Catalog]":
    scenario, document, catalog = loaded
    from carbonctl.scenario.refresh import resolve_refresh  # noqa: PLC0415 - for this kind alone
    from carbonctl.study.refresh import decide  # noqa: PLC0415

    resolved = resolve_refresh(scenario, document, catalog)
    return decide(resolved.inputs, samples=0, seed=0), catalog


def _item(loaded: "Loaded") -> "tuple[Result, Catalog]":
    scenario, document, catalog = loaded
    from carbonctl.estimate.embodied import embodied  # noqa: PLC0415 - for this kind alone
    from carbonctl.scenario.item import resolve_item  # noqa: PLC0415
    from carbonctl.study.montecarlo import evaluate as study  # noqa: PLC0415

    item = resolve_item(scenario, document, catalog)
    return study(item.inputs, embodied, samples=0, seed=0), catalog
