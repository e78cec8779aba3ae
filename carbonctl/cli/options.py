"""Flags that several commands share."""

from typing import Annotated, Optional

import typer

from carbonctl.cli import complete
from carbonctl.core.errors import UsageError

Text = Optional[str]  # noqa: UP045 - Typer reads this at run time

File = Annotated[Text, typer.Argument(metavar="[FILE]", help="Scenario, or - for stdin.")]
Files = Annotated[list[str], typer.Argument(metavar="FILE...", help="Scenarios, or - for stdin.")]

_M, _H, _S = "Model", "Hardware and site", "Output"
Model = Annotated[
    Text,
    typer.Option(help="Model by name.", rich_help_panel=_M, autocompletion=complete.models),
]
Params = Annotated[Text, typer.Option(help="Parameters, as in 7B.", rich_help_panel=_M)]
ActiveParams = Annotated[Text, typer.Option(help="Active parameters.", rich_help_panel=_M)]
Gpu = Annotated[
    Text,
    typer.Option("--gpu", help="Accelerator and count: h100-sxm:64.", rich_help_panel=_H,
                 autocompletion=complete.accelerators),
]  # fmt: skip
Subject = Annotated[
    Text,
    typer.Option(
        help="accelerator, baseboard, server, rack, cluster, datacenter or device.",
        rich_help_panel=_H,
    ),
]
ClientDevice = Annotated[
    Text, typer.Option("--device", help="Client device: apple-iphone-14-128gb.", rich_help_panel=_H)
]
Server = Annotated[
    Text,
    typer.Option(help="Server and count: dgx-h100:8.", rich_help_panel=_H,
                 autocompletion=complete.servers),
]  # fmt: skip
Instance = Annotated[
    Text,
    typer.Option(help="Instance and count: aws:p5.48xlarge:8.", rich_help_panel=_H,
                 autocompletion=complete.instances),
]  # fmt: skip
Region = Annotated[
    Text,
    typer.Option(help="Region or grid zone.", rich_help_panel=_H, autocompletion=complete.regions),
]
Grid = Annotated[Text, typer.Option(help="Grid factor: 0.4 kg/kWh.", rich_help_panel=_H)]
Pue = Annotated[Text, typer.Option(help="PUE of the site.", rich_help_panel=_H)]
Contracted = Annotated[
    Text,
    typer.Option("--contracted-clean", help="Clean share under contract.", rich_help_panel=_H),
]
Root = Annotated[
    Text, typer.Option("--root", metavar="DIR", help="The folder that extends stays in.")
]
Period = Annotated[Text, typer.Option(help="Period of service, e.g. 2 y.")]
WallHours = Annotated[Text, typer.Option("--hours", help="Wall-clock hours of training: 36.")]
Lora = Annotated[bool, typer.Option("--lora", help="Train adapters (LoRA), not all weights.")]
Days = Annotated[Text, typer.Option(help="Wall-clock days of training.")]
AcceleratorHours = Annotated[
    Text,
    typer.Option("--accelerator-hours", "--gpu-hours", help="Device-hours of training."),
]
TrainTokens = Annotated[Text, typer.Option(help="Training tokens: 15T.")]
Samples = Annotated[Text, typer.Option("--train-samples", help="Training samples.")]
Energy = Annotated[Text, typer.Option(help="Measured energy and boundary: 433 MWh:it_system.")]
Mfu = Annotated[Text, typer.Option(help="Steady model FLOP utilization.")]
Requests = Annotated[Text, typer.Option(help="Requests: 1M/day.")]
Tokens = Annotated[
    Text,
    typer.Option(
        help="Prompt and output tokens of a request: 500:300; of a text that is read: 256."
    ),
]
Images = Annotated[Text, typer.Option(help="Images: 200k/day.")]
Videos = Annotated[Text, typer.Option(help="Clips: 1k/day.")]
Items = Annotated[Text, typer.Option(help="Ranked items: 100k/s.")]
Latency = Annotated[
    Text, typer.Option(help="Maximum inter-token latency: 50 ms; sets the concurrency.")
]
TensorParallel = Annotated[Text, typer.Option(help="Accelerators that share one copy.")]
DataParallel = Annotated[Text, typer.Option(help="Data-parallel attention ranks (MoE).")]
ExpertParallel = Annotated[Text, typer.Option(help="Accelerators that experts are spread over.")]
Concurrency = Annotated[Text, typer.Option(help="Sequences decoded together.")]
Precision = Annotated[Text, typer.Option(help="Format of served weights, else as published.")]
Runtime = Annotated[
    Text, typer.Option(help="Serving stack: vllm_2025.", autocompletion=complete.runtimes)
]

Format = Annotated[
    Text,
    typer.Option(
        "-f",
        "--format",
        help="table, json, ndjson, csv, markdown, github, sarif, junit, hf-card, sci, ghg.",
        rich_help_panel=_S,
        autocompletion=complete.formats,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Same as -f json.", rich_help_panel=_S)]
Output = Annotated[
    Text,
    typer.Option(
        "-o",
        "--output",
        help="Write to a file; its extension names the format.",
        rich_help_panel=_S,
    ),
]
Sets = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--set", metavar="PATH=VALUE", help="Change one value.", rich_help_panel=_S),
]
FEWEST_SAMPLES, MOST_SAMPLES = 100, 1_000_000


def _enough(samples: int) -> int:
    """Percentiles of a handful of draws would look like an interval and be none."""
    if samples and not FEWEST_SAMPLES <= samples <= MOST_SAMPLES:
        message = f"--samples is 0, for no interval, or {FEWEST_SAMPLES} to {MOST_SAMPLES:,}"
        raise UsageError(f"{message}, not {samples:,}")
    return samples


Draws = Annotated[int, typer.Option("--samples", min=0, callback=_enough,
                                    help="Draws, 100 to a million; 0 for none.",
                                    rich_help_panel=_S)]  # fmt: skip
Seed = Annotated[int, typer.Option(min=0, help="Seed of the draws.", rich_help_panel=_S)]
Accounting = Annotated[
    Text,
    typer.Option(help="location or market.", rich_help_panel=_S,
                 autocompletion=complete.accountings),
]  # fmt: skip
Shared = Annotated[
    bool,
    typer.Option(
        "--shared", help="Charge serving by need; others use the rest.", rich_help_panel=_H
    ),
]
HardwareDb = Annotated[
    Text,
    typer.Option(
        "--hardware-db",
        help="Folder of your own hardware data, laid over the bundled one.",
        rich_help_panel=_S,
    ),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Only the answer.",
                                     rich_help_panel=_S)]  # fmt: skip
Verbose = Annotated[
    bool, typer.Option("-v", "--verbose", help="List every assumption.", rich_help_panel=_S)
]
NoColor = Annotated[bool, typer.Option("--no-color", help="No color.", rich_help_panel=_S)]

DEFAULT_SAMPLES, DEFAULT_SEED = 2000, 1
