"""Expected MFU and power of a training run by model size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(
    unit="1",
    equation="MFU = 1 / (1/m + tau * peak / F_token)",
    source="carbonctl-training-model",
)
def billed_mfu_by_size(
    *, token_flop: Num, peak_flop_per_s: Num, saturated_mfu: Num, token_overhead_s: Num
) -> Num:
    """Expected MFU over billed time of a model of this size on this device.

    Parameters
    ----------
    token_flop
        Training work of one token. [FLOP]
    peak_flop_per_s
        Dense 16-bit peak of one device. [FLOP/s]
    saturated_mfu
        What large models reach per billed hour on this architecture. [1] 0.2 to 0.4
    token_overhead_s
        Device time per token beside the arithmetic that is counted: launches, logits, input. [s]

    Notes
    -----
    A token costs its work at the utilization of large models, and a fixed time: small models on
    fast devices are held up by the second.

    Examples
    --------
    >>> round(billed_mfu_by_size(token_flop=6e9, peak_flop_per_s=3e14, saturated_mfu=0.4,
    ...     token_overhead_s=5e-6), 3)
    0.364
    """
    return 1.0 / (1.0 / saturated_mfu + token_overhead_s * peak_flop_per_s / token_flop)


@formula(
    unit="1",
    equation="f = i + (s - i) * N / (N + N_half)",
    source="carbonctl-training-model",
)
def device_power_share_by_size(
    *, active_params: Num, resident_power_share: Num, saturated_power_share: Num,
    half_power_params: Num,
) -> Num:  # fmt: skip
    """Expected mean board power over TDP for a transformer of this size.

    Parameters
    ----------
    active_params
        Parameters that one token passes. [1]
    resident_power_share
        Over rated power, with a model resident and nothing to do. [1]
    saturated_power_share
        Over rated power, with a large model. [1] 0.8 to 0.9
    half_power_params
        Size at which the board stands halfway between the two. [1]

    Examples
    --------
    >>> device_power_share_by_size(active_params=5e7, resident_power_share=0.2,
    ...     saturated_power_share=0.8, half_power_params=5e7)
    0.5
    """
    filled = active_params / (active_params + half_power_params)
    return resident_power_share + (saturated_power_share - resident_power_share) * filled


@formula(unit="FLOP", equation="w = 6 * N", source="kaplan-2020-scaling")
def token_flop(*, active_params: Num) -> Num:
    """Training work of one token of a decoder: two operations forward, four backward.

    Parameters
    ----------
    active_params
        Parameters that one token passes. [1]

    Examples
    --------
    >>> token_flop(active_params=1e9)
    6000000000.0
    """
    return 6.0 * active_params


@formula(unit="FLOP", equation="w = F / D", source="carbonctl-training-model")
def token_flop_from_work(*, train_flop: Num, train_tokens: Num) -> Num:
    """Training work per input token.

    Parameters
    ----------
    train_flop
        Work of the whole run. [FLOP]
    train_tokens
        Tokens read. [1]

    Examples
    --------
    >>> token_flop_from_work(train_flop=6e21, train_tokens=1e12)
    6000000000.0
    """
    return train_flop / train_tokens


@formula(unit="h", equation="T = T_0 * u", source="litgpt-resource-tables")
def accelerator_hours_by_unpacking(*, modeled_hours: Num, unpacking_factor: Num) -> Num:
    """Device-hours where frozen weights are stored in 4 bits and unpacked for each pass.

    Parameters
    ----------
    modeled_hours
        Hours with weights in 16 bits. [h]
    unpacking_factor
        Time with 4-bit weights over time with 16-bit ones. [1] 1.0 to 2.05 seen

    References
    ----------
    The method: Dettmers et al., arXiv 2305.14314 (QLoRA).

    Examples
    --------
    >>> accelerator_hours_by_unpacking(modeled_hours=100.0, unpacking_factor=1.5)
    150.0
    """
    return modeled_hours * unpacking_factor
