"""``carbonctl lifecycle``: data, experiments, training and serving in one answer."""

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
    shared: o.Shared = False,
    days: o.Days = None,
    hours: o.WallHours = None,
    accelerator_hours: o.AcceleratorHours = None,
    train_tokens: o.TrainTokens = None,
    train_samples: o.Samples = None,
    energy: o.Energy = None,
    mfu: o.Mfu = None,
    lora: o.Lora = False,
    requests: o.Requests = None,
    tokens: o.Tokens = None,
    images: o.Images = None,
    items: o.Items = None,
    concurrency: o.Concurrency = None,
    precision: o.Precision = None,
    runtime: o.Runtime = None,
    region: o.Region = None,
    grid: o.Grid = None,
    pue: o.Pue = None,
    contracted_clean: o.Contracted = None,
    period: o.Period = None,
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
    """Carbon of a whole life: training and serving, hardware, buildings, end of life."""
    phases = ("data", "experiments", "train", "infer")
    estimate("lifecycle", dict(locals()), phases, need_period=True)
