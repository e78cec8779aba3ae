"""``carbonctl explain``: the formulas and facts behind a number."""

from typing import Annotated

import typer

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.progress import count_draws
from carbonctl.cli.run import load_from_options, write

_FLAGS = (*o.LIFECYCLE, *o.RUN[1:], "videos", *o.LATENCY, "subject", "device", *o.REPLACEMENT)
_FILE = typer.Argument(metavar="[FILE]", help="Scenario or saved result, or - for stdin.")
Explained = Annotated[o.Text, _FILE]
Of = Annotated[str, typer.Option(help="Metric, or label of a line in the table.")]


@o.with_flags("format", *_FLAGS)
def command(
    scenario: o.ScenarioOptions, run: o.TextRunOptions, file: Explained = None, of: Of = "total"
) -> None:
    """Show the formulas behind a number down to facts, and the facts that decide it."""
    form = choose_format(run, ("table", "json"))
    from carbonctl.app.explain import evaluate_any, evaluate_saved, explain_number
    from carbonctl.app.recompute import load_saved
    from carbonctl.report.text.wrapping import terminal_width, wrap_lines

    raw, saved_document = load_saved(file)
    if saved_document is not None:
        scenario.check_is_empty(_FLAGS)
        evaluated, catalog = evaluate_saved(saved_document, run.hardware_db)
    else:
        loaded = load_from_options(file, scenario, run, raw=raw)
        evaluated, catalog = evaluate_any(loaded), loaded.catalog
    with count_draws(run.samples):
        explanation = explain_number(evaluated, of, catalog, samples=run.samples, seed=run.seed)
    if form == "json":
        write(explanation.to_json(), form, run.output)
        return
    text = explanation.in_words()
    text = text.partition("\n")[0] + "\n" if run.quiet else text
    write(wrap_lines(text, terminal_width()), form, run.output)
