"""Mixtures of experts in a decode step: which weights are read, and what spreads over devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.formulas.serving import decode_work as compute_decode
from carbonctl.formulas.serving import expert_work as compute_experts
from carbonctl.formulas.serving import parallel_work as compute_parallel

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.serving.service import Decoder, Moe, Ranks


def ranks_of(m: Decoder[Num]) -> Ranks[Num] | None:
    """The ranks of a replica, where it has any."""
    return None if m.moe is None else m.moe.ranks


def held_weight_gb(m: Decoder[Num]) -> Num:
    """Memory of the weights of one replica, copies of its ranks among them."""
    weight = compute_decode.weight_gb(total_params=m.total_params, weight_bytes=m.weight_bytes)
    if m.moe is None or m.moe.ranks is None:
        return weight
    return compute_parallel.weight_gb_by_data_parallel(
        weight_gb=weight,
        shared_weight_gb=_shared_gb(m, m.moe, _expert_params(m, m.moe)),
        data_parallel=m.moe.ranks.data_parallel,
    )


def weight_read_gb(m: Decoder[Num], weight: Num) -> Num:
    """Weights read in a step: all of a dense model, the experts touched of a mixture."""
    if m.moe is None:
        return compute_experts.weight_read_gb_by_dense(weight_gb=weight)
    each, ranks = _expert_params(m, m.moe), m.moe.ranks
    shared = _shared_gb(m, m.moe, each)
    if ranks is not None:
        shared = compute_parallel.shared_weight_gb_by_data_parallel(
            shared_weight_gb=shared, data_parallel=ranks.data_parallel
        )
    return compute_experts.weight_read_gb(
        shared_weight_gb=shared,
        expert_params=each,
        experts=m.moe.experts,
        experts_per_token=m.moe.experts_per_token,
        batch=m.batch,
        weight_bytes=m.weight_bytes,
    )


def expert_imbalance(m: Decoder[Num], moe: Moe[Num], devices: Num) -> Num:
    """How unevenly the experts of a step lie on their devices."""
    spread = devices if moe.expert_parallel is None else moe.expert_parallel
    return compute_experts.expert_imbalance(
        experts=moe.experts,
        experts_per_token=moe.experts_per_token,
        batch=m.batch,
        expert_parallel=spread,
    )


def output_tokens_of_prompt(m: Decoder[Num]) -> Num:
    """Output tokens for each prompt that is computed, padding among the prompts."""
    ranks = ranks_of(m)
    if ranks is None:
        return m.output_tokens
    imbalance = compute_parallel.prompt_imbalance(
        data_parallel=ranks.data_parallel, batch=m.batch, output_tokens=m.output_tokens
    )
    return compute_parallel.output_tokens_by_padding(
        output_tokens=m.output_tokens, prompt_imbalance=imbalance
    )


def layer_launch_s(m: Decoder[Num]) -> Num:
    """What a layer costs, waiting of ranks among it."""
    ranks = ranks_of(m)
    if ranks is None:
        return m.runtime.layer_launch_s
    return compute_parallel.layer_launch_s_by_data_parallel(
        layer_launch_s=m.runtime.layer_launch_s, data_parallel_launch_s=ranks.launch_s
    )


def replica_accelerators(m: Decoder[Num]) -> Num | None:
    """Devices of one replica: those of its ranks, or as stated; None where nothing is."""
    ranks = ranks_of(m)
    if ranks is None:
        return m.replica_accelerators
    return compute_parallel.replica_accelerators_by_ranks(
        rank_accelerators=ranks.rank_accelerators, data_parallel=ranks.data_parallel
    )


def cache_copies(m: Decoder[Num], devices: Num) -> Num:
    """Devices of a rank, or of a replica of one, that each read the same keys and values."""
    ranks = ranks_of(m)
    shared = devices if ranks is None else ranks.rank_accelerators
    if m.attention.latent_rank is not None:
        return compute_parallel.cache_copies_by_latent(sharing_accelerators=shared)
    assert m.attention.kv_heads is not None  # noqa: S101 - resolve gives one of the two forms
    return compute_parallel.cache_copies(sharing_accelerators=shared, kv_heads=m.attention.kv_heads)


def _shared_gb(m: Decoder[Num], moe: Moe[Num], expert_params: Num) -> Num:
    return compute_experts.shared_weight_gb(
        total_params=m.total_params,
        experts=moe.experts,
        expert_params=expert_params,
        shared_weight_bytes=moe.shared_weight_bytes,
    )


def _expert_params(m: Decoder[Num], moe: Moe[Num]) -> Num:
    return compute_experts.expert_params(
        total_params=m.total_params,
        active_params=m.active_params,
        experts=moe.experts,
        experts_per_token=moe.experts_per_token,
    )
