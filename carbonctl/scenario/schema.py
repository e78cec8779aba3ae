"""The scenario file: every key it may have. An unknown key is an error."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from carbonctl.scenario.quantity import (
    Amount,
    Carbon,
    Count,
    DeviceHours,
    Factor,
    GigaBytes,
    Hours,
    Intensity,
    Kilograms,
    Kilometers,
    KiloWattHours,
    Latency,
    Liters,
    Pue,
    Rate,
    RatioAboveOne,
    Share,
    ShareOrZero,
    Tokens,
    Watts,
)

Precision = Literal["fp32", "bf16", "fp16", "fp8", "int8", "int4", "fp4", "mxfp4"]


class Strict(BaseModel):
    """Base of every section: no unknown keys, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Tables(Strict):
    """Embedding tables of a recommendation model."""

    count: Count  # type: ignore[valid-type]
    rows: Count  # type: ignore[valid-type]
    dim: Count  # type: ignore[valid-type]
    lookups: Count  # type: ignore[valid-type]
    bytes: Count | None = None  # type: ignore[valid-type]


class Model(Strict):
    """A model by its name in the database, or by its shape."""

    id: str | None = None
    kind: Literal["llm", "dlrm"] | None = None
    params: Count | None = None  # type: ignore[valid-type]
    active_params: Count | None = None  # type: ignore[valid-type]
    layers: Count | None = None  # type: ignore[valid-type]
    hidden: Count | None = None  # type: ignore[valid-type]
    heads: Count | None = None  # type: ignore[valid-type]
    kv_heads: Count | None = None  # type: ignore[valid-type]
    head_dim: Count | None = None  # type: ignore[valid-type]
    experts: Count | None = None  # type: ignore[valid-type]
    experts_per_token: Count | None = None  # type: ignore[valid-type]
    mlp_params: Count | None = None  # type: ignore[valid-type]
    tables: Tables | None = None

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, raw: Any) -> Any:
        return {"id": raw} if isinstance(raw, str) else raw


class Hardware(Strict):
    """What the work runs on; ``count`` counts accelerators, or servers without any."""

    accelerator: str | None = None
    server: str | None = None
    instance: str | None = None
    count: Count | None = None  # type: ignore[valid-type]


class Site(Strict):
    """Where the work runs."""

    region: str | None = None
    grid: Intensity | None = None  # type: ignore[valid-type]
    contracted_clean: ShareOrZero | None = None  # type: ignore[valid-type]
    pue: Pue | None = None
    wue: Liters | None = None  # type: ignore[valid-type]
    ewif: Liters | None = None  # type: ignore[valid-type]
    coverage: Literal["lifecycle", "direct"] = "lifecycle"


class Growth(Strict):
    """Growth of a stock: by ``ratio`` every ``per``."""

    ratio: Factor  # type: ignore[valid-type]
    per: Hours  # type: ignore[valid-type]

    @model_validator(mode="before")
    @classmethod
    def _in_words(cls, raw: Any) -> Any:
        if isinstance(raw, str) and " per " in raw:
            ratio, _, per = raw.partition(" per ")
            return {"ratio": ratio, "per": per}
        return raw


class Data(Strict):
    """Data kept for the model."""

    stored: GigaBytes  # type: ignore[valid-type]
    replicas: Count | None = None  # type: ignore[valid-type]
    media: Literal["hdd", "ssd"] = "hdd"
    growth: Growth | None = None
    ingest: Any = None
    site: Site | None = None


class TrialSizes(Strict):
    """Sizes of experiments: lognormal between the median and the 99th percentile."""

    p50: DeviceHours  # type: ignore[valid-type]
    p99: DeviceHours  # type: ignore[valid-type]


class Experiments(Strict):
    """Work before the final run."""

    share_of_training: Amount | None = None  # type: ignore[valid-type]
    accelerator_hours: DeviceHours | None = None  # type: ignore[valid-type]
    trials: Count | None = None  # type: ignore[valid-type]
    accelerator_days: TrialSizes | None = None
    hardware: Hardware | None = None
    site: Site | None = None


class CrossCheck(Strict):
    """A second kind of evidence: compared and printed, never used."""

    accelerator_hours: DeviceHours | None = None  # type: ignore[valid-type]
    tokens: Tokens | None = None  # type: ignore[valid-type]


class Online(Strict):
    """Continual training between full runs."""

    samples: Tokens  # type: ignore[valid-type]
    every: Hours  # type: ignore[valid-type]


class IdleEnergy(Strict):
    """Energy of reserved hardware that waits."""

    energy: KiloWattHours  # type: ignore[valid-type]


