"""Steps of decoding, batches of pictures and the power they draw, as cited arithmetic."""

import math

import numpy as np
import pytest
from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix
from tables import for_each

from carbonctl.formulas import diffusion_work as compute_diffusion
from carbonctl.formulas.hardware import power
from carbonctl.formulas.serving import decode_work as compute_decode
from carbonctl.formulas.serving import (
    exchange,
    generation,
    kernels,
    layout,
    serving_time,
    step_energy,
    step_time,
)
from carbonctl.formulas.serving import provisioning as fleet
from carbonctl.formulas.serving import request_work as compute_request

YEAR = 8_760.0


# what a step reads


def cache_bytes(elements, layers):
    """Cache of one token, 16 bits an element."""
    attended = compute_decode.attended_layer_tokens_by_full_layers(
        layers=layers, mean_context_tokens=1.0
    )
    gb = compute_decode.kv_gb(
        cached_elements=elements, attended_layer_tokens=attended, batch=1.0, kv_bytes=2.0
    )
    return gb * 1e9


@pytest.mark.parametrize(("layers", "bytes_"), [(80.0, 327_680), (126.0, 516_096)])
def test_a_cache_of_grouped_queries_is_0_33_mb_a_token_at_70b_and_0_52_at_405b(layers, bytes_):
    # Llama 2 70B and Llama 3.1 405B: 8 key-value heads of 128, a key and a value of 2 bytes;
    # 516.1 kB in table 1 of "Insights into DeepSeek-V3", arXiv 2505.09343.
    elements = compute_decode.cached_elements(kv_heads=8.0, head_dim=128.0)
    assert elements == 2 * 8 * 128
    assert cache_bytes(elements, layers) == approx(bytes_)


def test_a_latent_cache_is_576_elements_and_70_kb_a_token():
    # DeepSeek-V2, section 2.1: rank 512 and 64 for positions. DeepSeek-V3 has 61 layers: 70.3 kB
    # in the same table, a fifth of grouped queries at 70B.
    elements = compute_decode.cached_elements_by_latent(latent_rank=512.0, rope_dim=64.0)
    assert elements == 576
    assert cache_bytes(elements, 61.0) == approx(70_272)


def looked_at(context, full=10.0, window=1_024.0):
    return compute_decode.attended_layer_tokens(
        layers=62.0, full_layers=full, window_tokens=window, mean_context_tokens=context
    )


def test_gemma_3_looks_at_its_windows_and_in_10_of_62_layers_at_everything():
    # Gemma 3 27B: five windows of 1,024 for each full layer.
    assert looked_at(32_768.0) == 10 * 32_768 + 52 * 1_024
    assert looked_at(32_768.0) / (62 * 32_768) == approx(0.1875)
    assert looked_at(1_000.0) == 62 * 1_000
    assert looked_at(32_768.0, full=62.0) == 62 * 32_768


def test_mamba_moves_the_same_state_whatever_the_context():
    # Mamba 2.8B: 64 layers, inner width 5,120, state 16, read and written in 32 bits; no cache.
    for context in (1.0, 1e6):
        cache = compute_decode.kv_gb(
            cached_elements=0.0,
            attended_layer_tokens=looked_at(context, full=0.0, window=0.0),
            batch=8.0,
            kv_bytes=2.0,
        )
        moved = compute_decode.kv_gb_by_state(
            kv_gb=cache, state_elements=64.0 * 5_120 * 16, batch=8.0, state_bytes=4.0
        )
        assert moved * 1e9 == approx(2 * 8 * 4 * 5_242_880)


def test_answers_of_one_length_see_half_of_themselves():
    def context(cv):
        return compute_decode.mean_context_tokens(
            prompt_tokens=100.0, output_tokens=200.0, output_cv=cv
        )

    assert context(0.0) == approx(100 + 200 / 2)
    assert context(1.0) == approx(100 + 200)


def test_a_step_sees_the_size_biased_mean_of_answers():
    lengths = np.random.default_rng(1).gamma(1 / 0.6**2, 400.0 * 0.6**2, 200_000)
    steps = np.sum(lengths**2 / 2) / np.sum(lengths)
    context = compute_decode.mean_context_tokens(
        prompt_tokens=0.0, output_tokens=400.0, output_cv=0.6
    )
    assert context == approx(steps, rel=0.01)


