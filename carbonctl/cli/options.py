"""Flags that commands share, as records, and the decorator that adds them to a command."""

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, Optional

import typer

from carbonctl.app.defaults import DEFAULT_SAMPLES, DEFAULT_SEED, check_samples
from carbonctl.cli import complete
from carbonctl.core.errors import UsageError
from carbonctl.core.record import record
from carbonctl.report.formats import FORMATS

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
    typer.Option(
        "--contracted-clean", help="Carbon-free share under contract.", rich_help_panel=_H
    ),
]
Root = Annotated[
    Text, typer.Option("--root", metavar="DIR", help="Folder that `extends` may read from.")
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
Mfu = Annotated[Text, typer.Option(help="Model FLOPs utilization (MFU) while training.")]
Requests = Annotated[Text, typer.Option(help="Requests served: 1M/day.")]
Tokens = Annotated[
    Text,
    typer.Option(
        help="Prompt and output tokens per request: 500:300; tokens per input of an encoder: 256."
    ),
]
Images = Annotated[Text, typer.Option(help="Images generated: 200k/day.")]
Videos = Annotated[Text, typer.Option(help="Video clips generated: 1k/day.")]
Items = Annotated[Text, typer.Option(help="Ranked items: 100k/s.")]
Latency = Annotated[
    Text, typer.Option(help="Maximum inter-token latency: 50 ms; sets the concurrency.")
]
TensorParallel = Annotated[Text, typer.Option(help="Tensor-parallel accelerators per copy.")]
DataParallel = Annotated[Text, typer.Option(help="Data-parallel attention ranks (MoE).")]
ExpertParallel = Annotated[Text, typer.Option(help="Expert-parallel accelerators (MoE).")]
Concurrency = Annotated[Text, typer.Option(help="Sequences in flight per replica.")]
Old = Annotated[Text, typer.Option(help="Old machine and count: dgx-a100-320gb:4.")]
New = Annotated[Text, typer.Option(help="New machine: dgx-h100.")]
Performance = Annotated[
    Text, typer.Option(help="Throughput of a new machine over an old one: 2.5.")
]
Horizon = Annotated[Text, typer.Option(help="Time horizon: 5 y.")]
Growth = Annotated[Text, typer.Option(help="Growth of demand: 1.2 per 1 y.")]
Precision = Annotated[Text, typer.Option(help="Number format of weights; default: as published.")]
Runtime = Annotated[
    Text, typer.Option(help="Serving stack: vllm_2025.", autocompletion=complete.runtimes)
]

Format = Annotated[
    Text,
    typer.Option(
        "-f",
        "--format",
        help=f"{', '.join(FORMATS)}.",
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
        help="Write to a file; its extension sets the format.",
        rich_help_panel=_S,
    ),
]
Sets = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--set", metavar="PATH=VALUE", help="Set one value of the scenario.", rich_help_panel=_S
    ),
]
Draws = Annotated[int, typer.Option("--samples", min=0, callback=check_samples,
                                    help="Monte Carlo draws, 100 to 1,000,000; 0 for none.",
                                    rich_help_panel=_S)]  # fmt: skip
Seed = Annotated[int, typer.Option(min=0, help="Seed of the draws.", rich_help_panel=_S)]
Accounting = Annotated[
    Text,
    typer.Option(help="Basis of electricity: location or market.", rich_help_panel=_S,
                 autocompletion=complete.accountings),
]  # fmt: skip
Shared = Annotated[
    bool,
    typer.Option(
        "--shared", help="Charge only the accelerators that serving needs.", rich_help_panel=_H
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
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print only the answer.",
                                     rich_help_panel=_S)]  # fmt: skip
Verbose = Annotated[
    bool, typer.Option("-v", "--verbose", help="List every assumption.", rich_help_panel=_S)
]
NoColor = Annotated[
    bool, typer.Option("--no-color", help="Print without color.", rich_help_panel=_S)
]


@record
class ScenarioOptions:
    """Flags that set values of the scenario; each command has some of them."""

    model: Model = None
    params: Params = None
    active_params: ActiveParams = None
    gpu: Gpu = None
    server: Server = None
    instance: Instance = None
    subject: Subject = None
    device: ClientDevice = None
    shared: Shared = False
    days: Days = None
    hours: WallHours = None
    accelerator_hours: AcceleratorHours = None
    train_tokens: TrainTokens = None
    train_samples: Samples = None
    energy: Energy = None
    mfu: Mfu = None
    lora: Lora = False
    requests: Requests = None
    tokens: Tokens = None
    images: Images = None
    videos: Videos = None
    items: Items = None
    concurrency: Concurrency = None
    latency: Latency = None
    tensor_parallel: TensorParallel = None
    data_parallel: DataParallel = None
    expert_parallel: ExpertParallel = None
    precision: Precision = None
    runtime: Runtime = None
    old: Old = None
    new: New = None
    performance: Performance = None
    horizon: Horizon = None
    growth: Growth = None
    region: Region = None
    grid: Grid = None
    pue: Pue = None
    contracted_clean: Contracted = None
    period: Period = None
    sets: Sets = None
    accounting: Accounting = None

    def check_is_empty(self, names: tuple[str, ...]) -> None:
        """Raise UsageError if one of these flags is given: they do not apply to a saved result."""
        changed = [name for name in names if getattr(self, name, None)]
        if changed:
            flag = "--set" if changed[0] == "sets" else f"--{changed[0].replace('_', '-')}"
            message = f"{flag} changes a scenario and does not apply to a saved result"
            raise UsageError(message, "give the scenario instead of the result")


