"""``carbonctl compare``: scenarios side by side on common draws."""

from typing import Any

from carbonctl.cli import options as o
from carbonctl.cli.progress import steps
from carbonctl.cli.run import PHASES, TABLES, check_format, emit, evaluate, load, table_out, title
from carbonctl.core.errors import Problem, UsageError


def command(
    files: o.Files,
    format: o.Format = "table",
    output: o.Output = None,
    sets: o.Sets = None,
    samples: o.Draws = o.DEFAULT_SAMPLES,
    seed: o.Seed = o.DEFAULT_SEED,
    accounting: o.Accounting = None,
    hardware_db: o.HardwareDb = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    no_color: o.NoColor = False,
) -> None:
    """Two or more scenarios: which emits less, how surely, and what would turn the order."""
    flags = dict(locals())
    check_format(format, TABLES)
    if len(files) < 2 or files.count("-") > 1:  # noqa: PLR2004 - to compare takes two
        message = "compare takes two or more scenarios, at most one of them from stdin"
        raise UsageError(message)
    data = _compare(files, flags)
    from carbonctl.report import side_by_side  # noqa: PLC0415 - after the input is known good

    if format == "table":
        table_out(lambda out: side_by_side.render(data, out), flags)
    else:
        emit(side_by_side.RENDERERS[format](data), output)


def _compare(files: list[str], flags: dict[str, Any]) -> dict[str, Any]:
    from carbonctl.core.errors import InputError  # noqa: PLC0415 - with the estimate
    from carbonctl.estimate.lifecycle import lifecycle  # noqa: PLC0415
    from carbonctl.report.side_by_side import as_data  # noqa: PLC0415
    from carbonctl.study.compare import compare  # noqa: PLC0415

    runs = []
    problems: list[Problem] = []
    sources: dict[str, list[str]] = {}
    for file in steps(files, "compare"):
        try:
            runs.append(evaluate(load(flags, file), flags, PHASES))
        except InputError as error:
            problems += error.problems
            sources |= error.sources
    if problems:
        raise InputError(problems, sources)
    resolved = [run[0] for run in runs]
    results = [run[1] for run in runs]
    basis = {r.scenario.accounting for r in resolved}
    if len(basis) > 1:
        message = "the scenarios are on different bases; choose one with --accounting"
        raise UsageError(message)
    compared = compare(results, [r.inputs for r in resolved], lifecycle)
    names = [r.scenario.name or file for r, file in zip(resolved, files, strict=True)]
    return as_data(compared, names, [title(run[0], run[2]) for run in runs], results, resolved)
