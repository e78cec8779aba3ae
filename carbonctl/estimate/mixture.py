"""Mixtures of experts in a decode step: which weights are read, and what spreads over devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.formulas import compute_decode, compute_experts, compute_parallel

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.service import Decoder, Mixture, Ranks


def held_weight_gb(m: Decoder[Num]) -> Num:
    """Memory of the weights of one replica, copies of its ranks among them."""
    weight = compute_decode.weight_gb(total_params=m.total_params, weight_bytes=m.weight_bytes)
    if m.mixture is None or m.mixture.ranks is None:
        return weight
    return compute_parallel.weight_gb_by_data_parallel(
        weight_gb=weight,
        shared_weight_gb=_shared_gb(m, m.mixture),
        data_parallel=m.mixture.ranks.data_parallel,
    )


def weight_read_gb(m: Decoder[Num], weight: Num) -> Num:
    """Weights read in a step: all of a dense model, the experts touched of a mixture."""
    if m.mixture is None:
        return compute_experts.weight_read_gb_by_dense(weight_gb=weight)
    read = compute_experts.weight_read_gb(
        total_params=m.total_params,
        active_params=m.active_params,
        experts=m.mixture.experts,
        experts_per_token=m.mixture.experts_per_token,
        batch=m.batch,
        weight_bytes=m.weight_bytes,
        shared_weight_bytes=m.mixture.shared_weight_bytes,
    )
    if m.mixture.ranks is None:
        return read
    return compute_parallel.weight_read_gb_by_data_parallel(
        weight_read_gb=read,
        shared_weight_gb=_shared_gb(m, m.mixture),
        data_parallel=m.mixture.ranks.data_parallel,
    )


def expert_imbalance(m: Decoder[Num], mixture: Mixture[Num], devices: Num) -> Num:
    """How unevenly the experts of a step lie on their devices."""
    spread = devices if mixture.expert_parallel is None else mixture.expert_parallel
    return compute_experts.expert_imbalance(
        experts=mixture.experts,
        experts_per_token=mixture.experts_per_token,
        batch=m.batch,
        expert_parallel=spread,
    )


def padded_prompt(m: Decoder[Num], tokens: Num) -> Num:
    """Tokens of a prompt as ranks compute them: all are padded to the busiest."""
    if m.mixture is None or m.mixture.ranks is None:
        return tokens
    return compute_parallel.prompt_tokens_by_padding(
        prompt_tokens=tokens, prompt_imbalance=_prompt_imbalance(m, m.mixture.ranks)
    )


def padded_looks(m: Decoder[Num], layer_tokens: Num) -> Num:
    """Tokens that those of a prompt look at, as ranks compute them."""
    if m.mixture is None or m.mixture.ranks is None:
        return layer_tokens
    return compute_parallel.prompt_layer_tokens_by_padding(
        prompt_layer_tokens=layer_tokens, prompt_imbalance=_prompt_imbalance(m, m.mixture.ranks)
    )


def layer_launch_s(m: Decoder[Num]) -> Num:
    """What a layer costs, waiting of ranks among it."""
    if m.mixture is None or m.mixture.ranks is None:
        return m.runtime.layer_launch_s
    return compute_parallel.layer_launch_s_by_data_parallel(
        layer_launch_s=m.runtime.layer_launch_s,
        data_parallel_launch_s=m.mixture.ranks.launch_s,
    )


def cache_copies(m: Decoder[Num], devices: Num) -> Num:
    """Devices of a replica that each hold and read the same keys and values."""
    shared = devices
    if m.mixture is not None and m.mixture.ranks is not None:
        shared = compute_parallel.rank_accelerators(
            replica_accelerators=devices, data_parallel=m.mixture.ranks.data_parallel
        )
    if m.looks.latent_rank is not None:
        return compute_parallel.cache_copies_by_latent(sharing_accelerators=shared)
    assert m.looks.kv_heads is not None  # noqa: S101 - resolve gives one of the two forms
    return compute_parallel.cache_copies(sharing_accelerators=shared, kv_heads=m.looks.kv_heads)


def _prompt_imbalance(m: Decoder[Num], ranks: Ranks[Num]) -> Num:
    return compute_parallel.prompt_imbalance(
        data_parallel=ranks.data_parallel, batch=m.batch, output_tokens=m.output_tokens
    )


def _shared_gb(m: Decoder[Num], mixture: Mixture[Num]) -> Num:
    return compute_parallel.shared_weight_gb(
        total_params=m.total_params,
        active_params=m.active_params,
        experts=mixture.experts,
        experts_per_token=mixture.experts_per_token,
        shared_weight_bytes=mixture.shared_weight_bytes,
    )
