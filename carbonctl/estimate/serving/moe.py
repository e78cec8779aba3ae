"""Mixture of experts (MoE) in a decode step: weights read, and parallel layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.formulas.serving import decode_work, expert_work, parallel_work

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.serving.service import Decoder, Moe, Ranks


def data_parallel_ranks(m: Decoder[Num]) -> Ranks[Num] | None:
    """Data-parallel ranks of a replica; None where there are none."""
    return None if m.moe is None else m.moe.ranks


def replica_weight_gb(m: Decoder[Num]) -> Num:
    """Memory of the weights of one replica, with the copies of its ranks [GB]."""
    weight = decode_work.weight_gb(total_params=m.total_params, weight_bytes=m.weight_bytes)
    if m.moe is None or m.moe.ranks is None:
        return weight
    return parallel_work.weight_gb_by_data_parallel(
        weight_gb=weight,
        shared_weight_gb=_shared_gb(m, m.moe, _expert_params(m, m.moe)),
        data_parallel=m.moe.ranks.data_parallel,
    )


def weight_read_gb(m: Decoder[Num], weight: Num) -> Num:
    """Weights read in a step [GB]: all of a dense model; shared and active experts of an MoE."""
    if m.moe is None:
        return expert_work.weight_read_gb_by_dense(weight_gb=weight)
    each, ranks = _expert_params(m, m.moe), m.moe.ranks
    shared = _shared_gb(m, m.moe, each)
    if ranks is not None:
        shared = parallel_work.shared_weight_gb_by_data_parallel(
            shared_weight_gb=shared, data_parallel=ranks.data_parallel
        )
    return expert_work.weight_read_gb(
        shared_weight_gb=shared,
        expert_params=each,
        experts=m.moe.experts,
        experts_per_token=m.moe.experts_per_token,
        batch=m.batch,
        weight_bytes=m.weight_bytes,
    )


def expert_imbalance(m: Decoder[Num], moe: Moe[Num], devices: Num) -> Num:
    """Imbalance of expert load between devices in a step [1]."""
    spread = devices if moe.expert_parallel is None else moe.expert_parallel
    return expert_work.expert_imbalance(
        experts=moe.experts,
        experts_per_token=moe.experts_per_token,
        batch=m.batch,
        expert_parallel=spread,
    )


def output_tokens_per_prompt(m: Decoder[Num]) -> Num:
    """Output tokens per computed prompt, with the padding between ranks."""
    ranks = data_parallel_ranks(m)
    if ranks is None:
        return m.output_tokens
    imbalance = parallel_work.prompt_imbalance(
        data_parallel=ranks.data_parallel, batch=m.batch, output_tokens=m.output_tokens
    )
    return parallel_work.output_tokens_by_padding(
        output_tokens=m.output_tokens, prompt_imbalance=imbalance
    )


def layer_launch_s(m: Decoder[Num]) -> Num:
    """Launch overhead per layer, with the wait of ranks for each other [s]."""
    ranks = data_parallel_ranks(m)
    if ranks is None:
        return m.runtime.layer_launch_s
    return parallel_work.layer_launch_s_by_data_parallel(
        layer_launch_s=m.runtime.layer_launch_s, data_parallel_launch_s=ranks.launch_s
    )


def replica_accelerators(m: Decoder[Num]) -> Num | None:
    """Devices of one replica: of all ranks, or as stated; None where neither is known."""
    ranks = data_parallel_ranks(m)
    if ranks is None:
        return m.replica_accelerators
    return parallel_work.replica_accelerators_by_ranks(
        rank_accelerators=ranks.rank_accelerators, data_parallel=ranks.data_parallel
    )


def cache_copies(m: Decoder[Num], devices: Num) -> Num:
    """Copies of the KV cache: devices of a rank that read the same keys and values."""
    ranks = data_parallel_ranks(m)
    shared = devices if ranks is None else ranks.rank_accelerators
    if m.attention.latent_rank is not None:
        return parallel_work.cache_copies_by_latent(sharing_accelerators=shared)
    assert m.attention.kv_heads is not None  # noqa: S101 - resolve gives one of the two forms
    return parallel_work.cache_copies(sharing_accelerators=shared, kv_heads=m.attention.kv_heads)


def _shared_gb(m: Decoder[Num], moe: Moe[Num], expert_params: Num) -> Num:
    return expert_work.shared_weight_gb(
        total_params=m.total_params,
        experts=moe.experts,
        expert_params=expert_params,
        shared_weight_bytes=moe.shared_weight_bytes,
    )


def _expert_params(m: Decoder[Num], moe: Moe[Num]) -> Num:
    return expert_work.expert_params(
        total_params=m.total_params,
        active_params=m.active_params,
        experts=moe.experts,
        experts_per_token=moe.experts_per_token,
    )
