"""``carbonctl gate``: results held to a policy, or to the budget of their scenario."""

import sys
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from carbonctl.app.defaults import DEFAULT_SAMPLES, DEFAULT_SEED
from carbonctl.cli import options as o
from carbonctl.cli.output_format import format_of, format_of_file
from carbonctl.cli.progress import count_draws
from carbonctl.cli.run import draw_on_console, render_and_write, write_warnings
from carbonctl.core.errors import UsageError
from carbonctl.report.formats import FORMATS

if TYPE_CHECKING:
    from carbonctl.app.gate import Gate

Text = Optional[str]  # noqa: UP045 - Typer reads this at run time
Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="Scenarios or saved results; - for stdin.")
]
Policy = Annotated[Text, typer.Option("--policy", metavar="FILE", help="The rules to hold.")]
Baseline = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--baseline", metavar="FILE", help="Saved results or scenarios to compare to."),
]
Today = Annotated[
    Text, typer.Option("--today", metavar="DAY", help="The day exceptions are judged by.")
]
Notes = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--note", metavar="TEXT", help="A line that the verdict repeats."),
]
Trust = Annotated[
    bool,
    typer.Option("--trust-result", help="Take saved results as they stand; the verdict says so."),
]
Output = Annotated[
    Text,
    typer.Option(
        "-o",
        "--output",
        help="Write the result too, as its extension says; .json is for report and --baseline.",
    ),
]


def command(
    files: Files,
    policy: Policy = None,
    baseline: Baseline = None,
    today: Today = None,
    trust_result: Trust = False,
    note: Notes = None,
    format: o.Format = None,
    json: o.Json = False,
    output: Output = None,
    sets: o.Sets = None,
    samples: o.Draws = DEFAULT_SAMPLES,
    seed: o.Seed = DEFAULT_SEED,
    hardware_db: o.HardwareDb = None,
    root: o.Root = None,
    quiet: o.Quiet = False,
    no_color: o.NoColor = False,
) -> int:
    """Hold scenarios to a policy: exit 0 when they pass, 4 when not, 5 when undecided."""
    flags = dict(locals())
    form = format_of(format, json=json)
    saved = format_of_file(output, FORMATS)
    _check(flags)
    from carbonctl.app.gate import hold  # noqa: PLC0415 - after the flags are known good

    with count_draws(samples):
        gate = hold(flags)
    write_warnings(gate.warnings, quiet=quiet)
    if output is not None:
        _write(gate, flags | {"format": saved or "json"})
    _write(gate, flags | {"format": form, "output": None})
    if form != "table" and not quiet:
        _findings(gate)
    code: int = gate.verdict["exit_code"]
    return code


def _write(gate: "Gate", flags: dict[str, Any]) -> None:
    """Results and verdict in one format, to stdout or into a file."""
    if flags["format"] != "table":
        render_and_write(gate.as_data(), flags["format"], flags["output"])
        return
    from carbonctl.report.text.gate_table import render  # noqa: PLC0415 - Rich, for tables alone

    draw_on_console(
        lambda out: render(gate.verdict, gate.results, out, quiet=flags["quiet"]),
        output=flags["output"],
        no_color=flags["no_color"],
    )


def _check(flags: dict[str, Any]) -> None:
    named = [*flags["files"], *(flags["baseline"] or ())]
    if named.count("-") > 1:
        message = "only one of the files can come from stdin"
        raise UsageError(message)
    for name in ("policy", "output"):
        if flags[name] == "-":
            message = f"--{name} names a file; - is for scenarios and results"
            raise UsageError(message)


def _findings(gate: "Gate") -> None:
    """What does not pass, in the form of errors, where stdout is for programs."""
    from carbonctl.report.numbers import printable  # noqa: PLC0415
    from carbonctl.report.text.errors import format_problem  # noqa: PLC0415 - where there is something to say
    from carbonctl.report.text.gate_words import problems, refusals  # noqa: PLC0415

    found = problems(gate.verdict["rules"])
    found += [("error", refused) for refused in refusals(gate.verdict)]
    for level, problem in found:
        sys.stderr.write(printable(format_problem(problem, gate.sources, level)) + "\n")