# what a step computes


def step_flop(**changes):
    given = {
        "active_params": 7e9,
        "look_flop": compute_decode.look_flop(heads=32.0, head_dim=128.0),
        "attended_layer_tokens": 32.0 * 1_000,
        "prompt_look_flop": compute_decode.look_flop(heads=32.0, head_dim=128.0),
        "prompt_layer_tokens": 0.0,
        "prompt_tokens": 0.0,
        "output_tokens": 300.0,
        "batch": 1.0,
    }
    return compute_decode.step_flop(**(given | changes))


def test_without_a_prompt_a_step_is_two_operations_a_weight_and_attention():
    # Kaplan et al. 2020, table 1: 2 N and 4 times width for each token looked at, here 4,096 wide.
    assert step_flop() == approx(2 * 7e9 + 32 * 4 * 4_096 * 1_000)


def test_a_prompt_costs_its_own_pass_with_causal_attention():
    looked = compute_request.prompt_layer_tokens_by_full_layers(layers=32.0, prompt_tokens=2_000.0)
    request = 300 * (step_flop(prompt_tokens=2_000.0, prompt_layer_tokens=looked) - step_flop())
    assert request == approx(2 * 7e9 * 2_000 + 32 * 4 * 4_096 * 2_000**2 / 2)


# how long it takes


def reading(gigabytes, efficiency=1.0):
    return kernels.read_s(
        device_gb=gigabytes, bandwidth_gb_per_s=3_350.0, read_efficiency=efficiency
    )


def test_a_70b_step_on_two_h100_reads_its_weights_in_21_ms():
    # 140 GB over 2 x 3,350 GB/s.
    assert reading(70.0) == approx(0.0209, rel=1e-2)


def test_a_kernel_lies_between_its_longer_part_and_the_sum_of_both():
    for computing in (0.0, 0.001, 0.02, 0.1):
        both = kernels.kernel_s(product_s=computing, read_s=reading(70.0))
        assert max(computing, reading(70.0)) <= both <= computing + reading(70.0)


def test_kernels_of_half_the_quality_take_twice_as_long():
    given = {"device_flop": 1e13, "peak_flop_per_s": 989e12, "matmul_efficiency": 0.7}
    best, half = (kernels.product_s(**given, kernel_quality=each) for each in (1.0, 0.5))
    assert best == approx(1e13 / (0.7 * 989e12))
    assert half == 2 * best


def launched(**changes):
    given = {
        "layers": 80.0,
        "layer_launch_s": 1e-4,
        "exchange_latency_s": 1e-5,
        "tensor_parallel": 8.0,
    }
    return step_time.launch_s(**(given | changes))


def test_one_device_alone_waits_for_no_other():
    assert launched(tensor_parallel=1.0) == approx(80 * 1e-4)
    assert launched() == approx(80 * (1e-4 + 2e-5))
    experts = {"expert_layers": 58.0, "expert_launch_s": 5e-5, "dispatch_latency_s": 1e-5}
    alone, ranks = (
        step_time.launch_s_by_experts(launch_s=0.01, **experts, data_parallel=each)
        for each in (1.0, 8.0)
    )
    assert alone == approx(0.01 + 58 * 5e-5)
    assert ranks - alone == approx(58 * 2e-5)


def reduced(**changes):
    given = {
        "layers": 80.0,
        "tensor_parallel": 8.0,
        "tokens": 64.0,
        "hidden_size": 8_192.0,
        "activation_bytes": 2.0,
        "data_parallel": 1.0,
    }
    return exchange.all_reduce_gb(**(given | changes))


def test_a_layer_reduces_twice_and_a_ring_sends_seven_quarters_of_it():
    # Shoeybi et al. 2019: two all-reduces a layer; a ring of 8 sends 2 x 7/8 of each.
    assert reduced() == approx(80 * 2 * 2 * 7 / 8 * 64 * 8_192 * 2 / 1e9)
    assert reduced(tensor_parallel=1.0) == 0.0
    assert reduced(data_parallel=8.0) == approx(reduced() / 2)


