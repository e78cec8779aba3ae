"""Parallel layout of one replica: copies of weights and KV cache, imbalance, synchronization."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="1", equation="n = d * t", source="rajbhandari-2022-deepspeed-moe")
def replica_accelerators_by_ranks(*, rank_accelerators: Num, data_parallel: Num) -> Num:
    """Devices of one replica: those of all its data-parallel ranks.

    Parameters
    ----------
    rank_accelerators
        Devices of one rank: they share one copy of the attention. [1]
    data_parallel
        Ranks of the replica, each on sequences of its own. [1]

    Examples
    --------
    >>> replica_accelerators_by_ranks(rank_accelerators=2.0, data_parallel=8.0)
    16.0
    """
    return rank_accelerators * data_parallel


@formula(unit="1", equation="c = max(1, t / max(1, h_kv))", source="pope-2022-inference")
def cache_copies(*, sharing_accelerators: Num, kv_heads: Num) -> Num:
    """Copies of the KV cache, where tensor-parallel devices outnumber KV heads.

    Parameters
    ----------
    sharing_accelerators
        Devices that share one copy of the attention. [1]
    kv_heads
        Key-value heads; 0 where no layer attends. [1]

    Examples
    --------
    >>> cache_copies(sharing_accelerators=8.0, kv_heads=4.0)
    2.0
    """
    return np.maximum(1.0, sharing_accelerators / np.maximum(kv_heads, 1.0))


@formula(unit="1", equation="c = t", source="deepseek-v2-2024")
def cache_copies_by_latent(*, sharing_accelerators: Num) -> Num:
    """Copies of the latent cache of MLA: one per tensor-parallel device.

    Parameters
    ----------
    sharing_accelerators
        Devices that share one copy of the attention. [1]

    Examples
    --------
    >>> cache_copies_by_latent(sharing_accelerators=8.0)
    8.0
    """
    return sharing_accelerators


@formula(unit="GB", equation="KV = c * KV_0", source="pope-2022-inference")
def kv_gb_by_copies(*, kv_gb: Num, cache_copies: Num) -> Num:
    """KV cache that all devices of a replica read in one decode step.

    Parameters
    ----------
    kv_gb
        One copy of it. [GB]
    cache_copies
        Devices that each read the same. [1]

    Examples
    --------
    >>> kv_gb_by_copies(kv_gb=3.0, cache_copies=2.0)
    6.0
    """
    return kv_gb * cache_copies


@formula(unit="GB", equation="W_d = d * W_s", source="rajbhandari-2022-deepspeed-moe")
def shared_weight_gb_by_data_parallel(*, shared_weight_gb: Num, data_parallel: Num) -> Num:
    """Shared (non-expert) weights of a replica, one copy per data-parallel rank.

    Parameters
    ----------
    shared_weight_gb
        One copy of them. [GB]
    data_parallel
        Ranks of the replica. [1]

    Examples
    --------
    >>> shared_weight_gb_by_data_parallel(shared_weight_gb=5.0, data_parallel=4.0)
    20.0
    """
    return shared_weight_gb * data_parallel


@formula(unit="GB", equation="W_d = W + (d - 1) * W_s", source="rajbhandari-2022-deepspeed-moe")
def weight_gb_by_data_parallel(*, weight_gb: Num, shared_weight_gb: Num, data_parallel: Num) -> Num:
    """Memory of the weights of a replica, with a copy of shared weights per rank.

    Parameters
    ----------
    weight_gb, shared_weight_gb
        One copy of all weights, and those of them that every token passes. [GB]
    data_parallel
        Ranks of the replica. [1]

    Examples
    --------
    >>> weight_gb_by_data_parallel(weight_gb=100.0, shared_weight_gb=5.0, data_parallel=9.0)
    140.0
    """
    return weight_gb + (data_parallel - 1.0) * shared_weight_gb


@formula(
    unit="1",
    equation="z = min(d, 1 + sqrt(2 * ln(d) * d * L_out / B))",
    source="carbonctl-serving-model",
)
def prompt_imbalance(*, data_parallel: Num, batch: Num, output_tokens: Num) -> Num:
    """Prompts at the busiest rank over the mean of ranks in a step.

    Parameters
    ----------
    data_parallel
        Ranks of the replica. [1]
    batch
        Sequences decoded together, on all ranks. [1]
    output_tokens
        Mean tokens of an answer: a sequence leaves room for a prompt after as many steps. [1]

    Notes
    -----
    Expected largest of d Poisson counts of mean B / (L_out * d); where prompts are few one rank
    has one and the others none.

    Examples
    --------
    >>> prompt_imbalance(data_parallel=8.0, batch=8.0, output_tokens=250.0)
    8.0
    """
    spread = data_parallel * output_tokens / batch
    most = 1.0 + np.sqrt(2.0 * np.log(data_parallel) * spread)
    return np.minimum(data_parallel, most)


@formula(unit="1", equation="L_z = L_out / z", source="carbonctl-serving-model")
def output_tokens_by_padding(*, output_tokens: Num, prompt_imbalance: Num) -> Num:
    """Output tokens per computed prompt, where ranks pad to the one with most prompts.

    Parameters
    ----------
    output_tokens
        Mean tokens of an answer. [1]
    prompt_imbalance
        Prompts of the busiest rank over those of the mean one. [1]

    Examples
    --------
    >>> output_tokens_by_padding(output_tokens=400.0, prompt_imbalance=4.0)
    100.0
    """
    return output_tokens / prompt_imbalance


@formula(unit="s", equation="t_layer = t_0 + t_d", source="carbonctl-serving-model")
def layer_launch_s_by_data_parallel(*, layer_launch_s: Num, data_parallel_launch_s: Num) -> Num:
    """Launch time of a layer whose ranks synchronize before and after its experts.

    Parameters
    ----------
    layer_launch_s
        Cost of a layer of one rank. [s]
    data_parallel_launch_s
        Cost of gathering tokens of all ranks, and of giving them back. [s]

    Examples
    --------
    >>> layer_launch_s_by_data_parallel(layer_launch_s=0.25, data_parallel_launch_s=0.5)
    0.75
    """
    return layer_launch_s + data_parallel_launch_s
