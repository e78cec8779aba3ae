"""How one replica lies on its devices: tensor parallel, stages, copies, and domains of links."""

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


@formula(
    unit="1", equation="n = 2^ceil(log2(max(1, W / (f * M))))", source="carbonctl-serving-model"
)
def replica_accelerators(*, weight_gb: Num, device_memory_gb: Num, memory_share: Num) -> Num:
    """Devices of one replica: the next power of two that holds the weights.

    Parameters
    ----------
    weight_gb
        Weights of one replica. [GB]
    device_memory_gb
        Memory of one device. [GB]
    memory_share
        Share of it that may hold them. [1]

    Examples
    --------
    >>> replica_accelerators(weight_gb=150.0, device_memory_gb=80.0, memory_share=0.9)
    4.0
    """
    needed = weight_gb / (device_memory_gb * memory_share)
    return 2.0 ** np.ceil(np.log2(np.maximum(needed, 1.0)))


@formula(unit="1", equation="t = min(n / d, n_link)", source="shoeybi-2019-megatron")
def tensor_parallel(
    *, replica_accelerators: Num, data_parallel: Num, linked_accelerators: Num
) -> Num:
    """Devices that share each layer: those of a rank, as far as fast links join them.

    Parameters
    ----------
    replica_accelerators, data_parallel
        Devices of a replica, and its ranks. [1]
    linked_accelerators
        Devices that fast links join. [1]

    Examples
    --------
    >>> tensor_parallel(replica_accelerators=16.0, data_parallel=1.0, linked_accelerators=8.0)
    8.0
    """
    return np.minimum(replica_accelerators / data_parallel, linked_accelerators)


@formula(unit="1", equation="p = max(1, n / (d * t))", source="huang-2019-gpipe")
def pipeline_stages(*, replica_accelerators: Num, data_parallel: Num, tensor_parallel: Num) -> Num:
    """Stages of a replica, each with a part of the layers.

    Parameters
    ----------
    replica_accelerators, data_parallel
        Devices of a replica, and its ranks. [1]
    tensor_parallel
        Devices that share each layer. [1]

    Examples
    --------
    >>> pipeline_stages(replica_accelerators=16.0, data_parallel=1.0, tensor_parallel=8.0)
    2.0
    """
    return np.maximum(1.0, replica_accelerators / (data_parallel * tensor_parallel))


@formula(unit="1", equation="c = max(1, t / max(1, h_kv))", source="pope-2022-inference")
def cache_copies(*, tensor_parallel: Num, kv_heads: Num) -> Num:
    """Copies of the KV cache, where devices that share a layer outnumber its KV heads.

    Parameters
    ----------
    tensor_parallel
        Devices that share each layer. [1]
    kv_heads
        Key-value heads; 0 where no layer attends. [1]

    Examples
    --------
    >>> cache_copies(tensor_parallel=8.0, kv_heads=4.0)
    2.0
    """
    return np.maximum(1.0, tensor_parallel / np.maximum(kv_heads, 1.0))


@formula(unit="1", equation="c = t", source="deepseek-v2-2024")
def cache_copies_by_latent(*, tensor_parallel: Num) -> Num:
    """Copies of the latent cache of MLA: one on each device that shares a layer.

    Parameters
    ----------
    tensor_parallel
        Devices that share each layer. [1]

    Examples
    --------
    >>> cache_copies_by_latent(tensor_parallel=8.0)
    8.0
    """
    return tensor_parallel


@formula(unit="GB", equation="KV = c * KV_0", source="pope-2022-inference")
def kv_gb_by_copies(*, kv_gb: Num, cache_copies: Num) -> Num:
    """KV cache in the memory of all devices of a replica.

    Parameters
    ----------
    kv_gb
        One copy of it. [GB]
    cache_copies
        Devices that each hold the same. [1]

    Examples
    --------
    >>> kv_gb_by_copies(kv_gb=3.0, cache_copies=2.0)
    6.0
    """
    return kv_gb * cache_copies


@formula(unit="GB", equation="W = W_x + d * W_s", source="rajbhandari-2022-deepspeed-moe")
def weight_gb_by_experts(*, routed_gb: Num, shared_gb: Num, data_parallel: Num) -> Num:
    """Memory of the weights of a mixture, with a copy of shared weights on each rank.

    Parameters
    ----------
    routed_gb, shared_gb
        Weights of routed experts, and one copy of those that every token passes. [GB]
    data_parallel
        Ranks of the replica. [1]

    Examples
    --------
    >>> weight_gb_by_experts(routed_gb=100.0, shared_gb=5.0, data_parallel=8.0)
    140.0
    """
    return routed_gb + data_parallel * shared_gb


@formula(unit="1", equation="u = ceil(d * t / n_link)", source="carbonctl-serving-model")
def linked_domains(*, tensor_parallel: Num, data_parallel: Num, linked_accelerators: Num) -> Num:
    """Domains of fast links over which the devices of a stage are spread.

    Parameters
    ----------
    tensor_parallel, data_parallel
        Devices that share each layer, and ranks. [1]
    linked_accelerators
        Devices of one domain. [1]

    Examples
    --------
    >>> linked_domains(tensor_parallel=1.0, data_parallel=32.0, linked_accelerators=8.0)
    4.0
    """
    return np.ceil(tensor_parallel * data_parallel / linked_accelerators)
