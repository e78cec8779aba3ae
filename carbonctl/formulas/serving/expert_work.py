"""Mixture of experts (MoE): weights read in a decode step, and imbalance of devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="GB", equation="W_r = W", source="carbonctl-serving-model")
def weight_read_gb_by_dense(*, weight_gb: Num) -> Num:
    """Weights that one decode step of a dense model reads: all of them.

    Parameters
    ----------
    weight_gb
        Memory that the weights take. [GB]

    Examples
    --------
    >>> weight_read_gb_by_dense(weight_gb=140.0)
    140.0
    """
    return weight_gb


@formula(unit="1", equation="x = min((N - N_act)/(E - k), N/E)", source="carbonctl-serving-model")
def expert_params(
    *, total_params: Num, active_params: Num, experts: Num, experts_per_token: Num
) -> Num:
    """Parameters of one routed expert in all layers.

    Parameters
    ----------
    total_params, active_params
        All parameters, and those one token passes. [1]
    experts, experts_per_token
        Routed experts a layer, and how many a token takes. [1] experts > experts_per_token

    Examples
    --------
    >>> expert_params(total_params=10e9, active_params=4e9, experts=8.0, experts_per_token=2.0)
    1000000000.0
    """
    idle = (total_params - active_params) / (experts - experts_per_token)
    return np.minimum(idle, total_params / experts)


@formula(unit="GB", equation="W_s = b_s * (N - E*x)", source="carbonctl-serving-model")
def shared_weight_gb(
    *, total_params: Num, experts: Num, expert_params: Num, shared_weight_bytes: Num
) -> Num:
    """Weights of an MoE that every token uses: all but the routed experts.

    Parameters
    ----------
    total_params
        All parameters. [1]
    experts, expert_params
        Routed experts a layer, and parameters of one in all layers. [1]
    shared_weight_bytes
        Bytes per stored weight of what is no expert. [1]

    Examples
    --------
    >>> shared_weight_gb(total_params=10e9, experts=8.0, expert_params=1e9,
    ...     shared_weight_bytes=1.0)
    2.0
    """
    return units.gb_from_bytes(shared_weight_bytes * (total_params - experts * expert_params))


@formula(
    unit="GB",
    equation="W_r = W_s + b * x * E * (1 - (1 - k/E)^B)",
    source="carbonctl-serving-model",
)
def weight_read_gb(
    *,
    shared_weight_gb: Num,
    expert_params: Num,
    experts: Num,
    experts_per_token: Num,
    batch: Num,
    weight_bytes: Num,
) -> Num:
    """Weights that one decode step of a mixture of experts reads.

    Parameters
    ----------
    shared_weight_gb
        Weights that every token passes, in all copies. [GB]
    expert_params
        Parameters of one routed expert in all layers. [1]
    experts, experts_per_token
        Routed experts a layer, and how many a token takes. [1]
    batch
        Sequences decoded together. [1]
    weight_bytes
        Bytes per stored weight of the experts. [1]

    Notes
    -----
    Experts are assumed to be chosen uniformly: at a batch of a few E/k nearly all are read, so a
    mixture of experts saves FLOP, not bytes.

    Examples
    --------
    >>> weight_read_gb(shared_weight_gb=2.0, expert_params=1e9, experts=8.0,
    ...     experts_per_token=2.0, batch=1.0, weight_bytes=1.0)
    4.0
    """
    touched = experts * (1.0 - (1.0 - experts_per_token / experts) ** batch)
    return shared_weight_gb + units.gb_from_bytes(weight_bytes * touched * expert_params)


@formula(
    unit="1",
    equation="z = min(1/q, 1 + sqrt(2 * ln(n) * n * (1 - q) / (E * q))), q = 1 - (1 - k/E)^B",
    source="carbonctl-serving-model",
)
def expert_imbalance(
    *, experts: Num, experts_per_token: Num, batch: Num, expert_parallel: Num
) -> Num:
    """Experts read on the busiest device over the mean of devices.

    Parameters
    ----------
    experts, experts_per_token
        Routed experts a layer, and how many a token takes. [1]
    batch
        Sequences decoded together. [1]
    expert_parallel
        Devices over which the experts are spread. [1]

    Notes
    -----
    Expected largest of n normal counts, each of E/n experts touched with probability q; no device
    reads more than all of its experts.

    Examples
    --------
    >>> expert_imbalance(experts=8.0, experts_per_token=2.0, batch=64.0, expert_parallel=1.0)
    1.0
    """
    touched = 1.0 - (1.0 - experts_per_token / experts) ** batch
    spread = expert_parallel * (1.0 - touched) / (experts * touched)
    most = 1.0 / touched
    return np.minimum(most, 1.0 + np.sqrt(2.0 * np.log(expert_parallel) * spread))
