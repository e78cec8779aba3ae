"""``carbonctl infer``: a service and what it stands on."""

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
    requests: o.Requests = None,
    tokens: o.Tokens = None,
    images: o.Images = None,
    videos: o.Videos = None,
    items: o.Items = None,
    concurrency: o.Concurrency = None,
    latency: o.Latency = None,
    tensor_parallel: o.TensorParallel = None,
    data_parallel: o.DataParallel = None,
    expert_parallel: o.ExpertParallel = None,
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
    """Carbon of serving: per period, and per request, image, clip or item."""
    estimate("infer", dict(locals()), ("infer",))
