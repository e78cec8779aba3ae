"""The training sections of the scenario file: runs, their evidence, experiments."""

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
    Hours,
    KiloWattHours,
    MeasuredEnergy,
    Rate,
    RatioAboveOne,
    Share,
    StatedQuantity,
    Tokens,
    Watts,
    Work,
    quantity_error,
)
from carbonctl.scenario.schema.shared_sections import (
    IMAGE_SIZE,
    Hardware,
    Model,
    Precision,
    Section,
    Site,
)


class TrialSizes(Section):
    """Device-days of experiments: lognormal, by its median and its 99th percentile."""

    p50: DeviceDays
    p99: DeviceDays


class Experiments(Section):
    """Experiments before the final run."""

    share_of_training: Amount | None = None
    accelerator_hours: DeviceHours | None = None
    trials: Count | None = None
    accelerator_days: TrialSizes | None = None
    hardware: Hardware | None = None
    site: Site | None = None


class CrossCheck(Section):
    """A second kind of evidence: compared with the estimate, never used in it."""

    accelerator_hours: DeviceHours | None = None
    days: Days | None = None
    tokens: Tokens | None = None


class Online(Section):
    """Continual training between full runs."""

    samples: Tokens
    every: Hours


class IdleEnergy(Section):
    """Energy of reserved hardware that is idle."""

    energy: KiloWattHours

    @field_validator("energy")
    @classmethod
    def _reject_node_scope(cls, quantity: StatedQuantity) -> StatedQuantity:
        """Reject idle energy of nodes: the share of nodes was fitted under load."""
        if quantity.scope != "node":
            return quantity
        message = "idle energy with scope node is not supported"
        hint = "give that of the IT system, as in {value: 257 MWh, scope: it_system}"
        raise quantity_error("CC306", message, "scope", hint)


class Rollouts(Section):
    """Reinforcement-learning rollouts: answers that a model generates and learns from."""

    prompts: Count
    group: Count
    tokens: Tokens


class Federated(Section):
    """Learning on users' own devices."""

    devices: Count
    hours_per_device: Hours
    communication_hours: Hours
    device_power: Watts | None = None
    router_power: Watts | None = None


class Run(Section):
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
    size: str | None = Field(default=None, pattern=IMAGE_SIZE)
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


class Base(Section):
    """A base model: the carbon of training it, shared by the models derived from it."""

    footprint: Carbon
    downstream_uses: Count


class Train(Run):
    """Training: one run, or several under ``runs`` that inherit the keys stated here."""

    runs: list[Run] = Field(default_factory=list)
    online: Online | None = None
    idle: IdleEnergy | None = None
    base: Base | None = None