def test_what_is_covered_by_computing_costs_nothing_and_stages_wait_for_each_other():
    def working(overlap, stages=1.0):
        return step_time.working_s(
            parts_s=(0.02, 0.01), links_s=0.01, exchange_overlap=overlap,
            pipeline_bubble=0.06, pipeline_stages=stages,
        )  # fmt: skip

    assert working(0.0) == approx(0.04)
    assert working(1.0) == approx(0.03)
    assert working(0.0, stages=4.0) == approx(0.04 * (1 + 0.06 * 3 / 4))


def test_the_host_pays_for_each_sequence_and_each_request():
    host = step_time.host_s(
        batch=64.0, data_parallel=1.0, sequence_overhead_s=4e-5, request_overhead_s=4e-3,
        output_tokens=400.0,
    )  # fmt: skip
    assert host == approx(64 * (4e-5 + 1e-5))
    assert step_time.step_s(working_s=0.02, launch_s=0.008, host_s=host) == approx(0.0312)


# what it draws


def drawn(joules, *, devices=1.0, seconds=1.0, tdp=700.0, resident=92.5):
    return power.device_power_w_by_activity(
        tdp_w=tdp,
        resident_power_w=resident,
        dynamic_energy_j=joules,
        replica_accelerators=devices,
        busy_s=seconds,
    )


def test_power_lies_between_resident_and_rated():
    # H100: 70 W idle, 1.321 of it with a model resident, rated at 700 W.
    resident = power.resident_power_w(idle_power_w=70.0, resident_factor=1.321)
    assert resident == approx(92.5, rel=1e-3)
    found = [drawn(joules) for joules in (0.0, 1.0, 70.0, 700.0, 2_100.0, 1e6)]
    assert found == sorted(found)
    assert found[0] == 92.5
    assert found[-1] == approx(700.0)
    assert max(found) <= 700.0


def test_activity_at_the_rating_leaves_one_part_in_e_of_the_way():
    assert drawn(700.0) == approx(700 - (700 - 92.5) / math.e)


def test_little_activity_adds_its_own_power_less_the_share_of_resident_power():
    assert drawn(1.0) - 92.5 == approx(1.0 * (1 - 92.5 / 700), rel=1e-3)


def test_devices_that_share_work_and_work_that_takes_longer_draw_alike():
    assert drawn(800.0, devices=4.0) == approx(drawn(200.0)) == approx(drawn(400.0, seconds=2.0))


def beyond_streaming(streaming, share=1.0):
    return step_energy.extra_energy_j_per_flop(
        energy_j_per_flop=2.86e-12, format_energy_share=share, streaming_power_w=streaming,
        peak_flop_per_s=989e12, matmul_efficiency=0.76, kernel_quality=1.0,
    )  # fmt: skip


def test_a_device_that_computes_draws_no_less_than_one_that_streams():
    # H100: 0.30 J/GB x 3,350 GB/s is 1,017 W; 2.86 pJ x 0.76 x 989 TFLOP/s is 2,150 W.
    streaming = step_energy.streaming_power_w(energy_j_per_gb=0.3035, bandwidth_gb_per_s=3_350.0)
    assert streaming == approx(1_017, rel=1e-3)
    computing = streaming + beyond_streaming(streaming) * 0.76 * 989e12
    assert computing == approx(2_150, rel=1e-3)
    assert beyond_streaming(1e6) == 0.0
    assert beyond_streaming(0.0, share=0.5) == approx(1.43e-12)


def test_a_70b_step_that_streams_alone_takes_47_joules():
    # 140 GB at 0.3375 J/GB: 42 pJ a bit, from memory to multiplier.
    energy = step_energy.dynamic_energy_j(
        replica_accelerators=1.0, streaming_power_w=0.3375 * 3_350.0, active_s=reading(140.0),
        parts_j=(0.0,),
    )  # fmt: skip
    assert energy == approx(140e9 * 8 * 42.19e-12, rel=1e-3)
    alone = power.dynamic_energy_j_by_operations(work_flop=4e12, energy_j_per_flop=2.469e-12)
    assert alone == approx(9.876)


