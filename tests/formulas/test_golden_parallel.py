"""How work spreads over the devices of a replica, against published shapes and drawn counts."""

import numpy as np
from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix
from tables import for_each

from carbonctl.formulas.serving import expert_work as compute_experts
from carbonctl.formulas.serving import parallel_work as parallel


def test_a_latent_is_on_every_device_and_heads_are_shared_until_there_are_none_left():
    # DeepSeek-V3 (2412.19437): one latent for all heads. Llama 3.1: 8 key-value heads.
    assert parallel.cache_copies_by_latent(sharing_accelerators=8.0) == 8.0
    assert parallel.cache_copies(sharing_accelerators=8.0, kv_heads=8.0) == 1.0
    assert parallel.cache_copies(sharing_accelerators=16.0, kv_heads=8.0) == 2.0
    assert parallel.cache_copies(sharing_accelerators=1.0, kv_heads=32.0) == 1.0
    assert parallel.replica_accelerators_by_ranks(rank_accelerators=2.0, data_parallel=8.0) == 16.0


MIXTRAL = {"total_params": 46.7e9, "active_params": 12.9e9}  # Jiang et al. 2024
EIGHT = {"experts": 8.0, "experts_per_token": 2.0}


def test_what_is_no_expert_is_held_and_read_by_every_rank():
    each = compute_experts.expert_params(**MIXTRAL, **EIGHT)
    assert each == approx(33.8e9 / 6)
    shared = compute_experts.shared_weight_gb(
        total_params=46.7e9, experts=8.0, expert_params=each, shared_weight_bytes=2.0
    )
    assert shared == approx(2 * (46.7 - 8 * 33.8 / 6))
    copies = parallel.shared_weight_gb_by_data_parallel(shared_weight_gb=shared, data_parallel=4.0)
    one, four = (
        compute_experts.weight_read_gb(
            shared_weight_gb=held, expert_params=each, **EIGHT, batch=1.0, weight_bytes=2.0
        )
        for held in (shared, copies)
    )
    assert one == approx(2 * 12.9)
    assert four == approx(2 * 12.9 + 3 * shared)
    held = parallel.weight_gb_by_data_parallel(
        weight_gb=93.4, shared_weight_gb=shared, data_parallel=4.0
    )
    assert held == approx(93.4 + 3 * shared)


def test_experts_that_hold_more_than_a_token_passes_leave_nothing_shared():
    each = compute_experts.expert_params(total_params=100e9, active_params=5e9, **EIGHT)
    assert each == approx(100e9 / 8)


@for_each("ranks", [4, 8, 16])
@for_each("mean", [0.01, 0.1, 1.0, 10.0])
def test_the_busiest_rank_is_near_that_of_prompts_that_arrive_at_random(ranks, mean):
    # Prompts a step of each rank: drawn, not computed. The bound is high by half at most, where
    # a step brings one prompt or two.
    counts = np.random.default_rng(3).poisson(mean, (100_000, ranks))
    drawn = counts.max(axis=1).mean() / counts.mean()
    found = parallel.prompt_imbalance(
        data_parallel=float(ranks), batch=ranks * mean * 300.0, output_tokens=300.0
    )
    assert 0.95 < found / drawn < 1.6
    assert 1.0 <= found <= ranks


def test_one_rank_waits_for_none():
    assert parallel.prompt_imbalance(data_parallel=1.0, batch=8.0, output_tokens=300.0) == 1.0
