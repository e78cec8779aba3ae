"""What must hold for every service, whatever its model, its device and its stack."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix
from scenarios import CONFIGS

from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.serving.decode_step import decode_step, resident_power_w
from carbonctl.estimate.serving.encoder_sample import sample_time_and_power
from carbonctl.estimate.serving.generated_batch import batch_time_and_energy
from carbonctl.estimate.serving.infer import infer
from carbonctl.estimate.serving.layout import cache_copies, replica_layout, replica_weight_gb
from carbonctl.estimate.serving.sequence_context import attended_prompt_positions
from carbonctl.estimate.serving.service import EncoderSample
from carbonctl.formulas import load_all
from carbonctl.formulas.serving import expert_work as compute_experts
from carbonctl.scenario.read.read_scenario import parse_set, read_scenario
from carbonctl.study.montecarlo import Draws, central_value

load_all()
quick = settings(max_examples=20, deadline=None, derandomize=True)
SLACK = 1 + 1e-9
BATCHES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 2_048.0)
DEVICES = (1.0, 2.0, 4.0, 8.0, 16.0)
STACKS = ("hf_eager", "vllm_2024", "vllm_2025", "trtllm")
DENSE = ("llama-3.1-8b", "llama-3.1-70b", "gemma-3-27b")
MIXED = ("mixtral-8x7b", "qwen3-30b-a3b", "qwen3-235b-a22b", "deepseek-v3")
OTHER = ("falcon-mamba-7b", "jamba-v0.1")
CHIPS = ("a100-sxm-80gb", "h100-sxm", "b200-sxm", "l40s", "mi300x")
CLIPS = ("hunyuanvideo-13b", "wan-2.1-t2v-1.3b", "wan-2.1-t2v-14b", "cogvideox-5b")
each_model = pytest.mark.parametrize("model", [*DENSE, *MIXED, *OTHER])
each_stack = pytest.mark.parametrize("stack", STACKS)
each_chip = pytest.mark.parametrize("chip", CHIPS)
each_clip = pytest.mark.parametrize("clip", CLIPS)


@cache
def phase(config, *settings_):
    """The facts of a bundled service, some of it set otherwise."""
    catalog = Catalog.open()
    path = str(CONFIGS / f"{config}.yaml")
    scenario, document = read_scenario(path, tuple(map(parse_set, settings_)), catalog)
    return plan_scenario(scenario, document, catalog).inputs.phases[0]


def decoder(model, *, chip="h100-sxm", stack="vllm_2025", precision="bf16", ranks=1, **changes):
    """A language model on one replica of stated size, so that memory decides nothing."""
    spread = [f"infer.data_parallel={ranks}", f"infer.tensor_parallel={64 // ranks}"]
    facts = phase(
        "infer-chat-70b",
        f"model={model}",
        f"hardware={{accelerator: {chip}, count: 64}}",
        f"infer.precision={precision}",
        f"infer.runtime={stack}",
        *(spread if ranks > 1 else []),
    )
    found = bind(facts, central_value).work.model
    shared = 8.0 / ranks if ranks > 1 else None
    return replace(found, tensor_parallel=shared, **({"replica_accelerators": 8.0} | changes))


def token_j(model):
    """Accelerator energy of one output token."""
    return decode_step(model).energy_j / model.batch


def request_j(model):
    return token_j(model) * model.output_tokens


def runtime(model, *settings_, chip="h100-sxm", **changes):
    """An image or video model at its usual size."""
    facts = phase(
        "infer-sdxl",
        f"model={model}",
        f"hardware={{accelerator: {chip}, count: 64}}",
        *(f"infer.{name}=null" for name in ("size", "steps", "guidance")),
        *settings_,
    )
    return replace(bind(facts, central_value).work.model, **changes)


def picture_j(model):
    return batch_time_and_energy(model).energy_j / model.batch


def rises(values):
    return all(small <= large * SLACK for small, large in pairwise(values))


# a token


@each_model
@each_stack
def test_energy_per_token_never_rises_with_the_batch(model, stack):
    found = [token_j(decoder(model, stack=stack, batch=batch)) for batch in BATCHES]
    assert rises(found[::-1])
    assert found[0] > 2 * found[4]


@pytest.mark.parametrize("model", ["gemma-3-27b", "falcon-mamba-7b", "jamba-v0.1"])
@pytest.mark.parametrize("cached", [None, 0.5])
def test_a_long_prompt_costs_no_more_attention_than_its_layers_look_at(model, cached):
    one = decoder(model, prompt_tokens=30_000.0, prompt_cache_share=cached)
    everywhere = replace(
        one, attention=replace(one.attention, full_layers=None, window_tokens=None)
    )
    wide = replace(one, attention=replace(one.attention, window_tokens=1e6))
    attends = one.attention.heads > 0
    seen, all_seen, wide_seen = map(attended_prompt_positions, (one, everywhere, wide))
    assert (seen < all_seen) == attends or one.attention.heads == 0
    assert wide_seen == approx(all_seen)
    assert token_j(one) <= token_j(everywhere) * SLACK


@each_model
@each_chip
def test_energy_per_token_falls_ever_less_as_the_batch_grows(model, chip):
    # Compute saturates: at thousands of sequences what is left is work and cache of each.
    def saved(batch):
        one, two = (token_j(decoder(model, chip=chip, batch=b)) for b in (batch, 2 * batch))
        return 1 - two / one

    assert saved(16_384.0) < 0.08 < saved(4.0)


@each_model
@each_stack
def test_energy_rises_with_the_context(model, stack):
    def at(prompt):
        return decoder(model, stack=stack, prompt_tokens=prompt, batch=32.0)

    contexts = (0.0, 10.0, 500.0, 4_000.0, 32_000.0, 128_000.0)
    assert rises([token_j(at(prompt)) for prompt in contexts])
    assert token_j(at(4_000.0)) < token_j(at(128_000.0))


@each_model
@each_stack
def test_energy_of_a_request_rises_with_its_answer(model, stack):
    lengths = (1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0)
    found = [request_j(decoder(model, stack=stack, output_tokens=n)) for n in lengths]
    assert rises(found)
    assert found[0] < found[-1] / 100


@each_stack
@pytest.mark.parametrize("model", MIXED)
def test_energy_rises_with_the_experts_that_a_token_takes(model, stack):
    whole = decoder(model, stack=stack)
    for batch in (1.0, 16.0, 256.0):
        found = [
            token_j(replace(whole, moe=replace(whole.moe, experts_per_token=n), batch=batch))
            for n in (1.0, 2.0, 3.0, 5.0, 7.0)
        ]
        assert rises(found)
        assert found[0] < found[-1]


@each_stack
@pytest.mark.parametrize("model", DENSE)
def test_energy_rises_with_the_size_of_a_dense_model(model, stack):
    sizes = [
        token_j(decoder(model, stack=stack, total_params=n, active_params=n))
        for n in (1e9, 7e9, 70e9, 400e9)
    ]
    assert rises(sizes)
    assert sizes[0] < sizes[-1]


@each_model
@each_stack
@pytest.mark.parametrize("chip", ["h100-sxm", "b200-sxm", "l40s"])
def test_more_devices_at_one_batch_are_never_cheaper_a_token(model, stack, chip):
    for batch in (1.0, 16.0, 256.0):
        found = [
            token_j(decoder(model, chip=chip, stack=stack, batch=batch, replica_accelerators=n))
            for n in DEVICES
        ]
        assert rises(found)
        assert found[0] < found[-1]


@quick
@given(
    batch=st.floats(1.0, 4_096.0),
    devices=st.sampled_from(DEVICES),
    experts=st.integers(4, 256),
    share=st.floats(0.01, 0.9),
)
def test_no_device_reads_more_than_all_of_its_experts(batch, devices, experts, share):
    taken = max(1.0, share * experts)
    assume(taken < experts)
    each = {"tokens": batch, "pipeline_stages": 1.0, "experts_per_token": taken}
    over = compute_experts.expert_imbalance(**each, expert_parallel=devices, uneven_routing=2.0)
    touched = compute_experts.touched_share(**each, experts=float(experts))
    mean = compute_experts.expert_read_gb(
        experts=float(experts), expert_params=1e9, weight_bytes=1.0, touched_share=touched,
        tensor_parallel=1.0, data_parallel=devices,
    )  # fmt: skip
    read = compute_experts.expert_read_gb_by_imbalance(
        mean_read_gb=mean, touched_share=touched, expert_imbalance=over
    )
    assert 1 <= over <= devices
    assert read <= experts / devices * SLACK


@each_chip
@pytest.mark.parametrize("stack", ["vllm_2024", "vllm_2025", "trtllm"])
@pytest.mark.parametrize("model", MIXED)
def test_a_mixture_stands_between_dense_models_of_its_active_and_its_total_size(model, stack, chip):
    # The dense model of the total size has the layers that one of that size has. A stack that
    # loops over experts in the interpreter (hf_eager) can cost more than any dense model.
    moe = decoder(model, chip=chip, stack=stack)
    plain = decoder(f"{{params: {moe.total_params:g}}}", chip=chip, stack=stack)
    small = replace(
        moe, total_params=moe.active_params, lookup_params=None, moe=None, runtime=plain.runtime
    )
    for batch in BATCHES:
        low, middle, high = (token_j(replace(each, batch=batch)) for each in (small, moe, plain))
        assert low < middle < 1.2 * high, batch


@quick
@given(
    batch=st.floats(1.0, 1_024.0),
    experts=st.integers(4, 256),
    taken=st.integers(1, 3),
    devices=st.sampled_from(DEVICES),
)
def test_a_mixture_of_lossless_experts_stands_between_in_every_stack(
    batch, experts, taken, devices
):
    sizes = {"total_params": 47e9, "active_params": 13e9, "batch": batch}
    for stack in STACKS:
        given_ = decoder("mixtral-8x7b", stack=stack, replica_accelerators=devices, **sizes)
        lossless = replace(
            given_.moe,
            experts=float(experts),
            experts_per_token=float(taken),
            expert_params=None,
            product_overhead=1.0,
            lost_width=0.0,
            tile_rows=0.0,
            launch_s=0.0,
        )
        mixed = replace(given_, moe=lossless, lookup_params=None)
        small = replace(mixed, moe=None, total_params=13e9)
        large = replace(mixed, moe=None)
        assert token_j(small) <= token_j(mixed) * SLACK
        # shared layers and experts are kernels of their own: at most sqrt(2) of one kernel
        assert token_j(mixed) <= token_j(large) * np.sqrt(2)


@quick
@given(bits=st.sampled_from([(0.55, 1.0), (1.0, 2.0), (2.0, 4.0)]), batch=st.floats(1.0, 64.0))
def test_fewer_bytes_per_weight_take_less_energy(bits, batch):
    for model in ("llama-3.1-70b", "mixtral-8x7b"):
        narrow, wide = (decoder(model, weight_bytes=width, batch=batch) for width in bits)
        assert token_j(narrow) < token_j(wide)


def test_weights_quantized_in_blocks_are_padded_to_wider_tiles():
    # A tile of 64 rows for each expert that is touched: dearer where it gets a few rows.
    given_ = decoder("qwen3-235b-a22b", precision="fp8")
    assert given_.moe.tile_rows == 64
    assert decoder("qwen3-235b-a22b").moe.tile_rows == 16
    narrow = replace(given_, moe=replace(given_.moe, tile_rows=16.0))
    ratio = [
        token_j(replace(given_, batch=b)) / token_j(replace(narrow, batch=b))
        for b in (8.0, 64.0, 16_384.0)
    ]
    assert min(ratio[:2]) > 1.02
    assert ratio[2] < ratio[1]


# devices of a replica


def cached(model):
    """KV cache in the memory of all devices [GB]."""
    found = replica_layout(model)
    return cache_copies(model, found)


@pytest.mark.parametrize("model", MIXED)
def test_ranks_hold_more_and_wait_more_and_keep_one_copy_of_the_cache(model):
    found = [decoder(model, ranks=ranks) for ranks in (1, 2, 4, 8)]
    assert rises([replica_weight_gb(each) for each in found])
    assert rises([cached(each) for each in found[::-1]])
    assert cached(found[-1]) == 1.0
    waits = [decode_step(replace(each, batch=8.0)).seconds for each in (found[0], found[-1])]
    assert waits[0] < waits[1]


def test_devices_past_the_heads_of_a_cache_each_hold_all_of_it():
    # Qwen3-235B has 4 key-value heads, Llama 3.1 70B has 8, DeepSeek-V3 one latent for all heads.
    for model, heads in (("qwen3-235b-a22b", 4.0), ("llama-3.1-70b", 8.0), ("deepseek-v3", 1.0)):
        for devices in (1.0, 2.0, 4.0, 8.0):
            copies = max(1.0, devices / heads)
            assert cached(decoder(model, replica_accelerators=devices)) == approx(copies)
    assert cached(decoder("falcon-mamba-7b", replica_accelerators=8.0)) == 8.0  # of no cache


@pytest.mark.parametrize("model", ["deepseek-v3", "qwen3-235b-a22b"])
def test_rates_of_8_32_and_128_ranks_stay_within_a_factor_of_two(model):
    # One token a step and rank costs about as much wherever the others are.
    rates = []
    for ranks in (8.0, 32.0, 128.0):
        given_ = decoder(
            model, chip="h200-sxm", stack="sglang", precision="fp8", ranks=8, batch=64.0 * ranks
        )
        spread = replace(given_.moe, expert_parallel=ranks)
        wide = replace(
            given_, data_parallel=ranks, tensor_parallel=1.0, replica_accelerators=ranks,
            moe=spread,
        )  # fmt: skip
        rates.append(64.0 / decode_step(wide).seconds)
    assert max(rates) < 2 * min(rates)


def test_one_rank_of_one_device_is_the_step_of_one_device():
    alone = decoder("mixtral-8x7b", replica_accelerators=1.0)
    ranks = replace(alone, has_ranks=True, tensor_parallel=1.0)
    assert decode_step(alone) == decode_step(ranks)


def test_8_bits_in_the_cache_are_never_slower():
    for batch in (1.0, 64.0, 1_024.0):
        wide, narrow = (decoder("llama-3.1-70b", batch=batch, kv_bytes=size) for size in (2.0, 1.0))
        assert decode_step(narrow).seconds < decode_step(wide).seconds


def test_prefill_on_devices_of_its_own_shortens_latency_and_takes_its_own_time():
    mixed = decoder("llama-3.1-70b", batch=64.0, prompt_tokens=4_000.0)
    apart = replace(mixed, prefill=replace(mixed.prefill, mode="disaggregated"))
    one, two = decode_step(mixed), decode_step(apart)
    assert two.latency_s < one.latency_s == one.seconds
    assert two.latency_s < two.seconds
    none = replace(apart, prompt_tokens=0.0)
    assert decode_step(none).seconds == approx(decode_step(none).latency_s)


@each_stack
@pytest.mark.parametrize("model", MIXED)
def test_experts_cut_across_all_devices_are_never_uneven(model, stack):
    whole = decoder(model, stack=stack, batch=8.0)
    spread = [replace(whole.moe, expert_parallel=n) for n in (1.0, 2.0, 4.0, 8.0)]
    found = [token_j(replace(whole, moe=moe)) for moe in spread]
    assert rises(found)
    assert found[-1] > found[0] == token_j(whole)  # by default each device has slices of all


# power


@each_model
@each_chip
@each_stack
def test_a_board_draws_between_resident_and_rated_power(model, chip, stack):
    for batch in (1.0, 32.0, 1_024.0):
        for prompt in (0.0, 1_000.0, 100_000.0):
            given_ = decoder(model, chip=chip, stack=stack, batch=batch, prompt_tokens=prompt)
            step = decode_step(given_)
            drawn = step.energy_j / (step.seconds * step.replica_accelerators)
            resident = resident_power_w(given_.board)
            assert resident <= drawn * SLACK
            assert drawn <= given_.board.tdp_w * SLACK


@each_clip
@each_chip
def test_a_board_that_paints_draws_between_resident_and_rated_power(clip, chip):
    for devices in DEVICES:
        given_ = runtime(clip, chip=chip, replica_accelerators=devices)
        made = batch_time_and_energy(given_)
        drawn = made.energy_j / (made.seconds * devices)
        assert resident_power_w(given_.board) <= drawn * SLACK
        assert drawn <= given_.board.tdp_w * SLACK


@quick
@given(flop=st.floats(1e6, 1e16), efficiency=st.floats(0.01, 1.0), energy=st.floats(1e-13, 1e-11))
def test_a_board_that_encodes_draws_between_resident_and_rated_power(flop, efficiency, energy):
    board = decoder("llama-3.1-8b").board
    sample = sample_time_and_power(EncoderSample(flop, board, efficiency, 1.3, energy))
    assert 1.3 * board.idle_power_w <= sample.device_power_w <= board.tdp_w
    assert sample.unit_s == approx(flop / (board.peak_flop_per_s * efficiency))


@pytest.mark.parametrize("config", ["infer-chat-70b", "infer-sdxl"])
def test_power_stays_within_its_bounds_in_every_draw(config):
    model = bind(phase(config), Draws(500, 11)).work.model
    if config == "infer-sdxl":
        made, devices = batch_time_and_energy(model), model.replica_accelerators
    else:
        made = decode_step(model)
        devices = made.replica_accelerators
    drawn = made.energy_j / (made.seconds * devices)
    assert np.all(resident_power_w(model.board) <= drawn * SLACK)
    assert np.all(drawn <= model.board.tdp_w * SLACK)


# pictures and clips


@each_clip
@pytest.mark.parametrize("devices", [1.0, 8.0])
def test_energy_of_a_clip_is_linear_in_steps(clip, devices):
    # Text and pixels are paid once, pixels on one device of all: with few steps they shift power.
    given_ = runtime(clip, replica_accelerators=devices)
    one, two, three = (picture_j(replace(given_, steps=given_.steps * k)) for k in (1, 2, 3))
    assert three - two == approx(two - one, rel=1e-2)
    bare = replace(given_, decoder_pixel_flop=0.0, text_encoder_params=0.0)
    assert picture_j(replace(bare, steps=3 * bare.steps)) == approx(3 * picture_j(bare))


@pytest.mark.parametrize("devices", [1.0, 4.0])
def test_encoding_a_prompt_takes_time_and_energy_whatever_the_devices(devices):
    given_ = runtime("flux.1-dev", replica_accelerators=devices)
    silent = replace(given_, text_encoder_params=None, text_tokens=None)
    longer = replace(given_, text_tokens=2 * given_.text_tokens)
    none, once, twice = (batch_time_and_energy(each) for each in (silent, given_, longer))
    assert twice.seconds - once.seconds == approx(once.seconds - none.seconds)
    assert none.seconds < once.seconds
    assert none.energy_j < once.energy_j < twice.energy_j
    alone = batch_time_and_energy(replace(given_, replica_accelerators=1.0)).seconds
    silent_alone = batch_time_and_energy(replace(silent, replica_accelerators=1.0)).seconds
    assert once.seconds - none.seconds == approx(alone - silent_alone)


@each_clip
@pytest.mark.parametrize("devices", [1.0, 8.0])
def test_energy_of_a_clip_grows_faster_than_its_frames_and_its_pixels(clip, devices):
    usual = runtime(clip)
    width, height, frames = (int(n) for n in (usual.width, usual.height, usual.frames))
    longer = runtime(clip, f"infer.frames={2 * frames}", replica_accelerators=devices)
    wider = runtime(clip, f"infer.size={2 * width}x{height}", replica_accelerators=devices)
    base = picture_j(replace(usual, replica_accelerators=devices))
    assert picture_j(longer) > 2 * base
    assert picture_j(wider) > 2 * base


def test_energy_of_a_transformers_picture_grows_faster_than_its_pixels():
    small, large = (
        picture_j(runtime("flux.1-dev", f"infer.size={edge}x{edge}")) for edge in (1_024, 2_048)
    )
    assert large > 4 * small


@pytest.mark.parametrize("model", [*CLIPS, "flux.1-dev", "sdxl-base-1.0", "sd-1.5"])
@each_chip
def test_devices_that_share_a_picture_never_make_it_cheaper(model, chip):
    given_ = runtime(model, chip=chip)
    found = [picture_j(replace(given_, replica_accelerators=n)) for n in DEVICES]
    assert rises(found)


@each_clip
def test_devices_that_share_a_clip_over_fast_links_make_it_sooner(clip):
    given_ = runtime(clip)
    found = [
        batch_time_and_energy(replace(given_, replica_accelerators=n)).seconds
        for n in (8.0, 4.0, 2.0, 1.0)
    ]
    assert rises(found)
    assert found[0] > found[-1] / 8


@pytest.mark.parametrize("model", ["flux.1-dev", "sdxl-base-1.0", "wan-2.1-t2v-1.3b"])
def test_energy_per_picture_never_rises_with_the_batch(model):
    given_ = runtime(model)
    assert rises([picture_j(replace(given_, batch=n)) for n in (1.0, 2.0, 4.0, 16.0)][::-1])


# a service


def served(config, lens=central_value, **changes):
    """Use of a service that is charged by need, parts of its fleet set otherwise."""
    found = bind(phase(config, "infer.shared=true"), lens)
    return infer(replace(found.work, fleet=replace(found.work.fleet, **changes)), found.site)


SERVICES = ("infer-chat-70b", "infer-sdxl")
each_service = pytest.mark.parametrize("config", SERVICES)


@each_service
@pytest.mark.parametrize("lens", [central_value, Draws(300, 7)], ids=["central", "drawn"])
def test_energy_climbs_from_board_to_wall_to_provisioned_to_facility(config, lens):
    found = served(config, lens)
    # A fleet that is always busy is provisioned for nothing else: what is left is the wall.
    wall = served(config, lens, busy_share=1.0, peak_to_mean=1.0)
    chain = (
        found.device_energy_kwh, wall.it_energy_kwh, found.it_energy_kwh, found.facility_energy_kwh,
    )  # fmt: skip
    for below, above in pairwise(chain):
        assert np.all(below < above)


@each_service
@quick
@given(times=st.floats(1e-3, 1e3))
def test_energy_hours_and_units_are_linear_in_requests(config, times):
    rate = bind(phase(config, "infer.shared=true"), central_value).work.fleet.rate_per_hour
    base, more = served(config), served(config, rate_per_hour=rate * times)
    for name in (
        "device_energy_kwh", "it_energy_kwh", "facility_energy_kwh", "accelerator_hours",
        "functional_units",
    ):  # fmt: skip
        assert getattr(more, name) == approx(getattr(base, name) * times), name


@each_service
@quick
@given(share=st.floats(0.01, 0.99))
def test_the_energy_of_two_streams_of_requests_is_that_of_both(config, share):
    rate = bind(phase(config, "infer.shared=true"), central_value).work.fleet.rate_per_hour
    whole = served(config)
    parts = [served(config, rate_per_hour=rate * part) for part in (share, 1 - share)]
    assert sum(p.facility_energy_kwh for p in parts) == approx(whole.facility_energy_kwh)
    each = whole.facility_energy_kwh / whole.functional_units
    assert each * sum(p.functional_units for p in parts) == approx(whole.facility_energy_kwh)


@each_service
@quick
@given(share=st.floats(0.01, 0.99))
def test_the_energy_of_two_spells_is_that_of_the_whole_period(config, share):
    hours = bind(phase(config), central_value).work.fleet.period_hours
    parts = [served(config, period_hours=hours * part) for part in (share, 1 - share)]
    whole = served(config).facility_energy_kwh
    assert sum(p.facility_energy_kwh for p in parts) == approx(whole)


@quick
@given(batch=st.floats(1.0, 512.0), answer=st.floats(1.0, 2_000.0))
def test_a_service_draws_the_energy_of_its_steps(batch, answer):
    found = bind(phase("infer-chat-70b"), central_value)
    model = replace(found.work.model, batch=batch, output_tokens=answer, energy_residual=1.0,
                    replica_accelerators=8.0, limits=None)  # fmt: skip
    use = infer(replace(found.work, model=model), found.site)
    requests = use.functional_units * (1 - found.work.fleet.cache_hit_share)
    assert use.device_energy_kwh == approx(requests * request_j(model) / 3.6e6)
