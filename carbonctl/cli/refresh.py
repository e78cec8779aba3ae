"""``carbonctl refresh``: keep old hardware or replace it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.progress import draws
from carbonctl.cli.run import TABLES, emit, load, table_out, warn

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.result.refresh import RefreshDecision


def command(
    file: o.File = None,
    old: Annotated[o.Text, typer.Option(help="Old machine and count: dgx-a100-320gb:4.")] = None,
    new: Annotated[o.Text, typer.Option(help="New machine: dgx-h100.")] = None,
    performance: Annotated[
        o.Text, typer.Option(help="Work of a new machine over an old one: 2.5.")
    ] = None,
    horizon: Annotated[o.Text, typer.Option(help="Span that counts: 5 y.")] = None,
    growth: Annotated[o.Text, typer.Option(help="Growth of demand: 1.2 per 1 y.")] = None,
    region: o.Region = None,
    grid: o.Grid = None,
    pue: o.Pue = None,
    format: o.Format = None,
    json: o.Json = False,
    output: o.Output = None,
    sets: o.Sets = None,
    samples: o.Draws = o.DEFAULT_SAMPLES,
    seed: o.Seed = o.DEFAULT_SEED,
    hardware_db: o.HardwareDb = None,
    root: o.Root = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    no_color: o.NoColor = False,
) -> None:
    """Whether new hardware pays back its making: by what it saves, on this grid and on others."""
    flags = dict(locals())
    choose_format(flags, TABLES)
    scenario, document, catalog = load(flags, file)
    from carbonctl.report.refresh import as_data  # noqa: PLC0415 - after the input is known good
    from carbonctl.scenario.refresh import resolve_refresh  # noqa: PLC0415
    from carbonctl.study.refresh import decide  # noqa: PLC0415

    resolved = resolve_refresh(scenario, document, catalog)
    with draws(samples):
        result = decide(resolved.inputs, samples=samples, seed=seed)
    warn(resolved.warnings, flags)
    _report(as_data(scenario.name or "", result, resolved, catalog), flags, catalog)


def _report(data: "RefreshDecision", flags: dict[str, Any], catalog: "Catalog") -> None:
    """Render a decision in the format asked for."""
    if flags["format"] == "table":
        from carbonctl.report.refresh_table import render  # noqa: PLC0415 - Rich, for tables alone

        short, long = flags["quiet"], flags["verbose"]
        table_out(lambda out: render(data, out, verbose=long, quiet=short), flags)
        return
    from carbonctl.report.facts import cited  # noqa: PLC0415 - only what is asked for
    from carbonctl.report.refresh import RENDERERS  # noqa: PLC0415

    shown = cited(data, catalog) if flags["format"] == "json" else data
    emit(RENDERERS[flags["format"]](shown), flags["output"])
