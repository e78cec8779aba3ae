"""Which weights a decode step reads, and how experts spread over devices."""

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


@formula(
    unit="GB",
    equation="W_r = b_s * (N - E*x) + b * x * E * (1 - (1 - k/E)^B), x = (N - N_act)/(E - k)",
    source="carbonctl-serving-model",
)
def weight_read_gb(
    *,
    total_params: Num,
    active_params: Num,
    experts: Num,
    experts_per_token: Num,
    batch: Num,
    weight_bytes: Num,
    shared_weight_bytes: Num,
) -> Num:
    """Weights that one decode step of a mixture of experts reads.

    Parameters
    ----------
    total_params, active_params
        All parameters, and those one token passes. [1]
    experts, experts_per_token
        Routed experts a layer, and how many a token takes. [1] experts > experts_per_token
    batch
        Sequences decoded together. [1]
    weight_bytes, shared_weight_bytes
        Bytes per stored weight of the experts, and of all else. [1]

    Notes
    -----
    Experts are assumed to be chosen uniformly: at a batch of a few E/k nearly all are read, so a
    mixture saves operations, not bytes.

    Examples
    --------
    >>> weight_read_gb(total_params=10e9, active_params=4e9, experts=8.0, experts_per_token=2.0,
    ...     batch=1.0, weight_bytes=1.0, shared_weight_bytes=1.0)
    4.0
    """
    expert_params = (total_params - active_params) / (experts - experts_per_token)
    touched = experts * (1.0 - (1.0 - experts_per_token / experts) ** batch)
    shared = shared_weight_bytes * (total_params - experts * expert_params)
    return units.gb_from_bytes(shared + weight_bytes * touched * expert_params)


@formula(
    unit="1",
    equation="z = min(1/q, 1 + sqrt(2 * ln(n) * n * (1 - q) / (E * q))), q = 1 - (1 - k/E)^B",
    source="carbonctl-serving-model",
)
def expert_imbalance(
    *, experts: Num, experts_per_token: Num, batch: Num, expert_parallel: Num
) -> Num:
    """Experts read on the busiest device over those read on the mean one.

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