def test_energy_of_a_step_is_power_times_time_of_all_devices():
    energy = step_energy.step_energy_j(replica_accelerators=8.0, device_power_w=400.0, step_s=0.025)
    assert energy == approx(80.0)
    made = generation.batch_energy_j(
        replica_accelerators=1.0, device_power_w=388.46, batch_s=10.596
    )
    # ML.ENERGY v2, SDXL on A100 in a batch of four: 1,029 J an image.
    assert made / 4 == approx(1_029.0, rel=1e-3)


def test_a_server_of_eight_tuned_h200_draws_6_kw_at_its_plug():
    # MLPerf v4.1, Llama 2 70B offline, MaxQ: 6.15 kW, so 616 W a board of 700 W.
    wall = power.wall_power_w(
        server_base_power_w=188.9, board_to_wall=1.209, accelerators=8.0, device_power_w=616.3
    )
    assert wall == approx(6_150, rel=1e-3)


# pictures


@pytest.mark.parametrize(
    ("width", "height", "latent_frames", "tokens"),
    [
        # Peebles and Xie 2023: 256 pixels, autoencoder 8, patch 2.
        (256.0, 256.0, 1.0, 256),
        # FLUX.1 at its native size.
        (1_024.0, 1_024.0, 1.0, 4_096),
        # HunyuanVideo in arXiv 2502.04507: 117 frames, 30 of them latent: 30 x 48 x 80 tokens.
        (1_280.0, 768.0, 30.0, 115_200),
    ],
)
def test_tokens_of_pictures_and_clips(width, height, latent_frames, tokens):
    found = compute_diffusion.latent_tokens(
        width=width, height=height, token_edge=16.0, latent_frames=latent_frames
    )
    assert found == tokens


def test_dit_xl_2_is_118_gigaflops_a_pass():
    # Peebles and Xie 2023, tables 1 and 4: 28 layers of width 1152; 118.64 G multiply-adds. Its
    # 675 M weights include conditioning, which is not used once per token: the blocks' 12 h^2 a
    # layer are.
    flop = compute_diffusion.denoise_flop(
        params_per_token=28 * 12 * 1_152**2, latent_tokens=256.0, layers=28.0, hidden_size=1_152.0
    )
    assert flop / 2 == approx(118.6e9, rel=0.02)


def test_a_convolutional_denoiser_at_its_native_size_does_its_native_work():
    flop = compute_diffusion.denoise_flop_by_unet(
        reference_flop=6e12, width=1_024.0, height=1_024.0, reference_pixels=1_024.0**2
    )
    assert flop == 6e12


def test_stable_diffusion_1_5_from_its_parameters_alone_is_near_its_counted_work():
    # 860 M weights, 512 pixels, autoencoder 8: 338 G multiply-adds a pass were counted
    # (Kim et al. 2023, "BK-SDM", table 1).
    flop = compute_diffusion.denoise_flop_by_params(
        unet_params=860e6, unet_share=0.095, width=512.0, height=512.0, token_edge=8.0, frames=1.0
    )
    assert flop == approx(2 * 338.7e9, rel=0.02)


def test_no_denoising_steps_leave_decoding_and_the_prompt():
    nothing = compute_diffusion.denoising_flop(
        batch=4.0, steps=0.0, guidance_passes=2.0, denoise_flop=6e12
    )
    pixels = compute_diffusion.decoder_flop(
        batch=4.0,
        decoder_overhead=1.0,
        decoder_pixel_flop=1e6,
        width=100.0,
        height=100.0,
        frames=1.0,
    )
    both = {"denoising_flop": nothing, "decoder_flop": pixels}
    alone = compute_diffusion.batch_flop_by_picture_alone(**both)
    text = compute_diffusion.text_encoder_flop(batch=4.0, text_encoder_params=1e9, text_tokens=10.0)
    whole = compute_diffusion.batch_flop(**both, text_encoder_flop=text)
    assert alone == approx(4 * 1e6 * 1e4)
    assert whole - alone == approx(4 * 2 * 1e9 * 10)


