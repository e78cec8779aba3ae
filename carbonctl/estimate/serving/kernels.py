"""Kernels of a step on one device: shared layers, experts, attention, exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from carbonctl.estimate.serving import sequence_context
from carbonctl.estimate.serving.layout import (
    Layout,
    cache_copies,
    params_of_one_expert,
    shared_params,
)
from carbonctl.formulas.serving import decode_work, exchange, expert_work, kernels
from carbonctl.formulas.serving import layout as layouts

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.serving.service import Decoder, Moe, Product


class SharedLayers(NamedTuple):
    """Work of one device in the matrices that every token passes."""

    flop: Num
    product_s: Num
    read_s: Num


class Experts(NamedTuple):
    """Time of the busiest device in its experts; useful operations and reading of a mean one."""

    flop: Num
    product: Product[Num]
    seconds: Num
    read_s: Num


def tokens_of_rank(layout: Layout, tokens: Num) -> Num:
    """Tokens of a step on one rank, of those on all [1]."""
    return exchange.rank_tokens(tokens=tokens, data_parallel=layout.data_parallel)


def product_s(m: Decoder[Num], product: Product[Num], flop: Num) -> Num:
    """Time in which one device computes products in a number format [s]."""
    return kernels.product_s(
        device_flop=flop,
        peak_flop_per_s=product.peak_flop_per_s,
        matmul_efficiency=product.efficiency,
        kernel_quality=m.runtime.kernel_quality,
    )


def weights_s(m: Decoder[Num], gigabytes: Num) -> Num:
    """Time in which one device reads weights [s]."""
    return kernels.read_s(
        device_gb=gigabytes,
        bandwidth_gb_per_s=m.board.bandwidth_gb_per_s,
        read_efficiency=m.runtime.weight_efficiency,
    )


def shared_layers(m: Decoder[Num], layout: Layout, rank_tokens: Num) -> SharedLayers:
    """Work of one device in the layers that every token passes, for tokens of its rank."""
    params = shared_params(m)
    if m.lookup_params is not None:
        params = decode_work.shared_params_by_lookup(
            shared_params=params, lookup_params=m.lookup_params
        )
    flop = decode_work.device_flop_by_shared_layers(
        shared_params=params,
        tokens=rank_tokens,
        tensor_parallel=layout.tensor_parallel,
        pipeline_stages=layout.pipeline_stages,
    )
    read = _shared_read_gb(m, layout, params)
    return SharedLayers(flop, product_s(m, m.formats.shared, flop), weights_s(m, read))


def least_read_gb(m: Decoder[Num], layout: Layout) -> Num:
    """Weights that one device reads at least in a step: those that one token passes [GB]."""
    return _shared_read_gb(m, layout, m.active_params if m.moe is None else shared_params(m))


def _shared_read_gb(m: Decoder[Num], layout: Layout, params: Num) -> Num:
    """Weights outside of routed experts that one device reads in a step [GB]."""
    return decode_work.shared_read_gb(
        shared_params=params,
        weight_bytes=m.weight_bytes if m.moe is None else m.moe.shared_weight_bytes,
        tensor_parallel=layout.tensor_parallel,
    )


def experts(m: Decoder[Num], layout: Layout, tokens: Num) -> Experts | None:
    """Work of one device in routed experts, for tokens of all ranks; None in a dense model."""
    moe, product = m.moe, m.formats.experts
    if moe is None or product is None:
        return None
    stages, each = layout.pipeline_stages, params_of_one_expert(m, moe)
    split = {"tensor_parallel": layout.tensor_parallel, "data_parallel": layout.data_parallel}
    touched = expert_work.touched_share(
        tokens=tokens,
        pipeline_stages=stages,
        experts=moe.experts,
        experts_per_token=moe.experts_per_token,
    )
    uneven = expert_work.expert_imbalance(
        tokens=tokens,
        pipeline_stages=stages,
        experts_per_token=moe.experts_per_token,
        expert_parallel=moe.expert_parallel,
        uneven_routing=moe.uneven_routing,
    )
    padded = _padded_expert_flop(moe, layout, tokens, touched, uneven, each)
    read = expert_work.expert_read_gb(
        experts=moe.experts,
        expert_params=each,
        weight_bytes=m.weight_bytes,
        touched_share=touched,
        **split,
    )
    most = expert_work.expert_read_gb_by_imbalance(
        mean_read_gb=read, touched_share=touched, expert_imbalance=uneven
    )
    useful = expert_work.device_flop_by_experts(
        tokens=tokens,
        experts_per_token=moe.experts_per_token,
        expert_params=each,
        pipeline_stages=stages,
        **split,
    )
    seconds = kernels.kernel_s(product_s=product_s(m, product, padded), read_s=weights_s(m, most))
    return Experts(useful, product, seconds, weights_s(m, read))


def _padded_expert_flop(
    moe: Moe[Num], layout: Layout, tokens: Num, touched: Num, uneven: Num, each: Num
) -> Num:
    """FLOP of the busiest device in experts, with the rows and columns that tiles waste."""
    rows = expert_work.expert_rows(
        touched_share=touched,
        expert_tokens=expert_work.expert_tokens(
            tokens=tokens,
            pipeline_stages=layout.pipeline_stages,
            experts=moe.experts,
            experts_per_token=moe.experts_per_token,
        ),
        tile_rows=moe.tile_rows,
    )
    return expert_work.device_flop_by_padded_experts(
        experts=moe.experts,
        expert_params=each,
        expert_rows=rows,
        expert_imbalance=uneven,
        product_overhead=moe.product_overhead,
        lost_width=moe.lost_width,
        expert_width=moe.width,
        expert_parallel=moe.expert_parallel,
        tensor_parallel=layout.tensor_parallel,
        data_parallel=layout.data_parallel,
    )


def decode_attention_s(
    m: Decoder[Num], layout: Layout, sequences: Num, tokens: Num, attended: Num
) -> Num:
    """Time of one device in the attention of a decode step [s].

    The cache of each of ``sequences`` is read once, for all of its ``tokens``.
    """
    split = {
        "tensor_parallel": layout.tensor_parallel,
        "data_parallel": layout.data_parallel,
        "pipeline_stages": layout.pipeline_stages,
    }
    read = decode_work.kv_read_gb(
        kv_gb=sequence_context.cache_gb(m, attended, sequences),
        cache_copies=cache_copies(m, layout),
        **split,
    )
    flop = decode_work.device_flop_by_attention(
        batch=tokens,
        look_flop=sequence_context.decode_look_flop(m.attention),
        attended_layer_tokens=attended,
        **split,
    )
    return kernels.kernel_s(
        product_s=product_s(m, m.formats.decode_attention, flop),
        read_s=kernels.read_s(
            device_gb=read,
            bandwidth_gb_per_s=m.board.bandwidth_gb_per_s,
            read_efficiency=m.runtime.kv_efficiency,
        ),
    )


def exchange_s(m: Decoder[Num], layout: Layout, tokens: Num, *, of_prompts: bool) -> Num:
    """Time of the exchanges of a step between devices, for tokens of all ranks [s]."""
    tensor, ranks = layout.tensor_parallel, layout.data_parallel
    own = tokens_of_rank(layout, tokens)
    reduced = exchange.link_s(
        exchanged_gb=exchange.all_reduce_gb(
            layers=m.attention.layers,
            tensor_parallel=tensor,
            tokens=own,
            hidden_size=m.hidden_size,
            activation_bytes=m.links.activation_bytes,
            data_parallel=ranks,
        ),
        link_gb_per_s=m.board.link_gb_per_s,
        exchange_efficiency=m.runtime.exchange_efficiency,
    )
    if m.moe is None or not m.has_ranks:
        return reduced
    return _with_dispatch_s(m, m.moe, layout, own, reduced, of_prompts=of_prompts)


def _with_dispatch_s(
    m: Decoder[Num], moe: Moe[Num], layout: Layout, own: Num, reduced: Num, *, of_prompts: bool
) -> Num:
    """Time of all exchanges, with that of tokens that go to experts on other devices [s]."""
    links, tensor, ranks = m.links, layout.tensor_parallel, layout.data_parallel
    near = exchange.dispatch_copies(
        expert_parallel=moe.expert_parallel,
        experts_per_token=moe.experts_per_token,
        tensor_parallel=tensor,
        data_parallel=ranks,
    )
    domains = layouts.linked_domains(
        tensor_parallel=tensor,
        data_parallel=ranks,
        linked_accelerators=links.linked_accelerators,
    )
    far = _network_copies(m, moe, domains, of_prompts=of_prompts)
    near_gb, far_gb = (
        exchange.dispatch_gb(
            expert_layers=moe.layers,
            rank_tokens=own,
            hidden_size=m.hidden_size,
            dispatch_bytes=links.dispatch_bytes,
            dispatch_copies=copies,
        )
        for copies in (near, far)
    )
    return exchange.replica_exchange_s(
        all_reduce_s=reduced,
        dispatch_s=exchange.link_s(
            exchanged_gb=near_gb,
            link_gb_per_s=m.board.link_gb_per_s,
            exchange_efficiency=m.runtime.exchange_efficiency,
        ),
        network_s=exchange.network_s(
            exchanged_gb=far_gb,
            network_gb_per_s=links.network_gb_per_s,
            network_efficiency=links.network_efficiency,
        ),
        linked_domains=domains,
    )


def _network_copies(m: Decoder[Num], moe: Moe[Num], domains: Num, *, of_prompts: bool) -> Num:
    """Copies of a token that go to experts in other domains of links [1]."""
    if of_prompts:
        return exchange.dispatch_copies_by_network_of_prompts(
            linked_domains=domains, domains_per_token=m.links.domains_per_token
        )
    return exchange.dispatch_copies_by_network(
        experts_per_token=moe.experts_per_token, linked_domains=domains
    )
