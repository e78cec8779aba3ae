"""``carbonctl report``: a saved result in another format, nothing computed again."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.run import emit, rendered, table_out

if TYPE_CHECKING:
    from rich.console import Console

# what is no estimate of one scenario -> the module that renders it
_MODULES = {
    "compare": "side_by_side",
    "diff": "difference",
    "refresh": "refresh_table",
    "verify": "verified",
}
Result = Annotated[str, typer.Argument(metavar="RESULT", help="A saved result, or - for stdin.")]


def command(
    result: Result,
    format: o.Format = None,
    json: o.Json = False,
    output: o.Output = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    no_color: o.NoColor = False,
) -> None:
    """Render a saved result: for people, pull requests, code scanning, model cards, inventories."""
    flags = dict(locals())
    form = choose_format(flags)
    from carbonctl.report import saved  # noqa: PLC0415 - after the flags are known good
    from carbonctl.report.numbers import printable_texts  # noqa: PLC0415

    data = saved.read(result)
    data = data if form == "json" else printable_texts(data)
    if data["command"] not in saved.ESTIMATES:
        _compared(data, flags)
    elif form == "table":
        table_out(lambda out: _tables(data, out, flags), flags)
    else:
        rendered(data, flags)


def _tables(data: dict[str, Any], out: "Console", flags: dict[str, Any]) -> None:
    """Every result, and under them the verdict where a gate has judged."""
    from carbonctl.report import verdict  # noqa: PLC0415 - Rich, for tables alone
    from carbonctl.report.findings import results  # noqa: PLC0415
    from carbonctl.report.table import render  # noqa: PLC0415

    for one in results(data):
        render(one, out, verbose=flags["verbose"], quiet=flags["quiet"])
    if "gate" in data:
        verdict.render(data["gate"], out)


def _compared(data: dict[str, Any], flags: dict[str, Any]) -> None:
    """A comparison, a difference or a decision, in the formats that those have."""
    import importlib  # noqa: PLC0415 - for these alone

    renderer = importlib.import_module(f"carbonctl.report.{_MODULES[data['command']]}")
    choose_format(flags, ("table", *renderer.RENDERERS))
    length = {name: flags[name] for name in ("verbose", "quiet")}
    shown = length if data["command"] == "refresh" else {}
    if flags["format"] == "table":
        table_out(lambda out: renderer.render(data, out, **shown), flags)
    else:
        emit(renderer.RENDERERS[flags["format"]](data), flags["output"])
