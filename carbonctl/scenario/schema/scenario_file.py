"""The scenario file: every key it may have. An unknown key is an error."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from carbonctl.scenario.schema.embodied_section import Embodied, EndOfLife, Part, Transport
from carbonctl.scenario.schema.quantity import (
    Amount,
    Carbon,
    Concurrency,
    Count,
    FactorAboveOne,
    GigaBytes,
    Given,
    Hours,
    Latency,
    Rate,
    RatioAboveOne,
    Share,
    ShareBelowOne,
    ShareOrZero,
    Tokens,
    Work,
    refused,
)
from carbonctl.scenario.schema.refresh_section import Growth, Refresh
from carbonctl.scenario.schema.shared_sections import (
    PICTURE_SIZE,
    Hardware,
    KvPrecision,
    Model,
    OnUncertain,
    Precision,
    Site,
    Statistic,
    Strict,
    Tables,
    WholeCount,
)
from carbonctl.scenario.schema.train_section import (
    CrossCheck,
    Experiments,
    Federated,
    Rollouts,
    Run,
    Train,
)

__all__ = ["CrossCheck", "Embodied", "EndOfLife", "Experiments", "Federated", "Hardware", "Model",
           "Part", "Refresh", "Rollouts", "Run", "Site", "Tables", "Train",
           "Transport"]  # fmt: skip


def _without_range(given: Given) -> Given:
    """How many devices share one copy is known."""
    if given.low is not None:
        raise refused("CC203", "a number of devices has no range", "range", "give one number")
    return given


Devices = Annotated[WholeCount, AfterValidator(_without_range)]


class Data(Strict):
    """Data kept for the model."""

    stored: GigaBytes
    replicas: Count | None = None
    media: Literal["hdd", "ssd"] = "hdd"
    growth: Growth | None = None
    ingest: Any = None
    ingest_servers: Count | None = None
    site: Site | None = None


class LatencyTarget(Strict):
    """Time to the first token, between tokens, or of a whole ranking."""

    ttft: Latency | None = None
    itl: Latency | None = None
    p50: Latency | None = None
    p95: Latency | None = None
    p99: Latency | None = None


class Speculative(Strict):
    """A small model that drafts tokens for the large one to verify."""

    draft: Model
    tokens: Count
    acceptance: ShareBelowOne


class Infer(Strict):
    """A service: its load, its operating point, its fleet."""

    model: Model | None = None
    hardware: Hardware | None = None
    site: Site | None = None
    requests: Rate | None = None
    images: Rate | None = None
    videos: Rate | None = None
    items: Rate | None = None
    samples: Rate | None = None
    horizon: Hours | None = None
    prompt_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    output_cv: Amount | None = None
    precision: Precision | None = None
    kv_precision: KvPrecision | None = None
    runtime: str | None = None
    serving: Literal["online", "offline"] | None = None
    concurrency: Concurrency | None = None
    throughput: Rate | None = None
    latency: LatencyTarget | None = None
    tensor_parallel: Devices | None = None
    pipeline_parallel: Devices | None = None
    data_parallel: Devices | None = None
    expert_parallel: Devices | None = None
    speculative: Speculative | None = None
    prompt_cache_hits: ShareBelowOne | None = None
    reasoning_tokens: Tokens | None = None
    image_tokens: Tokens | None = None
    video_tokens: Tokens | None = None
    audio_tokens: Tokens | None = None
    busy_share: Share | None = None
    peak_to_mean: FactorAboveOne | None = None
    autoscaling: ShareOrZero | None = None
    fleet_share: Share | None = None
    shared: bool = False
    host_power_factor: RatioAboveOne | None = None
    cache_hits: ShareBelowOne | None = None
    size: str | None = Field(default=None, pattern=PICTURE_SIZE)
    frames: Count | None = None
    steps: Count | None = None
    guidance: bool | None = None
    guidance_passes: Count | None = None
    batch: Count | None = None
    fps: Count | None = None
    image_size: Count | None = None
    sample_work: Work | None = None


class Budget(Strict):
    """Limits that a gate holds the result against."""

    total: Carbon | None = None
    per_request: Carbon | None = None
    per_image: Carbon | None = None
    per_video: Carbon | None = None
    per_item: Carbon | None = None
    per_sample: Carbon | None = None
    statistic: Statistic = "value"
    on_uncertain: OnUncertain = "warn"


class Scenario(Strict):
    """A whole scenario; every section but one of the phases is optional."""

    version: Literal["carbonctl/scenario/v1", "carbonctl/scenario/v2"] = Field(
        "carbonctl/scenario/v2", alias="schema"
    )
    name: str | None = None
    model: Model | None = None
    hardware: Hardware | None = None
    site: Site | None = None
    period: Hours | None = None
    accounting: Literal["location", "market"] = "location"
    data: Data | None = None
    experiments: Experiments | None = None
    train: Train | None = None
    infer: Infer | None = None
    embodied: Embodied | None = None
    refresh: Refresh | None = None
    end_of_life: EndOfLife | None = None
    functional_unit: Literal["request", "image", "video", "item", "sample"] | None = None
    budget: Budget | None = None


def json_schema() -> dict[str, Any]:
    """JSON Schema of a scenario file, with its short forms and ``extends``, for editors."""
    schema = Scenario.model_json_schema(by_alias=True)
    for name in ("Model", "Growth"):
        schema["$defs"][name] = {"anyOf": [{"type": "string"}, schema["$defs"][name]]}
    schema["properties"]["extends"] = {"type": "string", "description": "a file to lay this over"}
    return schema
