"""``carbonctl embodied``: hardware from manufacturing to end of life, without use."""

from typing import TYPE_CHECKING

from carbonctl.cli import options as o
from carbonctl.cli.output_format import choose_format
from carbonctl.cli.progress import draws
from carbonctl.cli.run import load, report, warn

if TYPE_CHECKING:
    from typing import Any

    from carbonctl.cli.run import Loaded
    from carbonctl.core.errors import Problem
    from carbonctl.result.estimate import EstimateResult


def command(
    file: o.File = None,
    gpu: o.Gpu = None,
    server: o.Server = None,
    instance: o.Instance = None,
    subject: o.Subject = None,
    device: o.ClientDevice = None,
    format: o.Format = None,
    json: o.Json = False,
    output: o.Output = None,
    sets: o.Sets = None,
    samples: o.Draws = o.DEFAULT_SAMPLES,
    seed: o.Seed = o.DEFAULT_SEED,
    hardware_db: o.HardwareDb = None,
    root: o.Root = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    no_color: o.NoColor = False,
) -> None:
    """Carbon of an accelerator, a machine, a rack, a cluster or a datacenter, part by part."""
    flags = dict(locals())
    choose_format(flags)
    loaded = load(flags, file)
    data, warnings = item(loaded, flags)
    warn(warnings, flags)
    report(data, flags, loaded[2])


def item(loaded: "Loaded", flags: "dict[str, Any]") -> "tuple[EstimateResult, list[Problem]]":
    """The envelope of whole hardware, and what to warn of."""
    scenario, document, catalog = loaded
    from carbonctl.estimate.embodied import embodied  # noqa: PLC0415 - after a good input
    from carbonctl.report.envelope import Beside, envelope  # noqa: PLC0415
    from carbonctl.report.given import given  # noqa: PLC0415
    from carbonctl.scenario.item import resolve_item  # noqa: PLC0415
    from carbonctl.study.montecarlo import evaluate  # noqa: PLC0415

    made = resolve_item(scenario, document, catalog)
    with draws(flags["samples"]):
        result = evaluate(made.inputs, embodied, samples=flags["samples"], seed=flags["seed"])
    beside = Beside(
        scenario.name or "",
        made.title,
        None,
        made.not_estimated,
        made.warnings,
        inputs=given(document),
    )
    return envelope("embodied", result, catalog, beside), made.warnings
