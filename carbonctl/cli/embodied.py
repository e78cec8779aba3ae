"""``carbonctl embodied``: hardware from manufacturing to end of life, without use."""

from carbonctl.cli import options as o
from carbonctl.cli.run import check_format, load, report, warn


def command(
    file: o.File = None,
    gpu: o.Gpu = None,
    server: o.Server = None,
    instance: o.Instance = None,
    subject: o.Subject = None,
    device: o.ClientDevice = None,
    format: o.Format = "table",
    output: o.Output = None,
    sets: o.Sets = None,
    samples: o.Draws = o.DEFAULT_SAMPLES,
    seed: o.Seed = o.DEFAULT_SEED,
    hardware_db: o.HardwareDb = None,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    no_color: o.NoColor = False,
) -> None:
    """Carbon of an accelerator, a machine, a rack, a cluster or a datacenter, part by part."""
    flags = dict(locals())
    check_format(format)
    scenario, document, catalog = load(flags, file)
    from carbonctl.estimate.embodied import embodied  # noqa: PLC0415 - after a good input
    from carbonctl.report.envelope import Beside, envelope  # noqa: PLC0415
    from carbonctl.scenario.item import resolve_item  # noqa: PLC0415
    from carbonctl.study.montecarlo import evaluate  # noqa: PLC0415

    item = resolve_item(scenario, document, catalog)
    result = evaluate(item.inputs, embodied, samples=samples, seed=seed)
    warn(item.warnings, flags)
    beside = Beside(scenario.name or "", item.title, None, item.not_estimated, item.warnings)
    report(envelope("embodied", result, catalog, beside), flags, catalog)
