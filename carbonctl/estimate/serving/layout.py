"""How a replica lies on its devices: ranks, devices that share a layer, stages, experts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from carbonctl.formulas.serving import decode_work, expert_work
from carbonctl.formulas.serving import layout as formulas

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.serving.service import Decoder, Moe


class Layout(NamedTuple):
    """Devices of a replica, its ranks, devices that share each layer, and stages."""

    replica_accelerators: Num
    data_parallel: Num
    tensor_parallel: Num
    pipeline_stages: Num


def replica_layout(m: Decoder[Num]) -> Layout:
    """The layout of a model on the devices of one replica."""
    devices, ranks = replica_accelerators(m), m.data_parallel
    shared = m.tensor_parallel
    if shared is None:
        shared = formulas.tensor_parallel(
            replica_accelerators=devices,
            data_parallel=ranks,
            linked_accelerators=m.links.linked_accelerators,
        )
    stages = formulas.pipeline_stages(
        replica_accelerators=devices, data_parallel=ranks, tensor_parallel=shared
    )
    return Layout(devices, ranks, shared, stages)


def replica_accelerators(m: Decoder[Num]) -> Num:
    """Devices of one replica: of all ranks, as chosen, or the fewest that hold the weights."""
    if m.has_ranks and m.tensor_parallel is not None:
        return formulas.replica_accelerators_by_ranks(
            rank_accelerators=m.tensor_parallel, data_parallel=m.data_parallel
        )
    if m.replica_accelerators is not None:
        return m.replica_accelerators
    return formulas.replica_accelerators(
        weight_gb=decode_work.weight_gb(total_params=m.total_params, weight_bytes=m.weight_bytes),
        device_memory_gb=m.board.memory_gb,
        memory_share=m.memory_share,
    )


def replica_weight_gb(m: Decoder[Num]) -> Num:
    """Memory of the weights of one replica, with the copies of its ranks [GB]."""
    if m.moe is None:
        return decode_work.weight_gb(total_params=m.total_params, weight_bytes=m.weight_bytes)
    shared = shared_params(m)
    experts = decode_work.weight_gb(
        total_params=expert_work.routed_params(total_params=m.total_params, shared_params=shared),
        weight_bytes=m.weight_bytes,
    )
    return formulas.weight_gb_by_experts(
        routed_gb=experts,
        shared_gb=decode_work.weight_gb(
            total_params=shared, weight_bytes=m.moe.shared_weight_bytes
        ),
        data_parallel=m.data_parallel,
    )


def shared_params(m: Decoder[Num]) -> Num:
    """Parameters outside of routed experts: all of a dense model [1]."""
    if m.moe is None:
        return m.total_params
    return expert_work.shared_params_by_experts(
        total_params=m.total_params,
        experts=m.moe.experts,
        expert_params=params_of_one_expert(m, m.moe),
    )


def params_of_one_expert(m: Decoder[Num], moe: Moe[Num]) -> Num:
    """Parameters of one routed expert in all layers: of its matrices, or from totals [1]."""
    if moe.expert_params is not None:
        return moe.expert_params
    return expert_work.expert_params(
        total_params=m.total_params,
        active_params=m.active_params,
        experts=moe.experts,
        experts_per_token=moe.experts_per_token,
    )


def cache_copies(m: Decoder[Num], layout: Layout) -> Num:
    """Copies of the KV cache: devices of a rank that hold the same keys and values."""
    if m.attention.latent_rank is not None:
        return formulas.cache_copies_by_latent(tensor_parallel=layout.tensor_parallel)
    assert m.attention.kv_heads is not None  # noqa: S101 - resolve gives one of the two forms
    return formulas.cache_copies(
        tensor_parallel=layout.tensor_parallel, kv_heads=m.attention.kv_heads
    )
