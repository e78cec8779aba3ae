"""Flags that several commands share, and the place of each in a scenario."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from carbonctl.catalog.instances import find_instance, instances
from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.cli import complete
from carbonctl.core.errors import UsageError
from carbonctl.core.units import UnitError, number
from carbonctl.scenario.named import is_server, per_named
from carbonctl.scenario.read import Setting, parse_sets

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog

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

# parameter of a command -> flag, path in the scenario
_PLAIN = {
    "subject": ("--subject", "embodied.subject"),
    "device": ("--device", "embodied.device"),
    "model": ("--model", "model"),
    "params": ("--params", "model.params"),
    "active_params": ("--active-params", "model.active_params"),
    "region": ("--region", "site.region"),
    "grid": ("--grid", "site.grid"),
    "pue": ("--pue", "site.pue"),
    "contracted_clean": ("--contracted-clean", "site.contracted_clean"),
    "period": ("--period", "period"),
    "accelerator_hours": ("--accelerator-hours", "train.accelerator_hours"),
    "train_tokens": ("--train-tokens", "train.tokens"),
    "train_samples": ("--train-samples", "train.samples"),
    "mfu": ("--mfu", "train.mfu"),
    "requests": ("--requests", "infer.requests"),
    "images": ("--images", "infer.images"),
    "videos": ("--videos", "infer.videos"),
    "items": ("--items", "infer.items"),
    "latency": ("--latency", "infer.latency.itl"),
    "tensor_parallel": ("--tensor-parallel", "infer.tensor_parallel"),
    "data_parallel": ("--data-parallel", "infer.data_parallel"),
    "expert_parallel": ("--expert-parallel", "infer.expert_parallel"),
    "concurrency": ("--concurrency", "infer.concurrency"),
    "precision": ("--precision", "infer.precision"),
    "runtime": ("--runtime", "infer.runtime"),
    "accounting": ("--accounting", "accounting"),
    "performance": ("--performance", "refresh.performance"),
    "horizon": ("--horizon", "refresh.horizon"),
    "growth": ("--growth", "refresh.demand_growth"),
}
_COUNTED = {
    "gpu": ("--gpu", "accelerator"),
    "server": ("--server", "server"),
    "instance": ("--instance", "instance"),
}


def settings(flags: dict[str, Any], catalog: "Catalog") -> list[Setting]:
    """The flags of a command as settings of a scenario, ``--set`` last."""
    made = [
        Setting(path, flags[name], flag, reaches=True)
        for name, (flag, path) in _PLAIN.items()
        if flags.get(name) is not None
    ]
    made += _hardware(flags, catalog)
    if flags.get("shared"):
        made.append(Setting("infer.shared", True, "--shared"))
    for side in ("old", "new"):
        if flags.get(side) is not None:
            made += _replaced(side, flags[side], catalog)
    if flags.get("days") is not None:
        made.append(Setting("train.days", _timed(flags["days"], "d"), "--days", reaches=True))
    if flags.get("hours") is not None:
        if flags.get("days") is not None:
            message = "--days and --hours both say how long training runs"
            raise UsageError(message, "give one of the two")
        made.append(Setting("train.days", _timed(flags["hours"], "h"), "--hours", reaches=True))
    if flags.get("lora"):
        made.append(Setting("train.method", "lora", "--lora", reaches=True))
    if flags.get("energy") is not None:
        value, _, scope = flags["energy"].partition(":")
        measured = {"value": value, "scope": scope} if scope else value
        made.append(Setting("train.energy", measured, "--energy", reaches=True))
    if flags.get("tokens") is not None:
        made += _tokens(flags["tokens"])
    return [*made, *parse_sets(flags.get("sets") or ())]


def _hardware(flags: dict[str, Any], catalog: "Catalog") -> list[Setting]:
    """What the flags name as hardware, all of it in one setting: it replaces what a file names."""
    values: dict[str, tuple[Any, str]] = {}
    for name, (flag, key) in _COUNTED.items():
        if flags.get(name) is None:
            continue
        for setting in _counted(flag, key, flags[name], catalog):
            _, _, place = setting.path.partition(".")
            if place in values:
                message = f"{values[place][1]} and {flag} both give a count"
                raise UsageError(message, "give it once")
            values[place] = (setting.value, flag)
    flag = next((flag for _, flag in values.values()), "")
    return [Setting("hardware", values, flag, reaches=True)] if values else []


def _counted(flag: str, key: str, text: str, catalog: "Catalog") -> list[Setting]:
    """``NAME:COUNT``; of servers and instances a flag counts machines, a file accelerators."""
    name, colon, count = text.rpartition(":")
    if not colon or (key == "instance" and _is_instance(text, catalog)):
        return [Setting(f"hardware.{key}", text, flag)]
    devices = _devices(count, per_named(catalog, key, name))
    return [Setting(f"hardware.{key}", name, flag), Setting("hardware.count", devices, flag)]


def _replaced(side: str, text: str, catalog: "Catalog") -> list[Setting]:
    """A server, else an accelerator, of a replacement; of servers a flag counts machines."""
    name = text.rpartition(":")[0] or text
    key = "server" if is_server(catalog, name) else "accelerator"
    made = _counted(f"--{side}", key, text, catalog)
    return [replace(s, path=s.path.replace("hardware", f"refresh.{side}", 1)) for s in made]


def _is_instance(text: str, catalog: "Catalog") -> bool:
    """Whether the last colon of an instance stands before its name, not before a count."""
    try:
        find_instance(catalog, text)
    except UnknownName:
        head = text.rpartition(":")[0]
        return any(head == row["provider"] for row in instances(catalog))
    except AmbiguousName:
        pass
    return True


def _devices(count: str, each: float) -> str:
    """Accelerators in some machines; a count that is none stays as it is, to be refused as such."""
    try:
        machines = number(count)
    except UnitError:
        return count
    return count if each == 1 or machines <= 0 else f"{machines * each:.12g}"


def _timed(text: str, unit: str) -> str:
    """``--days 10`` means 10 days; a unit may be given too."""
    return f"{text} {unit}" if text.replace(".", "", 1).isdigit() else text


def _tokens(text: str) -> list[Setting]:
    """Prompt and output of a request; a model that only reads has no output."""
    prompt, colon, output = text.partition(":")
    made = [Setting("infer.prompt_tokens", prompt, "--tokens")]
    return [*made, Setting("infer.output_tokens", output, "--tokens")] if colon else made
