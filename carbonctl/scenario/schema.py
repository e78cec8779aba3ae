"""The scenario file: every key it may have. An unknown key is an error."""

from typing import Any, Literal

from pydantic import Field, model_validator

from carbonctl.scenario.quantity import (
    Carbon,
    Count,
    Factor,
    FactorAboveOne,
    GigaBytes,
    Hours,
    Kilograms,
    Kilometers,
    Latency,
    Rate,
    RatioAboveOne,
    Share,
    ShareBelowOne,
    ShareOrZero,
    Tokens,
    Watts,
    Work,
)
from carbonctl.scenario.schema_train import (
    CrossCheck,
    Experiments,
    Federated,
    Rollouts,
    Run,
    Train,
)
from carbonctl.scenario.sections import (
    PICTURE_SIZE,
    Hardware,
    Model,
    Precision,
    Site,
    Strict,
    Tables,
)

__all__ = ["CrossCheck", "Experiments", "Federated", "Hardware", "Model", "Rollouts", "Run",
           "Site", "Tables", "Train"]  # fmt: skip


class Growth(Strict):
    """Growth of a stock: by ``ratio`` every ``per``."""

    ratio: Factor
    per: Hours

    @model_validator(mode="before")
    @classmethod
    def _in_words(cls, raw: Any) -> Any:
        if isinstance(raw, str) and " per " in raw:
            ratio, _, per = raw.partition(" per ")
            return {"ratio": ratio, "per": per}
        return raw


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
    precision: Precision = "bf16"
    runtime: str | None = None
    concurrency: Count | None = None
    throughput: Rate | None = None
    latency: LatencyTarget | None = None
    tensor_parallel: Count | None = None
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
    host_power_factor: RatioAboveOne | None = None
    cache_hits: ShareBelowOne | None = None
    size: str | None = Field(default=None, pattern=PICTURE_SIZE)
    frames: Count | None = None
    steps: Count | None = None
    guidance: bool | None = None
    batch: Count | None = None
    fps: Count | None = None
    image_size: Count | None = None
    sample_work: Work | None = None


class Part(Strict):
    """One entry of a bill of materials: exactly one kind of part."""

    baseboard: str | None = None
    accelerator: str | None = None
    cpu: str | None = None
    dram: str | None = None
    ssd: str | None = None
    hdd: str | None = None
    nic: str | None = None
    psu: Watts | None = None
    count: Count | None = None
    amount: GigaBytes | None = None


class Transport(Strict):
    """How hardware comes to the site."""

    mode: Literal["mixed", "air", "sea"] = "mixed"
    distance: Kilometers | None = None


class Embodied(Strict):
    """Hardware: what it is made of, and how its carbon is shared."""

    subject: Literal["accelerator", "server", "baseboard"] | None = None
    parts: list[Part] = Field(default_factory=list)
    chassis: Literal["1u", "2u", "4u", "8u", "8u-air", "8u-liquid"] | None = None
    mass: Kilograms | None = None
    transport: Transport | None = None
    lifetime: Hours | None = None
    allocation: Literal["full", "sci"] = "full"
    allocation_rate: Share | None = None
    accelerator: Carbon | None = None
    host: Carbon | None = None
    comparators: list[Carbon] = Field(default_factory=list)
    count: Count | None = None


class EndOfLife(Strict):
    """What happens to hardware after use."""

    route: Literal["recycle", "landfill", "reuse"] = "recycle"
    credit: Literal["shown", "none"] = "shown"


class Budget(Strict):
    """Limits that a gate holds the result against."""

    total: Carbon | None = None
    per_request: Carbon | None = None
    per_image: Carbon | None = None
    per_item: Carbon | None = None
    per_video: Carbon | None = None
    per_sample: Carbon | None = None


class Scenario(Strict):
    """A whole scenario; every section but one of the phases is optional."""

    version: Literal["carbonctl/scenario/v1"] = Field("carbonctl/scenario/v1", alias="schema")
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
