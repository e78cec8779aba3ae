"""What a request, a draft and an operating point come to, checked by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbonctl.formulas.serving import decode_work as compute_decode
from carbonctl.formulas.serving import occupancy, speculation
from carbonctl.formulas.serving import provisioning as fleet
from carbonctl.formulas.serving import replica_limits as operating_point
from carbonctl.formulas.serving import request_work as compute_request
from carbonctl.formulas.serving import served_unit as per_unit

approx = pytest.approx


def test_a_round_gains_the_tokens_of_leviathan_2023():
    # arXiv 2211.17192, equation 1: 1 + r + r^2 + ... + r^g
    for r, g in ((0.6, 3), (0.8, 4), (0.9, 7)):
        by_hand = sum(r**place for place in range(g + 1))
        assert speculation.accepted_tokens(acceptance=r, draft_tokens=g) == approx(by_hand)
    assert speculation.accepted_tokens(acceptance=0.0, draft_tokens=5.0) == 1.0


def test_a_model_computes_as_many_tokens_as_its_rounds_hold():
    gained = speculation.accepted_tokens(acceptance=0.8, draft_tokens=4.0)
    rounds = 300.0 / gained
    kept = {"output_tokens": 300.0, "draft_tokens": 4.0, "accepted_tokens": gained}
    assert speculation.output_tokens_by_verifying(**kept) == approx(5 * rounds)
    assert speculation.output_tokens_by_drafting(**kept) == approx(4 * rounds)


def looked_at(prompt, full=10.0, window=1_024.0):
    return compute_request.prompt_layer_tokens(
        layers=62.0, full_layers=full, window_tokens=window, prompt_tokens=prompt
    )


def counted(prompt, full, window):
    """Tokens each token of a prompt looks at, itself among them, one by one."""
    places = range(1, prompt + 1)
    return sum(full * place + (62 - full) * min(place, window) for place in places)


@pytest.mark.parametrize(("full", "window"), [(10, 1_024), (62, 1_024), (7, 0), (0, 128)])
def test_a_prompt_looks_at_what_its_layers_let_it_see(full, window):
    # Gemma 3 27B among them: five windows of 1,024 for each full layer.
    assert looked_at(8_000.0, float(full), float(window)) == approx(
        counted(8_000, full, window), rel=5e-3
    )


@given(prompt=st.floats(1.0, 1e6), window=st.floats(0.0, 1e6), full=st.floats(0.0, 62.0))
def test_windows_never_see_more_than_full_attention_and_wide_ones_as_much(prompt, window, full):
    everything = compute_request.prompt_layer_tokens_by_full_layers(
        layers=62.0, prompt_tokens=prompt
    )
    assert looked_at(prompt, full, window) <= everything * (1 + 1e-9)
    assert looked_at(prompt, full, prompt + window) == approx(everything)
    assert looked_at(prompt, full, 0.0) == approx(everything * full / 62)


@pytest.mark.parametrize("window", [64.0, 800.0, 4_096.0])
def test_a_cached_prefix_is_looked_at_and_not_computed(window):
    prompt, cached = 1_000.0, 750.0
    tokens = compute_request.prompt_tokens_by_cached_prefix(
        prompt_tokens=prompt, prompt_cache_share=0.75
    )
    assert tokens == cached
    looked = compute_request.prompt_layer_tokens_by_prompt_cache(
        prompt_layer_tokens=looked_at(prompt, 1.0, window),
        cached_layer_tokens=looked_at(cached, 1.0, window),
    )
    by_hand = sum(place + 61 * min(place, window) for place in range(751, 1_001))
    assert looked == approx(by_hand, rel=5e-3)


def test_a_latent_cache_costs_each_head_all_of_its_width():
    # DeepSeek-V3, arXiv 2412.19437: 128 heads, rank 512, 64 for positions. Scores over 576 and
    # values over 512 elements, two operations each: 4.25 times heads of 128.
    latent = compute_decode.look_flop_by_latent(heads=128.0, latent_rank=512.0, rope_dim=64.0)
    assert latent == 2 * 128 * (576 + 512)
    assert latent / compute_decode.look_flop(heads=128.0, head_dim=128.0) == 4.25


def test_eight_h100_hold_a_70b_model_and_1357_sequences_of_a_gigabyte_third():
    # 8 x 80 GB x 0.9 = 576 GB; 576 - 140 = 436 GB; 436 / 0.3213 = 1356.98
    held = occupancy.memory_sequences(
        replica_accelerators=8.0, device_memory_gb=80.0, memory_share=0.9, weight_gb=140.0,
        cache_share=1.0, sequence_gb=0.3213,
    )  # fmt: skip
    assert held == approx(1356.98, rel=1e-5)


def test_one_reading_of_70b_weights_on_two_h100_takes_21_ms():
    # 140 GB / (2 x 3,350 GB/s)
    floor = operating_point.bandwidth_floor_s(device_gb=70.0, bandwidth_gb_per_s=3_350.0)
    assert floor == approx(0.0209, rel=1e-3)


def test_a_measured_throughput_gives_back_the_step_it_was_made_of():
    # 4 replicas of 2 devices, 64 sequences each, a step of 40 ms: 4 x 64 / 0.04 tokens a second
    rate = 4 * 64 / 0.04 * 3_600
    step = operating_point.step_s_from_throughput(
        batch=64.0, accelerators=8.0, replica_accelerators=2.0, throughput_per_hour=rate
    )
    assert step == approx(0.04)


def test_autoscaling_closes_the_gap_between_peak_and_mean():
    def on(share):
        return fleet.peak_to_mean_by_autoscaling(peak_to_mean=3.0, switched_off_share=share)

    assert [on(0.0), on(0.5), on(1.0)] == [3.0, 2.0, 1.0]


def test_a_share_of_a_fleet_is_charged_whether_it_is_busy_or_not():
    charged = {"fleet_share": 0.25, "accelerators": 8.0, "period_hours": 8_760.0}
    idle = fleet.accelerator_hours_by_fleet_share(**charged, busy_hours=0.0)
    assert idle == 17_520.0
    assert fleet.accelerator_hours_by_fleet_share(**charged, busy_hours=20_000.0) == 20_000.0


def test_serving_passes_training_when_its_units_have_emitted_as_much():
    # 539 t of training (Llama 2) at 0.5 g a request: about a thousand million requests
    assert per_unit.break_even_units(training_kgco2e=539e3, unit_kgco2e=0.5e-3) == approx(1.078e9)


def test_units_that_follow_from_the_functional_unit():
    assert (
        per_unit.functional_units_by_thousand_tokens(functional_units=1e6, output_tokens=300.0)
        == 3e5
    )
    assert per_unit.functional_units_by_million(functional_units=3e12) == 3e6
    clip = {"functional_units": 2.0, "frames": 81.0, "frames_per_second": 16.0}
    assert per_unit.functional_units_by_video_second(**clip) == approx(10.125)
