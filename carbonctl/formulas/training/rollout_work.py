"""Training on rollouts: generation at serving throughput, then updates; federated training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="1", equation="R = P * G * T", source="shao-2024-grpo")
def rollout_tokens(*, prompts: Num, group_size: Num, tokens_per_rollout: Num) -> Num:
    """Tokens of all rollouts.

    Parameters
    ----------
    prompts
        Prompts, repeats included. [1]
    group_size
        Answers generated for each. [1]
    tokens_per_rollout
        Mean tokens of an answer, its prompt included. [1]

    Examples
    --------
    >>> rollout_tokens(prompts=1e5, group_size=8.0, tokens_per_rollout=1_000.0)
    800000000.0
    """
    return prompts * group_size * tokens_per_rollout


@formula(unit="h", equation="t = n * R / r", source="shao-2024-grpo")
def accelerator_hours_from_rollouts(
    *, rollout_tokens: Num, rollout_per_hour: Num, accelerators: Num
) -> Num:
    """Device-hours of generation, at a serving throughput and not at an MFU.

    Parameters
    ----------
    rollout_tokens
        Tokens generated. [1]
    rollout_per_hour
        Tokens that the devices of the job decode together. [1/h]
    accelerators
        Devices of the job. [1]

    Examples
    --------
    >>> accelerator_hours_from_rollouts(rollout_tokens=3.6e9, rollout_per_hour=3.6e7,
    ...     accelerators=8.0)
    800.0
    """
    return accelerators * rollout_tokens / rollout_per_hour


@formula(unit="h", equation="t = t_gen + t_up", source="conservation")
def accelerator_hours_by_stages(*, generation_hours: Num, update_hours: Num) -> Num:
    """Device-hours of generation and of updates, one after the other on the same devices.

    Parameters
    ----------
    generation_hours, update_hours
        Device-hours of each. [h]

    Examples
    --------
    >>> accelerator_hours_by_stages(generation_hours=800.0, update_hours=200.0)
    1000.0
    """
    return generation_hours + update_hours


@formula(unit="kWh", equation="E = n * (t * P + t_c * P_r)", source="wu-2022-sustainable-ai")
def it_energy_kwh_by_federated(
    *,
    devices: Num,
    training_hours: Num,
    device_w: Num,
    communication_hours: Num,
    router_w: Num,
) -> Num:
    """Energy of federated training: users' devices and routers.

    Parameters
    ----------
    devices
        Devices that take part. [1]
    training_hours, device_w
        Time that a device trains, and its power then. [h], [W]
    communication_hours, router_w
        Time of a device's transfers, and the power of its router then. [h], [W]

    Notes
    -----
    At home: no PUE, no building.

    References
    ----------
    Wu et al., MLSys 2022, section V-A.

    Examples
    --------
    >>> it_energy_kwh_by_federated(devices=1e6, training_hours=1.0, device_w=3.0,
    ...     communication_hours=0.0, router_w=7.5)
    3000.0
    """
    home_wh = training_hours * device_w + communication_hours * router_w
    return units.kwh_from_wh(devices * home_wh)
