"""One decode step of one replica: bytes, FLOP, time and energy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from carbonctl.core.formula import part
from carbonctl.estimate.serving import moe
from carbonctl.formulas.hardware import power
from carbonctl.formulas.serving import (
    decode_work,
    parallel_work,
    replica_limits,
    request_work,
    roofline,
)

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.serving.service import Attention, Board, Decoder, MeasuredThroughput


class Work(NamedTuple):
    """Bytes read and FLOP computed in one decode step, and the devices of the replica."""

    weight_read_gb: Num
    kv_gb: Num
    flop: Num
    replica_accelerators: Num


class Step(NamedTuple):
    """Time and accelerator energy of one decode step of one replica."""

    seconds: Num
    energy_j: Num
    replica_accelerators: Num


def decode_step(m: Decoder[Num]) -> Step:
    """Time and energy of one decode step at the operating point."""
    return step_from_work(m, step_work(m))


def step_from_work(m: Decoder[Num], work: Work) -> Step:
    """Time and energy of a step with this work; its time is measured where that is stated."""
    seconds = _seconds(m, work) if m.measured is None else _measured_seconds(m, m.measured, work)
    energy = step_energy_j(m, work, seconds)
    return Step(seconds, energy, work.replica_accelerators)


def mean_context(m: Decoder[Num]) -> Num:
    """Mean context of a decode step [tokens]."""
    return decode_work.mean_context_tokens(
        prompt_tokens=m.prompt_tokens, output_tokens=m.output_tokens, output_cv=m.output_cv
    )


def step_work(m: Decoder[Num], context: Num | None = None) -> Work:
    """Bytes and FLOP of one decode step, with its share of prefill.

    ``context`` is the mean context where it does not follow from the output tokens, as for a draft.
    """
    attended = _attended_layer_tokens(m.attention, mean_context(m) if context is None else context)
    weight = decode_work.weight_gb(total_params=m.total_params, weight_bytes=m.weight_bytes)
    cache, replica = _cache_gb(m, attended), moe.replica_accelerators(m)
    if replica is None:
        replica = roofline.replica_accelerators(
            weight_gb=weight,
            kv_gb=_add_state_gb(m, cache),
            device_memory_gb=m.board.memory_gb,
            memory_share=m.memory_share,
        )
    read = parallel_work.kv_gb_by_copies(kv_gb=cache, cache_copies=moe.cache_copies(m, replica))
    return Work(
        moe.weight_read_gb(m, weight), _add_state_gb(m, read), _step_flop(m, attended), replica
    )


def uncached_prompt_tokens(m: Decoder[Num]) -> Num:
    """Prompt tokens that are not in the prompt cache."""
    if m.prompt_cache_share is None:
        return m.prompt_tokens
    return request_work.prompt_tokens_by_cache(
        prompt_tokens=m.prompt_tokens, prompt_cache_share=m.prompt_cache_share
    )


def prefill_attention(m: Decoder[Num]) -> tuple[Num, Num]:
    """Attention FLOP per attended position, and attended positions of prefill over all layers."""
    flop_per_position = decode_work.look_flop(
        heads=m.attention.heads, head_dim=m.attention.head_dim
    )
    whole = _prompt_layer_tokens(m.attention, m.prompt_tokens)
    if m.prompt_cache_share is None:
        return flop_per_position, whole
    cached = request_work.prompt_tokens_by_cached_prefix(
        prompt_tokens=m.prompt_tokens, prompt_cache_share=m.prompt_cache_share
    )
    with part("prefix"):
        before = _prompt_layer_tokens(m.attention, cached)
    return flop_per_position, request_work.prompt_layer_tokens_by_prompt_cache(
        prompt_layer_tokens=whole, cached_layer_tokens=before
    )


def _step_flop(m: Decoder[Num], attended: Num) -> Num:
    """FLOP of a decode step with its share of prefill; a cached prefix is only attended to."""
    attention, (prompt_flop_per_position, prompt_attended) = m.attention, prefill_attention(m)
    flop_per_position = prompt_flop_per_position
    if attention.latent_rank is not None and attention.rope_dim is not None:
        flop_per_position = decode_work.look_flop_by_latent(
            heads=attention.heads, latent_rank=attention.latent_rank, rope_dim=attention.rope_dim
        )
    return decode_work.step_flop(
        active_params=m.active_params,
        look_flop=flop_per_position,
        attended_layer_tokens=attended,
        prompt_look_flop=prompt_flop_per_position,
        prompt_layer_tokens=prompt_attended,
        prompt_tokens=uncached_prompt_tokens(m),
        output_tokens=moe.output_tokens_per_prompt(m),
        batch=m.batch,
    )


def _prompt_layer_tokens(attention: Attention[Num], tokens: Num) -> Num:
    """Positions that prompt tokens attend to, over all layers: all before, or a window."""
    if attention.full_layers is None or attention.window_tokens is None:
        return request_work.prompt_layer_tokens_by_full_layers(
            layers=attention.layers, prompt_tokens=tokens
        )
    return request_work.prompt_layer_tokens(
        layers=attention.layers,
        full_layers=attention.full_layers,
        window_tokens=attention.window_tokens,
        prompt_tokens=tokens,
    )


def _attended_layer_tokens(attention: Attention[Num], context: Num) -> Num:
    """Positions that one token attends to, over all layers: the context, or a window."""
    if attention.full_layers is None or attention.window_tokens is None:
        return decode_work.attended_layer_tokens_by_full_layers(
            layers=attention.layers, mean_context_tokens=context
        )
    return decode_work.attended_layer_tokens(
        layers=attention.layers,
        full_layers=attention.full_layers,
        window_tokens=attention.window_tokens,
        mean_context_tokens=context,
    )


def _cache_gb(m: Decoder[Num], attended: Num) -> Num:
    """KV cache that a step reads, one copy [GB]."""
    attention = m.attention
    if attention.latent_rank is not None and attention.rope_dim is not None:
        elements = decode_work.cached_elements_by_latent(
            latent_rank=attention.latent_rank, rope_dim=attention.rope_dim
        )
    else:
        assert attention.kv_heads is not None  # noqa: S101 - resolve gives one of the two forms
        elements = decode_work.cached_elements(
            kv_heads=attention.kv_heads, head_dim=attention.head_dim
        )
    return decode_work.kv_gb(
        cached_elements=elements, attended_layer_tokens=attended, batch=m.batch, kv_bytes=m.kv_bytes
    )


def _add_state_gb(m: Decoder[Num], cache: Num) -> Num:
    """KV cache plus the state of layers that keep one (SSM, linear attention) [GB]."""
    attention = m.attention
    if attention.state_elements is None or attention.state_bytes is None:
        return cache
    return decode_work.kv_gb_by_state(
        kv_gb=cache,
        state_elements=attention.state_elements,
        batch=m.batch,
        state_bytes=attention.state_bytes,
    )


def _seconds(m: Decoder[Num], work: Work) -> Num:
    """Modeled time of a step [s]: memory and compute, launches, communication, host."""
    stream = _stream_s(m, work)
    launch = roofline.launch_s(
        layers=m.attention.layers,
        layer_launch_s=moe.layer_launch_s(m),
        batch=m.batch,
        prompt_tokens=uncached_prompt_tokens(m),
        output_tokens=moe.output_tokens_per_prompt(m),
        replica_accelerators=work.replica_accelerators,
        hidden_size=m.hidden_size,
        exchange_latency_s=m.runtime.exchange_latency_s,
        communication_factor=m.runtime.communication_factor,
        link_gb_per_s=m.board.link_gb_per_s,
    )
    host = roofline.host_s(
        batch=m.batch,
        sequence_overhead_s=m.runtime.sequence_overhead_s,
        request_overhead_s=m.runtime.request_overhead_s,
        output_tokens=m.output_tokens,
    )
    return roofline.step_s(stream_s=stream, launch_s=launch, host_s=host)


def _measured_seconds(m: Decoder[Num], measured: MeasuredThroughput[Num], work: Work) -> Num:
    """Time of a step computed from the measured throughput [s]."""
    return replica_limits.step_s_from_throughput(
        batch=m.batch,
        accelerators=measured.accelerators,
        replica_accelerators=work.replica_accelerators,
        throughput_per_hour=measured.throughput_per_hour,
    )


def _stream_s(m: Decoder[Num], work: Work) -> Num:
    """Time in which a step reads its bytes and computes its FLOP [s]."""
    if m.moe is None:
        return roofline.stream_s(**_stream_arguments(m, work))
    imbalance = moe.expert_imbalance(m, m.moe, work.replica_accelerators)
    return roofline.stream_s_by_experts(
        **_stream_arguments(m, work),
        expert_overhead=m.moe.expert_overhead,
        expert_imbalance=imbalance,
    )


def _stream_arguments(m: Decoder[Num], work: Work) -> dict[str, Num]:
    return {
        "weight_read_gb": work.weight_read_gb,
        "kv_gb": work.kv_gb,
        "step_flop": work.flop,
        "replica_accelerators": work.replica_accelerators,
        "bandwidth_gb_per_s": m.board.bandwidth_gb_per_s,
        "peak_flop_per_s": m.board.peak_flop_per_s,
        "weight_efficiency": m.runtime.weight_efficiency,
        "kv_efficiency": m.runtime.kv_efficiency,
        "matmul_efficiency": m.runtime.matmul_efficiency,
    }


def step_energy_j(m: Decoder[Num], work: Work, seconds: Num) -> Num:
    """Accelerator energy of a step with this work and time [J]."""
    dynamic = roofline.dynamic_energy_j(
        step_flop=work.flop,
        weight_read_gb=work.weight_read_gb,
        kv_gb=work.kv_gb,
        energy_j_per_flop=m.runtime.energy_j_per_flop,
        energy_j_per_gb=m.runtime.energy_j_per_gb,
    )
    draw = device_power_w(
        m.board, m.runtime.resident_factor, dynamic, work.replica_accelerators, seconds
    )
    return roofline.step_energy_j(
        replica_accelerators=work.replica_accelerators, device_power_w=draw, step_s=seconds
    )


def device_power_w(
    board: Board[Num], resident_factor: Num, dynamic: Num, devices: Num, seconds: Num
) -> Num:
    """Mean power of each device, from dynamic energy that all share over a time [W]."""
    resident = power.resident_power_w(
        idle_power_w=board.idle_power_w, resident_factor=resident_factor
    )
    return power.device_power_w_by_activity(
        tdp_w=board.tdp_w,
        resident_power_w=resident,
        dynamic_energy_j=dynamic,
        replica_accelerators=devices,
        busy_s=seconds,
    )
