"""``carbonctl gate``: results judged by a policy, or by the budget of their scenario."""

import sys
from functools import partial

from carbonctl.cli import options as o
from carbonctl.cli.output_format import format_of, format_of_file
from carbonctl.cli.progress import count_draws
from carbonctl.cli.run import draw_on_console, write, write_warnings
from carbonctl.report.formats import FORMATS

_RUN = ("format", "json", "output", "sets", *o.DRAWS, *o.DATA, "quiet", "no_color")


@o.with_flags("policy", "baseline", "today", "trust_result", "note", *_RUN)
def command(files: o.GateFiles, asked: o.PolicyOptions, run: o.GateRunOptions) -> int:
    """Hold scenarios to a policy: exit 0 when they pass, 4 when not, 5 when undecided."""
    form = format_of(run.format, json=run.json)
    forms = [(format_of_file(run.output, FORMATS) or "json", run.output)] if run.output else []
    asked.check(files, run.output)
    from carbonctl.app.gate import run_gate
    from carbonctl.app.gate_input import GateOptions

    sets, baseline, notes = (
        tuple(given or ()) for given in (asked.sets, asked.baseline, asked.note)
    )
    options = GateOptions(
        run.samples, run.seed, sets, run.hardware_db, run.root, asked.trust_result
    )
    with count_draws(run.samples):
        gate = run_gate(files, asked.policy, baseline, asked.today, notes, options)
    write_warnings(gate.warnings, quiet=run.quiet)
    for name, output in [*forms, (form, None)]:
        if name == "table":
            paint = partial(gate.draw, quiet=run.quiet)
            draw_on_console(paint, output=output, no_color=run.no_color)
        else:
            write(gate.render(name), name, output)
    if form != "table" and not run.quiet:
        sys.stderr.write(gate.findings())
    return gate.exit_code
