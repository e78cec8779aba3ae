"""Schema of the scenario file. An unknown key is an error."""

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
    Hours,
    Latency,
    Rate,
    RatioAboveOne,
    Share,
    ShareBelowOne,
    ShareOrZero,
    StatedQuantity,
    Tokens,
    Work,
    quantity_error,
)
from carbonctl.scenario.schema.refresh_section import Growth, Refresh
from carbonctl.scenario.schema.shared_sections import (
    IMAGE_SIZE,
    Hardware,
    KvPrecision,
    Model,
    OnUncertain,
    Precision,
    Section,
    Site,
    Statistic,
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


def _reject_range(quantity: StatedQuantity) -> StatedQuantity:
    """Check that a number of devices is one number, not a range."""
    if quantity.low is not None:
        raise quantity_error(
            "CC203", "a number of devices cannot have a range", "range", "give one number"
        )
    return quantity


Devices = Annotated[WholeCount, AfterValidator(_reject_range)]


class Data(Section):
    """Data stored for the model."""

    stored: GigaBytes
    replicas: Count | None = None
    media: Literal["hdd", "ssd"] = "hdd"
    growth: Growth | None = None
    ingest: Any = None
    ingest_servers: Count | None = None
    site: Site | None = None


class LatencyTarget(Section):
    """Time to the first token, between tokens, or of a whole ranking."""

    ttft: Latency | None = None
    itl: Latency | None = None
    p50: Latency | None = None
    p95: Latency | None = None
    p99: Latency | None = None


class Speculative(Section):
    """A small model that drafts tokens for the large one to verify."""

    draft: Model
    tokens: Count
    acceptance: ShareBelowOne


class Infer(Section):
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
    prefill: Literal["unchunked", "chunked", "disaggregated"] | None = None
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
    size: str | None = Field(default=None, pattern=IMAGE_SIZE)
    frames: Count | None = None
    steps: Count | None = None
    guidance: bool | None = None
    guidance_passes: Count | None = None
    batch: Count | None = None
    fps: Count | None = None
    image_size: Count | None = None
    sample_work: Work | None = None


class Budget(Section):
    """Carbon budgets; ``gate`` fails a result that exceeds one."""

    total: Carbon | None = None
    per_request: Carbon | None = None
    per_image: Carbon | None = None
    per_video: Carbon | None = None
    per_item: Carbon | None = None
    per_sample: Carbon | None = None
    statistic: Statistic = "p50"
    on_uncertain: OnUncertain = "warn"


class Scenario(Section):
    """A whole scenario; at least one phase is required, other sections are optional."""

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
