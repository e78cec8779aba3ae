"""``carbonctl explain``: where a number comes from."""

from typing import Annotated

import typer

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.progress import draws
from carbonctl.cli.run import load, write

_FLAGS = (*o.LIFECYCLE, *o.RUN[1:], "videos", *o.LATENCY, "subject", "device", *o.REPLACEMENT)
_FILE = typer.Argument(metavar="[FILE]", help="Scenario or saved result, or - for stdin.")
Explained = Annotated[o.Text, _FILE]
Of = Annotated[str, typer.Option(help="Name of the number, or its label in the table.")]


@o.takes("format", *_FLAGS)
def command(
    scenario: o.ScenarioOptions, run: o.TextRunOptions, file: Explained = None, of: Of = "total"
) -> None:
    """The tree of formulas under a number, down to facts, and which of them decide it."""
    form = choose_format(run, ("table", "json"))
    from carbonctl.app.explain import evaluate_any, evaluate_saved, explain_number  # noqa: PLC0415
    from carbonctl.app.recompute import load_saved  # noqa: PLC0415 - after good flags
    from carbonctl.report.text.wrapped import terminal_width, wrapped  # noqa: PLC0415

    raw, kept = load_saved(file)
    if kept is not None:
        scenario.check_is_empty(_FLAGS)
        evaluated, catalog = evaluate_saved(kept, run.hardware_db)
    else:
        loaded = load(file, scenario, run, raw=raw)
        evaluated, catalog = evaluate_any(loaded), loaded.catalog
    with draws(run.samples):
        found = explain_number(evaluated, of, catalog, samples=run.samples, seed=run.seed)
    if form == "json":
        write(found.to_json(), form, run.output)
        return
    text = found.in_words()
    text = text.partition("\n")[0] + "\n" if run.quiet else text
    write(wrapped(text, terminal_width()), form, run.output)
