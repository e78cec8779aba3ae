"""The training sections of the scenario file: runs, their evidence, work before them."""

from typing import Literal

from pydantic import Field, field_validator

from carbonctl.scenario.schema.quantity import (
    Amount,
    Carbon,
    Count,
    Days,
    DeviceDays,
    DeviceHours,
    Factor,
    Given,
    Hours,
    KiloWattHours,
    MeasuredEnergy,
    Rate,
    RatioAboveOne,
    Share,
    Tokens,
    Watts,
    Work,
    refused,
)
from carbonctl.scenario.schema.shared_sections import (
    PICTURE_SIZE,
    Hardware,
    Model,
    Precision,
    Site,
    Strict,
)


class TrialSizes(Strict):
    """Sizes of experiments: lognormal between the median and the 99th percentile."""

    p50: DeviceDays
    p99: DeviceDays


class Experiments(Strict):
    """Work before the final run."""

    share_of_training: Amount | None = None
    accelerator_hours: DeviceHours | None = None
    trials: Count | None = None
    accelerator_days: TrialSizes | None = None
    hardware: Hardware | None = None
    site: Site | None = None


class CrossCheck(Strict):
    """A second kind of evidence: compared and printed, never used."""

    accelerator_hours: DeviceHours | None = None
    days: Days | None = None
    tokens: Tokens | None = None


class Online(Strict):
    """Continual training between full runs."""

    samples: Tokens
    every: Hours


class IdleEnergy(Strict):
    """Energy of reserved hardware that waits."""

    energy: KiloWattHours

    @field_validator("energy")
    @classmethod
    def _not_on_nodes(cls, given: Given) -> Given:
        """What stands outside of nodes was fitted to nodes at work."""
        if given.scope != "node":
            return given
        message = "idle energy on nodes is not estimated: their share of a system is known at work"
        hint = "give it of the system, as in {value: 257 MWh, scope: it_system}"
        raise refused("CC306", message, "scope", hint)


class Rollouts(Strict):
    """Answers that a model generates and learns from."""

    prompts: Count
    group: Count
    tokens: Tokens


class Federated(Strict):
    """Learning on users' own devices."""

    devices: Count
    hours_per_device: Hours
    communication_hours: Hours
    device_power: Watts | None = None
    router_power: Watts | None = None


class Run(Strict):
    """One training run, by exactly one kind of evidence."""

    name: str | None = None
    model: Model | None = None
    hardware: Hardware | None = None
    site: Site | None = None
    energy: MeasuredEnergy | None = None
    accelerator_hours: DeviceHours | None = None
    days: Days | None = None
    tokens: Tokens | None = None
    input_tokens: Tokens | None = None
    target_tokens: Tokens | None = None
    samples: Tokens | None = None
    rollouts: Rollouts | None = None
    federated: Federated | None = None
    method: Literal["full", "lora", "qlora", "dpo", "grpo", "ppo"] | None = None
    adapter_params: Count | None = None
    teacher: Model | None = None
    context: Tokens | None = None
    recompute: Literal["none", "selective", "full"] | None = None
    rollout_throughput: Rate | None = None
    epochs: Factor | None = None
    sample_work: Work | None = None
    image_size: Count | None = None
    size: str | None = Field(default=None, pattern=PICTURE_SIZE)
    frames: Count | None = None
    cached_latents: bool | None = None
    fixed_size: bool | None = None
    reader_throughput: Rate | None = None
    state_bytes: Count | None = None
    power: Watts | None = None
    host_power_factor: RatioAboveOne | None = None
    mfu: Share | None = None
    goodput: Share | None = None
    billed_mfu: Share | None = None
    precision: Precision = "bf16"
    every: Hours | None = None
    cross_check: CrossCheck | None = None


class Base(Strict):
    """A base model: the carbon of making it, shared by the models made from it."""

    footprint: Carbon
    downstream_uses: Count


class Train(Run):
    """Training: one run, or several under ``runs`` that share what is said here."""

    runs: list[Run] = Field(default_factory=list)
    online: Online | None = None
    idle: IdleEnergy | None = None
    base: Base | None = None