def computing(**changes):
    given = {
        "device_flop": 1e15,
        "tdp_w": 700.0,
        "resident_power_w": 70.0,
        "sustained_j_per_flop": 1.2e-12,
        "peak_flop_per_s": 989.4e12,
        "matmul_efficiency": 1.0,
    }
    return generation.compute_s(**(given | changes))


def test_sustained_work_is_held_back_by_rated_power_and_by_the_peak():
    # H100: 700 W less 70 W over 1.2 pJ is 525 TFLOP/s, half of what its data sheet says.
    by_power = computing(peak_flop_per_s=1e30)
    assert 1e15 / by_power == approx((700 - 70) / 1.2e-12) == approx(525e12)
    by_peak = computing(sustained_j_per_flop=0.0)
    assert by_peak == approx(1e15 / 989.4e12)
    assert computing() == approx(by_power + by_peak)


def test_half_the_work_of_a_device_is_half_of_its_time_and_decoding_is_not_shared():
    half = generation.device_flop(denoising_flop=1e15, replica_accelerators=2.0)
    assert computing(device_flop=half) == approx(computing() / 2)
    assert compute_diffusion.device_flop_by_decoder(decoder_flop=1e13) == 1e13


def test_activations_of_a_flux_picture_pass_through_memory():
    # 57 blocks of width 3,072, 4,096 tokens, 28 steps without a second pass, 174 bytes a channel.
    moved = generation.activation_traffic_gb(
        batch=1.0,
        activation_bytes=174.0,
        steps=28.0,
        guidance_passes=1.0,
        latent_tokens=4_096.0,
        hidden_size=3_072.0,
        layers=57.0,
    )
    assert moved == approx(28 * 57 * 4_096 * 3_072 * 174 / 1e9)
    seconds = generation.activation_s(
        activation_traffic_gb=moved, replica_accelerators=1.0, bandwidth_gb_per_s=3_350.0
    )
    assert seconds == approx(1.043, rel=1e-2)


def exchanged(devices):
    return generation.exchange_s(
        communication_factor=1.0,
        batch=1.0,
        steps=50.0,
        guidance_passes=1.0,
        layers=60.0,
        latent_tokens=115_200.0,
        hidden_size=3_072.0,
        replica_accelerators=devices,
        link_gb_per_s=900.0,
    )


def test_devices_exchange_the_tokens_that_they_do_not_hold():
    # Each of n holds 1/n of the tokens and sends (n-1)/n of those: nothing alone.
    whole = 50 * 60 * 4 * 115_200 * 3_072 / 900e9
    assert exchanged(1.0) == 0.0
    assert exchanged(2.0) == approx(whole / 4)
    assert exchanged(8.0) == approx(whole * 7 / 64)


def test_launches_of_a_picture_grow_with_each_halving():
    def launches(devices):
        return generation.launch_s_by_picture(
            steps=50.0,
            layers=60.0,
            layer_launch_s=7e-4,
            exchange_latency_s=5e-4,
            replica_accelerators=devices,
        )

    assert launches(1.0) == approx(3_000 * 7e-4)
    assert launches(8.0) - launches(4.0) == approx(3_000 * 5e-4)


def test_a_picture_takes_the_sum_of_its_waits():
    denoising = {"compute_s": 3.0, "launch_s": 0.5}
    assert generation.batch_s_by_unet(**denoising, decoder_s=0.25) == 3.75
    more = generation.batch_s(**denoising, decoder_s=0.25, activation_s=1.0, exchange_s=0.125)
    assert more == 4.875


# hours and fleets


def test_a_resnet_image_on_an_a100_in_8_bits():
    # MLPerf v1.1, four A100 PCIe: 109,270 images/s of 8.2 GFLOP are 0.359 of 624 TOP/s.
    seconds = serving_time.unit_s_from_flop(
        unit_flop=8.2e9, peak_flop_per_s=624e12, compute_efficiency=0.359
    )
    assert 4 / seconds == approx(109_270, rel=1e-2)


