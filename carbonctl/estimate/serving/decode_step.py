"""One step of one replica: decoded tokens and their share of prompts; its time and energy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from carbonctl.core.formula import part
from carbonctl.estimate.serving import kernels, sequence_context
from carbonctl.estimate.serving.layout import replica_layout
from carbonctl.formulas.hardware import power
from carbonctl.formulas.serving import kernels as kernel_times
from carbonctl.formulas.serving import prompt_chunks, replica_limits, step_energy, step_time

if TYPE_CHECKING:
    from carbonctl.core.types import Num
    from carbonctl.estimate.serving.layout import Layout
    from carbonctl.estimate.serving.service import Board, Decoder, Product


class StepLoad(NamedTuple):
    """What a step decodes: sequences, their tokens, and the context of each.

    ``output_tokens`` are those of an answer over the tokens that a sequence decodes in a step.
    """

    sequences: Num
    tokens: Num
    output_tokens: Num
    context: Num


class Step(NamedTuple):
    """Time and accelerator energy of one step of one replica.

    ``latency_s`` is the time that decoded tokens wait for; ``seconds`` has that of prefill on
    devices of its own too.
    """

    seconds: Num
    latency_s: Num
    energy_j: Num
    replica_accelerators: Num


class Operations(NamedTuple):
    """Operations of one device in one number format."""

    flop: Num
    product: Product[Num]


class Work(NamedTuple):
    """Working time of one device, and its operations in each format."""

    working_s: Num
    operations: tuple[Operations, ...]


class StepWork(NamedTuple):
    """Work of one step, its time as modeled, and devices of the replica.

    In ``active_s`` devices draw dynamic power; they wait for launches and the host in the rest.
    """

    work: Work
    active_s: Num
    seconds: Num
    latency_s: Num
    replica_accelerators: Num


def plain_load(m: Decoder[Num]) -> StepLoad:
    """The load of a step that decodes one token of each sequence."""
    return StepLoad(m.batch, m.batch, m.output_tokens, sequence_context.mean_context(m))


def decode_step(m: Decoder[Num], load: StepLoad | None = None) -> Step:
    """Time and energy of one step at the operating point; its time as measured where stated."""
    return step_from_work(m, step_work(m, load))


def step_work(m: Decoder[Num], load: StepLoad | None = None) -> StepWork:
    """Work of one step at the operating point, and its time as modeled."""
    load, layout = load or plain_load(m), replica_layout(m)
    decoded, least = _decode_work(m, layout, load)
    with part("prompts"):
        chunk, share = _prompt_work(m, layout, load)
    work = _with_prompts(decoded, chunk, share)
    launch, host = _launch_s(m, layout), _host_s(m, layout, load)
    seconds = step_time.step_s(working_s=work.working_s, launch_s=launch, host_s=host)
    latency = seconds
    if m.prefill.mode == "disaggregated":
        latency = step_time.step_s(working_s=decoded.working_s, launch_s=launch, host_s=host)
    waiting = step_time.waiting_s(
        step_s=seconds, launch_s=launch, host_s=host, least_working_s=least
    )
    active = step_time.active_s(step_s=seconds, waiting_s=waiting)
    return StepWork(work, active, seconds, latency, layout.replica_accelerators)


def step_from_work(m: Decoder[Num], made: StepWork) -> Step:
    """Time and energy of a step with this work; its time as measured where that is stated."""
    seconds, latency, devices = made.seconds, made.latency_s, made.replica_accelerators
    if m.measured is not None:
        seconds = latency = replica_limits.step_s_from_throughput(
            batch=m.batch,
            accelerators=m.measured.accelerators,
            replica_accelerators=devices,
            throughput_per_hour=m.measured.throughput_per_hour,
        )
    return Step(seconds, latency, _energy_j(m, made, seconds), devices)


def _decode_work(m: Decoder[Num], layout: Layout, load: StepLoad) -> tuple[Work, Num]:
    """Work of one device without prompts, and its time of weights and experts alone [s]."""
    own = kernels.tokens_of_rank(layout, load.tokens)
    shared = kernels.shared_layers(m, layout, own)
    attended = sequence_context.attended_layer_tokens(m.attention, load.context)
    parts = [
        kernel_times.kernel_s(product_s=shared.product_s, read_s=shared.read_s),
        kernels.decode_attention_s(m, layout, load.sequences, load.tokens, attended),
    ]
    operations, least = [Operations(shared.flop, m.formats.shared)], [shared.read_s]
    routed = kernels.experts(m, layout, load.tokens)
    if routed is not None:
        parts.append(routed.seconds)
        operations.append(Operations(routed.flop, routed.product))
        least.append(routed.read_s)
    exchanged = kernels.exchange_s(m, layout, load.tokens, of_prompts=False)
    working = _working_s(m, layout, parts, exchanged)
    least_s = step_time.least_working_s(
        parts_s=tuple(least),
        pipeline_bubble=m.runtime.pipeline_bubble,
        pipeline_stages=layout.pipeline_stages,
    )
    return Work(working, tuple(operations)), least_s


def _prompt_work(m: Decoder[Num], layout: Layout, load: StepLoad) -> tuple[Work, Num]:
    """Work of a prompt chunk, and chunks per step: of sequences that replace ended ones."""
    computed = sequence_context.uncached_prompt_tokens(m)
    mean = prompt_chunks.prompt_tokens_per_step(
        batch=load.tokens,
        data_parallel=layout.data_parallel,
        prompt_tokens=computed,
        output_tokens=load.output_tokens,
    )
    tokens = _chunk_tokens(m, mean, computed)
    share = prompt_chunks.chunk_share(prompt_tokens_per_step=mean, chunk_tokens=tokens)
    return chunk_work(m, layout, tokens), share


def _chunk_tokens(m: Decoder[Num], mean: Num, computed: Num) -> Num:
    """Prompt tokens of a chunk on one rank."""
    if m.prefill.mode == "disaggregated":
        return m.prefill.chunk_limit_tokens
    if m.prefill.mode == "unchunked":
        return prompt_chunks.chunk_tokens_by_whole_prompts(
            prompt_tokens_per_step=mean, prompt_tokens=computed
        )
    return prompt_chunks.chunk_tokens(
        prompt_tokens_per_step=mean,
        prompt_tokens=computed,
        chunk_limit_tokens=m.prefill.chunk_limit_tokens,
    )


def chunk_work(m: Decoder[Num], layout: Layout, tokens: Num) -> Work:
    """Work of one device in a chunk of so many prompt tokens on each rank.

    Beside decoded tokens it shares their reading of weights; on devices of its own it reads them.
    """
    shared, alone = kernels.shared_layers(m, layout, tokens), m.prefill.mode == "disaggregated"
    attention = prompt_chunks.device_flop_by_prompt_attention(
        chunk_tokens=tokens,
        prompt_tokens=sequence_context.uncached_prompt_tokens(m),
        prompt_look_flop=sequence_context.prompt_look_flop(m.attention),
        prompt_layer_tokens=sequence_context.attended_prompt_positions(m),
        tensor_parallel=layout.tensor_parallel,
        pipeline_stages=layout.pipeline_stages,
    )
    parts = [
        kernel_times.kernel_s(product_s=shared.product_s, read_s=shared.read_s)
        if alone
        else shared.product_s,
        kernels.product_s(m, m.formats.prompt_attention, attention),
    ]
    operations = [
        Operations(shared.flop, m.formats.shared),
        Operations(attention, m.formats.prompt_attention),
    ]
    everywhere = prompt_chunks.tokens_of_all_ranks(
        chunk_tokens=tokens, data_parallel=layout.data_parallel
    )
    routed = kernels.experts(m, layout, everywhere)
    if routed is not None:
        parts.append(routed.seconds)
        operations.append(Operations(routed.flop, routed.product))
    exchanged = kernels.exchange_s(m, layout, everywhere, of_prompts=True)
    working = _working_s(m, layout, parts, exchanged)
    if alone:
        working = step_time.working_s_by_own_launches(
            kernels_s=working, launch_s=_launch_s(m, layout)
        )
    return Work(working, tuple(operations))


def _with_prompts(decoded: Work, chunk: Work, share: Num) -> Work:
    """Work of a mean step: of decoded tokens, and the share of a chunk."""
    working = step_time.working_s_by_chunks(
        decode_s=decoded.working_s, chunk_s=chunk.working_s, chunk_share=share
    )
    of_chunks = (
        Operations(
            step_energy.device_flop_by_chunk_share(chunk_flop=one.flop, chunk_share=share),
            one.product,
        )
        for one in chunk.operations
    )
    return Work(working, (*decoded.operations, *of_chunks))


def _working_s(m: Decoder[Num], layout: Layout, parts: list[Num], exchanged: Num) -> Num:
    return step_time.working_s(
        parts_s=tuple(parts),
        links_s=exchanged,
        exchange_overlap=m.runtime.exchange_overlap,
        pipeline_bubble=m.runtime.pipeline_bubble,
        pipeline_stages=layout.pipeline_stages,
    )


def _launch_s(m: Decoder[Num], layout: Layout) -> Num:
    """Launches and latencies of a step, whatever its batch [s]."""
    launch = step_time.launch_s(
        layers=m.attention.layers,
        layer_launch_s=m.runtime.layer_launch_s,
        exchange_latency_s=m.runtime.exchange_latency_s,
        tensor_parallel=layout.tensor_parallel,
    )
    if m.moe is None:
        return launch
    return step_time.launch_s_by_experts(
        launch_s=launch,
        expert_layers=m.moe.layers,
        expert_launch_s=m.moe.launch_s,
        dispatch_latency_s=m.moe.dispatch_latency_s,
        data_parallel=layout.data_parallel,
    )


def _host_s(m: Decoder[Num], layout: Layout, load: StepLoad) -> Num:
    """Host time of a step: scheduling, sampling, new requests [s]."""
    return step_time.host_s(
        batch=load.tokens,
        data_parallel=layout.data_parallel,
        sequence_overhead_s=m.runtime.sequence_overhead_s,
        request_overhead_s=m.runtime.request_overhead_s,
        output_tokens=load.output_tokens,
    )


def _energy_j(m: Decoder[Num], made: StepWork, seconds: Num) -> Num:
    """Accelerator energy of a step with this work and time [J]."""
    work, devices = made.work, made.replica_accelerators
    streaming = step_energy.streaming_power_w(
        energy_j_per_gb=m.runtime.energy_j_per_gb,
        bandwidth_gb_per_s=m.board.bandwidth_gb_per_s,
    )
    dynamic = step_energy.dynamic_energy_j(
        replica_accelerators=devices,
        streaming_power_w=streaming,
        active_s=made.active_s,
        parts_j=tuple(_operations_j(m, one, streaming) for one in work.operations),
    )
    draw = device_power_w(m.board, dynamic, devices, seconds)
    return step_energy.step_energy_j(
        replica_accelerators=devices, device_power_w=draw, step_s=seconds
    )


def _operations_j(m: Decoder[Num], made: Operations, streaming: Num) -> Num:
    """Energy of operations of one device in a format, beyond streaming [J]."""
    product = made.product
    return step_energy.operations_j(
        device_flop=made.flop,
        extra_energy_j_per_flop=step_energy.extra_energy_j_per_flop(
            energy_j_per_flop=m.runtime.energy_j_per_flop,
            format_energy_share=product.energy_share,
            streaming_power_w=streaming,
            peak_flop_per_s=product.peak_flop_per_s,
            matmul_efficiency=product.efficiency,
            kernel_quality=m.runtime.kernel_quality,
        ),
    )


def resident_power_w(board: Board[Num]) -> Num:
    """Power of a board that holds a model and waits for the next request [W]."""
    return power.resident_power_w(
        idle_power_w=board.idle_power_w, resident_factor=board.resident_factor
    )


def parked_power_w(board: Board[Num]) -> Num:
    """Power of a board that holds a model while no requests come [W]."""
    return resident_power_w(board) if board.parked_power_w is None else board.parked_power_w


def device_power_w(board: Board[Num], dynamic: Num, devices: Num, seconds: Num) -> Num:
    """Mean power of each device, from dynamic energy that all share over a time [W]."""
    return power.device_power_w_by_activity(
        tdp_w=board.tdp_w,
        resident_power_w=resident_power_w(board),
        dynamic_energy_j=dynamic,
        replica_accelerators=devices,
        busy_s=seconds,
    )
