"""``carbonctl verify``: forecasts beside what was measured."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from carbonctl.cli import options as o
from carbonctl.cli.run import check_format, emit

app = typer.Typer(help="Forecasts beside measurements, with errors.", no_args_is_help=True)
Cases = Annotated[
    Optional[str],  # noqa: UP045 - Typer reads this at run time
    typer.Option("--cases", metavar="FILE", help="Other runs, in the columns of training.csv."),
]


@app.callback()
def _root() -> None:
    """Keep ``training`` a subcommand while it is the only one."""


@app.command()
def training(
    cases: Cases = None,
    format: Annotated[str, typer.Option("-f", "--format", help="table or json.")] = "table",
    output: o.Output = None,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Every group.")] = False,
    hardware_db: o.HardwareDb = None,
) -> None:
    """Hours, power and energy of published training runs, each forecast without its family."""
    check_format(format, ("table", "json"))
    from carbonctl.catalog.locate import bundled  # noqa: PLC0415 - after the flags are known good
    from carbonctl.catalog.read import Catalog  # noqa: PLC0415
    from carbonctl.report import verify as report  # noqa: PLC0415
    from carbonctl.report.machine import as_json  # noqa: PLC0415
    from carbonctl.study import training_runs, verify  # noqa: PLC0415

    catalog = Catalog.open(hardware_db)
    own = bundled("hardware_db") / "published" / "training.csv"
    fitted = training_runs.read(own, catalog)
    found = fitted if cases is None else training_runs.read(Path(cases), catalog)
    seen = training_runs.in_sample(found.cases, [] if cases is None else fitted.cases)
    scores = verify.scores(found, catalog, bundled=cases is None)
    data = report.as_data(scores, found.sha256, seen)
    text = report.as_text(data, held_out=cases is None, verbose=verbose)
    emit(as_json(data) if format == "json" else text, output)
