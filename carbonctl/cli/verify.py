"""``carbonctl verify``: a saved result computed again, and forecasts beside what was measured."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.run import emit, table_out
from carbonctl.core.errors import EXIT_DIFFERS

if TYPE_CHECKING:
    from types import ModuleType


class FileOrTest(typer.core.TyperGroup):
    """``verify RESULT.json`` beside ``verify training``: what is no subcommand is a result."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the command for files before a file."""
        if args and args[0] not in {*self.commands, "-h", "--help"}:
            args = ["result", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=FileOrTest,
    help="A saved result computed again, or forecasts beside measurements, with errors.",
    no_args_is_help=True,
)
Cases = Annotated[
    Optional[str],  # noqa: UP045 - Typer reads this at run time
    typer.Option(
        "--cases", metavar="FILE", help="Other cases, in the columns of the bundled table."
    ),
]
Format = Annotated[o.Text, typer.Option("-f", "--format", help="table or json.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Every group.")]


def _table(cases: str | None, name: str) -> Path:
    """The user's table of cases, else the bundled one."""
    from carbonctl.catalog.locate import bundled  # noqa: PLC0415 - after the flags are known good

    return bundled("hardware_db") / "published" / name if cases is None else Path(cases)


def _prove(name: str, table: "ModuleType", study: "ModuleType", flags: dict[str, Any]) -> None:
    """Forecast the cases that ``table`` reads, as ``study`` scores them, and report by ``name``."""
    from carbonctl.catalog.read import Catalog  # noqa: PLC0415 - after the flags are known good
    from carbonctl.report import verify as report  # noqa: PLC0415
    from carbonctl.report.machine import as_json  # noqa: PLC0415

    catalog, cases, view = Catalog.open(flags["hardware_db"]), flags["cases"], report.VIEWS[name]
    fitted = table.read(_table(None, f"{name}.csv"), catalog)
    found = fitted if cases is None else table.read(_table(cases, ""), catalog)
    seen = study.in_sample(found, None if cases is None else fitted)
    scores = study.scores(found, catalog, bundled=cases is None)
    data = report.as_data(scores, found.sha256, seen)
    text = report.as_text(data, view, held_out=flags["cases"] is None, verbose=flags["verbose"])
    emit(as_json(data) if flags["format"] == "json" else text, flags["output"])


@app.command()
def result(
    file: Annotated[str, typer.Argument(metavar="RESULT", help="A saved result, or - for stdin.")],
    tolerance: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Largest relative difference that is none.")
    ] = 1e-9,
    format: Annotated[
        o.Text, typer.Option("-f", "--format", help="table, json or markdown.")
    ] = None,
    json: o.Json = False,
    output: o.Output = None,
    hardware_db: o.HardwareDb = None,
    no_color: o.NoColor = False,
) -> int:
    """Compute a saved result again, and end with 7 where it differs; RESULT alone means this."""
    flags = dict(locals())
    form = choose_format(flags, ("table", "json", "markdown"))
    from carbonctl.app.verify import verify  # noqa: PLC0415 - after the flags are known good
    from carbonctl.report import verified  # noqa: PLC0415

    data = verify(file, hardware_db, tolerance)
    if form == "table":
        table_out(lambda out: verified.render(data, out), {"output": output, "no_color": no_color})
    else:
        emit(verified.RENDERERS[form](data), output)
    return EXIT_DIFFERS if data["status"] == "differs" else 0


@app.command()
def training(
    cases: Cases = None,
    format: Format = None,
    json: o.Json = False,
    output: o.Output = None,
    verbose: Verbose = False,
    hardware_db: o.HardwareDb = None,
) -> None:
    """Hours, power and energy of published training runs, each forecast without its family."""
    flags = dict(locals())
    choose_format(flags, ("table", "json"))
    from carbonctl.study import training_runs, verify  # noqa: PLC0415 - after the flags are known good

    _prove("training", training_runs, verify, flags)


@app.command()
def embodied(
    cases: Cases = None,
    format: Format = None,
    json: o.Json = False,
    output: o.Output = None,
    verbose: Verbose = False,
    hardware_db: o.HardwareDb = None,
) -> None:
    """Manufacturing of published products, each forecast without its family."""
    flags = dict(locals())
    choose_format(flags, ("table", "json"))
    from carbonctl.scenario import products  # noqa: PLC0415 - after the flags are known good
    from carbonctl.study import verify_embodied  # noqa: PLC0415

    _prove("embodied", products, verify_embodied, flags)


@app.command()
def inference(
    cases: Cases = None,
    format: Format = None,
    json: o.Json = False,
    output: o.Output = None,
    verbose: Verbose = False,
    hardware_db: o.HardwareDb = None,
) -> None:
    """Energy and throughput of measured services, each forecast without its model's family."""
    flags = dict(locals())
    choose_format(flags, ("table", "json"))
    from carbonctl.study import serving_cases, verify_serving  # noqa: PLC0415 - after the flags are known good

    _prove("inference", serving_cases, verify_serving, flags)
