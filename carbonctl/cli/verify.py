"""``carbonctl verify``: a saved result computed again, and forecasts beside what was measured."""

from typing import Annotated, Any, Literal

import typer

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.run import draw, write
from carbonctl.core.errors import EXIT_DIFFERS


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
Saved = Annotated[str, typer.Argument(metavar="RESULT", help="A saved result, or - for stdin.")]
Tolerance = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="Largest relative difference that is none.")
]
_TEST = ("cases", *o.OUTPUT, "verbose", "hardware_db")


@app.command()
@o.takes(*o.OUTPUT, "hardware_db", "no_color")
def result(file: Saved, run: o.MarkdownRunOptions, tolerance: Tolerance = 1e-9) -> int:
    """Compute a saved result again, and end with 7 where it differs; RESULT alone means this."""
    form = choose_format(run, ("table", "json", "markdown"))
    from carbonctl.app.verify import verify_file  # noqa: PLC0415 - after good flags
    from carbonctl.report.verified import render  # noqa: PLC0415

    found = verify_file(file, hardware_db=run.hardware_db, tolerance=tolerance)
    if form == "table":
        draw(lambda out: render(found.data, out), run)
    else:
        write(found.render(form), form, run.output)
    return 0 if found.is_same else EXIT_DIFFERS


def _score(name: Literal["training", "embodied", "inference"], run: o.ScoreRunOptions) -> None:
    """Forecast measured cases, and report the errors."""
    form = choose_format(run, ("table", "json"))
    from carbonctl.app.score import score  # noqa: PLC0415 - after the flags are known good

    found = score(name, cases=run.cases, hardware_db=run.hardware_db)
    text = found.to_json() if form == "json" else found.to_text(verbose=run.verbose)
    write(text, form, run.output)


@app.command()
@o.takes(*_TEST)
def training(run: o.ScoreRunOptions) -> None:
    """Hours, power and energy of published training runs, each forecast without its family."""
    _score("training", run)


@app.command()
@o.takes(*_TEST)
def embodied(run: o.ScoreRunOptions) -> None:
    """Manufacturing of published products, each forecast without its family."""
    _score("embodied", run)


@app.command()
@o.takes(*_TEST)
def inference(run: o.ScoreRunOptions) -> None:
    """Energy and throughput of measured services, each forecast without its model's family."""
    _score("inference", run)
