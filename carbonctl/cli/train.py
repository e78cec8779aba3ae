"""``carbonctl train``: training and what it stands on."""

from carbonctl.cli import options as o
from carbonctl.cli.run import estimate


def command(
    file: o.File = None,
    model: o.Model = None,
    params: o.Params = None,
    active_params: o.ActiveParams = None,
    gpu: o.Gpu = None,
    server: o.Server = None,
    instance: o.Instance = None,
    days: o.Days = None,
    hours: o.WallHours = None,
    accelerator_hours: o.AcceleratorHours = None,
    train_tokens: o.TrainTokens = None,
    train_samples: o.Samples = None,
    energy: o.Energy = None,
    mfu: o.Mfu = None,
    lora: o.Lora = False,
    region: o.Region = None,
    grid: o.Grid = None,
    pue: o.Pue = None,
    contracted_clean: o.Contracted = None,
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
    """Carbon of training: electricity, hardware share, construction, transport, end of life."""
    estimate("train", dict(locals()), ("data", "experiments", "train"))
