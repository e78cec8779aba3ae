"""Time of one step of a replica, from its kernels, exchanges, launches and host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(
    unit="s",
    equation="t = (t_c + t_x - o * min(t_c, t_x)) * (1 + b * (p - 1)/p)",
    source="carbonctl-serving-model",
)
def working_s(
    *,
    parts_s: tuple[Num, ...],
    links_s: Num,
    exchange_overlap: Num,
    pipeline_bubble: Num,
    pipeline_stages: Num,
) -> Num:
    """Time in which devices compute, read or exchange.

    Parameters
    ----------
    parts_s
        Of each kind of kernel. [s]
    links_s
        Between devices. [s]
    exchange_overlap
        Share of the shorter of both that the longer one covers. [1] 0 without micro-batches
    pipeline_bubble
        What the last stages wait for the first, beside one stage. [1]
    pipeline_stages
        Stages of a replica. [1]

    Examples
    --------
    >>> working_s(parts_s=(0.25, 0.5), links_s=0.25, exchange_overlap=0.0,
    ...     pipeline_bubble=0.5, pipeline_stages=1.0)
    1.0
    """
    computing = sum(parts_s[1:], start=parts_s[0])
    covered = exchange_overlap * np.minimum(computing, links_s)
    waits = 1.0 + pipeline_bubble * (pipeline_stages - 1.0) / pipeline_stages
    return (computing + links_s - covered) * waits


@formula(unit="s", equation="t = L * (t_layer + [t > 1]*2*t_x)", source="carbonctl-serving-model")
def launch_s(
    *, layers: Num, layer_launch_s: Num, exchange_latency_s: Num, tensor_parallel: Num
) -> Num:
    """Time of launches and of latencies of exchanges in a step, whatever its batch.

    Parameters
    ----------
    layers
        All layers. [1]
    layer_launch_s
        Cost of a layer. [s]
    exchange_latency_s
        Cost of an exchange, whatever its size: two a layer. [s]
    tensor_parallel
        Devices that share each layer. [1]

    Examples
    --------
    >>> launch_s(layers=100.0, layer_launch_s=1e-4, exchange_latency_s=1.0, tensor_parallel=1.0)
    0.01
    """
    return layers * (
        layer_launch_s + np.where(tensor_parallel > 1.0, 2.0, 0.0) * exchange_latency_s
    )


@formula(
    unit="s", equation="t = t_0 + L_m * (t_moe + [d > 1]*2*t_d)", source="carbonctl-serving-model"
)
def launch_s_by_experts(
    *,
    launch_s: Num,
    expert_layers: Num,
    expert_launch_s: Num,
    dispatch_latency_s: Num,
    data_parallel: Num,
) -> Num:
    """Time of launches and latencies of a step, with those of experts.

    Parameters
    ----------
    launch_s
        Of all layers. [s]
    expert_layers, expert_launch_s
        Layers with experts, and the cost of those of one. [1], [s]
    dispatch_latency_s
        Cost of an exchange between ranks, whatever its size: to experts and back. [s]
    data_parallel
        Ranks. [1]

    Examples
    --------
    >>> launch_s_by_experts(launch_s=0.25, expert_layers=50.0, expert_launch_s=0.005,
    ...     dispatch_latency_s=1.0, data_parallel=1.0)
    0.5
    """
    exchanges = np.where(data_parallel > 1.0, 2.0, 0.0)
    return launch_s + expert_layers * (expert_launch_s + exchanges * dispatch_latency_s)


@formula(unit="s", equation="t = B/d * (t_seq + t_req / L_out)", source="carbonctl-serving-model")
def host_s(
    *,
    batch: Num,
    data_parallel: Num,
    sequence_overhead_s: Num,
    request_overhead_s: Num,
    output_tokens: Num,
) -> Num:
    """Host time of one step: scheduling, sampling, new requests.

    Parameters
    ----------
    batch, data_parallel
        Sequences decoded together on all ranks, and ranks: each has a process of its own. [1]
    sequence_overhead_s, request_overhead_s
        Cost per sequence and step, and per request. [s]
    output_tokens
        Mean tokens of an answer. [1] > 0

    Examples
    --------
    >>> host_s(batch=100.0, data_parallel=1.0, sequence_overhead_s=1e-5, request_overhead_s=1e-3,
    ...     output_tokens=100.0)
    0.002
    """
    return batch / data_parallel * (sequence_overhead_s + request_overhead_s / output_tokens)


@formula(unit="s", equation="t_w = t_d + f * t_c", source="carbonctl-serving-model")
def working_s_by_chunks(*, decode_s: Num, chunk_s: Num, chunk_share: Num) -> Num:
    """Time in which devices work in a step, its share of prompt chunks among it.

    Parameters
    ----------
    decode_s
        Without prompts. [s]
    chunk_s, chunk_share
        What a chunk of prompt tokens adds, and chunks per step. [s], [1]

    Examples
    --------
    >>> working_s_by_chunks(decode_s=0.25, chunk_s=0.25, chunk_share=0.125)
    0.28125
    """
    return decode_s + chunk_share * chunk_s


@formula(unit="s", equation="t_w = t_k + t_launch", source="carbonctl-serving-model")
def working_s_by_own_launches(*, kernels_s: Num, launch_s: Num) -> Num:
    """Time of a chunk on prefill devices, with launches of its own.

    Parameters
    ----------
    kernels_s, launch_s
        Of kernels and exchanges, and of launches. [s]

    Examples
    --------
    >>> working_s_by_own_launches(kernels_s=0.25, launch_s=0.125)
    0.375
    """
    return kernels_s + launch_s


@formula(unit="s", equation="t = t_w + t_launch + t_host", source="carbonctl-serving-model")
def step_s(*, working_s: Num, launch_s: Num, host_s: Num) -> Num:
    """Time of one step.

    Parameters
    ----------
    working_s, launch_s, host_s
        Of kernels and exchanges, of launches, and of the host. [s]

    Examples
    --------
    >>> step_s(working_s=0.01, launch_s=0.004, host_s=0.001)
    0.015
    """
    return working_s + launch_s + host_s


@formula(
    unit="s", equation="t_v = sum(t_i) * (1 + b * (p - 1)/p)", source="carbonctl-serving-model"
)
def least_working_s(*, parts_s: tuple[Num, ...], pipeline_bubble: Num, pipeline_stages: Num) -> Num:
    """Time that a step works at least: reading shared weights, and its experts.

    Parameters
    ----------
    parts_s
        Reading of layers that every token passes, and all of experts. [s]
    pipeline_bubble, pipeline_stages
        What the last stages wait for the first, beside one stage, and stages. [1]

    Examples
    --------
    >>> least_working_s(parts_s=(0.25, 0.5), pipeline_bubble=0.5, pipeline_stages=1.0)
    0.75
    """
    waits = 1.0 + pipeline_bubble * (pipeline_stages - 1.0) / pipeline_stages
    return sum(parts_s[1:], start=parts_s[0]) * waits


@formula(
    unit="s",
    equation="t_0 = min(t_launch + t_host, t * t_launch / (t_launch + t_v))",
    source="carbonctl-serving-model",
)
def waiting_s(*, step_s: Num, launch_s: Num, host_s: Num, least_working_s: Num) -> Num:
    """Time of a step in which devices only wait, for launches and for the host.

    Parameters
    ----------
    step_s, launch_s, host_s
        Of the whole step, of launches, and of the host. [s]
    least_working_s
        Of reading shared weights, and of experts. [s]

    Notes
    -----
    The share of a step in which devices wait never rises with the batch, so that the power of a
    busy replica never falls with it; where the host takes a larger share, devices are kept awake.

    Examples
    --------
    >>> waiting_s(step_s=1.0, launch_s=0.25, host_s=0.125,
    ...     least_working_s=0.25)
    0.375
    """
    most = step_s * launch_s / (launch_s + least_working_s)
    return np.minimum(launch_s + host_s, most)


@formula(unit="s", equation="t_a = t - t_0", source="carbonctl-serving-model")
def active_s(*, step_s: Num, waiting_s: Num) -> Num:
    """Time of a step in which devices draw dynamic power.

    Parameters
    ----------
    step_s, waiting_s
        Of the whole step, and in which devices only wait. [s]

    Examples
    --------
    >>> active_s(step_s=1.0, waiting_s=0.375)
    0.625
    """
    return step_s - waiting_s