def test_resnet_images_that_arrive_are_fewer_than_those_that_wait():
    # MLPerf v1.1, the same machine as a server: 96,014 images/s, 0.879 of those of its queue.
    seconds = serving_time.unit_s_from_flop(
        unit_flop=8.2e9,
        peak_flop_per_s=624e12,
        compute_efficiency=serving_time.served_efficiency(
            queue_efficiency=0.359, served_share=0.879
        ),
    )
    assert 4 / seconds == approx(96_014, rel=1e-2)


def test_mlperf_throughput_as_device_hours():
    # 8 devices at 24,000 tokens/s: a billion tokens take 11.57 machine-hours, eight times that.
    hours = serving_time.busy_hours_from_throughput(
        served_units=1e7, output_tokens=100.0, accelerators=8.0, throughput_per_hour=24e3 * 3_600
    )
    assert hours == approx(8 * 1e9 / (24e3 * 3_600))


def test_an_sdxl_image_as_hours_and_energy():
    # ML.ENERGY v2, A100, 25 steps, a batch of four: 10.596 s and 1,029 J an image.
    hours = serving_time.busy_hours_from_batches(
        served_units=1e6, batch_s=10.596, replica_accelerators=1.0, batch=4.0
    )
    energy = serving_time.device_energy_kwh_from_batches(
        served_units=1e6, batch_energy_j=4 * 1_029.0, batch=4.0, energy_residual=1.0
    )
    assert hours == approx(1e6 * 2.649 / 3_600)
    assert energy == approx(1_029e6 / 3.6e6)
    assert energy * 1e3 / hours == approx(388.46, rel=1e-3)


def test_steps_and_samples_as_hours():
    # A 70B step of 25 ms for 64 answers of 300 tokens on 8 devices.
    hours = serving_time.busy_hours_from_steps(
        served_units=1e6, output_tokens=300.0, step_s=0.025, replica_accelerators=8.0, batch=64.0
    )
    energy = serving_time.device_energy_kwh_from_steps(
        served_units=1e6, output_tokens=300.0, step_energy_j=80.0, batch=64.0, energy_residual=1.0
    )
    assert hours == approx(3e8 / 64 * 0.025 * 8 / 3_600)
    assert energy * 1e3 / hours == approx(80 / 0.025 / 8)
    longer = serving_time.busy_hours_by_residual(modeled_hours=hours, energy_residual=1.2)
    assert longer == approx(1.2 * hours)
    assert serving_time.busy_hours_from_unit_time(served_units=7_200.0, unit_s=0.5) == approx(1.0)


@for_each("gb, devices", [(0.1, 1), (72.0, 1), (73.0, 2), (145.0, 4), (290.0, 8), (600.0, 16)])
def test_a_replica_is_the_next_power_of_two_that_holds_it(gb, devices):
    found = layout.replica_accelerators(weight_gb=gb, device_memory_gb=80.0, memory_share=0.9)
    assert found == devices


def test_a_fleet_is_at_least_what_holds_its_tables():
    devices = fleet.memory_devices(table_gb=2_400.0, device_memory_gb=640.0, memory_share=1.0)
    assert devices == 4
    by_memory = fleet.accelerator_hours_by_capacity(
        load_hours=1.0, memory_devices=devices, period_hours=YEAR
    )
    by_load = fleet.accelerator_hours_by_capacity(
        load_hours=1e6, memory_devices=devices, period_hours=YEAR
    )
    assert (by_memory, by_load) == (4 * YEAR, 1e6)


def test_a_steady_load_keeps_its_busy_share_and_no_load_takes_no_time():
    assert fleet.mean_busy_share(busy_share=0.6, peak_to_mean=1.0) == 0.6
    hours = fleet.accelerator_hours_from_load(busy_hours=60.0, peak_to_mean=2.0, busy_share=0.6)
    assert hours == approx(200.0)
    back = fleet.mean_busy_share_from_hours(busy_hours=60.0, accelerator_hours=hours)
    assert back == approx(fleet.mean_busy_share(busy_share=0.6, peak_to_mean=2.0))
    assert serving_time.busy_hours_from_unit_time(served_units=0.0, unit_s=1.0) == 0.0
