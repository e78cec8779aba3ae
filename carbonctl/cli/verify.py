"""``carbonctl verify``: recompute a saved result; compare forecasts with measurements."""

from typing import Annotated, Any, Literal

import typer

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.run import draw_table, write
from carbonctl.core.errors import EXIT_DIFFERS


class FileOrTest(typer.core.TyperGroup):
    """A group in which ``verify RESULT.json`` means ``verify result RESULT.json``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Insert the subcommand ``result`` before the name of a file."""
        if args and args[0] not in {*self.commands, "-h", "--help"}:
            args = ["result", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=FileOrTest,
    help="Recompute a saved result, or compare forecasts with measurements.",
    no_args_is_help=True,
)
Saved = Annotated[str, typer.Argument(metavar="RESULT", help="A saved result, or - for stdin.")]
Tolerance = Annotated[
    float, typer.Option(min=0.0, max=1.0, help="Largest relative difference that counts as equal.")
]
_TEST = ("cases", *o.OUTPUT, "verbose", "hardware_db")


@app.command()
@o.with_flags(*o.OUTPUT, "hardware_db", "no_color")
def result(file: Saved, run: o.MarkdownRunOptions, tolerance: Tolerance = 1e-9) -> int:
    """Recompute a saved result; exit with 7 if it differs. The default for `verify RESULT`."""
    form = choose_format(run, ("table", "json", "markdown"))
    from carbonctl.app.verify import verify_file
    from carbonctl.report.verification import render

    verification = verify_file(file, hardware_db=run.hardware_db, tolerance=tolerance)
    if form == "table":
        draw_table(lambda out: render(verification.data, out), run)
    else:
        write(verification.render(form), form, run.output)
    return 0 if verification.is_same else EXIT_DIFFERS


def _score(name: Literal["training", "embodied", "inference"], run: o.ScoreRunOptions) -> None:
    """Forecast measured cases, and write the errors."""
    form = choose_format(run, ("table", "json"))
    from carbonctl.app.score import score

    found = score(name, cases=run.cases, hardware_db=run.hardware_db)
    text = found.to_json() if form == "json" else found.to_text(verbose=run.verbose)
    write(text, form, run.output)


@app.command()
@o.with_flags(*_TEST)
def training(run: o.ScoreRunOptions) -> None:
    """Forecast hours, power and energy of published training runs, each without its family."""
    _score("training", run)


@app.command()
@o.with_flags(*_TEST)
def embodied(run: o.ScoreRunOptions) -> None:
    """Forecast manufacturing carbon of published products, each without its family."""
    _score("embodied", run)


@app.command()
@o.with_flags(*_TEST)
def inference(run: o.ScoreRunOptions) -> None:
    """Forecast energy and throughput of measured services, each without its model's family."""
    _score("inference", run)