@record
class RunOptions:
    """Flags that set how a command runs and what it writes; each command has some of them."""

    format: Format = None
    json: Json = False
    output: Output = None
    samples: Draws = DEFAULT_SAMPLES
    seed: Seed = DEFAULT_SEED
    hardware_db: HardwareDb = None
    root: Root = None
    quiet: Quiet = False
    verbose: Verbose = False
    no_color: NoColor = False


_TABLE_JSON = Annotated[Text, typer.Option("-f", "--format", help="table or json.")]
_TABLE_JSON_MARKDOWN = Annotated[
    Text, typer.Option("-f", "--format", help="table, json or markdown.")
]

_TABLE_JSON_GITHUB = Annotated[Text, typer.Option("-f", "--format", help="table, json or github.")]


@record
class TextRunOptions(RunOptions):
    """RunOptions of a command that writes a table or JSON."""

    format: _TABLE_JSON = None


@record
class MarkdownRunOptions(RunOptions):
    """RunOptions of a command that writes a table, JSON or Markdown."""

    format: _TABLE_JSON_MARKDOWN = None


@record
class GithubRunOptions(RunOptions):
    """RunOptions of a command that writes a table, JSON or GitHub annotations."""

    format: _TABLE_JSON_GITHUB = None


_CASES = typer.Option(
    "--cases", metavar="FILE", help="Your own cases, with the columns of the bundled table."
)
_EVERY_GROUP = typer.Option("-v", "--verbose", help="Show all groups.")


@record
class ScoreRunOptions(TextRunOptions):
    """RunOptions of a test of forecasts against measurements."""

    cases: Annotated[Text, _CASES] = None
    verbose: Annotated[bool, _EVERY_GROUP] = False


_OUTPUT_OF_GATE = typer.Option(
    "-o",
    "--output",
    help="Write the result too, as its extension says; .json is for report and --baseline.",
)


@record
class GateRunOptions(RunOptions):
    """The same for ``gate``, which writes a file beside what it prints."""

    output: Annotated[Text, _OUTPUT_OF_GATE] = None


GateFiles = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="Scenarios or saved results; - for stdin.")
]
_Policy = Annotated[Text, typer.Option("--policy", metavar="FILE", help="The rules to hold.")]
_Baseline = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--baseline", metavar="FILE", help="Saved results or scenarios to compare to."),
]
_Today = Annotated[
    Text, typer.Option("--today", metavar="DAY", help="The day exceptions are judged by.")
]
_Notes = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--note", metavar="TEXT", help="A line that the verdict repeats."),
]
_Trust = Annotated[
    bool,
    typer.Option("--trust-result", help="Take saved results as they stand; the verdict says so."),
]


@record
class PolicyOptions:
    """Flags that say what results are judged by."""

    policy: _Policy = None
    baseline: _Baseline = None
    today: _Today = None
    trust_result: _Trust = False
    note: _Notes = None
    sets: Sets = None

    def check(self, files: list[str], output: str | None) -> None:
        """UsageError where stdin is named twice, or stands where a file is needed."""
        if [*files, *(self.baseline or ())].count("-") > 1:
            message = "only one of the files can come from stdin"
            raise UsageError(message)
        for name, file in (("policy", self.policy), ("output", output)):
            if file == "-":
                message = f"--{name} names a file; - is for scenarios and results"
                raise UsageError(message)


MODEL = ("model", "params", "active_params")
HARDWARE = ("gpu", "server", "instance")
TRAINING = (
    "days", "hours", "accelerator_hours", "train_tokens", "train_samples", "energy", "mfu", "lora",
)  # fmt: skip
LATENCY = ("latency", "tensor_parallel", "data_parallel", "expert_parallel")
REPLACEMENT = ("old", "new", "performance", "horizon", "growth")
SITE = ("region", "grid", "pue", "contracted_clean")
OUTPUT = ("format", "json", "output")
DRAWS = ("samples", "seed")
DATA = ("hardware_db", "root")
DISPLAY = ("quiet", "verbose", "no_color")
RUN = (*OUTPUT, "sets", *DRAWS, "accounting", *DATA, *DISPLAY)
RUN_WITHOUT_BASIS = tuple(name for name in RUN if name != "accounting")
LIFECYCLE = (
    *MODEL, *HARDWARE, "shared", *TRAINING, "requests", "tokens", "images", "items",
    "concurrency", "precision", "runtime", *SITE, "period",
)  # fmt: skip


def with_flags(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator that adds flags to a command, after its own parameters, in this order.

    Parameters of the command that are records of options are filled from the flags of the same
    names as their fields; fields without a flag keep their default. Typer sees one parameter per
    flag.
    """

    def declare(command: Callable[..., Any]) -> Callable[..., Any]:
        params = inspect.signature(command).parameters
        records: dict[str, type[Any]] = {
            name: p.annotation
            for name, p in params.items()
            if isinstance(p.annotation, type) and is_dataclass(p.annotation)
        }
        flags = {f.name: f for made in records.values() for f in fields(made)}
        shown = [p for name, p in params.items() if name not in records]
        shown += [_parameter(flags[name]) for name in names]

        def run(**given: Any) -> Any:
            made = {
                name: kind(**{f.name: given.pop(f.name) for f in fields(kind) if f.name in names})
                for name, kind in records.items()
            }
            return command(**given, **made)

        for name in ("__doc__", "__name__", "__module__"):
            setattr(run, name, getattr(command, name))
        run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [p.replace(kind=p.KEYWORD_ONLY) for p in shown]
        )
        run.__annotations__ = {p.name: p.annotation for p in shown}
        return run

    return declare


def _parameter(field: Any) -> inspect.Parameter:
    return inspect.Parameter(
        field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=field.type
    )