class Run(Strict):
    """One training run, by exactly one kind of evidence."""

    name: str | None = None
    model: Model | None = None
    hardware: Hardware | None = None
    site: Site | None = None
    energy: KiloWattHours | None = None  # type: ignore[valid-type]
    accelerator_hours: DeviceHours | None = None  # type: ignore[valid-type]
    days: Hours | None = None  # type: ignore[valid-type]
    tokens: Tokens | None = None  # type: ignore[valid-type]
    samples: Tokens | None = None  # type: ignore[valid-type]
    power: Watts | None = None  # type: ignore[valid-type]
    host_power_factor: RatioAboveOne | None = None  # type: ignore[valid-type]
    mfu: Share | None = None  # type: ignore[valid-type]
    goodput: Share | None = None  # type: ignore[valid-type]
    billed_mfu: Share | None = None  # type: ignore[valid-type]
    precision: Precision = "bf16"
    every: Hours | None = None  # type: ignore[valid-type]
    cross_check: CrossCheck | None = None


class Train(Run):
    """Training: one run, or several under ``runs`` that share what is said here."""

    runs: list[Run] = Field(default_factory=list)
    online: Online | None = None
    idle: IdleEnergy | None = None


class Infer(Strict):
    """A service: its load, its operating point, its fleet."""

    model: Model | None = None
    hardware: Hardware | None = None
    site: Site | None = None
    requests: Rate | None = None  # type: ignore[valid-type]
    images: Rate | None = None  # type: ignore[valid-type]
    videos: Rate | None = None  # type: ignore[valid-type]
    items: Rate | None = None  # type: ignore[valid-type]
    horizon: Hours | None = None  # type: ignore[valid-type]
    prompt_tokens: Tokens | None = None  # type: ignore[valid-type]
    output_tokens: Tokens | None = None  # type: ignore[valid-type]
    precision: Precision = "bf16"
    runtime: str | None = None
    concurrency: Count | None = None  # type: ignore[valid-type]
    throughput: Rate | None = None  # type: ignore[valid-type]
    latency: dict[str, Latency] | None = None  # type: ignore[valid-type]
    busy_share: Share | None = None  # type: ignore[valid-type]
    peak_to_mean: Factor | None = None  # type: ignore[valid-type]
    cache_hits: ShareOrZero | None = None  # type: ignore[valid-type]
    size: str | None = Field(default=None, pattern=r"^\d{2,5}x\d{2,5}$")
    frames: Count | None = None  # type: ignore[valid-type]
    steps: Count | None = None  # type: ignore[valid-type]
    guidance: bool | None = None
    batch: Count | None = None  # type: ignore[valid-type]


class Part(Strict):
    """One entry of a bill of materials: exactly one kind of part."""

    baseboard: str | None = None
    accelerator: str | None = None
    cpu: str | None = None
    dram: str | None = None
    ssd: str | None = None
    hdd: str | None = None
    nic: str | None = None
    psu: Watts | None = None  # type: ignore[valid-type]
    count: Count | None = None  # type: ignore[valid-type]
    amount: GigaBytes | None = None  # type: ignore[valid-type]


class Transport(Strict):
    """How hardware comes to the site."""

    mode: Literal["mixed", "air", "sea"] = "mixed"
    distance: Kilometers | None = None  # type: ignore[valid-type]


class Embodied(Strict):
    """Hardware: what it is made of, and how its carbon is shared."""

    subject: Literal["accelerator", "server", "baseboard"] | None = None
    parts: list[Part] = Field(default_factory=list)
    chassis: Literal["1u", "2u", "4u", "8u", "8u-air", "8u-liquid"] | None = None
    mass: Kilograms | None = None  # type: ignore[valid-type]
    transport: Transport | None = None
    lifetime: Hours | None = None  # type: ignore[valid-type]
    allocation: Literal["full", "sci"] = "full"
    allocation_rate: Share | None = None  # type: ignore[valid-type]
    accelerator: Carbon | None = None  # type: ignore[valid-type]
    host: Carbon | None = None  # type: ignore[valid-type]
    comparators: list[Carbon] = Field(default_factory=list)  # type: ignore[valid-type]
    count: Count | None = None  # type: ignore[valid-type]


class EndOfLife(Strict):
    """What happens to hardware after use."""

    route: Literal["recycle", "landfill", "reuse"] = "recycle"
    credit: Literal["shown", "none"] = "shown"


class Budget(Strict):
    """Limits that a gate holds the result against."""

    total: Carbon | None = None  # type: ignore[valid-type]
    per_request: Carbon | None = None  # type: ignore[valid-type]
    per_image: Carbon | None = None  # type: ignore[valid-type]
    per_item: Carbon | None = None  # type: ignore[valid-type]


class Scenario(Strict):
    """A whole scenario; every section but one of the phases is optional."""

    version: Literal["carbonctl/scenario/v1"] = Field("carbonctl/scenario/v1", alias="schema")
    name: str | None = None
    model: Model | None = None
    hardware: Hardware | None = None
    site: Site | None = None
    period: Hours | None = None  # type: ignore[valid-type]
    accounting: Literal["location", "market"] = "location"
    data: Data | None = None
    experiments: Experiments | None = None
    train: Train | None = None
    infer: Infer | None = None
    embodied: Embodied | None = None
    end_of_life: EndOfLife | None = None
    functional_unit: Literal["request", "image", "video", "item"] | None = None
    budget: Budget | None = None
