"""``carbonctl compare``: scenarios side by side on common draws."""

from functools import partial
from typing import TYPE_CHECKING, Any

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.progress import steps
from carbonctl.cli.run import PHASES, TABLES, emit, evaluate, load, table_out
from carbonctl.core.errors import UsageError, gathered

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.estimate.results import Lifecycle
    from carbonctl.result.compare import CompareResult
    from carbonctl.scenario.resolve import Resolved
    from carbonctl.study.montecarlo import Evaluated


def command(
    files: o.Files,
    format: o.Format = None,
    json: o.Json = False,
    output: o.Output = None,
    sets: o.Sets = None,
    samples: o.Draws = o.DEFAULT_SAMPLES,
    seed: o.Seed = o.DEFAULT_SEED,
    accounting: o.Accounting = None,
    hardware_db: o.HardwareDb = None,
    root: o.Root = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    no_color: o.NoColor = False,
) -> None:
    """Two or more scenarios: which emits less, how surely, and what would turn the order."""
    flags = dict(locals())
    form = choose_format(flags, TABLES)
    if len(files) < 2 or files.count("-") > 1:  # noqa: PLR2004 - to compare takes two
        message = "compare takes two or more scenarios, at most one of them from stdin"
        raise UsageError(message)
    data = _compare(files, flags)
    from carbonctl.report import side_by_side  # noqa: PLC0415 - after the input is known good

    if form == "table":
        table_out(lambda out: side_by_side.render(data, out), flags)
    else:
        emit(side_by_side.RENDERERS[form](data), output)


def _compare(files: list[str], flags: dict[str, Any]) -> "CompareResult":
    from carbonctl.estimate.lifecycle import lifecycle  # noqa: PLC0415
    from carbonctl.report.charged import charged, title  # noqa: PLC0415
    from carbonctl.report.side_by_side import as_data  # noqa: PLC0415
    from carbonctl.study.compare import compare  # noqa: PLC0415

    def run(file: str) -> "tuple[Resolved, Evaluated[Lifecycle], Catalog]":
        return evaluate(load(flags, file), flags, PHASES)

    runs = gathered(partial(run, file) for file in steps(files, "compare"))
    resolved = [run[0] for run in runs]
    results = [run[1] for run in runs]
    basis = {r.scenario.accounting for r in resolved}
    if len(basis) > 1:
        message = "the scenarios are on different bases; choose one with --accounting"
        raise UsageError(message)
    compared = compare(results, [r.inputs for r in resolved], lifecycle)
    names = [r.scenario.name or file for r, file in zip(resolved, files, strict=True)]
    titles = [title(run[0], charged(run[0], run[2])) for run in runs]
    return as_data(compared, names, titles, results, resolved)
